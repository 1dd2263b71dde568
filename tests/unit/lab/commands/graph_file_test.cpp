#include "contrib/lab/commands/graph_file.h"

#include <gtest/gtest.h>

#include <string>

#include "contrib/lab/commands/arguments.h"

namespace parley::lab {
namespace {

std::string file(const std::string& miners, const std::string& links,
                 const std::string& interval = "10") {
    return R"({"interval_s":)" + interval + R"(,"miners":[)" + miners + R"(],"links":[)" + links +
           "]}";
}

const std::string kMiners = R"({"name":"a","hash":500},{"name":"b","hash":300.5})";
const std::string kLink = R"({"from":"a","to":"b","delay_s":0.2})";

TEST(GraphFile, parse_graph_valid_file) {
    const auto graph = parse_graph(file(kMiners, kLink));
    ASSERT_TRUE(graph);
    EXPECT_EQ(graph->interval_s, 10);
    EXPECT_EQ(graph->network.names, (std::vector<std::string>{"a", "b"}));
    EXPECT_NEAR(graph->network.shares[0], 500 / 800.5, 1e-12);
    EXPECT_NEAR(to_intervals(graph->network.delay(1, 0)), 0.02, 1e-8);
}

TEST(GraphFile, parse_graph_errors_name_the_place) {
    struct Case {
        std::string text;
        std::string error;
    };
    const std::string twice = kLink + R"(,{"from":"b","to":"a","delay_s":1})";
    const std::vector<Case> cases{
        {"{",
         "the file is not JSON; look for a missing comma, quote or bracket, or for an extra "
         "comma"},
        {"[]", "the file is a JSON array, not an object"},
        {R"({"interval_s":1,"miners":[]})", "the file has no member \"links\""},
        {file(kMiners, kLink, "0"), "interval_s is 0; it must be above 0"},
        {file(kMiners, kLink, "\"10\""), "interval_s is a JSON string, not a number"},
        {file(R"({"name":"a","hash":-1})", ""), "miners[0].hash is -1; it must be from 0 to 1e+15"},
        {file(R"({"name":"a","hash":1,"color":2})", ""),
         "miners[0] has an unknown member \"color\""},
        {file(R"({"name":"a","name":"b","hash":1})", ""), "miners[0] has two members \"name\""},
        {file(kMiners + R"(,{"name":"a","hash":1})", kLink),
         "miners[2].name is \"a\", as is miners[0].name; names must differ"},
        {file(kMiners, R"({"from":"a","to":"c","delay_s":1})"),
         "links[0].to names \"c\", which no miner has"},
        {file(kMiners, R"({"from":"a","to":"a","delay_s":1})"),
         "links[0] connects \"a\" with itself; remove it"},
        {file(kMiners, twice),
         "links[1] connects the same miners as links[0]; a link works in both directions"},
        {file(kMiners, R"({"from":"a","to":"b","delay_s":-2})"),
         "links[0].delay_s is -2; it must be from 0 to 1e+15"},
        {file(kMiners, ""), "no path connects the miners \"a\" and \"b\"; add a link"},
    };
    for (const Case& each : cases) {
        const auto graph = parse_graph(each.text);
        ASSERT_FALSE(graph) << each.text;
        EXPECT_EQ(graph.error(), each.error) << each.text;
    }
}

TEST(Arguments, parse_takes_both_forms_and_flags) {
    double number = 0;
    std::vector<double> list;
    bool flag = false;
    const CommandLine line{"x",
                           "help\n",
                           {{"--number", number_option(0.0, 2.0, number)},
                            {"--list", numbers_option(list)},
                            {"--flag", flag_option(flag)}}};
    EXPECT_FALSE(line.parse({"--number", "1.5", "--flag", "--list=.5,1"}));
    EXPECT_EQ(number, 1.5);
    EXPECT_TRUE(flag);
    EXPECT_EQ(list, (std::vector<double>{0.5, 1}));
    EXPECT_EQ(line.parse({"--help"})->exit_code, 0);
    EXPECT_EQ(line.parse({"--number", "3"})->message,
              "Error: invalid value for --number: \"3\"; it must be a number from 0 to 2. Try "
              "parley-lab x --help.\n");
    EXPECT_EQ(number, 1.5);
    EXPECT_EQ(line.parse({"--other"})->message,
              "Error: unknown option --other. Try parley-lab x --help.\n");
    EXPECT_EQ(line.parse({"--flag=1"})->message,
              "Error: --flag takes no value. Try parley-lab x --help.\n");
    EXPECT_TRUE(line.parse({"--number"}));
    EXPECT_TRUE(line.parse({"--number", "nan"}));
    EXPECT_TRUE(line.parse({"--list", "1,,2"}));
}

}  // namespace
}  // namespace parley::lab
