#include "rpc/client/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CliOptions parsed(const std::vector<std::string>& arguments) {
    const auto options = parse_cli(arguments);
    EXPECT_TRUE(options) << (options ? "" : options.error());
    return options.value_or(CliOptions{});
}

std::string parse_error(const std::vector<std::string>& arguments) {
    const auto options = parse_cli(arguments);
    EXPECT_FALSE(options);
    return options ? "" : options.error();
}

TEST(ParseCli, flags_haveBitcoindsForms) {
    const CliOptions options =
        parsed({"-regtest", "--named", "-rpcport=18555", "-datadir=/d", "-rpcwallet=", "-nostdin",
                "-rpcwait=1", "-color=never", "getblock", "-1", "verbosity=2"});
    EXPECT_EQ(options.chain, "regtest");
    EXPECT_TRUE(options.named);
    EXPECT_EQ(options.port, 18555);
    EXPECT_EQ(options.data_directory, "/d");
    EXPECT_EQ(options.wallet, "");
    EXPECT_FALSE(options.read_stdin);
    EXPECT_TRUE(options.wait);
    EXPECT_EQ(options.color, CliOptions::Color::never);
    EXPECT_THAT(options.arguments, ElementsAre("getblock", "-1", "verbosity=2"));
    EXPECT_FALSE(parsed({"-named=0"}).named);
    EXPECT_FALSE(parsed({"-named", "-nonamed"}).named);
    EXPECT_EQ(parsed({"-chain=labnet"}).chain, "labnet");
    EXPECT_EQ(parsed({"-noregtest"}).chain, std::nullopt);
    EXPECT_EQ(parsed({"getblockcount"}).wallet, std::nullopt);
}

TEST(ParseCli, mistakes_areNamed) {
    EXPECT_EQ(parse_error({"-nothing=1", "x"}),
              "Error parsing command line arguments: Invalid parameter -nothing=1");
    EXPECT_THAT(parse_error({"-rpcport=http"}),
                HasSubstr("Invalid port provided in -rpcport: http"));
    EXPECT_THAT(parse_error({"-rpcport=0"}), HasSubstr("-rpcport"));
    EXPECT_THAT(parse_error({"-rpcclienttimeout=-1"}), HasSubstr("-rpcclienttimeout"));
    EXPECT_THAT(parse_error({"-color=red"}), HasSubstr("-color"));
    EXPECT_THAT(parse_error({"-regtest", "-chain=main"}), HasSubstr("Can use at most one"));
}

TEST(CliHelp, everyFlagOfTheHelp_isUnderstood) {
    const std::string help = cli_help();
    for (const char* flag : {"-chain=main",
                             "-regtest",
                             "-labnet",
                             "-color=auto",
                             "-conf=f",
                             "-datadir=d",
                             "-generate",
                             "-getinfo",
                             "-help",
                             "-h",
                             "-?",
                             "-named",
                             "-netinfo",
                             "-rpcclienttimeout=1",
                             "-rpcconnect=h",
                             "-rpccookiefile=f",
                             "-rpcpassword=p",
                             "-rpcport=1",
                             "-rpcuser=u",
                             "-rpcwait",
                             "-rpcwaittimeout=1",
                             "-rpcwallet=w",
                             "-stdin",
                             "-stdinrpcpass",
                             "-version"}) {
        const std::string text{flag};
        EXPECT_TRUE(parse_cli({text})) << text;
        EXPECT_THAT(help, HasSubstr(text.substr(0, text.find('=')))) << text;
    }
}

/// Records requests and returns the given replies in order; repeats the last one.
struct FakeServer {
    struct Seen {
        std::string path;
        std::string body;
    };
    std::vector<CliReply> replies;
    std::vector<Seen> seen;
    int pauses = 0;

    static CliReply answer(std::string body, int status = 200) {
        return {CliReply::State::answered, status, std::move(body)};
    }
    static CliReply result(const std::string& json) {
        return answer(R"({"jsonrpc":"2.0","result":)" + json + R"(,"id":1})");
    }
    static CliReply error(int code, const std::string& message) {
        return answer(R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(code) +
                      R"(,"message":")" + message + R"("},"id":1})");
    }

