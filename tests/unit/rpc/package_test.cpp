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

}  // namespace
}  // namespace parley::rpc::test
