// Wallet methods: which wallet is meant, what is in it, and how its answers are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

std::string unknown_id() {
    return quoted(std::string(64, '1'));
}

/// Copies an unloaded wallet's store, as a user copies its directory.
void copy_wallet(TestNode& node, const std::string& from, const std::string& to) {
    const auto source = node.wallets.open(from, StorageDirectory::Mode::open_existing);
    const auto target = node.wallets.open(to, StorageDirectory::Mode::create_new);
    ASSERT_TRUE(source && target);
    WriteBatch batch;
    ASSERT_TRUE((*source)->scan({}, [&](ByteSpan key, ByteSpan value) {
        batch.put(to_bytes(key), to_bytes(value));
        return true;
    }));
    (*target)->commit(std::move(batch), Durability::synced);
}

// ---- which wallet

TEST(WalletChoice, onlyLoadedWallet_isMeant) {
    WalletFixture runner{1};
    runner.pay(runner.address(), Amount{5});
    EXPECT_EQ(runner.result("getbalance"), "0.00000005");
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/w"), "0.00000005");
    const Reply absent = runner.call("getbalance", "[]", "/wallet/none");
    EXPECT_EQ(absent.code, -18);
    EXPECT_EQ(absent.message, "Requested wallet does not exist or is not loaded");
}

TEST(WalletChoice, noneOrSeveral_areErrors) {
    RpcFixture runner;
    const Reply none = runner.call("getbalance");
    EXPECT_EQ(none.code, -18);
    EXPECT_THAT(none.message, StartsWith("No wallet is loaded. Load a wallet using loadwallet"));
    runner.result("createwallet", R"(["a"])");
    runner.result("createwallet", R"(["b c%d"])");
    const Reply several = runner.call("getbalance");
    EXPECT_EQ(several.code, -19);
    EXPECT_THAT(several.message, StartsWith("Multiple wallets are loaded."));
    const auto name_at = [&](const std::string& path) {
        return runner.call("getwalletinfo", "[]", path).result.find("walletname")->string();
    };
    EXPECT_EQ(name_at("/wallet/b%20c%25d"), "b c%d");
    EXPECT_EQ(runner.call("getbalance", "[]", "/wallet/b%20c%2Fd").code, -18);
    EXPECT_EQ(runner.call("getbalance", "[]", "/wallet/b%2").code, -18);
    runner.result("unloadwallet", R"(["a"])");
    copy_wallet(runner.node, "a", "");
    runner.result("loadwallet", R"([""])");
    EXPECT_EQ(name_at("/wallet/"), "");
}

TEST(WalletChoice, switchedOff_hasNoMethods) {
    TestNode node{NodeConfig{regtest_params()}, false};
    StepGateway gateway{node};
    RpcCaller runner{node->config().params, gateway};
    for (const char* method : {"getbalance", "listwallets", "listwalletdir"})
        EXPECT_EQ(runner.call(method).code, -32601) << method;
    for (const char* method : {"createwallet", "loadwallet", "unloadwallet"})
        EXPECT_EQ(runner.call(method, R"(["x"])").code, -32601) << method;
}

// ---- wallets as wholes

TEST(CreateWallet, options_haveEffect) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("createwallet", R"(["new",true,true,"",false,true,false])"),
              R"({"name":"new"})");
    const Json info = runner.call("getwalletinfo").result;
    EXPECT_FALSE(info.find("private_keys_enabled")->boolean());
    EXPECT_TRUE(info.find("blank")->boolean());
    ASSERT_EQ(info.find("flags")->array().size(), 3u);
    EXPECT_EQ(info.find("flags")->array()[1].string(), "disable_private_keys");
    EXPECT_EQ(info.find("flags")->array()[2].string(), "blank");
    EXPECT_EQ(runner.call("createwallet", R"(["new"])").code, -4);
    EXPECT_THAT(runner.call("createwallet", R"(["p",false,false,"secret"])").message,
                HasSubstr("passphrase"));
    EXPECT_THAT(runner.call("createwallet", R"(["p",false,false,"",true])").message,
                HasSubstr("avoid_reuse is not available"));
    EXPECT_EQ(runner.call("createwallet", R"({"wallet_name":"l","descriptors":false})").code, -4);
    EXPECT_EQ(runner.call("createwallet", R"({"wallet_name":"l","external_signer":true})").code,
              -4);
    EXPECT_EQ(runner.result("listwallets"), R"(["new"])");
}

