// RecentSet: remembers roughly the last `capacity` hashes that were inserted (never fewer, never
// more than twice as many), in two generations. Members are 64-bit keyed digests: nobody without
// the key can make two hashes collide, and eight bytes do for each. Not thread-safe.
#pragma once

#include <cstdint>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/crypto/hash.h"
#include "base/hash256.h"
#include "base/random.h"

namespace parley {

class RecentSet {
 public:
    RecentSet(size_t capacity, Random& random)
        : capacity_(capacity), key0_(random.next()), key1_(random.next()) {}

    /// False: it was there already.
    bool insert(const Hash256& hash) {
        const uint64_t digest = siphash24(key0_, key1_, hash.span());
        if (young_.contains(digest)) return false;
        const bool fresh = !old_.contains(digest);
        if (young_.size() >= capacity_) old_ = std::exchange(young_, {});
        young_.insert(digest);
        return fresh;
    }

    bool contains(const Hash256& hash) const {
        const uint64_t digest = siphash24(key0_, key1_, hash.span());
        return young_.contains(digest) || old_.contains(digest);
    }

    void clear() {
        young_ = {};
        old_ = {};
    }

    size_t size() const { return young_.size() + old_.size(); }

 private:
    size_t capacity_;
    uint64_t key0_;
    uint64_t key1_;
    boost::unordered_flat_set<uint64_t> young_;
    boost::unordered_flat_set<uint64_t> old_;
};

}  // namespace parley
