// Random sane miniscripts: they survive script and text, what satisfies them passes the interpreter
// within the predicted size, and no change of a witness does.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "chain/script/script_check.h"
#include "miniscript_fixture.h"
#include "tests/unit/seed.h"
#include "wallet/miniscript/miniscript_analysis.h"
#include "wallet/signing/input_solution.h"

namespace parley {
namespace {

using enum MiniscriptContext;

constexpr int kInternalKey = 255;

/// Writes a random expression that is likely to have the type asked for.
class ExpressionGenerator {
 public:
    ExpressionGenerator(Random& random, MiniscriptContext context)
        : random_(random), context_(context) {}

    std::string generate() {
        next_key_ = 1;
        return base(4);
    }

 private:
    size_t pick(size_t count) { return static_cast<size_t>(random_.uniform(count)); }
    std::string key() { return "@" + std::to_string(next_key_++); }
    std::string hash() {
        constexpr std::array kFunctions{"sha256", "hash256", "ripemd160", "hash160"};
        return kFunctions[pick(4)] + std::string{"(#"} + std::to_string(1 + pick(9)) + ")";
    }
    std::string lock() {
        const std::string number = std::to_string(1 + pick(100));
        return (pick(2) == 0 ? "older(" : "after(") + number + ")";
    }
    std::string multisig() {
        const size_t count = 1 + pick(4);
        std::string text = context_ == tapscript ? "multi_a(" : "multi(";
        text += std::to_string(1 + pick(count));
        for (size_t i = 0; i < count; ++i) text += "," + key();
        return text + ")";
    }

    std::string base(int depth) {
        switch (depth <= 0 ? pick(5) : pick(16)) {
            case 0:
            case 1:
                return "pk(" + key() + ")";
            case 2:
                return "pkh(" + key() + ")";
            case 3:
                return multisig();
            case 4:
                return pick(2) == 0 ? hash() : lock();
            case 5:
                return "and_v(" + verify(depth - 1) + "," + base(depth - 1) + ")";
            case 6:
                return "and_b(" + base(depth - 1) + "," + other(depth - 1) + ")";
            case 7:
                return "or_b(" + base(depth - 1) + "," + other(depth - 1) + ")";
            case 8:
                return "or_d(" + base(depth - 1) + "," + base(depth - 1) + ")";
            case 9:
                return "or_i(" + base(depth - 1) + "," + base(depth - 1) + ")";
            case 10:
                return "andor(" + base(depth - 1) + "," + base(depth - 1) + "," + base(depth - 1) +
                       ")";
            case 11:
                return "and_n(" + base(depth - 1) + "," + base(depth - 1) + ")";
            case 12:
                return threshold(depth);
            case 13:
                return "t:or_c(" + base(depth - 1) + "," + verify(depth - 1) + ")";
            case 14:
                return wrapped(std::string(1, "jnlu"[pick(4)]), base(depth - 1));
            default:
                return "c:or_i(pk_k(" + key() + "),pk_h(" + key() + "))";
        }
    }
    static std::string wrapped(std::string letters, const std::string& inner) {
        const size_t mark = inner.find_first_of(":(");
        const bool has_wrappers = mark != std::string::npos && inner[mark] == ':';
        return letters + (has_wrappers ? "" : ":") + inner;
    }
    std::string verify(int depth) { return wrapped("v", base(depth)); }
    std::string other(int depth) {
        if (pick(5) == 0) return "sln:" + lock();
        return wrapped(pick(2) == 0 ? "s" : "a", base(depth));
    }
    std::string threshold(int depth) {
        const size_t count = 1 + pick(4);
        std::string text = "thresh(" + std::to_string(1 + pick(count)) + "," + base(depth - 1);
        for (size_t i = 1; i < count; ++i) text += "," + other(depth - 1);
        return text + ")";
    }

    Random& random_;
    const MiniscriptContext context_;
    int next_key_ = 1;
};

/// The spend of one output with a miniscript.
class MiniscriptSpend {
 public:
    MiniscriptSpend(Miniscript::Decoded decoded)
        : decoded_(std::move(decoded)), script_(decoded_.expression.script(decoded_.keys)) {
        const bool is_tapscript = decoded_.expression.context() == tapscript;
        if (is_tapscript) {
            XOnlyKey internal{};
            std::ranges::copy(test_key(kInternalKey, tapscript), internal.begin());
            auto tree = TaprootTree::build(internal, {{0, kTapscriptLeafVersion, script_}});
            spent_ = {Amount{5000}, tree->script()};
            known_.trees.emplace(tree->output_key(), *tree);
            script_items_ = 2;
        } else {
            known_.add_script(script_);
            spent_ = {Amount{5000}, witness_script(0, sha256(script_.bytes()).span())};
        }
        transaction_.version = 2;
        transaction_.locktime = 500;
        transaction_.inputs.push_back({OutPoint{Txid{Hash256{{7}}}, 0}, {}, 200, {}});
        transaction_.outputs.push_back({Amount{4000}, p2wpkh_script(Hash160{9})});
        // As pk_h needs the key, even where nobody signs with it.
        for (int key = 1; key < 60; ++key)
            known_.add_key(test_secret(key).public_key(true), std::nullopt, std::nullopt);
    }

