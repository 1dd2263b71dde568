// MuHash3072: a hash of a set of byte strings that supports adding and removing members in any
// order (Bellare and Micciancio, "A new paradigm for collision-free hashing", 1997, section 5). A
// member is mapped to a number: its SHA-256 is the key of a ChaCha20 stream (RFC 8439, block
// counter and nonce 0) of 384 bytes, read as a little-endian number modulo the prime 2^3072 -
// 1103717. The state is the product of those numbers; the digest is the SHA-256 of its 384
// little-endian bytes. bitcoind's gettxoutsetinfo calls it "muhash". A value; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/hash256.h"

namespace parley {

class MuHash3072 {
 public:
    static constexpr size_t kLimbs = 48;
    using Number = std::array<uint64_t, kLimbs>;  ///< least significant limb first

    /// The empty set.
    MuHash3072();

    MuHash3072& insert(ByteSpan member);
    /// `member` need not be in the set: a later insert() of it cancels the removal.
    MuHash3072& remove(ByteSpan member);

    /// Union and difference. REQUIRES: the sets are disjoint (union), or `other` is a subset
    /// (difference).
    MuHash3072& operator*=(const MuHash3072& other);
    MuHash3072& operator/=(const MuHash3072& other);

    /// Takes some milliseconds if any member was removed (a modular inversion).
    Hash256 digest() const;

    /// The set as 768 bytes, which depend on how it came about; to go on later.
    Bytes serialize() const;
    /// Empty: not from serialize().
    static std::optional<MuHash3072> parse(ByteSpan bytes);

 private:
    Number numerator_;
    Number denominator_;
};

}  // namespace parley
