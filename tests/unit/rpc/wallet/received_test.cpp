// What labels and addresses received, and the groups of addresses.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

TEST(ReceivedByLabel, amounts_areSummedOverTheAddresses) {
    WalletFixture runner{3};
    runner.pay(runner.address("tabby"), Amount{kCoin / 4});
    runner.pay(runner.address("tabby"), Amount{kCoin / 2});
    runner.pay(runner.address(), Amount{5});
    EXPECT_EQ(runner.result("getreceivedbylabel", R"(["tabby"])"), "0.75000000");
    EXPECT_EQ(runner.result("getreceivedbylabel", R"(["tabby",3])"), "0.25000000");
    EXPECT_EQ(runner.result("getreceivedbylabel", R"([""])"), "0.00000005");
    runner.address("empty");
    EXPECT_EQ(runner.result("getreceivedbylabel", R"(["empty"])"), "0.00000000");
    EXPECT_EQ(runner.result("listreceivedbylabel"),
              R"([{"amount":0.00000005,"confirmations":1,"label":""},)"
              R"({"amount":0.75000000,"confirmations":2,"label":"tabby"}])");
    EXPECT_EQ(runner.result("listreceivedbylabel", "[3,true]"),
              R"([{"amount":0.00000000,"confirmations":0,"label":""},)"
              R"({"amount":0.00000000,"confirmations":0,"label":"empty"},)"
              R"({"amount":0.25000000,"confirmations":3,"label":"tabby"}])");
}

TEST(ReceivedByLabel, errors_areBitcoinds) {
    WalletFixture runner;
    runner.result("setlabel", std::string{"[\""} + kAddress + R"(","theirs"])");
    const auto error = [&](const std::string& label) {
        const Reply reply = runner.call("getreceivedbylabel", quoted(label));
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error("*"), "-11 Invalid label name");
    EXPECT_EQ(error("none"), "-4 Label not found in wallet");
    EXPECT_EQ(error("theirs"), "-4 Address not found in wallet");
    const Reply filter = runner.call("listreceivedbyaddress", R"([1,false,false,"nowhere"])");
    EXPECT_EQ(filter.code, -4);
    EXPECT_EQ(filter.message, "address_filter parameter was invalid");
}

TEST(Received, immatureCoinbase_countsOnRequest) {
    WalletFixture runner;
    const std::string miner = runner.address("mined");
    runner.mine_to(miner);
    EXPECT_EQ(runner.result("getreceivedbylabel", R"(["mined"])"), "0.00000000");
    EXPECT_EQ(runner.result("getreceivedbylabel", R"(["mined",1,true])"), "50.00000000");
    EXPECT_EQ(runner.result("getreceivedbyaddress", quoted(miner)), "0.00000000");
    EXPECT_EQ(runner.result("getreceivedbyaddress", "[\"" + miner + "\",1,true]"), "50.00000000");
    EXPECT_EQ(runner.result("listreceivedbylabel"), "[]");
    EXPECT_EQ(runner.result("listreceivedbylabel", "[1,false,false,true]"),
              R"([{"amount":50.00000000,"confirmations":1,"label":"mined"}])");
    EXPECT_EQ(
        runner.call("listreceivedbyaddress", R"([1,false,false,"",true])").result.array().size(),
        1u);
}

TEST(Received, unlabelledAddress_isTheWalletsToo) {
    WalletFixture runner{1};
    const std::string change = runner.call("getrawchangeaddress").result.string();
    runner.pay(change, Amount{7});
    EXPECT_EQ(runner.result("getreceivedbyaddress", quoted(change)), "0.00000007");
}

/// The sets of addresses, and the amount and label of each.
std::set<std::set<std::string>> groups_of(RpcFixture& runner,
                                          std::map<std::string, std::string>* texts = nullptr) {
    std::set<std::set<std::string>> groups;
    const Reply reply = runner.call("listaddressgroupings");
    for (const Json& group : reply.result.array()) {
        std::set<std::string> addresses;
        for (const Json& each : group.array()) {
            const auto& fields = each.array();
            addresses.insert(fields[0].string());
            if (texts == nullptr) continue;
            (*texts)[fields[0].string()] =
                fields[1].number() + (fields.size() > 2 ? " " + fields[2].string() : "");
        }
        EXPECT_EQ(addresses.size(), group.array().size());
        groups.insert(addresses);
    }
    return groups;
}

TEST(AddressGroupings, commonInputsAndChange_makeOneGroup) {
    WalletFixture runner{3};
    const std::string first = runner.address("one");
    const std::string second = runner.address();
    const std::string apart = runner.address();
    for (const std::string& address : {first, second, apart}) runner.pay(address, Amount{kCoin});
    EXPECT_EQ(groups_of(runner), (std::set<std::set<std::string>>{{first}, {second}, {apart}}));
    const std::string change = runner.call("getrawchangeaddress").result.string();
    std::string inputs;
    for (const Json& coin : runner.call("listunspent").result.array()) {
        if (coin.find("address")->string() == apart) continue;
        inputs += (inputs.empty() ? "" : ",") + std::string{R"({"txid":")"} +
                  coin.find("txid")->string() + R"(","vout":)" + coin.find("vout")->number() + "}";
    }
    const std::string raw =
        runner
            .call("createrawtransaction", "[[" + inputs + "],[{\"" + std::string{kAddress} +
                                              "\":1.5},{\"" + change + "\":0.4999}]]")
            .result.string();
    const Json signed_one = runner.call("signrawtransactionwithwallet", quoted(raw)).result;
    runner.result("sendrawtransaction", quoted(signed_one.find("hex")->string()));
    std::map<std::string, std::string> texts;
    EXPECT_EQ(groups_of(runner, &texts),
              (std::set<std::set<std::string>>{{first, second, change}, {apart}}));
    EXPECT_EQ(texts[first], "0.00000000 one");
    EXPECT_EQ(texts[change], "0.49990000");
    EXPECT_EQ(texts[apart], "1.00000000 ");
}

}  // namespace
}  // namespace parley::rpc::test
