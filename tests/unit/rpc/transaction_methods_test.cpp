// Mempool, admission, raw transactions, scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "chain/primitives/script.h"
#include "tests/unit/rpc/fake_node.h"

namespace parley::rpc::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

MempoolEntry entry_of(const TransactionRef& transaction, int64_t fee) {
    MempoolEntry entry;
    entry.transaction = transaction;
    entry.fee = entry.modified_fee = entry.ancestor_fees = entry.descendant_fees = Amount{fee};
    entry.arrived = from_unix_seconds(1'700'000'000);
    entry.height = Height{9};
    entry.ancestor_virtual_bytes = entry.descendant_virtual_bytes =
        static_cast<uint64_t>(transaction->virtual_size());
    return entry;
}

std::string hex_of(const TransactionRef& transaction) {
    return to_hex(transaction->serialize());
}

TEST(GetMempoolInfo, figures_areShownInCoins) {
    Runner runner;
    runner.node.pool.transactions = 3;
    runner.node.pool.total_fee = Amount{282};
    runner.node.pool.min_relay_fee_rate = Amount{100};
    runner.node.pool.min_fee_rate = Amount{100};
    runner.node.pool.memory_usage_max = 300'000'000;
    EXPECT_EQ(runner.result("getmempoolinfo"),
              R"({"loaded":true,"size":3,"bytes":0,"usage":0,"total_fee":0.00000282,)"
              R"("maxmempool":300000000,"mempoolminfee":0.00000100,"minrelaytxfee":0.00000100,)"
              R"("incrementalrelayfee":0.00000000,"unbroadcastcount":0,"fullrbf":true,)"
              R"("permitbaremultisig":true,"maxdatacarriersize":100000,"limitclustercount":64,)"
              R"("limitclustersize":101000})");
}

TEST(GetRawMempool, forms_differByArguments) {
    Runner runner;
    EXPECT_EQ(runner.result("getrawmempool"), "[]");
    EXPECT_EQ(runner.result("getrawmempool", "[true]"), "{}");
    const TransactionRef transaction = simple_transaction(1);
    const std::string txid = transaction->txid().to_string();
    runner.node.entries = {entry_of(transaction, 500)};
    runner.node.pool.sequence = 42;
    EXPECT_EQ(runner.result("getrawmempool"), "[\"" + txid + "\"]");
    EXPECT_EQ(runner.result("getrawmempool", "[false,true]"),
              R"({"txids":[")" + txid + R"("],"mempool_sequence":42})");
    EXPECT_EQ(runner.call("getrawmempool", "[true,true]").code, -8);
    EXPECT_EQ(runner.result("getrawmempool", "[true]"),
              "{\"" + txid + "\":" + runner.result("getmempoolentry", "[\"" + txid + "\"]") + "}");
}

TEST(GetMempoolEntry, entry_hasFeesAndRelations) {
    Runner runner;
    const TransactionRef parent = simple_transaction(1);
    const TransactionRef child = simple_transaction(2);
    runner.node.entries = {entry_of(parent, 500), entry_of(child, 600)};
    runner.node.entries[0].spent_by = {child->txid()};
    runner.node.entries[1].depends = {parent->txid()};
    const std::string child_id = child->txid().to_string();
    const std::string parent_id = parent->txid().to_string();
    const Json entry = runner.call("getmempoolentry", "[\"" + child_id + "\"]").result;
    EXPECT_EQ(entry.find("vsize")->number(), std::to_string(child->virtual_size()));
    EXPECT_EQ(entry.find("time")->number(), "1700000000");
    EXPECT_EQ(entry.find("fees")->find("base")->number(), "0.00000600");
    EXPECT_EQ(entry.find("depends")->array()[0].string(), parent_id);
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
    Runner runner;
    const OutPoint outpoint{simple_transaction(1)->txid(), 3};
    const std::string asked = R"([[{"txid":")" + outpoint.txid.to_string() + R"(","vout":3}]])";
    EXPECT_EQ(runner.result("gettxspendingprevout", asked),
              R"([{"txid":")" + outpoint.txid.to_string() + R"(","vout":3}])");
    runner.node.spenders[outpoint] = Txid{};
    EXPECT_THAT(runner.result("gettxspendingprevout", asked), HasSubstr(R"("spendingtxid":"0000)"));
    EXPECT_EQ(runner.call("gettxspendingprevout", "[[]]").code, -8);
    EXPECT_EQ(runner.call("gettxspendingprevout", R"([[{"x":1}]])").message, "Unexpected key x");
    EXPECT_EQ(runner.call("gettxspendingprevout", R"([[{"vout":1}]])").message,
              "Invalid parameter, missing txid key");
}

TEST(SendRawTransaction, accepted_returnsTheTxid) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(1);
    runner.node.submitted_admission.state = TxAdmission::State::accepted;
    EXPECT_EQ(runner.result("sendrawtransaction", "[\"" + hex_of(transaction) + "\"]"),
              "\"" + transaction->txid().to_string() + "\"");
    ASSERT_EQ(runner.node.submitted.size(), 1u);
    EXPECT_EQ(runner.node.submitted[0]->data(), transaction->data());
    runner.node.submitted_admission.state = TxAdmission::State::already_in_mempool;
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex_of(transaction) + "\"]").code, 0);
}

