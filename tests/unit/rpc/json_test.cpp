#include "rpc/jsonrpc/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {
namespace {

std::string written(const Json& json) {
    JsonWriter writer;
    writer.value(json);
    return writer.take();
}

TEST(ParseJson, scalars_keepTheirText) {
    EXPECT_TRUE(parse_json("null")->is_null());
    EXPECT_TRUE(parse_json(" true ")->boolean());
    EXPECT_FALSE(parse_json("false")->boolean());
    EXPECT_EQ(parse_json("0.00000282")->number(), "0.00000282");
    EXPECT_EQ(parse_json("123456789012345678901234567890")->number(),
              "123456789012345678901234567890");
    EXPECT_EQ(parse_json("1e-8 ")->number(), "1e-8");
    EXPECT_EQ(parse_json(R"("a\u00e9\n\"\ud83d\ude00")")->string(), "aé\n\"😀");
}

TEST(ParseJson, membersKeepTheirOrder_andFindReturnsTheFirst) {
    const auto json = parse_json(R"({"b":1,"a":[2,{"c":null}],"b":3})");
    ASSERT_TRUE(json);
    EXPECT_EQ(written(*json), R"({"b":1,"a":[2,{"c":null}],"b":3})");
    EXPECT_EQ(json->find("b")->number(), "1");
    EXPECT_EQ(json->find("z"), nullptr);
}

TEST(ParseJson, anythingElse_isRefused) {
    for (const char* text :
         {"",        " ",        "{",          "}",        "[",         "]",
          "[1",      "[1,]",     "[,1]",       "[1 2]",    "1,2",       "1],[2",
          "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",    "{'a':1}",   "{\"a\":1 \"b\":2}",
          "01",      "-",        "1.",         ".5",       "+1",        "1e",
          "1e+",     "0x10",     "NaN",        "Infinity", "tru",       "truex",
          "nul",     "nullx",    "\"",         "\"\t\"",   "\"\\x\"",   "\"\\ud800\"",
          "[1]]",    "{}{}",     "null null",  "\"\xff\"", "[\"a\":1]", "{1:2}",
          "[}",      "{]",       "// x\n1",    "\"a\" b"})
        EXPECT_FALSE(parse_json(text)) << text;
}

TEST(ParseJson, depth_isLimited) {
    const auto nested = [](int depth) {
        const auto count = static_cast<size_t>(depth);
        return std::string(count, '[') + std::string(count, ']');
    };
    EXPECT_TRUE(parse_json(nested(kJsonDepthMax)));
    EXPECT_FALSE(parse_json(nested(kJsonDepthMax + 1)));
    EXPECT_FALSE(parse_json(std::string(200'000, '[')));
    EXPECT_FALSE(parse_json(nested(100'000)));
}

Json random_json(int depth) {
    const int kind = *rc::gen::inRange(0, depth > 3 ? 4 : 6);
    switch (kind) {
        case 0:
            return {};
        case 1:
            return Json::boolean(*rc::gen::arbitrary<bool>());
        case 2:
            return Json::number(std::to_string(*rc::gen::arbitrary<int64_t>()));
        case 3:
            return Json::string(*rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)));
        case 4: {
            Json::Array items;
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
                items.push_back(random_json(depth + 1));
            return Json::array(std::move(items));
        }
        default: {
            Json::Object members;
            for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
                members.emplace_back("k" + std::to_string(i), random_json(depth + 1));
            return Json::object(std::move(members));
        }
    }
}

TEST(ParseJson, everythingWritten_isReadBack) {
    EXPECT_TRUE(rc::check([] {
        const Json json = random_json(0);
        RC_ASSERT(parse_json(written(json)) == json);
        RC_ASSERT(parse_json(json_indented(json, 2)) == json);
    }));
}

TEST(JsonWriter, amounts_haveEightDecimalsAndNoExponent) {
    JsonWriter writer;
    writer.array([&] {
        writer.value(Amount{282}).value(Amount{-100'000'000}).value(Amount{0});
        writer.value(kMaxMoney);
    });
    EXPECT_EQ(writer.text(), "[0.00000282,-1.00000000,0.00000000,21000000.00000000]");
}

TEST(JsonWriter, fractions_haveSixteenDigits) {
    JsonWriter writer;
    writer.array([&] { writer.value(4.656542373906925e-10).value(1.0).value(0.1).value(1e22); });
    EXPECT_EQ(writer.text(), "[4.656542373906925e-10,1,0.1,1e+22]");
}

TEST(JsonWriter, strings_areEscaped) {
    EXPECT_EQ(json_quote("a\"b\\c\n\t\r\b\f\x01\x7f\xc3\xa9"),
              "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u007f\xc3\xa9\"");
}

TEST(JsonWriter, nesting_putsCommasBetweenSiblingsOnly) {
    JsonWriter writer;
    writer.object([&] {
        writer.field("a", 1);
        writer.field_object("o", [] {});
        writer.field_array("l", [&] { writer.object([&] { writer.field("x", true); }).null(); });
        writer.field_values("v", std::vector<std::string>{"p", "q"});
    });
    EXPECT_EQ(writer.text(), R"({"a":1,"o":{},"l":[{"x":true},null],"v":["p","q"]})");
}

TEST(JsonIndented, emptyContainers_takeTwoLines) {
    EXPECT_EQ(json_indented(*parse_json(R"({"a":[],"b":{},"c":[1,"x"]})"), 2),
              "{\n  \"a\": [\n  ],\n  \"b\": {\n  },\n  \"c\": [\n    1,\n    \"x\"\n  ]\n}");
}

}  // namespace
}  // namespace parley::rpc
