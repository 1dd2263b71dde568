#include "chain/script/sighash.h"

#include <algorithm>

#include "base/check.h"
#include "base/uint256.h"
#include "chain/primitives/script_ops.h"
#include "chain/script/hash_stream.h"

namespace parley {
namespace {

constexpr uint32_t kBaseTypeMask = 0x1f;
// BIP341: the only message format there is, and BIP342's only kind of key.
constexpr uint8_t kTaprootEpoch = 0;
constexpr uint8_t kTapscriptKeyVersion = 0;

bool is_single(uint32_t hash_type) {
    return (hash_type & kBaseTypeMask) == kSighashSingle;
}

bool is_none(uint32_t hash_type) {
    return (hash_type & kBaseTypeMask) == kSighashNone;
}

bool anyone_can_pay(uint32_t hash_type) {
    return (hash_type & kSighashAnyoneCanPay) != 0;
}

void write_outpoint(HashStream& stream, const OutPoint& outpoint) {
    stream.hash(outpoint.txid).le(outpoint.index);
}

void write_output(HashStream& stream, const TxOutput& output) {
    stream.le(output.value.value()).var_bytes(output.script_pubkey.bytes());
}

// Includes the length, and omits OP_CODESEPARATORs. The rest after a malformed push is unchanged.
void write_script_code(HashStream& stream, ByteSpan script) {
    size_t separators = 0;
    for (ScriptOps ops(script); const auto op = ops.next();)
        separators += op->opcode == OP_CODESEPARATOR;
    stream.compact_size(script.size() - separators);
    if (separators == 0) {
        stream.bytes(script);
        return;
    }
    ScriptOps ops(script);
    ByteSpan kept = ops.rest();  // from the first byte that is not written yet
    while (const auto op = ops.next()) {
        if (op->opcode != OP_CODESEPARATOR) continue;
        stream.bytes(kept.first(kept.size() - ops.rest().size() - 1));
        kept = ops.rest();
    }
    stream.bytes(kept);
}

// An input other than the signed one: its script is empty.
void write_other_input(HashStream& stream, const TxInput& input, bool blank_sequence) {
    std::array<uint8_t, 41> raw{};
    std::copy(input.prevout.txid.bytes().begin(), input.prevout.txid.bytes().end(), raw.begin());
    const uint32_t sequence = blank_sequence ? 0 : input.sequence;
    for (size_t i = 0; i < 4; ++i) {
        raw[32 + i] = static_cast<uint8_t>(input.prevout.index >> (8 * i));
        raw[37 + i] = static_cast<uint8_t>(sequence >> (8 * i));
    }
    stream.bytes(raw);
}

void write_legacy_inputs(HashStream& stream, const TransactionData& transaction, size_t input,
                         ByteSpan script_code, uint32_t hash_type) {
    const bool alone = anyone_can_pay(hash_type);
    const bool blank_sequences = is_single(hash_type) || is_none(hash_type);
    stream.compact_size(alone ? 1 : transaction.inputs.size());
    for (size_t i = 0; i < transaction.inputs.size(); ++i) {
        const TxInput& current = transaction.inputs[i];
        if (i == input) {
            write_outpoint(stream, current.prevout);
            write_script_code(stream, script_code);
            stream.le(current.sequence);
        } else if (!alone) {
            write_other_input(stream, current, blank_sequences);
        }
    }
}

void write_legacy_outputs(HashStream& stream, const TransactionData& transaction, size_t input,
                          uint32_t hash_type) {
    if (is_none(hash_type)) {
        stream.compact_size(0);
        return;
    }
    const size_t count = is_single(hash_type) ? input + 1 : transaction.outputs.size();
    stream.compact_size(count);
    static const TxOutput kBlank{Amount{-1}, Script{}};
    for (size_t i = 0; i < count; ++i) {
        const bool blank = is_single(hash_type) && i != input;
        write_output(stream, blank ? kBlank : transaction.outputs[i]);
    }
}

Hash256 hash_prevouts(const TransactionData& transaction) {
    HashStream stream;
    for (const auto& input : transaction.inputs) write_outpoint(stream, input.prevout);
    return stream.once();
}

Hash256 hash_sequences(const TransactionData& transaction) {
    HashStream stream;
    for (const auto& input : transaction.inputs) stream.le(input.sequence);
    return stream.once();
}

Hash256 hash_outputs(const TransactionData& transaction) {
    HashStream stream;
    for (const auto& output : transaction.outputs) write_output(stream, output);
    return stream.once();
}

HashStream single_output(const TransactionData& transaction, size_t input) {
    HashStream stream;
    write_output(stream, transaction.outputs[input]);
    return stream;
}

bool is_defined_taproot_type(uint8_t hash_type) {
    return (hash_type & ~kSighashAnyoneCanPay & 0xff) <= kSighashSingle &&
           hash_type != kSighashAnyoneCanPay;
}

}  // namespace

SighashParts sighash_parts(const TransactionData& transaction, std::span<const TxOutput> spent) {
    SighashParts parts;
    parts.prevouts_once = hash_prevouts(transaction);
    parts.sequences_once = hash_sequences(transaction);
    parts.outputs_once = hash_outputs(transaction);
    parts.prevouts = sha256(parts.prevouts_once.span());
    parts.sequences = sha256(parts.sequences_once.span());
    parts.outputs = sha256(parts.outputs_once.span());
    if (spent.empty()) return parts;
    CHECK(spent.size() == transaction.inputs.size());
    HashStream amounts;
    HashStream scripts;
    for (const auto& output : spent) {
        amounts.le(output.value.value());
        scripts.var_bytes(output.script_pubkey.bytes());
    }
    parts.spent_amounts = amounts.once();
    parts.spent_scripts = scripts.once();
    return parts;
}

Hash256 legacy_signature_hash(const TransactionData& transaction, size_t input,
                              ByteSpan script_code, uint32_t hash_type) {
    if (input >= transaction.inputs.size() ||
        (is_single(hash_type) && input >= transaction.outputs.size())) {
        return U256{1}.to_hash();
    }
    HashStream stream;
    stream.le(transaction.version);
    write_legacy_inputs(stream, transaction, input, script_code, hash_type);
    write_legacy_outputs(stream, transaction, input, hash_type);
    return stream.le(transaction.locktime).le(hash_type).twice();
}

Hash256 witness_v0_signature_hash(const TransactionData& transaction, size_t input,
                                  ByteSpan script_code, Amount amount, uint32_t hash_type,
                                  const SighashParts* parts) {
    CHECK(input < transaction.inputs.size());
    const bool whole = !is_single(hash_type) && !is_none(hash_type);
    const auto twice = [](const Hash256& once) { return sha256(once.span()); };
    Hash256 prevouts;
    Hash256 sequences;
    Hash256 outputs;
    if (!anyone_can_pay(hash_type)) {
        prevouts = parts != nullptr ? parts->prevouts : twice(hash_prevouts(transaction));
        if (whole)
            sequences = parts != nullptr ? parts->sequences : twice(hash_sequences(transaction));
    }
    if (whole) {
        outputs = parts != nullptr ? parts->outputs : twice(hash_outputs(transaction));
    } else if (is_single(hash_type) && input < transaction.outputs.size()) {
        outputs = single_output(transaction, input).twice();
    }
    const auto& current = transaction.inputs[input];
    HashStream stream;
    stream.le(transaction.version).hash(prevouts).hash(sequences);
    write_outpoint(stream, current.prevout);
    stream.var_bytes(script_code).le(amount.value()).le(current.sequence).hash(outputs);
    return stream.le(transaction.locktime).le(hash_type).twice();
}

std::optional<Hash256> taproot_signature_hash(const TransactionData& transaction, size_t input,
                                              const TxOutput& spent, uint8_t hash_type,
                                              const SighashParts& parts,
                                              const TaprootSpend& spend) {
    CHECK(input < transaction.inputs.size());
    if (!is_defined_taproot_type(hash_type)) return std::nullopt;
    const bool single = is_single(hash_type);
    if (single && input >= transaction.outputs.size()) return std::nullopt;
    static const Sha256 kTagged = tagged_hasher("TapSighash");
    HashStream stream(kTagged);
    stream.le(kTaprootEpoch).le(hash_type);
    stream.le(transaction.version).le(transaction.locktime);
    if (!anyone_can_pay(hash_type)) {
        stream.hash(parts.prevouts_once).hash(parts.spent_amounts);
        stream.hash(parts.spent_scripts).hash(parts.sequences_once);
    }
    if (!single && !is_none(hash_type)) stream.hash(parts.outputs_once);
    const uint8_t extension = spend.leaf_hash ? 1 : 0;
    stream.le(static_cast<uint8_t>(2 * extension + (spend.annex_hash ? 1 : 0)));
    const auto& current = transaction.inputs[input];
    if (anyone_can_pay(hash_type)) {
        write_outpoint(stream, current.prevout);
        write_output(stream, spent);
        stream.le(current.sequence);
    } else {
        stream.le(static_cast<uint32_t>(input));
    }
    if (spend.annex_hash) stream.hash(*spend.annex_hash);
    if (single) stream.hash(single_output(transaction, input).once());
    if (spend.leaf_hash)
        stream.hash(*spend.leaf_hash).le(kTapscriptKeyVersion).le(spend.code_separator);
    return stream.once();
}

}  // namespace parley
