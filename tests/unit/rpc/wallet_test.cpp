// Wallet methods: which wallet is meant, what is asked of it, and how its answers are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

WalletTxDetail send_detail() {
    WalletTxDetail detail;
    detail.category = WalletTxDetail::Category::send;
    detail.script = p2wpkh_script({});
    detail.amount = Amount{-kCoin};
    detail.fee = Amount{-282};
    return detail;
}

WalletTxDetail receive_detail(const std::string& label) {
    WalletTxDetail detail;
    detail.script = p2wpkh_script({});
    detail.amount = Amount{kCoin};
    detail.output = 1;
    detail.label = label;
    detail.parent_descriptors = {"wpkh(x)#y"};
    return detail;
}

// ---- which wallet

TEST(WalletChoice, onlyLoadedWallet_isMeant) {
    WalletRunner runner;
    runner.wallet().balance.trusted = Amount{5};
    EXPECT_EQ(runner.result("getbalance"), "0.00000005");
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/w"), "0.00000005");
    const Reply absent = runner.call("getbalance", "[]", "/wallet/none");
    EXPECT_EQ(absent.code, -18);
    EXPECT_EQ(absent.message, "Requested wallet does not exist or is not loaded");
}

TEST(WalletChoice, noneOrSeveral_areErrors) {
    Runner runner;
    const Reply none = runner.call("getbalance");
    EXPECT_EQ(none.code, -18);
    EXPECT_THAT(none.message, StartsWith("No wallet is loaded. Load a wallet using loadwallet"));
    runner.node.wallets["a"].balance.trusted = Amount{1};
    runner.node.wallets["b c/d"].balance.trusted = Amount{2};
    const Reply several = runner.call("getbalance");
    EXPECT_EQ(several.code, -19);
    EXPECT_THAT(several.message, StartsWith("Multiple wallets are loaded."));
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/b%20c%2Fd"), "0.00000002");
    EXPECT_EQ(runner.call("getbalance", "[]", "/wallet/b%2").code, -18);
    runner.node.wallets[""].balance.trusted = Amount{3};
    EXPECT_EQ(runner.result("getbalance", "[]", "/wallet/"), "0.00000003");
}

TEST(WalletChoice, switchedOff_hasNoMethods) {
    WalletRunner runner;
    runner.node.wallets_on = false;
    for (const char* method : {"getbalance", "listwallets", "listwalletdir"})
        EXPECT_EQ(runner.call(method).code, -32601) << method;
    EXPECT_EQ(runner.call("createwallet", R"(["x"])").code, -32601);
}

// ---- wallets as wholes

TEST(CreateWallet, options_arePassedOn) {
    Runner runner;
    EXPECT_EQ(runner.result("createwallet", R"(["new",true,true,"",true,true,false])"),
              R"({"name":"new"})");
    const WalletCreation& asked = runner.node.creation_asked;
    EXPECT_FALSE(asked.private_keys);
    EXPECT_TRUE(asked.blank);
    EXPECT_TRUE(asked.avoid_reuse);
    EXPECT_EQ(asked.load_on_startup, false);
    EXPECT_EQ(runner.call("createwallet", R"(["new"])").code, -4);
    EXPECT_THAT(runner.call("createwallet", R"(["p",false,false,"secret"])").message,
                HasSubstr("passphrase"));
    EXPECT_EQ(runner.call("createwallet", R"({"wallet_name":"l","descriptors":false})").code, -4);
    EXPECT_EQ(runner.call("createwallet", R"({"wallet_name":"l","external_signer":true})").code,
              -4);
    EXPECT_EQ(runner.result("listwallets"), R"(["new"])");
}

TEST(LoadWallet, warnings_areShown) {
    Runner runner;
    EXPECT_EQ(runner.result("loadwallet", R"(["old"])"),
              R"({"name":"old","warnings":["a warning"]})");
    EXPECT_EQ(runner.call("loadwallet", R"(["old"])").code, -35);
    EXPECT_EQ(runner.result("listwalletdir"),
              R"({"wallets":[{"name":"old","warnings":[]},{"name":"w","warnings":[]}]})");
}

TEST(UnloadWallet, pathOrName_butNotTwoDifferent) {
    WalletRunner runner;
    EXPECT_EQ(runner.call("unloadwallet").code, -8);
    EXPECT_EQ(runner.call("unloadwallet", R"(["x"])", "/wallet/w").code, -8);
    EXPECT_EQ(runner.result("unloadwallet", "[]", "/wallet/w"), "{}");
    EXPECT_EQ(runner.call("unloadwallet", R"(["w"])").code, -18);
}

