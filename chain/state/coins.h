// Coins: the coins that are unspent after the tip: a cache over the `coins` store, written out in
// slices so that the node never stands still for the whole of it. It is not a judge: blocks are
// connected and disconnected on an overlay, whose changes come here when they hold.
//
// No coin is written before the blocks that it stands for are on the disk. A crash at any time
// leaves a store that CoinsRepair brings to the recorded tip. Owned by Chainstate; core thread
// only.
#pragma once

#include <functional>
#include <vector>

#include "base/storage/storage.h"
#include "chain/state/coins_cache.h"
#include "chain/state/coins_flush.h"
#include "chain/state/stored_blocks.h"

namespace parley {

class Coins {
 public:
    struct Options {
        size_t cache_bytes = 0;    ///< where the cache would take more, coins are written out
        int32_t flush_blocks = 0;  ///< within so many blocks every coin is written out once
        /// Keys of the hash table, from a secret source: strangers choose txids.
        OutPointHash hash;
    };

    /// Both stores outlive it.
    Coins(Storage& storage, StoredBlocks& blocks, const Options& options);

    /// Valid until the next change. A look-up that fails is the caller's to report.
    const CoinsView& view() const { return cache_; }
    /// To connect or disconnect a block on; apply() takes it, or it is dropped.
    CoinsOverlay overlay() const { return {cache_, cache_.hash()}; }
    const OutPointHash& hash() const { return cache_.hash(); }

    /// A new store: the coins of the genesis block, where `genesis` has some that can be spent.
    void initialize(const ChainParams& params, const HeaderNode& genesis, const StoreMeta& meta);
    /// The changes of one block. REQUIRES: an overlay() of the coins as they are now.
    void apply(CoinsOverlay&& overlay);
    /// Slices, if it is time for some; syncs the blocks first. REQUIRES: the coins are those after
    /// the tip.
    void write_due(const HeaderNode& tip);
    /// Everything; syncs the blocks first. The last batch has this durability.
    void write_all(const HeaderNode& tip, Durability durability);
    /// All that are stored, in the order of their outpoints. The visitor returns false to stop.
    /// REQUIRES: write_all() since the last change.
    Expected<void, StorageError> for_each(
        const std::function<bool(const OutPoint&, const Coin&)>& visitor) const;

    /// Estimated.
    uint64_t size_on_disk() const { return storage_.keys_size_on_disk(); }

    // --- For CoinsRepair: blocks whose changes some of the coins may have, see coins_flush.h.

    /// The blocks that the stored coins stand for.
    void begin_replay(const std::vector<const HeaderNode*>& walk) { flush_.restore(walk); }
    void replay_connect(const Block& block, Height height);
    /// False: the undo data is not this block's.
    [[nodiscard]] bool replay_disconnect(const Block& block, const BlockUndo& undo);
    void end_replay() { flush_.replayed(); }
    /// Is it time for slices?
    bool due() const { return flush_.due(); }
    /// REQUIRES: the blocks up to `tip`, whose coins these are, are synced.
    void write_slices(const HeaderNode& tip);

 private:
    Storage& storage_;
    StoredBlocks& blocks_;
    CoinsCache cache_;
    CoinsFlush flush_;
};

}  // namespace parley
