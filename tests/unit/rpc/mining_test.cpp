// Templates, submitted blocks, blocks on request, mock time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/primitives/coinbase.h"
#include "chain/rules/retarget.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(GenerateToAddress, blocks_areMinedOnTopOfEachOther) {
    RpcFixture runner;
    const Reply reply = runner.call("generatetoaddress", std::string{"[101,\""} + kAddress + "\"]");
    ASSERT_EQ(reply.result.array().size(), 101u);
    ASSERT_EQ(runner.tip_height().value(), 101);
    for (int32_t i = 0; i < 101; ++i) {
        const Block block = *runner.block(i + 1);
        EXPECT_EQ(reply.result.array()[static_cast<size_t>(i)].string(),
                  block.header.hash().to_string());
        EXPECT_EQ(block.header.previous, runner.block(i)->header.hash());
        EXPECT_LE(U256::from_hash(block.header.hash()), *target_from_compact(0x207fffff));
        EXPECT_EQ(block.transactions[0]->outputs()[0].script_pubkey, p2wpkh_script({}));
    }
    // Many blocks share a step, so that their writes reach the disk together.
    EXPECT_LE(runner.gateway.steps, 10);
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[0,\""} + kAddress + "\"]"), "[]");
}

/// A chain whose blocks need the number of hashes that `bits` implies.
NodeConfig with_target(uint32_t bits) {
    ChainParams params = regtest_params();
    Block genesis = *params.genesis;
    genesis.header.bits = bits;
    params.genesis = std::make_shared<const Block>(std::move(genesis));
    params.pow_limit = *target_from_compact(bits);
    return NodeConfig{std::move(params)};
}

TEST(GenerateToAddress, hardTarget_isSearchedOutsideTheStep) {
    RpcFixture runner{with_target(0x1f00ffff)};  // about 65,536 hashes
    const Reply reply =
        runner.call("generatetoaddress", std::string{"[2,\""} + kAddress + "\",100000000]");
    EXPECT_EQ(reply.result.array().size(), 2u) << reply.message;
    EXPECT_EQ(runner.tip_height().value(), 2);
}

TEST(GenerateToAddress, triesSpent_endsWithoutAnError) {
    RpcFixture runner{with_target(0x1d00ffff)};
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[1,\""} + kAddress + "\",10]"), "[]");
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[1,\""} + kAddress + "\",20000]"),
              "[]");
    EXPECT_EQ(runner.tip_height().value(), 0);
}

TEST(GenerateToAddress, failures_arePassedOn) {
    RpcFixture runner;
    const Reply address = runner.call("generatetoaddress", R"([1,"nowhere"])");
    EXPECT_EQ(address.code, -5);
    EXPECT_THAT(address.message, StartsWith("Error: Invalid address"));
    EXPECT_EQ(runner.call("generatetoaddress", std::string{"[1,\""} + kAddress + "\",-1]").code,
              -1);
}

TEST(GenerateToDescriptor, script_comesFromTheDescriptor) {
    RpcFixture runner;
    const std::string key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    EXPECT_EQ(
        runner.call("generatetodescriptor", "[1,\"combo(" + key + ")\"]").result.array().size(),
        1u);
    EXPECT_EQ(runner.block(1)->transactions[0]->outputs()[0].script_pubkey,
              p2wpkh_script(hash160(*from_hex(key))));
    const std::string ranged =
        "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76"
        "uZPStJRJCTKvosUCJZL5B";
    EXPECT_EQ(runner.call("generatetodescriptor", "[1,\"wpkh(" + ranged + "/*)\"]").code, -8);
    EXPECT_EQ(runner.call("generatetodescriptor", R"([1,"x"])").code, -5);
}