TEST(SendRawTransaction, refusals_haveBitcoindsCodes) {
    Runner runner;
    const std::string raw = "[\"" + hex_of(simple_transaction(1)) + "\"]";
    const auto refused = [&](TxAdmission::State state, const char* reason, const char* detail) {
        runner.node.submitted_admission = {};
        runner.node.submitted_admission.state = state;
        runner.node.submitted_admission.reject_reason = reason;
        runner.node.submitted_admission.reject_detail = detail;
        const Reply reply = runner.call("sendrawtransaction", raw);
        return std::pair{reply.code, reply.message};
    };
    using State = TxAdmission::State;
    EXPECT_EQ(refused(State::missing_inputs, "bad-txns-inputs-missingorspent", ""),
              (std::pair{-25, std::string{"bad-txns-inputs-missingorspent"}}));
    EXPECT_EQ(refused(State::already_in_chain, "", ""),
              (std::pair{-27, std::string{"Transaction outputs already in utxo set"}}));
    EXPECT_EQ(refused(State::rejected, "min relay fee not met", "0 < 110"),
              (std::pair{-26, std::string{"min relay fee not met, 0 < 110"}}));
    EXPECT_EQ(refused(State::rejected, "dust", ""), (std::pair{-26, std::string{"dust"}}));
    for (const char* bad : {R"(["zz"])", R"(["00"])", R"([""])"}) {
        EXPECT_EQ(runner.call("sendrawtransaction", bad).code, -22) << bad;
        EXPECT_EQ(runner.call("sendrawtransaction", bad).message,
                  "TX decode failed. Make sure the tx has at least one input.");
    }
}

TEST(SendRawTransaction, feeAndBurnLimits_areChecked) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(1);
    const std::string hex = hex_of(transaction);
    TxAdmission tried;
    tried.state = TxAdmission::State::accepted;
    tried.virtual_size = 100;
    tried.fee = Amount{kCoin / 100 + 1};  // just above 0.10 BTC/kvB
    runner.node.admissions = {tried};
    runner.node.submitted_admission.state = TxAdmission::State::accepted;
    const Reply reply = runner.call("sendrawtransaction", "[\"" + hex + "\"]");
    EXPECT_EQ(reply.code, -25);
    EXPECT_THAT(reply.message, StartsWith("Fee exceeds maximum configured by user"));
    EXPECT_TRUE(runner.node.submitted.empty());
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",0]").code, 0);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",\"0.2\"]").code, 0);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",1]").code, -8);
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",-1]").message,
              "Amount out of range (maxfeerate)");
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",\"x\"]").message,
              "Invalid amount (maxfeerate)");
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + hex + "\",[]]").message,
              "Amount is not a number or string (maxfeerate)");

    TransactionData burning = transaction->data();
    burning.outputs[0].script_pubkey = Script{{OP_RETURN}};
    const std::string burn = hex_of(make_transaction(burning));
    EXPECT_THAT(runner.call("sendrawtransaction", "[\"" + burn + "\",0]").message,
                HasSubstr("maxburnamount"));
    EXPECT_EQ(runner.call("sendrawtransaction", "[\"" + burn + "\",0,1]").code, 0);
}

