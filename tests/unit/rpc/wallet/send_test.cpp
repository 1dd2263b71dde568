// send, sendall and psbtbumpfee.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/json/transaction_text.h"
#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kSecond = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";

std::string problem(const Reply& reply) {
    return std::to_string(reply.code) + " " + reply.message;
}

/// {address: amount}
std::string payment_of(const std::string& amount) {
    return R"({")" + std::string{kAddress} + "\":" + amount + "}";
}

int64_t total_out(const Transaction& transaction) {
    int64_t sum = 0;
    for (const TxOutput& output : transaction.outputs()) sum += output.value.value();
    return sum;
}

Amount amount_to(const Transaction& transaction, const Script& script) {
    Amount sum{0};
    for (const TxOutput& output : transaction.outputs())
        if (output.script_pubkey == script) sum += output.value;
    return sum;
}

// ---- send

TEST(Send, payment_isSentAndTold) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    const Json sent = runner.call("send", "[" + payment_of("0.5") + ",null,null,3]").result;
    const TransactionRef waiting = runner.waiting();
    EXPECT_EQ(sent.find("txid")->string(), waiting->txid().to_string());
    EXPECT_TRUE(sent.find("complete")->boolean());
    EXPECT_EQ(sent.find("psbt"), nullptr);
    EXPECT_EQ(sent.find("hex"), nullptr);
    EXPECT_EQ(amount_to(*waiting, runner.script_of(kAddress)), Amount{kCoin / 2});
    const int64_t fee = coins(2).value() - total_out(*waiting);
    EXPECT_EQ(fee, 3 * waiting->virtual_size());
    EXPECT_EQ(waiting->inputs()[0].sequence, 0xfffffffdu);
    EXPECT_NE(waiting->locktime(), 0u);  // against fee sniping
}

TEST(Send, psbtOrHex_isReturnedInsteadOfSent) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    for (const char* option : {R"({"psbt":true})", R"({"add_to_wallet":false})"}) {
        const Json made =
            runner.call("send", "[" + payment_of("0.5") + ",null,null,null," + option + "]").result;
        EXPECT_TRUE(made.find("complete")->boolean());
        const auto data = decode_transaction_hex(made.find("hex")->string());
        ASSERT_TRUE(data);
        const TransactionRef transaction = make_transaction(TransactionData{*data});
        EXPECT_EQ(transaction->txid().to_string(), made.find("txid")->string());
        EXPECT_FALSE(transaction->inputs()[0].witness.empty());
        EXPECT_EQ(runner.call("decodepsbt", quoted(made.find("psbt")->string())).code, 0);
    }
    EXPECT_EQ(runner.node->mempool().size(), 0u);
    EXPECT_EQ(runner.result("getbalance"), "2.00000000");
    runner.result(
        "send", "[" + payment_of("0.5") + R"(,null,null,null,{"psbt":true,"lock_unspents":true}])");
    EXPECT_EQ(runner.call("listlockunspent").result.array().size(), 1u);
}

TEST(Send, options_haveEffect) {
    WalletFixture runner{2};
    const TransactionRef first = runner.pay(runner.address(), coins(2));
    runner.pay(runner.address(), coins(3));
    const std::string input = R"({"txid":")" + first->txid().to_string() + R"(","vout":1)";
    const auto make = [&](const std::string& options) {
        const Json made =
            runner
                .call("send", "[" + payment_of("1") + R"(,null,null,null,{"add_to_wallet":false,)" +
                                  options + "},3]")
                .result;
        return make_transaction(*decode_transaction_hex(made.find("hex")->string()));
    };
    const TransactionRef made =
        make(R"("inputs":[)" + input + R"(,"sequence":7}],"locktime":5,"change_position":1,)" +
             R"("fee_rate":2,"change_address":")" + kSecond + "\"");
    ASSERT_EQ(made->inputs().size(), 1u);
    EXPECT_EQ(made->inputs()[0].prevout, (OutPoint{first->txid(), 1}));
    EXPECT_EQ(made->inputs()[0].sequence, 7u);
    EXPECT_EQ(made->locktime(), 5u);
    EXPECT_EQ(made->version(), 3);
    EXPECT_EQ(made->outputs()[1].script_pubkey, runner.script_of(kSecond));
    const TransactionRef whole =
        make(R"("inputs":[)" + input + R"(}],"subtract_fee_from_outputs":[")" + kAddress +
             R"("],"replaceable":false,"fee_rate":1)");
    EXPECT_LT(amount_to(*whole, runner.script_of(kAddress)), coins(1));
    EXPECT_EQ(whole->inputs()[0].sequence, 0xffffffffu);
    // Given inputs are not enough, and no others may be added.
    EXPECT_EQ(
        runner
            .call("send", "[" + payment_of("4") + R"(,null,null,null,{"inputs":[)" + input + "}]}]")
            .code,
        -4);
    EXPECT_EQ(
        runner
            .call("send", "[" + payment_of("4") +
                              R"(,null,null,null,{"add_inputs":true,"inputs":[)" + input + "}]}]")
            .code,
        0);
}