TEST(LoadWallet, directory_listsLoadedAndOthers) {
    WalletFixture runner;
    runner.result("createwallet", R"(["old"])");
    runner.result("unloadwallet", R"(["old"])");
    EXPECT_EQ(runner.result("listwallets"), R"(["w"])");
    EXPECT_EQ(runner.result("loadwallet", R"(["old"])"), R"({"name":"old"})");
    EXPECT_EQ(runner.call("loadwallet", R"(["old"])").code, -35);
    EXPECT_EQ(runner.call("loadwallet", R"(["none"])").code, -18);
    EXPECT_EQ(runner.result("listwalletdir"),
              R"({"wallets":[{"name":"old","warnings":[]},{"name":"w","warnings":[]}]})");
}

TEST(LoadOnStartup, argument_isRememberedAndItsFailureIsAWarning) {
    WalletFixture runner;
    runner.call("createwallet", R"(["a",false,false,"",false,true,true])");
    runner.call("createwallet", R"(["b"])");
    runner.call("unloadwallet", R"(["b",false])");
    runner.call("loadwallet", R"(["b",null])");
    using Wallets = std::map<std::string, bool>;
    EXPECT_EQ(runner.host.wallets_at_start, (Wallets{{"a", true}, {"b", false}}));
    runner.call("unloadwallet", R"(["b"])");
    EXPECT_EQ(runner.result("loadwallet", R"(["b",true])"), R"({"name":"b"})");
    EXPECT_EQ(runner.host.wallets_at_start, (Wallets{{"a", true}, {"b", true}}));
    runner.host.settings_can_be_stored = false;
    EXPECT_EQ(runner.result("unloadwallet", R"(["b",false])"),
              R"({"warnings":["Wallet load on startup setting could not be updated, so wallet may )"
              R"(still be loaded next node startup."]})");
    EXPECT_EQ(runner.result("loadwallet", R"(["b",true])"),
              R"({"name":"b","warnings":["Wallet load on startup setting could not be updated, so )"
              R"(wallet may not be loaded next node startup."]})");
}

TEST(UnloadWallet, pathOrName_butNotTwoDifferent) {
    WalletFixture runner;
    EXPECT_EQ(runner.call("unloadwallet").code, -8);
    EXPECT_EQ(runner.call("unloadwallet", R"(["x"])", "/wallet/w").code, -8);
    EXPECT_EQ(runner.result("unloadwallet", "[]", "/wallet/w"), "{}");
    EXPECT_EQ(runner.call("unloadwallet", R"(["w"])").code, -18);
}

TEST(GetWalletInfo, fields_matchBitcoind) {
    WalletFixture runner;
    const std::string address = runner.address();
    for (int i = 0; i < 4; ++i) runner.mine_to(address);
    for (int i = 0; i < 5; ++i) runner.extend();
    EXPECT_EQ(runner.result("getwalletinfo"),
              R"({"walletname":"w","walletversion":169900,"format":"leveldb","txcount":4,)"
              R"("keypoolsize":200,"keypoolsize_hd_internal":200,"private_keys_enabled":true,)"
              R"("avoid_reuse":false,"scanning":false,"descriptors":true,"external_signer":false,)"
              R"("blank":false,"birthtime":1700000090,"flags":["descriptor_wallet"],)"
              R"("lastprocessedblock":{"hash":")" +
                  runner.tip_hash().to_string() + R"(","height":9}})");
}

