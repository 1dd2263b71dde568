// SignatureTable: the daemon's SignatureCache, shared by the threads of the script pool, by mempool
// and blocks. A fixed number of salted digests in sets of a few places; a new one takes a free
// place of its set, or an old one's. Thread-safe: locked in parts.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "chain/signature_cache.h"

namespace parley {

class SignatureTable final : public SignatureCache {
 public:
    /// bitcoind's default.
    static constexpr size_t kBytesDefault = 16u << 20;

    /// `secrets` makes the salt, without which nobody can aim at a place. Memory is taken when the
    /// first signatures come, and never more than `bytes_max`.
    SignatureTable(Random& secrets, size_t bytes_max);

    bool contains(const SignatureRecord& record) override;
    void insert(const SignatureRecord& record) override;

 private:
    static constexpr size_t kParts = 64;
    static constexpr size_t kPlaces = 4;
    using Set = std::array<Hash256, kPlaces>;  // zero: free
    struct Part {
        std::mutex mutex;
        std::vector<Set> sets;  // guarded by mutex
    };

    Hash256 digest(const SignatureRecord& record) const;
    Part& part_of(const Hash256& digest) { return parts_[digest.bytes()[0] % kParts]; }
    static Set& set_of(Part& part, const Hash256& digest);

    Sha256 salted_;  // constant
    const size_t sets_of_part_;
    // Nothing was inserted yet, as in the whole first download: then no digests are made.
    std::atomic<bool> empty_{true};
    std::array<Part, kParts> parts_;
};

}  // namespace parley