TEST(Send, mistakes_areRefused) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    const auto with = [&](const std::string& rest) {
        return problem(runner.call("send", "[" + payment_of("1") + "," + rest + "]"));
    };
    EXPECT_EQ(with("6"), "-8 Specify estimate_mode");
    EXPECT_EQ(with(R"(6,"unset")"), "-8 Specify estimate_mode");
    EXPECT_THAT(with(R"(6,"economical",null,{"conf_target":6})"),
                StartsWith("-8 Pass conf_target and estimate_mode either as arguments"));
    EXPECT_THAT(with(R"(null,null,1,{"fee_rate":1})"),
                StartsWith("-8 Pass the fee_rate either as an argument"));
    EXPECT_EQ(with(R"(null,null,null,{"feeRate":1})"),
              "-8 Use fee_rate (sat/vB) instead of feeRate");
    EXPECT_EQ(with(R"(null,null,null,{"lockUnspents":true})"),
              "-8 Use lock_unspents instead of lockUnspents");
    EXPECT_THAT(with(R"(null,null,null,{"input_weights":[]})"),
                StartsWith("-8 Input weights should be specified in inputs"));
    EXPECT_THAT(with(R"(null,null,null,{"sendmax":true})"), StartsWith("-3 "));
    EXPECT_THAT(with(R"(null,null,0.01)"), HasSubstr("lower than the minimum fee rate setting"));
    EXPECT_THAT(with("null,null,null,null,4"), StartsWith("-8 "));
    EXPECT_EQ(problem(runner.call("send", "[" + payment_of("3") + "]")), "-4 Insufficient funds");
    EXPECT_EQ(runner.call("send", "[{}]").code, -8);
    EXPECT_EQ(runner.node->mempool().size(), 0u);
}

/// A wallet "watch" with the public descriptors of the fixture's.
void watch(WalletFixture& runner) {
    runner.result("createwallet", R"(["watch",true])");
    const Json listed = runner.call("listdescriptors", "[]", "/wallet/w").result;
    std::string requests;
    for (const Json& each : listed.find("descriptors")->array())
        requests += (requests.empty() ? "" : ",") + std::string{R"({"desc":")"} +
                    each.find("desc")->string() + R"(","active":true,"timestamp":0,"internal":)" +
                    (each.find("internal")->boolean() ? "true}" : "false}");
    runner.result("importdescriptors", "[[" + requests + "]]", "/wallet/watch");
}

TEST(Send, watchOnlyWallet_returnsAnUnsignedPsbt) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    watch(runner);
    const Json made = runner.call("send", "[" + payment_of("1") + "]", "/wallet/watch").result;
    EXPECT_FALSE(made.find("complete")->boolean());
    EXPECT_EQ(made.find("txid"), nullptr);
    const Json done =
        runner.call("walletprocesspsbt", quoted(made.find("psbt")->string()), "/wallet/w").result;
    EXPECT_TRUE(done.find("complete")->boolean());
    runner.result("sendrawtransaction", quoted(done.find("hex")->string()));
    const TransactionRef sent = runner.waiting();
    EXPECT_EQ(amount_to(*sent, runner.script_of(kAddress)), coins(1));
    const std::string txid = sent->txid().to_string();
    EXPECT_EQ(problem(runner.call("bumpfee", quoted(txid), "/wallet/watch")),
              "-4 bumpfee is not available with wallets that have private keys disabled. Use "
              "psbtbumpfee instead.");
    const Json bumped = runner.call("psbtbumpfee", quoted(txid), "/wallet/watch").result;
    EXPECT_NE(bumped.find("psbt"), nullptr);
}

