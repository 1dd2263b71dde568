#include "rpc/json/address_problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/bech32_errors.h"
#include "base/encoding.h"

namespace parley::rpc {

namespace {

constexpr int kWitnessVersionMax = 16;

/// As in bitcoind, the prefix decides alone whether a text is taken for Bech32.
bool looks_like_bech32(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](char wanted, char given) {
               return wanted ==
                      (given >= 'A' && given <= 'Z' ? static_cast<char>(given + 32) : given);
           });
}

std::string base58_problem(const AddressPrefixes& prefixes, std::string_view text) {
    constexpr size_t kPayloadSizeMax = 21;
    constexpr size_t kSizeMax = 100;  // enough to tell Base58 from other texts
    if (const auto payload = base58check_decode(text, kPayloadSizeMax)) {
        const bool known =
            !payload->empty() && (payload->front() == prefixes.base58.script_hash ||
                                  payload->front() == prefixes.base58.public_key_hash);
        return known ? "Invalid length for Base58 address (P2PKH or P2SH)"
                     : "Invalid or unsupported Base58-encoded address.";
    }
    return base58_decode(text, kSizeMax)
               ? "Invalid checksum or length of Base58 address (P2PKH or P2SH)"
               : "Invalid or unsupported Segwit (Bech32) or Base58 encoding.";
}

std::string witness_problem(const AddressPrefixes& prefixes, const Bech32& content) {
    if (content.values.empty()) return "Empty Bech32 data section";
    if (content.prefix != prefixes.bech32)
        return fmt::format(
            "Invalid or unsupported prefix for Segwit (Bech32) address (expected {}, got {}).",
            prefixes.bech32, content.prefix);
    const int version = content.values[0];
    const bool old = content.variant == Bech32Variant::bech32;
    if (version == 0 && !old) return "Version 0 witness address must use Bech32 checksum";
    if (version != 0 && old) return "Version 1+ witness address must use Bech32m checksum";
    const auto program = convert_bits(ByteSpan{content.values}.subspan(1), 5, 8, false);
    if (!program) return "Invalid padding in Bech32 data section";
    const std::string size =
        fmt::format("{} {}", program->size(), program->size() == 1 ? "byte" : "bytes");
    if (version == 0)
        return fmt::format("Invalid Bech32 v0 address program size ({}), per BIP141", size);
    if (version > kWitnessVersionMax) return "Invalid Bech32 address witness version";
    return fmt::format("Invalid Bech32 address program size ({})", size);
}

}  // namespace

AddressProblem describe_address_problem(const AddressPrefixes& prefixes, std::string_view text) {
    if (!looks_like_bech32(text, prefixes.bech32)) return {base58_problem(prefixes, text), {}};
    if (const auto content = bech32_decode(text)) return {witness_problem(prefixes, *content), {}};
    Bech32Problem problem = find_bech32_problem(text);
    return {std::string(problem.sentence), std::move(problem.positions)};
}

}  // namespace parley::rpc
