#include "chain/rules/sigops.h"

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"
#include "chain/primitives/script_ops.h"

namespace parley {
namespace {

// The data that the last opcode of a push-only script pushes. Empty: not push-only, or no data.
ByteSpan last_push(ByteSpan script) {
    ScriptOps ops(script);
    ByteSpan data;
    while (const auto op = ops.next()) {
        if (op->opcode > OP_16) return {};
        data = op->data;
    }
    return ops.malformed() ? ByteSpan{} : data;
}

int64_t witness_sigops(const WitnessProgram& program, const Witness& witness) {
    if (program.version != 0) return 0;
    if (program.program.size() == 20) return 1;
    if (program.program.size() == Hash256::kSize && !witness.empty())
        return count_sigops(witness.back(), true);
    return 0;
}

int64_t input_cost(const TxInput& input, const Script& spent, ScriptFlags flags) {
    int64_t cost = 0;
    const bool is_p2sh = (flags & kVerifyP2sh) != 0 && match_p2sh(spent).has_value();
    const ByteSpan redeem = is_p2sh ? last_push(input.script_sig.bytes()) : ByteSpan{};
    if (is_p2sh) cost += kWitnessScaleFactor * count_sigops(redeem, true);
    if ((flags & kVerifyWitness) == 0) return cost;
    if (const auto program = witness_program(is_p2sh ? redeem : ByteSpan{spent.bytes()}))
        cost += witness_sigops(*program, input.witness);
    return cost;
}

}  // namespace

int64_t count_sigops(ByteSpan script, bool accurate) {
    int64_t count = 0;
    uint8_t previous = 0xff;
    ScriptOps ops(script);
    while (const auto op = ops.next()) {
        const uint8_t code = op->opcode;
        if (code == OP_CHECKSIG || code == OP_CHECKSIGVERIFY) {
            ++count;
        } else if (code == OP_CHECKMULTISIG || code == OP_CHECKMULTISIGVERIFY) {
            const bool known = accurate && previous >= OP_1 && previous <= OP_16;
            count += known ? previous - OP_1 + 1 : kMultisigKeysMax;
        }
        previous = code;
    }
    return count;
}

int64_t legacy_sigops(const Transaction& transaction) {
    int64_t count = 0;
    for (const auto& input : transaction.inputs())
        count += count_sigops(input.script_sig.bytes(), false);
    for (const auto& output : transaction.outputs())
        count += count_sigops(output.script_pubkey.bytes(), false);
    return count;
}

int64_t sigop_cost(const Transaction& transaction, std::span<const Coin> coins, ScriptFlags flags) {
    int64_t cost = kWitnessScaleFactor * legacy_sigops(transaction);
    if (transaction.is_coinbase()) return cost;
    CHECK(coins.size() == transaction.inputs().size());
    for (size_t i = 0; i < coins.size(); ++i) {
        cost += input_cost(transaction.inputs()[i], coins[i].output.script_pubkey, flags);
    }
    return cost;
}

}  // namespace parley
