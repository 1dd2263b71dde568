// Coins: the UTXO set after the tip: a cache over the `coins` store, written out in slices so that
// writing never blocks the node for long. It validates nothing: blocks are connected and
// disconnected on an overlay, whose changes are applied here once they are valid.
//
// No coin is written before the blocks that it depends on are synced, so after any crash
// CoinsRepair can bring the store to the recorded tip. Owned by Chainstate; core thread only.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/storage/storage.h"
#include "chain/state/coins_cache.h"
#include "chain/state/coins_writer.h"
#include "chain/state/stored_blocks.h"

namespace parley {

/// All coins at one moment, in outpoint order. See StorageSnapshot for threads and lifetime.
class CoinsSnapshot {
 public:
    /// Returns false to stop.
    using Visitor = std::function<bool(const OutPoint&, const Coin&)>;

    explicit CoinsSnapshot(std::unique_ptr<const StorageSnapshot> keys) : keys_(std::move(keys)) {}

    Expected<void, StorageError> for_each(const Visitor& visitor) const;

 private:
    std::unique_ptr<const StorageSnapshot> keys_;
};

class Coins {
 public:
    struct Options {
        size_t cache_bytes = 0;             ///< coins are written out when it is exceeded
        int32_t write_interval_blocks = 0;  ///< every coin is written once within this many blocks
        /// Hash of the table, with secret keys, because an attacker can choose txids.
        OutPointHash hash;
        CoinsKeys keys = kCoinsKeys[0];  ///< where the set is in the store
    };

    /// Both stores must outlive it.
    Coins(Storage& storage, StoredBlocks& blocks, const Options& options);

    /// Valid until the next change. The caller reports failed reads.
    const CoinsView& view() const { return cache_; }
    /// For connecting or disconnecting a block; afterwards apply() it, or drop it.
    CoinsOverlay overlay() const { return {cache_, cache_.hash()}; }
    const OutPointHash& hash() const { return cache_.hash(); }
    const CoinsKeys& keys() const { return cache_.keys(); }

    /// Initialises a new store with the spendable coins of the genesis block, if any.
    void initialize(const ChainParams& params, const HeaderNode& genesis, const StoreMeta& meta);
    /// The store has exactly the coins after `base`, loaded from a snapshot.
    void adopt(const HeaderNode& base);
    /// Applies the changes of one block. REQUIRES: an overlay() of the current coins.
    void apply(CoinsOverlay&& overlay);
    /// Writes slices if any are due, after syncing the blocks. REQUIRES: these are the coins after
    /// `tip`.
    void write_due(const HeaderNode& tip);
    /// Writes everything, after syncing the blocks. `durability` applies to the last batch.
    void write_all(const HeaderNode& tip, Durability durability);
    /// All stored coins in outpoint order. The visitor returns false to stop. REQUIRES: no change
    /// since write_all().
    Expected<void, StorageError> for_each(const CoinsSnapshot::Visitor& visitor) const;
    /// The stored coins. REQUIRES: no change since write_all().
    Expected<CoinsSnapshot, StorageError> snapshot() const;

    /// Estimated bytes of the store.
    uint64_t size_on_disk() const { return storage_.keys_size_on_disk(); }

    // --- For CoinsRepair: blocks whose changes may be partly stored (coins_writer.h).

    /// `walk`: the blocks that the stored coins reflect.
    void begin_replay(const std::vector<const HeaderNode*>& walk) { writer_.restore(walk); }
    void replay_connect(const Block& block, Height height);
    /// False: the undo data does not belong to this block.
    [[nodiscard]] bool replay_disconnect(const Block& block, const BlockUndo& undo);
    void end_replay() { writer_.replayed(); }
    /// Whether slices are due.
    bool due() const { return writer_.due(); }
    /// REQUIRES: these are the coins after `tip`, and the blocks up to it are synced.
    void write_slices(const HeaderNode& tip);

 private:
    Storage& storage_;
    StoredBlocks& blocks_;
    CoinsCache cache_;
    CoinsWriter writer_;
};

}  // namespace parley
