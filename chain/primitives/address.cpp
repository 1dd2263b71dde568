#include "chain/primitives/address.h"

#include <algorithm>

#include "base/encoding.h"

namespace parley {
namespace {

constexpr size_t kHashSize = 20;
// A version byte, 32 bytes of key, and the flag that the public key is compressed.
constexpr size_t kSecretPayloadSizeMax = 34;
constexpr uint8_t kCompressedFlag = 1;
constexpr int kWitnessVersionMax = 16;

std::string base58_address(uint8_t version, const Hash160& hash) {
    Bytes payload{version};
    append(payload, hash);
    return base58check_encode(payload);
}

// Whether the text looks like Bech32 of this chain: its prefix, in either case, and the separator.
bool has_prefix(std::string_view text, std::string_view prefix) {
    if (text.size() <= prefix.size() || text[prefix.size()] != '1') return false;
    return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char expected, char given) {
        return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given + 32) : given);
    });
}

Expected<Script, AddressError> decode_base58(const AddressPrefixes& prefixes,
                                             const Bytes& payload) {
    if (payload.empty()) return Unexpected(AddressError::encoding);
    const uint8_t version = payload[0];
    if (version != prefixes.base58.public_key_hash && version != prefixes.base58.script_hash)
        return Unexpected(AddressError::base58_version);
    if (payload.size() != 1 + kHashSize) return Unexpected(AddressError::base58_length);
    Hash160 hash;
    std::copy(payload.begin() + 1, payload.end(), hash.begin());
    return version == prefixes.base58.public_key_hash ? p2pkh_script(hash) : p2sh_script(hash);
}

Expected<Script, AddressError> decode_witness(const Bech32& content) {
    if (content.values.empty()) return Unexpected(AddressError::witness_program);
    const int version = content.values[0];
    if (version > kWitnessVersionMax) return Unexpected(AddressError::witness_version);
    const auto wanted = version == 0 ? Bech32Variant::bech32 : Bech32Variant::bech32m;
    if (content.variant != wanted) return Unexpected(AddressError::bech32_variant);
    const auto program = convert_bits(ByteSpan{content.values}.subspan(1), 5, 8, false);
    if (!program || program->size() < 2 || program->size() > 40 ||
        (version == 0 && program->size() != 20 && program->size() != 32)) {
        return Unexpected(AddressError::witness_program);
    }
    return witness_script(version, *program);
}

}  // namespace

std::string_view to_string(AddressError error) {
    switch (error) {
        case AddressError::encoding:
            return "Invalid or unsupported Segwit (Bech32) or Base58 encoding.";
        case AddressError::base58_version:
            return "Invalid or unsupported Base58-encoded address.";
        case AddressError::base58_length:
            return "Invalid length for Base58 address (P2PKH or P2SH)";
        case AddressError::bech32_prefix:
            return "Invalid or unsupported prefix for Segwit (Bech32) address";
        case AddressError::bech32_checksum:
            return "Invalid Bech32 checksum";
        case AddressError::bech32_variant:
            return "Version 0 witness address must use Bech32, later versions Bech32m checksum";
        case AddressError::witness_version:
            return "Invalid Bech32 address witness version";
        case AddressError::witness_program:
            return "Invalid Bech32 address program size or padding";
    }
    return "Invalid address";
}

std::string encode_address(const AddressPrefixes& prefixes, const Script& script) {
    if (const auto hash = match_p2pkh(script))
        return base58_address(prefixes.base58.public_key_hash, *hash);
    if (const auto hash = match_p2sh(script))
        return base58_address(prefixes.base58.script_hash, *hash);
    const auto witness = witness_program(script);
    if (!witness) return {};
    if (witness->version == 0 && witness->program.size() != 20 && witness->program.size() != 32)
        return {};
    const auto groups = convert_bits(witness->program, 8, 5, true);
    if (!groups) return {};
    Bytes values{static_cast<uint8_t>(witness->version)};
    append(values, *groups);
    const auto variant = witness->version == 0 ? Bech32Variant::bech32 : Bech32Variant::bech32m;
    return bech32_encode(Bech32{variant, prefixes.bech32, std::move(values)});
}

Expected<Script, AddressError> decode_address(const AddressPrefixes& prefixes,
                                              std::string_view text) {
    if (has_prefix(text, prefixes.bech32)) {
        const auto content = bech32_decode(text);
        if (!content) return Unexpected(AddressError::bech32_checksum);
        return decode_witness(*content);
    }
    if (const auto payload = base58check_decode(text, 1 + kHashSize))
        return decode_base58(prefixes, *payload);
    if (bech32_decode(text)) return Unexpected(AddressError::bech32_prefix);
    return Unexpected(AddressError::encoding);
}

std::string encode_secret_key(const AddressPrefixes& prefixes, const ExportedKey& key) {
    Bytes payload{prefixes.base58.secret_key};
    append(payload, key.key.bytes());
    if (key.compressed) payload.push_back(kCompressedFlag);
    return base58check_encode(payload);
}

std::optional<ExportedKey> decode_secret_key(const AddressPrefixes& prefixes,
                                             std::string_view text) {
    const auto payload = base58check_decode(text, kSecretPayloadSizeMax);
    if (!payload || payload->size() < kSecretPayloadSizeMax - 1) return std::nullopt;
    if ((*payload)[0] != prefixes.base58.secret_key) return std::nullopt;
    const bool compressed = payload->size() == kSecretPayloadSizeMax;
    if (compressed && payload->back() != kCompressedFlag) return std::nullopt;
    const auto key = SecretKey::from_bytes(ByteSpan{*payload}.subspan(1, 32));
    if (!key) return std::nullopt;
    return ExportedKey{*key, compressed};
}

}  // namespace parley
