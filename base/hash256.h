// Hash256: 32 bytes in the order in which the hash function produced them, which is the order on
// the wire. Bitcoin displays hashes in reverse; to_string() and from_string() use that form.
// TaggedHash gives a hash a meaning (Txid, BlockHash, ...).
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace parley {

class Hash256 {
 public:
    static constexpr size_t kSize = 32;

    constexpr Hash256() = default;
    constexpr explicit Hash256(const std::array<uint8_t, kSize>& bytes) : bytes_(bytes) {}

    /// REQUIRES: `bytes` holds exactly 32 bytes.
    static Hash256 from_bytes(ByteSpan bytes);

    /// Exactly 64 hexadecimal digits, most significant byte (the last on the wire) first. Empty:
    /// any other text.
    static std::optional<Hash256> from_string(std::string_view text);
    std::string to_string() const;

    constexpr const std::array<uint8_t, kSize>& bytes() const { return bytes_; }
    constexpr std::array<uint8_t, kSize>& bytes() { return bytes_; }
    constexpr const uint8_t* data() const { return bytes_.data(); }
    ByteSpan span() const { return bytes_; }
    bool is_zero() const {
        return std::all_of(bytes_.begin(), bytes_.end(), [](uint8_t b) { return b == 0; });
    }

    /// The first eight bytes as a number. Usable as a hash-table key where an attacker cannot grind
    /// the hash; otherwise use SipHash.
    uint64_t low64() const {
        uint64_t value = 0;
        std::memcpy(&value, bytes_.data(), sizeof value);
        return value;
    }

    /// Lexicographic by bytes: an order for maps, not the numeric order of Bitcoin's targets (see
    /// U256).
    auto operator<=>(const Hash256&) const = default;

 private:
    std::array<uint8_t, kSize> bytes_{};
};

template <class Tag>
class TaggedHash : public Hash256 {
 public:
    constexpr TaggedHash() = default;
    constexpr explicit TaggedHash(const Hash256& hash) : Hash256(hash) {}
    constexpr explicit TaggedHash(const std::array<uint8_t, kSize>& bytes) : Hash256(bytes) {}

    static TaggedHash from_bytes(ByteSpan bytes) { return TaggedHash{Hash256::from_bytes(bytes)}; }
    static std::optional<TaggedHash> from_string(std::string_view text) {
        if (auto hash = Hash256::from_string(text)) return TaggedHash{*hash};
        return std::nullopt;
    }

    auto operator<=>(const TaggedHash&) const = default;
};

}  // namespace parley

template <>
struct std::hash<parley::Hash256> {
    size_t operator()(const parley::Hash256& hash) const noexcept {
        return static_cast<size_t>(hash.low64());
    }
};
template <class Tag>
struct std::hash<parley::TaggedHash<Tag>> {
    size_t operator()(const parley::TaggedHash<Tag>& hash) const noexcept {
        return static_cast<size_t>(hash.low64());
    }
};
