// RecentSet: remembers approximately the last `capacity` inserted hashes (at least that many, at
// most twice as many), in two generations. Stores 64-bit keyed digests: without the key, nobody can
// construct collisions, so eight bytes per hash suffice. Not thread-safe.
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

    /// False: it was already in the set.
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
