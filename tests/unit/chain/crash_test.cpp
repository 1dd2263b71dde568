// A kill at any moment: the stores are put back to what they were after some commit, both in the
// order in which the commits were made, and the node starts again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

// What both stores were told, in one order.
struct CommitLog {
    struct Entry {
        int store = 0;
        WriteBatch batch;
        Durability durability = Durability::written;
    };
    std::vector<Entry> entries;
};

class LoggedStorage final : public Storage {
 public:
    LoggedStorage(CommitLog& log, int number) : log_(log), number_(number) {}

    Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const override {
        return memory_.get(key);
    }
    Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const override {
        return memory_.scan(prefix, visitor);
    }
    Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                            size_t size) const override {
        return memory_.read_file(file, offset, size);
    }
    Expected<uint64_t, StorageError> file_size(FileId file) const override {
        return memory_.file_size(file);
    }
    CommitId commit(WriteBatch batch, Durability durability) override {
        log_.entries.push_back({number_, batch, durability});
        return memory_.commit(std::move(batch), durability);
    }

 private:
    CommitLog& log_;
    const int number_;
    MemoryStorage memory_;
};

std::shared_ptr<MemoryStorage> replay(const CommitLog& log, int store, size_t count) {
    auto memory = std::make_shared<MemoryStorage>();
    for (size_t i = 0; i < count; ++i) {
        if (log.entries[i].store == store)
            memory->commit(log.entries[i].batch, log.entries[i].durability);
    }
    return memory;
}

// A history with reorganisations, spends, an invalid block and few flushes of the coins.
class History {
 public:
    explicit History(SeededRandom& random) : random_(random) {
        options_.coins_flush_blocks = 23;
        options_.activation_step_blocks = 4;
        chain_ = std::make_unique<TestChain>(regtest_params(), options_,
                                             std::make_shared<LoggedStorage>(log_, 0),
                                             std::make_shared<LoggedStorage>(log_, 1));
        note_tip();
        for (int i = 0; i < 105; ++i) grow(1);
        for (int i = 0; i < 40; ++i) {
            const auto back = static_cast<int32_t>(random_.uniform(5));
            if (back < 3) {
                grow(1);
            } else {
                fork(back);
            }
        }
    }

    const CommitLog& log() const { return log_; }
    const ChainOptions& options() const { return options_; }
    TestChain& chain() { return *chain_; }
    // Tips that were reported, with the number of commits made by then.
    const std::vector<std::pair<size_t, BlockHash>>& reported() const { return reported_; }
    BlockRef body(const BlockHash& hash) const { return bodies_.at(hash); }

 private:
    void note_tip() { reported_.emplace_back(log_.entries.size(), (*chain_)->tip().hash); }

    void grow(int count) {
        for (int i = 0; i < count; ++i) {
            extend((*chain_)->tip());
            chain_->activate();
            note_tip();
        }
    }

    void fork(int32_t back) {
        const HeaderNode* node = (*chain_)->tip().ancestor((*chain_)->tip().height - back);
        for (int32_t i = 0; i <= back; ++i) node = extend(*node);
        chain_->activate();
        note_tip();
    }

    const HeaderNode* extend(const HeaderNode& parent) {
        BlockPlan plan;
        plan.extra_nonce = random_.next();
        // Each mature coinbase is spent once on a branch: by the block 100 above it.
        if (parent.height >= Height{100}) {
            const auto* source = parent.ancestor(parent.height - 99);
            const auto block = *(*chain_)->read_block(*source);
            plan.transactions = {
                spend_true({coinbase_outpoint(block)}, Amount{kCoin}, 1 + random_.uniform(4))};
        }
        const auto block = chain_->build(parent, plan);
        bodies_[block->header.hash()] = block;
        const auto result = chain_->accept(block);
        EXPECT_EQ(result.state, BlockResult::State::accepted);
        return result.node;
    }

    SeededRandom& random_;
    CommitLog log_;
    ChainOptions options_;
    std::unique_ptr<TestChain> chain_;
    std::vector<std::pair<size_t, BlockHash>> reported_;
    std::map<BlockHash, BlockRef> bodies_;
};

// The coins of a chain that was synced straight to this tip.
std::vector<std::pair<OutPoint, Coin>> straight_coins(const History& history, TestChain& crashed) {
    TestChain straight;
    for (int32_t h = 1; h <= crashed->tip().height.value(); ++h)
        straight.accept(history.body(crashed->at_height(Height{h})->hash));
    straight.activate();
    EXPECT_EQ(straight->tip().hash, crashed->tip().hash);
    return all_coins(*straight);
}

