// Mempool, admission, raw transactions, scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "chain/primitives/fee_rate.h"
#include "chain/primitives/script.h"
#include "tests/unit/rpc/rpc_fixture.h"
#include "wallet/signing/signer.h"

namespace parley::rpc::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string hex_of(const TransactionRef& transaction) {
    return to_hex(transaction->serialize());
}

TEST(GetMempoolInfo, figures_areShownInCoins) {
    NodeConfig config{regtest_params()};
    config.mempool.usage_bytes_max = 300'000'000;
    RpcFixture runner{std::move(config)};
    runner.mature(3);
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(runner.node.send(runner.pay(runner.coin(i), 94 * i)));
    const Mempool& pool = runner.node->mempool();
    EXPECT_EQ(runner.result("getmempoolinfo"),
              R"({"loaded":true,"size":3,"bytes":)" + std::to_string(pool.total_virtual_size()) +
                  R"(,"usage":)" + std::to_string(pool.usage_bytes()) +
                  R"(,"total_fee":0.00000564,)"
                  R"("maxmempool":300000000,"mempoolminfee":0.00000100,"minrelaytxfee":0.00000100,)"
                  R"("incrementalrelayfee":0.00000100,"unbroadcastcount":3,"fullrbf":true,)"
                  R"("permitbaremultisig":true,"maxdatacarriersize":100000,"limitclustercount":64,)"
                  R"("limitclustersize":101000,"optimal":true})");
}

TEST(GetRawMempool, forms_differByArguments) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("getrawmempool"), "[]");
    EXPECT_EQ(runner.result("getrawmempool", "[true]"), "{}");
    runner.mature(1);
    const TransactionRef transaction = runner.pay(runner.coin(1), 500);
    const std::string txid = transaction->txid().to_string();
    ASSERT_TRUE(runner.node.send(transaction));
    EXPECT_EQ(runner.result("getrawmempool"), "[\"" + txid + "\"]");
    EXPECT_EQ(runner.result("getrawmempool", "[false,true]"),
              R"({"txids":[")" + txid + R"("],"mempool_sequence":)" +
                  std::to_string(runner.node->mempool().sequence() + 1) + "}");
    EXPECT_EQ(runner.call("getrawmempool", "[true,true]").code, -8);
    EXPECT_EQ(runner.result("getrawmempool", "[true]"),
              "{\"" + txid + "\":" + runner.result("getmempoolentry", "[\"" + txid + "\"]") + "}");
}

