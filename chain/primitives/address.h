// Addresses and exported private keys: texts of output scripts (Base58Check, BIP173, BIP350) and
// the wallet import format, with the prefixes of a chain. Thread-safe.
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

/// Leading bytes of the Base58Check forms.
struct Base58Versions {
    uint8_t public_key_hash = 0;
    uint8_t script_hash = 0;
    uint8_t secret_key = 0;
    std::array<uint8_t, 4> extended_public_key{};
    std::array<uint8_t, 4> extended_secret_key{};
};

/// What the texts of a chain begin with.
struct AddressPrefixes {
    std::string bech32;
    Base58Versions base58;
};

enum class AddressError : uint8_t {
    encoding,        ///< neither Base58Check nor Bech32
    base58_version,  ///< of another chain, or no address
    base58_length,
    bech32_prefix,    ///< of another chain
    bech32_checksum,  ///< mixed case, bad character or checksum
    bech32_variant,   ///< version 0 wants Bech32, the others Bech32m
    witness_version,
    witness_program,  ///< length or padding
};

/// bitcoind's sentences (the "error" of validateaddress).
std::string_view to_string(AddressError error);

/// Empty when the script has no address (bare keys, OP_RETURN, ...).
std::string encode_address(const AddressPrefixes& prefixes, const Script& script);

Expected<Script, AddressError> decode_address(const AddressPrefixes& prefixes,
                                              std::string_view text);

struct ExportedKey {
    SecretKey key;
    bool compressed = true;  ///< which form of the public key its addresses use
};

/// Wallet import format.
std::string encode_secret_key(const AddressPrefixes& prefixes, const ExportedKey& key);
/// Empty: malformed, of another chain, or no valid key.
std::optional<ExportedKey> decode_secret_key(const AddressPrefixes& prefixes,
                                             std::string_view text);

}  // namespace parley
