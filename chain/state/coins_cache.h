// CoinsOverlay: changes to the set of coins on top of another view, which stays as it is; a block
// is connected or disconnected on one, and then applied or dropped. CoinsCache: the coins of the
// active tip, as a write-back cache over the coins store. An entry is dirty when it differs from
// the store, and fresh when the store has no such coin, so that a coin that is spent before it was
// ever written leaves no trace. Owned by Chainstate; core thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/storage/storage.h"
#include "chain/primitives/coins.h"

namespace parley {

/// Keyed, because strangers choose txids.
class OutPointHash {
 public:
    using is_avalanching = void;  // SipHash mixes enough for boost's table

    OutPointHash(uint64_t key0, uint64_t key1) : key0_(key0), key1_(key1) {}
    size_t operator()(const OutPoint& outpoint) const noexcept;

 private:
    uint64_t key0_;
    uint64_t key1_;
};

class CoinsOverlay final : public CoinsView {
 public:
    /// `base` must outlive the overlay, and not change below it.
    CoinsOverlay(const CoinsView& base, const OutPointHash& hash) : base_(&base), coins_(0, hash) {}

    std::optional<Coin> coin(const OutPoint& outpoint) const override;
    /// Asks the view below for those that the overlay does not know.
    void fetch(std::span<const OutPoint> outpoints) const override;

    /// Empty: there is no such coin.
    std::optional<Coin> spend(const OutPoint& outpoint);
    /// Unspendable outputs must not come here. Replaces a coin of the same outpoint, if any.
    void add(const OutPoint& outpoint, Coin coin);

    /// Room for so many changes.
    void reserve(size_t changes) { coins_.reserve(changes); }

    /// From now on on top of this view, which has the same coins as the one before.
    void rebase(const CoinsView& base) { base_ = &base; }

    /// Changes that it holds.
    size_t size() const { return coins_.size(); }

 private:
    friend class CoinsCache;
    struct Entry {
        std::optional<Coin> coin;  // empty: spent
        bool in_base = false;      // the view below has it
    };
    const CoinsView* base_;
    boost::unordered_flat_map<OutPoint, Entry, OutPointHash> coins_;
};

class CoinsCache final : public CoinsView {
 public:
    /// The cache is cut into shards by the first byte of the txid, which is how the store orders
    /// its keys: a flush writes some of them at a time, and no table is so large that its growth
    /// would stop the node or double its memory.
    static constexpr size_t kShards = 256;

    CoinsCache(const Storage& storage, const OutPointHash& hash);

    /// Reads through. When the store fails, the answer is "no such coin" and failure() is set.
    std::optional<Coin> coin(const OutPoint& outpoint) const override;
    /// Reads those that are not in the cache in one go, and has the others in the processor's.
    void fetch(std::span<const OutPoint> outpoints) const override;

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
    const std::optional<StorageError>& failure() const { return failure_; }

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
    // A coin as it is stored; null, and failure() set, when that is malformed.
    Entry* insert_stored(const OutPoint& outpoint, ByteSpan stored) const;
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
    mutable std::optional<StorageError> failure_;
};

/// Key of a coin: 'C', txid, index (most significant byte first).
Bytes coin_key(const OutPoint& outpoint);
/// The inverse. REQUIRES: a key of that form.
OutPoint outpoint_of_key(ByteSpan key);
inline constexpr uint8_t kCoinKeyPrefix = 'C';
/// Which blocks the stored coins stand for: see coins_flush.h.
inline constexpr uint8_t kCoinsBestBlockKey = 'B';

}  // namespace parley
