// Templates, submitted blocks, blocks on request, mock time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/primitives/coinbase.h"
#include "chain/rules/retarget.h"
#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(GenerateToAddress, blocks_areMinedOnTopOfEachOther) {
    Runner runner;
    const Reply reply = runner.call("generatetoaddress", std::string{"[101,\""} + kAddress + "\"]");
    ASSERT_EQ(reply.result.array().size(), 101u);
    ASSERT_EQ(runner.node.tip_height().value(), 101);
    for (size_t i = 0; i < 101; ++i) {
        const Block& block = *runner.node.blocks[i + 1];
        EXPECT_EQ(reply.result.array()[i].string(), block.header.hash().to_string());
        EXPECT_EQ(block.header.previous, runner.node.blocks[i]->header.hash());
        EXPECT_LE(U256::from_hash(block.header.hash()), *target_from_compact(0x207fffff));
        EXPECT_EQ(block.transactions[0]->outputs()[0].script_pubkey, p2wpkh_script({}));
    }
    // Many blocks share a step, so that their writes reach the disk together.
    EXPECT_LE(runner.gateway.steps, 10);
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[0,\""} + kAddress + "\"]"), "[]");
}

TEST(GenerateToAddress, hardTarget_isSearchedOutsideTheStep) {
    Runner runner;
    runner.node.mining_summary.next_bits = 0x1f00ffff;  // about 65,536 hashes
    const Reply reply =
        runner.call("generatetoaddress", std::string{"[2,\""} + kAddress + "\",100000000]");
    EXPECT_EQ(reply.result.array().size(), 2u) << reply.message;
    EXPECT_EQ(runner.node.tip_height().value(), 2);
}

TEST(GenerateToAddress, triesSpent_endsWithoutAnError) {
    Runner runner;
    runner.node.mining_summary.next_bits = 0x1d00ffff;
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[1,\""} + kAddress + "\",10]"), "[]");
    EXPECT_EQ(runner.result("generatetoaddress", std::string{"[1,\""} + kAddress + "\",20000]"),
              "[]");
    EXPECT_TRUE(runner.node.submitted_blocks.empty());
}

TEST(GenerateToAddress, failures_arePassedOn) {
    Runner runner;
    const Reply address = runner.call("generatetoaddress", R"([1,"nowhere"])");
    EXPECT_EQ(address.code, -5);
    EXPECT_THAT(address.message, StartsWith("Error: Invalid address"));
    EXPECT_EQ(runner.call("generatetoaddress", std::string{"[1,\""} + kAddress + "\",-1]").code,
              -1);
    runner.node.submit_result = "bad-cb-amount";
    const Reply refused = runner.call("generatetoaddress", std::string{"[1,\""} + kAddress + "\"]");
    EXPECT_EQ(refused.code, -32603);
    EXPECT_EQ(refused.message, "ProcessNewBlock, block not accepted: bad-cb-amount");
    runner.node.build_error = Error{Code::misc, "Blocks are ordered by the pbft engine"};
    EXPECT_EQ(runner.call("generatetoaddress", std::string{"[1,\""} + kAddress + "\"]").message,
              "Blocks are ordered by the pbft engine");
}