TEST(GetWalletInfo, fields_matchBitcoind) {
    WalletRunner runner;
    WalletSummary& info = runner.wallet().info;
    info.transactions = 4;
    info.keypool_receive = info.keypool_change = 100;
    info.birth_time = 1'700'000'000;
    info.last_block_height = Height{9};
    EXPECT_EQ(runner.result("getwalletinfo"),
              R"({"walletname":"w","walletversion":169900,"format":"leveldb","txcount":4,)"
              R"("keypoolsize":100,"keypoolsize_hd_internal":100,"private_keys_enabled":true,)"
              R"("avoid_reuse":false,"scanning":false,"descriptors":true,"external_signer":false,)"
              R"("blank":false,"birthtime":1700000000,"flags":["descriptor_wallet"],)"
              R"("lastprocessedblock":{"hash":")" +
                  std::string(64, '0') + R"(","height":9}})");
}

TEST(GetBalances, kinds_areSeparate) {
    WalletRunner runner;
    runner.wallet().balance = {Amount{1}, Amount{2}, Amount{3}};
    EXPECT_THAT(runner.result("getbalances"),
                StartsWith(R"({"mine":{"trusted":0.00000001,"untrusted_pending":0.00000002,)"
                           R"("immature":0.00000003},"lastprocessedblock":{)"));
    EXPECT_EQ(runner.result("getbalance", R"(["*",6])"), "0.00000001");
    EXPECT_EQ(runner.wallet().confirmations_asked, 6);
    EXPECT_EQ(runner.call("getbalance", R"(["label"])").code, -32);
}

// ---- addresses

TEST(GetNewAddress, labelAndType_arePassedOn) {
    WalletRunner runner;
    runner.wallet().next_address = kAddress;
    EXPECT_EQ(runner.result("getnewaddress", R"(["tabby","bech32"])"),
              "\"" + std::string{kAddress} + "\"");
    EXPECT_EQ(runner.wallet().label_asked, "tabby");
    EXPECT_EQ(runner.wallet().type_asked, "bech32");
    EXPECT_EQ(runner.wallet().use_asked, WalletControl::AddressFor::receive);
    runner.result("getrawchangeaddress");
    EXPECT_EQ(runner.wallet().use_asked, WalletControl::AddressFor::change);
    EXPECT_EQ(runner.call("getnewaddress", R"(["*"])").code, -11);
    const Reply type = runner.call("getnewaddress", R"(["","p2pk"])");
    EXPECT_EQ(type.code, -5);
    EXPECT_EQ(type.message, "Unknown address type 'p2pk'");
}