TEST(GetBalances, kinds_areSeparate) {
    WalletFixture runner{2};
    const std::string address = runner.address();
    runner.pay(address, Amount{1});
    runner.mine_to(address);
    runner.announce(address, Amount{2'000});
    EXPECT_THAT(runner.result("getbalances"),
                StartsWith(R"({"mine":{"trusted":0.00000001,"untrusted_pending":0.00002000,)"
                           R"("immature":50.00000000},"lastprocessedblock":{)"));
    EXPECT_EQ(runner.result("getbalance", R"(["*",6])"), "0.00000000");
    for (int i = 0; i < 4; ++i) runner.extend();
    EXPECT_EQ(runner.result("getbalance", R"(["*",6])"), "0.00000001");
    EXPECT_EQ(runner.call("getbalance", R"(["label"])").code, -32);
}

// ---- addresses

TEST(GetNewAddress, labelAndType_haveEffect) {
    WalletFixture runner;
    const auto info = [&](const std::string& method, const std::string& params) {
        const std::string address = runner.call(method, params).result.string();
        return runner.call("getaddressinfo", quoted(address)).result;
    };
    const Json native = info("getnewaddress", R"(["tabby","bech32"])");
    EXPECT_THAT(native.find("address")->string(), StartsWith("bcrt1q"));
    EXPECT_EQ(native.find("labels")->array()[0].string(), "tabby");
    EXPECT_FALSE(native.find("ischange")->boolean());
    EXPECT_THAT(info("getnewaddress", R"(["","legacy"])").find("desc")->string(),
                StartsWith("pkh("));
    const Json change = info("getrawchangeaddress", "[]");
    EXPECT_TRUE(change.find("ischange")->boolean());
    EXPECT_TRUE(change.find("labels")->array().empty());
    EXPECT_THAT(info("getrawchangeaddress", R"(["legacy"])").find("desc")->string(),
                StartsWith("pkh("));
    EXPECT_EQ(runner.call("getnewaddress", R"(["*"])").code, -11);
    const Reply type = runner.call("getnewaddress", R"(["","p2pk"])");
    EXPECT_EQ(type.code, -5);
    EXPECT_EQ(type.message, "Unknown address type 'p2pk'");
    const Reply unavailable = runner.call("getnewaddress", R"(["","bech32m"])");
    EXPECT_EQ(unavailable.code, -4);
    EXPECT_EQ(unavailable.message,
              "Error: No bech32m addresses available. Use address_type bech32 or legacy.");
}

TEST(GetAddressInfo, ownAndForeign_differ) {
    WalletFixture runner;
    EXPECT_EQ(runner.result("getaddressinfo", quoted(kAddress)),
              std::string{R"({"address":")"} + kAddress +
                  R"(","scriptPubKey":"00140000000000000000000000000000000000000000",)"
                  R"("ismine":false,"solvable":false,"iswatchonly":false,"isscript":false,)"
                  R"("iswitness":true,"witness_version":0,)"
                  R"("witness_program":"0000000000000000000000000000000000000000",)"
                  R"("ischange":false,"labels":[]})");
    const std::string text = runner.result("getaddressinfo", quoted(runner.address()));
    EXPECT_THAT(text, HasSubstr(R"("ismine":true,"solvable":true,"desc":"wpkh([)"));
    EXPECT_THAT(text, MatchesRegex(R"re(.*"desc":"wpkh\(\[([0-9a-f]{8})/84h/1h/0h/0/0\].*)re"
                                   R"re("pubkey":"0[23][0-9a-f]{64}",.*"timestamp":1700000090,)re"
                                   R"re("hdkeypath":"m/84h/1h/0h/0/0",)re"
                                   R"re("hdmasterfingerprint":"[0-9a-f]{8}",.*)re"));
    EXPECT_THAT(text, HasSubstr(R"("labels":[""])"));
    EXPECT_EQ(runner.call("getaddressinfo", R"(["nowhere"])").code, -5);
}

TEST(Labels, book_isListedByLabelAndPurpose) {
    WalletFixture runner;
    std::map<Script, std::string> labelled;  // the wallet lists them in the order of the scripts
    for (int i = 0; i < 2; ++i) {
        const std::string own = runner.address("x");
        labelled[runner.script_of(own)] = own;
    }
    const auto set_label = [&](const std::string& address, const std::string& label) {
        return runner.result("setlabel", "[\"" + address + "\",\"" + label + "\"]");
    };
    EXPECT_EQ(set_label(kAddress, "y"), "null");
    EXPECT_EQ(runner.result("listlabels"), R"(["x","y"])");
    EXPECT_EQ(runner.result("listlabels", R"(["send"])"), R"(["y"])");
    EXPECT_EQ(runner.result("listlabels", R"(["receive"])"), R"(["x"])");
    EXPECT_EQ(runner.result("getaddressesbylabel", R"(["x"])"),
              R"({")" + labelled.begin()->second + R"(":{"purpose":"receive"},")" +
                  labelled.rbegin()->second + R"(":{"purpose":"receive"}})");
    EXPECT_EQ(runner.result("getaddressesbylabel", R"(["y"])"),
              std::string{R"({")"} + kAddress + R"(":{"purpose":"send"}})");
    const Reply none = runner.call("getaddressesbylabel", R"(["z"])");
    EXPECT_EQ(none.code, -11);
    EXPECT_EQ(none.message, "No addresses with label z");
    EXPECT_EQ(set_label(labelled.begin()->second, "new"), "null");
    EXPECT_EQ(runner.result("getaddressesbylabel", R"(["new"])"),
              R"({")" + labelled.begin()->second + R"(":{"purpose":"receive"}})");
    EXPECT_EQ(runner.call("setlabel", R"(["nowhere","new"])").code, -5);
}

// ---- lists

TEST(ListTransactions, entries_haveBitcoindsFields) {
    WalletFixture runner{1};
    const std::string own = runner.address("tabby");
    const TransactionRef received = runner.pay(own, coins(1));
    const std::string block = runner.tip_hash().to_string();
    const std::string block_time = std::to_string(runner.block(102)->header.time);
    runner.extend();
    runner.extend();
    const std::string parent =
        runner.call("getaddressinfo", quoted(own)).result.find("parent_desc")->string();
    runner.set_time(1'800'000'000);
    runner.result("sendtoaddress", std::string{"[\""} + kAddress + "\",0.5]");
    const TransactionRef sent = runner.waiting();
    const auto& outputs = sent->outputs();
    const int position = outputs[0].script_pubkey == runner.script_of(kAddress) ? 0 : 1;
    const int64_t change = outputs[static_cast<size_t>(1 - position)].value.value();
    const std::string fee = to_string(Amount{coins(1).value() / 2 - change});
    EXPECT_EQ(runner.result("listtransactions"),
              R"([{"address":")" + own + R"(","parent_descs":[")" + parent +
                  R"("],"category":"receive","amount":1.00000000,)"
                  R"("label":"tabby","vout":1,"abandoned":false,"confirmations":3,"blockhash":")" +
                  block + R"(","blockheight":102,"blockindex":1,"blocktime":)" + block_time +
                  R"(,"txid":")" + received->txid().to_string() + R"(","wtxid":")" +
                  received->wtxid().to_string() +
                  R"(","walletconflicts":[],"mempoolconflicts":[],"time":)" + block_time +
                  R"(,"timereceived":)" + block_time +
                  R"(,"bip125-replaceable":"no"},{"address":")" + kAddress +
                  R"(","category":"send","amount":-0.50000000,"vout":)" + std::to_string(position) +
                  R"(,"fee":-)" + fee +
                  R"(,"abandoned":false,"confirmations":0,"trusted":true,"txid":")" +
                  sent->txid().to_string() + R"(","wtxid":")" + sent->wtxid().to_string() +
                  R"(","walletconflicts":[],"mempoolconflicts":[],"time":1800000000,)"
                  R"("timereceived":1800000000,"bip125-replaceable":"yes"}])");
    EXPECT_EQ(runner.call("listtransactions", R"(["tabby"])").result.array().size(), 1u);
    EXPECT_EQ(
        runner.call("listtransactions", R"(["*",1,1])").result.array()[0].find("vout")->number(),
        "1");
    EXPECT_EQ(runner.call("listtransactions", R"(["*",-1])").message, "Negative count");
    EXPECT_EQ(runner.call("listtransactions", R"(["*",1,-1])").message, "Negative from");
    EXPECT_EQ(runner.call("listtransactions", R"([""])").code, -8);
}