TEST(TestMempoolAccept, verdicts_areListed) {
    Runner runner;
    const TransactionRef a = simple_transaction(1);
    const TransactionRef b = simple_transaction(2);
    const TransactionRef c = simple_transaction(3);
    TxAdmission good;
    good.state = TxAdmission::State::accepted;
    good.virtual_size = 110;
    good.fee = Amount{1'100};
    TxAdmission bad;
    bad.reject_reason = "dust";
    TxAdmission missing;
    missing.state = TxAdmission::State::missing_inputs;
    missing.reject_reason = "bad-txns-inputs-missingorspent";
    runner.node.admissions = {good, bad, missing};
    const Json verdicts = runner
                              .call("testmempoolaccept", "[[\"" + hex_of(a) + "\",\"" + hex_of(b) +
                                                             "\",\"" + hex_of(c) + "\"]]")
                              .result;
    const Json first = verdicts.array()[0];
    EXPECT_EQ(first.find("txid")->string(), a->txid().to_string());
    EXPECT_TRUE(first.find("allowed")->boolean());
    EXPECT_EQ(first.find("fees")->find("base")->number(), "0.00001100");
    EXPECT_EQ(first.find("fees")->find("effective-feerate")->number(), "0.00010000");
    EXPECT_FALSE(verdicts.array()[1].find("allowed")->boolean());
    EXPECT_EQ(verdicts.array()[1].find("reject-reason")->string(), "dust");
    EXPECT_EQ(verdicts.array()[2].find("reject-reason")->string(), "missing-inputs");
    EXPECT_EQ(verdicts.array()[2].find("reject-details")->string(),
              "bad-txns-inputs-missingorspent");
    const Json limited =
        runner.call("testmempoolaccept", "[[\"" + hex_of(a) + "\"],0.00009]").result;
    EXPECT_EQ(limited.array()[0].find("reject-reason")->string(), "max-fee-exceeded");
    EXPECT_EQ(runner.call("testmempoolaccept", "[[]]").message,
              "Array must contain between 1 and 25 transactions.");
    EXPECT_EQ(runner.call("testmempoolaccept", R"([["00"]])").code, -22);
    EXPECT_EQ(runner.call("testmempoolaccept", "[[3]]").code, -3);
}

TEST(CreateRawTransaction, inputsAndOutputs_areWritten) {
    Runner runner;
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
    Runner runner;
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
    Runner runner;
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
    Runner runner;
    const TransactionRef waiting = simple_transaction(1);
    const TransactionRef mined = simple_transaction(2);
    runner.node.entries = {entry_of(waiting, 1)};
    runner.node.coins[mined->inputs()[0].prevout] = {
        {Amount{kCoin + 5}, p2wpkh_script({})}, Height{0}, false};
    runner.node.extend({mined});
    const std::string block = runner.node.tip_hash().to_string();
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
        runner.node.chain_params.genesis->transactions[0]->txid().to_string();
    EXPECT_THAT(runner.call("getrawtransaction", "[\"" + genesis_id + "\"]").message,
                HasSubstr("genesis block coinbase"));
}

TEST(SignRawTransactionWithKey, keysAndPreviousOutputs_arePassedOn) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(1);
    const OutPoint spent = transaction->inputs()[0].prevout;
    const SecretKey secret = *SecretKey::from_bytes(Bytes(32, 7));
    const std::string wif =
        encode_secret_key(runner.node.chain_params.address_prefixes, {secret, true});
    runner.node.signature = {transaction->data(), false, {{0, "Unable to sign input"}}};
    const std::string previous = R"([{"txid":")" + spent.txid.to_string() +
                                 R"(","vout":1,"scriptPubKey":"0014)" + std::string(40, '0') +
                                 R"(","amount":1.5}])";
    const std::string base = "[\"" + hex_of(transaction) + "\",[\"" + wif + "\"]";
    const Json outcome =
        runner.call("signrawtransactionwithkey", base + "," + previous + ",\"NONE|ANYONECANPAY\"]")
            .result;
    EXPECT_FALSE(outcome.find("complete")->boolean());
    EXPECT_EQ(outcome.find("errors")->array()[0].find("error")->string(), "Unable to sign input");
    EXPECT_EQ(outcome.find("errors")->array()[0].find("vout")->number(), "1");
    ASSERT_EQ(runner.node.sign_keys.size(), 1u);
    EXPECT_EQ(runner.node.sign_keys[0].key, secret);
    ASSERT_EQ(runner.node.sign_spent.size(), 1u);
    EXPECT_EQ(runner.node.sign_spent[0], (TxOutput{Amount{150'000'000}, p2wpkh_script({})}));
    EXPECT_EQ(runner.node.sign_type, 0x82);

    // Known to the node: no prevtxs needed; one that contradicts is refused.
    runner.node.coins[spent] = {{Amount{5}, Script{{OP_TRUE}}}, Height{0}, false};
    runner.call("signrawtransactionwithkey", base + "]");
    EXPECT_EQ(runner.node.sign_spent[0]->value, Amount{5});
    EXPECT_EQ(runner.node.sign_type, 1);
    const Reply mismatch = runner.call("signrawtransactionwithkey", base + "," + previous + "]");
    EXPECT_EQ(mismatch.code, -22);
    EXPECT_THAT(mismatch.message, StartsWith("Previous output scriptPubKey mismatch:\n1\nvs:\n0 "));
}

