// The mempool against its naive twin: random transactions, blocks, reorganisations, time and lack
// of room; after each step both must hold the same entries with the same sums.
#include <gtest/gtest.h>

#include "base/random.h"
#include "mempool/block_builder.h"
#include "tests/unit/mempool/mempool_fixture.h"
#include "tests/unit/mempool/naive_mempool.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

class World {
 public:
    explicit World(uint64_t seed)
        : random_(seed), pool_(options(), params_, chain_, verifier_, log_) {
        for (int i = 0; i < 40; ++i) coins_.push_back(chain_.add_coin(Amount{kCoin}));
    }

    void step() {
        const uint64_t dice = random_.uniform(1000);
        if (dice < 780)
            submit();
        else if (dice < 880)
            connect(1);
        else if (dice < 960)
            reorganise();
        else
            pass_time();
        compare();
    }

    size_t size_max = 0;
    size_t returned = 0;
    size_t replaced = 0;
    size_t evicted = 0;
    size_t refused = 0;
    size_t expired = 0;

 private:
    static MempoolOptions options() {
        MempoolOptions options;
        options.usage_bytes_max = 60'000;
        return options;
    }

    TimePoint now() const { return from_unix_seconds(time_); }

    Amount value_of(const OutPoint& outpoint) const {
        if (const auto* entry = naive_.find(outpoint.txid))
            return entry->transaction->outputs().at(outpoint.index).value;
        const auto coin = chain_.coin(outpoint).value();
        return coin ? coin->output.value : Amount{kCoin};
    }

    /// Outpoints old and new, spent and unspent: children, conflicts and orphans come by
    /// themselves.
    OutPoint any_outpoint() {
        if (!outpoints_.empty() && random_.uniform(3) != 0) {
            const size_t window = std::min<size_t>(outpoints_.size(), 60);
            return outpoints_[outpoints_.size() - 1 - random_.uniform(window)];
        }
        if (random_.uniform(20) == 0) coins_.push_back(chain_.add_coin(Amount{kCoin}));
        return coins_[coins_.size() - 1 - random_.uniform(std::min<size_t>(coins_.size(), 40))];
    }