// ---- sendall

TEST(SendAll, recipients_shareWhatIsLeft) {
    WalletFixture runner{3};
    for (const int64_t amount : {kCoin, 2 * kCoin, 3 * kCoin + 1})
        runner.pay(runner.address(), Amount{amount});
    const std::string third = runner.address();
    const Json sent = runner
                          .call("sendall", std::string{"[[\""} + kAddress + "\",{\"" + third +
                                               "\":1},\"" + kSecond + "\"],null,null,5]")
                          .result;
    const TransactionRef waiting = runner.waiting();
    EXPECT_EQ(sent.find("txid")->string(), waiting->txid().to_string());
    EXPECT_TRUE(sent.find("complete")->boolean());
    EXPECT_EQ(waiting->inputs().size(), 3u);
    ASSERT_EQ(waiting->outputs().size(), 3u);
    const int64_t fee = 6 * kCoin + 1 - total_out(*waiting);
    EXPECT_EQ(fee, 5 * waiting->virtual_size());
    const int64_t rest = 5 * kCoin + 1 - fee;
    EXPECT_EQ(amount_to(*waiting, runner.script_of(kAddress)).value(), rest / 2 + rest % 2);
    EXPECT_EQ(amount_to(*waiting, runner.script_of(kSecond)).value(), rest / 2);
    EXPECT_EQ(amount_to(*waiting, runner.script_of(third)), coins(1));
    runner.extend({waiting});
    EXPECT_EQ(runner.result("getbalance"), "1.00000000");
}

TEST(SendAll, coins_areChosenAsAsked) {
    WalletFixture runner{4};
    const TransactionRef first = runner.pay(runner.address(), coins(1));
    runner.pay(runner.address(), Amount{1'000});
    runner.pay(runner.address(), coins(2));
    runner.announce(runner.address(), coins(4));  // not confirmed, and not the wallet's change
    const auto make = [&](const std::string& options) {
        const Json made =
            runner
                .call("sendall", std::string{"[[\""} + kAddress +
                                     R"("],null,null,20,{"add_to_wallet":false,)" + options + "}]")
                .result;
        return make_transaction(*decode_transaction_hex(made.find("hex")->string()));
    };
    EXPECT_EQ(make(R"("psbt":false)")->inputs().size(), 3u);
    EXPECT_EQ(make(R"("send_max":true)")->inputs().size(), 2u);
    EXPECT_EQ(make(R"("minconf":3)")->inputs().size(), 1u);
    EXPECT_EQ(make(R"("maxconf":2)")->inputs().size(), 2u);
    const TransactionRef given =
        make(R"("inputs":[{"txid":")" + first->txid().to_string() + R"(","vout":1}],"locktime":9)");
    ASSERT_EQ(given->inputs().size(), 1u);
    EXPECT_EQ(given->inputs()[0].prevout, (OutPoint{first->txid(), 1}));
    EXPECT_EQ(given->locktime(), 9u);
    runner.result("lockunspent",
                  R"([false,[{"txid":")" + first->txid().to_string() + R"(","vout":1}]])");
    EXPECT_EQ(make(R"("send_max":true)")->inputs().size(), 1u);
    EXPECT_EQ(runner.node->mempool().size(), 1u);
}

