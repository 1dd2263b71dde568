// OP_CHECKLOCKTIMEVERIFY (BIP65) and OP_CHECKSEQUENCEVERIFY (BIP112) against the fields that they
// compare with.
#include <gtest/gtest.h>

#include "chain/script/script_check.h"
#include "tests/unit/chain/script_text.h"

namespace parley {
namespace {

using Verdict = std::optional<ScriptError>;
constexpr ScriptError kUnsatisfied = ScriptError::unsatisfied_locktime;

struct Fields {
    uint32_t locktime = 0;
    uint32_t sequence = 0;
    int32_t version = 2;
};

Verdict run(const std::string& text, const Fields& fields) {
    TransactionData data;
    data.version = fields.version;
    data.locktime = fields.locktime;
    data.inputs.resize(2);  // the other input is final
    data.inputs[0].prevout = {Txid{Hash256{{1}}}, 0};
    data.inputs[0].sequence = fields.sequence;
    data.outputs = {TxOutput{Amount{1}, Script{}}};
    const TxOutput spent{Amount{1}, *script_from_text(text)};
    return run_script_check({std::make_shared<const SpendingTransaction>(
                                 make_transaction(std::move(data)), std::vector{spent, spent}),
                             0, kConsensusScriptFlags});
}

Verdict locktime(const std::string& argument, uint32_t locktime, uint32_t sequence = 0) {
    return run(argument + " CHECKLOCKTIMEVERIFY DROP 1", {locktime, sequence});
}

Verdict sequence(const std::string& argument, uint32_t sequence, int32_t version = 2) {
    return run(argument + " CHECKSEQUENCEVERIFY DROP 1", {0, sequence, version});
}

TEST(CheckLocktime, argument_is_at_most_the_locktime) {
    EXPECT_EQ(locktime("100", 101), std::nullopt);
    EXPECT_EQ(locktime("100", 100), std::nullopt);
    EXPECT_EQ(locktime("100", 99), kUnsatisfied);
    EXPECT_EQ(locktime("0", 0), std::nullopt);
    EXPECT_EQ(locktime("-1", 0), ScriptError::negative_locktime);
}

TEST(CheckLocktime, heights_and_times_do_not_compare) {
    EXPECT_EQ(locktime("499999999", 499'999'999), std::nullopt);
    EXPECT_EQ(locktime("499999999", 500'000'000), kUnsatisfied);
    EXPECT_EQ(locktime("500000000", 500'000'000), std::nullopt);
}

TEST(CheckLocktime, argument_has_at_most_five_bytes) {
    EXPECT_EQ(locktime("4294967295", 4'294'967'295), std::nullopt);
    EXPECT_EQ(locktime("0x05 0x0000000001", 4'294'967'295), kUnsatisfied) << "2^32";
    EXPECT_EQ(locktime("0x06 0x010000000000", 10), ScriptError::script_number);
}

TEST(CheckLocktime, final_input_meets_none) {
    EXPECT_EQ(locktime("100", 100, 0xfffffffe), std::nullopt);
    EXPECT_EQ(locktime("100", 100, 0xffffffff), kUnsatisfied);
}

TEST(CheckSequence, argument_is_at_most_the_lock_of_the_input) {
    EXPECT_EQ(sequence("5", 6), std::nullopt);
    EXPECT_EQ(sequence("5", 5), std::nullopt);
    EXPECT_EQ(sequence("5", 4), kUnsatisfied);
    EXPECT_EQ(sequence("0", 0), std::nullopt);
    EXPECT_EQ(sequence("-1", 0), ScriptError::negative_locktime);
}

TEST(CheckSequence, only_16_bits_and_the_type_are_compared) {
    EXPECT_EQ(sequence("0x03 0x050020", 5), std::nullopt) << "bit 21 of the argument";
    EXPECT_EQ(sequence("5", 1u << 21 | 4), kUnsatisfied) << "bit 21 of the input";
    constexpr uint32_t kTime = 1u << 22;
    EXPECT_EQ(sequence("0x03 0x050040", kTime | 5), std::nullopt);
    EXPECT_EQ(sequence("0x03 0x050040", 5), kUnsatisfied);
    EXPECT_EQ(sequence("5", kTime | 5), kUnsatisfied);
}

TEST(CheckSequence, argument_with_bit_31_asks_for_nothing_and_input_with_it_gives_nothing) {
    EXPECT_EQ(sequence("0x05 0x0900008000", 5), std::nullopt);
    EXPECT_EQ(sequence("0x05 0x0900008000", 0xffffffff, 1), std::nullopt);
    EXPECT_EQ(sequence("5", 1u << 31 | 5), kUnsatisfied);
}

TEST(CheckSequence, version_1_has_no_relative_locks) {
    EXPECT_EQ(sequence("5", 5, 1), kUnsatisfied);
    EXPECT_EQ(sequence("5", 5, 0), kUnsatisfied);
    EXPECT_EQ(sequence("5", 5, -1), std::nullopt) << "versions are compared unsigned";
}

}  // namespace
}  // namespace parley
