#include "wallet/psbt/psbt.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "wallet/psbt/psbt_fields.h"

namespace parley {
namespace {

constexpr std::array<uint8_t, 5> kMagic{'p', 's', 'b', 't', 0xff};
constexpr uint32_t kVersionMax = 2;

/// The global map, as read.
struct Globals {
    std::optional<TransactionData> transaction;
    bool has_transaction_version = false;
    std::optional<uint64_t> input_count;
    std::optional<uint64_t> output_count;
};

void read_global_transaction(const psbt::Field& field, Psbt& psbt, Globals& globals) {
    psbt::check_key_size(field, 1, "Global Unsigned TX");
    globals.transaction = psbt::read_value(
        field, [](Reader& reader) { return read_transaction(reader, WitnessEncoding::without); });
    for (const TxInput& input : globals.transaction->inputs) {
        if (!input.script_sig.empty())
            psbt::fail("Unsigned tx does not have empty scriptSigs and scriptWitnesses.");
    }
    psbt.transaction_version = globals.transaction->version;
    psbt.fallback_locktime = globals.transaction->locktime;
}

void read_global_xpub(const psbt::Field& field, Psbt& psbt) {
    constexpr size_t kXpubSize = 78;
    constexpr size_t kKeySize = 33;
    psbt::check_key_size(field, 1 + kXpubSize, "Global XPUB");
    if (!PublicKey::parse(field.data.last(kKeySize))) psbt::fail("Invalid pubkey");
    psbt.xpubs.insert({to_bytes(field.data), psbt::read_value(field, psbt::read_origin)});
}

uint64_t read_count(const psbt::Field& field, std::string_view name) {
    psbt::check_key_size(field, 1, name);
    return psbt::read_value(field, [](Reader& reader) { return reader.compact_size(); });
}

void read_global(const psbt::Field& field, Psbt& psbt, Globals& globals) {
    switch (field.type) {
        case psbt::kGlobalTransaction:
            read_global_transaction(field, psbt, globals);
            break;
        case psbt::kGlobalXpub:
            read_global_xpub(field, psbt);
            break;
        case psbt::kGlobalTxVersion:
            psbt::check_key_size(field, 1, "Global Transaction Version");
            psbt.transaction_version = static_cast<int32_t>(psbt::read_u32(field));
            globals.has_transaction_version = true;
            break;
        case psbt::kGlobalFallbackLocktime:
            psbt::check_key_size(field, 1, "Global Fallback Locktime");
            psbt.fallback_locktime = psbt::read_u32(field);
            break;
        case psbt::kGlobalInputCount:
            globals.input_count = read_count(field, "Global Input Count");
            break;
        case psbt::kGlobalOutputCount:
            globals.output_count = read_count(field, "Global Output Count");
            break;
        case psbt::kGlobalModifiable:
            psbt::check_key_size(field, 1, "Global TX Modifiable Flags");
            psbt.modifiable = psbt::read_value(field, [](Reader& reader) { return reader.u8(); });
            break;
        case psbt::kGlobalVersion:
            psbt::check_key_size(field, 1, "Global PSBT Version");
            psbt.version = psbt::read_u32(field);
            if (psbt.version > kVersionMax) psbt::fail("Unsupported version number");
            break;
        default:
            psbt::keep_field(field, psbt.proprietary, psbt.unknown);
    }
}

void check_version_0(const Psbt& psbt, const Globals& globals, bool has_fallback) {
    if (!globals.transaction) psbt::fail("No unsigned transaction was provided");
    const auto refuse = [](bool present, std::string_view name) {
        if (present) psbt::fail(fmt::format("{} is not allowed in PSBTv0", name));
    };
    refuse(globals.has_transaction_version, "PSBT_GLOBAL_TX_VERSION");
    refuse(has_fallback, "PSBT_GLOBAL_FALLBACK_LOCKTIME");
    refuse(globals.input_count.has_value(), "PSBT_GLOBAL_INPUT_COUNT");
    refuse(globals.output_count.has_value(), "PSBT_GLOBAL_OUTPUT_COUNT");
    refuse(psbt.modifiable.has_value(), "PSBT_GLOBAL_TX_MODIFIABLE");
}

void check_version_2(const Globals& globals) {
    const auto require = [](bool present, std::string_view name) {
        if (!present) psbt::fail(fmt::format("{} is required in PSBTv2", name));
    };
    require(globals.has_transaction_version, "PSBT_GLOBAL_TX_VERSION");
    require(globals.input_count.has_value(), "PSBT_GLOBAL_INPUT_COUNT");
    require(globals.output_count.has_value(), "PSBT_GLOBAL_OUTPUT_COUNT");
    if (globals.transaction) psbt::fail("PSBT_GLOBAL_UNSIGNED_TX is not allowed in PSBTv2");
}

Globals read_globals(Reader& reader, Psbt& psbt) {
    Globals globals;
    bool has_fallback = false;
    for (const psbt::Field& field : psbt::read_map(reader, "the global", "global")) {
        read_global(field, psbt, globals);
        has_fallback |= field.type == psbt::kGlobalFallbackLocktime;
    }
    if (psbt.version == 0) check_version_0(psbt, globals, has_fallback);
    if (psbt.version == 1) psbt::fail("There is no PSBT version 1");
    if (psbt.version == 2) check_version_2(globals);
    if (globals.transaction) {
        globals.input_count = globals.transaction->inputs.size();
        globals.output_count = globals.transaction->outputs.size();
    }
    return globals;
}

Psbt read_psbt(Reader& reader) {
    if (!std::ranges::equal(reader.bytes(kMagic.size()), kMagic))
        psbt::fail(reader.ok() ? "Invalid PSBT magic bytes" : "SpanReader::read(): end of data");
    Psbt psbt;
    const Globals globals = read_globals(reader, psbt);
    const TransactionData* transaction = globals.transaction ? &*globals.transaction : nullptr;
    while (reader.left() > 0 && psbt.inputs.size() < *globals.input_count) {
        const size_t index = psbt.inputs.size();
        psbt.inputs.push_back(psbt::read_input(
            reader, psbt.version, transaction ? &transaction->inputs[index] : nullptr));
    }
    if (psbt.inputs.size() != *globals.input_count)
        psbt::fail("Inputs provided does not match the number of inputs in transaction.");
    while (reader.left() > 0 && psbt.outputs.size() < *globals.output_count) {
        const size_t index = psbt.outputs.size();
        psbt.outputs.push_back(psbt::read_output(
            reader, psbt.version, transaction ? &transaction->outputs[index] : nullptr));
    }
    if (psbt.outputs.size() != *globals.output_count)
        psbt::fail("Outputs provided does not match the number of outputs in transaction.");
    return psbt;
}

Bytes encoded_count(size_t count) {
    return Writer{}.compact_size(count).take();
}

}  // namespace

Expected<Psbt, std::string> Psbt::decode(ByteSpan bytes) {
    Reader reader{bytes};
    try {
        Psbt psbt = read_psbt(reader);
        if (!reader.done()) return Unexpected(std::string{"extra data after PSBT"});
        return psbt;
    } catch (const psbt::DecodeFailure& failure) {
        return Unexpected(failure.text + ": iostream error");
    }
}

Expected<Psbt, std::string> Psbt::from_base64(std::string_view text) {
    const auto bytes = base64_decode(text);
    if (!bytes) return Unexpected(std::string{"invalid base64"});
    return decode(*bytes);
}

Bytes Psbt::encode() const {
    Writer out;
    out.bytes(kMagic);
    if (version < 2) {
        Writer transaction;
        write_transaction(transaction, unsigned_transaction().value(), WitnessEncoding::without);
        psbt::write_field(out, psbt::kGlobalTransaction, {}, transaction.data());
    }
    for (const PsbtXpub& xpub : xpubs)
        psbt::write_field(out, psbt::kGlobalXpub, xpub.key, psbt::encode_origin(xpub.origin));
    if (version >= 2) {
        const auto u32 = [](uint32_t value) { return Writer{}.le(value).take(); };
        psbt::write_field(out, psbt::kGlobalTxVersion, {},
                          u32(static_cast<uint32_t>(transaction_version)));
        if (fallback_locktime)
            psbt::write_field(out, psbt::kGlobalFallbackLocktime, {}, u32(*fallback_locktime));
        psbt::write_field(out, psbt::kGlobalInputCount, {}, encoded_count(inputs.size()));
        psbt::write_field(out, psbt::kGlobalOutputCount, {}, encoded_count(outputs.size()));
        if (modifiable) psbt::write_field(out, psbt::kGlobalModifiable, {}, Bytes{*modifiable});
        psbt::write_field(out, psbt::kGlobalVersion, {}, u32(version));
    }
    psbt::write_fields(out, proprietary);
    psbt::write_fields(out, unknown);
    out.u8(0);
    for (const PsbtInput& input : inputs) psbt::write_input(out, input, version);
    for (const PsbtOutput& output : outputs) psbt::write_output(out, output, version);
    return out.take();
}

std::string Psbt::to_base64() const {
    return base64_encode(encode());
}

}  // namespace parley