TEST(GetMempoolEntry, entry_hasFeesAndRelations) {
    RpcFixture runner;
    runner.mature(1);
    runner.set_time(1'700'000'000);
    const Amount middle{50 * kCoin - 500};
    const TransactionRef parent =
        runner.pay_to(runner.coin(1), coins(50), {{middle, RpcFixture::key_script()}});
    const TransactionRef child = runner.pay({parent->txid(), 0}, 600, middle);
    ASSERT_TRUE(runner.node.send(parent));
    ASSERT_TRUE(runner.node.send(child));
    const std::string child_id = child->txid().to_string();
    const std::string parent_id = parent->txid().to_string();
    const Json entry = runner.call("getmempoolentry", "[\"" + child_id + "\"]").result;
    EXPECT_EQ(entry.find("vsize")->number(), std::to_string(child->virtual_size()));
    EXPECT_EQ(entry.find("time")->number(), "1700000000");
    EXPECT_EQ(entry.find("height")->number(), "101");
    EXPECT_EQ(entry.find("ancestorcount")->number(), "2");
    EXPECT_EQ(entry.find("descendantcount")->number(), "1");
    EXPECT_EQ(entry.find("fees")->find("base")->number(), "0.00000600");
    EXPECT_EQ(entry.find("fees")->find("ancestor")->number(), "0.00001100");
    EXPECT_EQ(entry.find("depends")->array()[0].string(), parent_id);
    EXPECT_TRUE(entry.find("spentby")->array().empty());
    EXPECT_TRUE(entry.find("bip125-replaceable")->boolean());
    EXPECT_EQ(runner.result("getmempoolancestors", "[\"" + child_id + "\"]"),
              "[\"" + parent_id + "\"]");
    EXPECT_EQ(runner.result("getmempooldescendants", "[\"" + parent_id + "\"]"),
              "[\"" + child_id + "\"]");
    EXPECT_THAT(runner.result("getmempooldescendants", "[\"" + parent_id + "\",true]"),
                StartsWith("{\"" + child_id + "\":{"));
    const std::string unknown = "[\"" + std::string(64, '1') + "\"]";
    for (const char* method : {"getmempoolentry", "getmempoolancestors", "getmempooldescendants"}) {
        EXPECT_EQ(runner.call(method, unknown).code, -5) << method;
        EXPECT_EQ(runner.call(method, unknown).message, "Transaction not in mempool");
    }
}

TEST(GetTxSpendingPrevout, spender_isNamed) {
    RpcFixture runner;
    runner.mature(1);
    const OutPoint outpoint = runner.coin(1);
    const std::string asked = R"([[{"txid":")" + outpoint.txid.to_string() + R"(","vout":0}]])";
    EXPECT_EQ(runner.result("gettxspendingprevout", asked),
              R"([{"txid":")" + outpoint.txid.to_string() + R"(","vout":0}])");
    const TransactionRef spender = runner.pay(outpoint, 500);
    ASSERT_TRUE(runner.node.send(spender));
    EXPECT_THAT(runner.result("gettxspendingprevout", asked),
                HasSubstr(R"("spendingtxid":")" + spender->txid().to_string()));
    EXPECT_EQ(runner.call("gettxspendingprevout", "[[]]").code, -8);
    EXPECT_EQ(runner.call("gettxspendingprevout", R"([[{"x":1}]])").message, "Missing txid");
    EXPECT_EQ(runner.call("gettxspendingprevout", R"([[{"vout":1}]])").message, "Missing txid");
    const std::string outpoint_members = asked.substr(3, asked.size() - 6);
    EXPECT_EQ(
        runner.call("gettxspendingprevout", "[[{" + outpoint_members + R"(,"x":1}]])").message,
        "Unexpected key x");
    // The members of the options are parameters of their own for a client that names them.
    const std::string named = R"({"outputs":)" + asked.substr(1, asked.size() - 2);
    EXPECT_THAT(runner.result("gettxspendingprevout", named + R"(,"return_spending_tx":true})"),
                HasSubstr(R"("spendingtx":")" + hex_of(spender)));
    EXPECT_EQ(runner.call("gettxspendingprevout", named + R"(,"mempool_only":true,"options":{}})")
                  .message,
              "Parameter options conflicts with parameter mempool_only");
    EXPECT_EQ(runner.call("gettxspendingprevout", named + R"(,"mempool":true})").message,
              "Unknown named parameter mempool");
    const std::string elsewhere =
        R"([[{"txid":")" + std::string(64, '1') + R"(","vout":0}],{"mempool_only":false}])";
    EXPECT_EQ(runner.call("gettxspendingprevout", elsewhere).message,
              "Mempool lacks a relevant spend, and txospenderindex is unavailable.");
}

TEST(SendRawTransaction, accepted_returnsTheTxid) {
    RpcFixture runner;
    runner.mature(1);
    const TransactionRef transaction = runner.pay(runner.coin(1), 500);
    EXPECT_EQ(runner.result("sendrawtransaction", "[\"" + hex_of(transaction) + "\"]"),
              "\"" + transaction->txid().to_string() + "\"");
    const MempoolEntry* entry = runner.node->mempool().find(transaction->txid());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->transaction->data(), transaction->data());
    // It waits already: no error.
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex_of(transaction) + "\"]").code, 0);
}

