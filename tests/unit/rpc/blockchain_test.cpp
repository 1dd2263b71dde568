// The best chain, blocks as JSON, coins, waiting, statistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto/muhash.h"
#include "base/crypto/sha256.h"
#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGenesis = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
constexpr const char* kGenesisFields =
    R"("version":1,"versionHex":"00000001",)"
    R"("merkleroot":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",)"
    R"("time":1296688602,"mediantime":1296688602,"nonce":2,"bits":"207fffff",)"
    R"("target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
    R"("difficulty":4.656542373906925e-10,)"
    R"("chainwork":"0000000000000000000000000000000000000000000000000000000000000002","nTx":1)";

std::string quoted(const Hash256& hash) {
    return "[\"" + hash.to_string() + "\"]";
}

TEST(GetBlockchainInfo, genesis_matchesBitcoind) {
    Runner runner;
    runner.node.summary.warnings = {"one"};
    EXPECT_EQ(
        runner.result("getblockchaininfo"),
        std::string{R"({"chain":"regtest","blocks":0,"headers":0,"bestblockhash":")"} + kGenesis +
            R"(","bits":"207fffff",)"
            R"("target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
            R"("difficulty":4.656542373906925e-10,"time":1296688602,"mediantime":1296688602,)"
            R"("verificationprogress":1,"initialblockdownload":false,)"
            R"("chainwork":"0000000000000000000000000000000000000000000000000000000000000002",)"
            R"("size_on_disk":0,"pruned":false,"warnings":["one"]})");
}

TEST(GetBlockCount, tip_isReported) {
    Runner runner;
    runner.node.extend();
    EXPECT_EQ(runner.result("getblockcount"), "1");
    EXPECT_EQ(runner.result("getbestblockhash"), "\"" + runner.node.tip_hash().to_string() + "\"");
    EXPECT_EQ(runner.result("getdifficulty"), "4.656542373906925e-10");
    EXPECT_EQ(runner.result("getblockhash", "[0]"), "\"" + std::string{kGenesis} + "\"");
}

/// A snapshot of a fake node's chain.
class FakeSnapshot final : public ChainSnapshot {
 public:
    explicit FakeSnapshot(const FakeNode& node) : tip_(node.chain().tip) {}
    const BlockSummary& tip() const override { return tip_; }
    std::shared_ptr<const KnownBlock> find(const BlockHash& hash) const override {
        return kept && kept->summary.hash == hash ? kept : nullptr;
    }
    void keep(const BlockHash& tip, std::shared_ptr<const KnownBlock> block) const override {
        EXPECT_EQ(tip, tip_.hash);
        kept = std::move(block);
    }
    mutable std::shared_ptr<const KnownBlock> kept;

 private:
    const BlockSummary tip_;
};

TEST(ChainSnapshot, questions_that_it_answers_do_not_reach_the_node) {
    Runner runner;
    runner.node.extend();
    const auto ask_all = [&] {
        std::string answers;
        const std::string tip = runner.node.tip_hash().to_string();
        for (const char* method : {"getblockcount", "getbestblockhash", "getdifficulty"})
            answers += runner.result(method);
        for (const char* verbosity : {"2", "3", "1", "0"})
            answers += runner.result("getblock", "[\"" + tip + "\"," + verbosity + "]");
        return answers + runner.result("getblockheader", "[\"" + tip + "\"]");
    };
    const std::string from_node = ask_all();
    const int steps = runner.gateway.steps;
    runner.gateway.snapshot = std::make_shared<FakeSnapshot>(runner.node);
    EXPECT_EQ(ask_all(), from_node);
    // The first getblock went to the node and left the block.
    EXPECT_EQ(runner.gateway.steps, steps + 1);
}

TEST(GetBlockHash, outOfRange_isInvalidParameter) {
    Runner runner;
    for (const char* height : {"[1]", "[-1]", "[2147483647]"}) {
        const Reply reply = runner.call("getblockhash", height);
        EXPECT_EQ(reply.code, -8);
        EXPECT_EQ(reply.message, "Block height out of range");
    }
    for (const char* height : {"[1.5]", "[1e3]", "[99999999999]"}) {
        const Reply reply = runner.call("getblockhash", height);
        EXPECT_EQ(reply.code, -1);
        EXPECT_EQ(reply.message, "JSON integer out of range (height)");
    }
}