TEST(SignRawTransactionWithKey, mistakes_areExplained) {
    Runner runner;
    const TransactionRef transaction = simple_transaction(1);
    const std::string hex = hex_of(transaction);
    const auto error = [&](const std::string& rest) {
        const Reply reply = runner.call("signrawtransactionwithkey", "[\"" + hex + "\"," + rest);
        return std::to_string(reply.code) + " " + reply.message;
    };
    EXPECT_EQ(error(R"(["nokey"]])"), "-5 Invalid private key");
    EXPECT_EQ(error(R"([],[],"SOME"])"), "-8 'SOME' is not a valid sighash parameter.");
    EXPECT_EQ(error(R"([],[{"vout":1}]])"), "-3 Missing txid (prevtxs)");
    const std::string txid = transaction->inputs()[0].prevout.txid.to_string();
    EXPECT_EQ(error(R"([],[{"txid":")" + txid + R"(","vout":-1,"scriptPubKey":"00"}]])"),
              "-22 vout cannot be negative");
    EXPECT_EQ(error(R"([],[{"txid":")" + txid + R"(","vout":1,"scriptPubKey":"0014)" +
                    std::string(40, '0') + R"("}]])"),
              "-3 Missing amount");
    EXPECT_EQ(runner.call("signrawtransactionwithkey", R"(["00",[]])").code, -22);
}

