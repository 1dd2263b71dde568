// getconsensusinfo and getforkstats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/pbft/pbft_engine.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(GetConsensusInfo, engineFields_areAppended) {
    RpcFixture pow;
    EXPECT_THAT(pow.result("getconsensusinfo"),
                StartsWith(R"({"engine":"pow","finality":"probabilistic",)"));
    NodeConfig config{regtest_params()};
    SeededRandom random(5);
    PbftOptions options;
    for (int i = 0; i < 4; ++i)
        options.validators.push_back(SecretKey::generate(random).public_key());
    config.engine = pbft_choice(options);
    RpcFixture runner{std::move(config)};
    const Reply reply = runner.call("getconsensusinfo");
    EXPECT_EQ(
        reply.text,
        R"({"engine":"pbft","finality":"absolute","finalized":{"height":0,"hash":")" +
            std::string{kGenesis} +
            R"("},"role":"observer","validator":null,"view":0,"height":1,"primary":0,)"
            R"("phase":"following","halted":null,"validator_set":")" +
            to_hex(pbft::ValidatorSet::create(options.validators)->id().span()) +
            R"(","n":4,"f":1,"quorum":3,"watermarks":[0,4],)"
            R"("proposal":null,"prepared":[],"committed":[],"view_changes":[],)"
            R"("missing":[],"waiting_for":{"what":"final blocks","validators":[],"have":null,)"
            R"("need":null},"not_voting":[],"timer":null,"timeout":2.000,"unsuccessful_views":0,)"
            R"("certified_height":0,"complaint":null,"last_view_changes":[],"evidence":[]})");
    EXPECT_EQ(reply.result.find("view")->number(), "0");
    EXPECT_THAT(runner.result("getblockchaininfo"), HasSubstr("\"warnings\":[]"));
    // Only the validators create blocks.
    const std::string address = std::string{"[1,\""} + kAddress + "\"]";
    const std::string refused = "Blocks are not mined with -consensus=pbft";
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"rules":["segwit"]}])").message, refused);
    EXPECT_EQ(runner.call("setautomine", R"(["5"])").message, refused);
    EXPECT_EQ(runner.call("generatetoaddress", address).message,
              refused + "; send a transaction, and the validators will create a block with it");
}

TEST(GetConsensusInfo, warningsOfTheEngine_areInGetBlockchainInfo) {
    NodeConfig config{regtest_params()};
    SeededRandom random(5);
    PbftOptions options;
    options.validators.push_back(SecretKey::generate(random).public_key());
    config.engine = pbft_choice(options);
    RpcFixture runner{std::move(config)};
    for (const char* method : {"getblockchaininfo", "getnetworkinfo", "getmininginfo"})
        EXPECT_THAT(runner.result(method), HasSubstr("tolerate no Byzantine fault")) << method;
}

TEST(GetForkStats, rates_areFractionsWithWilsonIntervals) {
    RpcFixture runner;
    // A hundred heights, ten of them with a second block and two of these with a third.
    for (int height = 1; height <= 100; ++height) {
        std::vector<BlockRef> rivals;
        const int count = height % 10 != 0 ? 0 : height <= 20 ? 2 : 1;
        for (int i = 0; i < count; ++i) rivals.push_back(runner.node.build());
        runner.extend();
        for (const BlockRef& rival : rivals) ASSERT_EQ(runner.node.submit(rival), "inconclusive");
    }
    const Json stats = runner.call("getforkstats").result;
    EXPECT_EQ(stats.find("heights_compared")->number(), "100");
    EXPECT_EQ(stats.find("F_h")->find("rate")->number(), "0.1");
    EXPECT_EQ(stats.find("S_m")->find("rate")->number(), "0.12");
    EXPECT_EQ(stats.find("S_t")->find("rate")->number(), "0.1071428571428571");
    // 10 of 100, Wilson at 95 %: 0.0552 to 0.1744.
    const Json::Array& interval = stats.find("F_h")->find("interval95")->array();
    EXPECT_NEAR(std::stod(interval[0].number()), 0.05523, 1e-5);
    EXPECT_NEAR(std::stod(interval[1].number()), 0.17437, 1e-5);
    EXPECT_EQ(stats.find("reorganisations")->number(), "0");
    // Seven reorganisations of one block, there and back and there again; and one of three.
    const std::string tip = quoted(runner.tip_hash());
    for (int i = 0; i < 3; ++i) {
        runner.result("invalidateblock", tip);
        runner.result("reconsiderblock", tip);
    }
    runner.result("invalidateblock", tip);
    runner.result("invalidateblock",
                  quoted(runner.node->chain().index().at_height(Height{98})->hash));
    const Json after = runner.call("getforkstats").result;
    EXPECT_EQ(after.find("reorganisations")->number(), "8");
    EXPECT_EQ(after.find("reorganisation_depth_max")->number(), "3");
}

TEST(GetForkStats, staleBlocksAndReorganisations_areCounted) {
    RpcFixture runner;
    runner.node.generate(3);
    const BlockRef rival = runner.node.build();
    runner.node.now += std::chrono::seconds{1};
    const BlockRef winner = runner.node.build();
    ASSERT_NE(rival->header.hash(), winner->header.hash());
    ASSERT_EQ(runner.node.submit(winner), "");
    ASSERT_EQ(runner.node.submit(rival), "inconclusive");
    const auto figures = [&](const std::string& arguments) {
        const Json stats = runner.call("getforkstats", arguments).result;
        std::string text;
        for (const char* name : {"first_height", "last_height", "main_chain_blocks",
                                 "forked_heights", "stale_blocks", "reorganisations"})
            text += stats.find(name)->number() + " ";
        return text;
    };
    EXPECT_EQ(figures("[]"), "1 4 4 1 1 0 ");
    EXPECT_EQ(figures("[1]"), "4 4 1 1 1 0 ");

    // The rival gets a child: one reorganisation, one block deep, and the same rates.
    runner.result("invalidateblock", quoted(winner->header.hash()));
    ASSERT_EQ(runner.tip_hash(), rival->header.hash());
    runner.node.generate(1);
    runner.result("reconsiderblock", quoted(winner->header.hash()));
    EXPECT_EQ(figures("[]"), "1 5 5 1 1 1 ");
}

TEST(GetForkStats, nothingCompared_hasNoRates) {
    RpcFixture runner;
    const Json stats = runner.call("getforkstats", "[5]").result;
    for (const char* name : {"F_h", "S_t", "S_m"}) EXPECT_TRUE(stats.find(name)->is_null());
    EXPECT_EQ(runner.call("getforkstats", "[0]").code, -8);
    EXPECT_THAT(runner.call("getforkstats", "[-1]").message, HasSubstr("nblocks"));
}

}  // namespace
}  // namespace parley::rpc::test
