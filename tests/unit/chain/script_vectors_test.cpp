// bitcoind's suites of scripts and transactions. Until the interpreter is complete, a form may be
// refused as unsupported; what is not must give the suite's verdict, for the suite's reason.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>

#include "chain/tx_check.h"
#include "tests/unit/chain/script_text.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

std::string name_of(std::optional<ScriptError> error) {
    if (!error) return "OK";
    switch (*error) {
        case ScriptError::eval_false:
            return "EVAL_FALSE";
        case ScriptError::malformed:
            return "BAD_OPCODE";
        case ScriptError::script_size:
            return "SCRIPT_SIZE";
        case ScriptError::push_size:
            return "PUSH_SIZE";
        case ScriptError::stack_size:
            return "STACK_SIZE";
        case ScriptError::stack_operation:
            return "INVALID_STACK_OPERATION";
        case ScriptError::minimal_data:
            return "MINIMALDATA";
        case ScriptError::signature_encoding:
            return "SIG_DER";
        case ScriptError::signature_hash_type:
            return "SIG_HASHTYPE";
        case ScriptError::signature_high_s:
            return "SIG_HIGH_S";
        case ScriptError::public_key_type:
            return "PUBKEYTYPE";
        case ScriptError::signature_mismatch:
            return "NULLFAIL";
        case ScriptError::equal_verify:
            return "EQUALVERIFY";
        case ScriptError::clean_stack:
            return "CLEANSTACK";
        case ScriptError::push_only:
            return "SIG_PUSHONLY";
        case ScriptError::witness_mismatch:
            return "WITNESS_PROGRAM_MISMATCH";
        case ScriptError::witness_empty:
            return "WITNESS_PROGRAM_WITNESS_EMPTY";
        case ScriptError::witness_length:
            return "WITNESS_PROGRAM_WRONG_LENGTH";
        case ScriptError::witness_unexpected:
            return "WITNESS_UNEXPECTED";
        case ScriptError::witness_malleated:
            return "WITNESS_MALLEATED";
        case ScriptError::witness_public_key_type:
            return "WITNESS_PUBKEYTYPE";
        case ScriptError::unsupported:
            return "unsupported";
    }
    return "?";
}

// The suite's pair of transactions: one makes the output, the other spends it.
ScriptCheck spend_of(const Script& script_sig, const TxOutput& spent, std::vector<Bytes> witness,
                     ScriptFlags flags) {
    TransactionData credit;
    credit.version = 1;
    credit.inputs.resize(1);
    credit.inputs[0].script_sig = Script{Bytes{OP_0, OP_0}};
    credit.outputs = {spent};
    TransactionData spend;
    spend.version = 1;
    spend.inputs.resize(1);
    spend.inputs[0].prevout = {Transaction(credit).txid(), 0};
    spend.inputs[0].script_sig = script_sig;
    spend.inputs[0].witness = std::move(witness);
    spend.outputs = {TxOutput{spent.value, Script{}}};
    return {make_transaction(std::move(spend)), 0, spent, flags, nullptr};
}

TEST(ScriptVectors, every_supported_form_gives_the_verdict_of_script_tests) {
    const auto text = read_vectors("script_tests.json");
    if (!text) GTEST_SKIP() << "script_tests.json not found: 590 cases left out";
    simdjson::dom::parser parser;
    int agreed = 0;
    int unsupported = 0;
    std::map<std::string, int> verdicts;
    for (const auto row : parser.parse(*text).get_array()) {
        const auto items = row.get_array();
        if (items.size() < 4) continue;
        size_t next = 0;
        TxOutput spent;
        std::vector<Bytes> witness;
        if (items.at(0).is_array()) {
            const auto stack = items.at(next++).get_array();
            for (size_t i = 0; i + 1 < stack.size(); ++i) {
                const auto item = from_hex(stack.at(i).get_string().value());
                witness.push_back(item.value_or(Bytes{}));
            }
            const double coins = stack.at(stack.size() - 1).get_double();
            spent.value = Amount{static_cast<int64_t>(coins * 1e8 + 0.5)};
        }
        const auto word = [&](size_t i) {
            return std::string{items.at(next + i).get_string().value()};
        };
        const auto script_sig = script_from_text(word(0));
        const auto script_pubkey = script_from_text(word(1));
        const auto flags = flags_from_text(word(2));
        if (!script_sig || !script_pubkey || !flags) {
            ++unsupported;
            continue;
        }
        spent.script_pubkey = *script_pubkey;
        const auto verdict =
            name_of(run_script_check(spend_of(*script_sig, spent, witness, *flags)));
        if (verdict == "unsupported") {
            ++unsupported;
            continue;
        }
        EXPECT_EQ(verdict, word(3)) << simdjson::to_string(row);
        ++agreed;
        ++verdicts[word(3)];
    }
    std::printf("script_tests.json: %d cases agree, %d need the full interpreter\n", agreed,
                unsupported);
    EXPECT_GT(agreed, 30);
    EXPECT_GT(verdicts["OK"], 5);
    EXPECT_GT(verdicts.size(), 5u) << "several reasons were seen";
}

