#include "node/daemon/options/settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/daemon/options/config_file.h"

namespace parley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SettingsFile parsed(std::string_view text) {
    auto file = SettingsFile::parse(text, "settings.json");
    EXPECT_TRUE(file) << text;
    return file ? *file : SettingsFile{};
}

std::string value_of(const Settings& settings, std::string_view name) {
    const auto value = settings.find(name);
    if (!value) return "unset";
    return value->negated ? "no" : value->text;
}

std::vector<std::string> wallets_of(const SettingsFile& file) {
    Settings settings;
    EXPECT_TRUE(file.apply(settings));
    return settings.list("wallet");
}

TEST(SettingsFile, values_of_each_kind_and_their_rank) {
    Settings settings;
    const SettingsFile file =
        parsed(R"({"_warning_": "x", "port": 7, "listen": false, "rest": true,)"
               R"( "wallet": ["a", "b"], "frobnicate": 1})");
    ASSERT_TRUE(file.apply(settings));
    ASSERT_TRUE(parse_command_line({"-rest=0"}, settings));
    ASSERT_TRUE(parse_config_file("main.port=9\nwallet=c\n", "x", settings));
    EXPECT_EQ(value_of(settings, "port"), "7");
    EXPECT_EQ(value_of(settings, "listen"), "no");
    EXPECT_EQ(value_of(settings, "rest"), "0");
    EXPECT_THAT(settings.list("wallet"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(settings.warnings(), ElementsAre("Ignoring unknown rw_settings value frobnicate"));
}

TEST(SettingsFile, damaged_is_refused_with_its_reason) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "does not contain valid JSON"},
        {"{", "does not contain valid JSON"},
        {"[]", "Found non-object value [] in settings file settings.json"},
        {"\"string\"", "Found non-object value \"string\" in settings file"},
        {R"({"key": 1, "key": 2})", "Found duplicate key key in settings file"},
        {R"({"wallet": ["a", 1]})", "'-wallet' requires a string value"},
        {R"({"wallet": true})", "'-wallet' requires a string value"},
        {R"({"wallet": {}})", "'-wallet' requires a string value"},
    };
    for (const auto& [text, reason] : cases) {
        const auto file = SettingsFile::parse(text, "settings.json");
        ASSERT_FALSE(file) << text;
        EXPECT_THAT(file.error(), HasSubstr(reason));
    }
    for (const char* text : {R"({"port": {}})", R"({"port": null})", R"({"port": [[]]})"}) {
        Settings settings;
        EXPECT_FALSE(parsed(text).apply(settings)) << text;
    }
}

TEST(SettingsFile, wallets_are_added_once_and_removed) {
    SettingsFile file;
    EXPECT_FALSE(file.set_wallet("a", false));
    EXPECT_TRUE(file.set_wallet("a", true));
    EXPECT_FALSE(file.set_wallet("a", true));
    EXPECT_TRUE(file.set_wallet("b", true));
    EXPECT_THAT(wallets_of(file), ElementsAre("a", "b"));
    EXPECT_TRUE(file.set_wallet("a", false));
    EXPECT_THAT(wallets_of(file), ElementsAre("b"));
    EXPECT_TRUE(file.set_wallet("b", false));
    EXPECT_THAT(wallets_of(file), IsEmpty());
}

TEST(SettingsFile, single_wallet_becomes_a_list) {
    SettingsFile file = parsed(R"({"wallet": "a"})");
    EXPECT_TRUE(file.set_wallet("b", true));
    EXPECT_THAT(wallets_of(file), ElementsAre("a", "b"));
}

TEST(SettingsFile, everything_else_survives_a_change) {
    SettingsFile file = parsed(R"({"_warning_": "old", "other": {"x": [1, null]}, "wallet": []})");
    EXPECT_TRUE(file.set_wallet("a", true));
    const std::string text = file.text();
    EXPECT_THAT(text, HasSubstr("automatically generated"));
    EXPECT_THAT(text, testing::Not(HasSubstr("old")));
    EXPECT_EQ(parsed(text).text(), text);
    EXPECT_THAT(parsed(text).log_lines(), ElementsAre(R"(Setting file arg: other = {"x":[1,null]})",
                                                      R"(Setting file arg: wallet = ["a"])"));
}

TEST(SettingsFile, secrets_stay_out_of_the_log) {
    EXPECT_THAT(parsed(R"({"rpcpassword": "s"})").log_lines(),
                ElementsAre("Setting file arg: rpcpassword = ****"));
    Settings settings;
    ASSERT_TRUE(
        parse_command_line({"-rpcpassword=s", "-nosettings", "-rest", "-port=1"}, settings));
    ASSERT_TRUE(parse_config_file("rpcauth=a:b$c\n[regtest]\nport=2\n", "x", settings));
    EXPECT_THAT(
        settings.log_lines(),
        ElementsAre(R"(Config file arg: [regtest] port="2")", "Config file arg: rpcauth=****",
                    R"(Command-line arg: port="1")", "Command-line arg: rest=\"\"",
                    "Command-line arg: rpcpassword=****", "Command-line arg: settings=false"));
}

}  // namespace
}  // namespace parley
