#include "node/daemon/workers/digest_cache.h"

#include <algorithm>

namespace parley {

DigestCache::DigestCache(Random& secrets, size_t bytes_max)
    : sets_of_part_(bytes_max / kParts / sizeof(Set)) {
    std::array<uint8_t, 64> salt;  // one block of SHA-256
    secrets.fill(salt);
    salted_.write(salt);
}

// REQUIRES: the part is locked and allocated.
DigestCache::Set& DigestCache::set_of(Part& part, const Hash256& digest) {
    uint64_t number = 0;
    for (size_t i = 8; i < 16; ++i) number = number << 8 | digest.bytes()[i];
    return part.sets[number % part.sets.size()];
}

bool DigestCache::contains(const Hash256& digest) {
    Part& part = part_of(digest);
    const std::lock_guard lock(part.mutex);
    if (part.sets.empty()) return false;
    const Set& set = set_of(part, digest);
    return std::find(set.begin(), set.end(), digest) != set.end();
}

void DigestCache::insert(const Hash256& digest) {
    if (sets_of_part_ == 0) return;
    Part& part = part_of(digest);
    const std::lock_guard lock(part.mutex);
    empty_.store(false, std::memory_order_relaxed);
    if (part.sets.empty()) part.sets.resize(sets_of_part_);
    Set& set = set_of(part, digest);
    if (std::find(set.begin(), set.end(), digest) != set.end()) return;
    const auto free = std::find(set.begin(), set.end(), Hash256{});
    // The digest is random, so the evicted entry is random too.
    (free != set.end() ? *free : set[digest.bytes()[16] % kPlaces]) = digest;
}

}  // namespace parley