    void know_key(int key) {
        known_.add_key(test_secret(key).public_key(true), {}, test_secret(key));
    }
    void know_preimages() {
        for (int number = 1; number < 10; ++number)
            for (const Fragment fragment :
                 {Fragment::sha256, Fragment::hash256, Fragment::ripemd160, Fragment::hash160})
                preimages_.emplace(std::pair{fragment, test_hash(fragment_name(fragment), number)},
                                   to_bytes(test_number(number)));
    }
    void use_times(uint32_t locktime, uint32_t sequence) {
        transaction_.locktime = locktime;
        transaction_.inputs[0].sequence = sequence;
    }

    /// The witness. Empty: not satisfied.
    std::vector<Bytes> sign() const {
        const SighashParts parts = sighash_parts(transaction_, std::span{&spent_, 1});
        const TransactionSigner signer{transaction_, 0, spent_, kSighashAll, parts, true};
        InputSolution solution;
        solution.preimages = preimages_;
        const bool solved = solve_input(known_, signer, spent_.script_pubkey, solution);
        return solved ? solution.witness.copy() : std::vector<Bytes>{};
    }
    std::optional<ScriptError> verify(const std::vector<Bytes>& witness) const {
        TransactionData data = transaction_;
        data.inputs[0].witness = Witness{witness};
        const auto spending = std::make_shared<const SpendingTransaction>(
            make_transaction(std::move(data)), std::vector{spent_});
        return run_script_check({spending, 0, kStandardScriptFlags});
    }

    const Miniscript::Decoded& decoded() const { return decoded_; }
    /// Items of a witness that are the script and the control block.
    size_t script_items() const { return script_items_; }

