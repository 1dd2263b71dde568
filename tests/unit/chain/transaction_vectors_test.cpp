// bitcoind's suites of transactions. Valid rows name the rules that must be left out, invalid rows
// those that must be there; both lists are minimal, which is checked as well.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>

#include "chain/rules/tx_check.h"
#include "chain/script/script_check.h"
#include "tests/unit/chain/script_text.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

struct Row {
    TransactionRef transaction;
    SpendingTransactionRef spending;  // null: an output that it spends is not in the row
    ScriptFlags flags = kVerifyNone;
    bool bad_by_itself = false;  // BADTX
};

std::optional<Row> read_row(simdjson::dom::array items) {
    std::map<OutPoint, TxOutput> outputs;
    for (const auto prevout : items.at(0).get_array()) {
        const auto txid = Txid::from_string(prevout.at(0).get_string().value());
        const auto index = static_cast<uint32_t>(prevout.at(1).get_int64().value());
        const auto script = script_from_text(std::string{prevout.at(2).get_string().value()});
        if (!txid || !script) return std::nullopt;
        int64_t value = 0;
        if (prevout.get_array().size() > 3) value = prevout.at(3).get_int64();
        outputs[{*txid, index}] = TxOutput{Amount{value}, *script};
    }
    const auto bytes = from_hex(items.at(1).get_string().value());
    if (!bytes) return std::nullopt;
    Reader reader(*bytes);
    Row row;
    row.transaction = make_transaction(read_transaction(reader));
    if (!reader.done()) return std::nullopt;
    std::vector<TxOutput> spent;
    for (const auto& input : row.transaction->inputs()) {
        if (const auto found = outputs.find(input.prevout); found != outputs.end())
            spent.push_back(found->second);
    }
    if (spent.size() == row.transaction->inputs().size())
        row.spending = std::make_shared<const SpendingTransaction>(row.transaction, spent);
    const std::string flags{items.at(2).get_string().value()};
    row.bad_by_itself = flags == "BADTX";
    if (row.bad_by_itself) return row;
    const auto set = flags_from_text(flags);
    if (!set) return std::nullopt;
    row.flags = *set;
    return row;
}

// All inputs' scripts allow the spend.
bool allows(const Row& row, ScriptFlags flags) {
    if (row.spending == nullptr) return false;
    for (uint32_t i = 0; i < row.transaction->inputs().size(); ++i) {
        if (run_script_check({row.spending, i, flags})) return false;
    }
    return true;
}

// Takes away what has no meaning without what is missing, or adds what is missing.
ScriptFlags trimmed(ScriptFlags flags) {
    if ((flags & kVerifyP2sh) == 0) flags &= ~ScriptFlags{kVerifyWitness};
    if ((flags & kVerifyWitness) == 0) flags &= ~ScriptFlags{kVerifyCleanStack};
    return flags;
}
ScriptFlags filled(ScriptFlags flags) {
    if ((flags & kVerifyCleanStack) != 0) flags |= kVerifyWitness;
    if ((flags & kVerifyWitness) != 0) flags |= kVerifyP2sh;
    return flags;
}

// Calls `check(row, items)` for every row of the suite; rows of other lengths are comments.
template <class Check>
int for_each_row(const std::string& text, Check check) {
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto items : parser.parse(text).get_array()) {
        if (!items.at(0).is_array()) continue;
        ++cases;
        const auto row = read_row(items.get_array());
        if (row) {
            check(*row, simdjson::to_string(items));
        } else {
            ADD_FAILURE() << "no row of the suite: " << items;
        }
    }
    return cases;
}

TEST(TransactionVectors, every_valid_one_is_allowed_by_all_rules_that_it_does_not_exclude) {
    const auto text = read_vectors("tx_valid.json");
    if (!text) GTEST_SKIP() << "tx_valid.json not found: 59 cases left out";
    const int cases = for_each_row(*text, [](const Row& row, const std::string& items) {
        EXPECT_TRUE(check_transaction(*row.transaction)) << items;
        const ScriptFlags flags = kVerifyAll & ~row.flags;
        ASSERT_TRUE(is_consistent(flags)) << items;
        EXPECT_TRUE(allows(row, flags)) << items;
        for (const auto& [name, flag] : kFlagNames) {
            EXPECT_TRUE(allows(row, trimmed(flags & ~flag))) << items << " without " << name;
            const ScriptFlags more = trimmed(kVerifyAll & ~(row.flags & ~flag));
            if (more == flags) continue;
            EXPECT_FALSE(allows(row, more)) << items << " with " << name;
        }
    });
    expect_cases("tx_valid.json", cases, 59);
}

TEST(TransactionVectors, every_invalid_one_is_refused_by_the_rules_that_it_names) {
    const auto text = read_vectors("tx_invalid.json");
    if (!text) GTEST_SKIP() << "tx_invalid.json not found: 46 cases left out";
    const int cases = for_each_row(*text, [](const Row& row, const std::string& items) {
        const bool checked = check_transaction(*row.transaction).has_value();
        EXPECT_EQ(checked, !row.bad_by_itself) << items;
        if (row.bad_by_itself) return;
        ASSERT_TRUE(is_consistent(row.flags)) << items;
        EXPECT_FALSE(allows(row, row.flags)) << items;
        for (const auto& [name, flag] : kFlagNames) {
            EXPECT_FALSE(allows(row, filled(row.flags | flag))) << items << " with " << name;
            const ScriptFlags fewer = filled(row.flags & ~flag);
            if (fewer == row.flags) continue;
            EXPECT_TRUE(allows(row, fewer)) << items << " without " << name;
        }
    });
    expect_cases("tx_invalid.json", cases, 46);
}

}  // namespace
}  // namespace parley
