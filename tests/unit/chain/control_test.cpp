// What a person asks of the chain by hand: another block of the same score, the check of what is
// stored.
#include <gtest/gtest.h>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

TEST(Prefer, block_of_equal_score_becomes_the_tip_and_the_last_wish_counts) {
    TestChain chain;
    chain.mine(3);
    const HeaderNode& fork = chain->index().tip();
    const HeaderNode* first = chain.extend(fork, 2, 1);
    chain.activate();
    const HeaderNode* second = chain.extend(fork, 2, 2);
    const HeaderNode* third = chain.extend(fork, 2, 3);
    chain.activate();
    ASSERT_EQ(&chain->index().tip(), first) << "first seen";
    const auto prefer = [&](const HeaderNode* node) {
        EXPECT_TRUE(chain->prefer(node->hash));
        chain.activate();
        return &chain->index().tip();
    };
    EXPECT_EQ(prefer(second), second);
    EXPECT_EQ(prefer(third), third);
    EXPECT_EQ(prefer(second), second);
    EXPECT_EQ(prefer(second->parent), second) << "less work than the tip";
    // More work counts for more than any wish.
    const HeaderNode* higher = chain.extend(*first, 1, 1);
    chain.activate();
    EXPECT_EQ(&chain->index().tip(), higher);
    EXPECT_EQ(prefer(third), higher);
    const auto unknown = chain->prefer(BlockHash{});
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, BlockErrorKind::unknown_block);
}

TEST(Prefer, invalid_block_is_not_taken) {
    TestChain chain;
    const HeaderNode* first = chain.extend(chain->index().genesis(), 2, 1);
    chain.activate();
    const HeaderNode* second = chain.extend(chain->index().genesis(), 2, 2);
    ASSERT_TRUE(chain->invalidate(second->hash));
    chain.activate();
    EXPECT_TRUE(chain->prefer(second->hash));
    chain.activate();
    EXPECT_EQ(&chain->index().tip(), first);
    EXPECT_TRUE(chain->reconsider(second->hash));
    chain.activate();
    EXPECT_EQ(&chain->index().tip(), second) << "the wish is still there";
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
            chain->add(chain->build((*chain)->index().tip(), plan));
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
            const auto result = (*chain)->verify(level, count).value();
            EXPECT_EQ(result.problem, "") << level;
            EXPECT_EQ(result.blocks, count == 0 ? 109 : count);
            EXPECT_FALSE(result.cut_short);
        }
    }
    EXPECT_EQ(all_coins(**chain), before);
    EXPECT_EQ((*chain)->index().tip().height, Height{109});
}

TEST_F(Verify, damaged_block_is_found_at_level_0_damaged_undo_data_at_level_2) {
    const HeaderNode& node = *(*chain)->index().at_height(Height{107});
    flip({FileId::Kind::undo, 0}, node.undo_position.offset);
    EXPECT_EQ((*chain)->verify(1, 6).value().problem, "");
    EXPECT_NE((*chain)->verify(2, 6).value().problem.find("height 107"), std::string::npos);
    EXPECT_EQ((*chain)->verify(2, 2).value().problem, "") << "above it";
    flip({FileId::Kind::block, 0}, node.block_position.offset + 100);
    EXPECT_NE((*chain)->verify(0, 6).value().problem.find("height 107"), std::string::npos);
}

TEST_F(Verify, coins_that_do_not_fit_are_found_at_level_3) {
    // A coin that block 109 made is gone from the store.
    const auto block = chain->block(Height{109});
    WriteBatch loss;
    loss.erase(coin_key(OutPoint{block->transactions[1]->txid(), 0}));
    coins->commit(std::move(loss), Durability::written);
    chain->restart();
    EXPECT_EQ((*chain)->verify(2, 6).value().problem, "");
    EXPECT_NE((*chain)->verify(3, 6).value().problem.find("height 109"), std::string::npos);
}

TEST_F(Verify, reindex_finds_the_same_chain_and_appends_behind_it) {
    ChainOptions options;
    options.reindex = true;
    TestChain again(regtest_params(), options, block_files_of(*blocks),
                    std::make_shared<MemoryStorage>());
    EXPECT_TRUE(again->reindexing());
    EXPECT_EQ(again->index().tip().height, Height{0});
    // A block that arrives in the meantime does not overwrite unread blocks.
    const auto early = again.build(again->index().genesis(), {.extra_nonce = 7});
    again.add(early);
    finish_reindex(again);
    EXPECT_EQ(again->index().tip().hash, (*chain)->index().tip().hash);
    EXPECT_EQ(all_coins(*again), all_coins(**chain));
    EXPECT_EQ(again->verify(4, 0).value().problem, "");
    again.mine(3);
    EXPECT_EQ(again->verify(4, 0).value().problem, "");
    EXPECT_TRUE(again->read_block(*again->index().find(early->header.hash())));
}