    CliOutcome run(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& lines = {}) {
        return run_cli(
            parsed(arguments), lines,
            [this](const std::string& path, const std::string& body) {
                seen.push_back({path, body});
                return replies.at(std::min(seen.size(), replies.size()) - 1);
            },
            [this] { ++pauses; }, {"Parley client v1", "regtest", 1'000'000});
    }
    std::string params() const {
        JsonWriter writer;
        writer.value(*parse_json(seen.back().body)->find("params"));
        return writer.take();
    }
};

TEST(RunCli, passphraseOfStandardInput_isTheFirstArgument) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"-stdinwalletpassphrase", "-stdin", "walletpassphrasechange"}, {"old", "new"});
    EXPECT_EQ(server.params(), R"(["old","new"])");
    const size_t asked = server.seen.size();
    EXPECT_EQ(server.run({"-stdinwalletpassphrase", "getblockcount"}, {"x"}).error,
              "error: -stdinwalletpassphrase is only applicable for walletpassphrase(change)\n");
    EXPECT_EQ(server.run({"-stdinwalletpassphrase", "walletpassphrase", "1"}).error,
              "error: -stdinwalletpassphrase specified but failed to read from standard input\n");
    EXPECT_EQ(server.seen.size(), asked);
}

TEST(RunCli, reports_excludeEachOther) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    const CliOutcome outcome = server.run({"-netinfo", "-getinfo"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.error, "error: Only one of -getinfo, -netinfo may be specified.\n");
    EXPECT_TRUE(server.seen.empty());
}

TEST(RunCli, idOfTheRequest_isWhatTheUserWants) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"-rpcid=a 1", "getblockcount"});
    EXPECT_EQ(parse_json(server.seen.back().body)->find("id")->string(), "a 1");
}

TEST(RunCli, arguments_becomeJsonWhereTheMethodWantsIt) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"getblockhash", "12"});
    EXPECT_EQ(server.seen.back().body,
              R"({"jsonrpc":"2.0","method":"getblockhash","params":[12],"id":1})");
    EXPECT_EQ(server.seen.back().path, "/");
    server.run({"sendtoaddress", "addr", "0.10", "12", "true", "false"});
    EXPECT_EQ(server.params(), R"(["addr",0.10,"12","true",false])");
    server.run({"createrawtransaction", R"([{"txid":"a","vout":0}])", R"({"b":1.5})"});
    EXPECT_EQ(server.params(), R"([[{"txid":"a","vout":0}],{"b":1.5}])");
    server.run({"getblockstats", "00ff"});
    EXPECT_EQ(server.params(), R"(["00ff"])");
    server.run({"getblockstats", "7", "null"});
    EXPECT_EQ(server.params(), R"([7,null])");
    server.run({"unknownmethod", "12", "true"});
    EXPECT_EQ(server.params(), R"(["12","true"])");
}

TEST(RunCli, namedArguments_becomeMembersAndArgs) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"-named", "getblock", "00ff", "verbose=2"});
    EXPECT_EQ(server.params(), R"({"verbose":2,"args":["00ff"]})");
    server.run({"-named", "createwallet", "wallet_name=w=1", "blank=true"});
    EXPECT_EQ(server.params(), R"({"wallet_name":"w=1","blank":true})");
    // An "=" inside of a text or of JSON makes no name.
    server.run({"-named", "getblock", "a=b"});
    EXPECT_EQ(server.params(), R"({"args":["a=b"]})");
    // A parameter without a type takes no "=": the server says that there is no such name.
    server.run({"-named", "echo", "args=[1]", "2", "arg3=e=f"});
    EXPECT_EQ(server.params(), R"({"args":"[1]","arg3":"e=f","args":["2"]})");
    // A member of an options object may be text or JSON.
    server.run({"-named", "gettxspendingprevout", "[]", "mempool_only=true"});
    EXPECT_EQ(server.params(), R"({"mempool_only":true,"args":[[]]})");
    server.run({"-named", "fundrawtransaction", "00", "changeAddress=bcrt1q"});
    EXPECT_EQ(server.params(), R"({"changeAddress":"bcrt1q","args":["00"]})");
    server.run({"-named", "echojson", R"(["c=d"])"});
    EXPECT_EQ(server.params(), R"({"args":[["c=d"]]})");
    server.run({"-named", "getblock", "00ff", "verbose=1", "verbose=2"});
    EXPECT_EQ(server.params(), R"({"verbose":2,"args":["00ff"]})");
}

