// What a person asks of the chain by hand: another block of the same score, the check of what is
// stored.
#include <gtest/gtest.h>

#include "chain/state/coins_cache.h"
#include "chain/state/indexes/chain_indexes.h"
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

TEST(Prune, files_below_the_kept_blocks_go_and_the_chain_goes_on) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 20'000;
    auto blocks = std::make_shared<MemoryStorage>();
    auto coins = std::make_shared<MemoryStorage>();
    TestChain chain(regtest_params(), options, blocks, coins);
    chain.mine(600);
    EXPECT_FALSE(chain->prune_state().pruned_to.has_value());
    EXPECT_EQ(chain->prune(Height{10}), Height{-1}) << "less than a file";
    const Height pruned = chain->prune(Height{600});
    EXPECT_GT(pruned, Height{200});
    EXPECT_LE(pruned, Height{600 - 288});
    EXPECT_EQ(blocks->file_size({FileId::Kind::block, 0}).value(), 0u);
    EXPECT_EQ(blocks->file_size({FileId::Kind::undo, 0}).value(), 0u);
    EXPECT_TRUE(chain->index().at_height(pruned)->is_pruned());
    EXPECT_TRUE(chain->read_block(*chain->index().at_height(pruned + 1)));
    const auto before = all_coins(*chain);
    chain.restart();
    EXPECT_EQ(chain->prune_state().pruned_to, pruned);
    EXPECT_EQ(all_coins(*chain), before);
    EXPECT_EQ(chain->verify(4, 0).value().problem, "");
    EXPECT_EQ(chain->verify(0, 0).value().blocks, 600 - pruned.value());
    EXPECT_TRUE(chain->verify(0, 0).value().cut_short);
    EXPECT_FALSE(chain->verify(0, 10).value().cut_short);
    chain.mine(5);
    EXPECT_EQ(chain->index().tip().chain_transactions, 606u);
    // A branch from a block that is there; then a file that a crash left behind.
    chain.extend(*chain->index().at_height(Height{400}), 250, 9);
    EXPECT_EQ(chain.activate().disconnected.size(), 205u);
    WriteBatch leftover;
    leftover.write_file({FileId::Kind::block, 0}, 0, Bytes(9, 9));
    blocks->commit(std::move(leftover), Durability::written);
    chain.restart();
    EXPECT_EQ(blocks->file_size({FileId::Kind::block, 0}).value(), 0u);
    // Without -prune the store is refused.
    const WorkRules rules(chain.params());
    InlineScriptVerifier verifier;
    NullLog log;
    const auto opened =
        Chainstate::open(chain.params(), rules, *blocks, *coins, verifier, log, ChainOptions{});
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().find("-reindex"), std::string::npos);
}

TEST(Prune, nothing_is_removed_before_every_file_is_read) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 5'000;
    auto blocks = std::make_shared<MemoryStorage>();
    TestChain source(regtest_params(), options, blocks, std::make_shared<MemoryStorage>());
    source.mine(400);
    options.reindex = true;
    TestChain again(regtest_params(), options, block_files_of(*blocks),
                    std::make_shared<MemoryStorage>());
    while (again->index().tip().height < Height{350}) {
        ASSERT_TRUE(again->reindex_step(again.now()));
        again.activate();
    }
    ASSERT_TRUE(again->reindexing());
    EXPECT_EQ(again->prune(Height{350}), Height{-1});
    finish_reindex(again);
    EXPECT_TRUE(again->read_block(*again->index().at_height(Height{1})));
    EXPECT_GT(again->prune(Height{350}), Height{50});
}

TEST(Prune, side_block_that_was_removed_may_come_again) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 5'000;
    TestChain chain(regtest_params(), options);
    const HeaderNode& base = chain.mine(5);
    chain.mine(5);
    const auto block = chain.build(base, BlockPlan{.extra_nonce = 9});
    const auto result = chain.accept(block);
    ASSERT_EQ(result.state, BlockResult::State::accepted);
    chain.mine(390);
    ASSERT_GT(chain->prune(Height{400}), Height{50});
    EXPECT_FALSE(result.node->has_body());
    EXPECT_FALSE(result.node->is_pruned()) << "it was never connected";
    EXPECT_EQ(chain.accept(block).state, BlockResult::State::accepted);
    EXPECT_TRUE(result.node->has_body());
    EXPECT_EQ(chain.accept(chain.build(base)).state, BlockResult::State::already_have)
        << "that one was";
}

TEST(Prune, connected_block_that_was_removed_comes_back_on_request) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 5'000;
    TestChain chain(regtest_params(), options);
    chain.mine(400);
    const HeaderNode* second = chain->index().at_height(Height{2});
    const BlockRef block = *chain->read_block(*second);
    ASSERT_GT(chain->prune(Height{400}), Height{50});
    Block damaged = *block;
    damaged.transactions.push_back(block->transactions[0]);
    using Pruned = Chainstate::Pruned;
    const auto offer = [&](const BlockRef& offered, Pruned pruned) {
        return chain->accept_block(offered, {}, chain.now(), pruned).state;
    };
    EXPECT_EQ(offer(block, Pruned::leave), BlockResult::State::already_have);
    EXPECT_EQ(offer(std::make_shared<const Block>(damaged), Pruned::restore),
              BlockResult::State::invalid);
    EXPECT_FALSE(second->has_body());
    EXPECT_EQ(offer(block, Pruned::restore), BlockResult::State::accepted);
    EXPECT_EQ(offer(block, Pruned::restore), BlockResult::State::already_have);
    EXPECT_EQ((*chain->read_block(*second))->header.hash(), second->hash);
    EXPECT_GT(chain->index().last_pruned()->height, Height{50}) << "the others are still gone";
    chain.restart();
    const HeaderNode* found = chain->index().at_height(Height{2});
    EXPECT_EQ((*chain->read_block(*found))->header.hash(), found->hash);
    EXPECT_EQ(chain->verify(3, 0).value().problem, "");
    EXPECT_FALSE(chain->invalidate(found->hash)) << "it has no undo data";
    chain.mine(5);
    EXPECT_EQ(chain->index().tip().chain_transactions, 406u);
}

