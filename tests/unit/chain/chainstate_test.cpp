#include "chain/state/chainstate.h"

#include <gtest/gtest.h>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

using State = BlockResult::State;

TEST(Chainstate, new_store_starts_with_genesis_alone) {
    TestChain chain;
    EXPECT_EQ(chain->tip().hash, chain.params().genesis_hash);
    EXPECT_EQ(&chain->tip(), &chain->genesis());
    EXPECT_EQ(chain->height_max(), Height{0});
    EXPECT_EQ(chain->at_height(Height{1}), nullptr);
    EXPECT_EQ(chain->at_height(Height{-1}), nullptr);
    EXPECT_TRUE(all_coins(*chain).empty());  // the coin of regtest's genesis never was spendable
    EXPECT_EQ((*chain->read_block(chain->genesis()))->header.hash(), chain.params().genesis_hash);
    EXPECT_FALSE(chain->failure().has_value());
}

TEST(Chainstate, labnet_genesis_outputs_are_spendable_coins_at_once) {
    LabnetOptions options;
    options.genesis_outputs = {TxOutput{Amount{7 * kCoin}, op_true()},
                               TxOutput{Amount{0}, Script{Bytes{OP_RETURN}}},
                               TxOutput{Amount{3 * kCoin}, op_true()}};
    TestChain chain(labnet_params(options));
    const Txid txid = chain.params().genesis->transactions[0]->txid();
    ASSERT_EQ(all_coins(*chain).size(), 2u);
    EXPECT_FALSE(chain.coin({txid, 0})->coinbase);
    BlockPlan plan;
    plan.transactions = {spend_true({{txid, 0}, {txid, 2}}, Amount{10 * kCoin})};
    const auto update = chain.add(chain.build(chain->tip(), plan));
    EXPECT_EQ(update.connected.size(), 1u);
    EXPECT_EQ(chain->tip().height, Height{1});
    chain.restart();
    EXPECT_FALSE(chain.coin({txid, 0}).has_value());
}

TEST(Chainstate, block_on_the_tip_is_connected_and_reported) {
    TestChain chain;
    const auto block = chain.build(chain->tip());
    EXPECT_EQ(chain.accept(block).state, State::accepted);
    EXPECT_EQ(chain->tip().height, Height{0}) << "accepting alone changes no chain";
    const auto update = chain->activate_best_chain();
    ASSERT_EQ(update.connected.size(), 1u);
    EXPECT_EQ(update.connected[0].block, block);
    EXPECT_EQ(update.connected[0].node, &chain->tip());
    EXPECT_TRUE(update.disconnected.empty());
    EXPECT_FALSE(update.more);
    const auto coin = chain.coin(coinbase_outpoint(block));
    ASSERT_TRUE(coin.has_value());
    EXPECT_TRUE(coin->coinbase);
    EXPECT_EQ(coin->height, Height{1});
    EXPECT_EQ(coin->output.value, Amount{50 * kCoin});
    EXPECT_EQ(chain.accept(block).state, State::already_have);
    EXPECT_FALSE(chain->activate_best_chain().changed());
}

TEST(Chainstate, unknown_parent_is_missing_until_it_comes) {
    TestChain chain;
    TestChain other;
    other.mine(2);
    const auto first = other.block(Height{1});
    const auto second = other.block(Height{2});
    const auto early = chain.accept(second);
    EXPECT_EQ(early.state, State::missing_parent);
    EXPECT_EQ(early.error->kind, BlockErrorKind::missing_parent);
    EXPECT_EQ(early.error->reason, "prev-blk-not-found");
    EXPECT_EQ(early.node, nullptr);
    EXPECT_EQ(chain.accept(first).state, State::accepted);
    EXPECT_EQ(chain.accept(second).state, State::accepted);
    EXPECT_EQ(chain.activate().connected.size(), 2u);
}

TEST(Chainstate, bodies_in_any_order_wait_for_their_ancestors) {
    TestChain source;
    source.mine(40);
    TestChain chain;
    for (int32_t h = 1; h <= 40; ++h)
        ASSERT_TRUE(chain->accept_header(source.block(Height{h})->header, {}, chain.now()));
    EXPECT_EQ(chain->best_header().height, Height{40});
    for (int32_t h = 40; h >= 2; --h) {
        ASSERT_EQ(chain.accept(source.block(Height{h})).state, State::accepted);
        ASSERT_FALSE(chain->activate_best_chain().changed());
    }
    chain.restart();  // the waiting bodies survive
    ASSERT_EQ(chain.accept(source.block(Height{1})).state, State::accepted);
    EXPECT_EQ(chain.activate().connected.size(), 40u);
    EXPECT_EQ(chain->tip().hash, source->tip().hash);
    EXPECT_EQ(all_coins(*chain), all_coins(*source));
}