TEST(GenerateBlock, chosenTransactions_areInTheBlock) {
    RpcFixture runner;
    runner.mature(2);
    const TransactionRef waiting = runner.pay(runner.coin(1), 1'000);
    const TransactionRef raw = runner.pay(runner.coin(2), 1'000);
    ASSERT_TRUE(runner.node.send(waiting));
    const std::string list =
        "[\"" + waiting->txid().to_string() + "\",\"" + to_hex(raw->serialize()) + "\"]";
    const std::string params = std::string{"[\""} + kAddress + "\"," + list;
    // Shown first: it is not handed in.
    const Reply shown = runner.call("generateblock", params + ",false]");
    ASSERT_EQ(shown.code, 0) << shown.message;
    EXPECT_EQ(runner.tip_height().value(), 102);
    const auto bytes = from_hex(shown.result.find("hex")->string());
    Reader reader{*bytes};
    EXPECT_EQ(read_block(reader).header.hash().to_string(), shown.result.find("hash")->string());
    EXPECT_TRUE(reader.done());

    const Reply reply = runner.call("generateblock", params + "]");
    ASSERT_EQ(reply.code, 0) << reply.message;
    EXPECT_EQ(reply.result.find("hash")->string(), runner.tip_hash().to_string());
    EXPECT_EQ(reply.result.find("hex"), nullptr);
    const BlockRef made = runner.block(103);
    ASSERT_EQ(made->transactions.size(), 3u);
    EXPECT_EQ(made->transactions[1]->txid(), waiting->txid());
    EXPECT_EQ(made->transactions[2]->txid(), raw->txid());
}

TEST(GenerateBlock, mistakes_areExplained) {
    RpcFixture runner;
    const std::string base = std::string{"[\""} + kAddress + "\",";
    const std::string txid(64, '1');
    const Reply absent = runner.call("generateblock", base + "[\"" + txid + "\"]]");
    EXPECT_EQ(absent.code, -5);
    EXPECT_EQ(absent.message, "Transaction " + txid + " not in mempool.");
    const Reply broken = runner.call("generateblock", base + R"(["abcd"]])");
    EXPECT_EQ(broken.code, -22);
    EXPECT_EQ(broken.message,
              "Transaction decode failed for abcd. Make sure the tx has at least "
              "one input.");
    EXPECT_EQ(runner.call("generateblock", base + "[1]]").code, -3);
    EXPECT_EQ(runner.call("generateblock", R"(["nowhere",[]])").message,
              "Error: Invalid address or descriptor");
    const std::string unknown = to_hex(simple_transaction(1)->serialize());
    const Reply invalid = runner.call("generateblock", base + "[\"" + unknown + "\"]]");
    EXPECT_EQ(invalid.code, -25);
    EXPECT_THAT(invalid.message,
                StartsWith("TestBlockValidity failed: bad-txns-inputs-missingorspent"));
}

TEST(SubmitBlock, bip22Results_areStringsOrNull) {
    RpcFixture runner;
    const auto submit = [&](Block block) {
        while (
            !proof_of_work_met(block.header.hash(), block.header.bits, regtest_params().pow_limit))
            ++block.header.nonce;
        return runner.result("submitblock", "[\"" + to_hex(block.serialize()) + "\"]");
    };
    const BlockRef block = runner.node.build();
    const BlockRef rival = runner.node.build();
    EXPECT_EQ(submit(*block), "null");
    EXPECT_EQ(runner.tip_height().value(), 1);
    EXPECT_EQ(submit(*block), "\"duplicate\"");
    EXPECT_EQ(submit(*rival), "\"inconclusive\"");
    EXPECT_EQ(submit(*rival), "\"duplicate\"");
    Block orphan = *block;
    orphan.header.previous = BlockHash{};
    orphan.header.previous.bytes()[3] = 9;
    EXPECT_EQ(submit(orphan), "\"prev-blk-not-found\"");
    Block altered = *runner.node.build();
    altered.header.merkle_root.bytes()[0] ^= 1;
    EXPECT_EQ(submit(altered), "\"bad-txnmrklroot\"");
    Block unsolved = *runner.node.build();
    while (
        proof_of_work_met(unsolved.header.hash(), unsolved.header.bits, regtest_params().pow_limit))
        ++unsolved.header.nonce;
    EXPECT_EQ(runner.result("submitblock", "[\"" + to_hex(unsolved.serialize()) + "\"]"),
              "\"high-hash\"");
    runner.result("invalidateblock", "[\"" + rival->header.hash().to_string() + "\"]");
    EXPECT_EQ(submit(*rival), "\"duplicate-invalid\"");
    EXPECT_EQ(runner.tip_height().value(), 1);
    for (const char* bad : {R"([""])", R"(["zz"])", R"(["00"])"}) {
        EXPECT_EQ(runner.call("submitblock", bad).code, -22) << bad;
        EXPECT_EQ(runner.call("submitblock", bad).message, "Block decode failed");
    }
}

TEST(SubmitHeader, unknownParent_isVerifyError) {
    RpcFixture runner;
    BlockHeader header = runner.node.build()->header;
    EXPECT_EQ(runner.result("submitheader", "[\"" + to_hex(header.serialize()) + "\"]"), "null");
    EXPECT_EQ(runner.node->chain().index().best_header().hash, header.hash());
    header.previous = {};
    const Reply orphan = runner.call("submitheader", "[\"" + to_hex(header.serialize()) + "\"]");
    EXPECT_EQ(orphan.code, -25);
    EXPECT_EQ(orphan.message, "Must submit previous header (" + std::string(64, '0') + ") first");
    EXPECT_EQ(runner.call("submitheader", R"(["00"])").message, "Block header decode failed");
}

TEST(GetBlockTemplate, fields_matchBip22) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef parent = runner.pay_to(
        runner.coin(1), coins(50), {{Amount{50 * kCoin - 700}, RpcFixture::key_script()}});
    const TransactionRef child = runner.pay({parent->txid(), 0}, 300, Amount{50 * kCoin - 700});
    ASSERT_TRUE(runner.node.send(parent));
    ASSERT_TRUE(runner.node.send(child));
    const int64_t now = int64_t{runner.block(101)->header.time} + 900;
    runner.set_time(now);
    const int64_t median = runner.node->chain().index().tip().median_time_past();
    const BlockTemplate built = [&] {
        BlockTemplate result;
        runner.node.call([&](Node& node) { result = node.build_template(std::nullopt); });
        return result;
    }();
    const std::string tip = runner.tip_hash().to_string();
    const auto entry = [](const TransactionRef& transaction, const std::string& depends,
                          const std::string& fee) {
        return R"({"data":")" + to_hex(transaction->serialize()) + R"(","txid":")" +
               transaction->txid().to_string() + R"(","hash":")" +
               transaction->wtxid().to_string() + R"(","depends":[)" + depends + R"(],"fee":)" +
               fee + R"(,"sigops":1,"weight":)" + std::to_string(transaction->weight().value()) +
               "}";
    };
    EXPECT_EQ(
        runner.result("getblocktemplate", R"([{"rules":["segwit"]}])"),
        R"({"capabilities":["proposal"],"version":536870912,"rules":["csv","!segwit","taproot"],)"
        R"("vbavailable":{},"vbrequired":0,"previousblockhash":")" +
            tip + R"(","transactions":[)" + entry(parent, "", "700") + "," +
            entry(child, "1", "300") +
            R"(],"coinbaseaux":{},"coinbasevalue":5000001000,"longpollid":")" + tip +
            std::to_string(runner.node->mempool().sequence()) +
            R"(","target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
            R"("mintime":)" +
            std::to_string(median + 1) +
            R"(,"mutable":["time","transactions","prevblock"],)"
            R"("noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,)"
            R"("weightlimit":4000000,"curtime":)" +
            std::to_string(now) + R"(,"bits":"207fffff","height":102,)" +
            R"("default_witness_commitment":")" + to_hex(built.witness_commitment.bytes()) + "\"}");
    // A clock somewhat behind the chain's.
    runner.set_time(median - 3'600);
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"rules":["segwit"]}])")
                  .result.find("curtime")
                  ->number(),
              std::to_string(median + 1));
}

