#include "contrib/lab/model/selfish_mining.h"

#include "base/check.h"
#include "contrib/lab/model/mining_process.h"

namespace parley::lab {
namespace {

/// As often as the mining race looks up from its work.
constexpr uint64_t kBlocksBetweenCalls = 8'192;

/// The branches since the last block that everybody has.
class Pool {
 public:
    Pool(const SelfishOptions& options, MiningProcess& mining)
        : gamma_(options.gamma), mining_(mining) {}

    void pool_found() {
        ++pool_;
        if (tie_) pool_wins();
    }

    void honest_found() {
        if (tie_) {
            end_tie();
            return;
        }
        ++honest_;
        const uint64_t lead = pool_ - (honest_ - 1);
        if (pool_ == 0) {
            honest_wins();
        } else if (lead == 1) {
            tie_ = true;  // the pool publishes its one block
        } else if (lead == 2) {
            pool_wins();  // by one block, which it publishes with all others
        }
        // Further ahead, the pool publishes one block for each block of the others.
    }

    const SelfishResult& result() const { return result_; }

 private:
    /// An honest miner finds the block that decides between two published branches of one block.
    void end_tie() {
        if (mining_.chance(gamma_)) {
            ++result_.pool_main;
            ++result_.honest_main;
            ++result_.honest_stale;
        } else {
            result_.honest_main += 2;
            ++result_.pool_stale;
        }
        reset();
    }
    void pool_wins() {
        result_.pool_main += pool_;
        result_.honest_stale += honest_;
        reset();
    }
    void honest_wins() {
        result_.honest_main += honest_;
        reset();
    }
    void reset() {
        pool_ = 0;
        honest_ = 0;
        tie_ = false;
    }

    double gamma_;
    MiningProcess& mining_;
    uint64_t pool_ = 0;    ///< blocks of the pool's branch, published or not
    uint64_t honest_ = 0;  ///< blocks of the others' branch
    bool tie_ = false;     ///< both branches have one block, and both are published
    SelfishResult result_;
};

}  // namespace

void SelfishResult::add(const SelfishResult& other) {
    pool_main += other.pool_main;
    honest_main += other.honest_main;
    pool_stale += other.pool_stale;
    honest_stale += other.honest_stale;
    partial = partial || other.partial;
}

SelfishResult run_selfish_mining(const SelfishOptions& options) {
    CHECK(options.alpha >= 0 && options.alpha < 0.5);
    CHECK(options.gamma >= 0 && options.gamma <= 1);
    CHECK(options.heights > 0);
    MiningProcess mining({options.alpha, 1 - options.alpha}, options.seed);
    Pool pool(options, mining);
    uint64_t until_call = kBlocksBetweenCalls;
    while (pool.result().heights() < options.heights) {
        if (mining.next_miner() == 0)
            pool.pool_found();
        else
            pool.honest_found();
        if (--until_call > 0) continue;
        until_call = kBlocksBetweenCalls;
        if (options.proceed && !options.proceed(pool.result().heights())) break;
    }
    SelfishResult result = pool.result();
    result.partial = result.heights() < options.heights;
    return result;
}

}  // namespace parley::lab
