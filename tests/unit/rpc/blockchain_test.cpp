// The best chain, blocks as JSON, coins, waiting, statistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto/muhash.h"
#include "base/crypto/sha256.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGenesisFields =
    R"("version":1,"versionHex":"00000001",)"
    R"("merkleroot":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",)"
    R"("time":1296688602,"mediantime":1296688602,"nonce":2,"bits":"207fffff",)"
    R"("target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
    R"("difficulty":4.656542373906925e-10,)"
    R"("chainwork":"0000000000000000000000000000000000000000000000000000000000000002","nTx":1)";

TEST(GetBlockchainInfo, genesis_matchesBitcoind) {
    RpcFixture runner;
    runner.set_time(runner.block(0)->header.time + 600);
    EXPECT_EQ(
        runner.result("getblockchaininfo"),
        std::string{R"({"chain":"regtest","blocks":0,"headers":0,"bestblockhash":")"} + kGenesis +
            R"(","bits":"207fffff",)"
            R"("target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
            R"("difficulty":4.656542373906925e-10,"time":1296688602,"mediantime":1296688602,)"
            R"("verificationprogress":1,"initialblockdownload":false,)"
            R"("chainwork":"0000000000000000000000000000000000000000000000000000000000000002",)"
            R"("size_on_disk":293,"pruned":false,"warnings":[]})");
}

TEST(GetBlockchainInfo, oldTip_meansInitialDownload) {
    RpcFixture runner;
    EXPECT_TRUE(runner.call("getblockchaininfo").result.find("initialblockdownload")->boolean());
    runner.extend();
    EXPECT_FALSE(runner.call("getblockchaininfo").result.find("initialblockdownload")->boolean());
}

TEST(GetBlockchainInfo, unknownRules_areWarnedOf) {
    NodeConfig config{regtest_params()};
    config.node.block_version = 0x20000000 | 1 << 9;
    RpcFixture runner{std::move(config)};
    for (int i = 0; i < 3 * 144; ++i) runner.extend();
    for (const char* method : {"getblockchaininfo", "getmininginfo", "getnetworkinfo"}) {
        const Json warnings = *runner.call(method).result.find("warnings");
        ASSERT_EQ(warnings.array().size(), 1u) << method;
        EXPECT_EQ(warnings.array()[0].string(), "Unknown new rules activated (versionbit 9)");
    }
}

TEST(GetChainStates, theOnlyOne_isValidated) {
    RpcFixture runner;
    const BlockRef block = runner.extend();
    const Json result = runner.call("getchainstates").result;
    EXPECT_EQ(result.find("headers")->number(), "1");
    const Json::Array& states = result.find("chainstates")->array();
    ASSERT_EQ(states.size(), 1u);
    EXPECT_EQ(states[0].find("blocks")->number(), "1");
    EXPECT_EQ(states[0].find("bestblockhash")->string(), block->header.hash().to_string());
    EXPECT_EQ(states[0].find("bits")->string(), "207fffff");
    EXPECT_EQ(states[0].find("coins_tip_cache_bytes")->number(),
              std::to_string(ChainOptions{}.coins_cache_bytes));
    EXPECT_TRUE(states[0].find("validated")->boolean());
}

TEST(GetBlockCount, tip_isReported) {
    RpcFixture runner;
    runner.extend();
    EXPECT_EQ(runner.result("getblockcount"), "1");
    EXPECT_EQ(runner.result("getbestblockhash"), "\"" + runner.tip_hash().to_string() + "\"");
    EXPECT_EQ(runner.result("getdifficulty"), "4.656542373906925e-10");
    EXPECT_EQ(runner.result("getblockhash", "[0]"), "\"" + std::string{kGenesis} + "\"");
}

