// Paying and signing with a wallet, its descriptors, rescans and locked coins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "rpc/json/transaction_text.h"
#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kOther = "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8";

/// What the transaction pays to this script; fails the test if it is not one output.
Amount paid_to(const Transaction& transaction, const Script& script) {
    Amount sum{0};
    int count = 0;
    for (const TxOutput& output : transaction.outputs()) {
        if (output.script_pubkey != script) continue;
        sum += output.value;
        ++count;
    }
    EXPECT_EQ(count, 1);
    return sum;
}

Amount fee_of(const WalletFixture& runner, const Transaction& transaction) {
    return runner.node->mempool().find(transaction.txid())->fee;
}

/// The wallet reckons with signatures of the greatest size.
void expect_rate(Amount fee, FeeRate rate, int64_t virtual_size) {
    EXPECT_GE(fee, fee_for(rate, virtual_size));
    EXPECT_LE(fee, fee_for(rate, virtual_size + 2));
}

TEST(SendToAddress, request_isCarriedOut) {
    WalletFixture runner{2};
    runner.pay(runner.address(), coins(3));
    const std::string txid = runner
                                 .call("sendtoaddress", std::string{"[\""} + kAddress +
                                                            R"(",0.1,"why","who",true,false])")
                                 .result.string();
    const TransactionRef sent = runner.waiting();
    EXPECT_EQ(txid, sent->txid().to_string());
    const Amount fee = fee_of(runner, *sent);
    EXPECT_EQ(paid_to(*sent, runner.script_of(kAddress)).value(), 10'000'000 - fee.value());
    expect_rate(fee, FeeRate{100}, sent->virtual_size());  // the node's minimum
    const Json shown = runner.shown(txid);
    EXPECT_EQ(shown.find("bip125-replaceable")->string(), "no");
    EXPECT_EQ(shown.find("comment")->string(), "why");
    EXPECT_EQ(shown.find("to")->string(), "who");
    runner.extend({sent});
    const Json verbose =
        runner
            .call("sendtoaddress", std::string{R"({"address":")"} + kAddress +
                                       R"(","amount":"1","fee_rate":1.125,"verbose":true})")
            .result;
    const TransactionRef second = runner.waiting();
    EXPECT_EQ(verbose.find("txid")->string(), second->txid().to_string());
    EXPECT_EQ(verbose.find("fee_reason")->string(), "User specified");
    EXPECT_EQ(paid_to(*second, runner.script_of(kAddress)), coins(1));
    expect_rate(fee_of(runner, *second), FeeRate{1'125}, second->virtual_size());
    EXPECT_EQ(runner.shown(second->txid().to_string()).find("bip125-replaceable")->string(), "yes");
}

TEST(SendToAddress, mistakes_areExplained) {
    WalletFixture runner;
    const auto error = [&](const std::string& rest, const std::string& wallet = "w") {
        const Reply reply = runner.call(
            "sendtoaddress", std::string{R"({"address":")"} + kAddress + "\"," + rest + "}",
            "/wallet/" + wallet);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error(R"("amount":"x")"), "-3 Invalid amount");
    EXPECT_EQ(error(R"("amount":-1)"), "-3 Amount out of range");
    EXPECT_EQ(error(R"("amount":1,"fee_rate":1.1234)"), "-3 Invalid amount");
    EXPECT_THAT(error(R"("amount":1,"fee_rate":1,"conf_target":6)"),
                StartsWith("-8 Cannot specify both conf_target and fee_rate."));
    EXPECT_EQ(error(R"("amount":1,"conf_target":0)"),
              "-8 Invalid conf_target, must be between 1 and 1008");
    EXPECT_EQ(error(R"("amount":1,"estimate_mode":"economic")"),
              "-8 Invalid estimate_mode parameter, must be one of: \"unset\", \"economical\", "
              "\"conservative\"");
    EXPECT_EQ(error(R"("amount":1,"estimate_mode":"economical","fee_rate":1)"),
              "-8 Cannot specify both estimate_mode and fee_rate");
    EXPECT_EQ(error(R"("amount":1,"estimate_mode":"ECONOMICAL")"), "-6 Insufficient funds");
    EXPECT_EQ(error(R"("amount":1,"avoid_reuse":true)"),
              "-4 wallet does not have the \"avoid reuse\" feature enabled");
    EXPECT_EQ(runner.call("sendtoaddress", R"(["nowhere",1])").code, -5);
    EXPECT_EQ(error(R"("amount":1)"), "-6 Insufficient funds");
    runner.result("createwallet", R"(["watch",true])");
    EXPECT_EQ(error(R"("amount":1)", "watch"),
              "-4 Error: Private keys are disabled for this wallet");
}

TEST(SendMany, recipients_shareTheFeeAsAsked) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(10));
    const std::string other{kOther};
    const std::string amounts = R"({")" + std::string{kAddress} + R"(":1,")" + other + R"(":2})";
    const std::string txid =
        runner.call("sendmany", "[\"\"," + amounts + ",0,\"c\",[\"" + other + "\"]]")
            .result.string();
    const TransactionRef sent = runner.waiting();
    EXPECT_EQ(txid, sent->txid().to_string());
    EXPECT_EQ(paid_to(*sent, runner.script_of(kAddress)), coins(1));
    EXPECT_EQ(paid_to(*sent, runner.script_of(other)).value(),
              coins(2).value() - fee_of(runner, *sent).value());
    EXPECT_EQ(runner.shown(txid).find("comment")->string(), "c");
    EXPECT_EQ(runner.call("sendmany", "[\"x\"," + amounts + "]").code, -8);
    EXPECT_EQ(runner.call("sendmany", R"(["",{}])").code, -6);
    const std::pair<const char*, const char*> mistakes[] = {
        {"[5]", "position too large: 5"},
        {"[-1]", "negative position: -1"},
        {"[1,0,1]", "duplicated position: 1"},
        {"[true]", "invalid value type: bool"},
        {R"(["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"])",
         "destination mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn not found in tx outputs"},
    };
    for (const auto& [from, problem] : mistakes) {
        const Reply reply = runner.call("sendmany", "[\"\"," + amounts + ",0,\"\"," + from + "]");
        EXPECT_EQ(reply.code, -8) << from;
        EXPECT_EQ(reply.message,
                  std::string{"Invalid parameter 'subtract fee from output', "} + problem);
    }
    // By name and by position, it is the same one.
    EXPECT_EQ(runner.call("sendmany", "[\"\"," + amounts + ",0,\"\",[1,\"" + other + "\"]]").code,
              -8);
    EXPECT_EQ(runner.node->mempool().size(), 1u);
}

