// Descriptors that are imported, rescans, the lookahead, labels, the store's damage, the manager.
#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "tests/unit/wallet/fake_node.h"
#include "wallet/descriptor/descriptor_checksum.h"

namespace parley {
namespace {

std::string with_checksum(const std::string& body) {
    return body + "#" + *descriptor_checksum(body);
}

class WalletKeysTest : public testing::Test {
 protected:
    static SecretKey key(uint8_t number) { return *SecretKey::from_bytes(Bytes(32, number)); }
    std::string wif(uint8_t number) {
        return encode_secret_key(node.params.address_prefixes, {key(number), true});
    }
    Script script(uint8_t number) {
        return p2wpkh_script(hash160(key(number).public_key().bytes()));
    }
    Script script(const std::string& address) {
        return *decode_address(node.params.address_prefixes, address);
    }
    static DescriptorImport wanted(const std::string& body,
                                   std::optional<int64_t> timestamp = std::nullopt) {
        DescriptorImport request;
        request.descriptor = with_checksum(body);
        request.timestamp = timestamp;
        return request;
    }
    std::string import_error(Wallet& wallet, const DescriptorImport& request) {
        const auto result = wallet.import_descriptors({request}, node.now()).at(0);
        return result ? "" : result.error().message;
    }

    FakeNode node;
};

TEST_F(WalletKeysTest, import_wif_with_timestamp_finds_the_past_and_can_spend) {
    Wallet& wallet = node.create("w", 1, {true, true});
    node.mine(script(7));
    node.mine_many(kElsewhere, 100);
    EXPECT_EQ(wallet.balances().trusted, Amount{0});
    ASSERT_EQ(import_error(wallet, wanted("wpkh(" + wif(7) + ")", 0)), "");
    EXPECT_EQ(wallet.balances().trusted, Amount{50 * kCoin});
    SpendRequest request;
    request.recipients.push_back({kElsewhere, Amount{50 * kCoin}, true});
    ASSERT_TRUE(node.send(wallet, request));
}

TEST_F(WalletKeysTest, import_now_does_not_look_back) {
    Wallet& wallet = node.create("w", 1, {true, true});
    node.mine(script(7));
    node.blocks_read = 0;
    ASSERT_EQ(import_error(wallet, wanted("wpkh(" + wif(7) + ")")), "");
    EXPECT_EQ(node.blocks_read, 0u);
    EXPECT_EQ(wallet.balances().immature, Amount{0});
    ASSERT_TRUE(wallet.rescan(Height{0}));
    EXPECT_EQ(wallet.balances().immature, Amount{50 * kCoin});
}

TEST_F(WalletKeysTest, import_reads_only_blocks_from_the_timestamp_on) {
    Wallet& wallet = node.create("w", 1, {true, true});
    node.mine_many(kElsewhere, 60);
    const int64_t timestamp = node.time;
    node.mine(script(7));
    node.mine_many(kElsewhere, 5);
    node.blocks_read = 0;
    ASSERT_EQ(import_error(wallet, wanted("wpkh(" + wif(7) + ")", timestamp)), "");
    EXPECT_EQ(wallet.balances().immature, Amount{50 * kCoin});
    // Two hours of tolerance are twelve blocks here.
    EXPECT_LE(node.blocks_read, 6u + 12u + 1u);
}

TEST_F(WalletKeysTest, import_sees_the_mempool) {
    Wallet& rich = node.create("rich", 1);
    node.mine(script(*rich.new_address("")));
    node.mine_many(kElsewhere, 100);
    SpendRequest request;
    request.recipients.push_back({script(7), Amount{kCoin}, false});
    ASSERT_TRUE(node.send(rich, request));
    Wallet& wallet = node.create("w", 2, {true, true});
    ASSERT_EQ(import_error(wallet, wanted("wpkh(" + wif(7) + ")")), "");
    EXPECT_EQ(wallet.balances().untrusted_pending, Amount{kCoin});
}

TEST_F(WalletKeysTest, import_watch_only_counts_but_cannot_sign) {
    Wallet& wallet = node.create("w", 1, {false, false});
    EXPECT_FALSE(wallet.new_address(""));
    const std::string public_key = to_hex(key(7).public_key().bytes());
    DescriptorImport request = wanted("wpkh(" + public_key + ")");
    request.label = "watched";
    ASSERT_EQ(import_error(wallet, request), "");
    ASSERT_EQ(import_error(
                  wallet,
                  wanted("addr(" + encode_address(node.params.address_prefixes, script(8)) + ")")),
              "");
    node.mine(script(7));
    node.mine(script(8));
    node.mine_many(kElsewhere, 101);
    EXPECT_EQ(wallet.balances().trusted, Amount{100 * kCoin});
    for (const auto& coin : wallet.list_unspent()) EXPECT_FALSE(coin.spendable);
    EXPECT_EQ(wallet.address_info(script(7)).label, "watched");
    EXPECT_TRUE(wallet.address_info(script(7)).solvable);
    EXPECT_FALSE(wallet.address_info(script(8)).solvable);
    SpendRequest spend;
    spend.recipients.push_back({kElsewhere, Amount{kCoin}, false});
    EXPECT_EQ(wallet.create_transaction(spend).error().message,
              "Error: Private keys are disabled for this wallet");
}

TEST_F(WalletKeysTest, import_active_range_gives_addresses) {
    Wallet& wallet = node.create("w", 1, {true, true});
    const auto master = HdPrivateKey::from_seed(Bytes(32, 9));
    const std::string xprv =
        master->to_base58(node.params.address_prefixes.base58.extended_secret_key);
    DescriptorImport request = wanted("wpkh(" + xprv + "/84h/1h/0h/0/*)");
    request.active = true;
    request.range = {0, 9};
    request.next_index = 3;
    ASSERT_EQ(import_error(wallet, request), "");
    const Script expected = p2wpkh_script(
        hash160(master->derive(*parse_key_path("84h/1h/0h/0/3"))->neuter().key().bytes()));
    EXPECT_EQ(script(*wallet.new_address("")), expected);
    const AddressInfo info = wallet.address_info(expected);
    EXPECT_EQ(to_string(*info.key_path), "84h/1h/0h/0/3");
    EXPECT_EQ(*info.master_fingerprint, master->fingerprint());
    EXPECT_TRUE(info.descriptor->starts_with("wpkh([" + to_hex(master->fingerprint())));
    node.restart();
    EXPECT_EQ(to_string(*node.wallet("w").address_info(expected).key_path), "84h/1h/0h/0/3");
}

TEST_F(WalletKeysTest, import_errors_have_bitcoinds_words) {
    Wallet& wallet = node.create("w", 1);
    const std::string public_key = to_hex(key(7).public_key().bytes());
    DescriptorImport missing = wanted("wpkh(" + wif(7) + ")");
    missing.descriptor = "wpkh(" + wif(7) + ")";
    EXPECT_EQ(import_error(wallet, missing), "Missing checksum");
    EXPECT_EQ(
        import_error(wallet, wanted("wpkh(" + public_key + ")")),
        "Cannot import descriptor without private keys to a wallet with private keys enabled");
    DescriptorImport active = wanted("wpkh(" + wif(7) + ")");
    active.active = true;
    EXPECT_EQ(import_error(wallet, active), "Active descriptors must be ranged");
    DescriptorImport ranged = wanted("wpkh(" + wif(7) + ")");
    ranged.range = {0, 5};
    EXPECT_EQ(import_error(wallet, ranged),
              "Range should not be specified for an un-ranged descriptor");
    Wallet& watch = node.create("watch", 2, {false, true});
    EXPECT_EQ(import_error(watch, wanted("wpkh(" + wif(7) + ")")),
              "Cannot import private keys to a wallet with private keys disabled");
}

TEST_F(WalletKeysTest, genesis_coins_count_at_once_where_the_chain_spends_them) {
    LabnetOptions options;
    options.genesis_outputs.push_back({Amount{5 * kCoin}, script(7)});
    FakeNode labnet({}, labnet_params(options));
    Wallet& wallet = labnet.create("w", 1, {true, true});
    ASSERT_TRUE(wallet.import_descriptors({wanted("wpkh(" + wif(7) + ")", 0)}, labnet.now()).at(0));
    EXPECT_EQ(wallet.balances().trusted, Amount{5 * kCoin});
    EXPECT_EQ(wallet.balances().immature, Amount{0});
    SpendRequest request;
    request.recipients.push_back({kElsewhere, Amount{kCoin}, false});
    EXPECT_TRUE(labnet.send(wallet, request)
                    .error()
                    .message.starts_with("Transaction needs a change address"));
    request.recipients[0] = {kElsewhere, Amount{5 * kCoin}, true};
    const auto sent = labnet.send(wallet, request);
    EXPECT_TRUE(sent) << sent.error().message;
}

TEST_F(WalletKeysTest, lookahead_finds_money_at_addresses_that_were_never_given_out) {
    Wallet& wallet = node.create("w", 1);
    // The same seed elsewhere has given out more addresses.
    Wallet& twin = node.create("twin", 1);
    std::vector<Script> scripts;
    for (int i = 0; i < 201; ++i) scripts.push_back(script(*twin.new_address("")));
    node.mine(scripts[100]);  // beyond the 100 that are watched
    EXPECT_EQ(wallet.balances().immature, Amount{0});
    node.mine(scripts[99]);
    EXPECT_EQ(wallet.balances().immature, Amount{50 * kCoin});
    node.mine(scripts[199]);
    EXPECT_EQ(wallet.balances().immature, Amount{100 * kCoin});
    EXPECT_EQ(script(*wallet.new_address("")), scripts[200]);
    ASSERT_TRUE(wallet.rescan(Height{0}));
    EXPECT_EQ(wallet.balances().immature, Amount{150 * kCoin});
}

TEST_F(WalletKeysTest, new_address_never_repeats_after_restart) {
    node.create("w", 1);
    std::set<std::string> given;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 60; ++i)
            EXPECT_TRUE(given.insert(*node.wallet("w").new_address("")).second);
        node.restart();
    }
    EXPECT_EQ(node.wallet("w").info().keypool_external, 200u);  // 100 of each type
}