/// A snapshot of a node's chain.
class FakeSnapshot final : public ChainSnapshot {
 public:
    explicit FakeSnapshot(const Node& node)
        : tip_(summarise(node.chain(), node.chain().index().tip())) {}
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
    RpcFixture runner;
    runner.extend();
    const auto ask_all = [&] {
        std::string answers;
        const std::string tip = runner.tip_hash().to_string();
        for (const char* method : {"getblockcount", "getbestblockhash", "getdifficulty"})
            answers += runner.result(method);
        for (const char* verbosity : {"2", "3", "1"})
            answers += runner.result("getblock", "[\"" + tip + "\"," + verbosity + "]");
        return answers + runner.result("getblockheader", "[\"" + tip + "\"]");
    };
    const std::string from_node = ask_all();
    const int steps = runner.gateway.steps;
    runner.gateway.snapshot = std::make_shared<FakeSnapshot>(*runner.node);
    EXPECT_EQ(ask_all(), from_node);
    // The first getblock went to the node and left the block.
    EXPECT_EQ(runner.gateway.steps, steps + 1);
}

TEST(GetBlockHash, outOfRange_isInvalidParameter) {
    RpcFixture runner;
    for (const char* height : {"[1]", "[-1]", "[2147483647]"}) {
        const Reply reply = runner.call("getblockhash", height);
        EXPECT_EQ(reply.code, -8);
        EXPECT_EQ(reply.message, "Block height out of range");
    }
    for (const char* height : {"[1.5]", "[1e3]", "[99999999999]"}) {
        const Reply reply = runner.call("getblockhash", height);
        EXPECT_EQ(reply.code, -1);
        EXPECT_EQ(reply.message, "JSON integer out of range");
    }
}

TEST(GetBlockHeader, genesis_matchesBitcoind) {
    RpcFixture runner;
    const std::string hash = quoted(runner.tip_hash());
    EXPECT_EQ(runner.result("getblockheader", hash), std::string{R"({"hash":")"} + kGenesis +
                                                         R"(","confirmations":1,"height":0,)" +
                                                         kGenesisFields + "}");
    EXPECT_EQ(runner.result("getblockheader", R"([")" + std::string{kGenesis} + R"(",false])"),
              "\"01000000" + std::string(64, '0') +
                  "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
                  "dae5494dffff7f2002000000\"");
    runner.extend();
    EXPECT_THAT(runner.result("getblockheader", hash),
                EndsWith(R"("nextblockhash":")" + runner.tip_hash().to_string() + "\"}"));
}

TEST(GetBlockHeader, badHash_isExplained) {
    RpcFixture runner;
    Reply reply = runner.call("getblockheader", R"(["abc"])");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "hash must be of length 64 (not 3, for 'abc')");
    const std::string digits(64, 'z');
    reply = runner.call("getblockheader", "[\"" + digits + "\"]");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "hash must be hexadecimal string (not '" + digits + "')");
    reply = runner.call("getblockheader", "[\"" + std::string(64, 'a') + "\"]");
    EXPECT_EQ(reply.code, -5);
    EXPECT_EQ(reply.message, "Block not found");
}

TEST(GetBlock, verbosities_showMoreAndMore) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef transaction = runner.pay(runner.coin(1), 1'000);
    const BlockRef made = runner.extend({transaction});
    const std::string hash = runner.tip_hash().to_string();
    const auto block = [&](const std::string& verbosity) {
        return runner.call("getblock", "[\"" + hash + "\"," + verbosity + "]");
    };
    EXPECT_EQ(block("0").result.string(), to_hex(made->serialize()));
    EXPECT_EQ(block("false").text, block("0").text);
    EXPECT_EQ(block("true").text, block("1").text);

    const Reply plain = block("1");
    EXPECT_EQ(plain.result.find("tx")->array()[1].string(), transaction->txid().to_string());
    EXPECT_EQ(plain.result.find("size")->number(), std::to_string(made->size()));
    EXPECT_NE(plain.result.find("coinbase_tx")->find("coinbase"), nullptr);

    const Json full = block("2").result.find("tx")->array()[1];
    EXPECT_EQ(full.find("fee")->number(), "0.00001000");
    EXPECT_EQ(full.find("vin")->array()[0].find("prevout"), nullptr);
    const Json with_spent = block("3").result.find("tx")->array()[1];
    const Json prevout = *with_spent.find("vin")->array()[0].find("prevout");
    EXPECT_TRUE(prevout.find("generated")->boolean());
    EXPECT_EQ(prevout.find("value")->number(), "50.00000000");
    EXPECT_EQ(prevout.find("scriptPubKey")->find("type")->string(), "witness_v0_keyhash");
}

