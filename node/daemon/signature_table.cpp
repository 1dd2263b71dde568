#include "node/daemon/signature_table.h"

#include <algorithm>

#include "chain/hash_stream.h"

namespace parley {

SignatureTable::SignatureTable(Random& secrets, size_t bytes_max)
    : sets_of_part_(std::max<size_t>(1, bytes_max / kParts / sizeof(Set))) {
    std::array<uint8_t, 64> salt;  // a whole block of SHA-256
    secrets.fill(salt);
    salted_.write(salt);
}

// Message and kind have fixed sizes, and the key's is told: no two records give the same bytes.
Hash256 SignatureTable::digest(const SignatureRecord& record) const {
    HashStream stream{salted_};
    stream.le(static_cast<uint8_t>(record.kind)).hash(record.message);
    return stream.var_bytes(record.public_key).bytes(record.signature).once();
}

// REQUIRES: the part is locked, and has its sets.
SignatureTable::Set& SignatureTable::set_of(Part& part, const Hash256& digest) {
    uint64_t number = 0;
    for (size_t i = 8; i < 16; ++i) number = number << 8 | digest.bytes()[i];
    return part.sets[number % part.sets.size()];
}

bool SignatureTable::contains(const SignatureRecord& record) {
    if (empty_.load(std::memory_order_relaxed)) return false;
    const Hash256 wanted = digest(record);
    Part& part = part_of(wanted);
    const std::lock_guard lock(part.mutex);
    if (part.sets.empty()) return false;
    const Set& set = set_of(part, wanted);
    return std::find(set.begin(), set.end(), wanted) != set.end();
}

void SignatureTable::insert(const SignatureRecord& record) {
    const Hash256 added = digest(record);
    Part& part = part_of(added);
    const std::lock_guard lock(part.mutex);
    empty_.store(false, std::memory_order_relaxed);
    if (part.sets.empty()) part.sets.resize(sets_of_part_);
    Set& set = set_of(part, added);
    if (std::find(set.begin(), set.end(), added) != set.end()) return;
    const auto free = std::find(set.begin(), set.end(), Hash256{});
    // The digest is random: so is whose place it takes.
    (free != set.end() ? *free : set[added.bytes()[16] % kPlaces]) = added;
}

}  // namespace parley
