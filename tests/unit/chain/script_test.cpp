// What the bytes of an output script say before it runs.
#include "chain/primitives/script.h"

#include <gtest/gtest.h>

#include "chain/primitives/script_ops.h"

namespace parley {
namespace {

TEST(Script, is_unspendable_above_10000_bytes_and_behind_op_return) {
    EXPECT_FALSE(Script{Bytes(10'000, OP_TRUE)}.is_unspendable());
    EXPECT_TRUE(Script{Bytes(10'001, OP_TRUE)}.is_unspendable());
    EXPECT_TRUE(Script{Bytes{OP_RETURN}}.is_unspendable());
    EXPECT_FALSE(Script{}.is_unspendable());
}

TEST(WitnessProgram, has_2_to_40_bytes_and_a_version_up_to_16) {
    const auto version = [](uint8_t opcode, size_t size) {
        Bytes script{opcode, static_cast<uint8_t>(size)};
        script.resize(2 + size, 7);
        const auto program = witness_program(script);
        return program ? program->version : -1;
    };
    for (const size_t size : {size_t{2}, size_t{32}, size_t{40}}) {
        EXPECT_EQ(version(OP_0, size), 0);
        EXPECT_EQ(version(OP_1, size), 1);
        EXPECT_EQ(version(OP_16, size), 16);
    }
    EXPECT_EQ(version(OP_1, 1), -1);
    EXPECT_EQ(version(OP_1, 41), -1);
    EXPECT_EQ(version(OP_16 + 1, 32), -1);
    EXPECT_EQ(version(OP_1NEGATE, 32), -1);
    EXPECT_FALSE(witness_program(Bytes{OP_1, 3, 1, 2}));
}

TEST(ScriptOps, push_of_nothing_may_be_the_end) {
    for (const Bytes& script :
         {Bytes{OP_PUSHDATA1, 0}, Bytes{OP_PUSHDATA2, 0, 0}, Bytes{OP_PUSHDATA4, 0, 0, 0, 0}}) {
        ScriptOps ops(script);
        const auto op = ops.next();
        ASSERT_TRUE(op.has_value());
        EXPECT_TRUE(op->data.empty());
        EXPECT_FALSE(ops.next());
        EXPECT_FALSE(ops.malformed());
        ScriptOps cut(ByteSpan{script}.first(script.size() - 1));
        EXPECT_FALSE(cut.next());
        EXPECT_TRUE(cut.malformed());
    }
}

TEST(IsPushOnly, takes_every_opcode_up_to_16) {
    EXPECT_TRUE(is_push_only({}));
    EXPECT_TRUE(is_push_only(Bytes{OP_0, OP_1NEGATE, OP_RESERVED, OP_16}));
    EXPECT_FALSE(is_push_only(Bytes{OP_16, OP_NOP}));
    EXPECT_FALSE(is_push_only(Bytes{2, 0})) << "cut off";
}

TEST(IsMinimalPush, length_decides_the_opcode) {
    const auto minimal = [](uint8_t opcode, size_t size) {
        const Bytes data(size, 0x99);
        return is_minimal_push(ScriptOp{opcode, data});
    };
    EXPECT_TRUE(minimal(75, 75));
    EXPECT_FALSE(minimal(OP_PUSHDATA1, 75));
    EXPECT_TRUE(minimal(OP_PUSHDATA1, 76));
    EXPECT_TRUE(minimal(OP_PUSHDATA1, 255));
    EXPECT_FALSE(minimal(OP_PUSHDATA2, 255));
    EXPECT_TRUE(minimal(OP_PUSHDATA2, 256));
    EXPECT_FALSE(minimal(OP_PUSHDATA4, 256));
    EXPECT_TRUE(minimal(OP_PUSHDATA2, 65'535));
    EXPECT_FALSE(minimal(OP_PUSHDATA4, 65'535));
}

}  // namespace
}  // namespace parley