    TransactionRef random_transaction() {
        std::set<OutPoint> inputs;
        const uint64_t count = 1 + random_.uniform(3);
        for (uint64_t i = 0; i < count; ++i) inputs.insert(any_outpoint());
        int64_t value = 0;
        for (const auto& input : inputs) value += value_of(input).value();
        const auto fee =
            static_cast<int64_t>(random_.uniform(random_.uniform(4) == 0 ? 20'000 : 600));
        const uint64_t outputs = 1 + random_.uniform(3);
        std::vector<Amount> amounts;
        const int64_t each = (value - fee) / static_cast<int64_t>(outputs);
        for (uint64_t i = 0; i < outputs; ++i) amounts.push_back(Amount{each});
        if (each < 1000) return nullptr;
        return make_transaction(
            spend(std::vector<OutPoint>(inputs.begin(), inputs.end()), amounts));
    }

    void submit() {
        TransactionRef transaction = random_transaction();
        if (!transaction) return;
        if (!known_.empty() && random_.uniform(20) == 0)
            transaction = known_[random_.uniform(known_.size())];
        const int64_t min_rate = pool_.min_fee(now()).value();
        const auto result = driver_.submit(transaction, now());
        const std::string expected = naive_.submit(transaction, time_, min_rate);
        follow_evictions();
        if (!result && std::get<TxReject>(result.error()).reason == "mempool full") {
            EXPECT_EQ(expected, "");
            EXPECT_EQ(naive_.find(transaction->txid()), nullptr);
            return;
        }
        // Which of its two minimums the pool names depends on history that the twin does not keep.
        std::string reason = result ? "" : std::get<TxReject>(result.error()).reason;
        if (reason == "mempool min fee not met" && expected == "min relay fee not met")
            reason = expected;
        ASSERT_EQ(reason, expected);
        if (!result) {
            ++refused;
            return;
        }
        replaced += result->replaced.size();
        known_.push_back(transaction);
        for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
            outpoints_.push_back({transaction->txid(), i});
    }

    /// The twin does not know how much memory an entry takes: it is told how many were evicted, and
    /// has to pick the same ones.
    void follow_evictions() {
        size_t count = 0;
        for (const auto& change : driver_.take_changes()) {
            returned += change.kind == mempool_output::Changed::Kind::returned;
            count += change.kind == mempool_output::Changed::Kind::evicted;
        }
        evicted += count;
        const size_t target = naive_.entries.size() - std::min(count, naive_.entries.size());
        while (naive_.entries.size() > target) naive_.evict_least();
    }

    /// A block of the best packages, or of some entries with their ancestors, or of a conflict.
    BlockRef make_block() {
        std::vector<TransactionRef> transactions;
        std::set<Txid> in_block;
        const uint64_t kind = random_.uniform(3);
        if (kind == 0) {
            BlockBuilderOptions few;
            few.weight_max = few.reserved_weight + 6'000;
            const auto built = BlockBuilder{few, params_}.build(request(), pool_);
            for (size_t i = 1; i < built.block.transactions.size(); ++i)
                transactions.push_back(built.block.transactions[i]);
        } else if (kind == 1) {
            pool_.for_each([&](const MempoolEntry& entry) {
                const auto ancestors = pool_.ancestors(entry);
                if (random_.uniform(4) != 0 || ancestors.size() > 4) return true;
                for (const auto* ancestor : ancestors)
                    if (in_block.insert(ancestor->txid()).second)
                        transactions.push_back(ancestor->transaction);
                if (in_block.insert(entry.txid()).second) transactions.push_back(entry.transaction);
                return transactions.size() < 10;
            });
        } else {
            for (int tries = 0; tries < 5 && transactions.empty(); ++tries) {
                const auto candidate = random_transaction();
                if (candidate &&
                    std::all_of(candidate->inputs().begin(), candidate->inputs().end(),
                                [&](const TxInput& input) {
                                    return chain_.coin(input.prevout).value().has_value();
                                }))
                    transactions.push_back(candidate);
            }
        }
        return block_of(std::move(transactions), 1000 + ++blocks_);
    }

    BlockRequest request() const {
        BlockRequest request;
        request.height = chain_.tip().height + 1;
        request.median_time_past = chain_.tip().median_time_past();
        return request;
    }

    void connect_one() {
        const BlockRef block = make_block();
        chain_.connect(block);
        joined_.push_back(block);
        naive_.connect(*block);
    }

    void finish_chain_change() {
        ASSERT_TRUE(
            driver_.move_chain(std::exchange(left_, {}), std::exchange(joined_, {}), now()));
        naive_.reorganised(time_);
        naive_.expire(time_);
        follow_evictions();
    }

    void connect(int count) {
        for (int i = 0; i < count; ++i) {
            connect_one();
            finish_chain_change();
        }
    }

    void reorganise() {
        const size_t depth = std::min<size_t>(chain_.blocks(), 1 + random_.uniform(4));
        for (size_t i = 0; i < depth; ++i) {
            left_.push_back(chain_.disconnect());
            naive_.disconnect(left_.back());
        }
        // Sometimes the same transactions again, sometimes others, sometimes just a step back.
        if (random_.uniform(3) == 0 && depth > 0) {
            chain_.connect(left_.back());
            joined_.push_back(left_.back());
            naive_.connect(*left_.back());
        } else if (random_.uniform(2) == 0) {
            for (size_t i = 0; i <= depth; ++i) {
                const BlockRef empty = block_of({}, 1000 + ++blocks_);
                chain_.connect(empty);
                joined_.push_back(empty);
                naive_.connect(*empty);
            }
        }
        finish_chain_change();
    }

    void pass_time() {
        time_ += static_cast<int64_t>(random_.uniform(40)) * 3600;
        const size_t before = naive_.entries.size();
        ASSERT_TRUE(driver_.move_chain({}, {}, now()));
        naive_.expire(time_);
        expired += before - naive_.entries.size();
        driver_.take_changes();
    }

    void compare() {
        pool_.check_consistency();
        ASSERT_EQ(pool_.size(), naive_.entries.size());
        size_max = std::max(size_max, pool_.size());
        std::vector<Txid> arrival;
        pool_.for_each([&](const MempoolEntry& entry) {
            arrival.push_back(entry.txid());
            return true;
        });
        for (size_t i = 0; i < arrival.size(); ++i)
            ASSERT_EQ(arrival[i], naive_.entries[i].transaction->txid());
        // Everything is compared by the pool itself (check_consistency); the twin's closures are
        // too slow for more than a few entries a step.
        for (size_t i = 0; i < std::min<size_t>(arrival.size(), 2); ++i) {
            const auto& naive = naive_.entries[random_.uniform(naive_.entries.size())];
            const Txid& txid = naive.transaction->txid();
            const MempoolEntry& entry = *pool_.find(txid);
            ASSERT_EQ(entry.fee.value(), naive.fee);
            const auto up = naive_.relatives(txid, true);
            const auto down = naive_.relatives(txid, false);
            ASSERT_EQ(entry.ancestors.count, static_cast<int64_t>(up.size()));
            ASSERT_EQ(entry.ancestors.fees.value(), naive_.sum_fees(up));
            ASSERT_EQ(entry.ancestors.virtual_size, naive_.sum_sizes(up));
            ASSERT_EQ(entry.descendants.count, static_cast<int64_t>(down.size()));
            ASSERT_EQ(entry.descendants.fees.value(), naive_.sum_fees(down));
            ASSERT_EQ(entry.descendants.virtual_size, naive_.sum_sizes(down));
        }
    }

    SeededRandom random_;
    ChainParams params_ = regtest_params();
    FakeChain chain_{300};
    ObedientVerifier verifier_;
    NullLog log_;
    Mempool pool_;
    MempoolDriver driver_{pool_};
    std::vector<BlockRef> left_;  ///< since the pool was told of the chain
    std::vector<BlockRef> joined_;
    NaiveMempool naive_{chain_};
    int64_t time_ = 1'700'000'000;
    uint64_t blocks_ = 0;
    std::vector<OutPoint> coins_;
    std::vector<OutPoint> outpoints_;
    std::vector<TransactionRef> known_;
};

TEST(MempoolModelTest, random_operations_agree_with_the_naive_twin) {
    World world(test_seed());
    for (int i = 0; i < 12'000; ++i) {
        world.step();
        ASSERT_FALSE(testing::Test::HasFailure()) << "after step " << i;
    }
    // The run must have reached the states that it is meant to test.
    EXPECT_GT(world.size_max, 30u);
    EXPECT_GT(world.returned, 50u);
    EXPECT_GT(world.replaced, 50u);
    EXPECT_GT(world.evicted, 50u);
    EXPECT_GT(world.refused, 500u);
    EXPECT_GT(world.expired, 10u);
}

}  // namespace
}  // namespace parley
