// CoinsWriter: writes the coins cache to its store in slices, so that writing never blocks the node
// for long, and records in the store which blocks the stored coins reflect. It does not own the
// cache, and decides nothing about the chain.
//
// The node continues between slices, so each stored coin reflects some block between the tip at the
// time its slice was written and the current tip. The store's record is therefore not one block but
// a walk: the blocks w0, w1, ..., wn that the tip visited in this order, each reached from the
// previous one by way of their fork. Each batch carries the walk up to the tip at that moment.
// After a crash, the blocks of the walk are disconnected and connected again in that order, setting
// or erasing each coin regardless of what the store holds: this corrects every coin that one of
// these blocks touches, and all other coins were already correct. So writing may be interrupted
// between any two batches. Once every shard has been written, the part of the walk before the start
// of that round is dropped. A walk of a single block means that the store holds exactly the coins
// after it.
//
// REQUIRES of the caller: the blocks up to the tip are committed as synced before a slice is. Owned
// by Chainstate; core thread only.
#pragma once

#include <optional>
#include <vector>

#include "chain/rules/header_node.h"
#include "chain/state/coins_cache.h"

namespace parley {

class CoinsWriter {
 public:
    struct Options {
        size_t usage_bytes_max = 0;  ///< a larger cache makes slices due
        int32_t round_blocks = 0;    ///< all shards are written once within this many blocks
    };

    CoinsWriter(Storage& storage, CoinsCache& cache, const Options& options);

    /// At start-up: the walk recorded in the store. It is kept until replayed() reports that the
    /// cache has the coins after its last block.
    void restore(std::vector<const HeaderNode*> walk);
    void replayed();

    /// A block was connected or disconnected.
    void block_passed() { ++round_blocks_; }

    /// Whether a slice is due: the cache is too large, or the round is behind schedule.
    bool due() const;
    /// Writes one or more shards, up to a limit in bytes. Drops them from memory if the cache is
    /// too large.
    void write_slice(const HeaderNode& tip);
    /// Writes all shards; afterwards the store holds exactly the coins after `tip`. `durability`
    /// applies to the last batch. `drop` empties the cache.
    void write_all(const HeaderNode& tip, Durability durability, bool drop);

    /// The blocks that the stored coins reflect.
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
    size_t next_shard_ = 0;   // 0: no round in progress
    int32_t round_blocks_ = 0;
    bool replaying_ = false;

    WriteBatch batch_;
    size_t batch_bytes_ = 0;
};

/// The record of a walk. Empty: not a list of hashes, or an empty list.
Bytes serialize_coins_walk(const std::vector<const HeaderNode*>& walk);
std::optional<std::vector<BlockHash>> parse_coins_walk(ByteSpan bytes);
/// Reads the store's record; empty if there is none yet. The error says what is wrong.
Expected<std::vector<BlockHash>, std::string> load_coins_walk(
    const Storage& storage, const CoinsKeys& keys = kCoinsKeys[0]);

/// Connects or disconnects a block whose changes may already be partly stored. Checks no rules: the
/// block was connected before. False: the undo data does not belong to this block.
void replay_connect(const Block& block, Height height, CoinsCache& coins);
bool replay_disconnect(const Block& block, const BlockUndo& undo, CoinsCache& coins);

}  // namespace parley