TEST(GetChainTips, statuses_haveBitcoindsNames) {
    RpcFixture runner;
    const BlockRef first = runner.extend();
    const auto rival_of_tip = [&] {
        const BlockRef rival = runner.node.build(std::vector<TransactionRef>{});
        runner.extend();
        return rival;
    };
    const auto submit = [&](const BlockRef& block) { return runner.node.submit(block); };
    // Below the tip, never connected.
    const BlockRef late = rival_of_tip();
    EXPECT_EQ(submit(late), "inconclusive");
    // Connected once, then left for a longer branch.
    const BlockHash left = runner.tip_hash();
    runner.result("invalidateblock", quoted(left));
    ASSERT_EQ(runner.tip_hash(), late->header.hash());
    runner.extend();
    runner.result("reconsiderblock", quoted(left));
    // A header without its block, and a branch that was ruled out.
    const BlockRef headers_only = rival_of_tip();
    runner.result("submitheader", "[\"" + to_hex(headers_only->header.serialize()) + "\"]");
    const BlockRef bad = rival_of_tip();
    EXPECT_EQ(submit(bad), "inconclusive");
    runner.result("invalidateblock", quoted(bad->header.hash()));
    const BlockRef valid_headers = rival_of_tip();
    EXPECT_EQ(submit(valid_headers), "inconclusive");

    std::map<std::string, std::string> statuses;
    const Reply tips = runner.call("getchaintips");
    for (const Json& tip : tips.result.array())
        statuses[tip.find("hash")->string()] = tip.find("status")->string() + " " +
                                               tip.find("height")->number() + " " +
                                               tip.find("branchlen")->number();
    const std::map<std::string, std::string> expected{
        {runner.tip_hash().to_string(), "active 6 0"},
        {left.to_string(), "valid-fork 2 1"},
        {headers_only->header.hash().to_string(), "headers-only 4 1"},
        {bad->header.hash().to_string(), "invalid 5 1"},
        {valid_headers->header.hash().to_string(), "valid-headers 6 1"}};
    EXPECT_EQ(statuses, expected);
    EXPECT_THAT(tips.text, StartsWith(R"([{"height":6,"hash":")"));
}

TEST(GetTxOut, coin_isDescribed_orNull) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef split = runner.pay_to(
        runner.coin(1), coins(50),
        {{coins(10), RpcFixture::key_script()}, {Amount{40 * kCoin - 1'000}, p2wpkh_script({})}});
    runner.extend({split});
    runner.extend();
    const std::string txid = split->txid().to_string();
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",1]"),
              R"({"bestblock":")" + runner.tip_hash().to_string() +
                  R"(","confirmations":2,"value":39.99999000,"scriptPubKey":{)"
                  R"("asm":"0 0000000000000000000000000000000000000000",)"
                  R"("desc":"addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)#v0fp9yyh",)"
                  R"("hex":"00140000000000000000000000000000000000000000",)"
                  R"("address":"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202",)"
                  R"("type":"witness_v0_keyhash"},"coinbase":false})");
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",2]"), "null");
    const std::string coinbase = runner.coin(2).txid.to_string();
    EXPECT_TRUE(
        runner.call("gettxout", "[\"" + coinbase + "\",0]").result.find("coinbase")->boolean());
    // Spent by a waiting transaction, which makes another.
    const TransactionRef waiting = runner.pay({split->txid(), 0}, 1'000, coins(10));
    ASSERT_TRUE(runner.node.send(waiting));
    EXPECT_EQ(runner.result("gettxout", "[\"" + txid + "\",0]"), "null");
    EXPECT_NE(runner.result("gettxout", "[\"" + txid + "\",0,false]"), "null");
    const std::string made = "[\"" + waiting->txid().to_string() + "\",0";
    EXPECT_EQ(runner.call("gettxout", made + "]").result.find("confirmations")->number(), "0");
    EXPECT_EQ(runner.result("gettxout", made + ",false]"), "null");
    EXPECT_EQ(runner.call("gettxout", "[\"" + txid + "\",-1]").code, -1);
}