TEST(GetBlockHeader, genesis_matchesBitcoind) {
    Runner runner;
    const std::string hash = quoted(runner.node.tip_hash());
    EXPECT_EQ(runner.result("getblockheader", hash), std::string{R"({"hash":")"} + kGenesis +
                                                         R"(","confirmations":1,"height":0,)" +
                                                         kGenesisFields + "}");
    EXPECT_EQ(runner.result("getblockheader", R"([")" + std::string{kGenesis} + R"(",false])"),
              "\"01000000" + std::string(64, '0') +
                  "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
                  "dae5494dffff7f2002000000\"");
    runner.node.extend();
    EXPECT_THAT(runner.result("getblockheader", hash),
                EndsWith(R"("nextblockhash":")" + runner.node.tip_hash().to_string() + "\"}"));
}

TEST(GetBlockHeader, badHash_isExplained) {
    Runner runner;
    Reply reply = runner.call("getblockheader", R"(["abc"])");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "blockhash must be of length 64 (not 3, for 'abc')");
    const std::string digits(64, 'z');
    reply = runner.call("getblockheader", "[\"" + digits + "\"]");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "blockhash must be hexadecimal string (not '" + digits + "')");
    reply = runner.call("getblockheader", "[\"" + std::string(64, 'a') + "\"]");
    EXPECT_EQ(reply.code, -5);
    EXPECT_EQ(reply.message, "Block not found");
}

TEST(GetBlock, verbosities_showMoreAndMore) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(7);
    const OutPoint spent = transaction->inputs()[0].prevout;
    runner.node.coins[spent] = {{Amount{kCoin + 1'000}, p2wpkh_script({})}, Height{0}, true};
    runner.node.extend({transaction});
    const std::string hash = runner.node.tip_hash().to_string();
    const auto block = [&](const std::string& verbosity) {
        return runner.call("getblock", "[\"" + hash + "\"," + verbosity + "]");
    };
    EXPECT_EQ(block("0").result.string(), to_hex(runner.node.blocks.back()->serialize()));
    EXPECT_EQ(block("false").text, block("0").text);
    EXPECT_EQ(block("true").text, block("1").text);

    const Reply plain = block("1");
    EXPECT_EQ(plain.result.find("tx")->array()[1].string(), transaction->txid().to_string());
    EXPECT_EQ(plain.result.find("size")->number(),
              std::to_string(runner.node.blocks.back()->size()));
    EXPECT_NE(plain.result.find("coinbase_tx")->find("coinbase"), nullptr);

    const Json full = block("2").result.find("tx")->array()[1];
    EXPECT_EQ(full.find("fee")->number(), "0.00001000");
    EXPECT_EQ(full.find("vin")->array()[0].find("prevout"), nullptr);
    const Json with_spent = block("3").result.find("tx")->array()[1];
    const Json prevout = *with_spent.find("vin")->array()[0].find("prevout");
    EXPECT_TRUE(prevout.find("generated")->boolean());
    EXPECT_EQ(prevout.find("value")->number(), "1.00001000");
    EXPECT_EQ(prevout.find("scriptPubKey")->find("type")->string(), "witness_v0_keyhash");
}

TEST(GetChainTips, statuses_haveBitcoindsNames) {
    Runner runner;
    using Status = ChainTip::Status;
    for (const Status status : {Status::active, Status::valid_fork, Status::valid_headers,
                                Status::headers_only, Status::invalid})
        runner.node.tips.push_back({Height{5}, runner.node.tip_hash(), 2, status});
    const std::string text = runner.result("getchaintips");
    EXPECT_THAT(text, StartsWith(R"([{"height":5,"hash":")" + std::string{kGenesis} +
                                 R"(","branchlen":2,"status":"active"},)"));
    for (const char* name : {"valid-fork", "valid-headers", "headers-only", "invalid"})
        EXPECT_THAT(text, HasSubstr("\"" + std::string{name} + "\""));
}

TEST(GetTxOut, coin_isDescribed_orNull) {
    Runner runner;
    runner.node.extend();
    OutPoint outpoint;
    outpoint.txid.bytes().fill(0x11);
    outpoint.index = 1;
    const Hash160 key_hash{};
    runner.node.coins[outpoint] = {{coins(50), p2wpkh_script(key_hash)}, Height{0}, true};
    const std::string txid = outpoint.txid.to_string();
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",1]"),
              R"({"bestblock":")" + runner.node.tip_hash().to_string() +
                  R"(","confirmations":2,"value":50.00000000,"scriptPubKey":{)"
                  R"("asm":"0 0000000000000000000000000000000000000000",)"
                  R"("desc":"addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)#v0fp9yyh",)"
                  R"("hex":"00140000000000000000000000000000000000000000",)"
                  R"("address":"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202",)"
                  R"("type":"witness_v0_keyhash"},"coinbase":true})");
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",2]"), "null");
    runner.node.spenders[outpoint] = Txid{};
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",1]"), "null");
    EXPECT_NE(runner.result("gettxout", "[\"" + txid + "\",1,false]"), "null");
    EXPECT_EQ(runner.call("gettxout", "[\"" + txid + "\",-1]").code, -1);
}

