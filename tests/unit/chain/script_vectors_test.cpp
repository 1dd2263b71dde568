// bitcoind's suite of scripts: each case has its verdict, for its reason, and keeps the verdict
// when a spend that is allowed gets fewer rules, or one that is refused gets more.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>

#include "base/crypto/keys.h"
#include "base/random.h"
#include "chain/script/script_check.h"
#include "chain/script/taproot.h"
#include "tests/unit/chain/script_text.h"
#include "tests/unit/seed.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

// BIP341's point of which nobody knows the discrete logarithm: the suite's internal key.
constexpr std::string_view kInternalKey =
    "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";

struct Row {
    Script script_sig;
    TxOutput spent;
    std::vector<Bytes> witness;
    ScriptFlags flags = kVerifyNone;
    std::string verdict;
};

// The output key of a tree with one leaf, as a compressed key.
PublicKey output_key_of(ByteSpan script) {
    const Bytes internal = *from_hex(kInternalKey);
    const Hash256 leaf = tapleaf_hash(kTapscriptLeafVersion, script);
    Bytes even{2};
    append(even, internal);
    return *PublicKey::parse(even)->tweak_add(taptweak_hash(internal, &leaf).bytes());
}

// The last element is the amount in coins; the others are in hexadecimal, or are placeholders: a
// script as text, and the control block of the item before it.
bool read_witness(simdjson::dom::array items, Row& row) {
    static constexpr std::string_view kScript = "#SCRIPT#";
    for (size_t i = 0; i + 1 < items.size(); ++i) {
        const std::string_view text = items.at(i).get_string();
        if (text.starts_with(kScript)) {
            const auto script = script_from_text(std::string{text.substr(kScript.size())});
            if (!script) return false;
            row.witness.push_back(to_bytes(script->bytes()));
        } else if (text == "#CONTROLBLOCK#") {
            if (row.witness.empty()) return false;
            const bool odd = output_key_of(row.witness.back()).bytes()[0] == 3;
            Bytes control{static_cast<uint8_t>(kTapscriptLeafVersion | (odd ? 1 : 0))};
            append(control, *from_hex(kInternalKey));
            row.witness.push_back(std::move(control));
        } else {
            auto bytes = from_hex(text);
            if (!bytes) return false;
            row.witness.push_back(std::move(*bytes));
        }
    }
    const double coins = items.at(items.size() - 1).get_double();
    row.spent.value = Amount{static_cast<int64_t>(coins * 1e8 + (coins < 0 ? -0.5 : 0.5))};
    return true;
}

std::optional<Script> read_script_pubkey(const std::string& text, const Row& row) {
    static constexpr std::string_view kOutput = "#TAPROOTOUTPUT#";
    const size_t place = text.find(kOutput);
    if (place == text.npos) return script_from_text(text);
    // The script is the item before the control block.
    if (row.witness.size() < 2) return std::nullopt;
    const auto key = output_key_of(row.witness[row.witness.size() - 2]).x_only();
    std::string whole = text;
    return script_from_text(whole.replace(place, kOutput.size(), "0x" + to_hex(key)));
}

std::optional<Row> read_row(simdjson::dom::array items) {
    Row row;
    size_t next = 0;
    if (items.at(0).is_array() && !read_witness(items.at(next++).get_array(), row))
        return std::nullopt;
    const auto word = [&](size_t i) {
        return std::string{items.at(next + i).get_string().value()};
    };
    const auto script_sig = script_from_text(word(0));
    const auto script_pubkey = read_script_pubkey(word(1), row);
    const auto flags = flags_from_text(word(2));
    if (!script_sig || !script_pubkey || !flags) return std::nullopt;
    row.script_sig = *script_sig;
    row.spent.script_pubkey = *script_pubkey;
    row.flags = *flags;
    if ((row.flags & kVerifyCleanStack) != 0) row.flags |= kVerifyP2sh | kVerifyWitness;
    row.verdict = word(3);
    return row;
}

// The suite's pair of transactions: one makes the output, the other spends it.
SpendingTransactionRef spend_of(const Row& row) {
    TransactionData credit;
    credit.version = 1;
    credit.inputs.resize(1);
    credit.inputs[0].script_sig = Script{Bytes{OP_0, OP_0}};
    credit.outputs = {row.spent};
    TransactionData spend;
    spend.version = 1;
    spend.inputs.resize(1);
    spend.inputs[0].prevout = {Transaction(credit).txid(), 0};
    spend.inputs[0].script_sig = row.script_sig;
    spend.inputs[0].witness = row.witness;
    spend.outputs = {TxOutput{row.spent.value, Script{}}};
    return std::make_shared<const SpendingTransaction>(make_transaction(std::move(spend)),
                                                       std::vector{row.spent});
}

TEST(ScriptVectors, every_case_has_its_verdict_for_its_reason) {
    const auto text = read_vectors("script_tests.json");
    if (!text) GTEST_SKIP() << "script_tests.json not found: 592 cases left out";
    SeededRandom random(test_seed());
    simdjson::dom::parser parser;
    int cases = 0;
    int variations = 0;
    for (const auto items : parser.parse(*text).get_array()) {
        // A row of one element is a comment.
        if (items.get_array().size() < 4) continue;
        ++cases;
        const auto row = read_row(items.get_array());
        if (!row) {
            ADD_FAILURE() << "no row of the suite: " << items;
            continue;
        }
        const auto spending = spend_of(*row);
        const auto error = run_script_check({spending, 0, row->flags});
        EXPECT_EQ(script_error_name(error), row->verdict) << items;
        for (int i = 0; i < 16; ++i) {
            const auto change = static_cast<ScriptFlags>(random.next()) & kVerifyAll;
            const ScriptFlags flags = error ? row->flags | change : row->flags & ~change;
            if (!is_consistent(flags)) continue;
            EXPECT_EQ(run_script_check({spending, 0, flags}).has_value(), error.has_value())
                << items << " with flags " << flags;
            ++variations;
        }
    }
    expect_cases("script_tests.json", cases, 592);
    std::printf("script_tests.json: %d variations of the flags\n", variations);
}

}  // namespace
}  // namespace parley