TEST_F(WalletKeysTest, set_label_of_own_and_foreign_addresses) {
    Wallet& wallet = node.create("w", 1);
    const std::string own = *wallet.new_address("first");
    const std::string foreign = encode_address(node.params.address_prefixes, kElsewhere);
    ASSERT_TRUE(wallet.set_label(own, "second"));
    ASSERT_TRUE(wallet.set_label(foreign, "shop"));
    EXPECT_EQ(wallet.set_label("nonsense", "x").error().code,
              WalletErrorCode::invalid_address_or_key);
    node.restart();
    const auto list = node.wallet("w").labelled_addresses();
    ASSERT_EQ(list.size(), 2u);
    for (const auto& entry : list) {
        EXPECT_EQ(entry.send, entry.address == foreign);
        EXPECT_EQ(entry.label, entry.send ? "shop" : "second");
    }
}

TEST_F(WalletKeysTest, list_transactions_pages_from_the_newest) {
    Wallet& wallet = node.create("w", 1);
    for (const std::string label : {"a", "b", "a"}) node.mine(script(*wallet.new_address(label)));
    const auto last = wallet.list_transactions(std::nullopt, 2, 0);
    ASSERT_EQ(last.size(), 2u);
    EXPECT_EQ(last[0].detail.label, "b");
    EXPECT_EQ(last[1].info->confirmations, 1);
    const auto first = wallet.list_transactions(std::nullopt, 2, 2);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0].info->confirmations, 3);
    EXPECT_EQ(wallet.list_transactions("a", 10, 0).size(), 2u);
    EXPECT_EQ(wallet.list_since(node.hash_at(Height{2})).size(), 1u);
    EXPECT_EQ(wallet.list_since(std::nullopt).size(), 3u);
}