TEST(GetTxOutSetInfo, coins_areCountedAndHashed) {
    Runner runner;
    EXPECT_EQ(runner.call("gettxoutsetinfo", R"(["sha3"])").message,
              "'sha3' is not a valid hash_type");
    EXPECT_EQ(runner.call("gettxoutsetinfo", R"(["muhash", 3])").code, -8);
    OutPoint outpoint;
    outpoint.index = 0;
    runner.node.coins[outpoint] = {{coins(2), Script{{OP_TRUE}}}, Height{3}, true};
    outpoint.index = 1;
    runner.node.coins[outpoint] = {{coins(3), Script{{OP_TRUE}}}, Height{3}, false};
    const Json info = runner.call("gettxoutsetinfo").result;
    EXPECT_EQ(info.find("txouts")->number(), "2");
    EXPECT_EQ(info.find("transactions")->number(), "1");
    EXPECT_EQ(info.find("total_amount")->number(), "5.00000000");
    EXPECT_EQ(info.find("bogosize")->number(), "102");
    // By hand: outpoint, height and coinbase, value, script.
    const std::string zero(64, '0');
    const auto bytes = from_hex(zero + "00000000" + "07000000" + "00c2eb0b00000000" + "0151" +
                                zero + "01000000" + "06000000" + "00a3e11100000000" + "0151");
    EXPECT_EQ(info.find("hash_serialized_3")->string(), sha256d(*bytes).to_string());
    EXPECT_EQ(runner.call("gettxoutsetinfo", R"(["none"])").result.find("hash_serialized_3"),
              nullptr);
    MuHash3072 muhash;
    muhash.insert(ByteSpan{*bytes}.last(bytes->size() / 2));
    muhash.insert(ByteSpan{*bytes}.first(bytes->size() / 2));
    const Json other = runner.call("gettxoutsetinfo", R"(["muhash"])").result;
    EXPECT_EQ(other.find("muhash")->string(), muhash.digest().to_string());
    EXPECT_EQ(other.find("disk_size")->number(), "4096");
}

TEST(InvalidateBlock, hash_isPassedOn_unknownIsNotFound) {
    Runner runner;
    const std::string hash = quoted(runner.node.tip_hash());
    EXPECT_EQ(runner.result("invalidateblock", hash), "null");
    EXPECT_EQ(runner.result("reconsiderblock", hash), "null");
    EXPECT_EQ(runner.node.invalidated.size(), 1u);
    EXPECT_EQ(runner.node.reconsidered.size(), 1u);
    const std::string unknown = "[\"" + std::string(64, '1') + "\"]";
    EXPECT_EQ(runner.call("invalidateblock", unknown).code, -5);
    EXPECT_EQ(runner.call("reconsiderblock", unknown).message, "Block not found");
}

TEST(PreciousBlock, hash_isPassedOn_unknownIsNotFound) {
    Runner runner;
    EXPECT_EQ(runner.result("preciousblock", quoted(runner.node.tip_hash())), "null");
    EXPECT_EQ(runner.node.preferred, std::vector{runner.node.tip_hash()});
    const std::string unknown = "[\"" + std::string(64, '1') + "\"]";
    EXPECT_EQ(runner.call("preciousblock", unknown).message, "Block not found");
}

