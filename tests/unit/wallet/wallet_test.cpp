// A wallet beside a small node: money comes, money goes, blocks leave again.
#include "wallet/wallet.h"

#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "tests/unit/wallet/fake_node.h"

namespace parley {
namespace {

class WalletTest : public testing::Test {
 protected:
    WalletTest() : alice(&node.create("alice", 1)) {}
    ~WalletTest() override {
        for (const auto& wallet : node.manager->loaded()) wallet->check_consistency();
    }

    Script script(const std::string& address) {
        return *decode_address(node.params.address_prefixes, address);
    }
    Script new_script(Wallet& wallet, const std::string& label = "") {
        return script(*wallet.new_address(label));
    }
    /// Gives alice that many mature coins of 50.
    void fund(int coins = 1) {
        node.mine_many(new_script(*alice), coins);
        node.mine_many(kElsewhere, 100);
    }
    SpendRequest pay(const Script& to, int64_t amount) {
        SpendRequest request;
        request.recipients.push_back({to, Amount{amount}, false});
        return request;
    }
    SpendResult send(Wallet& wallet, const SpendRequest& request) {
        auto sent = node.send(wallet, request);
        EXPECT_TRUE(sent) << (sent ? "" : sent.error().message);
        return sent ? *sent : SpendResult{};
    }
    WalletError send_error(Wallet& wallet, const SpendRequest& request) {
        const auto sent = node.send(wallet, request);
        EXPECT_FALSE(sent);
        return sent ? WalletError{} : sent.error();
    }

