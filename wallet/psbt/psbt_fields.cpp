#include "wallet/psbt/psbt_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace parley::psbt {

void fail(std::string text) {
    throw DecodeFailure{std::move(text)};
}

Field::Field(Bytes raw_key, ByteSpan raw_value) : key(std::move(raw_key)), value(raw_value) {
    Reader reader{key};
    type = reader.compact_size(UINT64_MAX);
    if (!reader.ok()) fail("non-canonical ReadCompactSize()");
    data = reader.rest();
}

std::vector<Field> read_map(Reader& reader, std::string_view name, std::string_view key_name) {
    std::vector<Field> fields;
    std::set<Bytes> keys;
    while (reader.left() > 0) {
        Bytes key = to_bytes(reader.var_bytes());
        if (!reader.ok()) fail("SpanReader::read(): end of data");
        if (key.empty()) return fields;  // the separator
        if (!keys.insert(key).second)
            fail(fmt::format("Duplicate Key, {} key \"{}\" already provided", key_name,
                             to_hex(key)));
        const ByteSpan value = reader.var_bytes();
        if (!reader.ok()) fail("SpanReader::read(): end of data");
        fields.emplace_back(std::move(key), value);
    }
    fail(fmt::format("Separator is missing at the end of {} map", name));
}

void check_key_size(const Field& field, size_t size, std::string_view name) {
    if (field.key.size() != size)
        fail(fmt::format("Size of key was not {} for the type {}", size, name));
}

Bytes read_bytes(const Field& field) {
    return to_bytes(field.value);
}

uint32_t read_u32(const Field& field) {
    return read_value(field, [](Reader& reader) { return reader.le<uint32_t>(); });
}

XOnlyKey read_x_only(ByteSpan bytes) {
    XOnlyKey key{};
    if (bytes.size() != key.size()) fail("Size of value was not the stated size");
    std::ranges::copy(bytes, key.begin());
    return key;
}

KeyOrigin read_origin(Reader& reader) {
    constexpr size_t kStepSize = sizeof(uint32_t);
    if (reader.left() % kStepSize != 0 || reader.left() == 0)
        fail("Invalid length for HD key path");
    KeyOrigin origin;
    std::ranges::copy(reader.bytes(kStepSize), origin.fingerprint.begin());
    while (reader.left() > 0) origin.path.push_back(reader.le<uint32_t>());
    return origin;
}

namespace {

PublicKey read_key(ByteSpan bytes) {
    const auto key = PublicKey::parse(bytes);
    if (!key) fail("Invalid pubkey");
    return *key;
}

void read_key_origin(const Field& field, PsbtScripts& scripts) {
    if (field.data.size() != kCompressedSize && field.data.size() != kUncompressedSize)
        fail("Size of key was not the expected size for the type BIP32 keypath");
    const PublicKey key = read_key(field.data);
    scripts.origins.emplace(key, read_value(field, read_origin));
}

TapKeyOrigin read_tap_origin(const Field& field, std::string_view name) {
    Reader reader{field.value};
    TapKeyOrigin origin;
    const size_t count = reader.count(kHashSize);
    for (size_t i = 0; i < count && reader.ok(); ++i) origin.leaves.insert(reader.hash());
    if (!reader.ok()) fail(fmt::format("{} Taproot BIP32 keypath has an invalid length", name));
    origin.origin = read_origin(reader);
    return origin;
}

void check_participants(const Field& field, std::string_view name) {
    if (!PublicKey::parse(field.data))
        fail(fmt::format("{} musig2 aggregate pubkey is invalid", name));
    Reader reader{field.value};
    while (reader.left() >= kCompressedSize) {
        if (!PublicKey::parse(reader.bytes(kCompressedSize)))
            fail(fmt::format("{} musig2 participant pubkey is invalid", name));
    }
    if (reader.left() > 0)
        fail(
            fmt::format("{} musig2 participants pubkeys value size is not a multiple of 33", name));
}

}  // namespace

bool read_shared(const Field& field, const SharedTypes& types, PsbtScripts& scripts) {
    const auto named = [&](std::string_view what) {
        return fmt::format("{} {}", types.name, what);
    };
    if (field.type == types.redeem_script) {
        check_key_size(field, 1, named("redeemScript"));
        scripts.redeem_script = Script{field.value};
    } else if (field.type == types.witness_script) {
        check_key_size(field, 1, named("witnessScript"));
        scripts.witness_script = Script{field.value};
    } else if (field.type == types.origin) {
        read_key_origin(field, scripts);
    } else if (field.type == types.tap_internal_key) {
        check_key_size(field, 1, named("Taproot Internal Key"));
        scripts.taproot_internal_key = read_x_only(field.value);
    } else if (field.type == types.tap_origin) {
        check_key_size(field, 1 + kHashSize, named("Taproot BIP32 Keypath"));
        scripts.taproot_origins.emplace(read_x_only(field.data),
                                        read_tap_origin(field, types.name));
    } else if (field.type == types.musig2_participants) {
        check_key_size(field, 1 + kCompressedSize, named("MuSig2 Participants Pubkeys"));
        check_participants(field, types.name);
        scripts.musig2.emplace(field.key, read_bytes(field));
    } else {
        return false;
    }
    return true;
}

void keep_field(const Field& field, PsbtFields& proprietary, PsbtFields& unknown) {
    if (field.type != kProprietary) {
        unknown.emplace(field.key, read_bytes(field));
        return;
    }
    Reader reader{field.data};
    reader.var_bytes();
    reader.compact_size(UINT64_MAX);
    if (!reader.ok()) fail("SpanReader::read(): end of data");
    proprietary.emplace(field.key, read_bytes(field));
}

// --- writing -------------------------------------------------------------------------------------

void write_field(Writer& out, uint8_t type, ByteSpan key_data, ByteSpan value) {
    // A CompactSize of a type below 0xfd is one byte.
    out.compact_size(1 + key_data.size()).u8(type).bytes(key_data).var_bytes(value);
}

void write_fields(Writer& out, const PsbtFields& fields) {
    for (const auto& [key, value] : fields) out.var_bytes(key).var_bytes(value);
}

Bytes encode_origin(const KeyOrigin& origin) {
    Writer writer;
    writer.bytes(origin.fingerprint);
    for (const uint32_t step : origin.path) writer.le(step);
    return writer.take();
}

void write_scripts(Writer& out, const SharedTypes& types, const PsbtScripts& scripts) {
    if (scripts.redeem_script && !scripts.redeem_script->empty())
        write_field(out, types.redeem_script, {}, scripts.redeem_script->bytes());
    if (scripts.witness_script && !scripts.witness_script->empty())
        write_field(out, types.witness_script, {}, scripts.witness_script->bytes());
}

void write_origins(Writer& out, const SharedTypes& types, const PsbtScripts& scripts) {
    for (const auto& [key, origin] : scripts.origins)
        write_field(out, types.origin, key.bytes(), encode_origin(origin));
}

void write_tap_origins(Writer& out, const SharedTypes& types, const PsbtScripts& scripts) {
    for (const auto& [key, origin] : scripts.taproot_origins) {
        Writer value;
        value.compact_size(origin.leaves.size());
        for (const Hash256& leaf : origin.leaves) value.hash(leaf);
        value.bytes(encode_origin(origin.origin));
        write_field(out, types.tap_origin, key, value.data());
    }
}

}  // namespace parley::psbt
