// Wallets against a naive recount: random payments, blocks, reorganisations, losses of the mempool
// and restarts. After each step the balance is what somebody finds who reads all blocks and the
// mempool from the start, and a wallet that was closed and opened is the same as before.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "chain/primitives/address.h"
#include "tests/unit/seed.h"
#include "tests/unit/wallet/fake_node.h"

namespace parley {
namespace {

/// Everything that a wallet reports, as text, for comparison.
std::string portrait(const Wallet& wallet) {
    std::string text;
    const WalletInfo info = wallet.info();
    text += fmt::format("{} {} {} {} {} {} {}\n", info.balances.trusted.value(),
                        info.balances.untrusted_pending.value(), info.balances.immature.value(),
                        info.transactions, info.keypool_external, info.keypool_internal,
                        info.last_block_hash.to_string());
    for (const auto& listed : wallet.list_transactions(std::nullopt, 1'000'000, 0)) {
        const WalletTxInfo& tx = *listed.info;
        text += fmt::format(
            "{} {} {} {} {} {} {} {} {} {} {}\n", tx.transaction->wtxid().to_string(),
            to_string(listed.detail.category), listed.detail.output, listed.detail.amount.value(),
            listed.detail.fee.value_or(Amount{0}).value(), tx.confirmations, tx.in_mempool,
            tx.trusted, tx.abandoned, tx.time, tx.block ? tx.block->hash.to_string() : "-");
    }
    UnspentQuery all;
    all.confirmations_min = 0;
    all.include_locked = all.include_immature = true;
    for (const auto& coin : wallet.list_unspent(all))
        text += fmt::format("{}:{} {} {} {}\n", coin.outpoint.txid.to_string(), coin.outpoint.index,
                            coin.output.value.value(), coin.confirmations, coin.safe);
    for (const auto& address : wallet.labelled_addresses())
        text += address.address + " " + address.label + "\n";
    for (const auto& descriptor : wallet.list_descriptors(true))
        text += fmt::format("{} {} {}\n", descriptor.descriptor, descriptor.range_end,
                            descriptor.next_index);
    return text;
}

class World {
 public:
    explicit World(uint64_t seed) : random_(seed) {
        for (uint8_t i = 0; i < 2; ++i) node_.create(name(i), static_cast<uint8_t>(i + 1));
        // Short maturity, so that coins come and go within a reorganisation's reach.
        node_.params.coinbase_maturity_blocks = 5;
        for (uint64_t i = 0; i < 12; ++i) node_.mine(new_script(i % 2));
    }

    void step() {
        const uint64_t dice = random_.uniform(100);
        if (dice < 45)
            pay();
        else if (dice < 70)
            mine();
        else if (dice < 80)
            reorganise();
        else if (dice < 85)
            lose();
        else if (dice < 88)
            conflict();
        else if (dice < 94)
            bump();
        else if (dice < 97)
            restart();
        else
            elsewhere();
        for (uint8_t i = 0; i < 2; ++i) compare(wallet(i));
    }

    size_t paid = 0;
    size_t conflicts = 0;
    size_t bumped = 0;
    size_t restarts = 0;
    int reorganised = 0;

 private:
    static std::string name(uint64_t i) { return i == 0 ? "alice" : "bob"; }
    Wallet& wallet(uint64_t i) { return node_.wallet(name(i)); }
    Script new_script(uint64_t i) {
        const auto type = random_.uniform(4) == 0 ? AddressType::legacy : AddressType::bech32;
        return *decode_address(node_.params.address_prefixes,
                               *wallet(i).new_address("label", type));
    }
    Script elsewhere_script() {
        Hash160 hash{};
        hash[0] = static_cast<uint8_t>(random_.uniform(256));
        return p2wpkh_script(hash);
    }