TEST(FundRawTransaction, coinsAndChange_areAdded) {
    WalletFixture runner{2};
    const TransactionRef received = runner.pay(runner.address(), coins(1));
    // Without inputs, as createrawtransaction makes it.
    const std::string hex =
        runner.call("createrawtransaction", std::string{"[[],{\""} + kAddress + "\":1}]")
            .result.string();
    const auto fund = [&](const std::string& options) {
        return runner.call("fundrawtransaction", "[\"" + hex + "\"," + options + "]");
    };
    // The only coin is spent without a rest.
    const Json exact = fund(R"({"subtractFeeFromOutputs":[0]})").result;
    EXPECT_EQ(exact.find("changepos")->number(), "-1");
    const auto all = decode_transaction_hex(exact.find("hex")->string());
    ASSERT_TRUE(all);
    ASSERT_EQ(all->inputs.size(), 1u);
    EXPECT_EQ(all->inputs[0].prevout, (OutPoint{received->txid(), 1}));
    EXPECT_EQ(exact.find("fee")->number(), "0.00000011");  // 110 bytes, 0.1 satoshi each
    EXPECT_EQ(all->outputs[0].value, Amount{kCoin - 11});
    EXPECT_EQ(fund("{}").message, "Insufficient funds");
    EXPECT_EQ(fund("{}").code, -4);
    EXPECT_EQ(fund(R"({"add_inputs":false})").code, -4);
    EXPECT_EQ(fund(R"({"subtractFeeFromOutputs":[0],"minconf":9})").code, -4);
    EXPECT_EQ(runner.result("listlockunspent"), "[]");

    runner.pay(runner.address(), coins(3));
    const Json funded = fund(std::string{R"({"feeRate":0.0001,"changePosition":1,)"
                                         R"("lockUnspents":true,"changeAddress":")"} +
                             kOther + R"(","add_inputs":true,"replaceable":false})")
                            .result;
    EXPECT_EQ(funded.find("changepos")->number(), "1");
    const auto data = decode_transaction_hex(funded.find("hex")->string());
    ASSERT_TRUE(data);
    ASSERT_EQ(data->outputs.size(), 2u);
    EXPECT_EQ(data->outputs[0].value, coins(1));
    EXPECT_EQ(data->outputs[1].script_pubkey, runner.script_of(kOther));
    const std::string signed_hex =
        runner.call("signrawtransactionwithwallet", quoted(funded.find("hex")->string()))
            .result.find("hex")
            ->string();
    const TransactionRef complete = make_transaction(*decode_transaction_hex(signed_hex));
    EXPECT_GT(complete->inputs()[0].sequence, 0xfffffffdu);
    ASSERT_TRUE(runner.node.send(complete));
    expect_rate(fee_of(runner, *complete), FeeRate{10'000}, complete->virtual_size());
    EXPECT_EQ(runner.call("listlockunspent").result.array().size(), data->inputs.size());
}

TEST(FundRawTransaction, mistakes_areRefused) {
    WalletFixture runner;
    const std::string hex =
        runner.call("createrawtransaction", std::string{"[[],{\""} + kAddress + "\":1}]")
            .result.string();
    const auto code = [&](const std::string& options) {
        return runner.call("fundrawtransaction", "[\"" + hex + "\"," + options + "]").code;
    };
    EXPECT_EQ(code(R"({"changePosition":2})"), -8);
    EXPECT_EQ(code(R"({"subtractFeeFromOutputs":[1]})"), -8);
    EXPECT_EQ(code(R"({"changeAddress":"x"})"), -5);
    for (const char* conflict :
         {R"("feeRate":0.1,"fee_rate":1)", R"("feeRate":0.1,"conf_target":6)",
          R"("feeRate":0.1,"estimate_mode":"unset")", R"("fee_rate":1,"conf_target":6)",
          R"("minconf":3,"maxconf":2)", R"("minconf":-1)", R"("subtractFeeFromOutputs":[0,0])",
          R"("subtractFeeFromOutputs":[-1])", R"("estimate_mode":"economic")",
          R"("changePosition":-2)"})
        EXPECT_EQ(code("{" + std::string{conflict} + "}"), -8) << conflict;
    EXPECT_EQ(code(std::string{R"({"change_type":"legacy","changeAddress":")"} + kAddress + "\"}"),
              -8);
    EXPECT_EQ(code(R"({"input_weights":[{"vout":0}]})"), -3);
    EXPECT_EQ(code(R"({"change_type":"luck"})"), -5);
    EXPECT_EQ(code(R"({"max_tx_weight":1})"), -4);
    EXPECT_EQ(code(R"({"solving_data":{"pubkeys":["xyz"]}})"), -5);
    EXPECT_EQ(code(R"({"nothing":1})"), -3);
    EXPECT_EQ(runner.call("fundrawtransaction", R"(["00"])").code, -22);
}

TEST(FundRawTransaction, weightLimit_namesWhatDoesNotFit) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    std::string outputs;
    for (const char* amount : {"0.1", "0.2", "0.3"})
        outputs += (outputs.empty() ? "{\"" : ",{\"") + runner.address() + "\":" + amount + "}";
    const std::string hex =
        runner.call("createrawtransaction", "[[],[" + outputs + "]]").result.string();
    const auto fund = [&](int weight) {
        return runner.call("fundrawtransaction",
                           "[\"" + hex + "\",{\"max_tx_weight\":" + std::to_string(weight) + "}]");
    };
    constexpr int kWithoutInputs = 4 * (10 + 1 + 3 * 31);
    EXPECT_EQ(fund(kWithoutInputs).message,
              "Maximum transaction weight is less than transaction weight without inputs");
    EXPECT_EQ(fund(kWithoutInputs + 4).message,
              "Maximum transaction weight is too low, can not accommodate change output");
    EXPECT_THAT(fund(kWithoutInputs + 4 * 31).message,
                StartsWith("The inputs size exceeds the maximum weight"));
    EXPECT_EQ(fund(2'000).code, 0);
}

TEST(FundRawTransaction, choicesAboutInputsAndChange_haveEffect) {
    WalletFixture runner{2};
    runner.pay(runner.address(), coins(2));
    const std::string hex =
        runner.call("createrawtransaction", std::string{"[[],{\""} + kAddress + "\":1}]")
            .result.string();
    const auto fund = [&](const std::string& options) {
        return runner.call("fundrawtransaction", "[\"" + hex + "\"," + options + "]").result;
    };
    const auto change_of = [](const Json& funded) {
        const auto data = decode_transaction_hex(funded.find("hex")->string());
        return data->outputs.at(std::stoul(funded.find("changepos")->number())).script_pubkey;
    };
    const Json legacy = fund(R"({"change_type":"legacy","changePosition":-1})");
    EXPECT_EQ(change_of(legacy).size(), 25u);
    EXPECT_EQ(change_of(fund("{}")).size(), 22u);
    // Whoever funds by hand may pay nothing.
    EXPECT_EQ(fund(R"({"fee_rate":0})").find("fee")->number(), "0.00000000");
    const auto data = decode_transaction_hex(legacy.find("hex")->string());
    const std::string heavy = R"([{"txid":")" + data->inputs[0].prevout.txid.to_string() +
                              R"(","vout":)" + std::to_string(data->inputs[0].prevout.index) +
                              R"(,"weight":4272}])";
    const auto fee = [&](const std::string& options) {
        return parse_amount(fund(options).find("fee")->number())->value();
    };
    EXPECT_EQ(fee(R"({"fee_rate":1,"input_weights":)" + heavy + "}") - fee(R"({"fee_rate":1})"),
              1'000);
    EXPECT_EQ(runner
                  .call("fundrawtransaction", "[\"" + hex + R"(",{"max_tx_weight":4000,)" +
                                                  R"("input_weights":)" + heavy + "}]")
                  .code,
              -4);
}

TEST(BumpFee, optionsAreCheckedAndHaveEffect) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    runner.result("sendtoaddress",
                  std::string{R"({"address":")"} + kAddress + R"(","amount":1,"fee_rate":2})");
    const std::string txid = runner.waiting()->txid().to_string();
    const auto bump = [&](const std::string& options) {
        return runner.call("bumpfee", "[\"" + txid + "\"," + options + "]");
    };
    EXPECT_EQ(bump(R"({"estimate_mode":"economic"})").code, -8);
    EXPECT_EQ(bump(R"({"fee_rate":5,"conf_target":2})").code, -8);
    EXPECT_EQ(bump(R"({"outputs":[]})").code, -8);
    EXPECT_EQ(bump(R"({"original_change_index":2})").message, "Change position is out of range");
    EXPECT_EQ(
        bump(std::string{R"({"original_change_index":0,"outputs":[{")"} + kOther + "\":1}]}").code,
        -8);
    EXPECT_EQ(bump(R"({"nothing":1})").code, -3);
    ASSERT_EQ(runner.waiting()->txid().to_string(), txid) << "nothing was replaced so far";
    const Reply bumped =
        bump(std::string{R"({"replaceable":false,"outputs":[{")"} + kOther + R"(":0.5}]})");
    ASSERT_EQ(bumped.code, 0) << bumped.message;
    const TransactionRef replacement = runner.waiting();
    EXPECT_EQ(paid_to(*replacement, runner.script_of(kOther)), Amount{kCoin / 2});
    for (const TxOutput& output : replacement->outputs())
        EXPECT_NE(output.script_pubkey, runner.script_of(kAddress));
    EXPECT_GT(replacement->inputs()[0].sequence, 0xfffffffdu);
}

TEST(BumpFee, replacement_paysTheRate) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    EXPECT_EQ(runner.call("bumpfee", quoted(std::string(64, '1'))).code, -5);
    runner.result("sendtoaddress",
                  std::string{R"({"address":")"} + kAddress + R"(","amount":1,"fee_rate":2})");
    const TransactionRef original = runner.waiting();
    const Amount original_fee = fee_of(runner, *original);
    const std::string params = "[\"" + original->txid().to_string() + "\"";
    const std::string bumped = runner.result("bumpfee", params + R"(,{"fee_rate":5}])");
    const TransactionRef replacement = runner.waiting();
    const Amount fee = fee_of(runner, *replacement);
    EXPECT_EQ(bumped, R"({"txid":")" + replacement->txid().to_string() + R"(","origfee":)" +
                          to_string(original_fee) + R"(,"fee":)" + to_string(fee) +
                          R"(,"errors":[]})");
    EXPECT_EQ(paid_to(*replacement, runner.script_of(kAddress)), coins(1));
    expect_rate(fee, FeeRate{5'000}, replacement->virtual_size());
    const Json old = runner.shown(original->txid().to_string());
    EXPECT_EQ(old.find("replaced_by_txid")->string(), replacement->txid().to_string());
    EXPECT_EQ(runner.call("bumpfee", params + "]").code, -4);
}

TEST(SignRawTransactionWithWallet, outputsOfTheWallet_areUsed) {
    WalletFixture runner;
    const BlockRef block = runner.mine_to(runner.address());
    runner.result("invalidateblock", quoted(runner.tip_hash().to_string()));
    // Only the wallet knows the coinbase now.
    const std::string spend =
        runner
            .call("createrawtransaction", R"([[{"txid":")" +
                                              block->transactions[0]->txid().to_string() +
                                              R"(","vout":0}],{")" + kAddress + R"(":49}])")
            .result.string();
    const Json all = runner.call("signrawtransactionwithwallet", quoted(spend)).result;
    EXPECT_TRUE(all.find("complete")->boolean());
    const auto sighash_type = [](const Json& result) {
        return decode_transaction_hex(result.find("hex")->string())->inputs[0].witness[0].back();
    };
    EXPECT_EQ(sighash_type(all), 1);
    const Json single =
        runner.call("signrawtransactionwithwallet", "[\"" + spend + R"(",[],"SINGLE"])").result;
    EXPECT_EQ(sighash_type(single), 3);
}

