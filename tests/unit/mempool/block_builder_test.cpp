// Block templates: what is chosen, in which order, and that the block is well made.
#include "mempool/block_builder.h"

#include <gtest/gtest.h>

#include "chain/primitives/coinbase.h"
#include "tests/unit/mempool/mempool_fixture.h"

namespace parley {
namespace {

class BlockBuilderTest : public MempoolTest {
 protected:
    BlockRequest request() const {
        BlockRequest request;
        request.height = chain.tip().height + 1;
        request.median_time_past = chain.tip().median_time_past();
        request.time = 1'700'000'000;
        request.bits = 0x207fffff;
        request.coinbase_script = key_script(77);
        request.extra_nonce = 5;
        return request;
    }
    BlockTemplate build(BlockBuilderOptions options = {}) const {
        return BlockBuilder{options, params}.build(request(), pool);
    }
    static std::vector<Txid> ids(const BlockTemplate& built) {
        std::vector<Txid> ids;
        for (size_t i = 1; i < built.block.transactions.size(); ++i)
            ids.push_back(built.block.transactions[i]->txid());
        return ids;
    }
    TransactionRef child(const TransactionRef& parent, int64_t fee) {
        const int64_t value = parent->outputs()[0].value.value();
        return submit_ok(spend({{parent->txid(), 0}}, {Amount{value - fee}}));
    }
};

TEST_F(BlockBuilderTest, build_empty_mempool_gives_coinbase_with_commitment) {
    const BlockTemplate built = build();
    ASSERT_EQ(built.block.transactions.size(), 1u);
    const Transaction& coinbase = *built.block.transactions[0];
    EXPECT_TRUE(coinbase.is_coinbase());
    // Regtest halves every 150 blocks: block 301 has a quarter of the subsidy.
    EXPECT_EQ(built.coinbase_value, Amount{1'250'000'000});
    EXPECT_EQ(coinbase.outputs()[0].value, Amount{1'250'000'000});
    EXPECT_EQ(coinbase.outputs()[0].script_pubkey, key_script(77));
    const auto position = witness_commitment_position(coinbase);
    ASSERT_TRUE(position);
    EXPECT_EQ(coinbase.outputs()[*position].script_pubkey, built.witness_commitment);
    EXPECT_EQ(built.block.header.merkle_root, block_merkle_root(built.block));
    EXPECT_EQ(built.weight, 8'000);
}

TEST_F(BlockBuilderTest, has_candidates_if_the_best_package_pays_the_least_fee_rate) {
    const auto candidates = [this](FeeRate least) {
        BlockBuilderOptions options;
        options.min_fee_rate = least;
        return BlockBuilder{options, params}.has_candidates(pool);
    };
    EXPECT_FALSE(candidates(FeeRate{1}));
    const auto parent = submit_ok(payment(500));
    EXPECT_TRUE(candidates(FeeRate{1'000}));
    EXPECT_FALSE(candidates(FeeRate{20'000}));
    child(parent, 50'000);  // pays for both
    EXPECT_TRUE(candidates(FeeRate{20'000}));
}

TEST_F(BlockBuilderTest, oldest_candidates_are_what_build_would_take_in_order_of_arrival) {
    BlockBuilderOptions options;
    options.min_fee_rate = FeeRate{1'000};
    const auto candidates = [&] {
        std::vector<Txid> ids;
        for (const auto& each : BlockBuilder{options, params}.oldest_candidates(pool))
            ids.push_back(each.txid);
        return ids;
    };
    EXPECT_TRUE(candidates().empty());
    const auto cheap = submit_ok(payment(50));
    const auto low = submit_ok(payment(500));
    const auto high = submit_ok(payment(5'000));
    EXPECT_EQ(candidates(), (std::vector{low->txid(), high->txid()}));
    const auto rich = child(cheap, 5'000);  // pays for both
    EXPECT_EQ(candidates(), (std::vector{low->txid(), high->txid(), rich->txid()}));
    std::vector<TransactionRef> more;
    for (size_t i = 0; i < BlockBuilder::kOldestMax; ++i) more.push_back(submit_ok(payment(700)));
    EXPECT_EQ(candidates().size(), BlockBuilder::kOldestMax);
    EXPECT_EQ(candidates().front(), low->txid());
    EXPECT_EQ(candidates().back(), more[BlockBuilder::kOldestMax - 4]->txid());
}

// Whoever gets a block of that weight from build() can tell that the transaction was left out on
// purpose; with one that is heavier by the transaction, there may have been no room.
TEST_F(BlockBuilderTest, oldest_candidates_name_a_weight_at_which_build_takes_them) {
    const auto oldest = submit_ok(payment(200));
    for (int i = 0; i < 30; ++i) submit_ok(payment(1000 + i));
    BlockBuilderOptions options;
    size_t left_out = 0;
    for (int64_t max = 12'200; max < 32'000; max += 200) {
        options.weight_max = max;
        const BlockBuilder builder{options, params};
        const auto candidates = builder.oldest_candidates(pool);
        ASSERT_EQ(candidates.size(), BlockBuilder::kOldestMax);
        ASSERT_EQ(candidates.front().txid, oldest->txid());
        const BlockTemplate built = build(options);
        const bool taken = std::ranges::count(ids(built), oldest->txid()) > 0;
        if (taken) continue;
        ++left_out;
        EXPECT_GT(built.block.weight().value(), candidates.front().block_weight_max) << max;
    }
    EXPECT_GT(left_out, 20U);
    EXPECT_LT(left_out, 95U);
    options.weight_max = 12'000;  // never room enough to tell
    EXPECT_TRUE((BlockBuilder{options, params}.oldest_candidates(pool).empty()));
}

TEST_F(BlockBuilderTest, oldest_candidates_examine_a_bounded_number_of_entries) {
    BlockBuilderOptions options;
    options.min_fee_rate = FeeRate{1'000};
    for (size_t i = 0; i < BlockBuilder::kExaminedMax; ++i) submit_ok(payment(50));
    submit_ok(payment(5'000));
    EXPECT_TRUE((BlockBuilder{options, params}.oldest_candidates(pool).empty()));
    EXPECT_TRUE((BlockBuilder{options, params}.has_candidates(pool)));
}

TEST_F(BlockBuilderTest, build_orders_by_fee_rate_and_collects_fees) {
    const auto low = submit_ok(payment(500));
    const auto high = submit_ok(payment(5000));
    const auto middle = submit_ok(payment(1000));
    const BlockTemplate built = build();
    EXPECT_EQ(ids(built), (std::vector{high->txid(), middle->txid(), low->txid()}));
    EXPECT_EQ(built.fees, (std::vector{Amount{5000}, Amount{1000}, Amount{500}}));
    EXPECT_EQ(built.fees_total, Amount{6500});
    EXPECT_EQ(built.coinbase_value, Amount{1'250'000'000 + 6500});
    EXPECT_EQ(witness_commitment_script(witness_commitment(built.block)), built.witness_commitment);
}

TEST_F(BlockBuilderTest, build_child_pays_for_its_parent) {
    const auto parent = submit_ok(payment(100));
    const auto other = submit_ok(payment(1000));
    const auto rich = child(parent, 10'000);
    const BlockTemplate built = build();
    EXPECT_EQ(ids(built), (std::vector{parent->txid(), rich->txid(), other->txid()}));
}

TEST_F(BlockBuilderTest, build_cheap_child_does_not_hold_its_parent_back) {
    const auto parent = submit_ok(payment(5000));
    const auto cheap = child(parent, 100);
    const auto middle = submit_ok(payment(1000));
    EXPECT_EQ(ids(build()), (std::vector{parent->txid(), middle->txid(), cheap->txid()}));
}

TEST_F(BlockBuilderTest, build_sibling_improves_once_the_parent_is_in) {
    TransactionData data =
        spend({chain.add_coin(Amount{kCoin})}, {Amount{kCoin / 4}, Amount{kCoin / 2}});
    data.outputs[1].value = Amount{3 * kCoin / 4 - 100};  // the parent pays 100
    const auto parent = submit_ok(data);
    const auto rich = submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin / 4 - 20'000}}));
    const auto sibling = submit_ok(spend({{parent->txid(), 1}}, {Amount{kCoin / 2}}));
    const auto between = submit_ok(payment(10'000));
    // The sibling pays far more, but by itself it would carry the parent as well.
    const auto order = ids(build());
    EXPECT_EQ(order, (std::vector{parent->txid(), sibling->txid(), rich->txid(), between->txid()}));
}

TEST_F(BlockBuilderTest, build_stops_at_the_weight_limit) {
    std::vector<Txid> expected;
    for (int i = 0; i < 10; ++i) expected.push_back(submit_ok(payment(5000 - i))->txid());
    const int64_t weight = pool.find(expected[0])->transaction->weight().value();
    BlockBuilderOptions options;
    options.weight_max = options.reserved_weight + 4 * weight + 1;
    expected.resize(4);
    const BlockTemplate built = build(options);
    EXPECT_EQ(ids(built), expected);
    EXPECT_LE(built.weight, options.weight_max);
    options.weight_max -= 1;  // the limit itself is out, as in bitcoind
    EXPECT_EQ(ids(build(options)).size(), 3u);
}

TEST_F(BlockBuilderTest, build_skips_what_does_not_fit_and_takes_the_next) {
    TransactionData large = payment(400'000);
    large.inputs[0].witness = {Bytes(20'000)};
    submit_ok(large);
    const auto small = submit_ok(payment(200));
    BlockBuilderOptions options;
    options.weight_max = options.reserved_weight + 10'000;
    EXPECT_EQ(ids(build(options)), std::vector{small->txid()});
}

TEST_F(BlockBuilderTest, build_leaves_out_what_pays_below_the_minimum) {
    const auto good = submit_ok(payment(1000));
    submit_ok(payment(100));
    BlockBuilderOptions options;
    options.min_fee_rate = FeeRate{2000};
    EXPECT_EQ(ids(build(options)), std::vector{good->txid()});
}

TEST_F(BlockBuilderTest, build_counts_prioritised_fees_but_does_not_pay_them_out) {
    const auto plain = submit_ok(payment(1000));
    const auto favoured = submit_ok(payment(200));
    pool.prioritise(favoured->txid(), Amount{kCoin});
    const BlockTemplate built = build();
    EXPECT_EQ(ids(built), (std::vector{favoured->txid(), plain->txid()}));
    EXPECT_EQ(built.fees_total, Amount{1200});
}

TEST_F(BlockBuilderTest, build_from_keeps_order_and_claims_only_what_it_is_told) {
    const auto parent = make_transaction(payment(1000));
    const auto next = make_transaction(spend({{parent->txid(), 0}}, {Amount{kCoin / 2}}));
    const BlockTemplate built = BlockBuilder{{}, params}.build_from(request(), {parent, next});
    EXPECT_EQ(ids(built), (std::vector{parent->txid(), next->txid()}));
    EXPECT_EQ(built.coinbase_value, Amount{1'250'000'000});
    Block changed = built.block;
    changed.transactions.pop_back();
    refresh_commitments(changed);
    const BlockTemplate shorter = BlockBuilder{{}, params}.build_from(request(), {parent});
    EXPECT_EQ(changed.header, shorter.block.header);
}

TEST_F(BlockBuilderTest, build_extra_nonce_makes_blocks_unique) {
    BlockRequest first = request();
    BlockRequest second = request();
    second.extra_nonce = 6;
    const BlockBuilder builder{{}, params};
    EXPECT_NE(builder.build(first, pool).block.header.merkle_root,
              builder.build(second, pool).block.header.merkle_root);
    EXPECT_EQ(builder.build(first, pool).block.header.merkle_root,
              builder.build(first, pool).block.header.merkle_root);
}

TEST(BlockBuilderOptionsTest, validate_names_the_option) {
    EXPECT_FALSE(BlockBuilderOptions{}.validate());
    BlockBuilderOptions options;
    options.weight_max = 4'000'001;
    EXPECT_EQ(*options.validate(),
              "-blockmaxweight (4000001) exceeds consensus maximum block weight (4000000)");
    options.weight_max = options.reserved_weight - 1;
    EXPECT_EQ(*options.validate(), "-blockreservedweight (8000) exceeds -blockmaxweight (7999)");
    options.weight_max = options.reserved_weight;
    EXPECT_FALSE(options.validate());
}

}  // namespace
}  // namespace parley