TEST(GetAddressInfo, ownAndForeign_differ) {
    WalletRunner runner;
    const std::string params = std::string{"[\""} + kAddress + "\"]";
    EXPECT_EQ(runner.result("getaddressinfo", params),
              std::string{R"({"address":")"} + kAddress +
                  R"(","scriptPubKey":"00140000000000000000000000000000000000000000",)"
                  R"("ismine":false,"solvable":false,"iswatchonly":false,"isscript":false,)"
                  R"("iswitness":true,"witness_version":0,)"
                  R"("witness_program":"0000000000000000000000000000000000000000",)"
                  R"("ischange":false,"labels":[]})");
    WalletAddress& own = runner.wallet().addresses[p2wpkh_script({})];
    own.mine = own.solvable = true;
    own.descriptor = "wpkh(a)#b";
    own.public_key = Bytes(33, 2);
    own.timestamp = 5;
    own.hd_key_path = "m/84h/1h/0h/0/0";
    own.hd_master_fingerprint = "01020304";
    own.label = "";
    const std::string text = runner.result("getaddressinfo", params);
    EXPECT_THAT(text, HasSubstr(R"("ismine":true,"solvable":true,"desc":"wpkh(a)#b")"));
    EXPECT_THAT(text, HasSubstr(R"("timestamp":5,"hdkeypath":"m/84h/1h/0h/0/0",)"));
    EXPECT_THAT(text, HasSubstr(R"("labels":[""])"));
    EXPECT_EQ(runner.call("getaddressinfo", R"(["nowhere"])").code, -5);
}

TEST(Labels, book_isListedByLabelAndPurpose) {
    WalletRunner runner;
    runner.wallet().book = {{"a1", "x", false}, {"a2", "y", true}, {"a3", "x", false}};
    EXPECT_EQ(runner.result("listlabels"), R"(["x","y"])");
    EXPECT_EQ(runner.result("listlabels", R"(["send"])"), R"(["y"])");
    EXPECT_EQ(runner.result("getaddressesbylabel", R"(["x"])"),
              R"({"a1":{"purpose":"receive"},"a3":{"purpose":"receive"}})");
    const Reply none = runner.call("getaddressesbylabel", R"(["z"])");
    EXPECT_EQ(none.code, -11);
    EXPECT_EQ(none.message, "No addresses with label z");
    EXPECT_EQ(runner.result("setlabel", std::string{"[\""} + kAddress + "\",\"new\"]"), "null");
    EXPECT_EQ(runner.wallet().book.back().label, "new");
    EXPECT_EQ(runner.call("setlabel", R"(["nowhere","new"])").code, -5);
}

// ---- lists

TEST(ListTransactions, entries_haveBitcoindsFields) {
    WalletRunner runner;
    const TransactionRef transaction = simple_transaction(1);
    runner.wallet().listed = {{receive_detail("tabby"), confirmed_tx(transaction)},
                              {send_detail(), confirmed_tx(transaction)}};
    runner.wallet().listed[1].transaction.block.reset();
    runner.wallet().listed[1].transaction.confirmations = 0;
    runner.wallet().listed[1].transaction.trusted = true;
    runner.wallet().listed[1].transaction.replaceable = true;
    const std::string txid = transaction->txid().to_string();
    const std::string address{kAddress};
    EXPECT_EQ(runner.result("listtransactions"),
              R"([{"address":")" + address +
                  R"(","parent_descs":["wpkh(x)#y"],"category":"receive","amount":1.00000000,)"
                  R"("label":"tabby","vout":1,"abandoned":false,"confirmations":3,"blockhash":")" +
                  std::string(64, '0') +
                  R"(","blockheight":7,"blockindex":1,"blocktime":1700000000,"txid":")" + txid +
                  R"(","wtxid":")" + txid +
                  R"(","walletconflicts":[],"mempoolconflicts":[],"time":1700000001,)"
                  R"("timereceived":1700000002,"bip125-replaceable":"no"},{"address":")" +
                  address +
                  R"(","category":"send","amount":-1.00000000,"vout":0,"fee":-0.00000282,)"
                  R"("abandoned":false,"confirmations":0,"trusted":true,"txid":")" +
                  txid + R"(","wtxid":")" + txid +
                  R"(","walletconflicts":[],"mempoolconflicts":[],"time":1700000001,)"
                  R"("timereceived":1700000002,"bip125-replaceable":"yes"}])");
    EXPECT_EQ(runner.call("listtransactions", R"(["tabby"])").result.array().size(), 1u);
    EXPECT_EQ(
        runner.call("listtransactions", R"(["*",1,1])").result.array()[0].find("vout")->number(),
        "1");
    EXPECT_EQ(runner.call("listtransactions", R"(["*",-1])").message, "Negative count");
    EXPECT_EQ(runner.call("listtransactions", R"(["*",1,-1])").message, "Negative from");
    EXPECT_EQ(runner.call("listtransactions", R"([""])").code, -8);
}

TEST(GetTransaction, detailsAndHex_areShown) {
    WalletRunner runner;
    const TransactionRef transaction = simple_transaction(1);
    WalletTxView& view = runner.wallet().views[transaction->txid()];
    view.transaction = confirmed_tx(transaction);
    view.transaction.generated = true;
    view.transaction.comment = "c";
    view.amount = Amount{-kCoin};
    view.fee = Amount{-282};
    view.details = {send_detail()};
    const std::string params = "[\"" + transaction->txid().to_string() + "\"";
    const Json shown = runner.call("gettransaction", params + ",false,true]").result;
    EXPECT_EQ(shown.find("amount")->number(), "-1.00000000");
    EXPECT_EQ(shown.find("fee")->number(), "-0.00000282");
    EXPECT_TRUE(shown.find("generated")->boolean());
    EXPECT_EQ(shown.find("comment")->string(), "c");
    EXPECT_EQ(shown.find("details")->array()[0].find("category")->string(), "send");
    EXPECT_EQ(shown.find("hex")->string(), to_hex(transaction->serialize()));
    EXPECT_EQ(shown.find("decoded")->find("txid")->string(), transaction->txid().to_string());
    EXPECT_EQ(runner.call("gettransaction", params + "]").result.find("decoded"), nullptr);
    const Reply unknown = runner.call("gettransaction", "[\"" + std::string(64, '1') + "\"]");
    EXPECT_EQ(unknown.code, -5);
    EXPECT_EQ(unknown.message, "Invalid or non-wallet transaction id");
    EXPECT_EQ(runner.result("abandontransaction", params + "]"), "null");
    EXPECT_EQ(runner.call("abandontransaction", "[\"" + std::string(64, '1') + "\"]").code, -5);
}