TEST(GetBlockTemplate, wrongRequests_areExplained) {
    RpcFixture runner;
    EXPECT_THAT(runner.call("getblocktemplate", "[{}]").message, HasSubstr("segwit rule set"));
    EXPECT_EQ(runner.call("getblocktemplate", "[{}]").code, -8);
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":"x"}])").message, "Invalid mode");
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":1}])").message, "Invalid mode");
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":"proposal"}])").code, -3);
}

TEST(GetBlockTemplate, proposal_isTried) {
    RpcFixture runner;
    const BlockRef block = runner.node.build();
    const auto propose = [&](const Block& proposed) {
        return runner.result("getblocktemplate", R"([{"mode":"proposal","data":")" +
                                                     to_hex(proposed.serialize()) + "\"}]");
    };
    EXPECT_EQ(propose(*block), "null");
    Block greedy = *block;
    TransactionData coinbase = greedy.transactions[0]->data();
    coinbase.outputs[0].value = Amount{51 * kCoin};
    greedy.transactions[0] = make_transaction(std::move(coinbase));
    refresh_commitments(greedy);
    EXPECT_THAT(propose(greedy), StartsWith("\"bad-cb-amount"));
    Block elsewhere = *block;
    elsewhere.header.previous = {};
    EXPECT_EQ(propose(elsewhere), "\"inconclusive-not-best-prevblk\"");
    EXPECT_EQ(propose(*regtest_params().genesis), "\"duplicate\"");
    runner.result("submitheader", "[\"" + to_hex(block->header.serialize()) + "\"]");
    EXPECT_EQ(propose(*block), "\"duplicate-inconclusive\"");
}