TEST(SendRawTransaction, refusals_haveBitcoindsCodes) {
    RpcFixture runner;
    runner.mature(2);
    const auto refused = [&](const TransactionRef& transaction) {
        const Reply reply = runner.call("sendrawtransaction", "[\"" + hex_of(transaction) + "\"]");
        return std::pair{reply.code, reply.message};
    };
    EXPECT_EQ(refused(simple_transaction(1)),
              (std::pair{-25, std::string{"bad-txns-inputs-missingorspent"}}));
    const TransactionRef mined = runner.pay(runner.coin(1), 500);
    runner.extend({mined});
    EXPECT_EQ(refused(mined),
              (std::pair{-27, std::string{"Transaction outputs already in utxo set"}}));
    const auto [code, message] = refused(runner.pay(runner.coin(2), 0));
    EXPECT_EQ(code, -26);
    EXPECT_THAT(message, StartsWith("min relay fee not met, 0 < "));
    const TransactionRef dust =
        runner.pay_to(runner.coin(2), coins(50),
                      {{Amount{1}, p2wpkh_script({})}, {coins(49), RpcFixture::payee_script()}});
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex_of(dust) + "\",0]").code, -26);
    EXPECT_THAT(runner.call("sendrawtransaction", "[\"" + hex_of(dust) + "\",0]").message,
                StartsWith("dust"));
    for (const char* bad : {R"(["zz"])", R"(["00"])", R"([""])"}) {
        EXPECT_EQ(runner.call("sendrawtransaction", bad).code, -22) << bad;
        EXPECT_EQ(runner.call("sendrawtransaction", bad).message,
                  "TX decode failed. Make sure the tx has at least one input.");
    }
}

TEST(SendRawTransaction, feeAndBurnLimits_areChecked) {
    RpcFixture runner;
    runner.mature(3);
    // Just above 0.10 BTC/kvB.
    const int64_t size = runner.pay(runner.coin(1), 0)->virtual_size();
    const TransactionRef transaction = runner.pay(runner.coin(1), size * kCoin / 10'000 + 1);
    const std::string hex = hex_of(transaction);
    const Reply reply = runner.call("sendrawtransaction", "[\"" + hex + "\"]");
    EXPECT_EQ(reply.code, -25);
    EXPECT_THAT(reply.message, StartsWith("Fee exceeds maximum configured by user"));
    EXPECT_EQ(runner.node->mempool().size(), 0u);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",0]").code, 0);
    const std::string other = hex_of(runner.pay(runner.coin(2), size * kCoin / 10'000 + 1));
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + other + "\",\"0.2\"]").code, 0);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",1]").code, -8);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",-1]").message,
              "Amount out of range");
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",\"x\"]").message,
              "Invalid amount");
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",[]]").message,
              "Amount is not a number or string");

    const std::string burn = hex_of(runner.pay_to(
        runner.coin(3), coins(50),
        {{Amount{700}, Script{{OP_RETURN}}}, {coins(49), RpcFixture::payee_script()}}));
    EXPECT_THAT(runner.call("sendrawtransaction", "[\"" + burn + "\",0]").message,
                HasSubstr("maxburnamount"));
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + burn + "\",0,1]").code, 0);
}