TEST(GetTxOutSetInfo, coins_areCountedAndHashed) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("gettxoutsetinfo", R"(["sha3"])").message,
              "'sha3' is not a valid hash_type");
    for (const char* const type : {"muhash", "hash_serialized_3"})
        EXPECT_EQ(runner.call("gettxoutsetinfo", "[\"" + std::string{type} + "\", 3]").message,
                  "Querying specific block heights requires coinstatsindex");
    EXPECT_EQ(runner.call("gettxoutsetinfo").result.find("txouts")->number(), "0");
    runner.mature(1);
    runner.extend({runner.pay_to(runner.coin(1), coins(50),
                                 {{coins(2), Script{{OP_TRUE}}}, {coins(48), Script{{OP_TRUE}}}})});
    const Json info = runner.call("gettxoutsetinfo").result;
    EXPECT_EQ(info.find("txouts")->number(), "103");  // 101 coinbases and two of one transaction
    EXPECT_EQ(info.find("transactions")->number(), "102");
    EXPECT_EQ(info.find("total_amount")->number(), "5100.00000000");
    // 50 bytes and the script for each: 22 in a coinbase's, 1 in the others.
    EXPECT_EQ(info.find("bogosize")->number(), std::to_string(101 * (50 + 22) + 2 * (50 + 1)));
    // Outpoint, height and coinbase, value, script; in the order of the outpoints.
    std::vector<std::pair<OutPoint, Coin>> all;
    runner.node.call([&](Node& node) {
        ASSERT_TRUE(
            node.coins_snapshot()->for_each([&](const OutPoint& outpoint, const Coin& coin) {
                all.emplace_back(outpoint, coin);
                return true;
            }));
    });
    std::string text;
    MuHash3072 muhash;
    for (const auto& [outpoint, coin] : all) {
        Writer code;
        code.le(static_cast<uint32_t>(coin.height.value() * 2 + (coin.coinbase ? 1 : 0)));
        Writer value;
        value.le(coin.output.value.value());
        const Bytes script{coin.output.script_pubkey.bytes().begin(),
                           coin.output.script_pubkey.bytes().end()};
        const std::string one = to_hex(outpoint.txid.span()) +
                                (outpoint.index == 0 ? "00000000" : "01000000") +
                                to_hex(code.data()) + to_hex(value.data()) +
                                (script.size() == 22 ? "16" : "01") + to_hex(script);
        text += one;
        muhash.insert(*from_hex(one));
    }
    EXPECT_EQ(info.find("hash_serialized_3")->string(), sha256d(*from_hex(text)).to_string());
    EXPECT_EQ(runner.call("gettxoutsetinfo", R"(["none"])").result.find("hash_serialized_3"),
              nullptr);
    const Json other = runner.call("gettxoutsetinfo", R"(["muhash"])").result;
    EXPECT_EQ(other.find("muhash")->string(), muhash.digest().to_string());
    EXPECT_EQ(other.find("disk_size")->number(),
              std::to_string(runner.node->chain().coins_size_on_disk()));
}

TEST(InvalidateBlock, block_isLeftAndComesBack_unknownIsNotFound) {
    RpcFixture runner;
    runner.extend();
    const BlockHash tip = runner.tip_hash();
    EXPECT_EQ(runner.result("invalidateblock", quoted(tip)), "null");
    EXPECT_EQ(runner.tip_height(), Height{0});
    EXPECT_EQ(runner.result("reconsiderblock", quoted(tip)), "null");
    EXPECT_EQ(runner.tip_hash(), tip);
    const std::string unknown = "[\"" + std::string(64, '1') + "\"]";
    EXPECT_EQ(runner.call("invalidateblock", unknown).code, -5);
    EXPECT_EQ(runner.call("reconsiderblock", unknown).message, "Block not found");
}

