// The node's wallets: coinbases mature, payments confirm, and a reorganisation
// takes both back.
#include <gmock/gmock.h>

#include <algorithm>

#include "chain/primitives/address.h"
#include "chain/state/chainstate.h"
#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

class NodeWallet : public testing::Test {
 protected:
    NodeWallet() {
        node_.call([](Node& node) {
            ASSERT_TRUE(node.wallets()->create("purse", WalletCreateOptions{}, node.now()));
        });
    }

    Script new_script() {
        Script script;
        with([&](Wallet& wallet) {
            const auto address = wallet.new_address("");
            ASSERT_TRUE(address) << address.error().message;
            script = *decode_address(node_->config().params.address_prefixes, *address);
        });
        return script;
    }
    void with(const std::function<void(Wallet&)>& function) {
        node_.call([&](Node& node) {
            Wallet* wallet = node.wallets()->find("purse");
            ASSERT_NE(wallet, nullptr);
            function(*wallet);
        });
    }
    WalletBalances balances() {
        WalletBalances result;
        with([&](Wallet& wallet) { result = wallet.balances(0); });
        return result;
    }

    TestNode node_;
};

constexpr Amount kSubsidy{50 * kCoin};

TEST_F(NodeWallet, coinbases_mature_after_a_hundred_blocks) {
    const Script mine = new_script();
    node_.generate(1, mine);
    EXPECT_EQ(balances().immature, kSubsidy);
    EXPECT_EQ(balances().trusted, Amount{0});
    node_.generate(100);
    EXPECT_EQ(balances().immature, Amount{0});
    EXPECT_EQ(balances().trusted, kSubsidy);
}

TEST_F(NodeWallet, payment_reaches_mempool_and_block_and_comes_back_after_a_reorganisation) {
    node_.generate(1, new_script());
    node_.generate(100);
    Txid paid;
    node_.call([&](Node& node) {
        SpendRequest request;
        request.recipients.push_back({p2wpkh_script(Hash160{}), Amount{kCoin}, false});
        request.fee_rate = FeeRate{10'000};
        const auto sent = node.send(*node.wallets()->find("purse"), request, {});
        ASSERT_TRUE(sent) << sent.error().message;
        paid = sent->transaction->txid();
    });
    ASSERT_TRUE(node_->mempool().contains(paid));
    const WalletBalances pending = balances();
    EXPECT_LT(pending.trusted, Amount{49 * kCoin});
    EXPECT_GT(pending.trusted, Amount{49 * kCoin - 100'000});
    node_.generate(1);
    EXPECT_FALSE(node_->mempool().contains(paid));
    with([&](Wallet& wallet) { EXPECT_EQ(wallet.transaction(paid)->info.confirmations, 1); });
    EXPECT_EQ(balances().trusted, pending.trusted);

    node_.call(
        [&](Node& node) { ASSERT_TRUE(node.invalidate_block(node_->chain().index().tip().hash)); });
    EXPECT_TRUE(node_->mempool().contains(paid));
    with([&](Wallet& wallet) { EXPECT_EQ(wallet.transaction(paid)->info.confirmations, 0); });
    EXPECT_EQ(balances().trusted, pending.trusted);

    // Down to where the coin itself was made: nothing is left.
    node_.call([&](Node& node) {
        ASSERT_TRUE(node.invalidate_block(node_->chain().index().at_height(Height{1})->hash));
    });
    EXPECT_EQ(node_.height(), 0);
    EXPECT_FALSE(node_->mempool().contains(paid));
    EXPECT_EQ(balances().trusted, Amount{0});
    EXPECT_EQ(balances().immature, Amount{0});
}

bool names(const Bytes& payload, const Txid& txid) {
    return std::search(payload.begin(), payload.end(), txid.data(), txid.data() + Hash256::kSize) !=
           payload.end();
}

TEST_F(NodeWallet, payment_leaves_only_when_its_record_is_stored) {
    node_.generate(1, new_script());
    node_.generate(100);
    const PeerId buyer{1};
    HeldMessages host(node_);
    const auto run = [&] { host.run(node_); };
    ScriptedPeer peer(node_, buyer);
    peer.connect(run);
    host.reach_all();
    host.left(buyer);

    TransactionRef paid;
    node_.call([&](Node& node) {
        SpendRequest request;
        request.recipients.push_back({p2wpkh_script(Hash160{}), Amount{kCoin}, false});
        request.fee_rate = FeeRate{10'000};
        const auto sent = node.send(*node.wallets()->find("purse"), request, {});
        ASSERT_TRUE(sent) << sent.error().message;
        paid = sent->transaction;
    });
    run();
    // The relay's timer announces it in a later step, which commits nothing.
    size_t announcements = 0;
    for (int i = 0; i < 60; ++i) {
        node_.step(event::TimerDue{}, std::chrono::seconds{1});
        for (const Effect& each : node_.effects) {
            for (const auto& [command, payload] : messages(each))
                announcements += command == "inv" && names(payload, paid->txid());
        }
        run();
    }
    EXPECT_EQ(announcements, 1u);
    // A peer that knows its id from elsewhere asks for it.
    message::GetData ask;
    ask.entries.push_back(message::InvEntry::of(InvType::witness_transaction, paid->txid()));
    peer.say(ask);
    run();
    EXPECT_THAT(host.left(buyer), testing::AllOf(testing::Not(testing::Contains("inv")),
                                                 testing::Not(testing::Contains("tx"))));
    host.reach_all();
    EXPECT_THAT(host.left(buyer), testing::IsSupersetOf({"inv", "tx"}));
}

TEST_F(NodeWallet, block_of_its_own_leaves_only_when_it_is_stored) {
    const PeerId other{1};
    node_.generate(1);
    HeldMessages host(node_);
    const auto run = [&] { host.run(node_); };
    ScriptedPeer peer(node_, other);
    peer.connect(run);
    host.reach_all();
    host.left(other);
    const BlockRef block = node_.build();
    run();
    ASSERT_EQ(node_.submit(block), "");
    run();
    EXPECT_EQ(host.left(other), HeldMessages::Commands{});
    host.reach_all();
    EXPECT_EQ(host.left(other), HeldMessages::Commands{"inv"});
}

TEST_F(NodeWallet, wallet_that_was_away_catches_up_when_loaded) {
    const Script mine = new_script();
    node_.call([](Node& node) {
        ASSERT_TRUE(node.wallets()->unload("purse"));
        EXPECT_EQ(node.wallets()->find("purse"), nullptr);
    });
    node_.generate(3, mine);
    node_.call([](Node& node) { ASSERT_TRUE(node.wallets()->load("purse", node.now())); });
    EXPECT_EQ(balances().immature, Amount{3 * kSubsidy.value()});
}

TEST_F(NodeWallet, unknown_wallet_is_refused_and_node_without_wallets_says_so) {
    node_.call([](Node& node) {
        ASSERT_NE(node.wallets(), nullptr);
        ASSERT_EQ(node.wallets()->loaded().size(), 1u);
        EXPECT_EQ(node.wallets()->loaded()[0]->name(), "purse");
        EXPECT_FALSE(node.wallets()->load("nobody", node.now()));
    });
    TestNode bare{NodeConfig{regtest_params()}, false};
    bare.call([](Node& node) { EXPECT_EQ(node.wallets(), nullptr); });
}

}  // namespace
}  // namespace parley