 private:
    const Miniscript::Decoded decoded_;
    const Script script_;
    TxOutput spent_;
    size_t script_items_ = 1;
    SolvingData known_;
    std::map<std::pair<Fragment, Bytes>, Bytes> preimages_;
    TransactionData transaction_;
};

void expect_round_trip(const Miniscript::Decoded& parsed) {
    const MiniscriptContext context = parsed.expression.context();
    const Script script = parsed.expression.script(parsed.keys);
    EXPECT_EQ(script.size(), parsed.expression.script_size());
    const auto decoded = Miniscript::decode(script, context, test_key_of_hash(context));
    ASSERT_TRUE(decoded) << test_text(parsed);
    // One script may have several texts; what is read from it has a fixed one.
    EXPECT_EQ(decoded->expression.script(decoded->keys), script);
    const auto again = parse_test_miniscript(test_text(*decoded), context);
    ASSERT_TRUE(again) << test_text(*decoded);
    EXPECT_EQ(again->keys, decoded->keys);
    EXPECT_EQ(test_text(*again), test_text(*decoded));
    EXPECT_EQ(again->expression.type(), decoded->expression.type());
}

void expect_within_prediction(const MiniscriptSpend& spend, const std::vector<Bytes>& witness) {
    const auto& decoded = spend.decoded();
    const MiniscriptAnalysis analysis{decoded.expression, hex_of(decoded.keys)};
    const size_t count = witness.size() - spend.script_items();
    uint64_t size = 0;
    for (size_t i = 0; i < count; ++i) size += witness[i].size() + 1;
    EXPECT_LE(size, analysis.witness_size()) << test_text(decoded);
    EXPECT_LE(static_cast<int64_t>(count), analysis.stack_items()) << test_text(decoded);
}

void expect_no_malleation(const MiniscriptSpend& spend, const std::vector<Bytes>& witness) {
    const size_t count = witness.size() - spend.script_items();
    const auto expect_invalid = [&](const std::vector<Bytes>& changed, const char* what) {
        if (changed == witness) return;
        EXPECT_TRUE(spend.verify(changed)) << what << " in " << test_text(spend.decoded());
    };
    for (size_t i = 0; i < count; ++i) {
        const auto at = static_cast<ptrdiff_t>(i);
        for (const Bytes& other : {Bytes{}, Bytes{1}, Bytes(32, 0), Bytes{2}}) {
            auto changed = witness;
            changed[i] = other;
            expect_invalid(changed, "a replaced item");
        }
        auto shorter = witness;
        shorter.erase(shorter.begin() + at);
        expect_invalid(shorter, "a removed item");
        auto longer = witness;
        longer.insert(longer.begin() + at, Bytes{});
        expect_invalid(longer, "an added item");
        auto swapped = witness;
        if (i + 1 < count) std::swap(swapped[i], swapped[i + 1]);
        expect_invalid(swapped, "swapped items");
    }
}

void check_spends(Miniscript::Decoded parsed, Random& random, size_t& satisfied) {
    MiniscriptSpend spend{std::move(parsed)};
    const std::string text = test_text(spend.decoded());
    EXPECT_TRUE(spend.sign().empty()) << "without a signature: " << text;
    for (int key = 1; key < 60; ++key)
        if (random.uniform(2) == 0) spend.know_key(key);
    if (random.uniform(2) == 0) spend.know_preimages();
    const bool early = random.uniform(3) == 0;
    if (early) spend.use_times(50, 50);
    if (const auto witness = spend.sign(); !witness.empty()) {
        const auto error = spend.verify(witness);
        EXPECT_FALSE(error) << text << ": " << to_string(*error);
        expect_within_prediction(spend, witness);
        expect_no_malleation(spend, witness);
        ++satisfied;
    }
    for (int key = 1; key < 60; ++key) spend.know_key(key);
    spend.know_preimages();
    spend.use_times(500, 200);
    const auto complete = spend.sign();
    ASSERT_FALSE(complete.empty()) << text;
    const auto error = spend.verify(complete);
    EXPECT_FALSE(error) << text << ": " << to_string(*error);
    expect_within_prediction(spend, complete);
}

void check_random_expressions(MiniscriptContext context) {
    SeededRandom random(test_seed());
    ExpressionGenerator generator{random, context};
    size_t sane = 0;
    size_t satisfied = 0;
    constexpr size_t kAttempts = 3000;
    for (size_t i = 0; i < kAttempts && sane < 300; ++i) {
        auto parsed = parse_test_miniscript(generator.generate(), context);
        if (!parsed || !parsed->expression.type().has("B") || parsed->keys.size() > 50) continue;
        expect_round_trip(*parsed);
        const MiniscriptAnalysis analysis{parsed->expression, hex_of(parsed->keys)};
        if (!analysis.is_sane() || !analysis.is_satisfiable()) continue;
        ++sane;
        check_spends(std::move(*parsed), random, satisfied);
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(sane, 100u);
    EXPECT_GT(satisfied, 50u);
}

TEST(MiniscriptSpend, p2wsh_ofRandomSaneExpressions_isValidAndCannotBeChanged) {
    check_random_expressions(p2wsh);
}

TEST(MiniscriptSpend, tapscript_ofRandomSaneExpressions_isValidAndCannotBeChanged) {
    check_random_expressions(tapscript);
}

std::vector<Bytes> items_with(std::string_view text, const std::vector<int>& keys,
                              uint32_t locktime, uint32_t sequence, bool preimages = false) {
    MiniscriptSpend spend{*parse_test_miniscript(text, p2wsh)};
    for (const int key : keys) spend.know_key(key);
    if (preimages) spend.know_preimages();
    spend.use_times(locktime, sequence);
    auto witness = spend.sign();
    if (witness.empty()) return {};
    EXPECT_FALSE(spend.verify(witness));
    witness.pop_back();
    return witness;
}

TEST(MiniscriptSpend, locks_areComparedWithTheTransaction) {
    const std::string_view delayed = "and_v(v:pk(@1),older(100))";
    EXPECT_EQ(items_with(delayed, {1}, 0, 100).size(), 1u);
    EXPECT_TRUE(items_with(delayed, {1}, 0, 99).empty());
    EXPECT_TRUE(items_with(delayed, {1}, 0, 0xfffffffd).empty());
    EXPECT_TRUE(items_with(delayed, {1}, 0, (1u << 22) | 200).empty()) << "time, not height";
    EXPECT_TRUE(items_with(delayed, {}, 0, 100).empty());
    const std::string_view absolute = "and_v(v:pk(@1),after(100))";
    EXPECT_EQ(items_with(absolute, {1}, 100, 0).size(), 1u);
    EXPECT_TRUE(items_with(absolute, {1}, 99, 0).empty());
    EXPECT_TRUE(items_with(absolute, {1}, 100, 0xffffffff).empty());
    EXPECT_TRUE(items_with(absolute, {1}, 1'600'000'000, 0).empty());
}

TEST(MiniscriptSpend, preimages_openTheirPath) {
    const std::string_view text = "andor(pk(@1),hash160(#3),and_v(v:pkh(@2),older(10)))";
    EXPECT_EQ(items_with(text, {1, 2}, 0, 5, true).size(), 2u) << "preimage and signature";
    EXPECT_TRUE(items_with(text, {1, 2}, 0, 5, false).empty());
    EXPECT_EQ(items_with(text, {2}, 0, 10).size(), 3u) << "signature, key, and nothing for @1";
}

/// Each of two conditions without signature would do: another could be put in its place.
TEST(MiniscriptSpend, malleableChoices_areNotMade) {
    const std::string_view text = "and_v(v:pk(@1),or_i(sha256(#1),older(10)))";
    EXPECT_TRUE(items_with(text, {1}, 0, 10, true).empty());
    EXPECT_EQ(items_with(text, {1}, 0, 5, true).size(), 3u);
}

}  // namespace
}  // namespace parley