TEST(GetBlockTemplate, longPoll_waitsForANewTip) {
    RpcFixture runner;
    runner.mature(1);
    const auto poll = [&](const BlockHash& tip, uint64_t sequence) {
        return runner.call("getblocktemplate", R"([{"rules":["segwit"],"longpollid":")" +
                                                   tip.to_string() + std::to_string(sequence) +
                                                   "\"}]");
    };
    const uint64_t sequence = runner.node->mempool().sequence();
    int pauses = 0;
    runner.host.on_pause = [&] {
        if (++pauses == 4) runner.extend();
    };
    EXPECT_EQ(poll(runner.tip_hash(), sequence).code, 0);
    EXPECT_EQ(pauses, 4);
    // A changed mempool ends it after a minute.
    runner.host.on_pause = nullptr;
    runner.host.time = {};
    ASSERT_TRUE(runner.node.send(runner.pay(runner.coin(1), 1'000)));
    ASSERT_NE(runner.node->mempool().sequence(), sequence);
    EXPECT_EQ(poll(runner.tip_hash(), sequence).code, 0);
    EXPECT_GE(runner.host.time, std::chrono::minutes{1});
    runner.host.stopping = true;
    EXPECT_EQ(poll(runner.tip_hash(), runner.node->mempool().sequence()).message, "Shutting down");
}

// With a clock far behind the chain, every block would be refused: no miner should get one.
TEST(GetBlockTemplate, clockBehindTheChain_isNamedByAllThatMakeBlocks) {
    RpcFixture runner;
    runner.call("setmocktime", "[1800000000]");
    const std::string address = "\"" + std::string(kAddress) + "\"";
    runner.call("generatetoaddress", "[12," + address + "]");
    runner.call("setmocktime", "[1700000000]");
    for (const auto& [method, parameters] :
         {std::pair{"getblocktemplate", std::string(R"([{"rules":["segwit"]}])")},
          {"generatetoaddress", "[1," + address + "]"},
          {"generateblock", "[" + address + ",[]]"}}) {
        const Reply reply = runner.call(method, parameters);
        EXPECT_EQ(reply.code, -1) << method;
        EXPECT_THAT(reply.message, StartsWith("TestBlockValidity failed: time-too-new")) << method;
    }
}

TEST(GetMiningInfo, nextBlock_isDescribed) {
    RpcFixture runner;
    for (int i = 0; i < 3; ++i) runner.extend();
    const Json info = runner.call("getmininginfo").result;
    EXPECT_EQ(info.find("blocks")->number(), "3");
    EXPECT_EQ(info.find("chain")->string(), "regtest");
    EXPECT_EQ(info.find("next")->find("height")->number(), "4");
    EXPECT_EQ(info.find("next")->find("bits")->string(), "207fffff");
    // Two hashes a block, 600 seconds apart.
    EXPECT_EQ(info.find("networkhashps")->number(), "0.003333333333333334");
    EXPECT_EQ(info.find("parley")->find("automine")->string(), "off");
}

TEST(GetNetworkHashPs, window_isChosen) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("getnetworkhashps"), "0");
    for (int i = 0; i < 3; ++i) runner.extend();
    EXPECT_EQ(runner.result("getnetworkhashps", "[1]"), "0.003333333333333334");
    EXPECT_EQ(runner.result("getnetworkhashps", "[-1,2]"), "0.003333333333333334");
    EXPECT_EQ(runner.call("getnetworkhashps", "[0]").message,
              "Invalid nblocks. Must be a positive number or -1.");
    EXPECT_EQ(runner.call("getnetworkhashps", "[1,4]").message,
              "Block does not exist at specified height");
    EXPECT_EQ(runner.call("getnetworkhashps", "[1,-2]").code, -8);
}

TEST(SetMockTime, range_isChecked_andMainRefuses) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("setmocktime", "[1700000000]"), "null");
    EXPECT_EQ(to_unix_seconds(runner.node->now()), 1'700'000'000);
    EXPECT_EQ(runner.call("setmocktime", "[-1]").code, -8);
    EXPECT_EQ(runner.call("setmocktime", "[-1]").message,
              "Mocktime must be in the range [0, 4294967295], not -1.");
    ChainParams params = regtest_params();
    params.public_network = true;
    RpcFixture of_public{NodeConfig{std::move(params)}};
    EXPECT_EQ(of_public.call("setmocktime", "[1]").code, -1);
}

TEST(SetAutomine, mode_isPassedOn) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("setautomine", R"(["tx"])"), R"({"automine":"tx"})");
    EXPECT_EQ(runner.node->automine()->kind, MiningSchedule::Kind::on_demand);
    EXPECT_EQ(runner.call("getmininginfo").result.find("parley")->find("automine")->string(), "tx");
    const Reply refused = runner.call("setautomine", R"(["never"])");
    EXPECT_EQ(refused.code, -8);
    EXPECT_EQ(refused.message,
              "mode: \"never\" is invalid: it must be off, tx, <seconds> or poisson:<seconds>");
}

}  // namespace
}  // namespace parley::rpc::test