TEST(VerifyChain, levelAndCount_haveBitcoindsDefaultsAndLimits) {
    Runner runner;
    EXPECT_EQ(runner.result("verifychain"), "true");
    EXPECT_EQ(runner.node.verified, (std::pair{3, 6}));
    EXPECT_EQ(runner.result("verifychain", "[9, 0]"), "true");
    EXPECT_EQ(runner.node.verified, (std::pair{4, 0}));
    runner.node.verify_result = false;
    EXPECT_EQ(runner.result("verifychain", "[1, 2]"), "false");
}

TEST(SyncWithValidationInterfaceQueue, call_isOneStep) {
    Runner runner;
    EXPECT_EQ(runner.result("syncwithvalidationinterfacequeue"), "null");
    EXPECT_EQ(runner.gateway.steps, 1);
}

TEST(WaitForNewBlock, newTip_endsTheWait) {
    Runner runner;
    int pauses = 0;
    runner.host.on_pause = [&] {
        if (++pauses == 3) runner.node.extend();
    };
    EXPECT_THAT(runner.result("waitfornewblock", "[5000]"), EndsWith(R"("height":1})"));
    EXPECT_EQ(pauses, 3);
    // A tip that is another one already.
    EXPECT_THAT(runner.result("waitfornewblock", "[0,\"" + std::string{kGenesis} + "\"]"),
                EndsWith(R"("height":1})"));
    EXPECT_EQ(pauses, 3);
}

TEST(WaitForBlockHeight, timeoutAndStop_endTheWait) {
    Runner runner;
    EXPECT_THAT(runner.result("waitforblockheight", "[5,1000]"), EndsWith(R"("height":0})"));
    EXPECT_GE(runner.host.time, std::chrono::milliseconds{1000});
    EXPECT_LT(runner.host.time, std::chrono::milliseconds{1100});
    EXPECT_THAT(runner.result("waitforblockheight", "[0]"), EndsWith(R"("height":0})"));
    runner.host.stopping = true;
    EXPECT_THAT(runner.result("waitforblock", "[\"" + std::string(64, '1') + "\"]"),
                EndsWith(R"("height":0})"));
    EXPECT_EQ(runner.call("waitforblockheight", "[5,-1]").message, "Negative timeout");
}

TEST(WaitForBlockHeight, withoutTimeout_isBounded) {
    Runner runner;
    runner.result("waitforblockheight", "[5]");
    EXPECT_GE(runner.host.time, std::chrono::minutes{10});
    runner.host.time = {};
    runner.result("waitforblockheight", "[5,9223372036854775807]");
    EXPECT_LT(runner.host.time, std::chrono::minutes{11});
}

TEST(GetBlockStats, fees_areCountedFromSpentCoins) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(7);
    runner.node.coins[transaction->inputs()[0].prevout] = {
        {Amount{kCoin + 820}, p2wpkh_script({})}, Height{0}, false};
    runner.node.extend({transaction});
    const Json stats = runner.call("getblockstats", "[1]").result;
    const auto number = [&](const char* name) { return stats.find(name)->number(); };
    EXPECT_EQ(number("txs"), "2");
    EXPECT_EQ(number("totalfee"), "820");
    EXPECT_EQ(number("avgfee"), "820");
    EXPECT_EQ(number("medianfee"), "820");
    EXPECT_EQ(number("minfeerate"), std::to_string(820 * 4 / transaction->weight().value()));
    EXPECT_EQ(number("subsidy"), "5000000000");
    EXPECT_EQ(number("ins"), "1");
    EXPECT_EQ(number("outs"), "2");
    EXPECT_EQ(number("utxo_increase"), "1");
    EXPECT_EQ(number("utxo_increase_actual"), "1");
    EXPECT_EQ(runner.result("getblockstats", R"([1,["txs","height"]])"), R"({"height":1,"txs":2})");
}

TEST(GetBlockStats, wrongTarget_isExplained) {
    Runner runner;
    EXPECT_EQ(runner.call("getblockstats", "[2]").message,
              "Target block height 2 after current tip 0");
    EXPECT_EQ(runner.call("getblockstats", "[-2]").message, "Target block height -2 is negative");
    EXPECT_EQ(runner.call("getblockstats", "[\"" + std::string(64, '1') + "\"]").code, -5);
    const Reply reply = runner.call("getblockstats", R"([0,["nothing"]])");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "Invalid selected statistic 'nothing'");
    EXPECT_EQ(runner.call("getblockstats", "[true]").code, -3);
}