TEST(ListSinceBlock, lastBlockAndLabel_areChosen) {
    WalletRunner runner;
    for (int i = 0; i < 3; ++i) runner.node.extend();
    runner.wallet().listed = {{receive_detail("x"), confirmed_tx(simple_transaction(1))},
                              {receive_detail("y"), confirmed_tx(simple_transaction(2))}};
    const Json all = runner.call("listsinceblock").result;
    EXPECT_EQ(all.find("transactions")->array().size(), 2u);
    EXPECT_TRUE(all.find("removed")->array().empty());
    EXPECT_EQ(all.find("lastblock")->string(), runner.node.tip_hash().to_string());
    EXPECT_EQ(runner.call("listsinceblock", R"(["",3])").result.find("lastblock")->string(),
              runner.node.blocks[1]->header.hash().to_string());
    EXPECT_EQ(runner.call("listsinceblock", R"({"label":"y"})")
                  .result.find("transactions")
                  ->array()
                  .size(),
              1u);
    EXPECT_EQ(runner.call("listsinceblock", R"(["",0])").code, -8);
    EXPECT_EQ(runner.call("listsinceblock", "[\"" + std::string(64, '1') + "\"]").message,
              "Block not found");
}

TEST(ListUnspent, query_isPassedOn) {
    WalletRunner runner;
    WalletUnspent coin;
    coin.outpoint.index = 4;
    coin.output = {Amount{kCoin}, p2wpkh_script({})};
    coin.confirmations = 2;
    coin.label = "l";
    coin.descriptor = "wpkh(a)#b";
    runner.wallet().coins = {coin};
    EXPECT_EQ(runner.result("listunspent"),
              R"([{"txid":")" + std::string(64, '0') + R"(","vout":4,"address":")" + kAddress +
                  R"(","label":"l","scriptPubKey":"00140000000000000000000000000000000000000000",)"
                  R"("amount":1.00000000,"confirmations":2,"spendable":true,"solvable":true,)"
                  R"("desc":"wpkh(a)#b","parent_descs":[],"safe":true}])");
    EXPECT_EQ(runner.wallet().unspent_query.confirmations_min, 1);
    const std::string address = "\"" + std::string{kAddress} + "\"";
    runner.result("listunspent", "[0,5,[" + address +
                                     "],false,{\"minimumAmount\":0.5,\"maximumAmount\":\"2\","
                                     "\"minimumSumAmount\":3,\"maximumCount\":7,"
                                     "\"include_immature_coinbase\":true}]");
    const WalletUnspentQuery& query = runner.wallet().unspent_query;
    EXPECT_EQ(query.confirmations_min, 0);
    EXPECT_EQ(query.confirmations_max, 5);
    EXPECT_EQ(query.scripts, std::vector<Script>{p2wpkh_script({})});
    EXPECT_FALSE(query.include_unsafe);
    EXPECT_TRUE(query.include_immature);
    EXPECT_EQ(query.amount_min, Amount{kCoin / 2});
    EXPECT_EQ(query.amount_max, coins(2));
    EXPECT_EQ(query.sum_min, coins(3));
    EXPECT_EQ(query.count_max, 7u);
    EXPECT_EQ(runner.call("listunspent", R"([0,5,["x"]])").code, -5);
    EXPECT_EQ(runner.call("listunspent", "[0,5,[" + address + "," + address + "]]").code, -8);
    EXPECT_EQ(runner.call("listunspent", R"([0,5,[],true,{"x":1}])").message, "Unexpected key x");
    EXPECT_THAT(runner.call("listunspent", R"([0,5,[],true,{"maximumCount":"1"}])").message,
                HasSubstr("maximumCount"));
}

TEST(Received, amounts_areSummedByAddress) {
    WalletRunner runner;
    runner.wallet().received_entries = {{kAddress, "l", Amount{kCoin}, 3, {Txid{}}},
                                        {"other", "", Amount{5}, 1, {}}};
    runner.wallet().addresses[p2wpkh_script({})].mine = true;
    const std::string address = "[\"" + std::string{kAddress} + "\"]";
    EXPECT_EQ(runner.result("getreceivedbyaddress", address), "1.00000000");
    EXPECT_EQ(runner.call("listreceivedbyaddress").result.array().size(), 2u);
    EXPECT_EQ(
        runner.result("listreceivedbyaddress", "[1,false,false,\"" + std::string{kAddress} + "\"]"),
        R"([{"address":")" + std::string{kAddress} +
            R"(","amount":1.00000000,"confirmations":3,"label":"l","txids":[")" +
            std::string(64, '0') + "\"]}]");
    runner.wallet().addresses.clear();
    EXPECT_EQ(runner.call("getreceivedbyaddress", address).message, "Address not found in wallet");
}

}  // namespace
}  // namespace parley::rpc::test