TEST(RunCli, badJson_isReportedWithoutARequest) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    const CliOutcome outcome = server.run({"getblockhash", "twelve"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.error, "error: Error parsing JSON: twelve\n");
    EXPECT_TRUE(server.seen.empty());
    EXPECT_EQ(server.run({}).error, "error: too few parameters (need at least command)\n");
}

TEST(RunCli, linesOfStdin_areFurtherArguments) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"-stdin", "getblock"}, {"00ff", "1"});
    EXPECT_EQ(server.params(), R"(["00ff",1])");
}

TEST(RunCli, walletName_isEncodedInThePath) {
    FakeServer server{{FakeServer::result("null")}, {}, 0};
    server.run({"-rpcwallet=a b/ü", "getbalance"});
    EXPECT_EQ(server.seen.back().path, "/wallet/a%20b%2F%C3%BC");
    server.run({"-rpcwallet=", "getbalance"});
    EXPECT_EQ(server.seen.back().path, "/wallet/");
}

TEST(RunCli, results_arePrintedAsBitcoinCliDoes) {
    FakeServer server{{FakeServer::result(R"("raw \"text\"")")}, {}, 0};
    EXPECT_EQ(server.run({"help"}).out, "raw \"text\"\n");
    server.replies = {FakeServer::result("null")};
    EXPECT_EQ(server.run({"ping"}).out, "");
    server.replies = {FakeServer::result("0.10000000")};
    EXPECT_EQ(server.run({"getbalance"}).out, "0.10000000\n");
    server.replies = {FakeServer::result(R"({"a":[1],"b":[]})")};
    EXPECT_EQ(server.run({"x"}).out, "{\n  \"a\": [\n    1\n  ],\n  \"b\": [\n  ]\n}\n");
}

TEST(RunCli, errors_goToStderrWithTheirCode) {
    FakeServer server{{FakeServer::error(-8, "Block height out of range")}, {}, 0};
    const CliOutcome outcome = server.run({"getblockhash", "1"});
    EXPECT_EQ(outcome.exit_code, 8);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.error, "error code: -8\nerror message:\nBlock height out of range\n");
    server.replies = {FakeServer::error(-32601, "Method not found")};
    EXPECT_EQ(server.run({"x"}).exit_code, 32601 % 256);
    server.replies = {FakeServer::error(-19, "Multiple wallets")};
    EXPECT_THAT(server.run({"getbalance"}).error, HasSubstr("-rpcwallet=<walletname>"));
    server.replies = {
        FakeServer::answer(R"({"result":null,"error":{"code":-1,"message":"old"},"id":1})", 500)};
    EXPECT_EQ(server.run({"x"}).error, "error code: -1\nerror message:\nold\n");
}

TEST(RunCli, brokenReplies_endWithOne) {
    const auto error_of = [](CliReply reply) {
        FakeServer server{{std::move(reply)}, {}, 0};
        const CliOutcome outcome = server.run({"x"});
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_EQ(outcome.out, "");
        return outcome.error;
    };
    EXPECT_EQ(
        error_of({CliReply::State::unreachable, 0, "Could not connect"}),
        "error: Could not connect\n\nMake sure the parleyd server is running and that you are "
        "connecting to the correct RPC port.\nUse \"parley-cli -help\" for more info.\n");
    EXPECT_THAT(error_of({CliReply::State::unauthorised, 401, ""}),
                StartsWith("error: Authorization failed"));
    EXPECT_EQ(error_of(FakeServer::answer("", 503)), "error: server returned HTTP error 503\n");
    EXPECT_EQ(error_of(FakeServer::answer("Work queue depth exceeded", 503)),
              "error: Server response: Work queue depth exceeded\n");
    EXPECT_EQ(error_of(FakeServer::answer("")), "error: no response from server\n");
    EXPECT_EQ(error_of(FakeServer::answer("<html>")), "error: couldn't parse reply from server\n");
    EXPECT_THAT(error_of(FakeServer::answer("[]")), HasSubstr("expected reply to have result"));
    EXPECT_THAT(error_of(FakeServer::answer(R"({"error":"text"})")), HasSubstr("\"text\""));
}

TEST(RunCli, rpcwait_repeatsUntilTheNodeAnswers) {
    const CliReply absent{CliReply::State::unreachable, 0, "Could not connect"};
    FakeServer server{{absent, FakeServer::error(-28, "Loading"), FakeServer::result("7")}, {}, 0};
    EXPECT_EQ(server.run({"-rpcwait", "getblockcount"}).out, "7\n");
    EXPECT_EQ(server.pauses, 2);

    FakeServer late{{absent}, {}, 0};
    const CliOutcome outcome = late.run({"-rpcwait", "-rpcwaittimeout=3", "getblockcount"});
    EXPECT_EQ(
        outcome.error,
        "error: timeout on transient error: Could not connect\n\nMake sure the parleyd server is "
        "running and that you are connecting to the correct RPC port.\nUse \"parley-cli -help\" "
        "for "
        "more info.\n");
    EXPECT_EQ(late.pauses, 3);

    FakeServer other{{FakeServer::error(-1, "no")}, {}, 0};
    EXPECT_EQ(other.run({"-rpcwait", "x"}).exit_code, 1);
    EXPECT_EQ(other.pauses, 0);
}

TEST(RunCli, generate_minesToANewAddress) {
    FakeServer server{
        {FakeServer::result("\"addr\""), FakeServer::result(R"(["h1","h2"])")}, {}, 0};
    const CliOutcome outcome = server.run({"-generate", "-rpcwallet=w", "2", "500"});
    EXPECT_EQ(outcome.out,
              "{\n  \"address\": \"addr\",\n  \"blocks\": [\n    \"h1\",\n    \"h2\"\n  ]\n}\n");
    EXPECT_EQ(server.seen[0].path, "/wallet/w");
    EXPECT_EQ(server.params(), R"([2,"addr",500])");
    EXPECT_EQ(server.run({"-generate", "0"}).exit_code, 1);
    EXPECT_EQ(server.run({"-generate", "1", "2", "3"}).exit_code, 1);
    FakeServer no_wallet{{FakeServer::error(-18, "No wallet is loaded.")}, {}, 0};
    EXPECT_EQ(no_wallet.run({"-generate"}).exit_code, 18);
}

TEST(RunCli, getinfo_showsChainNetworkAndWallet) {
    FakeServer server{
        {FakeServer::result(R"({"connections_in":1,"connections_out":2,"connections":3,)"
                            R"("version":310000,"timeoffset":0,"relayfee":0.00000100})"),
         FakeServer::result(R"({"chain":"regtest","blocks":5,"headers":6,)"
                            R"("verificationprogress":0.5,"difficulty":1,"warnings":["w"]})"),
         FakeServer::result(R"({"walletname":"","keypoolsize":100})"),
         FakeServer::result(R"({"mine":{"trusted":1.50000000}})")},
        {},
        0};
    const std::string out = server.run({"-getinfo"}).out;
    EXPECT_THAT(out,
                StartsWith("Chain: regtest\nBlocks: 5\nHeaders: 6\n"
                           "Verification progress: ▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░ 50.0000%\nDifficulty: 1\n\n"
                           "Network: in 1, out 2, total 3\n"));
    EXPECT_THAT(out, HasSubstr("Wallet: \"\"\nKeypool size: 100\nBalance: 1.50000000\n"));
    EXPECT_THAT(out, HasSubstr("Warnings: w\n"));
}

}  // namespace
}  // namespace parley::rpc
