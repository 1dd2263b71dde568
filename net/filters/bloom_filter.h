// BloomFilter: what a light client wants to hear of (BIP37): a bit field that may contain the
// hashes of scripts' data, outpoints and transaction ids. Values. Not thread-safe.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "chain/primitives/transaction.h"

namespace parley {

/// MurmurHash3 for 32-bit results (Appleby), as BIP37 uses it. Not for hash tables: an attacker can
/// find collisions.
uint32_t murmur_hash3(uint32_t seed, ByteSpan data);

class BloomFilter {
 public:
    // BIP37's limits.
    static constexpr size_t kSizeMax = 36'000;  ///< bytes
    static constexpr uint32_t kFunctionsMax = 50;
    static constexpr size_t kElementSizeMax = 520;  ///< of filteradd: that of a script's data

    /// Which outputs add themselves to the filter when they match, so that spending them matches.
    enum class Update : uint8_t { none = 0, all = 1, public_keys = 2 };

    /// An empty `bits` matches everything. REQUIRES: both are within the limits.
    BloomFilter(Bytes bits, uint32_t functions, uint32_t tweak, uint8_t flags);

    void insert(ByteSpan element);
    bool contains(ByteSpan element) const;
    /// Whether the transaction is wanted; if it is, `Update` applies.
    bool matches(const Transaction& transaction);

    const Bytes& bits() const { return bits_; }

 private:
    /// Bit that the function sets. REQUIRES: bits_ is not empty.
    size_t bit(uint32_t function, ByteSpan element) const;
    bool contains_data(const Script& script) const;
    bool updates(const Script& script) const;

    Bytes bits_;
    uint32_t functions_;
    uint32_t tweak_;
    Update update_;
};

}  // namespace parley