    FakeNode node;
    Wallet* alice;
};

TEST_F(WalletTest, new_address_first_one_is_bip84s) {
    // The seed of "abandon ... about" with the paths of the main chain: BIP84's own vector.
    node.params = main_params();
    const auto seed = from_hex(
        "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec"
        "8aa6"
        "c43daea6690f20ad3d8d48b2d2ce9e38e4");
    const auto wallet = node.manager->create("bip84", {}, node.now(), *seed);
    ASSERT_TRUE(wallet);
    EXPECT_EQ(*(*wallet)->new_address(""), "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
    EXPECT_EQ(*(*wallet)->new_address(""), "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g");
    EXPECT_EQ(*(*wallet)->new_change_address(), "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el");
}

TEST_F(WalletTest, what_creates_or_exposes_a_key_is_synced_and_nothing_else) {
    const auto& store = *node.directory.stores.at("alice");
    EXPECT_EQ(store.synced, 1u);  // the seed
    const auto synced_by = [&](const auto& action) {
        const size_t before = store.synced;
        action();
        return store.synced - before;
    };
    EXPECT_EQ(synced_by([&] { new_script(*alice); }), 1u);
    EXPECT_EQ(synced_by([&] { EXPECT_TRUE(alice->new_change_address()); }), 1u);
    EXPECT_EQ(synced_by([&] { fund(); }), 1u);  // for its address; 101 blocks for nothing
    EXPECT_EQ(synced_by([&] { send(*alice, pay(kElsewhere, kCoin)); }), 1u);  // the change address
    EXPECT_EQ(synced_by([&] { node.mine(kElsewhere); }), 0u);
    const std::string foreign = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    EXPECT_EQ(synced_by([&] { EXPECT_TRUE(alice->set_label(foreign, "payee")); }), 0u);
    node.create("blank", 3, {.blank = true});
    EXPECT_EQ(node.directory.stores.at("blank")->synced, 1u);
}

TEST_F(WalletTest, coinbase_is_immature_for_100_blocks_after_its_own) {
    node.mine(new_script(*alice));
    EXPECT_EQ(alice->balances().immature, Amount{50 * kCoin});
    node.mine_many(kElsewhere, 99);
    EXPECT_EQ(alice->balances().immature, Amount{50 * kCoin});
    EXPECT_EQ(alice->list_transactions(std::nullopt, 10, 0)[0].detail.category,
              TxCategory::immature);
    EXPECT_TRUE(alice->list_unspent().empty());
    node.mine(kElsewhere);
    EXPECT_EQ(alice->balances().immature, Amount{0});
    EXPECT_EQ(alice->balances().trusted, Amount{50 * kCoin});
    const auto unspent = alice->list_unspent();
    ASSERT_EQ(unspent.size(), 1u);
    EXPECT_EQ(unspent[0].confirmations, 101);
    EXPECT_TRUE(unspent[0].spendable && unspent[0].solvable && unspent[0].safe);
}

TEST_F(WalletTest, send_moves_money_between_wallets) {
    Wallet& bob = node.create("bob", 2);
    fund();
    const Script to = new_script(bob, "rent");
    const SpendResult sent = send(*alice, pay(to, 20 * kCoin));
    EXPECT_EQ(bob.balances().untrusted_pending, Amount{20 * kCoin});
    EXPECT_EQ(bob.balances().trusted, Amount{0});
    EXPECT_EQ(alice->balances().trusted, Amount{30 * kCoin - sent.fee.value()});
    ASSERT_TRUE(sent.change_position);
    EXPECT_EQ(sent.transaction->inputs().size(), 1u);
    EXPECT_LE(sent.transaction->virtual_size(), 141);
    // The fee is the rate times the size; a signature can come out a byte shorter than planned.
    EXPECT_GE(sent.fee, fee_for(FeeRate{100}, sent.transaction->virtual_size()));
    EXPECT_LE(sent.fee, fee_for(FeeRate{100}, 141));
    node.mine(kElsewhere);
    EXPECT_EQ(bob.balances().trusted, Amount{20 * kCoin});
    const auto view = bob.transaction(sent.transaction->txid());
    ASSERT_TRUE(view);
    EXPECT_EQ(view->amount, Amount{20 * kCoin});
    EXPECT_FALSE(view->fee);
    EXPECT_EQ(view->info.confirmations, 1);
    EXPECT_EQ(view->info.block->height, Height{102});
    EXPECT_EQ(view->info.block->index, 1u);
    ASSERT_EQ(view->details.size(), 1u);
    EXPECT_EQ(view->details[0].label, "rent");
    const auto own = alice->transaction(sent.transaction->txid());
    EXPECT_EQ(own->amount, Amount{-20 * kCoin});
    EXPECT_EQ(*own->fee, Amount{-sent.fee.value()});
    EXPECT_EQ(own->details[0].category, TxCategory::send);
}

TEST_F(WalletTest, send_changes_are_found_again_after_restart) {
    fund(3);
    send(*alice, pay(kElsewhere, 60 * kCoin));
    const auto before = alice->balances();
    node.restart();
    alice = &node.wallet("alice");
    EXPECT_EQ(alice->balances().trusted, before.trusted);
    node.mine(kElsewhere);
    EXPECT_EQ(alice->balances().trusted, before.trusted);
}

TEST_F(WalletTest, send_of_everything_with_subtracted_fee_leaves_nothing) {
    fund(2);
    SpendRequest all = pay(kElsewhere, 100 * kCoin);
    all.recipients[0].subtract_fee = true;
    const SpendResult sent = send(*alice, all);
    EXPECT_EQ(sent.transaction->outputs().size(), 1u);
    EXPECT_EQ(sent.transaction->outputs()[0].value, Amount{100 * kCoin - sent.fee.value()});
    EXPECT_EQ(alice->balances().trusted, Amount{0});
    EXPECT_FALSE(sent.change_position);
}

TEST_F(WalletTest, send_many_shares_the_subtracted_fee) {
    fund();
    SpendRequest request = pay(kElsewhere, 10 * kCoin);
    request.recipients.push_back({kElsewhere, Amount{5 * kCoin}, true});
    request.recipients.push_back({kElsewhere, Amount{6 * kCoin}, true});
    request.change_position = 3;
    const SpendResult sent = send(*alice, request);
    const auto& outputs = sent.transaction->outputs();
    ASSERT_EQ(outputs.size(), 4u);
    EXPECT_EQ(outputs[0].value, Amount{10 * kCoin});
    EXPECT_EQ(outputs[3].value, Amount{29 * kCoin});
    EXPECT_EQ(outputs[1].value.value() + outputs[2].value.value(), 11 * kCoin - sent.fee.value());
    EXPECT_LE(5 * kCoin - outputs[1].value.value() - (6 * kCoin - outputs[2].value.value()), 1);
}

TEST_F(WalletTest, send_errors_have_bitcoinds_codes) {
    EXPECT_EQ(send_error(*alice, pay(kElsewhere, kCoin)).code, WalletErrorCode::insufficient_funds);
    fund();
    EXPECT_EQ(send_error(*alice, pay(kElsewhere, 50 * kCoin)).message, "Insufficient funds");
    EXPECT_EQ(send_error(*alice, pay(kElsewhere, 293)).message, "Transaction amount too small");
    EXPECT_EQ(send_error(*alice, {}).message, "Transaction must have at least one recipient");
    SpendRequest cheap = pay(kElsewhere, kCoin);
    cheap.fee_rate = FeeRate{99};
    EXPECT_EQ(send_error(*alice, cheap).message,
              "Fee rate (0.099 sat/vB) is lower than the minimum fee rate setting (0.100 sat/vB)");
    SpendRequest dear = pay(kElsewhere, kCoin);
    dear.fee_rate = FeeRate{kCoin};
    EXPECT_EQ(send_error(*alice, dear).message,
              "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)");
    EXPECT_EQ(alice->info().transactions, 1u);
    EXPECT_EQ(alice->balances().trusted, Amount{50 * kCoin});
}

TEST_F(WalletTest, send_refused_by_the_mempool_is_forgotten) {
    fund();
    SpendRequest request = pay(kElsewhere, kCoin);
    const auto created = alice->create_transaction(request);
    ASSERT_TRUE(created);
    node.mempool_minimum = FeeRate{1000};
    const auto committed = node.commit(*alice, created->transaction);
    ASSERT_FALSE(committed);
    EXPECT_FALSE(alice->transaction(created->transaction->txid()));
    EXPECT_EQ(alice->balances().trusted, Amount{50 * kCoin});
}

TEST_F(WalletTest, send_spends_own_unconfirmed_change_but_not_foreign_money) {
    Wallet& bob = node.create("bob", 2);
    fund();
    send(*alice, pay(new_script(bob), 10 * kCoin));
    send(*alice, pay(kElsewhere, 30 * kCoin));
    EXPECT_EQ(send_error(bob, pay(kElsewhere, kCoin)).code, WalletErrorCode::insufficient_funds);
    SpendRequest unsafe = pay(kElsewhere, kCoin);
    unsafe.include_unsafe = true;
    send(bob, unsafe);
}

TEST_F(WalletTest, reorganisation_takes_money_back_and_returns_it) {
    fund();
    const SpendResult sent = send(*alice, pay(kElsewhere, 20 * kCoin));
    const auto before = alice->balances();
    node.mine(kElsewhere);
    EXPECT_EQ(alice->transaction(sent.transaction->txid())->info.confirmations, 1);
    node.disconnect();
    EXPECT_EQ(alice->transaction(sent.transaction->txid())->info.confirmations, 0);
    EXPECT_EQ(alice->balances().trusted, before.trusted);
    node.mine(kElsewhere);
    EXPECT_EQ(alice->transaction(sent.transaction->txid())->info.confirmations, 1);
}

TEST_F(WalletTest, reorganisation_makes_a_coinbase_an_orphan) {
    node.mine(new_script(*alice));
    node.disconnect();
    EXPECT_EQ(alice->balances().immature, Amount{0});
    const auto listed = alice->list_transactions(std::nullopt, 10, 0);
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].detail.category, TxCategory::orphan);
    EXPECT_EQ(listed[0].info->confirmations, 0);
}

TEST_F(WalletTest, conflict_in_a_block_gives_negative_confirmations_and_the_coins_back) {
    fund();
    const SpendResult loser = send(*alice, pay(kElsewhere, 20 * kCoin));
    const SpendResult child = send(*alice, pay(kElsewhere, 5 * kCoin));
    TransactionData data = loser.transaction->data();
    data.outputs = {{Amount{49 * kCoin}, new_script(*alice)}};
    const SignResult winner = alice->sign(data, {});
    ASSERT_TRUE(winner.complete());
    const auto block = node.mine(kElsewhere, std::vector{make_transaction(winner.transaction)});
    node.mine(kElsewhere);
    const auto lost = alice->transaction(loser.transaction->txid());
    EXPECT_EQ(lost->info.confirmations, -2);
    EXPECT_EQ(alice->transaction(child.transaction->txid())->info.confirmations, -2);
    EXPECT_EQ(lost->info.wallet_conflicts, std::vector{block->transactions[1]->txid()});
    EXPECT_EQ(alice->balances().trusted, Amount{49 * kCoin});
    node.restart();
    alice = &node.wallet("alice");
    EXPECT_EQ(alice->transaction(loser.transaction->txid())->info.confirmations, -2);
    // The block leaves, and the winner is given up: the loser has its chance again.
    node.disconnect();
    node.disconnect();
    const Txid gone = block->transactions[1]->txid();
    node.drop(gone);
    ASSERT_TRUE(alice->abandon(gone));
    node.mine(kElsewhere);
    node.mine(kElsewhere);
    EXPECT_EQ(alice->transaction(loser.transaction->txid())->info.confirmations, 0);
    node.rebroadcast();
    EXPECT_TRUE(node.in_mempool(loser.transaction->txid()));
    EXPECT_TRUE(node.in_mempool(child.transaction->txid()));
}

TEST_F(WalletTest, block_connected_is_one_commit) {
    fund(2);
    send(*alice, pay(kElsewhere, 60 * kCoin));
    size_t& commits = node.directory.stores["alice"]->commits;
    commits = 0;
    node.mine(new_script(*alice));  // the address is a commit of its own
    EXPECT_EQ(commits, 2u);
    node.disconnect();
    EXPECT_GE(commits, 3u);
}

TEST_F(WalletTest, rebroadcast_offers_what_the_mempool_lost) {
    fund();
    const SpendResult sent = send(*alice, pay(kElsewhere, 20 * kCoin));
    node.drop(sent.transaction->txid());
    EXPECT_FALSE(alice->transaction(sent.transaction->txid())->info.in_mempool);
    EXPECT_EQ(alice->balances().trusted, Amount{0});  // still meant to be spent
    EXPECT_NE(node.manager->next_deadline(), kNever);
    node.rebroadcast();
    EXPECT_TRUE(node.in_mempool(sent.transaction->txid()));
    EXPECT_TRUE(alice->transaction(sent.transaction->txid())->info.in_mempool);
}

TEST_F(WalletTest, abandon_frees_the_inputs_of_what_the_mempool_lost) {
    fund();
    const SpendResult sent = send(*alice, pay(kElsewhere, 20 * kCoin));
    EXPECT_EQ(alice->abandon(sent.transaction->txid()).error().message,
              "Transaction not eligible for abandonment");
    node.drop(sent.transaction->txid());
    ASSERT_TRUE(alice->abandon(sent.transaction->txid()));
    EXPECT_EQ(alice->balances().trusted, Amount{50 * kCoin});
    EXPECT_TRUE(alice->transaction(sent.transaction->txid())->info.abandoned);
    node.restart();
    alice = &node.wallet("alice");
    EXPECT_FALSE(node.in_mempool(sent.transaction->txid()));
    EXPECT_EQ(alice->balances().trusted, Amount{50 * kCoin});
}

TEST_F(WalletTest, bump_fee_replaces_and_links_both) {
    fund();
    const SpendResult sent = send(*alice, pay(kElsewhere, 20 * kCoin));
    const auto bumped = node.bump_fee(*alice, sent.transaction->txid());
    ASSERT_TRUE(bumped) << bumped.error().message;
    EXPECT_EQ(bumped->original_fee, sent.fee);
    EXPECT_GT(bumped->spend.fee, sent.fee);
    const Txid next = bumped->spend.transaction->txid();
    EXPECT_TRUE(node.in_mempool(next));
    EXPECT_FALSE(node.in_mempool(sent.transaction->txid()));
    EXPECT_EQ(alice->transaction(sent.transaction->txid())->info.replaced_by, next);
    EXPECT_EQ(alice->transaction(next)->info.replaces, sent.transaction->txid());
    EXPECT_EQ(alice->balances().trusted, Amount{30 * kCoin - bumped->spend.fee.value()});
    EXPECT_FALSE(node.bump_fee(*alice, sent.transaction->txid()));
}

TEST_F(WalletTest, load_hears_what_its_own_rebroadcast_replaces) {
    fund();
    Wallet& bob = node.create("bob", 2);
    const SpendResult sent = send(*alice, pay(new_script(bob), 20 * kCoin));
    const auto bumped = node.bump_fee(*alice, sent.transaction->txid());
    ASSERT_TRUE(bumped) << bumped.error().message;
    const Txid next = bumped->spend.transaction->txid();
    node.drop(next);
    ASSERT_TRUE(node.manager->unload("alice"));
    node.restart();  // bob offers both, the second replaces the first
    const Wallet& loaded = node.wallet("bob");
    EXPECT_TRUE(node.in_mempool(next));
    EXPECT_TRUE(loaded.transaction(next)->info.in_mempool);
    EXPECT_FALSE(loaded.transaction(sent.transaction->txid())->info.in_mempool);
    EXPECT_EQ(loaded.balances().untrusted_pending, Amount{20 * kCoin});
}

TEST_F(WalletTest, lock_unspent_keeps_a_coin_out_of_selection) {
    fund();
    const OutPoint coin = alice->list_unspent()[0].outpoint;
    ASSERT_TRUE(alice->lock_unspent(coin, true));
    EXPECT_EQ(alice->lock_unspent(coin, true).error().message,
              "Invalid parameter, output already locked");
    EXPECT_TRUE(alice->list_unspent().empty());
    EXPECT_EQ(send_error(*alice, pay(kElsewhere, kCoin)).message, "Insufficient funds");
    node.restart();
    alice = &node.wallet("alice");
    EXPECT_EQ(alice->locked(), std::vector{coin});
    ASSERT_TRUE(alice->unlock_unspent(coin));
    EXPECT_EQ(alice->unlock_unspent(coin).error().message,
              "Invalid parameter, expected locked output");
    send(*alice, pay(kElsewhere, kCoin));
}

}  // namespace
}  // namespace parley
