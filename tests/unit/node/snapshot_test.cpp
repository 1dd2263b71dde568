// A node that starts from a snapshot of the UTXO set: what it fetches, and what it offers.
#include "chain/store/coin_codec.h"
#include "net/wire/protocol.h"
#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

constexpr Height kBase{20};

using SomeCoins = std::vector<std::pair<OutPoint, Coin>>;

class NodeSnapshotTest : public ::testing::Test {
 protected:
    NodeSnapshotTest() {
        origin.generate(kBase.value());
        origin.call([&](Node& node) {
            EXPECT_TRUE(node.coins_snapshot()->for_each([&](const OutPoint& at, const Coin& coin) {
                coins.emplace_back(at, coin);
                return true;
            }));
        });
        Sha256 state;
        for (const auto& [at, coin] : coins) state.write(serialize_hashed_coin(at, coin));
        known = {kBase, origin->chain().index().tip().hash, sha256(state.finish().span()), 21};
        origin.generate(10);
    }
    NodeConfig config() const {
        NodeConfig result{regtest_params()};
        result.params.snapshots = {known};
        return result;
    }
    void give_headers(TestNode& node, int count = 30) {
        node.now = origin.now;
        node.call([&](Node& inside) {
            for (int height = 1; height <= count; ++height)
                ASSERT_TRUE(inside.submit_header(
                    origin->chain().index().at_height(Height{height})->header));
        });
    }
    /// The error; empty: the snapshot is in use.
    std::string load(TestNode& node) {
        std::string error;
        bool more = true;
        node.call([&](Node& inside) {
            const auto begun = inside.begin_snapshot(known.block);
            if (!begun) error = begun.error();
            if (begun) inside.add_snapshot_coins(coins);
        });
        while (error.empty() && more) {
            node.call([&](Node& inside) {
                const auto finished = inside.finish_snapshot();
                more = finished && *finished;
                if (!finished) error = finished.error();
            });
        }
        return error;
    }

    TestNode origin;
    SomeCoins coins;
    KnownSnapshot known;
};

TEST_F(NodeSnapshotTest, fetches_the_tip_first_and_then_the_blocks_below) {
    TestNode starter(config(), false, 2);
    give_headers(starter);
    ASSERT_EQ(load(starter), "");
    EXPECT_TRUE(contains<effect::TipChanged>(starter.effects));
    EXPECT_EQ(starter.height(), kBase.value());
    EXPECT_EQ(starter->peers().services() & kServiceNetwork, 0u);
    EXPECT_NE(starter->peers().services() & kServiceNetworkLimited, 0u);

    Exchange exchange;
    exchange.add(origin);
    exchange.add(starter);
    exchange.connect(1, 0);
    exchange.wait(std::chrono::seconds{5});
    EXPECT_EQ(starter.height(), 30);
    exchange.wait(std::chrono::seconds{40});
    EXPECT_EQ(starter->chain().background(), nullptr);
    EXPECT_FALSE(starter->chain().failure());
    EXPECT_NE(starter->peers().services() & kServiceNetwork, 0u);
    EXPECT_TRUE(
        has_bodies_above(starter->chain().index().tip(), starter->chain().index().genesis()));
    EXPECT_FALSE(starter->chain().snapshot_work());
}

TEST_F(NodeSnapshotTest, base_is_not_announced_because_nobody_could_get_it) {
    TestNode starter(config(), false, 2);
    give_headers(starter);
    ScriptedPeer peer(starter, PeerId{77});
    peer.connect();
    starter.now += std::chrono::seconds{1};
    ASSERT_EQ(load(starter), "");
    for (int i = 0; i < 20; ++i) {
        starter.step(event::TimerDue{}, std::chrono::milliseconds{100});
        for (const Effect& each : starter.effects) {
            for (const auto& [command, payload] : messages(each)) {
                EXPECT_NE(command, "inv");
                EXPECT_NE(command, "headers");
            }
        }
    }
}

TEST_F(NodeSnapshotTest, mempool_must_be_empty_and_wallets_unloaded) {
    TestNode starter(config(), true, 2);
    give_headers(starter);
    starter.call([&](Node& node) { ASSERT_TRUE(node.wallets()->create("w", {}, starter.now)); });
    EXPECT_EQ(load(starter),
              "Wallets must be unloaded first, because they do not see the blocks below a "
              "snapshot");
    starter.call([&](Node& node) { ASSERT_TRUE(node.wallets()->unload("w")); });
    EXPECT_EQ(load(starter), "");
    starter.call([&](Node& node) {
        const auto loaded = node.load_wallet("w");
        EXPECT_FALSE(loaded) << "the wallet misses blocks that are not there";
    });
}

}  // namespace
}  // namespace parley