TEST(GetTransaction, detailsAndHex_areShown) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    const std::string txid =
        runner.call("sendtoaddress", std::string{"[\""} + kAddress + R"(",1,"c"])").result.string();
    const TransactionRef sent = runner.waiting();
    const std::string params = "[\"" + txid + "\"";
    const Json shown = runner.call("gettransaction", params + ",false,true]").result;
    EXPECT_EQ(shown.find("amount")->number(), "-1.00000000");
    EXPECT_THAT(shown.find("fee")->number(), StartsWith("-0.000"));
    EXPECT_EQ(shown.find("generated"), nullptr);
    EXPECT_EQ(shown.find("comment")->string(), "c");
    EXPECT_EQ(shown.find("details")->array()[0].find("category")->string(), "send");
    EXPECT_EQ(shown.find("hex")->string(), to_hex(sent->serialize()));
    EXPECT_EQ(shown.find("decoded")->find("txid")->string(), txid);
    EXPECT_EQ(shown.find("lastprocessedblock")->find("height")->number(), "102");
    EXPECT_EQ(runner.call("gettransaction", params + "]").result.find("decoded"), nullptr);
    const Reply unknown = runner.call("gettransaction", unknown_id());
    EXPECT_EQ(unknown.code, -5);
    EXPECT_EQ(unknown.message, "Invalid or non-wallet transaction id");
    const Json mined =
        runner.shown(runner.mine_to(runner.address())->transactions[0]->txid().to_string());
    EXPECT_TRUE(mined.find("generated")->boolean());
    EXPECT_EQ(mined.find("details")->array()[0].find("category")->string(), "immature");
}

