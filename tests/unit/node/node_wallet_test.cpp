// The node's wallets through NodeControl: coinbases mature, payments confirm, and a reorganisation
// takes both back.
#include "chain/state/chainstate.h"
#include "tests/unit/node/test_node.h"

namespace parley {
namespace {

class NodeWallet : public testing::Test {
 protected:
    NodeWallet() {
        node_.call([](rpc::NodeControl& control) {
            rpc::WalletCreation creation;
            creation.name = "purse";
            ASSERT_TRUE(control.create_wallet(creation));
        });
    }

    Script new_script() {
        Script script;
        with([&](rpc::WalletControl& wallet) {
            const auto address =
                wallet.new_address(rpc::WalletControl::AddressFor::receive, "", "");
            ASSERT_TRUE(address) << address.error().message;
            script = *decode_address(node_->config().params.address_prefixes, *address);
        });
        return script;
    }
    void with(const std::function<void(rpc::WalletControl&)>& function) {
        node_.call([&](rpc::NodeControl& control) {
            rpc::WalletControl* wallet = control.wallet("purse");
            ASSERT_NE(wallet, nullptr);
            function(*wallet);
        });
    }
    rpc::WalletBalances balances() {
        rpc::WalletBalances result;
        with([&](rpc::WalletControl& wallet) { result = wallet.balances(0); });
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
    with([&](rpc::WalletControl& wallet) {
        rpc::WalletSpend request;
        request.recipients.push_back({p2wpkh_script(Hash160{}), Amount{kCoin}, false});
        request.fee_rate = Amount{10'000};
        const auto sent = wallet.send(request);
        ASSERT_TRUE(sent) << sent.error().message;
        paid = sent->transaction->txid();
    });
    ASSERT_TRUE(node_->mempool().contains(paid));
    const rpc::WalletBalances pending = balances();
    EXPECT_LT(pending.trusted, Amount{49 * kCoin});
    EXPECT_GT(pending.trusted, Amount{49 * kCoin - 100'000});
    node_.generate(1);
    EXPECT_FALSE(node_->mempool().contains(paid));
    with([&](rpc::WalletControl& wallet) {
        EXPECT_EQ(wallet.transaction(paid)->transaction.confirmations, 1);
    });
    EXPECT_EQ(balances().trusted, pending.trusted);

    node_.call([&](rpc::NodeControl& control) {
        ASSERT_TRUE(control.invalidate_block(node_->chain().tip().hash));
    });
    EXPECT_TRUE(node_->mempool().contains(paid));
    with([&](rpc::WalletControl& wallet) {
        EXPECT_EQ(wallet.transaction(paid)->transaction.confirmations, 0);
    });
    EXPECT_EQ(balances().trusted, pending.trusted);

    // Down to where the coin itself was made: nothing is left.
    node_.call([&](rpc::NodeControl& control) {
        ASSERT_TRUE(control.invalidate_block(node_->chain().at_height(Height{1})->hash));
    });
    EXPECT_EQ(node_.height(), 0);
    EXPECT_FALSE(node_->mempool().contains(paid));
    EXPECT_EQ(balances().trusted, Amount{0});
    EXPECT_EQ(balances().immature, Amount{0});
}

TEST_F(NodeWallet, wallet_that_was_away_catches_up_when_loaded) {
    const Script mine = new_script();
    node_.call([](rpc::NodeControl& control) {
        ASSERT_TRUE(control.unload_wallet("purse", std::nullopt));
        EXPECT_EQ(control.wallet("purse"), nullptr);
    });
    node_.generate(3, mine);
    node_.call(
        [](rpc::NodeControl& control) { ASSERT_TRUE(control.load_wallet("purse", std::nullopt)); });
    EXPECT_EQ(balances().immature, Amount{3 * kSubsidy.value()});
}

TEST_F(NodeWallet, unknown_wallet_is_refused_and_node_without_wallets_says_so) {
    node_.call([](rpc::NodeControl& control) {
        EXPECT_TRUE(control.wallets_enabled());
        EXPECT_EQ(control.loaded_wallets(), std::vector<std::string>{"purse"});
        EXPECT_FALSE(control.load_wallet("nobody", std::nullopt));
    });
    TestNode bare{NodeConfig{regtest_params()}, false};
    bare.call([](rpc::NodeControl& control) {
        EXPECT_FALSE(control.wallets_enabled());
        EXPECT_TRUE(control.loaded_wallets().empty());
        EXPECT_EQ(control.wallet("purse"), nullptr);
    });
}

}  // namespace
}  // namespace parley
