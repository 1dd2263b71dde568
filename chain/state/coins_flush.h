// CoinsFlush: writes the coins' cache to its store a slice at a time, so that the node never stands
// still for the whole of it, and remembers in the store which blocks the stored coins stand for. It
// is not the cache, and it decides nothing about the chain.
//
// While slices are written the node goes on, so that each stored coin is as it was after some block
// between the tip when its slice was due and the tip now. The record of the store is therefore not
// a block but a walk: the blocks w0, w1, ..., wn, which the tip visited in this order, going from
// each to the next by way of their fork. Each batch carries the walk up to the tip of its moment.
// After a crash the blocks of the walk are disconnected and connected once more in that order,
// each coin being set or erased whatever the store has; what a block touches is then right, and
// what none touches was right all the time. So a flush can be cut between any two batches. When
// every shard was written once, what lies before the beginning of that round is cut off the walk;
// a walk of one block says that the coins are exactly those after it.
//
// REQUIRES of the caller: the blocks up to the tip are committed as synced before a slice is.
// Owned by Chainstate; core thread only.
#pragma once

#include <optional>
#include <vector>

#include "chain/rules/header_tree.h"
#include "chain/state/coins_cache.h"

namespace parley {

class CoinsFlush {
 public:
    struct Options {
        size_t usage_bytes_max = 0;  ///< more in the cache than this makes slices due
        int32_t round_blocks = 0;    ///< so many blocks at most pass while all shards are written
    };

    CoinsFlush(Storage& storage, CoinsCache& cache, const Options& options);

    /// At the start: the walk that the store records. It stays as it is until replayed() says that
    /// the cache has the coins after its last block.
    void restore(std::vector<const HeaderNode*> walk);
    void replayed();

    /// A block was connected or disconnected.
    void block_passed() { ++round_blocks_; }

    /// Is it time for a slice: the cache is too large, or the round lags behind its pace?
    bool due() const;
    /// One shard or more, until a bounded number of bytes is reached. They are dropped from memory
    /// where the cache is too large.
    void write_slice(const HeaderNode& tip);
    /// All shards; afterwards the store holds exactly the coins after `tip`. The last batch has
    /// this durability. `drop` empties the cache.
    void write_all(const HeaderNode& tip, Durability durability, bool drop);

    /// Blocks that the stored coins stand for.
    const std::vector<const HeaderNode*>& walk() const { return walk_; }

 private:
    void begin_round(const HeaderNode& tip);
    void end_round();
    void walk_to(const HeaderNode& tip);
    size_t write_shard(bool drop);
    void commit(Durability durability);

    Storage& storage_;
    CoinsCache& cache_;
    const Options options_;

    std::vector<const HeaderNode*> walk_;
    size_t round_start_ = 0;  // position in walk_ of the tip at which the round began
    size_t next_shard_ = 0;   // 0: between two rounds
    int32_t round_blocks_ = 0;
    bool replaying_ = false;

    WriteBatch batch_;
    size_t batch_bytes_ = 0;
};

/// The record of a walk. Empty: not a list of hashes, or an empty one.
Bytes serialize_coins_walk(const std::vector<const HeaderNode*>& walk);
std::optional<std::vector<BlockHash>> parse_coins_walk(ByteSpan bytes);
/// From the store; empty where it has none yet. The error is what is wrong.
Expected<std::vector<BlockHash>, std::string> load_coins_walk(const Storage& storage);

/// Connects or disconnects a block whose changes may be in the coins already, in parts. No rule is
/// checked: the block was connected before. False: the undo data is not this block's.
void replay_connect(const Block& block, Height height, CoinsCache& coins);
bool replay_disconnect(const Block& block, const BlockUndo& undo, CoinsCache& coins);

}  // namespace parley
