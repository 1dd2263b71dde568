// CoinsCache: the coins of the active tip, as a write-back cache over the coins store. An entry is
// dirty when it differs from the store, and fresh when the store has no such coin, so that a coin
// that is spent before it was ever written leaves no trace. A read that fails, or a record that is
// malformed, is a StorageError of the look-up. Owned by Chainstate; core thread only.
#pragma once

#include <boost/unordered_map.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/coins_overlay.h"

namespace parley {

class CoinsCache final : public CoinsView {
 public:
    /// The cache is cut into shards by the first byte of the txid, which is how the store orders
    /// its keys: a flush writes some of them at a time, and no table is so large that its growth
    /// would stop the node or double its memory.
    static constexpr size_t kShards = 256;

    CoinsCache(const Storage& storage, const OutPointHash& hash);

    /// Reads those that are not in the cache with one request of the store.
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// Takes the changes of an overlay whose base is this cache.
    void apply(CoinsOverlay&& overlay);

    /// Whatever was there before, in the cache or in the store: for the replay of blocks over a
    /// store that may or may not have their changes.
    void put(const OutPoint& outpoint, Coin coin);
    void erase(const OutPoint& outpoint);

    /// Hands the changed coins of a shard to `write` in the order of their outpoints (null: spent),
    /// after which they count as written. `drop` gives the shard's memory back, otherwise its
    /// entries stay as clean ones.
    using WriteCoin = std::function<void(const OutPoint&, const Coin*)>;
    void flush_shard(size_t shard, bool drop, const WriteCoin& write);

    /// Bytes of memory: entries, their scripts and the tables, with what the allocator adds.
    size_t usage_bytes() const;
    size_t size() const { return entries_; }
    bool has_changes() const { return dirty_ != 0; }

    const OutPointHash& hash() const { return hash_; }

 private:
    struct Entry {
        Coin coin;
        bool spent = false;
        bool dirty = false;
        bool fresh = false;
    };
    // Nodes of their own: memory grows with the coins, not in leaps with the table.
    using Shard = boost::unordered_map<OutPoint, Entry, OutPointHash>;

    Shard& shard_of(const OutPoint& outpoint) const { return shards_[outpoint.txid.bytes()[0]]; }
    // Begins to load the entries, where there are some, into the processor's cache.
    void touch(std::span<const OutPoint* const> outpoints) const;
    Entry& insert(const OutPoint& outpoint, Entry entry) const;
    // A coin as it is stored.
    Expected<const Coin*, StorageError> insert_stored(const OutPoint& outpoint,
                                                      ByteSpan stored) const;
    // Those at `positions` of `outpoints`, none of which is in the cache.
    Expected<void, StorageError> read(std::span<const OutPoint> outpoints,
                                      std::vector<size_t> positions, const Visitor& visit) const;
    void apply(const OutPoint& outpoint, Coin coin, bool in_base);
    void apply_spend(const OutPoint& outpoint);
    void remove(Shard& shard, Shard::iterator entry) const;
    void set_coin(Entry& entry, Coin coin) const;
    void mark_dirty(Entry& entry);

    const Storage& storage_;
    const OutPointHash hash_;
    mutable std::vector<Shard> shards_;
    mutable size_t entries_ = 0;
    mutable size_t script_bytes_ = 0;
    size_t dirty_ = 0;
};

/// Key of a coin: 'C', txid, index (most significant byte first).
Bytes coin_key(const OutPoint& outpoint);
/// The inverse. REQUIRES: a key of that form.
OutPoint outpoint_of_key(ByteSpan key);
inline constexpr uint8_t kCoinKeyPrefix = 'C';
/// Which blocks the stored coins stand for: see coins_flush.h.
inline constexpr uint8_t kCoinsBestBlockKey = 'B';

}  // namespace parley
