// banlist.json: bitcoind's format, and damaged files.
#include "node/daemon/files/ban_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

BannedSubnet ban(const char* subnet, int64_t created, int64_t until) {
    return {*Subnet::parse(subnet), from_unix_seconds(created), from_unix_seconds(until)};
}

std::string text_of(const std::vector<BannedSubnet>& bans) {
    std::string text;
    for (const BannedSubnet& each : bans)
        text += each.subnet.to_string() + " " + std::to_string(to_unix_seconds(each.created)) +
                "-" + std::to_string(to_unix_seconds(each.until)) + "\n";
    return text;
}

TEST(BanFile, read_takes_what_bitcoind_writes) {
    const auto bans = read_bans(R"({"_warning_": "text", "banned_nets": [
        {"version": 1, "ban_created": 1700000000, "banned_until": 1700086400,
         "address": "127.0.0.0/24"},
        {"version": 1, "ban_created": 5, "banned_until": 6,
         "address": "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"},
        {"version": 2, "ban_created": 5, "banned_until": 6, "address": "1.2.3.4/32"},
        {"version": 1, "ban_created": 5, "banned_until": 99999999999, "address": "1.2.3.4/32"},
        {"version": 1, "ban_created": 7, "banned_until": 8, "address": "fe80::/10"}]})");
    ASSERT_TRUE(bans);
    EXPECT_EQ(text_of(*bans), "127.0.0.0/24 1700000000-1700086400\nfe80::/10 7-8\n");
}

TEST(BanFile, read_of_anything_else_is_refused) {
    for (const char* text : {"", "[]", "{}", R"({"banned_nets": 1})", R"({"banned_nets": [1]})",
                             R"({"banned_nets": [)"})
        EXPECT_FALSE(read_bans(text)) << text;
}

TEST(BanFile, save_then_load_gives_the_same_and_damage_gives_none) {
    const TemporaryDirectory directory;
    NullLog log;
    const BanFile file(directory.path());
    EXPECT_TRUE(file.load(log).empty());
    const std::vector<BannedSubnet> bans{ban("1.2.3.4", 1, 2), ban("2001::/16", 3, 4)};
    EXPECT_EQ(file.save(bans), "");
    EXPECT_EQ(text_of(file.load(log)), "1.2.3.4/32 1-2\n2001::/16 3-4\n");
    EXPECT_EQ(file.save({}), "");
    EXPECT_TRUE(file.load(log).empty());
    std::ofstream(directory.path() + "/banlist.json") << "{";
    EXPECT_TRUE(file.load(log).empty());
    EXPECT_NE(BanFile(directory.path() + "/missing").save(bans), "");
}

}  // namespace
}  // namespace parley