// A branch that is longer than what is kept below the tip is connected in one step.
TEST(Prune, blocks_that_an_index_has_not_read_stay_in_a_long_reorganisation) {
    constexpr int kFork = 10;
    constexpr int kMain = 400;
    ChainOptions options;
    options.prune = true;
    options.prune_after_height = 0;
    options.block_file_bytes_max = 5'000;
    options.prune_target_bytes = 150'000;
    TestChain chain(regtest_params(), options);
    MemoryStorage store;
    NullLog log;
    IndexStores stores{};
    stores[static_cast<size_t>(IndexKind::filters)] = &store;
    ChainIndexes indexes(stores, *chain, log);
    ASSERT_TRUE(indexes.open());
    chain.mine(kMain);
    indexes.step();
    ASSERT_FALSE(chain->prune_state().pruned_to) << "all of it is below the target";
    chain.extend(*chain->index().at_height(Height{kFork}), kMain - kFork + 1, 9);
    ASSERT_EQ(chain->activate_best_chain().connected.size(), size_t{kMain - kFork + 1});
    ASSERT_GT(chain->size_on_disk(), options.prune_target_bytes) << "so it wanted to prune";
    indexes.step();
    EXPECT_EQ(indexes.failure(), nullptr);
    EXPECT_EQ(indexes.all()[0]->best().hash, chain->index().tip().hash);
    // The lock has moved on with the index.
    chain.mine(20);
    indexes.step();
    EXPECT_GT(chain->prune_state().pruned_to, Height{kFork});
    EXPECT_FALSE(indexes.history_problem());
    // An index that is added later has missed blocks.
    MemoryStorage fresh;
    stores[static_cast<size_t>(IndexKind::coin_stats)] = &fresh;
    ChainIndexes late(stores, *chain, log);
    ASSERT_TRUE(late.open());
    EXPECT_TRUE(late.history_problem().value_or("").starts_with(
        "coinstatsindex best block of the index goes beyond pruned data"));
}

TEST(Prune, short_chain_is_not_pruned_by_itself) {
    ChainOptions options;
    options.prune = true;
    options.prune_target_bytes = 1;
    options.prune_after_height = 500;
    options.block_file_bytes_max = 5'000;
    TestChain chain(regtest_params(), options);
    for (int i = 0; i < 499; ++i) chain.mine();
    EXPECT_FALSE(chain->prune_state().pruned_to.has_value());
    for (int i = 0; i < 50; ++i) chain.mine();
    EXPECT_TRUE(chain->prune_state().pruned_to.has_value());
}

TEST(Prune, start_never_needs_a_block_that_was_removed) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 5'000;
    options.coins_write_interval_blocks = 1'000'000;  // no coin is written before
    TestChain chain(regtest_params(), options);
    chain.mine(400);
    ASSERT_GT(chain->prune(Height{400}), Height{50});
    const BlockHash tip = chain->index().tip().hash;
    chain.restart();
    EXPECT_EQ(chain->index().tip().hash, tip);
    EXPECT_EQ(all_coins(*chain).size(), 400u);
}

TEST(Prune, branch_whose_blocks_are_gone_is_not_taken_whatever_lies_above) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = 5'000;
    TestChain chain(regtest_params(), options);
    const HeaderNode& base = chain.mine(20);
    const HeaderNode* left = chain.extend(base, 10, 1);
    chain.activate();
    ASSERT_EQ(&chain->index().tip(), left);
    chain.extend(base, 11, 2);
    chain.activate();
    chain.mine(400);
    ASSERT_GT(chain->prune(chain->index().tip().height), left->height);
    ASSERT_TRUE(left->is_pruned()) << "it was connected once";
    const HeaderNode& tip = chain->index().tip();
    const HeaderNode* higher = chain.extend(*left, 450, 1);
    ASSERT_GT(*higher->score, *tip.score);
    EXPECT_FALSE(chain.activate().changed());
    EXPECT_FALSE(chain->failure());
    EXPECT_EQ(&chain->index().tip(), &tip);
    chain.mine(1);
    EXPECT_EQ(chain->index().tip().parent, &tip);
}

TEST(Prune, target_is_kept_without_being_asked) {
    ChainOptions options;
    options.prune = true;
    options.prune_target_bytes = 250'000;
    options.prune_after_height = 100;
    options.block_file_bytes_max = 10'000;
    TestChain chain(regtest_params(), options);
    for (int i = 0; i < 1'500; ++i) {
        chain.mine();
        ASSERT_LE(chain->size_on_disk(), 250'000u) << "with room for the file that grows";
    }
    EXPECT_GT(chain->prune_state().pruned_to, Height{300});
    EXPECT_EQ(chain->verify(4, 288).value().problem, "");
}

}  // namespace
}  // namespace parley