TEST(SendRawTransaction, whatNoScriptCanSpend_isABurn) {
    RpcFixture runner;
    runner.mature(1);
    const auto problem = [&](const Bytes& script) {
        const std::string hex = hex_of(runner.pay_to(
            runner.coin(1), coins(50),
            {{Amount{700}, Script{script}}, {coins(49), RpcFixture::payee_script()}}));
        return runner.call("sendrawtransaction", "[\"" + hex + "\",0]").message;
    };
    const std::string burns =
        "Unspendable output exceeds maximum configured by user (maxburnamount)";
    EXPECT_EQ(problem({OP_RETURN}), burns);
    EXPECT_EQ(problem(Bytes(10'001, OP_0)), burns) << "longer than any script may be";
    EXPECT_EQ(problem({0xff}), burns) << "an invalid opcode";
    EXPECT_EQ(problem({OP_CHECKSIGADD}), burns) << "an opcode of tapscript only";
    EXPECT_EQ(problem({OP_PUSHDATA1, 2, 1}), burns) << "a push that is cut short";
    Bytes long_push{OP_PUSHDATA2, 0x09, 0x02};
    long_push.resize(3 + 521);
    EXPECT_EQ(problem(long_push), burns) << "a push of 521 bytes";
    EXPECT_EQ(problem(Bytes(10'000, OP_0)), "scriptpubkey");
    EXPECT_EQ(problem({OP_NOP10}), "scriptpubkey");
    EXPECT_EQ(problem({0x50}), "scriptpubkey") << "OP_RESERVED: valid where it is not executed";
}

TEST(TestMempoolAccept, verdicts_areListed) {
    RpcFixture runner;
    runner.mature(2);
    const TransactionRef a = runner.pay(runner.coin(1), 1'100);
    const TransactionRef b =
        runner.pay_to(runner.coin(2), coins(50),
                      {{Amount{1}, p2wpkh_script({})}, {coins(49), RpcFixture::payee_script()}});
    const TransactionRef c = simple_transaction(3);
    const auto verdict_about = [&](const TransactionRef& transaction, const std::string& limit) {
        return runner.call("testmempoolaccept", "[[\"" + hex_of(transaction) + "\"]" + limit + "]")
            .result.array()
            .at(0);
    };
    const Json verdicts = runner
                              .call("testmempoolaccept", "[[\"" + hex_of(a) + "\",\"" + hex_of(b) +
                                                             "\",\"" + hex_of(c) + "\"]]")
                              .result;
    ASSERT_EQ(verdicts.array().size(), 3u);
    EXPECT_EQ(verdicts.array()[0].find("txid")->string(), a->txid().to_string());
    EXPECT_EQ(verdicts.array()[0].find("allowed"), nullptr);
    const Json first = verdict_about(a, "");
    EXPECT_EQ(first.find("txid")->string(), a->txid().to_string());
    EXPECT_TRUE(first.find("allowed")->boolean());
    EXPECT_EQ(first.find("fees")->find("base")->number(), "0.00001100");
    EXPECT_EQ(first.find("fees")->find("effective-feerate")->number(),
              to_string(Amount{fee_rate_of(Amount{1'100}, a->virtual_size()).value()}));
    EXPECT_EQ(first.find("fees")->find("effective-includes")->array()[0].string(),
              a->wtxid().to_string());
    EXPECT_FALSE(verdicts.array()[1].find("allowed")->boolean());
    EXPECT_EQ(verdicts.array()[1].find("reject-reason")->string(), "dust");
    // A refusal ends the test of a package: there is no verdict about what follows.
    EXPECT_EQ(verdicts.array()[2].find("txid")->string(), c->txid().to_string());
    EXPECT_EQ(verdicts.array()[2].find("allowed"), nullptr);
    EXPECT_EQ(verdicts.array()[2].find("reject-reason"), nullptr);
    const Json missing = verdict_about(c, "");
    EXPECT_FALSE(missing.find("allowed")->boolean());
    EXPECT_EQ(missing.find("reject-reason")->string(), "missing-inputs");
    EXPECT_EQ(missing.find("reject-details"), nullptr);
    const Json limited = verdict_about(a, ",0.00009");
    EXPECT_FALSE(limited.find("allowed")->boolean());
    EXPECT_EQ(limited.find("reject-reason")->string(), "max-fee-exceeded");
    EXPECT_EQ(runner.node->mempool().size(), 0u);
    EXPECT_EQ(runner.call("testmempoolaccept", "[[]]").message,
              "Array must contain between 1 and 25 transactions.");
    EXPECT_EQ(runner.call("testmempoolaccept", R"([["00"]])").code, -22);
    EXPECT_EQ(runner.call("testmempoolaccept", "[[3]]").code, -3);
}

TEST(CreateRawTransaction, inputsAndOutputs_areWritten) {
    RpcFixture runner;
    const std::string txid(64, 'a');
    const std::string inputs = R"([{"txid":")" + txid + R"(","vout":1}])";
    const std::string hex = runner
                                .call("createrawtransaction", "[" + inputs + R"(,[{")" + kAddress +
                                                                  R"(":0.5},{"data":"c0ffee"}]])")
                                .result.string();
    EXPECT_EQ(hex, "0200000001" + txid + "0100000000fdffffff0280f0fa0200000000160014" +
                       std::string(40, '0') + "0000000000000000056a03c0ffee00000000");
    // An object is the same as an array; locktime and a final sequence as asked for.
    EXPECT_THAT(runner
                    .call("createrawtransaction",
                          "[" + inputs + R"(,{")" + kAddress + R"(":"0.5"},7,false])")
                    .result.string(),
                ::testing::AllOf(HasSubstr("0100000000feffffff01"), EndsWith("07000000")));
    EXPECT_THAT(runner.call("createrawtransaction", "[" + inputs + ",[],0,false]").result.string(),
                HasSubstr("0100000000ffffffff00"));
}

TEST(CreateRawTransaction, mistakes_areExplained) {
    RpcFixture runner;
    const std::string txid(64, 'a');
    const auto error = [&](const std::string& params) {
        const Reply reply = runner.call("createrawtransaction", params);
        return std::to_string(reply.code) + " " + reply.message;
    };
    const std::string input = R"({"txid":")" + txid + R"(","vout":)";
    const std::string address = std::string{"{\""} + kAddress + "\":";
    EXPECT_EQ(error(R"([[{"txid":"ab","vout":0}],[]])"),
              "-8 txid must be of length 64 (not 2, for 'ab')");
    EXPECT_EQ(error(R"([[{"txid":")" + txid + R"("}],[]])"),
              "-8 Invalid parameter, missing vout key");
    EXPECT_EQ(error("[[" + input + "-1}],[]]"), "-8 Invalid parameter, vout cannot be negative");
    EXPECT_EQ(error("[[" + input + "0,\"sequence\":-1}],[]]"),
              "-8 Invalid parameter, sequence number is out of range");
    EXPECT_EQ(error("[[" + input + "0,\"sequence\":4294967295}],[],0,true]"),
              "-8 Invalid parameter combination: Sequence number(s) contradict replaceable option");
    EXPECT_THAT(error(R"([[],{"nowhere":1}])"), StartsWith("-5 Invalid Bitcoin address: nowhere"));
    EXPECT_EQ(error("[[],[" + address + "1}," + address + "1}]]"),
              "-8 Invalid parameter, duplicated address: " + std::string{kAddress});
    EXPECT_EQ(error(R"([[],[{"data":"00"},{"data":"00"}]])"),
              "-8 Invalid parameter, duplicate key: data");
    EXPECT_EQ(error(R"([[],{"data":"xy"}])"), "-8 Data must be hexadecimal string (not 'xy')");
    EXPECT_EQ(error(R"([[],[{"a":1,"b":2}]])"),
              "-8 Invalid parameter, key-value pair must contain exactly one key");
    EXPECT_EQ(error("[[],[5]]"), "-8 Invalid parameter, key-value pair not an object as expected");
    EXPECT_EQ(error("[[],[],-1]"), "-8 Invalid parameter, locktime out of range");
    EXPECT_EQ(error("[[],[],4294967296]"), "-8 Invalid parameter, locktime out of range");
    EXPECT_EQ(error("[[],[],0,true,9]"), "-8 Invalid parameter, version out of range(1~3)");
    EXPECT_THAT(error("[[]," + address + "0.000000001}]"), StartsWith("-3 Invalid amount"));
    EXPECT_THAT(error("[[]," + address + "21000001}]"), StartsWith("-3 Amount out of range"));
    EXPECT_THAT(error("[[]," + address + "-0.1}]"), StartsWith("-3 Amount out of range"));
}

TEST(DecodeRawTransaction, fields_matchBitcoind) {
    RpcFixture runner;
    const TransactionRef transaction = simple_transaction(1);
    const Reply reply = runner.call("decoderawtransaction", "[\"" + hex_of(transaction) + "\"]");
    const std::string txid = transaction->txid().to_string();
    EXPECT_THAT(reply.text,
                StartsWith(R"({"txid":")" + txid + R"(","hash":")" + txid +
                           R"(","version":2,"size":82,"vsize":82,"weight":328,"locktime":0,)"
                           R"("vin":[{"txid":"0101)"));
    EXPECT_THAT(reply.text, HasSubstr(R"("vout":1,"scriptSig":{"asm":"","hex":""},)"
                                      R"("sequence":4294967293}],"vout":[{"value":1.00000000,)"
                                      R"("n":0,"scriptPubKey":{"asm":"0 )"));
    EXPECT_EQ(reply.result.find("hex"), nullptr);
    EXPECT_EQ(runner.call("decoderawtransaction", R"(["00"])").message, "TX decode failed");
    EXPECT_EQ(runner.call("decoderawtransaction", R"(["00"])").code, -22);
}

TEST(GetRawTransaction, mempoolAndBlock_areSearched) {
    RpcFixture runner;
    runner.mature(2);
    const TransactionRef waiting = runner.pay(runner.coin(1), 500);
    const TransactionRef mined = runner.pay(runner.coin(2), 5);
    ASSERT_TRUE(runner.node.send(waiting));
    runner.extend({mined});
    const std::string block = runner.tip_hash().to_string();
    const std::string waiting_id = waiting->txid().to_string();
    const std::string mined_id = mined->txid().to_string();
    EXPECT_EQ(runner.result("getrawtransaction", "[\"" + waiting_id + "\"]"),
              "\"" + hex_of(waiting) + "\"");
    const Json entry = runner.call("getrawtransaction", "[\"" + waiting_id + "\",true]").result;
    EXPECT_EQ(entry.find("hex")->string(), hex_of(waiting));
    EXPECT_EQ(entry.find("confirmations"), nullptr);

    const Json found =
        runner.call("getrawtransaction", "[\"" + mined_id + "\",2,\"" + block + "\"]").result;
    EXPECT_TRUE(found.find("in_active_chain")->boolean());
    EXPECT_EQ(found.find("blockhash")->string(), block);
    EXPECT_EQ(found.find("confirmations")->number(), "1");
    EXPECT_EQ(found.find("fee")->number(), "0.00000005");
    EXPECT_NE(found.find("vin")->array()[0].find("prevout"), nullptr);

    const Reply absent = runner.call("getrawtransaction", "[\"" + mined_id + "\"]");
    EXPECT_EQ(absent.code, -5);
    EXPECT_THAT(absent.message, StartsWith("No such mempool transaction."));
    EXPECT_THAT(
        runner.call("getrawtransaction", "[\"" + waiting_id + "\",0,\"" + block + "\"]").message,
        StartsWith("No such transaction found in the provided block."));
    EXPECT_EQ(
        runner
            .call("getrawtransaction", "[\"" + mined_id + "\",0,\"" + std::string(64, '1') + "\"]")
            .message,
        "Block hash not found");
    const std::string genesis_id =
        runner.node->config().params.genesis->transactions[0]->txid().to_string();
    EXPECT_THAT(runner.call("getrawtransaction", "[\"" + genesis_id + "\"]").message,
                HasSubstr("genesis block coinbase"));
}

TEST(SignRawTransactionWithKey, keysAndPreviousOutputs_areUsed) {
    RpcFixture runner;
    const std::string wif =
        encode_secret_key(regtest_params().address_prefixes, {RpcFixture::key(), true});
    const std::string script = to_hex(RpcFixture::key_script().bytes());
    const auto unsigned_spend = [](const OutPoint& from) {
        TransactionData data;
        data.inputs.push_back(TxInput{from, Script{}, 0xfffffffd, {}});
        data.outputs.push_back({coins(1), RpcFixture::payee_script()});
        return make_transaction(std::move(data));
    };
    const auto base = [&](const TransactionRef& transaction, const std::string& key) {
        return "[\"" + hex_of(transaction) + "\",[\"" + key + "\"]";
    };
    const auto previous = [](const OutPoint& spent, const std::string& output_script) {
        return R"([{"txid":")" + spent.txid.to_string() + R"(","vout":)" +
               std::to_string(spent.index) + R"(,"scriptPubKey":")" + output_script +
               R"(","amount":1.5}])";
    };
    // An output that only the client knows.
    const TransactionRef unknown = unsigned_spend(simple_transaction(1)->inputs()[0].prevout);
    const OutPoint spent = unknown->inputs()[0].prevout;
    const std::string arguments = "," + previous(spent, script) + ",\"NONE|ANYONECANPAY\"]";
    const Json outcome =
        runner.call("signrawtransactionwithkey", base(unknown, wif) + arguments).result;
    EXPECT_TRUE(outcome.find("complete")->boolean());
    EXPECT_EQ(outcome.find("errors"), nullptr);
    // The same as the signer makes of the amount, the script and the type that were given.
    KeySet keys;
    keys.add({RpcFixture::key(), true});
    const SignResult expected = sign_transaction(
        unknown->data(), {{spent, TxOutput{Amount{150'000'000}, RpcFixture::key_script()}}}, keys,
        0x82);
    EXPECT_EQ(outcome.find("hex")->string(), hex_of(make_transaction(expected.transaction)));

    // With another key nothing can be signed.
    const std::string stranger = encode_secret_key(regtest_params().address_prefixes,
                                                   {*SecretKey::from_bytes(Bytes(32, 8)), true});
    const Json failed =
        runner.call("signrawtransactionwithkey", base(unknown, stranger) + arguments).result;
    EXPECT_FALSE(failed.find("complete")->boolean());
    EXPECT_FALSE(failed.find("errors")->array()[0].find("error")->string().empty());
    EXPECT_EQ(failed.find("errors")->array()[0].find("vout")->number(), "1");

    // Known to the node: no prevtxs needed; one that contradicts is refused.
    runner.mature(1);
    const TransactionRef known = unsigned_spend(runner.coin(1));
    const Json alone = runner.call("signrawtransactionwithkey", base(known, wif) + "]").result;
    EXPECT_TRUE(alone.find("complete")->boolean());
    EXPECT_EQ(
        alone.find("hex")->string(),
        hex_of(runner.pay_to(runner.coin(1), coins(50), {{coins(1), RpcFixture::payee_script()}})));
    const Reply mismatch = runner.call(
        "signrawtransactionwithkey",
        base(known, wif) + "," + previous(runner.coin(1), "0014" + std::string(40, '0')) + "]");
    EXPECT_EQ(mismatch.code, -22);
    EXPECT_THAT(mismatch.message, StartsWith("Previous output scriptPubKey mismatch:\n0 "));
}

TEST(SignRawTransactionWithKey, mistakes_areExplained) {
    RpcFixture runner;
    const TransactionRef transaction = simple_transaction(1);
    const std::string hex = hex_of(transaction);
    const auto error = [&](const std::string& rest) {
        const Reply reply = runner.call("signrawtransactionwithkey", "[\"" + hex + "\"," + rest);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error(R"(["nokey"]])"), "-5 Invalid private key");
    EXPECT_EQ(error(R"([],[],"SOME"])"), "-8 'SOME' is not a valid sighash parameter.");
    EXPECT_EQ(error(R"([],[{"vout":1}]])"), "-3 Missing txid");
    const std::string txid = transaction->inputs()[0].prevout.txid.to_string();
    EXPECT_EQ(error(R"([],[{"txid":")" + txid + R"(","vout":-1,"scriptPubKey":"00"}]])"),
              "-22 vout cannot be negative");
    // A signature of a witness commits to the amount; without the key, none is made.
    const std::string script = to_hex(RpcFixture::key_script().bytes());
    const std::string unknown_amount =
        R"(,[{"txid":")" + txid + R"(","vout":1,"scriptPubKey":")" + script + R"("}]])";
    const std::string wif =
        encode_secret_key(regtest_params().address_prefixes, {RpcFixture::key(), true});
    EXPECT_EQ(error("[]" + unknown_amount), "0 ");
    EXPECT_EQ(error("[\"" + wif + "\"]" + unknown_amount),
              "-3 Missing amount for CTxOut(nValue=21000000.00000000, scriptPubKey=" +
                  script.substr(0, 30) + ")");
    EXPECT_EQ(runner.call("signrawtransactionwithkey", R"(["00",[]])").code, -22);
}

}  // namespace
}  // namespace parley::rpc::test
