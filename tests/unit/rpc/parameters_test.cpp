// What every method has in common: wrong numbers and types of arguments, by the method table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// An argument of the right type, as JSON.
std::string fitting(ParameterType type) {
    switch (type) {
        case ParameterType::number:
        case ParameterType::amount:
        case ParameterType::range:
            return "1";
        case ParameterType::boolean:
            return "true";
        case ParameterType::array:
            return "[]";
        case ParameterType::object:
            return "{}";
        default:
            return R"("00")";
    }
}

std::string_view json_type_of(ParameterType type) {
    switch (type) {
        case ParameterType::number:
            return "number";
        case ParameterType::boolean:
            return "bool";
        case ParameterType::array:
            return "array";
        case ParameterType::object:
            return "object";
        case ParameterType::string:
        case ParameterType::hex:
            return "string";
        default:
            return "";
    }
}

std::string arguments_up_to(const Method& method, size_t count) {
    std::string text = "[";
    for (size_t i = 0; i < count; ++i)
        text += (i > 0 ? "," : "") + fitting(method.parameters[i].type);
    return text;
}

TEST(EveryMethod, tooFewArguments_isMiscWithTheHelp) {
    RpcFixture runner;
    int tried = 0;
    for (const auto& [name, method] : runner.dispatcher.methods().all()) {
        if (method.parameters.empty() || !method.parameters[0].required) continue;
        const Reply reply = runner.call(std::string{name});
        EXPECT_EQ(reply.code, -1) << name;
        EXPECT_THAT(reply.message, StartsWith(help_line(method))) << name;
        ++tried;
    }
    EXPECT_GT(tried, 30);
}

TEST(EveryMethod, tooManyArguments_isMiscWithTheHelp) {
    RpcFixture runner;
    for (const auto& [name, method] : runner.dispatcher.methods().all()) {
        std::string arguments = arguments_up_to(method, method.parameters.size());
        arguments += method.parameters.empty() ? "1]" : ",1]";
        const Reply reply = runner.call(std::string{name}, arguments);
        EXPECT_EQ(reply.code, -1) << name;
        EXPECT_THAT(reply.message, StartsWith(help_line(method))) << name;
    }
}

TEST(EveryMethod, wrongType_isTypeErrorThatNamesTheParameter) {
    RpcFixture runner;
    int tried = 0;
    for (const auto& [name, method] : runner.dispatcher.methods().all()) {
        size_t required = 0;
        for (size_t i = 0; i < method.parameters.size(); ++i)
            if (method.parameters[i].required) required = i + 1;
        for (size_t i = 0; i < method.parameters.size(); ++i) {
            const std::string_view expected = json_type_of(method.parameters[i].type);
            if (expected.empty()) continue;
            const bool is_array = expected == "array";
            std::string arguments = arguments_up_to(method, i);
            arguments += (i > 0 ? "," : "") + std::string{is_array ? "{}" : "[]"};
            for (size_t j = i + 1; j < required; ++j)
                arguments += "," + fitting(method.parameters[j].type);
            const Reply reply = runner.call(std::string{name}, arguments + "]");
            EXPECT_EQ(reply.code, -3) << name << " " << arguments;
            EXPECT_THAT(reply.message,
                        HasSubstr("\"Position " + std::to_string(i + 1) + " (" +
                                  std::string{method.parameters[i].names} +
                                  ")\": \"JSON value of type " + (is_array ? "object" : "array") +
                                  " is not of expected type " + std::string{expected} + "\""));
            ++tried;
        }
    }
    EXPECT_GT(tried, 120);
}

TEST(EveryMethod, unknownName_isRefused) {
    RpcFixture runner;
    for (const auto& [name, method] : runner.dispatcher.methods().all()) {
        const Reply reply = runner.call(std::string{name}, R"({"no_such_parameter":1})");
        EXPECT_EQ(reply.code, -8) << name;
        EXPECT_EQ(reply.message, "Unknown named parameter no_such_parameter");
    }
}

TEST(EveryMethod, nullForARequiredParameter_isTypeError) {
    RpcFixture runner;
    EXPECT_EQ(runner.call("getblockhash", "[null]").code, -3);
    EXPECT_EQ(runner.call("getblock", "[null]").code, -3);
    EXPECT_EQ(runner.call("createrawtransaction", "[[],null]").code, -8);
    EXPECT_EQ(runner.call("sendtoaddress", R"(["x",null])").code, -3);
}

TEST(EveryMethod, essentialsOfBitcoind_areThere) {
    RpcFixture runner;
    for (const char* name : {"getblockchaininfo",
                             "getblockcount",
                             "getbestblockhash",
                             "getblock",
                             "getblockhash",
                             "getblockheader",
                             "getchaintips",
                             "gettxout",
                             "getmempoolinfo",
                             "getrawmempool",
                             "getmempoolentry",
                             "help",
                             "stop",
                             "getblocktemplate",
                             "submitblock",
                             "addnode",
                             "disconnectnode",
                             "getpeerinfo",
                             "getnetworkinfo",
                             "getconnectioncount",
                             "createrawtransaction",
                             "decoderawtransaction",
                             "getrawtransaction",
                             "sendrawtransaction",
                             "testmempoolaccept",
                             "signrawtransactionwithkey",
                             "estimatesmartfee",
                             "validateaddress",
                             "generatetoaddress",
                             "generatetodescriptor",
                             "generateblock",
                             "setmocktime",
                             "invalidateblock",
                             "reconsiderblock",
                             "syncwithvalidationinterfacequeue",
                             "createwallet",
                             "loadwallet",
                             "unloadwallet",
                             "listwallets",
                             "getwalletinfo",
                             "getnewaddress",
                             "getbalance",
                             "getbalances",
                             "sendtoaddress",
                             "listunspent",
                             "listtransactions",
                             "gettransaction",
                             "signrawtransactionwithwallet",
                             "getaddressinfo",
                             "importdescriptors",
                             "getconsensusinfo",
                             "getforkstats",
                             "setautomine"})
        EXPECT_NE(runner.dispatcher.methods().find(name), nullptr) << name;
}

TEST(Help, extensions_areMarked) {
    RpcFixture runner;
    for (const char* name : {"getconsensusinfo", "getforkstats", "setautomine"})
        EXPECT_THAT(runner.call("help", "[\"" + std::string{name} + "\"]").result.string(),
                    HasSubstr("Extension of Parley"));
    const std::string text = runner.call("help").result.string();
    EXPECT_THAT(text, HasSubstr("== Parley ==\n"));
    EXPECT_THAT(text, HasSubstr("\ngetblock \"blockhash\" ( verbosity )\n"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("setmocktime")));  // hidden, as in bitcoind
}

}  // namespace
}  // namespace parley::rpc::test