TEST_F(WalletKeysTest, catch_up_after_a_deep_reorganisation_while_closed) {
    Wallet& wallet = node.create("w", 1);
    const Script mine = script(*wallet.new_address(""));
    node.mine_many(kElsewhere, 50);
    node.mine_many(mine, 40);
    ASSERT_TRUE(node.manager->unload("w"));
    for (int i = 0; i < 60; ++i) node.disconnect();
    node.mine(mine);
    ASSERT_TRUE(node.load("w"));
    EXPECT_EQ(node.wallet("w").balances().immature, Amount{50 * kCoin});
    node.wallet("w").check_consistency();
    EXPECT_EQ(node.wallet("w").info().last_block_height, node.tip_height());
}

TEST_F(WalletKeysTest, load_after_a_reorganisation_below_the_dense_trail_reads_few_blocks) {
    Wallet& wallet = node.create("w", 1);
    node.mine_many(script(*wallet.new_address("")), 1);
    node.mine_many(kElsewhere, 500);
    for (int i = 0; i < 150; ++i) node.disconnect();
    EXPECT_EQ(wallet.info().last_block_height, node.tip_height());
    wallet.check_consistency();
    // All blocks are gone that a pruning node may remove: the wallet needs none of them.
    node.pruned_below = node.tip_height();
    node.blocks_read = 0;
    node.restart();
    EXPECT_EQ(node.blocks_read, 0u);
    EXPECT_EQ(node.wallet("w").balances().trusted, Amount{50 * kCoin});

    // Closed meanwhile, it reads little more than what is new.
    node.pruned_below = Height{0};
    node.mine_many(kElsewhere, 150);
    ASSERT_TRUE(node.manager->unload("w"));
    for (int i = 0; i < 200; ++i) node.disconnect();
    const Height fork = node.tip_height();
    node.mine_many(kElsewhere, 10);
    node.pruned_below = fork - 5;
    node.blocks_read = 0;
    ASSERT_TRUE(node.load("w"));
    EXPECT_LE(node.blocks_read, 10u + 200 / 64 + 1);
    EXPECT_EQ(node.wallet("w").info().last_block_height, node.tip_height());
    EXPECT_EQ(node.wallet("w").balances().trusted, Amount{50 * kCoin});
}