TEST(AbandonTransaction, onlyOutsideBlocksAndMempool) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    const std::string txid =
        runner.call("sendtoaddress", std::string{"[\""} + kAddress + R"(",1])").result.string();
    EXPECT_EQ(runner.call("abandontransaction", quoted(txid)).code, -5);
    // A fortnight later it expires from the mempool.
    runner.set_time(to_unix_seconds(runner.node->now()) + 15 * 86'400);
    EXPECT_EQ(runner.node.submit(runner.node.build(std::vector<TransactionRef>{})), "");
    ASSERT_EQ(runner.node->mempool().size(), 0u);
    EXPECT_EQ(runner.result("abandontransaction", quoted(txid)), "null");
    EXPECT_TRUE(runner.shown(txid).find("details")->array()[0].find("abandoned")->boolean());
    EXPECT_EQ(runner.call("abandontransaction", unknown_id()).code, -5);
}

TEST(ListSinceBlock, lastBlockAndLabel_areChosen) {
    WalletFixture runner{2};
    runner.pay(runner.address("x"), coins(1));
    const std::string before = runner.tip_hash().to_string();
    runner.pay(runner.address("y"), coins(2));
    runner.extend();
    const auto transactions = [&](const std::string& params) {
        return runner.call("listsinceblock", params).result.find("transactions")->array();
    };
    const Json all = runner.call("listsinceblock").result;
    EXPECT_EQ(all.find("transactions")->array().size(), 2u);
    EXPECT_TRUE(all.find("removed")->array().empty());
    EXPECT_EQ(all.find("lastblock")->string(), runner.tip_hash().to_string());
    EXPECT_EQ(runner.call("listsinceblock", R"(["",3])").result.find("lastblock")->string(),
              before);
    ASSERT_EQ(transactions(R"({"label":"y"})").size(), 1u);
    EXPECT_EQ(transactions(R"({"label":"y"})")[0].find("label")->string(), "y");
    ASSERT_EQ(transactions(quoted(before)).size(), 1u);
    EXPECT_EQ(transactions(quoted(before))[0].find("label")->string(), "y");
    EXPECT_EQ(runner.call("listsinceblock", R"(["",0])").code, -8);
    EXPECT_EQ(runner.call("listsinceblock", unknown_id()).message, "Block not found");
}