struct SuiteTransaction {
    TransactionRef transaction;  // null: does not parse
    std::map<OutPoint, TxOutput> spent;
    bool placeholders = false;
};

SuiteTransaction read_row(simdjson::dom::array row) {
    SuiteTransaction result;
    for (const auto prevout : row.at(0).get_array()) {
        const auto txid = Txid::from_string(prevout.at(0).get_string().value());
        const auto index = static_cast<uint32_t>(prevout.at(1).get_int64().value());
        const auto script = script_from_text(std::string{prevout.at(2).get_string().value()});
        if (!script) result.placeholders = true;
        int64_t value = 0;
        if (prevout.get_array().size() > 3) value = prevout.at(3).get_int64();
        result.spent[{*txid, index}] = TxOutput{Amount{value}, script.value_or(Script{})};
    }
    const auto bytes = from_hex(row.at(1).get_string().value());
    Reader reader(*bytes);
    auto data = read_transaction(reader);
    if (reader.done()) result.transaction = make_transaction(std::move(data));
    return result;
}

// "OK", the first error's name, or "no coin".
std::string verdict_of(const SuiteTransaction& suite, ScriptFlags flags) {
    const auto& transaction = suite.transaction;
    if (transaction == nullptr) return "malformed";
    if (const auto checked = check_transaction(*transaction); !checked)
        return std::string{to_string(checked.error())};
    for (uint32_t i = 0; i < transaction->inputs().size(); ++i) {
        const auto found = suite.spent.find(transaction->inputs()[i].prevout);
        if (found == suite.spent.end()) return "no coin";
        const auto error = run_script_check({transaction, i, found->second, flags, nullptr});
        if (error) return name_of(error);
    }
    return "OK";
}

TEST(TransactionVectors, no_supported_form_of_tx_valid_is_refused) {
    const auto text = read_vectors("tx_valid.json");
    if (!text) GTEST_SKIP() << "tx_valid.json not found: 59 cases left out";
    simdjson::dom::parser parser;
    int valid = 0;
    int unsupported = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        if (row.get_array().size() != 3) continue;
        const auto suite = read_row(row.get_array());
        ASSERT_NE(suite.transaction, nullptr);
        EXPECT_TRUE(check_transaction(*suite.transaction));
        // The suite names the flags that must be off.
        const auto excluded = flags_from_text(std::string{row.at(2).get_string().value()});
        const auto verdict = suite.placeholders || !excluded
                                 ? "unsupported"
                                 : verdict_of(suite, kVerifyAll & ~*excluded);
        if (verdict == "unsupported") {
            ++unsupported;
            continue;
        }
        EXPECT_EQ(verdict, "OK") << row;
        ++valid;
    }
    std::printf("tx_valid.json: %d cases agree, %d need the full interpreter\n", valid,
                unsupported);
    EXPECT_GT(valid, 5);
}

TEST(TransactionVectors, nothing_of_tx_invalid_is_accepted) {
    const auto text = read_vectors("tx_invalid.json");
    if (!text) GTEST_SKIP() << "tx_invalid.json not found: 46 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    int bad = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        if (row.get_array().size() != 3) continue;
        const auto suite = read_row(row.get_array());
        const std::string flags{row.at(2).get_string().value()};
        ++cases;
        if (flags == "BADTX") {
            ASSERT_NE(suite.transaction, nullptr);
            EXPECT_FALSE(check_transaction(*suite.transaction)) << row;
            ++bad;
            continue;
        }
        const auto set = flags_from_text(flags);
        ASSERT_TRUE(set.has_value()) << flags;
        EXPECT_NE(verdict_of(suite, *set), "OK") << row;
    }
    std::printf("tx_invalid.json: %d cases refused, %d of them by themselves\n", cases, bad);
    EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace parley
