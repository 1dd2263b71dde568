// What a client reads when an argument is wrong: bitcoind's codes and its exact words, with nothing
// added, because clients compare them.
#include <gtest/gtest.h>

#include "tests/unit/rpc/wallet_fixture.h"

namespace parley::rpc::test {
namespace {

struct Case {
    const char* method;
    const char* params;
    const char* error;
};

void expect_errors(WalletFixture& runner, std::initializer_list<Case> cases) {
    for (const auto& [method, params, error] : cases) {
        const Reply reply = runner.call(method, params);
        EXPECT_EQ(std::to_string(reply.code) + " " + reply.message, error)
            << method << " " << params;
    }
}

TEST(ArgumentErrors, wrong_types_inside_arguments_name_the_types_only) {
    WalletFixture runner{2};
    const char* hash = "0000000000000000000000000000000000000000000000000000000000000001";
    const std::string pair = std::string{"[\""} + hash + "\",\"x\"]";
    const char* no_number = "-3 JSON value of type string is not of expected type number";
    const char* no_string = "-3 JSON value of type object is not of expected type string";
    expect_errors(runner,
                  {{"getblock", pair.c_str(), no_number},
                   {"getrawtransaction", pair.c_str(), no_number},
                   {"getorphantxs", R"(["x"])", no_number},
                   {"getblockstats", "[{}]", no_string},
                   {"gettxoutproof", "[[{}]]", no_string},
                   {"combinepsbt", "[[{}]]", no_string},
                   {"submitpackage", "[[{}]]", no_string},
                   {"testmempoolaccept", "[[{}]]", no_string},
                   {"gettxspendingprevout", R"([["x"]])",
                    "-3 JSON value of type string is not of expected type object"},
                   {"send", "[1]", "-3 JSON value of type number is not of expected type array"}});
}

TEST(ArgumentErrors, integers_have_the_bounds_of_their_type) {
    WalletFixture runner{2};
    const char* out_of_range = "-1 JSON integer out of range";
    for (const char* value : {"[1.5]", "[3000000000]", "[-3000000000]", "[1e3]"}) {
        for (const char* method :
             {"getblockhash", "verifychain", "getchaintxstats", "estimatesmartfee", "getorphantxs",
              "getnodeaddresses", "listunspent", "rescanblockchain"})
            expect_errors(runner, {{method, value, out_of_range}});
    }
    // These are of 64 bits.
    EXPECT_EQ(runner.result("setmocktime", "[3000000000]"), "null");
    expect_errors(runner, {{"disconnectnode", R"(["",3000000000])",
                            "-29 Node not found in connected nodes"}});
}

TEST(ArgumentErrors, amounts_are_judged_before_addresses) {
    WalletFixture runner{2};
    const std::string to = "[\"" + runner.address() + "\",";
    expect_errors(runner,
                  {{"sendtoaddress", R"(["x","y"])", "-3 Invalid amount"},
                   {"sendtoaddress", R"(["x",[]])", "-3 Amount is not a number or string"},
                   {"sendtoaddress", (to + "-1]").c_str(), "-3 Amount out of range"},
                   {"sendtoaddress", R"(["x",1])", "-5 Invalid Bitcoin address: x"},
                   {"createrawtransaction", R"([[],{"x":1}])", "-5 Invalid Bitcoin address: x"},
                   {"createrawtransaction", R"([[],{"x":"y"}])", "-3 Invalid amount"},
                   {"getreceivedbyaddress", R"(["x"])", "-5 Invalid Bitcoin address"},
                   {"setlabel", R"(["x","y"])", "-5 Invalid Bitcoin address"},
                   {"generatetoaddress", R"([1,"x"])", "-5 Error: Invalid address"}});
}

TEST(ArgumentErrors, checks_come_in_the_known_order) {
    WalletFixture runner{2};
    const char* count = "-8 Array must contain between 1 and 25 transactions.";
    expect_errors(
        runner,
        {{"testmempoolaccept", "[[],[]]", count},
         {"submitpackage", "[[],[]]", count},
         {"sendrawtransaction", R"(["x",1,"y"])", "-3 Invalid amount"},
         {"combinerawtransaction", R"([["x"]])",
          "-22 Missing transactions. At least two transactions required."},
         {"fundrawtransaction", R"(["x",[]])", "-22 TX decode failed"},
         {"walletcreatefundedpsbt", "[[],[]]", "-8 TX must have at least one output"},
         {"send", "[null]", "-8 Invalid parameter, output argument must be non-null"},
         {"pruneblockchain", "[1.5]", "-1 Cannot prune blocks because node is not in prune mode."},
         {"disconnectnode", R"([""])", "-29 Node not found in connected nodes"}});
}

TEST(ArgumentErrors, hex_has_at_least_one_byte) {
    WalletFixture runner{2};
    expect_errors(
        runner,
        {{"verifytxoutproof", R"([""])", "-8 proof must be hexadecimal string (not '')"},
         {"verifytxoutproof", R"(["00"])", "-1 SpanReader::read(): end of data: iostream error"},
         {"createrawtransaction", R"([[],{"data":""}])",
          "-8 Data must be hexadecimal string (not '')"},
         {"getblockheader", R"(["x"])", "-8 hash must be of length 64 (not 1, for 'x')"},
         {"getblock", R"(["x"])", "-8 blockhash must be of length 64 (not 1, for 'x')"},
         {"getblockfrompeer", R"(["x",1])", "-8 blockhash must be of length 64 (not 1, for 'x')"}});
    EXPECT_EQ(runner.call("decodescript", R"([""])").code, 0);
}

TEST(ArgumentErrors, purpose_of_labels_is_known_or_empty) {
    WalletFixture runner{2};
    expect_errors(runner, {{"listlabels", R"(["x"])",
                            "-8 Invalid 'purpose' argument, must be a known purpose string, "
                            "typically 'send', or 'receive'."}});
    EXPECT_EQ(runner.result("listlabels", R"([""])"), runner.result("listlabels"));
}

}  // namespace
}  // namespace parley::rpc::test
