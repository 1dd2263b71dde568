#include "chain/state/coins_cache.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "base/crypto/hash.h"
#include "chain/store/coin_codec.h"

namespace parley {
namespace {

// Heap memory of an allocation with glibc's malloc: one extra word, rounded up to a multiple of 16,
// at least 32.
constexpr size_t allocation_bytes(size_t size) {
    return std::max<size_t>(32, (size + sizeof(size_t) + 15) / 16 * 16);
}

constexpr size_t kCacheLine = 64;
// Prefetch depth: entries requested from memory ahead of their use.
constexpr size_t kTouchTogether = 16;

size_t script_usage(const Coin& coin) {
    const size_t bytes = coin.output.script_pubkey.heap_bytes();
    return bytes == 0 ? 0 : allocation_bytes(bytes);
}

}  // namespace

Bytes coin_key(const OutPoint& outpoint, const CoinsKeys& keys) {
    Writer writer(1 + Hash256::kSize + sizeof outpoint.index);
    writer.u8(keys.coin).hash(outpoint.txid).be(outpoint.index);
    return writer.take();
}

OutPoint outpoint_of_key(ByteSpan key) {
    Reader reader(key);
    OutPoint outpoint;
    const uint8_t prefix = reader.u8();
    CHECK(prefix == kCoinsKeys[0].coin || prefix == kCoinsKeys[1].coin);
    outpoint.txid = Txid{reader.hash()};
    outpoint.index = reader.be<uint32_t>();
    CHECK(reader.done());
    return outpoint;
}

CoinsCache::CoinsCache(const Storage& storage, const OutPointHash& hash, const CoinsKeys& keys)
    : storage_(storage), hash_(hash), keys_(keys), shards_(kShards, Shard(0, hash)) {}

CoinsCache::Entry& CoinsCache::insert(const OutPoint& outpoint, Entry entry) const {
    script_bytes_ += script_usage(entry.coin);
    ++entries_;
    return shard_of(outpoint).emplace(outpoint, std::move(entry)).first->second;
}

void CoinsCache::remove(Shard& shard, Shard::iterator entry) const {
    script_bytes_ -= script_usage(entry->second.coin);
    --entries_;
    shard.erase(entry);
}

void CoinsCache::set_coin(Entry& entry, Coin coin) const {
    script_bytes_ -= script_usage(entry.coin);
    entry.coin = std::move(coin);
    script_bytes_ += script_usage(entry.coin);
}

void CoinsCache::mark_dirty(Entry& entry) {
    if (!entry.dirty) ++dirty_;
    entry.dirty = true;
}

Expected<const Coin*, StorageError> CoinsCache::insert_stored(const OutPoint& outpoint,
                                                              ByteSpan stored) const {
    Reader reader(stored);
    Entry entry;
    entry.coin = read_coin(reader);
    if (!reader.done()) {
        return Unexpected(StorageError{StorageError::Code::corruption,
                                       "chainstate: the record of an unspent output is malformed"});
    }
    return &insert(outpoint, std::move(entry)).coin;
}

void CoinsCache::touch(std::span<const OutPoint* const> outpoints) const {
    // First all buckets, then their contents: a branch that depends on a bucket still being loaded
    // would be predicted, and each misprediction stops the prefetching.
    std::array<Shard::const_local_iterator, kTouchTogether> entries;
    for (size_t i = 0; i < outpoints.size(); ++i) {
        const Shard& shard = shard_of(*outpoints[i]);
        // lint: order-free because only one bucket is read
        if (!shard.empty()) entries[i] = shard.cbegin(shard.bucket(*outpoints[i]));
    }
    for (size_t i = 0; i < outpoints.size(); ++i) {
        if (entries[i] == Shard::const_local_iterator{}) continue;
        const auto* bytes = reinterpret_cast<const uint8_t*>(&*entries[i]);
        for (size_t line = 0; line < sizeof(Shard::value_type); line += kCacheLine)
            __builtin_prefetch(bytes + line);
    }
}

Expected<void, StorageError> CoinsCache::fetch(std::span<const OutPoint> outpoints,
                                               const Visitor& visit) const {
    std::vector<size_t> unread;
    for (size_t first = 0; first < outpoints.size(); first += kTouchTogether) {
        const auto now =
            outpoints.subspan(first, std::min(outpoints.size() - first, kTouchTogether));
        std::array<const OutPoint*, kTouchTogether> touched;
        std::transform(now.begin(), now.end(), touched.begin(),
                       [](const OutPoint& outpoint) { return &outpoint; });
        touch(std::span(touched).first(now.size()));
        for (size_t i = 0; i < now.size(); ++i) {
            const Shard& shard = shard_of(now[i]);
            const auto found = shard.find(now[i]);
            if (found == shard.end()) {
                unread.push_back(first + i);
            } else if (!found->second.spent) {
                visit(first + i, found->second.coin);
            }
        }
    }
    if (unread.empty()) return {};
    return read(outpoints, std::move(unread), visit);
}

Expected<void, StorageError> CoinsCache::read(std::span<const OutPoint> outpoints,
                                              std::vector<size_t> positions,
                                              const Visitor& visit) const {
    std::sort(positions.begin(), positions.end(),
              [&](size_t a, size_t b) { return outpoints[a] < outpoints[b]; });
    const auto repeated = [&](size_t i) {
        return i > 0 && outpoints[positions[i]] == outpoints[positions[i - 1]];
    };
    std::vector<Bytes> keys;
    keys.reserve(positions.size());
    for (size_t i = 0; i < positions.size(); ++i) {
        if (!repeated(i)) keys.push_back(coin_key(outpoints[positions[i]], keys_));
    }
    const auto stored = storage_.get_many(keys);
    if (!stored) return Unexpected(stored.error());
    const Coin* coin = nullptr;
    auto record = stored->begin();
    for (size_t i = 0; i < positions.size(); ++i) {
        if (!repeated(i)) {
            coin = nullptr;
            if (const std::optional<Bytes>& bytes = *record++) {
                const auto inserted = insert_stored(outpoints[positions[i]], *bytes);
                if (!inserted) return Unexpected(inserted.error());
                coin = *inserted;
            }
        }
        if (coin != nullptr) visit(positions[i], *coin);
    }
    return {};
}

void CoinsCache::apply(CoinsOverlay&& overlay) {
    auto entries = std::move(overlay).take_entries(*this);
    // lint: order-free because each outpoint is changed independently
    auto next = entries.begin();
    const auto end = entries.end();
    while (next != end) {
        std::array<decltype(&*next), kTouchTogether> now;
        std::array<const OutPoint*, kTouchTogether> touched;
        size_t count = 0;
        for (; count < kTouchTogether && next != end; ++count, ++next) {
            now[count] = &*next;
            touched[count] = &next->first;
        }
        touch(std::span(touched).first(count));
        for (auto* entry : std::span(now).first(count)) {
            auto& [outpoint, change] = *entry;
            if (!change.changed) continue;
            if (change.coin) {
                apply(outpoint, std::move(*change.coin), change.in_base);
            } else if (change.in_base) {
                apply_spend(outpoint);
            }
        }
    }
}

void CoinsCache::apply(const OutPoint& outpoint, Coin coin, bool in_base) {
    const auto [found, added] = shard_of(outpoint).try_emplace(outpoint);
    Entry& entry = found->second;
    if (added) {
        ++entries_;
        // BIP30 and its exceptions: a coin of the same outpoint may be in the store, unread.
        entry.fresh = !in_base;
    }
    set_coin(entry, std::move(coin));
    entry.spent = false;
    mark_dirty(entry);
}

void CoinsCache::apply_spend(const OutPoint& outpoint) {
    Shard& shard = shard_of(outpoint);
    const auto found = shard.find(outpoint);
    if (found != shard.end() && found->second.fresh) {
        if (found->second.dirty) --dirty_;
        remove(shard, found);
    } else {
        // Evicted from the cache in the meantime; only the store has it.
        erase(outpoint);
    }
}

void CoinsCache::put(const OutPoint& outpoint, Coin coin) {
    // The store may have it.
    apply(outpoint, std::move(coin), true);
}

void CoinsCache::erase(const OutPoint& outpoint) {
    Shard& shard = shard_of(outpoint);
    const auto found = shard.find(outpoint);
    Entry& entry = found == shard.end() ? insert(outpoint, Entry{}) : found->second;
    set_coin(entry, Coin{});
    entry.spent = true;
    mark_dirty(entry);
}

void CoinsCache::flush_shard(size_t number, bool drop, const WriteCoin& write) {
    Shard& shard = shards_[number];
    std::vector<Shard::value_type*> changed;
    // lint: order-free because the outpoints are sorted below
    for (auto& entry : shard) {
        if (entry.second.dirty) changed.push_back(&entry);
    }
    std::sort(changed.begin(), changed.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    for (auto* entry : changed) {
        write(entry->first, entry->second.spent ? nullptr : &entry->second.coin);
        entry->second.dirty = false;
        entry->second.fresh = false;
    }
    dirty_ -= changed.size();
    // lint: order-free because each entry is checked independently
    for (auto entry = shard.begin(); entry != shard.end();) {
        const auto current = entry++;
        if (drop || current->second.spent) remove(shard, current);
    }
    if (drop) shard = Shard(0, hash_);
}

size_t CoinsCache::usage_bytes() const {
    // Boost's node: the element and the next one.
    constexpr size_t kNodeBytes = allocation_bytes(sizeof(void*) + sizeof(Shard::value_type));
    // Per group of 64 buckets: pointer to the first, bitmap of used buckets, and links to the
    // neighbouring groups.
    constexpr size_t kGroupBytes = 4 * sizeof(void*);
    size_t bytes = entries_ * kNodeBytes + script_bytes_;
    for (const Shard& shard : shards_) {
        const size_t buckets = shard.bucket_count();
        if (buckets == 0) continue;
        bytes += allocation_bytes((buckets + 1) * sizeof(void*));
        bytes += allocation_bytes((buckets / 64 + 1) * kGroupBytes);
    }
    return bytes + shards_.size() * sizeof(Shard);
}

}  // namespace parley