// ---- descriptors, coins

constexpr const char* kRanged =
    "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ7"
    "6uZPStJRJCTKvosUCJZL5B/0/*)";
constexpr const char* kSingle =
    "pkh(03fff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a1460297556)";

/// With its checksum.
std::string complete_descriptor(RpcCaller& runner, const std::string& descriptor) {
    return runner.call("getdescriptorinfo", quoted(descriptor)).result.find("descriptor")->string();
}

TEST(ImportDescriptors, eachRequest_hasItsOwnResult) {
    RpcFixture runner;
    runner.result("createwallet", R"(["w",true])");
    const std::string ranged = complete_descriptor(runner, kRanged);
    const std::string single = complete_descriptor(runner, kSingle);
    const Reply reply = runner.call(
        "importdescriptors", R"([[{"desc":")" + ranged +
                                 R"(","timestamp":"now","active":true,"range":[0,9],)"
                                 R"("next_index":3,"internal":true},)"
                                 R"({"timestamp":0},)"
                                 R"x({"desc":"wpkh(j)#c","timestamp":5,"label":"l"},)x"
                                 R"({"desc":")" +
                                 single + R"(","timestamp":5,"label":"l","internal":true},)" +
                                 R"({"desc":")" + single + R"(","timestamp":5,"label":"l"}]])");
    EXPECT_THAT(reply.text, StartsWith(R"([{"success":true},)"
                                       R"({"success":false,"error":{"code":-8,)"
                                       R"("message":"Descriptor not found."}},)"
                                       R"({"success":false,"error":{"code":-5,"message":")"));
    EXPECT_THAT(reply.text, HasSubstr(R"({"success":false,"error":{"code":-8,)"
                                      R"("message":"Internal addresses should not have a label"}},)"
                                      R"({"success":true}])"));
    EXPECT_EQ(runner.call("getaddressesbylabel", R"(["l"])").result.object().size(), 1u);
    EXPECT_EQ(runner.result("listdescriptors"),
              R"({"wallet_name":"w","descriptors":[{"desc":")" + single +
                  R"(","timestamp":5,"active":false},{"desc":")" + ranged +
                  R"(","timestamp":1700000090,)"
                  R"("active":true,"internal":true,"range":[0,102],"next":3,"next_index":3}]})");
    EXPECT_EQ(runner.call("listdescriptors", "[true]").message,
              "Can't get private descriptor string for watch-only wallets");
}

