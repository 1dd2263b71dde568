// What blocks, reorganisations, time and lack of room do to the mempool.
#include <gtest/gtest.h>

#include "tests/unit/mempool/mempool_fixture.h"

namespace parley {
namespace {

using Kind = mempool_output::Changed::Kind;

// --- blocks --------------------------------------------------------------------------------------

TEST_F(MempoolTest, block_connected_removes_confirmed_and_conflicting) {
    const auto parent = submit_ok(payment(1000));
    const auto child = submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    const auto loser = submit_ok(payment(1000));
    const auto loser_child = submit_ok(spend({{loser->txid(), 0}}, {Amount{kCoin - 5000}}));
    TransactionData winner = loser->data();
    winner.outputs[0].value = Amount{kCoin - 1};
    driver.take_changes();
    mine({parent, make_transaction(winner)});
    EXPECT_EQ(change_kinds(), (std::vector{Kind::confirmed, Kind::conflicted, Kind::conflicted}));
    EXPECT_EQ(pool.size(), 1u);
    ASSERT_NE(pool.find(child->txid()), nullptr);
    EXPECT_EQ(pool.find(child->txid())->ancestors.count, 1);
    EXPECT_EQ(pool.find(loser_child->txid()), nullptr);
}

TEST_F(MempoolTest, reorganisation_returns_transactions_below_their_children) {
    const auto parent = submit_ok(payment(1000));
    mine({parent});
    const auto child = submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    driver.take_changes();
    reorganise_to({});
    EXPECT_EQ(change_kinds(), std::vector{Kind::returned});
    ASSERT_EQ(pool.size(), 2u);
    EXPECT_EQ(pool.find(child->txid())->ancestors.count, 2);
    EXPECT_EQ(pool.find(parent->txid())->descendants.count, 2);
    std::vector<Txid> order;
    pool.for_each([&](const MempoolEntry& entry) {
        order.push_back(entry.txid());
        return true;
    });
    EXPECT_EQ(order, (std::vector{parent->txid(), child->txid()}));
}

TEST_F(MempoolTest, reorganisation_confirmed_on_both_branches_does_not_return) {
    const auto transaction = submit_ok(payment(1000));
    mine({transaction});
    reorganise_to({transaction});
    EXPECT_EQ(pool.size(), 0u);
}

TEST_F(MempoolTest, reorganisation_drops_what_spends_a_lost_coinbase) {
    mine({});
    const Txid coinbase = [&] {
        const auto block = chain.disconnect();
        chain.connect(block);
        return block->transactions[0]->txid();
    }();
    for (int i = 0; i < 99; ++i) mine({});
    const auto spender = submit_ok(spend({{coinbase, 0}}, {Amount{40 * kCoin}}));
    const auto child = submit_ok(spend({{spender->txid(), 0}}, {Amount{30 * kCoin}}));
    driver.take_changes();
    std::vector<BlockRef> left;
    std::vector<BlockRef> joined;
    for (int i = 0; i < 100; ++i) left.push_back(chain.disconnect());
    for (int i = 0; i < 101; ++i) {
        joined.push_back(block_of({}, 10'000 + static_cast<uint64_t>(i)));
        chain.connect(joined.back());
    }
    ASSERT_TRUE(driver.move_chain(left, joined, kNow));
    EXPECT_EQ(change_kinds(), (std::vector{Kind::reorganised, Kind::reorganised}));
    EXPECT_FALSE(pool.contains(child->txid()));
}

TEST_F(MempoolTest, reorganisation_to_a_lower_height_drops_what_is_not_final_any_more) {
    mine({});
    mine({});
    TransactionData locked = payment(1000);
    locked.inputs[0].sequence = 0xfffffffe;
    locked.locktime = 302;
    submit_ok(locked);
    TransactionData relative =
        spend({chain.add_coin(Amount{kCoin}, Height{298})}, {Amount{kCoin / 2}});
    relative.inputs[0].sequence = 5;
    submit_ok(relative);
    const auto stays = submit_ok(payment(1000));
    ASSERT_TRUE(driver.move_chain({chain.disconnect()}, {}, kNow));
    EXPECT_EQ(pool.size(), 1u);
    EXPECT_TRUE(pool.contains(stays->txid()));
}

TEST_F(MempoolTest, reorganisation_refused_parent_takes_its_children_along) {
    const auto parent = submit_ok(payment(1000));
    mine({parent});
    submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    verifier.refused = parent->txid();
    ASSERT_TRUE(driver.move_chain({chain.disconnect()}, {}, kNow));
    EXPECT_EQ(pool.size(), 0u);
}

// --- age and size --------------------------------------------------------------------------------

TEST_F(MempoolTest, expire_removes_old_with_descendants) {
    const auto parent = submit_ok(payment(1000));
    const TimePoint later = kNow + std::chrono::hours{200};
    const auto child = make_transaction(spend({{parent->txid(), 0}}, {Amount{kCoin - 5000}}));
    ASSERT_TRUE(driver.submit(child, later));
    driver.take_changes();
    ASSERT_TRUE(driver.move_chain({}, {}, kNow + std::chrono::hours{336}));
    EXPECT_EQ(pool.size(), 2u);
    ASSERT_TRUE(
        driver.move_chain({}, {}, kNow + std::chrono::hours{336} + std::chrono::seconds{1}));
    EXPECT_EQ(pool.size(), 0u);
    EXPECT_EQ(change_kinds(), (std::vector{Kind::expired, Kind::expired}));
}

class FullMempoolTest : public MempoolTest {
 protected:
    static MempoolOptions small() {
        MempoolOptions options;
        options.usage_bytes_max = 100'000;
        return options;
    }
    FullMempoolTest() : MempoolTest(small()) {}
};

TEST_F(FullMempoolTest, full_pool_evicts_the_cheapest_and_raises_its_minimum) {
    int64_t fee = 100'000;
    while (pool.usage_bytes() + 5'000 < pool.options().usage_bytes_max) submit_ok(payment(fee));
    const auto cheap = submit_ok(payment(200));
    while (pool.contains(cheap->txid())) submit_ok(payment(fee));
    EXPECT_LE(pool.usage_bytes(), pool.options().usage_bytes_max);
    const FeeRate raised = pool.min_fee(kNow);
    EXPECT_EQ(raised, fee_rate_of(Amount{200}, cheap->virtual_size()) + 100);
    EXPECT_TRUE(refusal(payment(200)).starts_with("mempool min fee not met, 200 < "));
    // It stays while no block comes, and halves twelve hours after one in a pool that is half full.
    EXPECT_EQ(pool.min_fee(kNow + std::chrono::hours{100}), raised);
    mine({});
    EXPECT_EQ(pool.min_fee(kNow + std::chrono::hours{12}), FeeRate{raised.value() / 2});
    EXPECT_EQ(pool.min_fee(kNow + std::chrono::hours{1000}), FeeRate{100});
}

TEST_F(FullMempoolTest, full_pool_keeps_a_cheap_parent_of_an_expensive_child) {
    const auto parent = submit_ok(payment(200));
    submit_ok(spend({{parent->txid(), 0}}, {Amount{kCoin / 2}}));
    for (int i = 0; i < 300; ++i) {
        if (!driver.submit(make_transaction(payment(10'000)), kNow)) break;
    }
    EXPECT_TRUE(pool.contains(parent->txid()));
}

TEST_F(FullMempoolTest, full_pool_refuses_what_it_would_evict_at_once) {
    while (pool.usage_bytes() + 1'000 < pool.options().usage_bytes_max) submit_ok(payment(100'000));
    std::string refused;
    for (int i = 0; i < 3 && refused != "mempool full"; ++i) {
        const auto result = driver.submit(make_transaction(payment(150)), kNow);
        refused = result ? "accepted" : reject_of(result).to_string();
    }
    EXPECT_EQ(refused, "mempool full");
}

}  // namespace
}  // namespace parley