TEST(PreciousBlock, rival_becomesTheTip_unknownIsNotFound) {
    RpcFixture runner;
    runner.set_time(runner.block(0)->header.time + 500);
    const BlockRef rival = runner.node.build();
    runner.extend();
    ASSERT_EQ(runner.node.submit(rival), "inconclusive");
    EXPECT_EQ(runner.result("preciousblock", quoted(rival->header.hash())), "null");
    EXPECT_EQ(runner.tip_hash(), rival->header.hash());
    const std::string unknown = "[\"" + std::string(64, '1') + "\"]";
    EXPECT_EQ(runner.call("preciousblock", unknown).message, "Block not found");
}

TEST(VerifyChain, levelAndCount_haveBitcoindsDefaultsAndLimits) {
    RecordingLog log;
    RpcFixture runner{NodeConfig{regtest_params()}, &log};
    for (int i = 0; i < 9; ++i) runner.extend();
    EXPECT_EQ(runner.result("verifychain"), "true");
    EXPECT_THAT(log.lines.back(), HasSubstr("6 blocks at level 3"));
    EXPECT_EQ(runner.result("verifychain", "[9, 0]"), "true");
    EXPECT_THAT(log.lines.back(), HasSubstr("9 blocks at level 4"));
    runner.damage_block_files();
    EXPECT_EQ(runner.result("verifychain", "[1, 2]"), "false");
}

TEST(SyncWithValidationInterfaceQueue, call_isOneStep) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("syncwithvalidationinterfacequeue"), "null");
    EXPECT_EQ(runner.gateway.steps, 1);
}

TEST(WaitForNewBlock, newTip_endsTheWait) {
    RpcFixture runner;
    int pauses = 0;
    runner.host.on_pause = [&] {
        if (++pauses == 3) runner.extend();
    };
    EXPECT_THAT(runner.result("waitfornewblock", "[5000]"), EndsWith(R"("height":1})"));
    EXPECT_EQ(pauses, 3);
    // A tip that is another one already.
    EXPECT_THAT(runner.result("waitfornewblock", "[0,\"" + std::string{kGenesis} + "\"]"),
                EndsWith(R"("height":1})"));
    EXPECT_EQ(pauses, 3);
}

TEST(WaitForBlockHeight, timeoutAndStop_endTheWait) {
    RpcFixture runner;
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
    RpcFixture runner;
    runner.result("waitforblockheight", "[5]");
    EXPECT_GE(runner.host.time, std::chrono::minutes{10});
    runner.host.time = {};
    runner.result("waitforblockheight", "[5,2147483647]");
    EXPECT_LT(runner.host.time, std::chrono::minutes{11});
}

// As bitcoind's RPC_DATABASE_ERROR: no client takes it for "spent".
TEST(GetTxOut, coin_that_cannot_be_read_is_an_error_of_the_store) {
    RpcFixture runner;
    const std::string txid = runner.extend()->transactions[0]->txid().to_string();
    // The start verifies the last six blocks, and has their coins in memory.
    for (int i = 0; i < 10; ++i) runner.extend();
    runner.node.call([](Node& node) { node.stop(); });
    runner.node.open();
    runner.node.coins_fault.fail_at(1);
    const Reply reply = runner.call("gettxout", "[\"" + txid + "\",0]");
    EXPECT_EQ(reply.code, -20);
    EXPECT_EQ(reply.message, "disk on fire");
    EXPECT_TRUE(contains<effect::Shutdown>(runner.node.effects));
}

TEST(GetDeploymentInfo, regtest_hasEverythingActive) {
    RpcFixture runner;
    const Json info = runner.call("getdeploymentinfo").result;
    EXPECT_EQ(info.find("height")->number(), "0");
    for (const char* name : {"bip34", "bip66", "bip65", "csv", "segwit"}) {
        const Json* deployment = info.find("deployments")->find(name);
        ASSERT_NE(deployment, nullptr) << name;
        EXPECT_TRUE(deployment->find("active")->boolean()) << name;
        EXPECT_EQ(deployment->find("type")->string(), "buried");
    }
    EXPECT_EQ(info.find("deployments")->find("taproot"), nullptr);
}

}  // namespace
}  // namespace parley::rpc::test