TEST(ListSinceBlock, disconnectedBlocks_areListedAsRemoved) {
    WalletFixture runner{2};
    runner.pay(runner.address("x"), coins(1));
    const std::string fork = runner.tip_hash().to_string();
    runner.pay(runner.address("y"), coins(2));
    runner.extend();
    const std::string old_tip = runner.tip_hash().to_string();
    runner.result("invalidateblock", quoted(runner.block(104)->header.hash().to_string()));
    ASSERT_EQ(runner.tip_hash().to_string(), fork);
    const Json since = runner.call("listsinceblock", quoted(old_tip)).result;
    ASSERT_EQ(since.find("removed")->array().size(), 1u);
    EXPECT_EQ(since.find("removed")->array()[0].find("label")->string(), "y");
    EXPECT_EQ(since.find("lastblock")->string(), fork);
    EXPECT_EQ(
        runner.call("listsinceblock", "[\"" + old_tip + "\",1,false,false]").result.find("removed"),
        nullptr);
}

TEST(ListUnspent, coin_hasBitcoindsFields) {
    WalletFixture runner{1};
    const std::string own = runner.address("l");
    const TransactionRef received = runner.pay(own, coins(1));
    runner.extend();
    const Json info = runner.call("getaddressinfo", quoted(own)).result;
    EXPECT_EQ(runner.result("listunspent"),
              R"([{"txid":")" + received->txid().to_string() + R"(","vout":1,"address":")" + own +
                  R"(","label":"l","scriptPubKey":")" +
                  to_hex(received->outputs()[1].script_pubkey.bytes()) +
                  R"(","amount":1.00000000,"confirmations":2,"spendable":true,"solvable":true,)"
                  R"("desc":")" +
                  info.find("desc")->string() + R"(","parent_descs":[")" +
                  info.find("parent_desc")->string() + R"("],"safe":true}])");
}

TEST(ListUnspent, unconfirmedCoin_tellsWhatItsAncestorsPay) {
    WalletFixture runner{2};
    runner.announce(runner.address(), coins(1));
    const Json coins_found = runner.call("listunspent", "[0,0]").result;
    ASSERT_FALSE(coins_found.array().empty());
    for (const Json& coin : coins_found.array()) {
        EXPECT_EQ(coin.find("ancestorcount")->number(), "1");
        const Json entry =
            runner.call("getmempoolentry", quoted(coin.find("txid")->string())).result;
        EXPECT_EQ(coin.find("ancestorsize")->number(), entry.find("vsize")->number());
        EXPECT_NE(coin.find("ancestorfees"), nullptr);
    }
    for (const Json& coin : runner.call("listunspent").result.array())
        EXPECT_EQ(coin.find("ancestorcount"), nullptr);
}

