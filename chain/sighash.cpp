#include "chain/sighash.h"

#include "base/check.h"
#include "base/crypto/sha256.h"
#include "base/uint256.h"
#include "chain/script_ops.h"

namespace parley {
namespace {

constexpr uint32_t kBaseTypeMask = 0x1f;

bool is_single(uint32_t hash_type) {
    return (hash_type & kBaseTypeMask) == kSighashSingle;
}

bool is_none(uint32_t hash_type) {
    return (hash_type & kBaseTypeMask) == kSighashNone;
}

bool anyone_can_pay(uint32_t hash_type) {
    return (hash_type & kSighashAnyoneCanPay) != 0;
}

Bytes without_code_separators(ByteSpan script) {
    Bytes result;
    result.reserve(script.size());
    ScriptOps ops(script);
    ByteSpan before = ops.rest();
    while (const auto op = ops.next()) {
        if (op->opcode != OP_CODESEPARATOR)
            append(result, before.first(before.size() - ops.rest().size()));
        before = ops.rest();
    }
    append(result, before);  // what a malformed push leaves stays as it is
    return result;
}

void write_output(Writer& writer, const TxOutput& output) {
    writer.le(output.value.value()).var_bytes(output.script_pubkey.bytes());
}

void write_legacy_input(Writer& writer, const TransactionData& transaction, size_t i, size_t input,
                        ByteSpan script_code, uint32_t hash_type) {
    const auto& current = transaction.inputs[i];
    writer.hash(current.prevout.txid).le(current.prevout.index);
    if (i == input) {
        writer.var_bytes(script_code).le(current.sequence);
        return;
    }
    const bool blank_sequence = is_single(hash_type) || is_none(hash_type);
    writer.var_bytes({}).le(blank_sequence ? uint32_t{0} : current.sequence);
}

void write_legacy_outputs(Writer& writer, const TransactionData& transaction, size_t input,
                          uint32_t hash_type) {
    if (is_none(hash_type)) {
        writer.compact_size(0);
        return;
    }
    const size_t count = is_single(hash_type) ? input + 1 : transaction.outputs.size();
    writer.compact_size(count);
    const TxOutput blank{Amount{-1}, Script{}};
    for (size_t i = 0; i < count; ++i) {
        write_output(writer, is_single(hash_type) && i != input ? blank : transaction.outputs[i]);
    }
}

Hash256 hash_prevouts(const TransactionData& transaction) {
    Writer writer(36 * transaction.inputs.size());
    for (const auto& input : transaction.inputs)
        writer.hash(input.prevout.txid).le(input.prevout.index);
    return sha256d(writer.data());
}

Hash256 hash_sequences(const TransactionData& transaction) {
    Writer writer(4 * transaction.inputs.size());
    for (const auto& input : transaction.inputs) writer.le(input.sequence);
    return sha256d(writer.data());
}

Hash256 hash_outputs(const TransactionData& transaction) {
    Writer writer;
    for (const auto& output : transaction.outputs) write_output(writer, output);
    return sha256d(writer.data());
}

Hash256 hash_single_output(const TransactionData& transaction, size_t input) {
    if (input >= transaction.outputs.size()) return Hash256{};
    Writer writer;
    write_output(writer, transaction.outputs[input]);
    return sha256d(writer.data());
}

}  // namespace

SighashParts sighash_parts(const TransactionData& transaction) {
    return {hash_prevouts(transaction), hash_sequences(transaction), hash_outputs(transaction)};
}

Hash256 legacy_signature_hash(const TransactionData& transaction, size_t input,
                              ByteSpan script_code, uint32_t hash_type) {
    if (input >= transaction.inputs.size() ||
        (is_single(hash_type) && input >= transaction.outputs.size())) {
        return U256{1}.to_hash();
    }
    const Bytes code = without_code_separators(script_code);
    Writer writer;
    writer.le(transaction.version);
    if (anyone_can_pay(hash_type)) {
        writer.compact_size(1);
        write_legacy_input(writer, transaction, input, input, code, hash_type);
    } else {
        writer.compact_size(transaction.inputs.size());
        for (size_t i = 0; i < transaction.inputs.size(); ++i)
            write_legacy_input(writer, transaction, i, input, code, hash_type);
    }
    write_legacy_outputs(writer, transaction, input, hash_type);
    writer.le(transaction.locktime).le(hash_type);
    return sha256d(writer.data());
}

Hash256 witness_v0_signature_hash(const TransactionData& transaction, size_t input,
                                  ByteSpan script_code, Amount amount, uint32_t hash_type,
                                  const SighashParts* parts) {
    CHECK(input < transaction.inputs.size());
    const bool whole = !is_single(hash_type) && !is_none(hash_type);
    Hash256 prevouts;
    Hash256 sequences;
    Hash256 outputs;
    if (!anyone_can_pay(hash_type)) {
        prevouts = parts != nullptr ? parts->prevouts : hash_prevouts(transaction);
        if (whole) sequences = parts != nullptr ? parts->sequences : hash_sequences(transaction);
    }
    if (whole) {
        outputs = parts != nullptr ? parts->outputs : hash_outputs(transaction);
    } else if (is_single(hash_type)) {
        outputs = hash_single_output(transaction, input);
    }
    const auto& current = transaction.inputs[input];
    Writer writer;
    writer.le(transaction.version).hash(prevouts).hash(sequences);
    writer.hash(current.prevout.txid).le(current.prevout.index).var_bytes(script_code);
    writer.le(amount.value()).le(current.sequence).hash(outputs);
    writer.le(transaction.locktime).le(hash_type);
    return sha256d(writer.data());
}

}  // namespace parley