TEST_F(WalletKeysTest, load_that_needs_pruned_blocks_says_so_and_changes_nothing) {
    node.create("w", 1);
    node.mine_many(kElsewhere, 5);
    ASSERT_TRUE(node.manager->unload("w"));
    node.mine_many(kElsewhere, 20);
    node.pruned_below = Height{10};
    for (int i = 0; i < 2; ++i) {
        const auto refused = node.load("w");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, WalletErrorCode::wallet);
        EXPECT_NE(refused.error().message.find("goes beyond pruned data"), std::string::npos);
    }
    node.pruned_below = Height{6};
    EXPECT_TRUE(node.load("w"));
}

TEST_F(WalletKeysTest, rescan_of_pruned_blocks_is_refused_before_it_begins) {
    Wallet& wallet = node.create("w", 1);
    node.mine_many(kElsewhere, 20);
    node.pruned_below = Height{10};
    node.blocks_read = 0;
    const auto refused = wallet.rescan(Height{0}, Height{15});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, WalletErrorCode::misc);
    EXPECT_EQ(refused.error().message,
              "Can't rescan beyond pruned data. Use RPC call getblockchaininfo to determine your "
              "pruned height.");
    EXPECT_FALSE(wallet.rescan(Height{9}));
    EXPECT_EQ(node.blocks_read, 0u);
    EXPECT_TRUE(wallet.rescan(Height{10}));
}

