#include "rpc/jsonrpc/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

void expect_reply(const HttpReply& reply, int status, const std::string& body) {
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.body, body.empty() ? "" : body + "\n");
    EXPECT_EQ(reply.content_type, body.empty() ? "" : "application/json");
}

TEST(Dispatcher, legacyRequest_repliesWithResultAndError) {
    RpcFixture runner;
    expect_reply(runner.post(R"({"method":"uptime","params":[],"id":7})"), 200,
                 R"({"result":90,"error":null,"id":7})");
    expect_reply(runner.post(R"({"jsonrpc":"1.0","method":"uptime","id":"x"})"), 200,
                 R"({"result":90,"error":null,"id":"x"})");
    expect_reply(runner.post(R"({"version":"1.1","method":"uptime","id":{"a":[1.50]}})"), 200,
                 R"({"result":90,"error":null,"id":{"a":[1.50]}})");
    // Without an id there is none in the reply; null is one.
    expect_reply(runner.post(R"({"method":"uptime"})"), 200, R"({"result":90,"error":null})");
    expect_reply(runner.post(R"({"method":"uptime","id":null})"), 200,
                 R"({"result":90,"error":null,"id":null})");
}

TEST(Dispatcher, version2_repliesWithOneOfResultAndErrorAndStatus200) {
    RpcFixture runner;
    expect_reply(runner.post(R"({"jsonrpc":"2.0","method":"uptime","id":7})"), 200,
                 R"({"jsonrpc":"2.0","result":90,"id":7})");
    expect_reply(
        runner.post(R"({"jsonrpc":"2.0","method":"nothing","id":7})"), 200,
        R"({"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":7})");
    expect_reply(runner.post(R"({"jsonrpc":"2.0","method":"uptime","id":null})"), 200,
                 R"({"jsonrpc":"2.0","result":90,"id":null})");
    expect_reply(runner.post(R"({"jsonrpc":"2.0","params":[],"id":1})"), 200,
                 R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"Missing method"},"id":1})");
}

TEST(Dispatcher, request_reachesTheNodeAsOneValueInAllItsParts) {
    RpcFixture runner;
    runner.call("getblockhash", R"({"height":0})");
    ASSERT_EQ(runner.gateway.requests.size(), 1u);
    EXPECT_EQ(runner.gateway.requests[0]->method, "getblockhash");
    EXPECT_EQ(runner.gateway.requests[0]->params, "[0]");
    EXPECT_EQ(runner.gateway.requests[0]->wallet, "/");
    runner.gateway.requests.clear();
    const std::string params = "[5,100]";
    runner.call("waitforblockheight", params, "/wallet/a%20b");
    ASSERT_GT(runner.gateway.requests.size(), 1u) << "it looks at the tip until its time is up";
    EXPECT_EQ(runner.gateway.requests[0]->params, params);
    EXPECT_EQ(runner.gateway.requests[0]->wallet, "/wallet/a%20b");
    for (const auto& request : runner.gateway.requests)
        EXPECT_EQ(request, runner.gateway.requests[0]);
}

TEST(Dispatcher, notification_runsAndHasNoReply) {
    RpcFixture runner;
    expect_reply(runner.post(R"({"jsonrpc":"2.0","method":"stop"})"), 204, "");
    EXPECT_TRUE(contains<effect::Shutdown>(runner.node.effects));
    expect_reply(runner.post(R"({"jsonrpc":"2.0","method":"nothing"})"), 204, "");
}

TEST(Dispatcher, legacyErrors_chooseTheStatus) {
    RpcFixture runner;
    expect_reply(runner.post(R"({"method":"nothing","id":1})"), 404,
                 R"({"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1})");
    expect_reply(runner.post(R"({"id":1})"), 400,
                 R"({"result":null,"error":{"code":-32600,"message":"Missing method"},"id":1})");
    EXPECT_EQ(runner.post(R"({"id":1,"method":"uptime","params":[1]})").status, 500);
    // getinfo is never answered: clients would take us for another node.
    EXPECT_EQ(runner.call("getinfo").code, -32601);
}