TEST(GenerateToDescriptor, script_comesFromTheDescriptor) {
    Runner runner;
    runner.node.descriptor_scripts = {Script{{OP_TRUE}}, p2wpkh_script({})};  // as combo() has
    EXPECT_EQ(runner.call("generatetodescriptor", R"x([1,"combo(k)"])x").result.array().size(), 1u);
    EXPECT_EQ(runner.node.blocks[1]->transactions[0]->outputs()[0].script_pubkey,
              p2wpkh_script({}));
    runner.node.descriptor.ranged = true;
    EXPECT_EQ(runner.call("generatetodescriptor", R"x([1,"wpkh(k/*)"])x").code, -8);
    runner.node.descriptor_error = Error{Code::address_or_key, "Missing checksum"};
    EXPECT_EQ(runner.call("generatetodescriptor", R"([1,"x"])").message, "Missing checksum");
}

TEST(GenerateBlock, chosenTransactions_areInTheBlock) {
    Runner runner;
    const TransactionRef waiting = simple_transaction(1);
    const TransactionRef raw = simple_transaction(2);
    MempoolEntry entry;
    entry.transaction = waiting;
    runner.node.entries = {entry};
    const std::string list =
        "[\"" + waiting->txid().to_string() + "\",\"" + to_hex(raw->serialize()) + "\"]";
    const std::string params = std::string{"[\""} + kAddress + "\"," + list;
    const Reply reply = runner.call("generateblock", params + "]");
    ASSERT_EQ(reply.code, 0) << reply.message;
    EXPECT_EQ(reply.result.find("hash")->string(), runner.node.tip_hash().to_string());
    EXPECT_EQ(reply.result.find("hex"), nullptr);
    ASSERT_EQ(runner.node.blocks.back()->transactions.size(), 3u);
    EXPECT_EQ(runner.node.blocks.back()->transactions[1]->txid(), waiting->txid());
    EXPECT_EQ(runner.node.blocks.back()->transactions[2]->txid(), raw->txid());

    const Json shown = runner.call("generateblock", params + ",false]").result;
    EXPECT_EQ(runner.node.tip_height().value(), 1);
    const auto bytes = from_hex(shown.find("hex")->string());
    Reader reader{*bytes};
    EXPECT_EQ(read_block(reader).header.hash().to_string(), shown.find("hash")->string());
    EXPECT_TRUE(reader.done());
}

TEST(GenerateBlock, mistakes_areExplained) {
    Runner runner;
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
    runner.node.descriptor_error = Error{Code::address_or_key, "x"};
    EXPECT_EQ(runner.call("generateblock", R"(["nowhere",[]])").message,
              "Error: Invalid address or descriptor");
    runner.node.build_error = Error{Code::verify, "TestBlockValidity failed: bad-txns"};
    EXPECT_EQ(runner.call("generateblock", base + "[]]").code, -25);
}

TEST(SubmitBlock, bip22Results_areStringsOrNull) {
    Runner runner;
    const BlockRef block = *runner.node.build_block(p2wpkh_script({}), std::nullopt);
    const std::string params = "[\"" + to_hex(block->serialize()) + "\"]";
    runner.node.submit_result = "duplicate";
    EXPECT_EQ(runner.result("submitblock", params), "\"duplicate\"");
    EXPECT_EQ(runner.node.submitted_blocks[0]->header, block->header);
    runner.node.submit_result.clear();
    while (runner.node.tip_height().value() == 0) {
        Block solved = *block;
        for (;; ++solved.header.nonce) {
            if (U256::from_hash(solved.header.hash()) <= *target_from_compact(0x207fffff)) break;
        }
        EXPECT_EQ(runner.result("submitblock", "[\"" + to_hex(solved.serialize()) + "\"]"), "null");
    }
    for (const char* bad : {R"([""])", R"(["zz"])", R"(["00"])"}) {
        EXPECT_EQ(runner.call("submitblock", bad).code, -22) << bad;
        EXPECT_EQ(runner.call("submitblock", bad).message, "Block decode failed");
    }
}

TEST(SubmitHeader, unknownParent_isVerifyError) {
    Runner runner;
    BlockHeader header;
    header.previous = runner.node.tip_hash();
    EXPECT_EQ(runner.result("submitheader", "[\"" + to_hex(header.serialize()) + "\"]"), "null");
    header.previous = {};
    EXPECT_EQ(runner.call("submitheader", "[\"" + to_hex(header.serialize()) + "\"]").code, -25);
    EXPECT_EQ(runner.call("submitheader", R"(["00"])").message, "Block header decode failed");
}

TEST(GetBlockTemplate, fields_matchBip22) {
    Runner runner;
    BlockTemplate& block = runner.node.next_template;
    block.header.version = 0x20000000;
    block.header.previous = runner.node.tip_hash();
    block.header.bits = 0x207fffff;
    block.height = Height{1};
    block.time_min = 1'700'000'100;
    block.coinbase_value = Amount{5'000'000'700};
    const TransactionRef transaction = simple_transaction(1);
    block.transactions.push_back({transaction, Amount{700}, 4, {}});
    block.witness_commitment = Script{{OP_RETURN, 0x24}};
    block.mempool_sequence = 5;
    const std::string txid = transaction->txid().to_string();
    const std::string tip = runner.node.tip_hash().to_string();
    EXPECT_EQ(
        runner.result("getblocktemplate", R"([{"rules":["segwit"]}])"),
        R"({"capabilities":["proposal"],"version":536870912,"rules":["csv","!segwit","taproot"],)"
        R"("vbavailable":{},"vbrequired":0,"previousblockhash":")" +
            tip + R"(","transactions":[{"data":")" + to_hex(transaction->serialize()) +
            R"(","txid":")" + txid + R"(","hash":")" + txid +
            R"(","depends":[],"fee":700,"sigops":4,"weight":328}],"coinbaseaux":{},)"
            R"("coinbasevalue":5000000700,"longpollid":")" +
            tip +
            R"(5","target":"7fffff0000000000000000000000000000000000000000000000000000000000",)"
            R"("mintime":1700000100,"mutable":["time","transactions","prevblock"],)"
            R"("noncerange":"00000000ffffffff","sigoplimit":80000,"sizelimit":4000000,)"
            R"("weightlimit":4000000,"curtime":1700000100,"bits":"207fffff","height":1,)"
            R"("default_witness_commitment":"6a24"})");
}

TEST(GetBlockTemplate, wrongRequests_areExplained) {
    Runner runner;
    EXPECT_THAT(runner.call("getblocktemplate", "[{}]").message, HasSubstr("segwit rule set"));
    EXPECT_EQ(runner.call("getblocktemplate", "[{}]").code, -8);
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":"x"}])").message, "Invalid mode");
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":1}])").message, "Invalid mode");
    EXPECT_EQ(runner.call("getblocktemplate", R"([{"mode":"proposal"}])").code, -3);
}

TEST(GetBlockTemplate, proposal_isTried) {
    Runner runner;
    const BlockRef block = *runner.node.build_block(p2wpkh_script({}), std::nullopt);
    const auto propose = [&](const Block& proposed) {
        return runner.result("getblocktemplate", R"([{"mode":"proposal","data":")" +
                                                     to_hex(proposed.serialize()) + "\"}]");
    };
    EXPECT_EQ(propose(*block), "null");
    runner.node.proposal_result = "bad-cb-amount";
    EXPECT_EQ(propose(*block), "\"bad-cb-amount\"");
    Block elsewhere = *block;
    elsewhere.header.previous = {};
    EXPECT_EQ(propose(elsewhere), "\"inconclusive-not-best-prevblk\"");
    EXPECT_EQ(propose(*runner.node.chain_params.genesis), "\"duplicate\"");
}

TEST(GetBlockTemplate, longPoll_waitsForANewTip) {
    Runner runner;
    const std::string tip = runner.node.tip_hash().to_string();
    int pauses = 0;
    runner.host.on_pause = [&] {
        if (++pauses == 4) runner.node.extend();
    };
    const std::string request = R"([{"rules":["segwit"],"longpollid":")";
    EXPECT_EQ(runner.call("getblocktemplate", request + tip + "0\"}]").code, 0);
    EXPECT_EQ(pauses, 4);
    // A changed mempool ends it after a minute.
    runner.host.on_pause = nullptr;
    runner.host.time = {};
    runner.node.pool.sequence = 9;
    EXPECT_EQ(
        runner.call("getblocktemplate", request + runner.node.tip_hash().to_string() + "0\"}]")
            .code,
        0);
    EXPECT_GE(runner.host.time, std::chrono::minutes{1});
    runner.host.stopping = true;
    EXPECT_EQ(
        runner.call("getblocktemplate", request + runner.node.tip_hash().to_string() + "9\"}]")
            .message,
        "Shutting down");
}

TEST(GetMiningInfo, nextBlock_isDescribed) {
    Runner runner;
    for (int i = 0; i < 3; ++i) runner.node.extend();
    const Json info = runner.call("getmininginfo").result;
    EXPECT_EQ(info.find("blocks")->number(), "3");
    EXPECT_EQ(info.find("chain")->string(), "regtest");
    EXPECT_EQ(info.find("next")->find("height")->number(), "4");
    EXPECT_EQ(info.find("next")->find("bits")->string(), "207fffff");
    // Two hashes a block (the fake's score), 600 seconds apart.
    EXPECT_EQ(info.find("networkhashps")->number(), "0.003333333333333334");
    EXPECT_EQ(info.find("parley")->find("automine")->string(), "off");
}

TEST(GetNetworkHashPs, window_isChosen) {
    Runner runner;
    EXPECT_EQ(runner.result("getnetworkhashps"), "0");
    for (int i = 0; i < 3; ++i) runner.node.extend();
    EXPECT_EQ(runner.result("getnetworkhashps", "[1]"), "0.003333333333333334");
    EXPECT_EQ(runner.result("getnetworkhashps", "[-1,2]"), "0.003333333333333334");
    EXPECT_EQ(runner.call("getnetworkhashps", "[0]").message,
              "Invalid nblocks. Must be a positive number or -1.");
    EXPECT_EQ(runner.call("getnetworkhashps", "[1,4]").message,
              "Block does not exist at specified height");
    EXPECT_EQ(runner.call("getnetworkhashps", "[1,-2]").code, -8);
}

TEST(SetMockTime, range_isChecked_andMainRefuses) {
    Runner runner;
    EXPECT_EQ(runner.result("setmocktime", "[1700000000]"), "null");
    EXPECT_EQ(runner.node.mock_time, 1'700'000'000);
    EXPECT_EQ(runner.call("setmocktime", "[-1]").code, -8);
    EXPECT_EQ(runner.call("setmocktime", "[-1]").message,
              "Mocktime must be in the range [0, 4294967295], not -1.");
    runner.node.chain_params.public_network = true;
    EXPECT_EQ(runner.call("setmocktime", "[1]").code, -1);
}

TEST(SetAutomine, mode_isPassedOn) {
    Runner runner;
    runner.node.mining_summary.automine = "tx";
    EXPECT_EQ(runner.result("setautomine", R"(["tx"])"), R"({"automine":"tx"})");
    EXPECT_EQ(runner.node.automine_asked, "tx");
    EXPECT_EQ(runner.call("setautomine", R"(["never"])").code, -8);
}

}  // namespace
}  // namespace parley::rpc::test
