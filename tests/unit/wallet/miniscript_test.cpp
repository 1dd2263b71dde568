// Miniscript: types, scripts, text, decoding and costs, against BIP379's rules.
#include "wallet/miniscript/miniscript.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto/keys.h"
#include "base/crypto/sha256.h"
#include "miniscript_fixture.h"
#include "miniscript_vectors.h"
#include "wallet/miniscript/miniscript_analysis.h"

namespace parley {
namespace {

using enum MiniscriptContext;

std::string digest_of(const Script& script) {
    return to_hex(sha256(script.bytes()).span().first(8));
}

void check_costs(const MiniscriptVector& vector, const MiniscriptAnalysis& analysis,
                 MiniscriptContext context) {
    const auto expect = [&](const char* what, int known, int64_t computed) {
        if (known >= 0) {
            EXPECT_EQ(computed, known) << what << " of " << vector.text;
        }
    };
    ASSERT_TRUE(analysis.is_satisfiable() || vector.cost.operations < 0);
    if (!analysis.is_satisfiable()) return;
    expect("operations", vector.cost.operations, static_cast<int64_t>(analysis.operations()));
    expect("stack items", vector.cost.stack_items, analysis.stack_items());
    expect("stack peak", vector.cost.stack_peak, analysis.stack_peak());
    expect("witness", context == p2wsh ? vector.cost.p2wsh_witness : vector.cost.tapscript_witness,
           static_cast<int64_t>(analysis.witness_size()));
}

void check_vector(const MiniscriptVector& vector, MiniscriptContext context) {
    const auto flag = [&](char letter) {
        return vector.properties.find(letter) != std::string_view::npos;
    };
    const bool valid = flag('v') && !flag(context == p2wsh ? 'T' : 'W');
    const auto parsed = parse_test_miniscript(vector.text, context);
    ASSERT_EQ(parsed && parsed->expression.type().has("B"), valid) << vector.text;
    if (!valid) return;
    const MiniscriptType type = parsed->expression.type();
    EXPECT_EQ(type.has("m"), flag('m')) << vector.text;
    EXPECT_EQ(type.has("s"), flag('s')) << vector.text;
    EXPECT_EQ(type.has("k"), !flag('t')) << vector.text;
    const Script script = parsed->expression.script(parsed->keys);
    EXPECT_EQ(script.size(), parsed->expression.script_size()) << vector.text;
    const auto digest = context == p2wsh ? vector.p2wsh_script : vector.tapscript_script;
    if (!digest.empty()) {
        EXPECT_EQ(digest_of(script), digest) << vector.text;
    }
    const auto decoded = Miniscript::decode(script, context, test_key_of_hash(context));
    ASSERT_TRUE(decoded) << vector.text;
    EXPECT_EQ(decoded->expression.script(decoded->keys), script) << vector.text;
    check_costs(vector, MiniscriptAnalysis{parsed->expression, hex_of(parsed->keys)}, context);
}

TEST(Miniscript, vectors_haveKnownTypesScriptsAndCosts) {
    for (const MiniscriptVector& vector : kMiniscriptVectors) {
        check_vector(vector, p2wsh);
        check_vector(vector, tapscript);
    }
}

std::string script_hex(std::string_view text, MiniscriptContext context) {
    const auto parsed = parse_test_miniscript(text, context);
    return parsed ? to_hex(parsed->expression.script(parsed->keys).bytes()) : "none";
}

TEST(Miniscript, script_ofKnownExpressions_isAsPublished) {
    EXPECT_EQ(script_hex("pk(@32)", p2wsh),
              "2103d30199d74fb5a22d47b6e054e2f378cedacffcb89904a61d75d0dbd407143e65ac");
    EXPECT_EQ(script_hex("pk(@32)", tapscript),
              "20d30199d74fb5a22d47b6e054e2f378cedacffcb89904a61d75d0dbd407143e65ac");
    EXPECT_EQ(script_hex("pkh(@32)", p2wsh), "76a914fcd35ddacad9f2d5be5e464639441c6065e6955d88ac");
    EXPECT_EQ(script_hex("pkh(@32)", tapscript),
              "76a914fd1690c37fa3b0f04395ddc9415b220ab1ccc59588ac");
    EXPECT_EQ(script_hex("lltvln:after(1231488000)", p2wsh),
              "6300676300676300670400046749b1926869516868");
    EXPECT_EQ(script_hex("j:and_v(vdv:after(1567547623),older(2016))", p2wsh),
              "829263766304e7e06e5db169686902e007b268");
}

TEST(Miniscript, toString_usesTheShortForms) {
    for (const std::string_view text :
         {"pk(@1)", "pkh(@2)", "c:or_i(pk_k(@1),pk_h(@2))", "and_n(pk(@1),after(3))",
          "and_v(v:pk(@1),older(4))", "lltvln:after(1231488000)", "uj:sha256(#1)",
          "thresh(2,pk(@1),s:pk(@2),sln:older(9))", "andor(pk(@1),hash160(#4),1)",
          "j:and_v(vdv:after(1567547623),older(2016))", "multi(1,@1,@2)", "or_d(0,1)"}) {
        const auto parsed = parse_test_miniscript(text, p2wsh);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(test_text(*parsed), expand_test_text(text, p2wsh)) << text;
    }
    const auto long_form = parse_test_miniscript("and_v(or_i(0,c:pk_k(@1)),1)", p2wsh);
    ASSERT_TRUE(long_form);
    EXPECT_EQ(test_text(*long_form), expand_test_text("tl:pk(@1)", p2wsh));
}

TEST(Miniscript, parse_ofMalformedText_isRefused) {
    for (const std::string_view text : {"",
                                        "pk",
                                        "pk(",
                                        "pk()",
                                        "pk(@1",
                                        "pk(@1))",
                                        "pk(@1),",
                                        ":pk(@1)",
                                        "q:pk(@1)",
                                        "v::pk(@1)",
                                        "0()",
                                        "1(",
                                        "2",
                                        "older()",
                                        "older(-1)",
                                        "older(+1)",
                                        "older(1)x",
                                        "older(0x1)",
                                        "after(0)",
                                        "after(2147483648)",
                                        "after(99999999999)",
                                        "and_v(v:pk(@1))",
                                        "and_v(v:pk(@1),1,1)",
                                        "and_n(pk(@1),1,0)",
                                        "andor(pk(@1),1)",
                                        "thresh(0,pk(@1))",
                                        "thresh(2,pk(@1))",
                                        "thresh(pk(@1))",
                                        "thresh(-1,pk(@1))",
                                        "multi(0,@1)",
                                        "multi(2,@1)",
                                        "multi(+1,@1)",
                                        "multi(1)",
                                        "multi_a(1,@1)",
                                        "sha256(00)",
                                        "hash160(zz)",
                                        "wpkh(@1)",
                                        "sortedmulti(1,@1)",
                                        "pk(@1)(@2)",
                                        "and_v(v:pk(@1),)",
                                        "or_d(,)"})
        EXPECT_FALSE(parse_test_miniscript(text, p2wsh)) << text;
    EXPECT_FALSE(parse_test_miniscript("multi(1,@1)", tapscript));
    EXPECT_TRUE(parse_test_miniscript("multi_a(1,@1)", tapscript));
}

TEST(Miniscript, parse_withAKeyLimit_countsKeys) {
    std::string keys;
    for (int i = 1; i <= 20; ++i) keys += ",@" + std::to_string(i);
    EXPECT_TRUE(parse_test_miniscript("multi(1" + keys + ")", p2wsh));
    EXPECT_FALSE(parse_test_miniscript("multi(1" + keys + ",@21)", p2wsh));
    EXPECT_TRUE(parse_test_miniscript("multi_a(1" + keys + ",@21)", tapscript));
}

// A leaf's position is one of its key or hash, and can be beyond the list of children.
TEST(Miniscript, children_ofALeaf_areNone) {
    for (const std::string_view text : {"pk(@1)", "or_d(multi(2,@1,@2,@3),and_v(v:pkh(@4),1))"}) {
        const auto parsed = parse_test_miniscript(text, p2wsh);
        ASSERT_TRUE(parsed);
        const Miniscript& expression = parsed->expression;
        for (const MiniscriptNode& node : expression.nodes()) {
            if (Miniscript::has_children(node)) continue;
            EXPECT_TRUE(expression.children(node).empty());
            EXPECT_EQ(expression.children(node).data(), nullptr);
        }
    }
}

/// `count` letters before an expression.
std::string repeated(std::string_view piece, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += piece;
    return text;
}

TEST(Miniscript, parse_ofDeepNesting_staysOffTheCallStack) {
    const auto wrapped = parse_test_miniscript(repeated("n", 300'000) + ":pk(@1)", tapscript);
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(wrapped->expression.script_size(), 300'034u);
    EXPECT_EQ(test_text(*wrapped).size(), 300'000u + 1 + 68);
    const auto decoded = Miniscript::decode(wrapped->expression.script(wrapped->keys), tapscript,
                                            test_key_of_hash(tapscript));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->expression.nodes().size(), wrapped->expression.nodes().size());
    EXPECT_FALSE(parse_test_miniscript(repeated("n", 330'000) + ":pk(@1)", tapscript));
    EXPECT_FALSE(parse_test_miniscript(repeated("n", 3'600) + ":pk(@1)", p2wsh));
    EXPECT_FALSE(parse_test_miniscript(repeated("v", 999'000) + ":pk(@1)", p2wsh));
    EXPECT_FALSE(parse_test_miniscript(repeated("or_i(0,", 140'000), tapscript));
}

TEST(Miniscript, analysis_atTheStackLimit_countsEveryItem) {
    const auto nested = [](size_t count) {
        return repeated("and_b(older(1),a:", count) + "pk(@1)" + repeated(")", count);
    };
    const auto at_limit = parse_test_miniscript(nested(998), tapscript);
    ASSERT_TRUE(at_limit);
    const MiniscriptAnalysis fits{at_limit->expression, hex_of(at_limit->keys)};
    EXPECT_TRUE(fits.within_stack());
    EXPECT_EQ(fits.stack_peak(), 1000);
    EXPECT_EQ(fits.operations(), 998u * 4 + 1);
    const auto above = parse_test_miniscript(nested(999), tapscript);
    ASSERT_TRUE(above);
    EXPECT_FALSE((MiniscriptAnalysis{above->expression, hex_of(above->keys)}.within_stack()));
}

TEST(Miniscript, analysis_ofManyKeys_isWithinTapscriptOnly) {
    for (const size_t count : {99, 110, 200}) {
        std::string text;
        for (size_t i = 1; i < count; ++i) text += "and_b(pk(@" + std::to_string(i) + "),a:";
        text += "pk(@" + std::to_string(count) + ")" + repeated(")", count - 1);
        const auto parsed = parse_test_miniscript(text, tapscript);
        ASSERT_TRUE(parsed);
        const MiniscriptAnalysis analysis{parsed->expression, hex_of(parsed->keys)};
        EXPECT_TRUE(analysis.is_sane());
        EXPECT_EQ(analysis.operations(), count + (count - 1) * 3);
        EXPECT_EQ(analysis.stack_items(), static_cast<int64_t>(count));
        EXPECT_EQ(analysis.stack_peak(), static_cast<int64_t>(count) + 1);
        const auto in_p2wsh = parse_test_miniscript(text, p2wsh);
        EXPECT_FALSE(in_p2wsh &&
                     MiniscriptAnalysis(in_p2wsh->expression, hex_of(in_p2wsh->keys)).is_sane());
    }
}

TEST(Miniscript, decode_ofOtherScripts_isRefused) {
    const auto refused = [](std::string_view hex, MiniscriptContext context) {
        const Script script{*from_hex(hex)};
        return !Miniscript::decode(script, context, test_key_of_hash(context));
    };
    for (const auto context : {p2wsh, tapscript}) {
        EXPECT_TRUE(refused("", context));
        EXPECT_TRUE(refused("6a", context));
        EXPECT_TRUE(refused("4c", context)) << "a push past the end";
        EXPECT_TRUE(refused("5151", context));
        EXPECT_TRUE(refused("ac519c", context)) << "multi_a without a key";
        EXPECT_TRUE(refused("0101b2", context)) << "a push that is not minimal";
        EXPECT_TRUE(refused("00b2", context)) << "older(0)";
        EXPECT_TRUE(
            refused("2103a0434d9e47f3c86235477c7b1ae6ae5d3442d49b1943c2b752a68e2a47e247c7ac"
                    "6951",
                    context))
            << "CHECKSIG VERIFY instead of CHECKSIGVERIFY";
    }
    EXPECT_TRUE(refused("76a914000000000000000000000000000000000000000088ac", p2wsh))
        << "an unknown key hash";
    EXPECT_TRUE(refused(
        "ba20c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5ba519c", tapscript));
}

std::string problem_of(std::string_view text, MiniscriptContext context = p2wsh) {
    const auto parsed = parse_test_miniscript(text, context);
    if (!parsed) return "not parsed";
    return MiniscriptAnalysis{parsed->expression, hex_of(parsed->keys)}
        .problem([&](uint32_t key) { return to_hex(parsed->keys[key]); })
        .value_or("");
}
std::string expanded(std::string_view text) {
    return expand_test_text(text, p2wsh);
}

TEST(Miniscript, problem_namesThePartAndTheReason) {
    EXPECT_EQ(problem_of("pk(@1)"), "");
    EXPECT_EQ(problem_of("and_v(pk(@1),1)"), expanded("t:pk(@1) is invalid"));
    EXPECT_EQ(problem_of("or_d(pk(@1),and_v(pk(@2),1))"), expanded("t:pk(@2) is invalid"));
    EXPECT_EQ(problem_of("or_i(1,1)"), "or_i(1,1) is not sane: malleable witnesses exist");
    EXPECT_EQ(problem_of("older(9)"), "older(9) is not sane: witnesses without signature exist");
    EXPECT_EQ(problem_of("and_v(v:pk(@1),pk(@1))"),
              expanded("and_v(v:pk(@1),pk(@1)) is not sane: contains duplicate public keys"));
    EXPECT_EQ(
        problem_of("or_i(and_b(pk(@1),s:pk(@2)),and_b(older(1),s:pk(@1)))"),
        expanded("or_i(and_b(pk(@1),s:pk(@2)),and_b(older(1),s:pk(@1))) is not sane: contains "
                 "duplicate public keys"));
    EXPECT_EQ(problem_of("or_i(and_b(after(1),a:after(1000000000)),pk(@5))"),
              "and_b(after(1),a:after(1000000000)) is not sane: contains mixes of timelocks "
              "expressed in blocks and seconds");
    EXPECT_EQ(problem_of("and_v(v:pk(@1),0)"), expanded("and_v(v:pk(@1),0) is not satisfiable"));
}

TEST(Miniscript, problem_ofTooManyOperations_isReported) {
    // 101 of older(1) and a pair of operations to join each: above 201 operations.
    const std::string text =
        "and_v(v:pk(@1)," + repeated("and_v(v:older(1),", 101) + "older(1)" + repeated(")", 102);
    const std::string problem = problem_of(text);
    EXPECT_TRUE(problem.ends_with(" is not sane: needs witnesses that may exceed resource limits"))
        << problem;
    EXPECT_EQ(problem_of(text, tapscript), "");
}

}  // namespace
}  // namespace parley
