#include "chain/state/coins.h"

#include <gtest/gtest.h>

#include "chain/store/coin_codec.h"
#include "tests/unit/chain/chain_parts.h"

namespace parley {
namespace {

OutPoint outpoint(uint8_t number) {
    return {Txid{Hash256{{number}}}, 0};
}

Coin anyones_coin(int64_t value) {
    return {TxOutput{Amount{value}, op_true()}, Height{0}, false};
}

void add(Coins& coins, uint8_t number, int64_t value = 1) {
    CoinsOverlay overlay = coins.overlay();
    overlay.add(outpoint(number), anyones_coin(value));
    coins.apply(std::move(overlay));
}

bool has_coin(const Coins& coins, const OutPoint& outpoint) {
    return coins.view().coin(outpoint).value().has_value();
}

std::vector<OutPoint> stored(const Coins& coins) {
    std::vector<OutPoint> all;
    const auto scanned = coins.for_each([&](const OutPoint& each, const Coin&) {
        all.push_back(each);
        return true;
    });
    EXPECT_TRUE(scanned.has_value());
    return all;
}

// Every block makes slices due.
Coins::Options eager() {
    return {size_t{64} << 20, 1, OutPointHash{1, 2}};
}

TEST(Coins, change_is_seen_at_once_and_written_when_due) {
    ChainParts chain;
    add(chain.coins, 1);
    EXPECT_TRUE(has_coin(chain.coins, outpoint(1)));
    EXPECT_FALSE(chain.coins.due()) << "one block of 2,000";
    chain.coins.write_due(chain.index.tip());
    EXPECT_TRUE(chain.trail.empty());
    chain.coins.write_all(chain.index.tip(), Durability::written);
    EXPECT_EQ(stored(chain.coins), std::vector{outpoint(1)});
}

TEST(Coins, blocks_are_synced_before_the_first_coin_is_written) {
    ChainParts chain(eager());
    add(chain.coins, 1);
    ASSERT_TRUE(chain.coins.due());
    chain.coins.write_due(chain.index.tip());
    ASSERT_GE(chain.trail.size(), 2u);
    EXPECT_EQ(chain.trail[0], (std::pair{'b', Durability::synced}));
    for (size_t i = 1; i < chain.trail.size(); ++i) EXPECT_EQ(chain.trail[i].first, 'c');
    EXPECT_FALSE(chain.coins.due());

    chain.trail.clear();
    chain.coins.write_all(chain.index.tip(), Durability::synced);
    ASSERT_GE(chain.trail.size(), 2u);
    EXPECT_EQ(chain.trail.front(), (std::pair{'b', Durability::synced}));
    EXPECT_EQ(chain.trail.back(), (std::pair{'c', Durability::synced}));
}

TEST(Coins, cache_beyond_its_limit_is_written_and_dropped_without_losing_a_coin) {
    ChainParts chain({1, 1'000'000, OutPointHash{1, 2}});
    for (uint8_t number = 0; number < 200; ++number) {
        add(chain.coins, number);
        chain.coins.write_due(chain.index.tip());
    }
    EXPECT_EQ(stored(chain.coins).size(), 200u);
    for (uint8_t number = 0; number < 200; ++number)
        ASSERT_TRUE(has_coin(chain.coins, outpoint(number)));
}

TEST(Coins, for_each_goes_by_outpoint_and_stops_when_told) {
    ChainParts chain;
    for (const int number : {9, 3, 200, 7}) add(chain.coins, static_cast<uint8_t>(number));
    chain.coins.write_all(chain.index.tip(), Durability::written);
    EXPECT_EQ(stored(chain.coins),
              (std::vector{outpoint(3), outpoint(7), outpoint(9), outpoint(200)}));
    int seen = 0;
    ASSERT_TRUE(
        chain.coins.for_each([&](const OutPoint&, const Coin&) { return ++seen < 2; }).has_value());
    EXPECT_EQ(seen, 2);
}

TEST(Coins, malformed_record_is_an_error_of_for_each_and_of_a_look_up) {
    ChainParts chain;
    WriteBatch batch;
    batch.put(coin_key(outpoint(5)), Bytes{0xff});
    chain.coins_store.commit(std::move(batch), Durability::written);
    const auto scanned = chain.coins.for_each([](const OutPoint&, const Coin&) { return true; });
    ASSERT_FALSE(scanned.has_value());
    EXPECT_EQ(scanned.error().code, StorageError::Code::corruption);
    const auto coin = chain.coins.view().coin(outpoint(5));
    ASSERT_FALSE(coin.has_value());
    EXPECT_EQ(coin.error().code, StorageError::Code::corruption);
}

TEST(Coins, new_store_has_the_coins_of_a_genesis_block_that_can_be_spent) {
    LabnetOptions options;
    options.genesis_outputs = {TxOutput{Amount{5}, op_true()},
                               TxOutput{Amount{6}, Script{Bytes{OP_RETURN}}}};
    const ChainParams params = labnet_params(options);
    ChainParts chain;
    const HeaderNode& genesis = chain.index.genesis();
    chain.coins.initialize(params, genesis, {StoreMeta::kFormat, "labnet", "pow", genesis.hash});
    EXPECT_EQ(stored(chain.coins), std::vector{coinbase_outpoint(params.genesis)})
        << "what cannot be spent is no coin";
    EXPECT_EQ(*load_coins_walk(chain.coins_store), std::vector{genesis.hash});
    const auto meta = parse_meta(**chain.coins_store.get(Bytes{kMetaKey}));
    ASSERT_TRUE(meta.has_value());
    EXPECT_EQ(meta->chain, "labnet");
}

TEST(Coins, replayed_blocks_leave_the_same_coins_however_much_was_there) {
    ChainParts chain;
    const HeaderNode& target = chain.extend(chain.index.genesis(), 3);
    chain.move_to(target);
    chain.coins.write_all(target, Durability::written);
    const auto expected = stored(chain.coins);
    ASSERT_EQ(expected.size(), 3u);
    // As a start does after a crash: down and up again, over coins that have it all already.
    chain.coins.begin_replay({&target, target.parent, &target});
    const auto undo = chain.blocks.read_undo(target);
    const auto block = chain.blocks.read(target);
    ASSERT_TRUE(undo && block);
    EXPECT_TRUE(chain.coins.replay_disconnect(**block, *undo));
    EXPECT_FALSE(has_coin(chain.coins, coinbase_outpoint(*block)));
    chain.coins.replay_connect(**block, target.height);
    chain.coins.replay_connect(**block, target.height);
    chain.coins.end_replay();
    chain.coins.write_all(target, Durability::written);
    EXPECT_EQ(stored(chain.coins), expected);
    BlockUndo other = *undo;
    other.spent.emplace_back();
    EXPECT_FALSE(chain.coins.replay_disconnect(**block, other)) << "undo data of another block";
}

TEST(CoinsDeathTest, overlay_on_another_overlay_is_not_applied) {
    ChainParts chain;
    const CoinsOverlay below = chain.coins.overlay();
    CoinsOverlay above(below, chain.coins.hash());
    above.add(outpoint(1), anyones_coin(1));
    EXPECT_DEATH(chain.coins.apply(std::move(above)), "base_");
}

}  // namespace
}  // namespace parley
