// testmempoolaccept of several transactions: which lists are packages, and what is judged.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

std::string hex_text(const TransactionRef& transaction) {
    return to_hex(transaction->serialize());
}

TEST(TestMempoolAccept, packageThatIsNone_isNamedInEachAnswer) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef parent =
        runner.pay_to(runner.coin(1), coins(50), {{coins(49), RpcFixture::key_script()}});
    const TransactionRef child = runner.pay({parent->txid(), 0}, 1'100, coins(49));
    const TransactionRef rival = runner.pay(runner.coin(1), 1'300);
    const auto errors = [&](const std::vector<TransactionRef>& package) {
        std::string list;
        for (const TransactionRef& each : package)
            list += (list.empty() ? "\"" : ",\"") + hex_text(each) + "\"";
        std::vector<std::string> found;
        const Json answers = runner.call("testmempoolaccept", "[[" + list + "],0]").result;
        for (const Json& answer : answers.array()) {
            const Json* error = answer.find("package-error");
            found.push_back(error != nullptr ? error->string() : "");
            EXPECT_EQ(answer.find("allowed") == nullptr, error != nullptr);
        }
        return found;
    };
    using Errors = std::vector<std::string>;
    EXPECT_EQ(errors({parent, child}), (Errors{"", ""}));
    EXPECT_EQ(errors({child, parent}), Errors(2, "package-not-sorted"));
    EXPECT_EQ(errors({parent, parent}), Errors(2, "package-contains-duplicates"));
    EXPECT_EQ(errors({parent, rival}), Errors(2, "conflict-in-package"));
    // A single transaction is no package.
    EXPECT_EQ(errors({parent}), Errors{""});
}

TEST(TestMempoolAccept, freeParentOfAPackage_leavesTheChildWithoutVerdict) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef parent = runner.pay(runner.coin(1), 0);
    const TransactionRef child = runner.pay({parent->txid(), 0}, 50'000, coins(50));
    const Json answers = runner
                             .call("testmempoolaccept",
                                   "[[\"" + hex_text(parent) + "\",\"" + hex_text(child) + "\"]]")
                             .result;
    EXPECT_EQ(answers.array().at(0).find("reject-reason")->string(), "min relay fee not met");
    EXPECT_EQ(answers.array().at(1).object().size(), 2u);  // txid and wtxid
}

/// To a key whose output can be spent again.
TransactionRef parent_paying(const RpcFixture& runner, int64_t fee) {
    return runner.pay_to(runner.coin(1), coins(50),
                         {{Amount{coins(50).value() - fee}, RpcFixture::key_script()}});
}

std::string list_of(const std::vector<TransactionRef>& package) {
    std::string list;
    for (const TransactionRef& each : package)
        list += (list.empty() ? "\"" : ",\"") + hex_text(each) + "\"";
    return "[[" + list + "]]";
}

TEST(SubmitPackage, childThatPays_bringsItsFreeParentIn) {
    RpcFixture runner;
    runner.mature(2);
    const TransactionRef parent = parent_paying(runner, 0);
    const TransactionRef child = runner.pay({parent->txid(), 0}, 50'000, coins(50));
    EXPECT_EQ(runner.call("submitpackage", list_of({child, parent})).message,
              "package topology disallowed. not child-with-parents or parents depend on each "
              "other.");
    EXPECT_EQ(runner.call("submitpackage", "[[]]").message,
              "Array must contain between 1 and 25 transactions.");
    const Json result = runner.call("submitpackage", list_of({parent, child})).result;
    EXPECT_EQ(result.find("package_msg")->string(), "success");
    EXPECT_TRUE(result.find("replaced-transactions")->array().empty());
    const Json& verdicts = *result.find("tx-results");
    const Json& of_parent = *verdicts.find(parent->wtxid().to_string());
    EXPECT_EQ(of_parent.find("txid")->string(), parent->txid().to_string());
    EXPECT_EQ(of_parent.find("fees")->find("effective-includes")->array().size(), 2u);
    EXPECT_EQ(runner.result("getmempoolinfo").find(R"("size":2,)"), 15u);

    // Again: nothing is wrong, and nothing is new.
    const Json again = runner.call("submitpackage", list_of({parent, child})).result;
    EXPECT_EQ(again.find("package_msg")->string(), "success");
    EXPECT_EQ(again.find("tx-results")
                  ->find(child->wtxid().to_string())
                  ->find("fees")
                  ->find("effective-feerate"),
              nullptr);
}

TEST(SubmitPackage, parentWithoutFeeAlone_isRefusedInItsAnswer) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef parent = parent_paying(runner, 0);
    const Json result = runner.call("submitpackage", list_of({parent})).result;
    EXPECT_EQ(result.find("package_msg")->string(), "transaction failed");
    EXPECT_EQ(result.find("tx-results")
                  ->find(parent->wtxid().to_string())
                  ->find("error")
                  ->string()
                  .substr(0, 21),
              "min relay fee not met");
}

TEST(MempoolCluster, childThatPays_isOneChunkWithItsParent) {
    RpcFixture runner;
    runner.mature(2);
    const TransactionRef parent = parent_paying(runner, 1'000);
    const TransactionRef child =
        runner.pay({parent->txid(), 0}, 50'000, parent->outputs()[0].value);
    ASSERT_EQ(runner.call("submitpackage", list_of({parent, child})).code, 0);
    const std::string name = "[\"" + parent->txid().to_string() + "\"]";
    const std::string weight = std::to_string(parent->weight().value() + child->weight().value());
    EXPECT_EQ(runner.result("getmempoolcluster", name),
              R"({"clusterweight":)" + weight +
                  R"(,"txcount":2,"chunks":[{"chunkfee":0.00051000,)" + R"("chunkweight":)" +
                  weight + R"(,"txs":[")" + parent->txid().to_string() + R"(",")" +
                  child->txid().to_string() + R"("]}]})");
    EXPECT_EQ(runner.result("getmempoolfeeratediagram"),
              R"([{"weight":0,"fee":0.00000000},{"weight":)" + weight + R"(,"fee":0.00051000}])");
    const Json entry = runner.call("getmempoolentry", name).result;
    EXPECT_EQ(entry.find("chunkweight")->number(), weight);
    EXPECT_EQ(entry.find("fees")->find("chunk")->number(), "0.00051000");
    EXPECT_EQ(runner.call("getmempoolcluster", "[\"" + std::string(64, '0') + "\"]").code, -5);
}

}  // namespace
}  // namespace parley::rpc::test