// A file with the blocks of a chain in it, the last one first, with garbage between them.
std::shared_ptr<MemoryStorage> backwards_file(TestChain& chain) {
    auto files = std::make_shared<MemoryStorage>();
    WriteBatch batch;
    uint64_t at = 0;
    for (Height height = chain->index().tip().height; height >= Height{0}; --height) {
        const Bytes block = chain.block(height)->serialize();
        Writer writer;
        writer.bytes(chain.params().magic).le(static_cast<uint32_t>(block.size())).bytes(block);
        batch.write_file({FileId::Kind::block, 0}, at, to_bytes(writer.data()));
        at += writer.size() + 11;  // zeros
    }
    batch.write_file({FileId::Kind::block, 0}, at, to_bytes(chain.params().magic));
    files->commit(std::move(batch), Durability::synced);
    return files;
}

TEST_F(Verify, reindex_takes_the_children_of_a_block_that_came_from_elsewhere) {
    ChainOptions options;
    options.reindex = true;
    TestChain again(regtest_params(), options, backwards_file(*chain),
                    std::make_shared<MemoryStorage>());
    ASSERT_TRUE(again->reindex_step(again.now()));
    // The step has read so many that it knows some of these, but has no parents of them yet.
    for (Height height{1}; height <= Height{50}; ++height) again.add(chain->block(height));
    EXPECT_EQ(again->index().tip().height, Height{50});
    finish_reindex(again);
    EXPECT_EQ(again->index().tip().hash, (*chain)->index().tip().hash);
}

TEST_F(Verify, reindex_finds_blocks_among_garbage_and_children_before_parents) {
    ChainOptions options;
    options.reindex = true;
    TestChain again(regtest_params(), options, backwards_file(*chain),
                    std::make_shared<MemoryStorage>());
    finish_reindex(again);
    EXPECT_EQ(again->index().tip().hash, (*chain)->index().tip().hash);
    EXPECT_EQ(again->verify(4, 0).value().problem, "");
    again.restart();
    EXPECT_EQ(again->index().tip().hash, (*chain)->index().tip().hash);
}

TEST_F(Verify, reindex_finds_a_block_whose_magic_lies_across_two_pieces) {
    constexpr size_t kPiece = size_t{4} << 20;  // bytes per read
    const auto record = [&](int32_t height) {
        const Bytes block = chain->block(Height{height})->serialize();
        Writer writer;
        writer.bytes((*chain)->params().magic).le(static_cast<uint32_t>(block.size())).bytes(block);
        return writer.take();
    };
    for (size_t before = 1; before <= 7; ++before) {
        const FileId file{FileId::Kind::block, 0};
        auto files = std::make_shared<MemoryStorage>();
        WriteBatch batch;
        batch.write_file(file, 0, record(0));
        batch.write_file(file, kPiece - before, record(1));
        files->commit(std::move(batch), Durability::synced);
        ChainOptions options;
        options.reindex = true;
        TestChain again(regtest_params(), options, files, std::make_shared<MemoryStorage>());
        finish_reindex(again);
        EXPECT_EQ(again->index().tip().height, Height{1}) << before;
    }
}

TEST_F(Verify, reindex_takes_no_record_that_is_longer_than_its_block) {
    Bytes file;
    const auto add = [&](int32_t height, uint32_t longer) {
        const Bytes block = chain->block(Height{height})->serialize();
        Writer writer;
        writer.bytes((*chain)->params().magic);
        writer.le(static_cast<uint32_t>(block.size()) + longer).bytes(block);
        append(file, writer.take());
        file.resize(file.size() + longer);
    };
    add(0, 0);
    add(1, 9);
    add(1, 0);
    auto files = std::make_shared<MemoryStorage>();
    WriteBatch batch;
    batch.write_file({FileId::Kind::block, 0}, 0, file);
    files->commit(std::move(batch), Durability::synced);
    ChainOptions options;
    options.reindex = true;
    TestChain again(regtest_params(), options, files, std::make_shared<MemoryStorage>());
    finish_reindex(again);
    ASSERT_EQ(again->index().tip().height, Height{1});
    EXPECT_TRUE(again->read_block(again->index().tip()));
}

TEST_F(Verify, reindex_chainstate_connects_every_block_again) {
    ChainOptions options;
    options.reindex_chainstate = true;
    TestChain again(regtest_params(), options, blocks, std::make_shared<MemoryStorage>());
    again.activate();
    EXPECT_EQ(again->index().tip().hash, (*chain)->index().tip().hash);
    EXPECT_EQ(all_coins(*again), all_coins(**chain));
}

}  // namespace
}  // namespace parley
