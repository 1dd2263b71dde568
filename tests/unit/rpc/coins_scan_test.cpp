// scantxoutset: what it finds, and what it reports while it runs.
#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

std::string start(const std::string& objects) {
    return R"(["start",[)" + objects + "]]";
}

TEST(ScanTxOutSet, start_findsTheCoinsOfADescriptor) {
    RpcFixture runner;
    runner.mature(1);
    const Script payee{{OP_TRUE}};
    const BlockRef block = runner.extend(
        {runner.pay_to(runner.coin(1), coins(50), {{coins(2), payee}, {coins(48), payee}})});
    const Txid txid = block->transactions[1]->txid();
    const Json found = runner.call("scantxoutset", start(R"x("raw(51)")x")).result;
    EXPECT_TRUE(found.find("success")->boolean());
    EXPECT_EQ(found.find("txouts")->number(), "103");
    EXPECT_EQ(found.find("height")->number(), std::to_string(runner.tip_height().value()));
    EXPECT_EQ(found.find("bestblock")->string(), runner.tip_hash().to_string());
    EXPECT_EQ(found.find("total_amount")->number(), "50.00000000");
    const Json::Array& unspents = found.find("unspents")->array();
    ASSERT_EQ(unspents.size(), 2u);
    EXPECT_EQ(unspents[1].find("txid")->string(), txid.to_string());
    EXPECT_EQ(unspents[1].find("vout")->number(), "1");
    EXPECT_EQ(unspents[1].find("scriptPubKey")->string(), "51");
    EXPECT_TRUE(unspents[1].find("desc")->string().starts_with("raw(51)#"));
    EXPECT_EQ(unspents[1].find("amount")->number(), "48.00000000");
    EXPECT_FALSE(unspents[1].find("coinbase")->boolean());
    EXPECT_EQ(unspents[1].find("height")->number(), found.find("height")->number());
    EXPECT_EQ(unspents[1].find("blockhash")->string(), runner.tip_hash().to_string());
    EXPECT_EQ(unspents[1].find("confirmations")->number(), "1");
}

TEST(ScanTxOutSet, start_describesKeysWithTheirOrigin) {
    RpcFixture runner;
    runner.extend({}, RpcFixture::key_script());
    runner.extend();
    const std::string key = to_hex(RpcFixture::key().public_key().bytes());
    const Json found = runner.call("scantxoutset", start("\"combo(" + key + ")\"")).result;
    const Json::Array& unspents = found.find("unspents")->array();
    ASSERT_EQ(unspents.size(), 2u);
    EXPECT_TRUE(unspents[0].find("coinbase")->boolean());
    const std::string& shown = unspents[0].find("desc")->string();
    EXPECT_TRUE(shown.starts_with("wpkh([")) << shown;
    EXPECT_NE(shown.find("]" + key + ")#"), std::string::npos) << shown;
}

TEST(ScanTxOutSet, arguments_areCheckedInBitcoindsWords) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("scantxoutset", R"(["walk"])").message, "Invalid action 'walk'");
    EXPECT_EQ(runner.call("scantxoutset", R"(["start"])").message,
              "scanobjects argument is required for the start action");
    EXPECT_EQ(runner.call("scantxoutset", R"(["start"])").code, -1);
    EXPECT_EQ(runner.call("scantxoutset", start("7")).message,
              "Scan object needs to be either a string or an object");
    EXPECT_EQ(runner.call("scantxoutset", start("{}")).message,
              "Descriptor needs to be provided in scan object");
    EXPECT_EQ(runner.call("scantxoutset", start(R"("luck")")).code, -5);
    const std::pair<const char*, const char*> ranges[] = {
        {"-1", "End of range is too high"},
        {"[-1,10]", "Range should be greater or equal than 0"},
        {"[2,1]", "Range specified as [begin,end] must not have begin after end"},
        {"[0,1000001]", "Range is too large"},
    };
    for (const auto& [range, sentence] : ranges) {
        const Reply reply = runner.call(
            "scantxoutset", start(R"({"desc":"desc","range":)" + std::string(range) + "}"));
        EXPECT_EQ(reply.code, -8) << range;
        EXPECT_EQ(reply.message, sentence);
    }
}

