// The keys of a wallet: gethdkeys, keypoolrefill, signmessage; and abortrescan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::StartsWith;

TEST(HdKeys, seed_isOneKeyOfAllDescriptors) {
    WalletFixture runner;
    const Json::Array keys = runner.call("gethdkeys").result.array();
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_THAT(keys[0].find("xpub")->string(), StartsWith("tpub"));
    EXPECT_TRUE(keys[0].find("has_private")->boolean());
    EXPECT_EQ(keys[0].find("xprv"), nullptr);
    const Json::Array& descriptors = keys[0].find("descriptors")->array();
    EXPECT_EQ(descriptors.size(),
              runner.call("listdescriptors").result.find("descriptors")->array().size());
    for (const Json& descriptor : descriptors) {
        EXPECT_TRUE(descriptor.find("active")->boolean());
        EXPECT_EQ(descriptor.find("desc")->string().find("prv"), std::string::npos);
    }
    const Json with_secret = runner.call("gethdkeys", R"([{"private":true}])").result;
    EXPECT_THAT(with_secret.array()[0].find("xprv")->string(), StartsWith("tprv"));
    EXPECT_EQ(runner.call("gethdkeys", R"({"private":true})").result.array().size(), 1u);
    EXPECT_EQ(runner.call("gethdkeys", R"([{"secret":true}])").code, -3);
}

TEST(HdKeys, watchOnly_hasNoPrivateKeyAndInactiveOnesAreLeftOut) {
    WalletFixture runner;
    const std::string xpub = runner.call("gethdkeys").result.array()[0].find("xpub")->string();
    runner.result("createwallet", R"(["watch",true])");
    const Json checked =
        runner.call("getdescriptorinfo", quoted("wsh(multi(1," + xpub + "/1/*," + xpub + "/2/*))"))
            .result;
    runner.result(
        "importdescriptors",
        R"([[{"desc":")" + checked.find("descriptor")->string() + R"(","timestamp":"now"}]])",
        "/wallet/watch");
    const Json::Array keys =
        runner.call("gethdkeys", R"([{"private":true}])", "/wallet/watch").result.array();
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_EQ(keys[0].find("xpub")->string(), xpub);
    EXPECT_FALSE(keys[0].find("has_private")->boolean());
    EXPECT_EQ(keys[0].find("xprv"), nullptr);
    EXPECT_EQ(keys[0].find("descriptors")->array().size(), 1u);
    EXPECT_EQ(runner.result("gethdkeys", R"([{"active_only":true}])", "/wallet/watch"), "[]");
}

TEST(KeypoolRefill, size_isWatchedAheadAndStays) {
    WalletFixture runner;
    const auto external = [&] {
        return runner.call("getwalletinfo").result.find("keypoolsize")->number();
    };
    const std::string before = external();
    EXPECT_EQ(runner.result("keypoolrefill"), "null");
    EXPECT_EQ(external(), before);
    runner.result("keypoolrefill", "[600]");
    EXPECT_EQ(external(), "1200");  // of two address types
    runner.result("keypoolrefill", "[10]");
    EXPECT_EQ(external(), "1200");
    runner.result("unloadwallet", R"(["w"])");
    runner.result("loadwallet", R"(["w"])");
    EXPECT_EQ(external(), "1200");
    for (const char* size : {"[-1]", "[1000001]"}) {
        const Reply refused = runner.call("keypoolrefill", size);
        EXPECT_EQ(refused.code, -8);
        EXPECT_EQ(refused.message, "Invalid parameter, expected valid size.");
    }
    runner.result("createwallet", R"(["watch",true])");
    const Reply none = runner.call("keypoolrefill", "[1]", "/wallet/watch");
    EXPECT_EQ(none.code, -4);
    EXPECT_EQ(none.message, "Error refreshing keypool.");
}

TEST(SignMessage, signature_verifies) {
    WalletFixture runner;
    const std::string legacy = runner.call("getnewaddress", R"(["","legacy"])").result.string();
    const std::string signature =
        runner.call("signmessage", "[\"" + legacy + R"(","a message"])").result.string();
    EXPECT_EQ(signature.size(), 88u);
    const auto verify = [&](const std::string& message) {
        return runner.result("verifymessage",
                             "[\"" + legacy + "\",\"" + signature + "\",\"" + message + "\"]");
    };
    EXPECT_EQ(verify("a message"), "true");
    EXPECT_EQ(verify("another message"), "false");
}

TEST(SignMessage, errors_areBitcoinds) {
    WalletFixture runner;
    const auto error = [&](const std::string& address, const std::string& wallet = "w") {
        const Reply reply =
            runner.call("signmessage", "[\"" + address + R"(","m"])", "/wallet/" + wallet);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error("nowhere"), "-5 Invalid address");
    EXPECT_EQ(error(runner.address()), "-3 Address does not refer to key");
    const std::string mine = runner.call("getnewaddress", R"(["","legacy"])").result.string();
    runner.result("createwallet", R"(["other"])");
    EXPECT_EQ(error(mine, "other"), "-4 Private key not available");
}

TEST(AbortRescan, noneRuns) {
    WalletFixture runner;
    EXPECT_EQ(runner.result("abortrescan"), "false");
    EXPECT_EQ(runner.call("abortrescan", "[]", "/wallet/none").code, -18);
}

// ---- simulaterawtransaction

TEST(SimulateRawTransaction, change_isOfOwnInputsAndOutputs) {
    WalletFixture runner{1};
    const TransactionRef paid = runner.pay(runner.address(), coins(2));
    const std::string coin = R"({"txid":")" + paid->txid().to_string() + R"(","vout":1})";
    const auto create = [&](const std::string& input, const std::string& outputs) {
        return runner.call("createrawtransaction", "[[" + input + "],[" + outputs + "]]")
            .result.string();
    };
    const std::string away = create(
        coin, R"({")" + std::string{kAddress} + R"(":0.5},{")" + runner.address() + R"(":1.4})");
    const auto change = [&](const std::string& list) {
        return runner.result("simulaterawtransaction", "[[" + list + "]]");
    };
    EXPECT_EQ(change("\"" + away + "\""), R"({"balance_change":-0.60000000})");
    const std::string txid =
        runner.call("decoderawtransaction", quoted(away)).result.find("txid")->string();
    const std::string child = create(R"({"txid":")" + txid + R"(","vout":1})",
                                     R"({")" + std::string{kAddress} + R"(":1.3})");
    EXPECT_EQ(change("\"" + away + "\",\"" + child + "\""), R"({"balance_change":-2.00000000})");
    EXPECT_EQ(change(""), R"({"balance_change":0.00000000})");
    const auto error = [&](const std::string& list) {
        const Reply reply = runner.call("simulaterawtransaction", "[[" + list + "]]");
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error("\"" + away + "\",\"" + away + "\""),
              "-8 Transaction(s) are spending the same output more than once");
    EXPECT_EQ(error("\"" + child + "\""),
              "-8 One or more transaction inputs are missing or have been spent already");
    EXPECT_EQ(error("\"00\""), "-22 Transaction hex string decoding failure.");
    EXPECT_EQ(runner.call("simulaterawtransaction").code, -3);
}

}  // namespace
}  // namespace parley::rpc::test