TEST(ImportDescriptors, missingTimestamp_failsTheCall) {
    WalletFixture runner;
    EXPECT_EQ(runner.call("importdescriptors", R"([[{"desc":"x"}]])").message,
              "Missing required timestamp field for key");
    EXPECT_THAT(runner.call("importdescriptors", R"([[{"desc":"x","timestamp":true}]])").message,
                StartsWith("Expected number or \"now\" timestamp value for key. got type bool"));
    EXPECT_EQ(runner.call("importdescriptors", "[[5]]").code, -3);
}

TEST(ListDescriptors, newWallet_hasFourActiveOnes) {
    WalletFixture runner;
    const auto first = [&](const std::string& params) {
        const Json result = runner.call("listdescriptors", params).result;
        EXPECT_EQ(result.find("wallet_name")->string(), "w");
        EXPECT_EQ(result.find("descriptors")->array().size(), 4u);
        return result.find("descriptors")->array()[0];
    };
    const Json shown = first("[]");
    EXPECT_THAT(shown.find("desc")->string(), HasSubstr("tpub"));
    EXPECT_TRUE(shown.find("active")->boolean());
    EXPECT_FALSE(shown.find("internal")->boolean());
    EXPECT_EQ(shown.find("range")->array()[0].number(), "0");
    EXPECT_EQ(shown.find("range")->array()[1].number(), "99");
    EXPECT_EQ(shown.find("next_index")->number(), "0");
    EXPECT_THAT(first("[true]").find("desc")->string(), HasSubstr("tprv"));
}

