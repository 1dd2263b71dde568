// Addresses and exported private keys: texts of output scripts (Base58Check, BIP173, BIP350) and
// the wallet import format, with the versions of a chain. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/keys.h"
#include "base/expected.h"
#include "chain/primitives/script.h"
#include "chain/rules/params.h"

namespace parley {

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
std::string encode_address(const ChainParams& params, const Script& script);

Expected<Script, AddressError> decode_address(const ChainParams& params, std::string_view text);

struct ExportedKey {
    SecretKey key;
    bool compressed = true;  ///< which form of the public key its addresses use
};

/// Wallet import format.
std::string encode_secret_key(const ChainParams& params, const ExportedKey& key);
/// Empty: malformed, of another chain, or no valid key.
std::optional<ExportedKey> decode_secret_key(const ChainParams& params, std::string_view text);

}  // namespace parley
