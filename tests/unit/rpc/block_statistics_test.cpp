// Statistics of blocks and of the chain: getblockstats, getchaintxstats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::StartsWith;

TEST(GetBlockStats, fees_areCountedFromSpentCoins) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef transaction = runner.pay(runner.coin(1), 820);
    runner.extend({transaction});
    const Json stats = runner.call("getblockstats", "[102]").result;
    const auto number = [&](const char* name) { return stats.find(name)->number(); };
    EXPECT_EQ(number("txs"), "2");
    EXPECT_EQ(number("totalfee"), "820");
    EXPECT_EQ(number("avgfee"), "820");
    EXPECT_EQ(number("medianfee"), "820");
    EXPECT_EQ(number("minfeerate"), std::to_string(820 * 4 / transaction->weight().value()));
    EXPECT_EQ(number("subsidy"), "5000000000");
    EXPECT_EQ(number("ins"), "1");
    EXPECT_EQ(number("outs"), "3");  // with the commitment to the witnesses
    EXPECT_EQ(number("utxo_increase"), "2");
    EXPECT_EQ(number("utxo_increase_actual"), "1");
    EXPECT_EQ(runner.result("getblockstats", R"([102,["txs","height"]])"),
              R"({"height":102,"txs":2})");
}

TEST(GetBlockStats, wrongTarget_isExplained) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("getblockstats", "[2]").message,
              "Target block height 2 after current tip 0");
    EXPECT_EQ(runner.call("getblockstats", "[-2]").message, "Target block height -2 is negative");
    EXPECT_EQ(runner.call("getblockstats", "[\"" + std::string(64, '1') + "\"]").code, -5);
    const Reply reply = runner.call("getblockstats", R"([0,["nothing"]])");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "Invalid selected statistic 'nothing'");
    EXPECT_EQ(runner.call("getblockstats", "[true]").code, -3);
    const Reply usage = runner.call("getblockstats");
    EXPECT_EQ(usage.code, -1);
    EXPECT_THAT(usage.message, StartsWith("getblockstats hash_or_height ( stats )\n"));
}

TEST(GetBlockStats, blockOutsideTheChain_needsItsCoinsOnly) {
    RpcFixture runner;
    runner.extend();
    const BlockHash left = runner.tip_hash();
    const std::string before = runner.result("getblockstats", quoted(left));
    runner.result("invalidateblock", quoted(left));
    ASSERT_EQ(runner.tip_height(), Height{0});
    EXPECT_EQ(runner.result("getblockstats", quoted(left)), before);

    // A rival that comes second is stored, but never connected: its coins are not known.
    runner.extend({}, p2wpkh_script({}));
    const BlockRef rival = runner.node.build({}, Script{Bytes{OP_TRUE}});
    runner.extend();
    ASSERT_EQ(runner.node.submit(rival), "inconclusive");
    const Reply reply = runner.call("getblockstats", quoted(rival->header.hash()));
    EXPECT_EQ(reply.code, -1);
    EXPECT_EQ(reply.message, "Undo data not available");

    const BlockRef unseen = runner.node.build();
    runner.node.call([&](Node& node) { ASSERT_TRUE(node.submit_header(unseen->header)); });
    EXPECT_EQ(runner.call("getblockstats", quoted(unseen->header.hash())).message,
              "Block not available (not fully downloaded)");
    runner.damage_block_files();
    EXPECT_EQ(runner.call("getblockstats", quoted(runner.tip_hash())).message,
              "Block not found on disk");
}

TEST(GetChainTxStats, window_isMeasured) {
    RpcFixture runner;
    // The median of eleven times moves by one block's from the eleventh block on.
    for (int i = 0; i < 13; ++i) runner.extend();
    const std::string fourth =
        ",\"" + runner.node->chain().index().at_height(Height{4})->hash.to_string() + "\"]";
    const Json early = runner.call("getchaintxstats", "[2" + fourth).result;
    EXPECT_EQ(early.find("txcount")->number(), "5");
    const Json stats = runner.call("getchaintxstats", "[2]").result;
    EXPECT_EQ(stats.find("txcount")->number(), "14");
    EXPECT_EQ(stats.find("window_block_count")->number(), "2");
    EXPECT_EQ(stats.find("window_tx_count")->number(), "2");
    EXPECT_EQ(stats.find("window_interval")->number(), "1200");
    EXPECT_EQ(stats.find("txrate")->number(), "0.001666666666666667");
    EXPECT_EQ(runner.call("getchaintxstats", "[0]").result.find("txrate"), nullptr);
    for (const std::string& bad :
         {"[4" + fourth, std::string{"[13]"}, std::string{"[-1]"}, std::string{"[2000000000]"}}) {
        const Reply reply = runner.call("getchaintxstats", bad);
        EXPECT_EQ(reply.code, -8) << bad;
        EXPECT_THAT(reply.message, StartsWith("Invalid block count"));
    }
    EXPECT_EQ(runner.call("getchaintxstats", "[1,\"" + std::string(64, '1') + "\"]").code, -5);
}

}  // namespace
}  // namespace parley::rpc::test
