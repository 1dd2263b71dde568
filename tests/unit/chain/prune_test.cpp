// Pruning as a whole: what goes, what stays, and what may come back.
#include <gtest/gtest.h>

#include "chain/state/indexes/chain_indexes.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

// Files of a few blocks; without a target, they are pruned by hand only.
ChainOptions pruning(uint64_t file_bytes = 5'000) {
    ChainOptions options;
    options.prune = true;
    options.block_file_bytes_max = file_bytes;
    return options;
}

TEST(Prune, files_below_the_kept_blocks_go_and_the_chain_goes_on) {
    ChainOptions options = pruning(20'000);
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
    ChainOptions options = pruning();
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
    TestChain chain(regtest_params(), pruning());
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

TEST(Prune, branch_that_was_removed_wins_when_its_blocks_are_back) {
    TestChain chain(regtest_params(), pruning());
    const HeaderNode& base = chain.mine(5);
    const HeaderNode* lost = &chain.mine(20);
    // The bodies of the branch that follows come in an order that keeps low ones in each file.
    std::vector<BlockRef> blocks;
    const HeaderNode* last = &base;
    for (int i = 0; i < 320; ++i) {
        blocks.push_back(chain.build(*last, {.extra_nonce = 7}));
        last = *chain->accept_header(blocks.back()->header, {}, chain.now());
    }
    for (size_t i = 0; i < 160; ++i) {
        chain.accept(blocks[319 - i]);
        chain.accept(blocks[i]);
    }
    chain.activate();
    ASSERT_EQ(&chain->index().tip(), last);
    std::vector<BlockRef> pruned;
    for (const HeaderNode* node = lost; node != &base; node = node->parent)
        pruned.push_back(*chain->read_block(*node));
    ASSERT_GT(chain->prune(Height{30}), Height{0});
    ASSERT_TRUE(lost->ancestor(Height{6})->is_pruned());
    ASSERT_TRUE(has_undo_above(*last, base));
    const HeaderNode* longer = chain.extend(*lost, 301);
    EXPECT_EQ(chain.activate().changed(), false) << "the way to the better branch is gone";
    for (const BlockRef& block : pruned) {
        EXPECT_EQ(&chain->index().tip(), last);
        const auto state =
            chain->accept_block(block, {}, chain.now(), Chainstate::Pruned::restore).state;
        ASSERT_TRUE(state == BlockResult::State::accepted ||
                    state == BlockResult::State::already_have);
        chain.activate();
    }
    EXPECT_EQ(&chain->index().tip(), longer);
    EXPECT_EQ(chain->verify(4, 320)->problem, "");
    chain.restart();
    EXPECT_EQ(chain->index().tip().height, Height{326});
    EXPECT_EQ(chain->verify(4, 320)->problem, "");
}

TEST(Prune, connected_block_that_was_removed_comes_back_on_request) {
    TestChain chain(regtest_params(), pruning());
    chain.mine(400);
    const HeaderNode* second = chain->index().at_height(Height{2});
    const BlockRef block = *chain->read_block(*second);
    std::vector<BlockRef> lowest;
    for (Height height{1}; height <= Height{112}; ++height) lowest.push_back(chain.block(height));
    const Height pruned_to = chain->prune(Height{400});
    ASSERT_GT(pruned_to, Height{50});
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
    EXPECT_EQ(chain->index().last_pruned()->height, pruned_to) << "the others are still gone";
    EXPECT_EQ(offer(lowest[static_cast<size_t>(pruned_to.value() - 1)], Pruned::restore),
              BlockResult::State::accepted);
    EXPECT_EQ(chain->index().last_pruned()->height, pruned_to) << "its undo data are still gone";
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
    ChainOptions options = pruning();
    options.prune_after_height = 0;
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
    ChainOptions options = pruning();
    options.prune_target_bytes = 1;
    options.prune_after_height = 500;
    TestChain chain(regtest_params(), options);
    for (int i = 0; i < 499; ++i) chain.mine();
    EXPECT_FALSE(chain->prune_state().pruned_to.has_value());
    for (int i = 0; i < 50; ++i) chain.mine();
    EXPECT_TRUE(chain->prune_state().pruned_to.has_value());
}

TEST(Prune, start_never_needs_a_block_that_was_removed) {
    ChainOptions options = pruning();
    options.coins_write_interval_blocks = 1'000'000;  // no coin is written before
    TestChain chain(regtest_params(), options);
    chain.mine(400);
    ASSERT_GT(chain->prune(Height{400}), Height{50});
    const BlockHash tip = chain->index().tip().hash;
    chain.restart();
    EXPECT_EQ(chain->index().tip().hash, tip);
    EXPECT_EQ(all_coins(*chain).size(), 400u);
}

TEST(Prune, start_with_a_lower_target_prunes_at_once) {
    ChainOptions options;
    options.block_file_bytes_max = 10'000;
    const auto blocks = std::make_shared<MemoryStorage>();
    const auto coins = std::make_shared<MemoryStorage>();
    {
        TestChain chain(regtest_params(), options, blocks, coins);
        chain.mine(1'000);
        ASSERT_GT(chain->size_on_disk(), 200'000u);
        chain->flush(Durability::synced);
    }
    options.prune = true;
    options.prune_target_bytes = 200'000;
    options.prune_after_height = 100;
    TestChain chain(regtest_params(), options, blocks, coins);
    EXPECT_GT(chain->prune_state().pruned_to, Height{0});
    EXPECT_LT(chain->size_on_disk(), 200'000u);
    EXPECT_EQ(chain->index().tip().height, Height{1'000});
}

TEST(Prune, branch_whose_blocks_are_gone_is_not_taken_whatever_lies_above) {
    TestChain chain(regtest_params(), pruning());
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
    ChainOptions options = pruning(10'000);
    options.prune_target_bytes = 250'000;
    options.prune_after_height = 100;
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