TEST(ScanTxOutSet, statusAndAbort_concernTheRunningScan) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("scantxoutset", R"(["status"])"), "null");
    EXPECT_EQ(runner.result("scantxoutset", R"(["abort"])"), "false");
    {
        const auto running = runner.host.begin_scan(Host::Scan::coins);
        ASSERT_NE(running, nullptr);
        EXPECT_TRUE(runner.host.report_scan(Host::Scan::coins, {42, 0}));
        EXPECT_EQ(runner.result("scantxoutset", R"(["status"])"), R"({"progress":42})");
        EXPECT_EQ(runner.call("scantxoutset", start(R"x("raw(51)")x")).message,
                  "Scan already in progress, use action \"abort\" or \"status\"");
        EXPECT_EQ(runner.result("scantxoutset", R"(["abort"])"), "true");
        EXPECT_FALSE(runner.host.report_scan(Host::Scan::coins, {43, 0}));
    }
    EXPECT_EQ(runner.result("scantxoutset", R"(["status"])"), "null");
    EXPECT_TRUE(
        runner.call("scantxoutset", start(R"x("raw(51)")x")).result.find("success")->boolean());
}

// ---- getdescriptoractivity

const std::string kAnyone = "\"raw(51)\"";

std::string activity(const std::vector<BlockHash>& blocks, const std::string& objects,
                     const std::string& more = "") {
    std::string hashes;
    for (const BlockHash& hash : blocks)
        hashes += (hashes.empty() ? "\"" : ",\"") + hash.to_string() + "\"";
    return "[[" + hashes + "],[" + objects + "]" + more + "]";
}

TEST(GetDescriptorActivity, receiptsAndSpends_areListedInOrderOfHeight) {
    RpcFixture runner;
    runner.mature(1);
    const Script payee{{OP_TRUE}};
    const BlockRef paid = runner.extend(
        {runner.pay_to(runner.coin(1), coins(50), {{coins(2), payee}, {coins(48), payee}})});
    const TransactionRef received = paid->transactions[1];
    const BlockRef empty = runner.extend();
    const std::string coinbase = to_hex(empty->transactions[0]->outputs()[0].script_pubkey.bytes());
    const std::string objects = kAnyone + ",{\"desc\":\"raw(" + coinbase + ")\"}";
    const std::string params =
        activity({empty->header.hash(), paid->header.hash(), paid->header.hash()}, objects);
    const Json found = runner.call("getdescriptoractivity", params).result;
    const Json::Array& events = found.find("activity")->array();
    ASSERT_EQ(events.size(), 5u);
    EXPECT_EQ(events[0].find("type")->string(), "receive");
    EXPECT_EQ(events[1].find("type")->string(), "spend");
    EXPECT_EQ(events[1].find("amount")->number(), "50.00000000");
    EXPECT_EQ(events[1].find("blockhash")->string(), paid->header.hash().to_string());
    EXPECT_EQ(events[1].find("spend_txid")->string(), received->txid().to_string());
    EXPECT_EQ(events[1].find("spend_vin")->number(), "0");
    EXPECT_EQ(events[1].find("prevout_txid")->string(),
              received->inputs()[0].prevout.txid.to_string());
    EXPECT_EQ(events[1].find("prevout_vout")->number(), "0");
    EXPECT_EQ(events[1].find("prevout_spk")->find("hex")->string(), coinbase);
    EXPECT_EQ(events[3].find("type")->string(), "receive");
    EXPECT_EQ(events[3].find("txid")->string(), received->txid().to_string());
    EXPECT_EQ(events[3].find("vout")->number(), "1");
    EXPECT_EQ(events[3].find("output_spk")->find("hex")->string(), "51");
    EXPECT_EQ(events[4].find("blockhash")->string(), empty->header.hash().to_string());
}

TEST(GetDescriptorActivity, blocksAndObjects_areChecked) {
    RpcFixture runner;
    const BlockRef left = runner.extend();
    runner.call("invalidateblock", "[\"" + left->header.hash().to_string() + "\"]");
    const auto refusal = [&](const std::string& params) {
        const Reply reply = runner.call("getdescriptoractivity", params);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(refusal(activity({left->header.hash()}, kAnyone)), "-8 Block is not in main chain");
    EXPECT_EQ(refusal(activity({BlockHash{}}, kAnyone)), "-5 Block not found");
    EXPECT_EQ(runner.call("getdescriptoractivity", activity({}, R"("raw(5")")).code, -5);
    EXPECT_EQ(runner.result("getdescriptoractivity", activity({}, kAnyone, ",false")),
              R"({"activity":[]})");
}

}  // namespace
}  // namespace parley::rpc::test
