// Paying and signing with a wallet, its descriptors, rescans and locked coins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(SendToAddress, request_isPassedOn) {
    WalletRunner runner;
    const TransactionRef transaction = simple_transaction(1);
    runner.wallet().send_result = WalletSent{transaction, Amount{282}, std::nullopt};
    const std::string txid = transaction->txid().to_string();
    EXPECT_EQ(runner.result("sendtoaddress",
                            std::string{"[\""} + kAddress + R"(",0.1,"why","who",true,false])"),
              "\"" + txid + "\"");
    const WalletSpend& asked = runner.wallet().spend_asked;
    ASSERT_EQ(asked.recipients.size(), 1u);
    EXPECT_EQ(asked.recipients[0].script, p2wpkh_script({}));
    EXPECT_EQ(asked.recipients[0].amount, Amount{10'000'000});
    EXPECT_TRUE(asked.recipients[0].subtract_fee);
    EXPECT_EQ(asked.replaceable, false);
    EXPECT_EQ(asked.comment, "why");
    EXPECT_EQ(asked.comment_to, "who");
    EXPECT_EQ(asked.fee_rate, std::nullopt);
    EXPECT_EQ(runner.result("sendtoaddress", std::string{R"({"address":")"} + kAddress +
                                                 R"(","amount":"1","fee_rate":1.125,)" +
                                                 R"("verbose":true})"),
              R"({"txid":")" + txid + R"(","fee_reason":"User specified"})");
    EXPECT_EQ(runner.wallet().spend_asked.fee_rate, Amount{1'125});
}

TEST(SendToAddress, mistakes_areExplained) {
    WalletRunner runner;
    const auto error = [&](const std::string& rest) {
        const Reply reply = runner.call(
            "sendtoaddress", std::string{R"({"address":")"} + kAddress + "\"," + rest + "}");
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error(R"("amount":"x")"), "-3 Invalid amount (amount)");
    EXPECT_EQ(error(R"("amount":-1)"), "-3 Amount out of range (amount)");
    EXPECT_EQ(error(R"("amount":1,"fee_rate":1.1234)"), "-3 Invalid amount (fee_rate)");
    EXPECT_THAT(error(R"("amount":1,"fee_rate":1,"conf_target":6)"),
                StartsWith("-8 Cannot specify both conf_target and fee_rate."));
    EXPECT_EQ(error(R"("amount":1,"conf_target":0)"),
              "-8 Invalid conf_target, must be between 1 and 1008");
    EXPECT_EQ(runner.call("sendtoaddress", R"(["nowhere",1])").code, -5);
    runner.wallet().send_result =
        Unexpected<Error>{{Code::insufficient_funds, "Insufficient funds"}};
    EXPECT_EQ(error(R"("amount":1)"), "-6 Insufficient funds");
    runner.wallet().info.private_keys = false;
    EXPECT_EQ(error(R"("amount":1)"), "-4 Error: Private keys are disabled for this wallet");
}

TEST(SendMany, recipients_shareTheFeeAsAsked) {
    WalletRunner runner;
    runner.wallet().send_result = WalletSent{simple_transaction(1), Amount{1}, std::nullopt};
    const std::string other = "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8";
    const std::string amounts = R"({")" + std::string{kAddress} + R"(":1,")" + other + R"(":2})";
    runner.result("sendmany", "[\"\"," + amounts + ",0,\"c\",[\"" + other + "\"]]");
    const WalletSpend& asked = runner.wallet().spend_asked;
    ASSERT_EQ(asked.recipients.size(), 2u);
    EXPECT_FALSE(asked.recipients[0].subtract_fee);
    EXPECT_TRUE(asked.recipients[1].subtract_fee);
    EXPECT_EQ(asked.recipients[1].amount, coins(2));
    EXPECT_EQ(runner.call("sendmany", "[\"x\"," + amounts + "]").code, -8);
    EXPECT_EQ(runner.call("sendmany", R"(["",{}])").code, -8);
    for (const char* from : {"[5]", "[-1]", R"(["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"])"})
        EXPECT_EQ(runner.call("sendmany", "[\"\"," + amounts + ",0,\"\"," + from + "]").code, -8)
            << from;
}

TEST(FundRawTransaction, options_arePassedOn) {
    WalletRunner runner;
    const TransactionRef funded = simple_transaction(1);
    runner.wallet().send_result = WalletSent{funded, Amount{282}, std::nullopt};
    // Without inputs, as createrawtransaction makes it.
    const std::string hex =
        runner.call("createrawtransaction", std::string{"[[],{\""} + kAddress + "\":1}]")
            .result.string();
    EXPECT_EQ(
        runner.result("fundrawtransaction", "[\"" + hex + "\"]"),
        R"({"hex":")" + to_hex(funded->serialize()) + R"(","fee":0.00000282,"changepos":-1})");
    EXPECT_EQ(runner.wallet().funded.outputs.size(), 1u);
    EXPECT_TRUE(runner.wallet().funded.inputs.empty());
    runner.wallet().send_result = WalletSent{funded, Amount{282}, 0};
    const std::string base = "[\"" + hex + "\",";
    EXPECT_EQ(runner
                  .call("fundrawtransaction",
                        base +
                            R"({"feeRate":0.0001,"changePosition":1,"lockUnspents":true,)"
                            R"("changeAddress":")" +
                            kAddress + R"(","subtractFeeFromOutputs":[0],"add_inputs":false}])")
                  .result.find("changepos")
                  ->number(),
              "0");
    const WalletFunding& asked = runner.wallet().funding_asked;
    EXPECT_EQ(asked.fee_rate, Amount{10'000});
    EXPECT_EQ(asked.change_position, 1u);
    EXPECT_EQ(asked.change_script, p2wpkh_script({}));
    EXPECT_TRUE(asked.lock_unspents);
    EXPECT_FALSE(asked.add_inputs);
    EXPECT_EQ(asked.subtract_fee_from_outputs, std::vector<uint32_t>{0});
    const auto code = [&](const std::string& options) {
        return runner.call("fundrawtransaction", base + options + "]").code;
    };
    EXPECT_EQ(code(R"({"changePosition":2})"), -8);
    EXPECT_EQ(code(R"({"subtractFeeFromOutputs":[1]})"), -8);
    EXPECT_EQ(code(R"({"changeAddress":"x"})"), -5);
    EXPECT_EQ(code(R"({"feeRate":1,"fee_rate":1})"), -8);
    EXPECT_EQ(code(R"({"nothing":1})"), -3);
    EXPECT_EQ(runner.call("fundrawtransaction", R"(["00"])").code, -22);
}

TEST(BumpFee, rate_isPassedOn) {
    WalletRunner runner;
    const TransactionRef transaction = simple_transaction(1);
    runner.wallet().bump_result =
        WalletBumped{{simple_transaction(2), Amount{500}, std::nullopt}, Amount{282}};
    const std::string params = "[\"" + transaction->txid().to_string() + "\"";
    EXPECT_EQ(runner.call("bumpfee", params + "]").code, -5);
    runner.wallet().views[transaction->txid()].transaction = confirmed_tx(transaction);
    EXPECT_EQ(runner.result("bumpfee", params + R"(,{"fee_rate":5}])"),
              R"({"txid":")" + simple_transaction(2)->txid().to_string() +
                  R"(","origfee":0.00000282,"fee":0.00000500,"errors":[]})");
    EXPECT_EQ(runner.wallet().bump_rate_asked, Amount{5'000});
}

TEST(SignRawTransactionWithWallet, outputsOfTheWallet_areUsed) {
    WalletRunner runner;
    const TransactionRef transaction = simple_transaction(1);
    runner.wallet().signature.transaction = transaction->data();
    runner.wallet().outputs[transaction->inputs()[0].prevout] = {Amount{9}, p2wpkh_script({})};
    EXPECT_EQ(runner.result("signrawtransactionwithwallet",
                            "[\"" + to_hex(transaction->serialize()) + "\"]"),
              R"({"hex":")" + to_hex(transaction->serialize()) + R"(","complete":true})");
    ASSERT_EQ(runner.wallet().sign_spent.size(), 1u);
    EXPECT_EQ(runner.wallet().sign_spent.begin()->second.value, Amount{9});
    EXPECT_EQ(runner.wallet().sign_type, 1);
}

// ---- descriptors, coins

TEST(ImportDescriptors, eachRequest_hasItsOwnResult) {
    WalletRunner runner;
    runner.wallet().import_result = {Status{}, failure(Code::address_or_key, "bad checksum")};
    EXPECT_EQ(
        runner.result("importdescriptors",
                      R"x([[{"desc":"wpkh(k/*)#c","timestamp":"now","active":true,"range":[0,9],)x"
                      R"x("next_index":3,"internal":true},)x"
                      R"x({"timestamp":0},)x"
                      R"x({"desc":"wpkh(j)#c","timestamp":5,"label":"l"},)x"
                      R"x({"desc":"wpkh(i)#c","timestamp":5,"label":"l","internal":true}]])x"),
        R"([{"success":true},)"
        R"({"success":false,"error":{"code":-8,"message":"Descriptor not found."}},)"
        R"({"success":false,"error":{"code":-5,"message":"bad checksum"}},)"
        R"({"success":false,"error":{"code":-8,)"
        R"("message":"Internal addresses should not have a label"}}])");
    const auto& asked = runner.wallet().imports_asked;
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(asked[0].timestamp, std::nullopt);
    EXPECT_TRUE(asked[0].active && asked[0].internal);
    EXPECT_EQ(asked[0].range, (std::pair{0u, 9u}));
    EXPECT_EQ(asked[0].next_index, 3u);
    EXPECT_EQ(asked[1].timestamp, 5);
    EXPECT_EQ(asked[1].label, "l");
}

TEST(ImportDescriptors, missingTimestamp_failsTheCall) {
    WalletRunner runner;
    EXPECT_EQ(runner.call("importdescriptors", R"([[{"desc":"x"}]])").message,
              "Missing required timestamp field for key");
    EXPECT_THAT(runner.call("importdescriptors", R"([[{"desc":"x","timestamp":true}]])").message,
                StartsWith("Expected number or \"now\" timestamp value for key. got type bool"));
    EXPECT_EQ(runner.call("importdescriptors", "[[5]]").code, -3);
}

TEST(ListDescriptors, rangedOnes_showTheirRange) {
    WalletRunner runner;
    runner.wallet().known_descriptors = {{"wpkh(a/*)#b", 5, true, false, {{0, 99}}, 7},
                                         {"addr(x)#y", 6, false, {}, {}, 0}};
    EXPECT_EQ(runner.result("listdescriptors"),
              R"x({"wallet_name":"w","descriptors":[{"desc":"wpkh(a/*)#b","timestamp":5,)x"
              R"x("active":true,"internal":false,"range":[0,99],"next":7,"next_index":7},)x"
              R"x({"desc":"addr(x)#y","timestamp":6,"active":false}]})x");
}

TEST(RescanBlockchain, heights_areChecked) {
    WalletRunner runner;
    for (int i = 0; i < 5; ++i) runner.node.extend();
    EXPECT_EQ(runner.result("rescanblockchain", "[1,3]"), R"({"start_height":1,"stop_height":3})");
    EXPECT_EQ(runner.wallet().rescan_asked.second, Height{3});
    EXPECT_EQ(runner.call("rescanblockchain", "[6]").message, "Invalid start_height");
    EXPECT_EQ(runner.call("rescanblockchain", "[0,6]").message, "Invalid stop_height");
    EXPECT_EQ(runner.call("rescanblockchain", "[3,2]").message,
              "stop_height must be greater than start_height");
}

TEST(LockUnspent, coins_areLockedAndUnlocked) {
    WalletRunner runner;
    const std::string txid(64, '1');
    const std::string one = R"([{"txid":")" + txid + R"(","vout":1}])";
    EXPECT_EQ(runner.result("lockunspent", "[false," + one + ",true]"), "true");
    EXPECT_TRUE(runner.wallet().lock_was_persistent);
    EXPECT_EQ(runner.result("listlockunspent"), one);
    EXPECT_EQ(runner.call("lockunspent", "[false," + one + "]").message,
              "Invalid parameter, output already locked");
    // One that is not locked among them: none is unlocked.
    EXPECT_EQ(runner
                  .call("lockunspent", R"([true,[{"txid":")" + txid + R"(","vout":1},{"txid":")" +
                                           txid + R"(","vout":2}]])")
                  .message,
              "Invalid parameter, expected locked output");
    EXPECT_EQ(runner.wallet().locks.size(), 1u);
    EXPECT_EQ(runner.result("lockunspent", "[true," + one + "]"), "true");
    EXPECT_TRUE(runner.wallet().locks.empty());
    runner.result("lockunspent", "[false," + one + "]");
    EXPECT_EQ(runner.result("lockunspent", "[true]"), "true");
    EXPECT_TRUE(runner.wallet().locks.empty());
    EXPECT_EQ(runner.call("lockunspent", "[false]").code, -8);
}

}  // namespace
}  // namespace parley::rpc::test