TEST(RescanBlockchain, heights_areChecked) {
    RpcFixture runner;
    runner.result("createwallet", R"(["w",true])");
    const std::string single = complete_descriptor(runner, kSingle);
    const std::string address =
        runner.call("deriveaddresses", quoted(single)).result.array()[0].string();
    runner.extend();
    runner.extend({}, *decode_address(runner.node->config().params.address_prefixes, address));
    for (int i = 0; i < 3; ++i) runner.extend();
    runner.result("importdescriptors", R"([[{"desc":")" + single + R"(","timestamp":"now"}]])");
    const auto transactions = [&] {
        return runner.call("getwalletinfo").result.find("txcount")->number();
    };
    EXPECT_EQ(runner.result("rescanblockchain", "[3]"), R"({"start_height":3,"stop_height":5})");
    EXPECT_EQ(runner.result("rescanblockchain", "[0,1]"), R"({"start_height":0,"stop_height":1})");
    EXPECT_EQ(transactions(), "0");
    EXPECT_EQ(runner.result("rescanblockchain", "[1,3]"), R"({"start_height":1,"stop_height":3})");
    EXPECT_EQ(transactions(), "1");
    EXPECT_EQ(runner.call("rescanblockchain", "[6]").message, "Invalid start_height");
    EXPECT_EQ(runner.call("rescanblockchain", "[0,6]").message, "Invalid stop_height");
    EXPECT_EQ(runner.call("rescanblockchain", "[3,2]").message,
              "stop_height must be greater than start_height");
}

