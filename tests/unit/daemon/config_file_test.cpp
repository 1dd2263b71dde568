#include "node/daemon/options/config_file.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "node/daemon/options/option_table.h"

namespace parley {
namespace {

using Lines = std::vector<std::string>;

std::string get(const Settings& settings, std::string_view name) {
    const auto value = settings.find(name);
    return !value ? "-" : value->negated ? "no" : "'" + value->text + "'";
}

Settings command_line(const Lines& arguments) {
    Settings settings;
    const auto done = parse_command_line(arguments, settings);
    EXPECT_TRUE(done) << done.error();
    return settings;
}

Settings config(std::string_view text, std::string_view chain) {
    Settings settings;
    const auto done = parse_config_file(text, "parley.conf", settings);
    EXPECT_TRUE(done) << done.error();
    settings.select_chain(chain);
    return settings;
}

TEST(OptionTable, names_unique_and_notes_carry_no_argument) {
    std::set<std::string_view> names;
    for (const OptionInfo& option : option_table()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_EQ(option.help.empty(), option.no_effect) << option.name;
        EXPECT_TRUE(!option.no_effect || option.unit.argument.empty()) << option.name;
    }
    // Every option of the drop-in list.
    for (const char* name : {"regtest",
                             "chain",
                             "datadir",
                             "conf",
                             "includeconf",
                             "settings",
                             "blocksdir",
                             "reindex",
                             "prune",
                             "txindex",
                             "persistmempool",
                             "loadblock",
                             "pid",
                             "daemon",
                             "daemonwait",
                             "par",
                             "bind",
                             "dnsseed",
                             "fixedseeds",
                             "natpmp",
                             "whitelist",
                             "v2transport",
                             "uacomment",
                             "capturemessages",
                             "rest",
                             "rpcwhitelist",
                             "rpccookieperms",
                             "rpcdoccheck",
                             "deprecatedrpc",
                             "datacarriersize",
                             "limitclustersize",
                             "blockversion",
                             "mocktime",
                             "vbparams",
                             "test",
                             "assumevalid",
                             "checkmempool",
                             "logratelimit",
                             "nologratelimit",
                             "printtoconsole",
                             "changetype",
                             "walletnotify",
                             "unsafesqlitesync",
                             "zmqpubrawtx",
                             "zmqpubrawtxhwm"})
        EXPECT_NE(find_option(name), nullptr) << name;
    EXPECT_EQ(find_option("frobnicate"), nullptr);
}

TEST(CommandLine, forms_of_options) {
    const Settings settings =
        command_line({"-listen", "--port=1", "-noserver", "-rest=0", "-nodnsseed=0",
                      "-uacomment=a=b", "-nologratelimit", "-rpcuser="});
    EXPECT_EQ(get(settings, "listen"), "''");
    EXPECT_EQ(get(settings, "port"), "'1'");
    EXPECT_EQ(get(settings, "server"), "no");
    EXPECT_EQ(get(settings, "rest"), "'0'");
    EXPECT_EQ(get(settings, "dnsseed"), "'1'");
    EXPECT_EQ(get(settings, "uacomment"), "'a=b'");
    EXPECT_EQ(get(settings, "nologratelimit"), "''");
    EXPECT_EQ(get(settings, "rpcuser"), "''");
    EXPECT_EQ(get(settings, "txindex"), "-");
}

TEST(CommandLine, last_value_wins_and_lists_add_up) {
    const Settings settings = command_line({"-port=1", "-port=2", "-addnode=a", "-addnode=b",
                                            "-connect=x", "-noconnect", "-connect=y"});
    EXPECT_EQ(get(settings, "port"), "'2'");
    EXPECT_EQ(settings.list("addnode"), (Lines{"a", "b"}));
    EXPECT_EQ(settings.list("connect"), (Lines{"y"}));
}

TEST(CommandLine, unknown_and_misplaced_are_refused_in_bitcoinds_words) {
    const std::pair<const char*, const char*> cases[] = {
        {"-frobnicate=1", "Error parsing command line arguments: Invalid parameter -frobnicate=1"},
        {"--frobnicate", "Error parsing command line arguments: Invalid parameter --frobnicate"},
        {"-nofrobnicate", "Error parsing command line arguments: Invalid parameter -nofrobnicate"},
        {"-=1", "Error parsing command line arguments: Invalid parameter -=1"},
        {"-nodatadir",
         "Error parsing command line arguments: Negating of -datadir is meaningless and therefore "
         "forbidden"},
        {"start",
         "Command line contains unexpected token 'start', see parleyd -h for a list of options."},
        {"-", "Command line contains unexpected token '-', see parleyd -h for a list of options."},
    };
    for (const auto& [argument, sentence] : cases) {
        Settings settings;
        const auto done = parse_command_line({argument}, settings);
        ASSERT_FALSE(done) << argument;
        EXPECT_EQ(done.error(), sentence);
    }
}

TEST(ConfigFile, first_value_wins_and_section_goes_before_global) {
    const std::string_view text =
        "dbcache=1\n"
        "dbcache=2\n"
        "  par = 3   # spaces and a comment\n"
        "\n"
        "# a comment\r\n"
        "regtest.genthreads=4\r\n"
        "genthreads=5\n"
        "[regtest]\n"
        "par=6\n"
        "par=7\n"
        "noserver=1\n"
        "[main]\n"
        "dbcache=8\n";
    const Settings regtest = config(text, "regtest");
    EXPECT_EQ(get(regtest, "dbcache"), "'1'");
    EXPECT_EQ(get(regtest, "par"), "'6'");
    EXPECT_EQ(get(regtest, "genthreads"), "'4'");
    EXPECT_EQ(get(regtest, "server"), "no");
    const Settings main = config(text, "main");
    EXPECT_EQ(get(main, "dbcache"), "'8'");
    EXPECT_EQ(get(main, "par"), "'3'");
    EXPECT_EQ(get(main, "genthreads"), "'5'");
    EXPECT_EQ(get(main, "server"), "-");
    EXPECT_TRUE(main.warnings().empty());
}

TEST(ConfigFile, network_only_options_of_the_global_section_count_on_main_only) {
    const std::string_view text = "port=1\naddnode=a\nrpcport=2\n[regtest]\nrpcport=3\n";
    const Settings main = config(text, "main");
    EXPECT_EQ(get(main, "port"), "'1'");
    const Settings regtest = config(text, "regtest");
    EXPECT_EQ(get(regtest, "port"), "-");
    EXPECT_TRUE(regtest.list("addnode").empty());
    EXPECT_EQ(get(regtest, "rpcport"), "'3'");
    EXPECT_FALSE(main.misplaced());
    EXPECT_EQ(regtest.misplaced(),
              "Config setting for -addnode only applied on regtest network when in [regtest] "
              "section. Config setting for -port only applied on regtest network when in [regtest] "
              "section.");
}

TEST(ConfigFile, unknown_keys_and_sections_only_warn) {
    const Settings settings = config("frobnicate=1\n[moonnet]\nport=1\n", "main");
    ASSERT_EQ(settings.warnings().size(), 2u);
    EXPECT_NE(settings.warnings()[0].find("frobnicate"), std::string::npos);
    EXPECT_NE(settings.warnings()[1].find("moonnet"), std::string::npos);
    EXPECT_EQ(get(settings, "port"), "-");
}

TEST(ConfigFile, what_always_has_a_value_cannot_be_negated) {
    for (const char* name : {"datadir", "signetchallenge", "signetseednode"}) {
        Settings settings;
        const auto done = parse_config_file(std::string{"no"} + name + "=1\n", "x.conf", settings);
        ASSERT_FALSE(done) << name;
        EXPECT_EQ(done.error(), std::string{"Error reading configuration file: Negating of -"} +
                                    name + " is meaningless and therefore forbidden");
        EXPECT_TRUE(parse_config_file(std::string{"no"} + name + "=0\n", "x.conf", settings));
    }
}

TEST(ConfigFile, malformed_line_is_named) {
    const std::pair<std::string, const char*> cases[] = {
        {"[regtest\n", "line 1"},
        {"server=1\nrpcuser", "line 2"},
        {"server=1\n\n-rpcport=1\n", "line 3"},
        {std::string("a\0b=1", 5), "line 1"},
    };
    for (const auto& [text, line] : cases) {
        Settings settings;
        const auto done = parse_config_file(text, "x.conf", settings);
        ASSERT_FALSE(done) << text;
        EXPECT_NE(done.error().find(line), std::string::npos) << done.error();
        EXPECT_TRUE(done.error().starts_with("Error reading configuration file: parse error on "))
            << done.error();
    }
}

TEST(ConfigFile, negation_without_value_names_the_remedy) {
    Settings settings;
    const auto done = parse_config_file("nono\n", "x.conf", settings);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(),
              "Error reading configuration file: parse error on line 1: nono, if you intended to "
              "specify a negated option, use nono=1 instead");
}

TEST(ConfigFile, comment_behind_a_password_is_refused) {
    for (const char* text : {"rpcuser=u\nrpcpassword=abc#def\n", "\nregtest.rpcpassword=x # y\n"}) {
        Settings settings;
        const auto done = parse_config_file(text, "parley.conf", settings);
        ASSERT_FALSE(done) << text;
        EXPECT_NE(
            done.error().find("parse error on line 2, using # in rpcpassword can be ambiguous "
                              "and should be avoided"),
            std::string::npos)
            << done.error();
    }
    EXPECT_EQ(
        get(config("rpcpassword=abc\nrpcuser=u # me\n#rpcpassword=x#y\n", "main"), "rpcpassword"),
        "'abc'");
}

TEST(ConfigFile, arbitrary_text_is_read_or_refused) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        Settings settings;
        const auto done = parse_config_file(text, "x", settings);
        if (!done) RC_ASSERT_FALSE(done.error().empty());
    }));
}

}  // namespace
}  // namespace parley