TEST(Dispatcher, unparsableBody_isParseErrorWithNullId) {
    RpcFixture runner;
    for (const char* body : {"", "this is bad", "{", R"({"method":"uptime",})"})
        expect_reply(
            runner.post(body), 500,
            R"({"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null})");
    expect_reply(
        runner.post("3"), 500,
        R"({"result":null,"error":{"code":-32700,"message":"Top-level object parse error"},)"
        R"("id":null})");
}

TEST(Dispatcher, malformedRequestObject_isInvalidRequest) {
    RpcFixture runner;
    const auto message = [&](const std::string& body) {
        const HttpReply reply = runner.post(body);
        EXPECT_EQ(reply.status, 400) << body;
        const Json error = *parse_json(reply.body)->find("error");
        EXPECT_EQ(error.find("code")->number(), "-32600");
        return error.find("message")->string();
    };
    EXPECT_EQ(message(R"({"method":3})"), "Method must be a string");
    EXPECT_EQ(message(R"({"method":"uptime","params":"x"})"), "Params must be an array or object");
    EXPECT_EQ(message(R"({"jsonrpc":2,"method":"uptime"})"), "jsonrpc field must be a string");
    EXPECT_EQ(message(R"({"jsonrpc":"3.0","method":"uptime"})"), "JSON-RPC version not supported");
}

TEST(Dispatcher, batch_answersEachByItsOwnVersion) {
    RpcFixture runner;
    expect_reply(
        runner.post(R"([{"method":"uptime","id":1},{"jsonrpc":"2.0","method":"uptime"},)"
                    R"({"jsonrpc":"2.0","method":"uptime","id":2},5,{"method":"none","id":3}])"),
        200,
        R"([{"result":90,"error":null,"id":1},{"jsonrpc":"2.0","result":90,"id":2},)"
        R"({"result":null,"error":{"code":-32600,"message":"Invalid Request object"},"id":null},)"
        R"({"result":null,"error":{"code":-32601,"message":"Method not found"},"id":3}])");
    expect_reply(runner.post("[]"), 200, "[]");
    expect_reply(runner.post(R"([{"jsonrpc":"2.0","method":"uptime"}])"), 204, "");
}

TEST(Dispatcher, pathAndHttpMethod_areChecked) {
    RpcFixture runner;
    EXPECT_EQ(runner.dispatcher.handle({"GET", "/", "", ""}).status, 405);
    EXPECT_EQ(runner.dispatcher.handle({"GET", "/", "", ""}).body,
              "JSONRPC server handles only POST requests");
    EXPECT_EQ(runner.dispatcher.handle({"POST", "/other", "{}", ""}).status, 404);
    EXPECT_EQ(runner.post(R"({"method":"uptime"})", "/wallet/any").status, 200);
}

TEST(Dispatcher, warmUp_refusesEveryMethod) {
    RpcFixture runner;
    runner.host.warm_up_status = "Loading block index…";
    const Reply reply = runner.call("help");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.code, -28);
    EXPECT_EQ(reply.message, "Loading block index…");
    runner.host.warm_up_status.reset();
    EXPECT_EQ(runner.call("help").code, 0);
}

TEST(Dispatcher, stoppedNode_isReportedAsAnError) {
    RpcFixture runner;
    runner.gateway.stopped = true;
    const Reply reply = runner.call("uptime");
    EXPECT_EQ(reply.code, -9);
    EXPECT_EQ(reply.message, "Shutting down");
}

TEST(Dispatcher, tooManyArguments_repliesWithTheHelp) {
    RpcFixture runner;
    const Reply reply = runner.call("uptime", "[1]");
    EXPECT_EQ(reply.code, -1);
    EXPECT_THAT(reply.message, StartsWith("uptime\n\nReturns the total uptime"));
}

