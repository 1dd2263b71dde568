#include "net/filters/bloom_filter.h"

#include <bit>
#include <utility>

#include "base/check.h"
#include "base/serialize.h"
#include "chain/primitives/script_ops.h"
#include "chain/script/script_type.h"

namespace parley {

namespace {

/// BIP37: between the seeds of two hash functions.
constexpr uint32_t kSeedStep = 0xfba4c795;

constexpr uint32_t scrambled(uint32_t block) {
    return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

Bytes serialize_outpoint(const Txid& txid, uint32_t index) {
    Writer writer(Hash256::kSize + sizeof(index));
    writer.hash(txid).le(index);
    return writer.take();
}

}  // namespace

uint32_t murmur_hash3(uint32_t seed, ByteSpan data) {
    uint32_t hash = seed;
    const auto size = static_cast<uint32_t>(data.size());
    for (; data.size() >= 4; data = data.subspan(4)) {
        const uint32_t block = uint32_t{data[0]} | uint32_t{data[1]} << 8 |
                               uint32_t{data[2]} << 16 | uint32_t{data[3]} << 24;
        hash = std::rotl(hash ^ scrambled(block), 13) * 5 + 0xe6546b64u;
    }
    uint32_t tail = 0;
    for (size_t i = data.size(); i-- > 0;) tail = tail << 8 | data[i];
    hash ^= scrambled(tail);  // that of zero is zero
    hash ^= size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

BloomFilter::BloomFilter(Bytes bits, uint32_t functions, uint32_t tweak, uint8_t flags)
    : bits_(std::move(bits)),
      functions_(functions),
      tweak_(tweak),
      update_(static_cast<Update>(flags & 3)) {
    CHECK(bits_.size() <= kSizeMax && functions_ <= kFunctionsMax);
}

size_t BloomFilter::bit(uint32_t function, ByteSpan element) const {
    return murmur_hash3(function * kSeedStep + tweak_, element) % (bits_.size() * 8);
}

void BloomFilter::insert(ByteSpan element) {
    if (bits_.empty()) return;  // there is no bit to set (CVE-2013-5700)
    for (uint32_t function = 0; function < functions_; ++function) {
        const size_t at = bit(function, element);
        bits_[at / 8] = static_cast<uint8_t>(bits_[at / 8] | 1u << at % 8);
    }
}

bool BloomFilter::contains(ByteSpan element) const {
    if (bits_.empty()) return true;
    for (uint32_t function = 0; function < functions_; ++function) {
        const size_t at = bit(function, element);
        if ((bits_[at / 8] >> at % 8 & 1) == 0) return false;
    }
    return true;
}

bool BloomFilter::contains_data(const Script& script) const {
    ScriptOps ops(script.bytes());
    while (const auto op = ops.next()) {
        if (!op->data.empty() && contains(op->data)) return true;
    }
    return false;
}

bool BloomFilter::updates(const Script& script) const {
    if (update_ == Update::all) return true;
    if (update_ != Update::public_keys) return false;
    const ScriptType type = classify_script(script);
    return type == ScriptType::public_key || type == ScriptType::multisig;
}

bool BloomFilter::matches(const Transaction& transaction) {
    if (bits_.empty()) return true;
    bool found = contains(transaction.txid().span());
    // All outputs are looked at, because each may have to be added.
    for (uint32_t index = 0; index < transaction.outputs().size(); ++index) {
        const Script& script = transaction.outputs()[index].script_pubkey;
        if (!contains_data(script)) continue;
        found = true;
        if (updates(script)) insert(serialize_outpoint(transaction.txid(), index));
    }
    if (found) return true;
    for (const TxInput& input : transaction.inputs()) {
        if (contains(serialize_outpoint(input.prevout.txid, input.prevout.index)) ||
            contains_data(input.script_sig))
            return true;
    }
    return false;
}

}  // namespace parley
