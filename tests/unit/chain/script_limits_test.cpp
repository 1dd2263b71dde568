// The interpreter at its limits: the largest allowed value and the smallest refused one. The limits
// are restated here.
#include <gtest/gtest.h>

#include "chain/script/script_check.h"
#include "chain/script/script_interpreter.h"
#include "tests/unit/chain/script_text.h"

namespace parley {
namespace {

using Verdict = std::optional<ScriptError>;

// Runs an output script on what `script_sig` leaves.
Verdict run(const Script& script, const Script& script_sig = {},
            ScriptFlags flags = kConsensusScriptFlags) {
    TransactionData data;
    data.inputs.resize(1);
    data.inputs[0].prevout = {Txid{Hash256{{1}}}, 0};
    data.inputs[0].script_sig = script_sig;
    data.outputs = {TxOutput{Amount{1}, Script{}}};
    return run_script_check(
        {std::make_shared<const SpendingTransaction>(make_transaction(std::move(data)),
                                                     std::vector{TxOutput{Amount{1}, script}}),
         0, flags});
}

Verdict run(const std::string& text) {
    return run(*script_from_text(text));
}

std::string repeated(const std::string& word, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += word + " ";
    return text;
}

TEST(ScriptLimits, script_has_10000_bytes) {
    const auto of_size = [](size_t size) {
        // Pushes of 520 bytes, then a shorter one.
        Bytes script;
        while (script.size() + 523 < size) {
            append(script, Bytes{OP_PUSHDATA2, 0x08, 0x02});
            script.resize(script.size() + 520, 1);
        }
        const size_t left = size - script.size();
        append(script, Bytes{OP_PUSHDATA2, static_cast<uint8_t>(left - 3),
                             static_cast<uint8_t>((left - 3) >> 8)});
        script.resize(size, 1);
        return Script{script};
    };
    EXPECT_EQ(run(of_size(10'000)), std::nullopt);
    // A longer script cannot be a coin; as a redeem script or in script_sig it is refused.
    EXPECT_EQ(run(Script{Bytes{OP_TRUE}}, of_size(10'000)), std::nullopt);
    EXPECT_EQ(run(Script{Bytes{OP_TRUE}}, of_size(10'001)), ScriptError::script_size);
}

TEST(ScriptLimits, both_stacks_hold_1000_items_together) {
    const std::string moved = repeated("TOALTSTACK", 200);
    EXPECT_EQ(run(repeated("1", 999) + moved + "1"), std::nullopt);
    EXPECT_EQ(run(repeated("1", 1'000) + moved), std::nullopt);
    EXPECT_EQ(run(repeated("1", 1'000) + moved + "1"), ScriptError::stack_size);
    EXPECT_EQ(run(repeated("1", 1'001)), ScriptError::stack_size);
}

TEST(ScriptLimits, opcodes_that_are_no_pushes_are_201) {
    EXPECT_EQ(run("1 " + repeated("NOP", 201)), std::nullopt);
    EXPECT_EQ(run("1 " + repeated("NOP", 202)), ScriptError::op_count);
    EXPECT_EQ(run(repeated("16", 300) + repeated("NOP", 201)), std::nullopt) << "16 is a push";
    EXPECT_EQ(run("1 0 IF " + repeated("NOP", 200) + "ENDIF"), ScriptError::op_count)
        << "also where they are not executed";
}

TEST(ScriptLimits, keys_of_a_multisig_count_as_opcodes) {
    // None of twenty signatures; each of these takes 1 + 20 + 1.
    const std::string none_of_20 = "0 0 " + repeated("1", 20) + "20 CHECKMULTISIG DROP ";
    EXPECT_EQ(run(repeated(none_of_20, 9) + repeated("NOP", 3) + "1"), std::nullopt);
    EXPECT_EQ(run(repeated(none_of_20, 9) + repeated("NOP", 4) + "1"), ScriptError::op_count);
    // The keys themselves pass the limit.
    EXPECT_EQ(run(repeated("NOP", 180) + none_of_20 + "1"), ScriptError::op_count);
    EXPECT_EQ(run(repeated("NOP", 179) + none_of_20 + "1"), std::nullopt);
}

TEST(ScriptLimits, multisig_has_20_keys) {
    EXPECT_EQ(run("0 0 " + repeated("1", 20) + "20 CHECKMULTISIG"), std::nullopt);
    EXPECT_EQ(run("0 0 " + repeated("1", 21) + "21 CHECKMULTISIG"), ScriptError::public_key_count);
    EXPECT_EQ(run("0 0 -1 CHECKMULTISIG"), ScriptError::public_key_count);
}

TEST(ScriptLimits, item_has_520_bytes) {
    const auto pushing = [](size_t size) { return ScriptBuilder{}.push(Bytes(size, 1)).build(); };
    EXPECT_EQ(run(pushing(520)), std::nullopt);
    EXPECT_EQ(run(pushing(521)), ScriptError::push_size);
}

TEST(SkippedBranch, disabled_opcodes_and_verif_fail_where_they_stand) {
    EXPECT_EQ(run("0 IF CAT ENDIF 1"), ScriptError::disabled_opcode);
    EXPECT_EQ(run("0 IF LSHIFT ENDIF 1"), ScriptError::disabled_opcode);
    EXPECT_EQ(run("0 IF VERIF ENDIF 1"), ScriptError::bad_opcode);
    EXPECT_EQ(run("0 IF VERNOTIF ENDIF 1"), ScriptError::bad_opcode);
    EXPECT_EQ(run("0 IF VER RESERVED RETURN ENDIF 1"), std::nullopt);
}

TEST(SkippedBranch, else_belongs_to_its_own_if) {
    EXPECT_EQ(run("0 IF 1 IF ELSE RETURN ENDIF ELSE 1 ENDIF"), std::nullopt);
    EXPECT_EQ(run("0 IF 0 IF RETURN ELSE RETURN ENDIF RETURN ENDIF 1"), std::nullopt);
    EXPECT_EQ(run("1 IF 0 IF RETURN ELSE 1 ENDIF ELSE RETURN ENDIF"), std::nullopt);
    EXPECT_EQ(run("1 IF 1 ELSE RETURN ELSE 1 ENDIF"), std::nullopt) << "as often as one likes";
}

TEST(Numbers, within_takes_the_lower_bound_and_not_the_upper) {
    EXPECT_EQ(run("1 1 3 WITHIN"), std::nullopt);
    EXPECT_EQ(run("2 1 3 WITHIN"), std::nullopt);
    EXPECT_EQ(run("3 1 3 WITHIN"), ScriptError::eval_false);
    EXPECT_EQ(run("0 1 3 WITHIN"), ScriptError::eval_false);
}

TEST(Numbers, only_zeros_are_false) {
    EXPECT_EQ(run("-1"), std::nullopt);
    EXPECT_EQ(run("0x02 0x8000"), std::nullopt) << "128";
    EXPECT_EQ(run("0x01 0x80"), ScriptError::eval_false) << "negative zero";
    EXPECT_EQ(run("0x02 0x0080"), ScriptError::eval_false);
    EXPECT_EQ(run("0x02 0x0000"), ScriptError::eval_false);
}

TEST(FindAndDelete, takes_every_occurrence_that_begins_at_an_opcode) {
    const auto result = [](const char* script, const char* pattern) {
        const auto left = find_and_delete(*from_hex(script), *from_hex(pattern));
        return left ? to_hex(*left) : "none";
    };
    EXPECT_EQ(result("01aa", "01aa"), "");
    EXPECT_EQ(result("01aa01aa01aa", "01aa"), "");
    EXPECT_EQ(result("01aa01aa51", "01aa"), "51") << "one behind the other";
    EXPECT_EQ(result("5101aa01aa5201aa", "01aa"), "5152");
    EXPECT_EQ(result("0201aa", "01aa"), "none") << "inside a push";
    EXPECT_EQ(result("51", ""), "none");
    EXPECT_EQ(result("01aa02", "01aa"), "02") << "a push that is cut off stays";
    EXPECT_EQ(result("0201", "01"), "none") << "nothing begins behind it";
}

TEST(P2sh, script_sig_only_pushes_by_consensus) {
    const Bytes redeem{OP_TRUE};
    const Script hash = p2sh_script(hash160(redeem));
    const auto with = [&](Bytes before) {
        append(before, ScriptBuilder{}.push(redeem).build().bytes());
        return run(hash, Script{std::move(before)});
    };
    EXPECT_EQ(with({}), std::nullopt);
    EXPECT_EQ(with({OP_16}), std::nullopt) << "16 is a push";
    EXPECT_EQ(with({OP_RESERVED}), ScriptError::bad_opcode) << "that, too, but it cannot run";
    EXPECT_EQ(with({OP_NOP}), ScriptError::signature_push_only);
}

TEST(P2sh, nested_program_is_pushed_in_the_shortest_way) {
    const Bytes program = to_bytes(witness_script(2, Bytes(32, 7)).bytes());
    const Script hash = p2sh_script(hash160(program));
    EXPECT_EQ(run(hash, ScriptBuilder{}.push(program).build()), std::nullopt);
    Bytes longer{OP_PUSHDATA1, static_cast<uint8_t>(program.size())};
    append(longer, program);
    EXPECT_EQ(run(hash, Script{longer}), ScriptError::witness_malleated_p2sh);
    Bytes behind_another{OP_1};
    append(behind_another, ScriptBuilder{}.push(program).build().bytes());
    EXPECT_EQ(run(hash, Script{behind_another}), ScriptError::witness_malleated_p2sh);
}

}  // namespace
}  // namespace parley