    void pay() {
        const uint64_t from = random_.uniform(2);
        SpendRequest request;
        const uint64_t count = 1 + random_.uniform(3);
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t to = random_.uniform(3);
            request.recipients.push_back(
                {to < 2 ? new_script(to) : elsewhere_script(),
                 Amount{static_cast<int64_t>(10'000 + random_.uniform(20 * kCoin))},
                 random_.uniform(5) == 0});
        }
        if (random_.uniform(3) == 0)
            request.fee_rate = FeeRate{static_cast<int64_t>(100 + random_.uniform(30'000))};
        request.include_unsafe = random_.uniform(8) == 0;
        const auto sent = node_.send(wallet(from), request);
        if (!sent) {
            EXPECT_EQ(sent.error().code, WalletErrorCode::insufficient_funds)
                << sent.error().message;
            return;
        }
        ++paid;
        const auto rate = request.fee_rate.value_or(FeeRate{100});
        EXPECT_GE(sent->fee, fee_for(rate, sent->transaction->virtual_size()));
    }

    void mine() {
        node_.mine(random_.uniform(2) == 0 ? new_script(random_.uniform(2)) : elsewhere_script());
    }

    void reorganise() {
        const auto depth = static_cast<int>(1 + random_.uniform(4));
        if (node_.tip_height() < Height{14}) return;
        for (int i = 0; i < depth; ++i) node_.disconnect();
        // Not always the same transactions again.
        if (random_.uniform(2) == 0) node_.mine(elsewhere_script(), std::vector<TransactionRef>{});
        for (int i = 0; i < depth; ++i) mine();
        ++reorganised;
    }

    void lose() {
        if (node_.mempool.empty()) return;
        const TransactionRef lost = node_.mempool[random_.uniform(node_.mempool.size())];
        node_.drop(lost->txid());
        if (random_.uniform(2) == 0) {
            for (uint8_t i = 0; i < 2; ++i) (void)wallet(i).abandon(lost->txid());
        }
    }

    /// A block contains a transaction that conflicts with an unconfirmed one.
    void conflict() {
        for (const auto& victim : node_.mempool) {
            const OutPoint& coin = victim->inputs()[0].prevout;
            const auto spent = node_.coins().find(coin);
            if (spent == node_.coins().end()) continue;
            TransactionData data;
            data.inputs.push_back({coin, {}, 0xfffffffd, {}});
            data.outputs.push_back(
                {Amount{spent->second.value.value() - 1000}, new_script(random_.uniform(2))});
            for (uint8_t i = 0; i < 2; ++i) {
                const SignResult result = wallet(i).sign(data, {{coin, spent->second}});
                if (!result.complete()) continue;
                node_.mine(elsewhere_script(), std::vector{make_transaction(result.transaction)});
                ++conflicts;
                return;
            }
        }
    }

    void bump() {
        for (const auto& candidate : std::vector<TransactionRef>(node_.mempool)) {
            for (uint8_t i = 0; i < 2; ++i) {
                if (!node_.bump_fee(wallet(i), candidate->txid())) continue;
                ++bumped;
                return;
            }
        }
    }

    void restart() {
        // The chain may change while the wallets are closed.
        std::array<std::string, 2> before{portrait(wallet(0)), portrait(wallet(1))};
        const size_t waiting = node_.mempool.size();
        node_.restart();
        ++restarts;
        // Loading offers forgotten transactions again: then there is more than before.
        if (node_.mempool.size() != waiting) return;
        for (uint8_t i = 0; i < 2; ++i) ASSERT_EQ(portrait(wallet(i)), before[i]);
    }

    void elsewhere() {
        std::vector<std::string> names;
        for (const auto& loaded : node_.manager->loaded()) names.push_back(loaded->name());
        for (const auto& closed : names) ASSERT_TRUE(node_.manager->unload(closed));
        const bool back = node_.tip_height() > Height{16};
        if (back) node_.disconnect();
        node_.mine(elsewhere_script());
        if (back) node_.mine(elsewhere_script());
        for (const auto& closed : names) ASSERT_TRUE(node_.load(closed));
    }

    /// From the blocks and the mempool alone.
    void compare(const Wallet& wallet) {
        wallet.check_consistency();
        struct NaiveCoin {
            TxOutput output;
            int32_t height;  // -1: mempool
            bool coinbase;
        };
        std::map<OutPoint, NaiveCoin> coins;
        std::map<Txid, bool> trusted;
        const auto take = [&](const Transaction& tx, int32_t height) {
            bool own_inputs = !tx.is_coinbase();
            for (const auto& input : tx.inputs()) {
                const auto spent = coins.find(input.prevout);
                const bool own = spent != coins.end() &&
                                 wallet.is_mine(spent->second.output.script_pubkey) &&
                                 (spent->second.height >= 0 || trusted[input.prevout.txid]);
                own_inputs &= own;
                if (spent != coins.end()) coins.erase(spent);
            }
            trusted[tx.txid()] = own_inputs;
            for (uint32_t i = 0; i < tx.outputs().size(); ++i)
                coins[{tx.txid(), i}] = {tx.outputs()[i], height, tx.is_coinbase()};
        };
        for (size_t height = 0; height < node_.blocks().size(); ++height)
            for (const auto& tx : node_.blocks()[height]->transactions)
                take(*tx, static_cast<int32_t>(height));
        for (const auto& tx : node_.mempool) take(*tx, -1);

        WalletBalances expected;
        int64_t reserved = 0;  // by own transactions that are neither confirmed nor in the mempool
        const int32_t tip = node_.tip_height().value();
        for (const auto& [outpoint, coin] : coins) {
            if (!wallet.is_mine(coin.output.script_pubkey)) continue;
            if (coin.height < 0)
                (trusted[outpoint.txid] ? expected.trusted : expected.untrusted_pending) +=
                    coin.output.value;
            else if (coin.coinbase && tip - coin.height + 1 < 6)
                expected.immature += coin.output.value;
            else
                expected.trusted += coin.output.value;
        }
        const WalletBalances balances = wallet.balances();
        ASSERT_EQ(balances.immature, expected.immature);
        // A payment that the mempool has removed still reserves its inputs until it is abandoned.
        std::set<OutPoint> held;
        for (const auto& listed : wallet.list_transactions(std::nullopt, 1'000'000, 0)) {
            const WalletTxInfo& info = *listed.info;
            if (info.confirmations != 0 || info.in_mempool || info.abandoned || info.generated ||
                !info.mempool_conflicts.empty())
                continue;
            for (const auto& input : info.transaction->inputs()) held.insert(input.prevout);
        }
        for (const OutPoint& outpoint : held) {
            const auto coin = coins.find(outpoint);
            if (coin == coins.end() || !wallet.is_mine(coin->second.output.script_pubkey)) continue;
            if (coin->second.height >= 0 || trusted[outpoint.txid])
                reserved += coin->second.output.value.value();
            else
                expected.untrusted_pending += Amount{-coin->second.output.value.value()};
        }
        ASSERT_EQ(balances.trusted.value(), expected.trusted.value() - reserved);
        ASSERT_EQ(balances.untrusted_pending, expected.untrusted_pending);
    }

    SeededRandom random_;
    FakeNode node_;
};

TEST(WalletModelTest, random_operations_agree_with_a_recount_of_all_blocks) {
    World world(test_seed());
    for (int i = 0; i < 300; ++i) {
        world.step();
        ASSERT_FALSE(testing::Test::HasFailure()) << "after step " << i;
    }
    EXPECT_GT(world.paid, 50u);
    EXPECT_GT(world.restarts, 1u);
    EXPECT_GT(world.reorganised, 5);
    EXPECT_GT(world.conflicts + world.bumped, 3u);
}

}  // namespace
}  // namespace parley
