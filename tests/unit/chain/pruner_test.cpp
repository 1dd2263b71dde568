#include "chain/state/pruner.h"

#include <gtest/gtest.h>

#include "tests/unit/chain/chain_parts.h"

namespace parley {
namespace {

constexpr uint64_t kFileBytes = 4'000;
constexpr int kKept = 288;  // blocks below the tip that stay, as bitcoind's

// A chain of 340 blocks in small files.
class PrunerTest : public ::testing::Test {
 protected:
    PrunerTest() : chain({size_t{64} << 20, 2'000, OutPointHash{1, 2}}, kFileBytes) {
        chain.move_to(chain.extend(chain.index.genesis(), 340));
        chain.trail.clear();
    }
    Pruner pruner(uint64_t target_bytes = 0, int32_t after_height = 0) {
        return {{true, target_bytes, after_height, kFileBytes}, chain.index, chain.blocks, log};
    }
    int missing() const {
        int count = 0;
        for (Height height{1}; height <= chain.index.tip().height; ++height)
            count += chain.index.at_height(height)->has_body() ? 0 : 1;
        return count;
    }

    ChainParts chain;
    NullLog log;
};

TEST_F(PrunerTest, files_at_or_below_the_height_go_and_others_stay) {
    Pruner pruner = this->pruner();
    EXPECT_FALSE(pruner.state().pruned_to);
    const Height last = pruner.prune(chain.coins, Height{30});
    EXPECT_GT(last, Height{0});
    EXPECT_LE(last, Height{30});
    EXPECT_EQ(missing(), last.value());
    EXPECT_EQ(pruner.state().pruned_to, last);
    EXPECT_TRUE(chain.index.at_height(last)->is_pruned());
    EXPECT_TRUE(chain.index.at_height(last + 1)->has_body());
    EXPECT_TRUE(chain.blocks.read(chain.index.tip()).has_value());
    EXPECT_EQ(pruner.prune(chain.coins, Height{30}), last) << "there is nothing more to remove";
}

TEST_F(PrunerTest, blocks_that_a_reorganisation_may_need_stay_whatever_is_asked) {
    Pruner pruner = this->pruner();
    const Height last = pruner.prune(chain.coins, chain.index.tip().height);
    EXPECT_GT(last, Height{0});
    EXPECT_LE(last, chain.index.tip().height - kKept);
}

TEST_F(PrunerTest, height_below_the_first_file_removes_nothing) {
    Pruner pruner = this->pruner();
    EXPECT_EQ(pruner.prune(chain.coins, Height{0}), Height{-1});
    EXPECT_TRUE(chain.trail.empty());
    EXPECT_EQ(missing(), 0);
}

TEST_F(PrunerTest, coins_are_safe_before_the_first_file_goes) {
    Pruner pruner = this->pruner();
    ASSERT_GT(pruner.prune(chain.coins, Height{30}), Height{0});
    ASSERT_GE(chain.trail.size(), 3u);
    EXPECT_EQ(chain.trail.front(), (std::pair{'b', Durability::synced}));
    EXPECT_EQ(chain.trail[chain.trail.size() - 2], (std::pair{'c', Durability::synced}));
    EXPECT_EQ(chain.trail.back(), (std::pair{'b', Durability::synced}));
    EXPECT_EQ(load_index(chain.blocks_store)->pruned, true);
}

TEST_F(PrunerTest, target_is_kept_by_removing_the_oldest_files) {
    const uint64_t size = chain.blocks.files().size_on_disk();
    Pruner roomy = pruner(2 * size);
    roomy.prune_to_target(chain.coins);
    EXPECT_EQ(missing(), 0) << "there is room";
    Pruner tight = pruner(size - kFileBytes);
    tight.prune_to_target(chain.coins);
    EXPECT_GT(missing(), 0);
    const auto pruned_to = tight.state().pruned_to;
    ASSERT_TRUE(pruned_to);
    EXPECT_EQ(missing(), pruned_to->value()) << "from below, without a gap";
    EXPECT_LT(chain.blocks.files().size_on_disk() + 2 * kFileBytes, size - kFileBytes);
}

TEST_F(PrunerTest, it_looks_again_only_when_the_files_have_grown) {
    Pruner pruner = this->pruner(1);
    pruner.prune_to_target(chain.coins);
    const int before = missing();
    ASSERT_GT(before, 0);
    const uint32_t files = chain.blocks.files().count();
    chain.trail.clear();
    pruner.prune_to_target(chain.coins);
    EXPECT_TRUE(chain.trail.empty());
    while (chain.blocks.files().count() < files + 3)
        chain.move_to(chain.extend(chain.index.tip(), 1));
    pruner.prune_to_target(chain.coins);
    EXPECT_GT(missing(), before);
}

TEST_F(PrunerTest, growth_within_a_file_counts) {
    const uint32_t before = chain.blocks.files().count();
    while (chain.blocks.files().count() == before)
        chain.move_to(chain.extend(chain.index.tip(), 1));
    const uint32_t count = chain.blocks.files().count();
    Pruner pruner = this->pruner(1);
    pruner.set_lock("index", Height{0});
    pruner.prune_to_target(chain.coins);
    pruner.set_lock("index", chain.index.tip().height);
    const uint64_t size = chain.blocks.files().size_on_disk();
    pruner.prune_to_target(chain.coins);
    EXPECT_EQ(missing(), 0) << "nothing has grown";
    while (chain.blocks.files().size_on_disk() < size + kFileBytes)
        chain.move_to(chain.extend(chain.index.tip(), 1));
    ASSERT_EQ(chain.blocks.files().count(), count);
    pruner.prune_to_target(chain.coins);
    EXPECT_GT(missing(), 0);
}

TEST_F(PrunerTest, short_chain_and_missing_target_prune_nothing_by_themselves) {
    Pruner young = pruner(1, 341);
    young.prune_to_target(chain.coins);
    EXPECT_EQ(missing(), 0);
    Pruner by_hand = pruner(0);
    by_hand.prune_to_target(chain.coins);
    EXPECT_EQ(missing(), 0);
    Pruner at_last = pruner(1, 340);
    at_last.prune_to_target(chain.coins);
    EXPECT_GT(missing(), 0);
}

TEST_F(PrunerTest, locked_blocks_and_ten_below_the_lock_stay) {
    Pruner pruner = this->pruner(1);
    pruner.set_lock("low", Height{30});
    pruner.set_lock("high", Height{46});
    const Height last = pruner.prune(chain.coins, Height{340});
    EXPECT_GT(last, Height{0});
    EXPECT_LT(last, Height{30 - 10});
    pruner.prune_to_target(chain.coins);
    EXPECT_EQ(pruner.state().pruned_to, last);
    pruner.set_lock("low", Height{50});
    EXPECT_GT(pruner.prune(chain.coins, Height{340}), last) << "what the other lock leaves";
    EXPECT_LT(pruner.state().pruned_to, Height{46 - 10});
}

TEST_F(PrunerTest, lock_above_a_disconnected_block_moves_to_its_parent) {
    Pruner pruner = this->pruner();
    pruner.set_lock("index", Height{340});
    pruner.move_locks_back(Height{30});
    EXPECT_LT(pruner.prune(chain.coins, Height{340}), Height{30 - 10});
    pruner.move_locks_back(Height{300});
    EXPECT_LT(pruner.prune(chain.coins, Height{340}), Height{30 - 10}) << "never forward";
}

TEST_F(PrunerTest, lock_near_genesis_keeps_every_block) {
    Pruner pruner = this->pruner();
    pruner.set_lock("new index", Height{0});
    EXPECT_EQ(pruner.prune(chain.coins, Height{340}), Height{-1});
    EXPECT_EQ(missing(), 0);
}

TEST_F(PrunerTest, switched_off_it_removes_nothing) {
    Pruner off({false, 1, 0, kFileBytes}, chain.index, chain.blocks, log);
    off.prune_to_target(chain.coins);
    EXPECT_EQ(missing(), 0);
    EXPECT_FALSE(off.state().enabled);
    EXPECT_DEATH((void)off.prune(chain.coins, Height{30}), "enabled");
}

}  // namespace
}  // namespace parley