TEST(ListUnspent, query_choosesCoins) {
    WalletFixture runner{4};
    const std::string address = runner.address();
    const std::string other = runner.address();
    runner.pay(address, Amount{kCoin / 4});
    runner.pay(other, coins(1));
    runner.pay(address, coins(3));
    runner.mine_to(address);
    runner.announce(address, coins(2));
    const auto amounts = [&](const std::string& params) {
        std::multiset<std::string> listed;
        const Json result = runner.call("listunspent", params).result;
        for (const Json& coin : result.array()) listed.insert(coin.find("amount")->number());
        return listed;
    };
    using Amounts = std::multiset<std::string>;
    EXPECT_EQ(amounts("[]"), (Amounts{"0.25000000", "1.00000000", "3.00000000"}));
    EXPECT_EQ(amounts("[0]"), (Amounts{"0.25000000", "1.00000000", "2.00000000", "3.00000000"}));
    EXPECT_EQ(amounts("[0,2]"), (Amounts{"2.00000000", "3.00000000"}));
    EXPECT_EQ(amounts("[4]"), (Amounts{"0.25000000"}));
    EXPECT_EQ(amounts("[1,9999999,[\"" + other + "\"]]"), (Amounts{"1.00000000"}));
    EXPECT_EQ(amounts("[0,5,[],false]"), (Amounts{"0.25000000", "1.00000000", "3.00000000"}));
    const auto chosen = [&](const std::string& options) {
        return amounts("[0,9999999,[],true," + options + "]");
    };
    EXPECT_EQ(chosen(R"({"minimumAmount":0.5})"),
              (Amounts{"1.00000000", "2.00000000", "3.00000000"}));
    EXPECT_EQ(chosen(R"({"maximumAmount":"2"})"),
              (Amounts{"0.25000000", "1.00000000", "2.00000000"}));
    EXPECT_EQ(chosen(R"({"minimumAmount":1,"minimumSumAmount":3})").contains("0.25000000"), false);
    EXPECT_EQ(chosen(R"({"minimumSumAmount":0.1})").size(), 1u);
    EXPECT_EQ(chosen(R"({"maximumCount":3})").size(), 3u);
    EXPECT_EQ(chosen(R"({"include_immature_coinbase":true})").count("50.00000000"), 1u);
    const std::string quoted_address = "\"" + address + "\"";
    EXPECT_EQ(runner.call("listunspent", R"([0,5,["x"]])").code, -5);
    EXPECT_EQ(
        runner.call("listunspent", "[0,5,[" + quoted_address + "," + quoted_address + "]]").code,
        -8);
    EXPECT_EQ(runner.call("listunspent", R"([0,5,[],true,{"x":1}])").message, "Unexpected key x");
    EXPECT_THAT(runner.call("listunspent", R"([0,5,[],true,{"maximumCount":"1"}])").message,
                HasSubstr("maximumCount"));
}

TEST(Received, amounts_areSummedByAddress) {
    WalletFixture runner{3};
    const std::string first = runner.address("l");
    const std::string second = runner.address();
    const TransactionRef early = runner.pay(first, Amount{kCoin / 4});
    const TransactionRef late = runner.pay(first, Amount{3 * kCoin / 4});
    runner.pay(second, Amount{5});
    runner.extend();
    EXPECT_EQ(runner.result("getreceivedbyaddress", quoted(first)), "1.00000000");
    EXPECT_EQ(runner.result("getreceivedbyaddress", "[\"" + first + "\",4]"), "0.25000000");
    EXPECT_EQ(runner.call("listreceivedbyaddress").result.array().size(), 2u);
    EXPECT_EQ(runner.call("listreceivedbyaddress", "[4]").result.array().size(), 1u);
    EXPECT_EQ(runner.result("listreceivedbyaddress", "[1,false,false,\"" + first + "\"]"),
              R"([{"address":")" + first +
                  R"(","amount":1.00000000,"confirmations":3,"label":"l","txids":[")" +
                  early->txid().to_string() + "\",\"" + late->txid().to_string() + "\"]}]");
    runner.address();
    EXPECT_EQ(runner.call("listreceivedbyaddress", "[1,true]").result.array().size(), 3u);
    EXPECT_EQ(runner.call("getreceivedbyaddress", quoted(kAddress)).message,
              "Address not found in wallet");
}

}  // namespace
}  // namespace parley::rpc::test
