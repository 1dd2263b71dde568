// savemempool and importmempool.
#include <gtest/gtest.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

TEST(SaveMempool, file_has_entries_times_and_deltas) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef transaction = runner.pay(runner.coin(1), 1000);
    ASSERT_TRUE(runner.node.send(transaction));
    const std::string other(64, '7');
    runner.result("prioritisetransaction", R"([")" + transaction->txid().to_string() + R"(",0,5])");
    runner.result("prioritisetransaction", R"([")" + other + R"(",0,-6])");
    EXPECT_EQ(runner.result("savemempool"), R"({"filename":"/data/regtest/mempool.dat"})");
    const auto& saved = runner.host.saved;
    ASSERT_TRUE(saved && saved->entries.size() == 1 && saved->other_deltas.size() == 1);
    EXPECT_EQ(saved->entries[0].transaction->txid(), transaction->txid());
    EXPECT_EQ(saved->entries[0].time, to_unix_seconds(runner.node->now()));
    EXPECT_EQ(saved->entries[0].fee_delta, Amount{5});
    EXPECT_EQ(saved->other_deltas.begin()->first.to_string(), other);
    EXPECT_EQ(saved->other_deltas.begin()->second, Amount{-6});
    runner.host.save_path.reset();
    EXPECT_EQ(runner.call("savemempool").message, "Unable to dump mempool to disk");
    runner.host.loaded = false;
    EXPECT_EQ(runner.call("savemempool").message, "The mempool was not loaded yet");
    EXPECT_EQ(runner.call("getmempoolinfo").result.find("loaded")->boolean(), false);
}

TEST(ImportMempool, options_are_passed_on) {
    RpcFixture runner;
    runner.mature(1);
    EXPECT_EQ(runner.result("importmempool", R"(["/a"])"), "{}");
    EXPECT_EQ(runner.result("importmempool",
                            R"(["/b",{"use_current_time":false,"apply_fee_delta_priority":true}])"),
              "{}");
    ASSERT_EQ(runner.host.imports.size(), 2u);
    EXPECT_EQ(runner.host.imports[0].first, "/a");
    EXPECT_TRUE(runner.host.imports[0].second.current_time);
    EXPECT_FALSE(runner.host.imports[0].second.fee_deltas);
    EXPECT_FALSE(runner.host.imports[1].second.current_time);
    EXPECT_TRUE(runner.host.imports[1].second.fee_deltas);
    runner.host.import_works = false;
    const Reply reply = runner.call("importmempool", R"(["/a"])");
    EXPECT_EQ(reply.code, -1);
    EXPECT_EQ(reply.message, "Unable to import mempool file, see debug log for details.");
    EXPECT_EQ(runner.call("importmempool", R"(["/a",{"foo":true}])").code, -3);
}

}  // namespace
}  // namespace parley::rpc::test