TEST(DecodeScript, types_areRecognised) {
    Runner runner;
    const auto decoded = [&](const std::string& hex) {
        return runner.call("decodescript", "[\"" + hex + "\"]").result;
    };
    const std::string key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    const Json pubkey = decoded("21" + key + "ac");
    EXPECT_EQ(pubkey.find("asm")->string(), key + " OP_CHECKSIG");
    EXPECT_EQ(pubkey.find("type")->string(), "pubkey");
    EXPECT_THAT(pubkey.find("desc")->string(), StartsWith("pk(" + key + ")#"));
    EXPECT_EQ(pubkey.find("address"), nullptr);
    EXPECT_EQ(pubkey.find("segwit")->find("type")->string(), "witness_v0_keyhash");

    const Json multisig = decoded("5121" + key + "21" + key + "52ae");
    EXPECT_EQ(multisig.find("type")->string(), "multisig");
    EXPECT_EQ(multisig.find("asm")->string(), "1 " + key + " " + key + " 2 OP_CHECKMULTISIG");
    EXPECT_THAT(multisig.find("desc")->string(), StartsWith("multi(1," + key + "," + key + ")#"));
    EXPECT_EQ(multisig.find("segwit")->find("type")->string(), "witness_v0_scripthash");
    EXPECT_THAT(multisig.find("segwit")->find("desc")->string(),
                StartsWith("wsh(multi(1," + key + "," + key + "))#"));
    EXPECT_EQ(decoded("5321" + key + "21" + key + "52ae").find("type")->string(), "nonstandard");

    const Json data = decoded("6a03c0ffee");
    EXPECT_EQ(data.find("type")->string(), "nulldata");
    EXPECT_EQ(data.find("asm")->string(), "OP_RETURN -7274432");
    EXPECT_EQ(data.find("p2sh"), nullptr);
    EXPECT_THAT(data.find("desc")->string(), StartsWith("raw(6a03c0ffee)#"));

    EXPECT_EQ(decoded("5120" + key.substr(2)).find("type")->string(), "witness_v1_taproot");
    EXPECT_THAT(decoded("5120" + key.substr(2)).find("desc")->string(), StartsWith("rawtr("));
    EXPECT_EQ(decoded("51024e73").find("type")->string(), "anchor");
    EXPECT_EQ(decoded("5202abcd").find("type")->string(), "witness_unknown");
    EXPECT_EQ(decoded("a914" + std::string(40, '0') + "87").find("type")->string(), "scripthash");
    EXPECT_EQ(decoded("76a914" + std::string(40, '0') + "88ac").find("type")->string(),
              "pubkeyhash");
    EXPECT_EQ(decoded("").find("asm")->string(), "");
    EXPECT_EQ(decoded("4c").find("asm")->string(), "[error]");
    EXPECT_EQ(decoded("4f0051604e").find("asm")->string(), "-1 0 1 16 [error]");
    EXPECT_EQ(decoded("bbff").find("asm")->string(), "OP_UNKNOWN OP_INVALIDOPCODE");
    EXPECT_EQ(decoded("61b1b2ba").find("asm")->string(),
              "OP_NOP OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_CHECKSIGADD");
    EXPECT_EQ(runner.call("decodescript", R"(["0"])").code, -8);

    // What can stand behind a hash, and in a witness.
    const auto wraps = [&](const std::string& hex) {
        const Json script = decoded(hex);
        return std::pair{script.find("p2sh") != nullptr, script.find("segwit") != nullptr};
    };
    const std::string long_key = "04" + std::string(128, '1');
    EXPECT_EQ(wraps("51"), (std::pair{true, true})) << "nonstandard";
    EXPECT_EQ(wraps("41" + long_key + "ac"), (std::pair{true, false}));
    EXPECT_EQ(wraps("5121" + key + "41" + long_key + "52ae"), (std::pair{true, false}));
    EXPECT_EQ(wraps("0014" + std::string(40, '0')), (std::pair{true, false}));
    EXPECT_EQ(wraps("a914" + std::string(40, '0') + "87"), (std::pair{false, false}));
    EXPECT_EQ(wraps("5120" + key.substr(2)), (std::pair{false, false}));
    EXPECT_EQ(wraps("51024e73"), (std::pair{false, false}));
    for (const char* const hex : {"51ba", "5150", "517e", "51fe", "514c"})
        EXPECT_EQ(wraps(hex), (std::pair{false, false})) << hex;
}

}  // namespace
}  // namespace parley::rpc::test
