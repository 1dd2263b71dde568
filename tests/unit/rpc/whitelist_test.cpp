#include "rpc/jsonrpc/whitelist.h"

#include <gtest/gtest.h>

#include "rpc/jsonrpc/dispatcher.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace parley::rpc::test {
namespace {

TEST(Whitelist, none_allowsEverybodyEverything) {
    const Whitelist whitelist;
    EXPECT_TRUE(whitelist.allows_user("ann"));
    EXPECT_TRUE(whitelist.allows("ann", "stop"));
}

TEST(Whitelist, entry_limitsItsUserAndShutsOutOthers) {
    const Whitelist whitelist({"ann:getblockcount, uptime"}, std::nullopt);
    EXPECT_TRUE(whitelist.allows("ann", "getblockcount"));
    EXPECT_TRUE(whitelist.allows("ann", "uptime"));
    EXPECT_FALSE(whitelist.allows("ann", "stop"));
    EXPECT_FALSE(whitelist.allows("ann", "getblockcoun"));
    EXPECT_FALSE(whitelist.allows("ann", ""));
    EXPECT_FALSE(whitelist.allows_user("ben"));
    EXPECT_FALSE(whitelist.allows("ben", "uptime"));
}

TEST(Whitelist, default0_leavesOthersFree) {
    const Whitelist whitelist({"ann:uptime"}, false);
    EXPECT_FALSE(whitelist.allows("ann", "stop"));
    EXPECT_TRUE(whitelist.allows_user("ben"));
    EXPECT_TRUE(whitelist.allows("ben", "stop"));
}

TEST(Whitelist, default1WithoutEntries_shutsOutEverybody) {
    EXPECT_FALSE(Whitelist({}, true).allows_user("ann"));
    EXPECT_TRUE(Whitelist({}, std::nullopt).allows_user("ann"));
}

TEST(Whitelist, severalEntriesOfAUser_allowWhatAllList) {
    const Whitelist whitelist({"ann:uptime,stop", "ben:help", "ann:stop,help"}, std::nullopt);
    EXPECT_TRUE(whitelist.allows("ann", "stop"));
    EXPECT_FALSE(whitelist.allows("ann", "uptime"));
    EXPECT_FALSE(whitelist.allows("ann", "help"));
    EXPECT_TRUE(whitelist.allows("ben", "help"));
}

TEST(Whitelist, entryWithoutMethods_allowsNothing) {
    for (const char* entry : {"ann", "ann:"}) {
        const Whitelist whitelist({entry}, std::nullopt);
        EXPECT_TRUE(whitelist.allows_user("ann"));
        EXPECT_FALSE(whitelist.allows("ann", "uptime")) << entry;
    }
}

TEST(Dispatcher, whitelist_refusesWholeRequestWith403BeforeAnythingRuns) {
    RpcFixture runner;
    const Dispatcher limited(regtest_params(), runner.gateway, runner.host, runner.log,
                             Whitelist({"ann:uptime,getblockcount"}, std::nullopt));
    const auto status = [&](const std::string& user, const std::string& body) {
        return limited.handle({"POST", "/", body, user}).status;
    };
    const std::string good = R"({"method":"getblockcount","id":1})";
    const std::string bad = R"({"method":"getbestblockhash","id":2})";
    EXPECT_EQ(status("ann", good), 200);
    EXPECT_EQ(status("ann", "[" + good + "]"), 200);
    EXPECT_EQ(status("ann", "{"), 500);
    runner.gateway.requests.clear();
    EXPECT_EQ(status("ann", bad), 403);
    EXPECT_EQ(status("ann", R"({"jsonrpc":"2.0","method":"stop"})"), 403);
    EXPECT_EQ(status("ann", "[" + good + "," + bad + "]"), 403);
    EXPECT_EQ(status("ben", good), 403);
    EXPECT_EQ(status("ben", "[]"), 403);
    EXPECT_EQ(status("", good), 403);
    EXPECT_TRUE(runner.gateway.requests.empty());
}

}  // namespace
}  // namespace parley::rpc::test