TEST(LockUnspent, coins_areLockedAndUnlocked) {
    WalletFixture runner;
    const std::string address = runner.address();
    const auto coin = [](const BlockRef& block) {
        return R"({"txid":")" + block->transactions[0]->txid().to_string() + R"(","vout":0})";
    };
    const std::string first = coin(runner.mine_to(address));
    const std::string one = "[" + first + "]";
    const std::string both = "[" + first + "," + coin(runner.mine_to(address)) + "]";
    EXPECT_EQ(runner.result("lockunspent", "[false," + one + ",true]"), "true");
    EXPECT_EQ(runner.result("listlockunspent"), one);
    // A persistent lock survives.
    runner.result("unloadwallet", R"(["w"])");
    runner.result("loadwallet", R"(["w"])");
    EXPECT_EQ(runner.result("listlockunspent"), one);
    EXPECT_EQ(runner.call("lockunspent", "[false," + one + "]").message,
              "Invalid parameter, output already locked");
    // One that is not locked among them: none is unlocked.
    EXPECT_EQ(runner.call("lockunspent", "[true," + both + "]").message,
              "Invalid parameter, expected locked output");
    EXPECT_EQ(runner.result("listlockunspent"), one);
    EXPECT_EQ(runner.result("lockunspent", "[true," + one + "]"), "true");
    EXPECT_EQ(runner.result("listlockunspent"), "[]");
    runner.result("lockunspent", "[false," + one + "]");
    EXPECT_EQ(runner.result("lockunspent", "[true]"), "true");
    EXPECT_EQ(runner.result("listlockunspent"), "[]");
    EXPECT_EQ(runner.call("lockunspent", "[false]").code, -8);
}

}  // namespace
}  // namespace parley::rpc::test
