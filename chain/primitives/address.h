// Addresses (the text forms of output scripts: Base58Check, BIP173, BIP350) and private keys in
// wallet import format, with the prefixes of a chain. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/keys.h"
#include "base/expected.h"
#include "chain/primitives/script.h"

namespace parley {

/// Version bytes of the Base58Check forms.
struct Base58Versions {
    uint8_t public_key_hash = 0;
    uint8_t script_hash = 0;
    uint8_t secret_key = 0;
    std::array<uint8_t, 4> extended_public_key{};
    std::array<uint8_t, 4> extended_secret_key{};
};

/// The prefixes of a chain's addresses and keys.
struct AddressPrefixes {
    std::string bech32;
    Base58Versions base58;
};

enum class AddressError : uint8_t {
    encoding,        ///< neither Base58Check nor Bech32
    base58_version,  ///< of another chain, or not an address
    base58_length,
    bech32_prefix,    ///< of another chain
    bech32_checksum,  ///< mixed case, bad character or checksum
    bech32_variant,   ///< version 0 requires Bech32, all others Bech32m
    witness_version,
    witness_program,  ///< length or padding
};

/// bitcoind's error texts (the "error" of validateaddress).
std::string_view to_string(AddressError error);

/// Empty when the script has no address (bare keys, OP_RETURN, ...).
std::string encode_address(const AddressPrefixes& prefixes, const Script& script);

Expected<Script, AddressError> decode_address(const AddressPrefixes& prefixes,
                                              std::string_view text);

struct ExportedKey {
    SecretKey key;
    bool compressed = true;  ///< whether its addresses use the compressed public key
};

/// Wallet import format.
std::string encode_secret_key(const AddressPrefixes& prefixes, const ExportedKey& key);
/// Empty: malformed, of another chain, or not a valid key.
std::optional<ExportedKey> decode_secret_key(const AddressPrefixes& prefixes,
                                             std::string_view text);

}  // namespace parley