TEST(Chainstate, equal_score_keeps_the_first_seen_also_after_a_restart) {
    TestChain chain;
    const HeaderNode& base = chain.mine(3);
    const HeaderNode* first = chain.extend(base, 2, 1);
    chain.activate();
    const HeaderNode* second = chain.extend(base, 2, 2);
    EXPECT_FALSE(chain.activate().changed());
    EXPECT_EQ(&chain->tip(), first);
    const BlockHash hash = first->hash;
    const BlockHash other = second->hash;
    chain.restart();
    EXPECT_EQ(chain->tip().hash, hash);
    ASSERT_TRUE(chain->invalidate(hash));
    chain.activate();
    EXPECT_EQ(chain->tip().hash, other);
    ASSERT_TRUE(chain->reconsider(hash));
    chain.activate();
    EXPECT_EQ(chain->tip().hash, hash) << "the first seen wins again";
}

TEST(Chainstate, best_header_is_the_first_of_its_score) {
    TestChain chain;
    const HeaderNode& base = chain.mine(3);
    const HeaderNode* first = chain.extend(base, 2, 1);
    const HeaderNode* second = chain.extend(base, 2, 2);
    EXPECT_EQ(&chain->best_header(), first);
    ASSERT_TRUE(chain->invalidate(first->hash));
    EXPECT_EQ(&chain->best_header(), second);
}

TEST(Chainstate, more_score_wins_over_more_blocks) {
    // A chain of the same height, but with a harder last period.
    LabnetOptions options;
    options.retarget_interval_blocks = 4;
    options.target_spacing_s = 100;
    TestChain chain(labnet_params(options));
    const auto grow = [&](int count, int64_t spacing, uint64_t extra) {
        const HeaderNode* node = &chain->genesis();
        int64_t time = node->time();
        for (int i = 0; i < count; ++i) {
            BlockPlan plan;
            plan.time = time += spacing;
            plan.extra_nonce = extra;
            node = chain.accept(chain.build(*node, plan)).node;
        }
        return node;
    };
    const HeaderNode* slow = grow(9, 100, 1);
    chain.activate();
    EXPECT_EQ(&chain->tip(), slow);
    const HeaderNode* fast = grow(7, 10, 2);
    EXPECT_GT(*fast->score, *slow->score);
    const auto update = chain.activate();
    EXPECT_EQ(&chain->tip(), fast);
    EXPECT_EQ(update.disconnected.size(), 9u);
    EXPECT_EQ(update.connected.size(), 7u);
}

