// CoinsCache: the coins of the active tip, as a write-back cache over the coins store. An entry is
// dirty if it differs from the store, and fresh if the store has no such coin, so that a coin spent
// before it was written never reaches the store. A failed read, or a malformed record, is returned
// as a StorageError. Owned by Chainstate; core thread only.
#pragma once

#include <boost/unordered_map.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/storage/storage.h"
#include "chain/rules/coins_overlay.h"

namespace parley {

/// The keys under which a UTXO set is in the `coins` store. There are two sets, so that a snapshot
/// can be loaded and used while the other set is still brought up to its block.
struct CoinsKeys {
    uint8_t coin;  ///< prefix of a coin
    uint8_t walk;  ///< the blocks that the stored coins reflect (coins_writer.h)
};
inline constexpr CoinsKeys kCoinsKeys[] = {{'C', 'B'}, {'c', 'b'}};

class CoinsCache final : public CoinsView {
 public:
    /// Shards by the first byte of the txid, matching the key order of the store. They are written
    /// out separately, and rehashing one shard never stalls the node or doubles its memory.
    static constexpr size_t kShards = 256;

    CoinsCache(const Storage& storage, const OutPointHash& hash,
               const CoinsKeys& keys = kCoinsKeys[0]);

    /// Reads coins that are not cached, in one request to the store.
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// Applies the changes of an overlay on this cache.
    void apply(CoinsOverlay&& overlay);

    /// Overwrites whatever the cache or the store has: for replaying blocks over a store that may
    /// already have their changes.
    void put(const OutPoint& outpoint, Coin coin);
    void erase(const OutPoint& outpoint);

    /// Passes the dirty coins of a shard to `write` in outpoint order (null: spent), and marks them
    /// clean. `drop` frees the shard's memory; otherwise its entries stay.
    using WriteCoin = std::function<void(const OutPoint&, const Coin*)>;
    void flush_shard(size_t shard, bool drop, const WriteCoin& write);

    /// Bytes of memory: entries, their scripts and the tables, including the allocator's overhead.
    size_t usage_bytes() const;
    size_t size() const { return entries_; }
    bool has_changes() const { return dirty_ != 0; }

    const OutPointHash& hash() const { return hash_; }
    const CoinsKeys& keys() const { return keys_; }

 private:
    struct Entry {
        Coin coin;
        bool spent = false;
        bool dirty = false;
        bool fresh = false;
    };
    // Node-based: memory grows with the coins, not in steps with the table.
    using Shard = boost::unordered_map<OutPoint, Entry, OutPointHash>;

    Shard& shard_of(const OutPoint& outpoint) const { return shards_[outpoint.txid.bytes()[0]]; }
    // Prefetches existing entries into the processor's cache.
    void touch(std::span<const OutPoint* const> outpoints) const;
    Entry& insert(const OutPoint& outpoint, Entry entry) const;
    // Adds a coin read from the store.
    Expected<const Coin*, StorageError> insert_stored(const OutPoint& outpoint,
                                                      ByteSpan stored) const;
    // Reads `outpoints` at `positions`, none of which is cached.
    Expected<void, StorageError> read(std::span<const OutPoint> outpoints,
                                      std::vector<size_t> positions, const Visitor& visit) const;
    void apply(const OutPoint& outpoint, Coin coin, bool in_base);
    void apply_spend(const OutPoint& outpoint);
    void remove(Shard& shard, Shard::iterator entry) const;
    void set_coin(Entry& entry, Coin coin) const;
    void mark_dirty(Entry& entry);

    const Storage& storage_;
    const OutPointHash hash_;
    const CoinsKeys keys_;
    mutable std::vector<Shard> shards_;
    mutable size_t entries_ = 0;
    mutable size_t script_bytes_ = 0;
    size_t dirty_ = 0;
};

/// Key of a coin in the store: prefix, txid, index (big-endian).
Bytes coin_key(const OutPoint& outpoint, const CoinsKeys& keys = kCoinsKeys[0]);
/// The inverse. REQUIRES: a key of that form, of either set.
OutPoint outpoint_of_key(ByteSpan key);

}  // namespace parley
