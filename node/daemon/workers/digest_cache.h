// DigestCache: a set of digests in bounded memory, for the caches of verified signatures and
// scripts. A set-associative table of fixed size: a new digest takes a free entry of its set, or
// replaces an old one. It also computes the digests, with a secret salt, so that an attacker cannot
// target an entry. Thread-safe: locked in parts.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "base/random.h"
#include "chain/script/hash_stream.h"

namespace parley {

class DigestCache {
 public:
    /// `secrets` supplies the salt. Memory is allocated with the first digests, and never exceeds
    /// `bytes_max`; with 0 nothing is kept.
    DigestCache(Random& secrets, size_t bytes_max);

    /// A stream that has absorbed the salt; finish it with once().
    HashStream stream() const { return HashStream{salted_}; }
    /// Nothing was inserted yet, so a look-up need not compute its digest.
    bool empty() const { return empty_.load(std::memory_order_relaxed); }
    bool contains(const Hash256& digest);
    void insert(const Hash256& digest);

 private:
    static constexpr size_t kParts = 64;
    static constexpr size_t kPlaces = 4;
    using Set = std::array<Hash256, kPlaces>;  // zero: free
    struct Part {
        std::mutex mutex;
        std::vector<Set> sets;  // guarded by mutex
    };

    Part& part_of(const Hash256& digest) { return parts_[digest.bytes()[0] % kParts]; }
    static Set& set_of(Part& part, const Hash256& digest);

    Sha256 salted_;  // constant
    const size_t sets_of_part_;
    std::atomic<bool> empty_{true};
    std::array<Part, kParts> parts_;
};

}  // namespace parley
