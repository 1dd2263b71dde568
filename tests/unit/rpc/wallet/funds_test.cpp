// importprunedfunds, removeprunedfunds, createwalletdescriptor, setwalletflag.
#include <gtest/gtest.h>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

std::string problem_of(const Reply& reply) {
    return std::to_string(reply.code) + " " + reply.message;
}

TEST(PrunedFunds, removedTransaction_comesBackWithItsProof) {
    WalletFixture runner{2};
    const TransactionRef paid = runner.pay(runner.address("l"), coins(1));
    runner.extend();
    const std::string txid = paid->txid().to_string();
    const Json before = runner.shown(txid);
    EXPECT_EQ(runner.result("removeprunedfunds", quoted(txid)), "null");
    EXPECT_EQ(runner.result("getbalance"), "0.00000000");
    EXPECT_EQ(problem_of(runner.call("removeprunedfunds", quoted(txid))),
              "-4 Transaction " + txid + " does not belong to this wallet");
    const std::string raw = to_hex(paid->serialize());
    const std::string proof = runner.call("gettxoutproof", "[[\"" + txid + "\"]]").result.string();
    const auto import = [&](const std::string& transaction, const std::string& with) {
        return runner.call("importprunedfunds", "[\"" + transaction + "\",\"" + with + "\"]");
    };
    EXPECT_EQ(import(raw, proof).text, "null");
    EXPECT_EQ(runner.result("getbalance"), "1.00000000");
    const Json after = runner.shown(txid);
    for (const char* field : {"blockhash", "blockheight", "blockindex", "blocktime", "amount"})
        EXPECT_EQ(*after.find(field), *before.find(field)) << field;
    EXPECT_EQ(after.find("blockindex")->number(), "1");
    runner.result("unloadwallet", R"(["w"])");
    runner.result("loadwallet", R"(["w"])");
    EXPECT_EQ(runner.result("getbalance"), "1.00000000");

    runner.result("createwallet", R"(["other"])");
    EXPECT_EQ(problem_of(runner.call("importprunedfunds", "[\"" + raw + "\",\"" + proof + "\"]",
                                     "/wallet/other")),
              "-5 No addresses in wallet correspond to included transaction");
}

TEST(PrunedFunds, badProofs_areRefused) {
    WalletFixture runner{2};
    const TransactionRef paid = runner.pay(runner.address(), coins(1));
    const TransactionRef later = runner.pay(runner.address(), coins(2));
    const std::string raw = to_hex(paid->serialize());
    const auto proof_of = [&](const TransactionRef& transaction) {
        return runner.call("gettxoutproof", "[[\"" + transaction->txid().to_string() + "\"]]")
            .result.string();
    };
    const auto import = [&](const std::string& transaction, const std::string& with) {
        return problem_of(
            runner.call("importprunedfunds", "[\"" + transaction + "\",\"" + with + "\"]"));
    };
    std::string changed = proof_of(paid);
    changed[2 * 36] = changed[2 * 36] == '0' ? '1' : '0';  // the root in the header
    EXPECT_EQ(import("00", proof_of(paid)),
              "-22 TX decode failed. Make sure the tx has at least one input.");
    EXPECT_EQ(import(raw, changed), "-5 Something wrong with merkleblock");
    EXPECT_EQ(import(raw, proof_of(later)), "-5 Transaction given doesn't exist in proof");
    EXPECT_EQ(import(raw, proof_of(paid).substr(0, 100)).substr(0, 3), "-1 ");
    const std::string stale = proof_of(later);
    runner.result("invalidateblock", quoted(runner.tip_hash()));
    EXPECT_EQ(import(to_hex(later->serialize()), stale), "-5 Block not found in chain");
}

// ---- createwalletdescriptor

TEST(CreateWalletDescriptor, blankWallet_getsDescriptorsOfAnImportedKey) {
    WalletFixture runner;
    const Json key = runner.call("gethdkeys", R"([{"private":true}])").result.array()[0];
    const Json listed = runner.call("listdescriptors").result;
    runner.result("createwallet", R"(["blank",false,true])");
    const auto create = [&](const std::string& arguments) {
        return runner.call("createwalletdescriptor", arguments, "/wallet/blank");
    };
    EXPECT_EQ(problem_of(create(R"(["bech32"])")),
              "-5 Unable to determine which HD key to use from active descriptors. Please specify "
              "with 'hdkey'");
    const std::string xpub = key.find("xpub")->string();
    const std::string with_key = R"(,{"hdkey":")" + xpub + R"("})";
    EXPECT_EQ(problem_of(create("[\"bech32\"" + with_key + "]")),
              "-5 Private key for " + xpub + " is not known");
    EXPECT_EQ(problem_of(create(R"(["bech32",{"hdkey":"x"}])")),
              "-5 Unable to parse HD key. Please provide a valid xpub");
    const std::string secret = "wpkh(" + key.find("xprv")->string() + "/9/*)";
    const std::string checksum =
        runner.call("getdescriptorinfo", quoted(secret)).result.find("checksum")->string();
    runner.result("importdescriptors",
                  R"([[{"desc":")" + secret + "#" + checksum + R"(","timestamp":"now"}]])",
                  "/wallet/blank");
    const Json::Array made = create("[\"bech32\"" + with_key + "]").result.find("descs")->array();
    ASSERT_EQ(made.size(), 2u);
    // The same as those of the wallet that has the key from its seed.
    size_t same = 0;
    for (const Json& descriptor : listed.find("descriptors")->array())
        for (const Json& each : made)
            same += descriptor.find("desc")->string() == each.string() ? 1 : 0;
    EXPECT_EQ(same, 2u);
    EXPECT_EQ(problem_of(create(R"(["bech32"])")), "-4 Descriptor already exists");
    EXPECT_EQ(create(R"(["legacy",{"internal":true}])").result.find("descs")->array().size(), 1u);
    EXPECT_EQ(create(R"(["legacy"])").result.find("descs")->array().size(), 1u);
    EXPECT_EQ(runner.call("getnewaddress", R"(["","bech32"])", "/wallet/blank").text,
              runner.call("getnewaddress", R"(["","bech32"])", "/wallet/w").text);
    EXPECT_EQ(problem_of(create(R"(["luck"])")), "-5 Unknown address type 'luck'");
    EXPECT_EQ(create(R"(["bech32m"])").code, -4);
    EXPECT_EQ(problem_of(runner.call("createwalletdescriptor", R"(["legacy"])", "/wallet/w")),
              "-4 Descriptor already exists");
}

TEST(SetWalletFlag, noFlag_canBeChanged) {
    WalletFixture runner;
    const auto set = [&](const std::string& arguments) {
        return problem_of(runner.call("setwalletflag", arguments));
    };
    EXPECT_EQ(set(R"(["luck"])"), "-8 Unknown wallet flag: luck");
    EXPECT_EQ(set(R"(["blank"])"), "-8 Wallet flag is immutable: blank");
    EXPECT_EQ(set(R"(["avoid_reuse",false])"),
              "-8 Wallet flag is already set to false: avoid_reuse");
    EXPECT_EQ(set(R"(["avoid_reuse"])"), "-8 Wallet flag is immutable: avoid_reuse");
    EXPECT_EQ(runner.call("setwalletflag", R"(["blank"])", "/wallet/none").code, -18);
}

}  // namespace
}  // namespace parley::rpc::test