TEST(Dispatcher, wrongTypes_areListedByPosition) {
    RpcFixture runner;
    const Reply reply = runner.call("logging", R"([1,"x"])");
    EXPECT_EQ(reply.code, -3);
    EXPECT_EQ(reply.message,
              "Wrong type passed:\n{\n"
              "    \"Position 1 (include)\": \"JSON value of type number is not of expected type "
              "array\",\n"
              "    \"Position 2 (exclude)\": \"JSON value of type string is not of expected type "
              "array\"\n}");
    EXPECT_EQ(runner.call("logging", "[null,null]").code, 0);
}

TEST(Dispatcher, namedParameters_findTheirPositions) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("help", R"({"command":"stop"})").result.string(),
              runner.call("help", R"(["stop"])").result.string());
    EXPECT_EQ(runner.call("logging", R"({"exclude":["rpc"]})").code, 0);
    EXPECT_FALSE(runner.host.categories[1].enabled);
    const Reply unknown = runner.call("help", R"({"nothing":1})");
    EXPECT_EQ(unknown.code, -8);
    EXPECT_EQ(unknown.message, "Unknown named parameter nothing");
    const Reply twice = runner.call("help", R"({"command":"a","command":"b"})");
    EXPECT_EQ(twice.code, -8);
    EXPECT_EQ(twice.message, "Parameter command specified multiple times");
}

TEST(Dispatcher, args_giveLeadingPositionsBesideNamedOnes) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("logging", R"({"args":[["net"]],"exclude":["rpc"]})").code, 0);
    EXPECT_TRUE(runner.host.categories[0].enabled);
    EXPECT_FALSE(runner.host.categories[1].enabled);
    const Reply twice = runner.call("logging", R"({"args":[["net"]],"include":["rpc"]})");
    EXPECT_EQ(twice.code, -8);
    EXPECT_EQ(twice.message,
              "Parameter include specified twice both as positional and named argument");
}

TEST(MethodTable, everyMethod_isDescribedAndConsistent) {
    RpcFixture runner;
    for (const auto& [name, method] : runner.dispatcher.methods().all()) {
        EXPECT_FALSE(method.description.empty()) << name;
        // A hidden method may have none: `generate` always fails.
        EXPECT_TRUE(method.hidden || !method.result.empty()) << name;
        for (const Parameter& parameter : method.parameters) {
            EXPECT_FALSE(parameter.description.empty()) << name << " " << parameter.names;
            EXPECT_NE(parameter.name(), "args") << name;
        }
        EXPECT_THAT(runner.call("help", "[\"" + std::string{name} + "\"]").result.string(),
                    StartsWith(std::string{name}))
            << name;
    }
}

TEST(Help, overview_listsByCategory) {
    RpcFixture runner;
    const std::string text = runner.call("help").result.string();
    EXPECT_THAT(
        text,
        HasSubstr("== Control ==\ngetmemoryinfo ( \"mode\" )\ngetrpcinfo\nhelp ( \"command\" )\n"));
    EXPECT_EQ(runner.call("help", R"(["nothing"])").result.string(),
              "help: unknown command: nothing");
}

TEST(Logging, unknownCategory_isRefused) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("logging", R"([["net"],["rpc"]])"), R"({"net":true,"rpc":false})");
    const Reply reply = runner.call("logging", R"([["nothing"]])");
    EXPECT_EQ(reply.code, -8);
    EXPECT_EQ(reply.message, "unknown logging category nothing");
}

TEST(GetRpcInfo, activeCommand_isListed) {
    RpcFixture runner;
    EXPECT_EQ(runner.result("getrpcinfo"),
              R"({"active_commands":[{"method":"getrpcinfo","duration":5}],)"
              R"("logpath":"/data/regtest/debug.log"})");
}

}  // namespace
}  // namespace parley::rpc::test