TEST_F(WalletKeysTest, load_damaged_record_is_refused_and_nothing_changes) {
    node.create("w", 1);
    node.mine(script(*node.wallet("w").new_address("")));
    ASSERT_TRUE(node.manager->unload("w"));
    auto& store = *node.directory.stores["w"];
    std::vector<std::pair<Bytes, Bytes>> records;
    ASSERT_TRUE(store.storage.scan({}, [&](ByteSpan key, ByteSpan value) {
        records.emplace_back(to_bytes(key), to_bytes(value));
        return true;
    }));
    ASSERT_GT(records.size(), 6u);
    for (const auto& [key, value] : records) {
        if (value.empty()) continue;
        WriteBatch cut;
        cut.put(key, Bytes(value.begin(), value.end() - 1));
        store.storage.commit(std::move(cut), Durability::written);
        const size_t commits = store.commits;
        const auto loaded = node.load("w");
        ASSERT_FALSE(loaded) << to_hex(key);
        EXPECT_EQ(loaded.error().code, WalletErrorCode::database);
        EXPECT_EQ(store.commits, commits);
        WriteBatch mended;
        mended.put(key, value);
        store.storage.commit(std::move(mended), Durability::written);
    }
    EXPECT_TRUE(node.load("w"));
}

TEST_F(WalletKeysTest, load_of_another_chain_is_refused) {
    node.create("w", 1);
    ASSERT_TRUE(node.manager->unload("w"));
    node.params.name = "labnet";
    const auto loaded = node.load("w");
    ASSERT_FALSE(loaded);
    EXPECT_TRUE(
        loaded.error().message.starts_with("Wallet files should not be reused across chains"));
}

TEST_F(WalletKeysTest, manager_errors_have_bitcoinds_codes) {
    auto& manager = *node.manager;
    node.create("w", 1);
    EXPECT_EQ(manager.create("w", {}, node.now()).error().code, WalletErrorCode::wallet);
    EXPECT_EQ(manager.load("w", node.now()).error().code, WalletErrorCode::already_loaded);
    EXPECT_EQ(manager.load("none", node.now()).error().code, WalletErrorCode::wallet_not_found);
    EXPECT_EQ(manager.unload("none").error().code, WalletErrorCode::wallet_not_found);
    EXPECT_EQ(manager.create("", {}, node.now()).error().code, WalletErrorCode::invalid_parameter);
    EXPECT_EQ(manager.available(), std::vector<std::string>{"w"});
    ASSERT_TRUE(manager.unload("w"));
    EXPECT_EQ(manager.next_deadline(), kNever);
    EXPECT_EQ(manager.find("w"), nullptr);
}

TEST_F(WalletKeysTest, name_may_be_a_path_that_is_normal) {
    auto& manager = *node.manager;
    for (const char* name : {"a/b", "/tmp/w", "..w", "a..b/.c"}) {
        EXPECT_TRUE(manager.create(name, {}, node.now())) << name;
        EXPECT_TRUE(manager.unload(name));
        EXPECT_TRUE(manager.load(name, node.now())) << name;
    }
    const std::string begins =
        "Wallet file verification failed. Wallet name given as a relative path cannot begin with "
        "./ or ../, for wallets not in the walletdir, please use an absolute path.";
    const std::string normal =
        "Wallet file verification failed. Wallet name given as a path must be normalized";
    const std::pair<std::string, std::string> cases[] = {
        {"..", begins},
        {".", begins},
        {"../w", begins},
        {"./w", normal},
        {"a/../b", normal},
        {"a/..", normal},
        {"a//b", normal},
        {"a/", normal},
        {"//a", normal},
        {"/a/./b", normal},
        {"/..", normal},
        {"/", "Wallet file verification failed. Wallet name cannot be the root path"},
        {std::string("a\0b", 3),
         "Wallet file verification failed. Wallet name cannot contain a zero byte"},
    };
    for (const auto& [name, sentence] : cases) {
        for (const auto& refused :
             {manager.create(name, {}, node.now()), manager.load(name, node.now())}) {
            ASSERT_FALSE(refused) << name;
            EXPECT_EQ(refused.error().code, WalletErrorCode::wallet) << name;
            EXPECT_EQ(refused.error().message, sentence) << name;
        }
    }
}

}  // namespace
}  // namespace parley
