#include "contrib/lab/model/double_spend.h"

#include <cmath>

#include "base/check.h"
#include "contrib/lab/model/mining_process.h"

namespace parley::lab {
namespace {

constexpr uint32_t kAttacker = 0;
/// An attempt is given up when it would still succeed with less than this probability: far below
/// what any number of attempts resolves.
constexpr double kHopeless = 1e-12;
constexpr uint64_t kAttemptsBetweenCalls = 4'096;

class Attempts {
 public:
    explicit Attempts(const DoubleSpendOptions& options)
        : options_(options), mining_({options.q, 1 - options.q}, options.seed) {
        const double ratio = options.q / (1 - options.q);
        hopeless_deficit_ =
            options.q == 0 ? 1 : static_cast<int64_t>(std::log(kHopeless) / std::log(ratio)) + 1;
    }

    bool succeeds() {
        int64_t deficit = options_.confirmations;
        deficit -= options_.model == DoubleSpendModel::nakamoto ? blocks_in_mean_time()
                                                                : blocks_until_confirmed();
        while (deficit > 0) {
            if (deficit > hopeless_deficit_) return false;
            deficit += mining_.next_miner() == kAttacker ? -1 : 1;
        }
        return true;
    }

 private:
    int64_t blocks_in_mean_time() {
        const double honest_share = 1 - options_.q;
        const ModelTime begin = now_;
        const ModelTime length = from_intervals(options_.confirmations / honest_share);
        int64_t blocks = 0;
        while (true) {
            const auto found = mining_.next();
            now_ = found.time;
            // The process has no memory, so the block behind the end belongs to nobody.
            if (found.time - begin > length) return blocks;
            if (found.miner == kAttacker) ++blocks;
        }
    }

    int64_t blocks_until_confirmed() {
        int64_t blocks = 0;
        for (uint32_t honest = 0; honest < options_.confirmations;) {
            if (mining_.next_miner() == kAttacker)
                ++blocks;
            else
                ++honest;
        }
        return blocks;
    }

    const DoubleSpendOptions& options_;
    MiningProcess mining_;
    ModelTime now_ = 0;
    int64_t hopeless_deficit_ = 0;
};

}  // namespace

const char* to_string(DoubleSpendModel model) {
    return model == DoubleSpendModel::nakamoto ? "nakamoto" : "rosenfeld";
}

Proportion run_double_spends(const DoubleSpendOptions& options) {
    CHECK(options.q >= 0 && options.q <= kSimulatedAttackerMax && options.confirmations > 0);
    Attempts attempts(options);
    Proportion result;
    while (result.trials < options.attempts) {
        ++result.trials;
        if (attempts.succeeds()) ++result.hits;
        if (result.trials % kAttemptsBetweenCalls == 0 && options.proceed &&
            !options.proceed(result.trials))
            break;
    }
    return result;
}

}  // namespace parley::lab