TEST(SendAll, mistakes_areRefused) {
    WalletFixture runner{1};
    const TransactionRef paid = runner.pay(runner.address(), Amount{10'000});
    const auto with = [&](const std::string& recipients, const std::string& rest = "null") {
        return problem(runner.call("sendall", "[" + recipients + "," + rest + "]"));
    };
    const std::string to = std::string{"[\""} + kAddress + "\"]";
    const std::string input = R"({"txid":")" + paid->txid().to_string() + R"(","vout":)";
    EXPECT_EQ(with("[]"), "-8 Must provide at least one address without a specified amount");
    EXPECT_EQ(with("[" + payment_of("1") + "]"),
              "-8 Must provide at least one address without a specified amount");
    EXPECT_EQ(with(to, R"(null,null,null,{"send_max":true,"inputs":[)" + input + "1}]}"),
              "-8 Cannot combine send_max with specific inputs.");
    EXPECT_EQ(with(to, R"(null,null,null,{"minconf":1,"inputs":[)" + input + "1}]}"),
              "-8 Cannot combine minconf or maxconf with specific inputs.");
    EXPECT_EQ(with(to, R"(null,null,null,{"minconf":-1})"),
              "-8 Invalid minconf (minconf cannot be negative): -1");
    EXPECT_EQ(
        with(to, R"(null,null,null,{"inputs":[)" + input + "0}]}"),
        "-8 Input not found. UTXO (" + paid->txid().to_string() + ":0) is not part of wallet.");
    EXPECT_THAT(with(to, R"(null,null,null,{"inputs":[]})"),
                StartsWith("-6 Total value of UTXO pool too low to pay for transaction. Try"));
    EXPECT_THAT(with(to, "null,null,200"),
                StartsWith("-6 Total value of UTXO pool too low to pay for transaction. Try"));
    EXPECT_EQ(with(to, R"(null,null,200,{"send_max":true})"),
              "-6 Total value of UTXO pool too low to pay for transaction, try using lower "
              "feerate.");
    const std::string second = ",\"" + std::string{kSecond} + "\"]";
    EXPECT_EQ(with("[" + payment_of("1") + second),
              "-6 Assigned more value to outputs than available funds.");
    EXPECT_EQ(with("[" + payment_of("0.000099") + second, "null,null,1"),
              "-6 Insufficient funds for fees after creating specified outputs.");
    EXPECT_EQ(with("[" + payment_of("0.000096") + second, "null,null,1"),
              "-6 Dynamically assigned remainder results in dust output.");
    EXPECT_EQ(
        with("[" + payment_of("0.000001") + second),
        std::string{"-8 Specified output amount to "} + kAddress + " is below dust threshold.");
    EXPECT_EQ(with(to, "null,null,0.01").substr(0, 12), "-8 Fee rate ");
    runner.result("sendall", "[" + to + "]");
    EXPECT_EQ(
        with(to, R"(null,null,null,{"inputs":[)" + input + "1}]}"),
        "-8 Input not available. UTXO (" + paid->txid().to_string() + ":1) was already spent.");
}

// ---- psbtbumpfee

TEST(PsbtBumpFee, replacement_isAPsbtWithAHigherFee) {
    WalletFixture runner{1};
    runner.pay(runner.address(), coins(2));
    runner.result("send", "[" + payment_of("0.5") + ",null,null,2]");
    const TransactionRef original = runner.waiting();
    const std::string txid = original->txid().to_string();
    const Json bumped =
        runner.call("psbtbumpfee", "[\"" + txid + R"(",{"fee_rate":20,"psbt_version":0}])").result;
    const std::string psbt = bumped.find("psbt")->string();
    EXPECT_EQ(bumped.find("errors")->array().size(), 0u);
    EXPECT_EQ(runner.waiting(), original);
    const Json done = runner.call("walletprocesspsbt", quoted(psbt)).result;
    EXPECT_TRUE(done.find("complete")->boolean());
    runner.result("sendrawtransaction", quoted(done.find("hex")->string()));
    const TransactionRef replaced = runner.waiting();
    EXPECT_NE(replaced, original);
    const int64_t fee = coins(2).value() - total_out(*replaced);
    EXPECT_EQ(bumped.find("fee")->number(), to_string(Amount{fee}));
    EXPECT_EQ(bumped.find("origfee")->number(),
              to_string(Amount{coins(2).value() - total_out(*original)}));
    EXPECT_EQ(runner.call("psbtbumpfee", "[\"" + txid + R"(",{"psbt_version":1}])").code, -8);
    EXPECT_EQ(problem(runner.call("psbtbumpfee", quoted(std::string(64, '1')))),
              "-5 Invalid or non-wallet transaction id");
}

}  // namespace
}  // namespace parley::rpc::test