TEST(Chainstate, reorganisation_of_a_thousand_blocks_leaves_the_coins_of_a_straight_sync) {
    TestChain chain;
    const HeaderNode& base = chain.mine(101);
    const BlockRef matured = chain.block(Height{1});
    // The losing branch spends a coin that the winning one spends differently.
    BlockPlan plan;
    plan.transactions = {spend_true({coinbase_outpoint(matured)}, Amount{10 * kCoin}, 5)};
    plan.extra_nonce = 1;
    const HeaderNode* losing = chain.accept(chain.build(base, plan)).node;
    losing = chain.extend(*losing, 999, 1);
    chain.activate();
    ASSERT_EQ(&chain->tip(), losing);

    BlockPlan other;
    other.transactions = {spend_true({coinbase_outpoint(matured)}, Amount{25 * kCoin}, 2)};
    other.extra_nonce = 2;
    const HeaderNode* winning = chain.accept(chain.build(base, other)).node;
    winning = chain.extend(*winning, 1'000, 2);
    const auto update = chain.activate();
    ASSERT_EQ(&chain->tip(), winning);
    ASSERT_EQ(update.disconnected.size(), 1'000u);
    ASSERT_EQ(update.connected.size(), 1'001u);
    EXPECT_EQ(update.disconnected.front().node, losing);
    EXPECT_EQ(update.disconnected.back().node->parent, &base);
    EXPECT_EQ(update.disconnected.back().undo->spent.at(0).at(0).output.value, Amount{50 * kCoin});
    EXPECT_EQ(update.connected.back().node, winning);

    TestChain straight;
    for (int32_t h = 1; h <= winning->height.value(); ++h)
        ASSERT_EQ(straight.accept(chain.block(Height{h})).state, State::accepted);
    straight.activate();
    EXPECT_EQ(straight->tip().hash, winning->hash);
    EXPECT_EQ(all_coins(*chain), all_coins(*straight));
    chain.restart();
    EXPECT_EQ(all_coins(*chain), all_coins(*straight));
}

TEST(Chainstate, many_blocks_are_connected_in_steps_of_limited_size) {
    ChainOptions options;
    options.activation_step_blocks = 7;
    TestChain chain(regtest_params(), options);
    chain.extend(chain->tip(), 20);
    auto update = chain->activate_best_chain();
    EXPECT_EQ(update.connected.size(), 7u);
    EXPECT_TRUE(update.more);
    update = chain->activate_best_chain();
    EXPECT_TRUE(update.more);
    update = chain->activate_best_chain();
    EXPECT_EQ(update.connected.size(), 6u);
    EXPECT_FALSE(update.more);
}

TEST(Chainstate, branch_that_fails_to_connect_is_left_for_the_next_best) {
    TestChain chain;
    const HeaderNode& base = chain.mine(2);
    const HeaderNode* old_tip = chain.extend(base, 1, 1);
    chain.activate();
    // Spends a coin that does not exist, in the second of four blocks.
    const HeaderNode* good = chain.extend(base, 1, 2);
    BlockPlan plan;
    plan.transactions = {spend_true({{Txid{Hash256{{1, 2, 3}}}, 0}}, Amount{1})};
    const auto bad = chain.accept(chain.build(*good, plan));
    ASSERT_EQ(bad.state, State::accepted);
    const HeaderNode* above = chain.extend(*bad.node, 2, 2);
    const auto update = chain.activate();
    EXPECT_EQ(&chain->tip(), old_tip);
    ASSERT_EQ(update.invalid.size(), 1u);
    EXPECT_EQ(update.invalid[0].node, bad.node);
    EXPECT_EQ(update.invalid[0].error.reason, "bad-txns-inputs-missingorspent");
    EXPECT_EQ(above->status, BlockStatus::invalid_ancestor);
    EXPECT_EQ(chain->best_header().score, old_tip->score);
    // The net effect in order: what left came back.
    ASSERT_EQ(update.disconnected.size(), update.connected.size());

    EXPECT_EQ(chain.accept(chain.build(*above)).error->reason, "bad-prevblk");
    EXPECT_EQ(chain.accept(chain.build(*good, plan)).error->kind, BlockErrorKind::cached_invalid);
    const BlockHash tip = old_tip->hash;
    const BlockHash bad_hash = bad.node->hash;
    chain.restart();
    EXPECT_EQ(chain->tip().hash, tip);
    EXPECT_EQ(chain->find(bad_hash)->status, BlockStatus::invalid);
}

TEST(Chainstate, invalidate_leaves_the_branch_and_reconsider_returns) {
    TestChain chain;
    chain.mine(10);
    const HeaderNode& tip = chain->tip();
    const HeaderNode* cut = chain->at_height(Height{6});
    const auto coins_before = all_coins(*chain);
    ASSERT_TRUE(chain->invalidate(cut->hash));
    const auto update = chain.activate();
    EXPECT_EQ(update.disconnected.size(), 5u);
    EXPECT_EQ(chain->tip().height, Height{5});
    EXPECT_EQ(chain->best_header().height, Height{5});
    EXPECT_EQ(tip.status, BlockStatus::invalid_ancestor);
    chain.extend(chain->tip(), 2, 1);
    chain.activate();
    EXPECT_EQ(chain->tip().height, Height{7});
    const BlockHash old_tip = tip.hash;
    const BlockHash cut_hash = cut->hash;
    chain.restart();
    EXPECT_EQ(chain->tip().height, Height{7}) << "the mark survives";
    ASSERT_TRUE(chain->reconsider(cut_hash));
    chain.activate();
    EXPECT_EQ(chain->tip().hash, old_tip);
    EXPECT_EQ(all_coins(*chain), coins_before);

    EXPECT_EQ(chain->invalidate(BlockHash{Hash256{{9}}}).error().kind,
              BlockErrorKind::unknown_block);
    EXPECT_EQ(chain->invalidate(chain->genesis().hash).error().kind,
              BlockErrorKind::conflicts_with_final);
}

TEST(Chainstate, finalized_block_is_never_left) {
    TestChain chain;
    const HeaderNode& base = chain.mine(5);
    const HeaderNode* low = chain.extend(base, 3, 1);
    chain.activate();
    const HeaderNode* stale = chain.extend(base, 2, 2);  // known before finality
    chain->finalize(low->parent->hash);
    EXPECT_EQ(&chain->finalized(), low->parent);
    // More score on the stale branch: refused as soon as it would matter.
    const auto refused = chain.accept(chain.build(*stale));
    EXPECT_EQ(refused.state, State::invalid);
    EXPECT_EQ(refused.error->kind, BlockErrorKind::conflicts_with_final);
    EXPECT_EQ(chain->invalidate(low->parent->hash).error().kind,
              BlockErrorKind::conflicts_with_final);
    EXPECT_TRUE(chain->invalidate(low->hash));
    const BlockHash finalized = low->parent->hash;
    chain.activate();
    chain.restart();
    EXPECT_EQ(chain->finalized().hash, finalized);
    EXPECT_EQ(chain->tip().hash, finalized);
}

TEST(Chainstate, bodies_of_headers_beside_the_finalized_block_come_too_late) {
    TestChain chain;
    const HeaderNode& base = chain.mine(5);
    TestChain other;
    for (Height height{1}; height <= base.height; ++height) other.accept(chain.block(height));
    other.activate();
    other.extend(*other->at_height(base.height), 5, 2);
    other.activate();
    for (Height height = base.height + 1; height <= other->tip().height; ++height)
        ASSERT_TRUE(chain->accept_header(other.block(height)->header, {}, chain.now()));
    const HeaderNode* low = chain.extend(base, 3, 1);
    chain.activate();
    ASSERT_EQ(&chain->tip(), low);
    chain->finalize(low->parent->hash);
    for (Height height = base.height + 1; height <= other->tip().height; ++height)
        EXPECT_EQ(chain.accept(other.block(height)).state, State::accepted);
    EXPECT_FALSE(chain.activate().changed()) << "though it has more score";
    EXPECT_EQ(&chain->tip(), low);
}

TEST(ChainstateDeathTest, finalize_outside_the_best_chain_is_our_own_bug) {
    TestChain chain;
    const HeaderNode& base = chain.mine(2);
    chain.extend(base, 2, 1);
    chain.activate();
    const HeaderNode* side = chain.extend(base, 1, 2);
    EXPECT_DEATH(chain->finalize(side->hash), "contains");
}

TEST(Chainstate, check_proposal_judges_without_changing_anything) {
    TestChain chain;
    chain.mine(101);
    const auto good = chain.build(chain->tip());
    EXPECT_TRUE(chain->check_proposal(*good, chain.now()));
    BlockPlan plan;
    plan.transactions = {spend_true({coinbase_outpoint(chain.block(Height{2}))}, Amount{1})};
    const auto reason = [&](const Block& block) {
        return std::get<BlockError>(chain->check_proposal(block, chain.now()).error()).reason;
    };
    const auto premature = chain.build(chain->tip(), plan);
    EXPECT_TRUE(chain->check_proposal(*premature, chain.now())) << "100 blocks deep is mature";
    plan.transactions = {spend_true({coinbase_outpoint(chain.block(Height{3}))}, Amount{1})};
    EXPECT_EQ(reason(*chain.build(chain->tip(), plan)), "bad-txns-premature-spend-of-coinbase");
    EXPECT_EQ(reason(*chain.build(*chain->tip().parent)), "inconclusive-not-best-prevblk");
    Block other = *good;
    other.header.bits = 0x207ffffe;
    EXPECT_EQ(reason(other), "bad-diffbits");
    EXPECT_EQ(chain->tip().height, Height{101});
    EXPECT_EQ(chain->find(good->header.hash()), nullptr);
    EXPECT_EQ(chain.verdict(good), "");
}

TEST(Chainstate, locator_is_dense_then_doubles_and_finds_the_fork) {
    TestChain chain;
    const HeaderNode& base = chain.mine(60);
    const HeaderNode* side = chain.extend(base, 3, 1);
    const auto locator = Chainstate::locator(*side);
    EXPECT_EQ(locator.front(), side->hash);
    EXPECT_EQ(locator.back(), chain->genesis().hash);
    EXPECT_LT(locator.size(), 20u);
    chain.extend(base, 4, 2);
    chain.activate();
    EXPECT_EQ(&chain->find_fork(locator), &base);
    EXPECT_EQ(&chain->find_fork({}), &chain->genesis());
    EXPECT_EQ(&chain->find_fork({side->hash}), &chain->genesis());
}

TEST(Chainstate, tips_and_heights_list_every_branch) {
    TestChain chain;
    const HeaderNode& base = chain.mine(3);
    const HeaderNode* a = chain.extend(base, 1, 1);
    const HeaderNode* b = chain.extend(base, 2, 2);
    chain.activate();
    EXPECT_EQ(chain->all_at_height(Height{4}), (std::vector{a, b->parent}));
    EXPECT_EQ(chain->tips(), (std::vector{a, b}));
    EXPECT_TRUE(chain->all_at_height(Height{99}).empty());
}

}  // namespace
}  // namespace parley
