// CoinsOverlay: changes to the set of coins on top of another view, which stays as it is; a block
// is connected or disconnected on one, and then applied or dropped. CoinsCache: the coins of the
// active tip, as a write-back cache over the coins store. An entry is dirty when it differs from
// the store, and fresh when the store has no such coin, so that a coin that is spent before it was
// ever written leaves no trace. Owned by Chainstate; core thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>

#include "base/storage.h"
#include "chain/coins.h"

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
    CoinsOverlay(const CoinsView& base, const OutPointHash& hash) : base_(base), coins_(0, hash) {}

    std::optional<Coin> coin(const OutPoint& outpoint) const override;

    /// Empty: there is no such coin.
    std::optional<Coin> spend(const OutPoint& outpoint);
    /// Unspendable outputs must not come here. Replaces a coin of the same outpoint, if any.
    void add(const OutPoint& outpoint, Coin coin);

 private:
    friend class CoinsCache;
    struct Entry {
        std::optional<Coin> coin;  // empty: spent
        bool in_base = false;      // the view below has it
    };
    const CoinsView& base_;
    boost::unordered_flat_map<OutPoint, Entry, OutPointHash> coins_;
};

class CoinsCache final : public CoinsView {
 public:
    CoinsCache(Storage& storage, const OutPointHash& hash)
        : storage_(storage), hash_(hash), coins_(0, hash) {}

    /// Reads through. When the store fails, the answer is "no such coin" and failure() is set.
    std::optional<Coin> coin(const OutPoint& outpoint) const override;

    /// Takes the changes of an overlay whose base is this cache.
    void apply(CoinsOverlay&& overlay);

    /// Writes what differs from the store and the hash of the block that the coins stand for, in
    /// one atomic batch. `drop` gives the memory back, otherwise the entries stay as clean ones.
    void flush(const BlockHash& best_block, Durability durability, bool drop);

    /// Bytes of memory, estimated from above.
    size_t usage_bytes() const;
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
    using Map = boost::unordered_flat_map<OutPoint, Entry, OutPointHash>;

    void mark_dirty(Entry& entry);
    void forget_clean();

    Storage& storage_;
    const OutPointHash hash_;
    mutable Map coins_;
    mutable size_t script_bytes_ = 0;
    size_t dirty_ = 0;
    mutable std::optional<StorageError> failure_;
};

/// Key of a coin: 'C', txid, index (most significant byte first).
Bytes coin_key(const OutPoint& outpoint);
/// The inverse. REQUIRES: a key of that form.
OutPoint outpoint_of_key(ByteSpan key);
inline constexpr uint8_t kCoinKeyPrefix = 'C';
inline constexpr uint8_t kCoinsBestBlockKey = 'B';

}  // namespace parley