TEST(GetChainTxStats, window_isMeasured) {
    Runner runner;
    for (int i = 0; i < 4; ++i) runner.node.extend();
    const Json stats = runner.call("getchaintxstats", "[2]").result;
    EXPECT_EQ(stats.find("txcount")->number(), "5");
    EXPECT_EQ(stats.find("window_block_count")->number(), "2");
    EXPECT_EQ(stats.find("window_tx_count")->number(), "2");
    EXPECT_EQ(stats.find("window_interval")->number(), "1200");
    EXPECT_EQ(stats.find("txrate")->number(), "0.001666666666666667");
    EXPECT_EQ(runner.call("getchaintxstats", "[0]").result.find("txrate"), nullptr);
    for (const char* bad : {"[4]", "[-1]", "[1000000000000]"}) {
        const Reply reply = runner.call("getchaintxstats", bad);
        EXPECT_EQ(reply.code, -8) << bad;
        EXPECT_THAT(reply.message, StartsWith("Invalid block count"));
    }
    EXPECT_EQ(runner.call("getchaintxstats", "[1,\"" + std::string(64, '1') + "\"]").code, -5);
}

TEST(GetDeploymentInfo, regtest_hasEverythingActive) {
    Runner runner;
    const Json info = runner.call("getdeploymentinfo").result;
    EXPECT_EQ(info.find("height")->number(), "0");
    for (const char* name : {"bip34", "bip66", "bip65", "csv", "segwit", "taproot"}) {
        const Json* deployment = info.find("deployments")->find(name);
        ASSERT_NE(deployment, nullptr) << name;
        EXPECT_TRUE(deployment->find("active")->boolean()) << name;
        EXPECT_EQ(deployment->find("type")->string(), "buried");
    }
}

TEST(GetConsensusInfo, engineFields_areAppended) {
    Runner runner;
    runner.node.consensus_summary = {
        "pbft",
        true,
        {{Height{0}, runner.node.tip_hash()}},
        {{"view", 3},
         {"missing", EngineReport::List{1, 2}},
         {"timer", EngineReport{}},
         {"timeout", std::chrono::milliseconds{2050}},
         {"last", EngineReport::Object{{"reason", "say \"no\""}, {"own", false}}}}};
    EXPECT_EQ(runner.result("getconsensusinfo"),
              R"({"engine":"pbft","finality":"absolute","finalized":{"height":0,"hash":")" +
                  std::string{kGenesis} +
                  R"("},"view":3,"missing":[1,2],"timer":null,"timeout":2.050,)" +
                  R"("last":{"reason":"say \"no\"","own":false}})");
}

TEST(GetForkStats, rates_areFractionsWithWilsonIntervals) {
    Runner runner;
    runner.node.forks = {Height{1}, Height{100}, 10, 12, 100, {{1, 7}, {3, 1}}};
    const Json stats = runner.call("getforkstats").result;
    EXPECT_EQ(stats.find("heights_compared")->number(), "100");
    EXPECT_EQ(stats.find("F_h")->find("rate")->number(), "0.1");
    EXPECT_EQ(stats.find("S_m")->find("rate")->number(), "0.12");
    EXPECT_EQ(stats.find("S_t")->find("rate")->number(), "0.1071428571428571");
    // 10 of 100, Wilson at 95 %: 0.0552 to 0.1744.
    const Json::Array& interval = stats.find("F_h")->find("interval95")->array();
    EXPECT_NEAR(std::stod(interval[0].number()), 0.05523, 1e-5);
    EXPECT_NEAR(std::stod(interval[1].number()), 0.17437, 1e-5);
    EXPECT_EQ(stats.find("reorganisations")->number(), "8");
    EXPECT_EQ(stats.find("reorganisation_depth_max")->number(), "3");
}

TEST(GetForkStats, nothingCompared_hasNoRates) {
    Runner runner;
    const Json stats = runner.call("getforkstats", "[5]").result;
    for (const char* name : {"F_h", "S_t", "S_m"}) EXPECT_TRUE(stats.find(name)->is_null());
    EXPECT_EQ(runner.call("getforkstats", "[0]").code, -8);
    EXPECT_THAT(runner.call("getforkstats", "[-1]").message, HasSubstr("nblocks"));
}

}  // namespace
}  // namespace parley::rpc::test
