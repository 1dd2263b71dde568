// What a person asks of the chain by hand: another block of the same score, the check of what is
// stored.
#include <gtest/gtest.h>

#include "chain/coins_cache.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

TEST(Prefer, block_of_equal_score_becomes_the_tip_and_the_last_wish_counts) {
    TestChain chain;
    chain.mine(3);
    const HeaderNode& fork = chain->tip();
    const HeaderNode* first = chain.extend(fork, 2, 1);
    chain.activate();
    const HeaderNode* second = chain.extend(fork, 2, 2);
    const HeaderNode* third = chain.extend(fork, 2, 3);
    chain.activate();
    ASSERT_EQ(&chain->tip(), first) << "first seen";
    const auto prefer = [&](const HeaderNode* node) {
        EXPECT_TRUE(chain->prefer(node->hash));
        chain.activate();
        return &chain->tip();
    };
    EXPECT_EQ(prefer(second), second);
    EXPECT_EQ(prefer(third), third);
    EXPECT_EQ(prefer(second), second);
    EXPECT_EQ(prefer(second->parent), second) << "less work than the tip";
    // More work counts for more than any wish.
    const HeaderNode* higher = chain.extend(*first, 1, 1);
    chain.activate();
    EXPECT_EQ(&chain->tip(), higher);
    EXPECT_EQ(prefer(third), higher);
    const auto unknown = chain->prefer(BlockHash{});
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, BlockErrorKind::unknown_block);
}

TEST(Prefer, invalid_block_is_not_taken) {
    TestChain chain;
    const HeaderNode* first = chain.extend(chain->genesis(), 2, 1);
    chain.activate();
    const HeaderNode* second = chain.extend(chain->genesis(), 2, 2);
    ASSERT_TRUE(chain->invalidate(second->hash));
    chain.activate();
    EXPECT_TRUE(chain->prefer(second->hash));
    chain.activate();
    EXPECT_EQ(&chain->tip(), first);
    EXPECT_TRUE(chain->reconsider(second->hash));
    chain.activate();
    EXPECT_EQ(&chain->tip(), second) << "the wish is still there";
}

class Verify : public ::testing::Test {
 protected:
    Verify() : blocks(std::make_shared<MemoryStorage>()), coins(std::make_shared<MemoryStorage>()) {
        chain = std::make_unique<TestChain>(regtest_params(), ChainOptions{}, blocks, coins);
        chain->mine(105);
        for (int32_t height = 1; height <= 4; ++height) {
            BlockPlan plan;
            plan.transactions = {
                spend_true({coinbase_outpoint(chain->block(Height{height}))}, Amount{1})};
            chain->add(chain->build((*chain)->tip(), plan));
        }
        (*chain)->flush(Durability::synced);
    }
    void flip(FileId file, uint64_t offset) {
        Bytes byte = *blocks->read_file(file, offset, 1);
        byte[0] ^= 0x10;
        WriteBatch batch;
        batch.write_file(file, offset, byte);
        blocks->commit(std::move(batch), Durability::written);
    }

    std::shared_ptr<MemoryStorage> blocks;
    std::shared_ptr<MemoryStorage> coins;
    std::unique_ptr<TestChain> chain;
};

TEST_F(Verify, every_level_is_content_with_a_good_chain_and_changes_nothing) {
    const auto before = all_coins(**chain);
    for (int level = 0; level <= 4; ++level) {
        for (const int32_t count : {1, 6, 0}) {
            const auto result = (*chain)->verify(level, count);
            EXPECT_EQ(result.problem, "") << level;
            EXPECT_EQ(result.blocks, count == 0 ? 109 : count);
            EXPECT_FALSE(result.cut_short);
        }
    }
    EXPECT_EQ(all_coins(**chain), before);
    EXPECT_EQ((*chain)->tip().height, Height{109});
}

TEST_F(Verify, damaged_block_is_found_at_level_0_damaged_undo_data_at_level_2) {
    const HeaderNode& node = *(*chain)->at_height(Height{107});
    flip({FileId::Kind::undo, 0}, node.undo_position.offset);
    EXPECT_EQ((*chain)->verify(1, 6).problem, "");
    EXPECT_NE((*chain)->verify(2, 6).problem.find("height 107"), std::string::npos);
    EXPECT_EQ((*chain)->verify(2, 2).problem, "") << "above it";
    flip({FileId::Kind::block, 0}, node.block_position.offset + 100);
    EXPECT_NE((*chain)->verify(0, 6).problem.find("height 107"), std::string::npos);
}

TEST_F(Verify, coins_that_do_not_fit_are_found_at_level_3) {
    // A coin that block 109 made is gone from the store.
    const auto block = chain->block(Height{109});
    WriteBatch loss;
    loss.erase(coin_key(OutPoint{block->transactions[1]->txid(), 0}));
    coins->commit(std::move(loss), Durability::written);
    chain->restart();
    EXPECT_EQ((*chain)->verify(2, 6).problem, "");
    EXPECT_NE((*chain)->verify(3, 6).problem.find("height 109"), std::string::npos);
}

}  // namespace
}  // namespace parley
