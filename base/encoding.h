// Text encodings of bytes: Base58 and Base58Check, Bech32 and Bech32m (BIP173, BIP350), Base64.
// Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace parley {

std::string base58_encode(ByteSpan bytes);
/// Empty: a character outside the alphabet, or more than `size_max` bytes.
std::optional<Bytes> base58_decode(std::string_view text, size_t size_max);
/// Appends the first four bytes of the payload's SHA-256d as checksum.
std::string base58check_encode(ByteSpan payload);
std::optional<Bytes> base58check_decode(std::string_view text, size_t size_max);

enum class Bech32Variant : uint8_t { bech32, bech32m };
struct Bech32 {
    Bech32Variant variant = Bech32Variant::bech32;
    std::string prefix;  ///< lower case
    Bytes values;        ///< five-bit groups, without the checksum
};
std::string bech32_encode(const Bech32& content);
/// Empty: mixed case, bad length, character or checksum.
std::optional<Bech32> bech32_decode(std::string_view text);
/// Regroups bits, most significant first. Empty: a value does not fit into `from` bits, or, without
/// `pad`, the leftover bits are not valid padding.
std::optional<Bytes> convert_bits(ByteSpan values, int from, int to, bool pad);

std::string base64_encode(ByteSpan bytes);
std::optional<Bytes> base64_decode(std::string_view text);

}  // namespace parley