TEST(Crash, start_after_any_commit_loses_no_reported_tip_and_has_the_right_coins) {
    SeededRandom random(test_seed());
    History history(random);
    const auto& log = history.log();
    size_t flushes = 0;
    for (const auto& entry : log.entries) flushes += entry.store == 1;
    ASSERT_GT(flushes, 5u) << "the coins were flushed in between";
    std::set<size_t> points{0, 1, 2, 3, 4, 5, log.entries.size()};
    // All commits to the coins store, and the ones just before, are the delicate ones.
    for (size_t i = 0; i < log.entries.size(); ++i) {
        if (log.entries[i].store == 1) points.insert({i, i + 1});
    }
    while (points.size() < 70) points.insert(random.uniform(log.entries.size() + 1));
    for (const size_t point : points) {
        SCOPED_TRACE(point);
        TestChain crashed(regtest_params(), history.options(), replay(log, 0, point),
                          replay(log, 1, point));
        const HeaderNode* expected = &crashed->genesis();
        for (const auto& [commits, hash] : history.reported()) {
            if (commits <= point) expected = crashed->find(hash);
        }
        ASSERT_NE(expected, nullptr) << "a reported tip is lost";
        ASSERT_GE(*crashed->tip().score, *expected->score) << "the state went backwards";
        ASSERT_EQ(all_coins(*crashed), straight_coins(history, crashed));
    }
}

// A power cut: of each store a prefix is left, which holds at least what was synced.
TEST(Crash, power_cut_leaves_stores_that_open_with_the_right_coins) {
    SeededRandom random(test_seed());
    History history(random);
    const auto& log = history.log();
    std::vector<size_t> coins_commits;
    for (size_t i = 0; i < log.entries.size(); ++i) {
        if (log.entries[i].store == 1) coins_commits.push_back(i);
    }
    const auto cut = [&](int store, size_t point) {
        size_t least = 0;
        for (size_t i = 0; i < point; ++i) {
            const auto& entry = log.entries[i];
            if (entry.store == store && entry.durability == Durability::synced) least = i + 1;
        }
        return least + random.uniform(point - least + 1);
    };
    for (int round = 0; round < 60; ++round) {
        // Near a flush of the coins, or anywhere.
        size_t point = random.uniform(log.entries.size() + 1);
        if (random.uniform(2) == 0)
            point = coins_commits[random.uniform(coins_commits.size())] + random.uniform(2);
        const size_t blocks = cut(0, point);
        // The least of the blocks that the syncs promise is the hardest case.
        const size_t least = random.uniform(2) == 0 ? blocks : cut(0, point);
        const size_t coins = random.uniform(2) == 0 ? point : cut(1, point);
        SCOPED_TRACE(fmt::format("{} {} {}", point, least, coins));
        TestChain crashed(regtest_params(), history.options(),
                          replay(log, 0, std::min(blocks, least)), replay(log, 1, coins));
        ASSERT_FALSE(::testing::Test::HasFailure()) << "it does not open";
        ASSERT_EQ(all_coins(*crashed), straight_coins(history, crashed));
    }
}

TEST(Crash, coins_store_that_is_lost_is_rebuilt_from_the_blocks) {
    SeededRandom random(test_seed());
    History history(random);
    const auto& log = history.log();
    TestChain rebuilt(regtest_params(), history.options(), replay(log, 0, log.entries.size()),
                      std::make_shared<MemoryStorage>());
    EXPECT_EQ(rebuilt->tip().hash, history.chain()->tip().hash);
    EXPECT_EQ(all_coins(*rebuilt), all_coins(*history.chain()));
}

TEST(Crash, killed_again_while_it_rolls_forward_still_starts) {
    SeededRandom random(test_seed());
    History history(random);
    const auto& log = history.log();
    // A tiny cache makes the roll-forward write as it goes.
    ChainOptions options = history.options();
    options.coins_cache_bytes = 4'000;
    CommitLog second;
    auto blocks = replay(log, 0, log.entries.size());
    auto coins = std::make_shared<LoggedStorage>(second, 1);
    TestChain rebuilt(regtest_params(), options, blocks, coins);
    ASSERT_GT(second.entries.size(), 5u);
    const auto expected = all_coins(*history.chain());
    for (size_t point = 0; point <= second.entries.size(); point += 3) {
        TestChain again(regtest_params(), options, blocks, replay(second, 1, point));
        ASSERT_EQ(all_coins(*again), expected) << point;
    }
}

}  // namespace
}  // namespace parley
