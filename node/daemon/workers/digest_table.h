// DigestTable: a set of digests in a bounded memory, for the caches of good signatures and scripts.
// A fixed number of places in sets of a few; a new digest takes a free place of its set, or an old
// one's. It also makes the digests, with a secret salt, without which nobody can aim at a place.
// Thread-safe: locked in parts.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "base/random.h"
#include "chain/script/hash_stream.h"

namespace parley {

class DigestTable {
 public:
    /// `secrets` makes the salt. Memory is taken when the first digests come, and never more than
    /// `bytes_max`; with 0 nothing is kept.
    DigestTable(Random& secrets, size_t bytes_max);

    /// Salted already; finished with once().
    HashStream stream() const { return HashStream{salted_}; }
    /// Nothing was inserted yet: then no digests need be made to look for.
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
