// OrphanBlocks: blocks with unknown parents wait here while the parents are fetched. Bounded in
// number and bytes: when full, the oldest is dropped. A peer's blocks are removed when it
// disconnects. Nothing in it has been validated. Core thread.
#pragma once

#include <map>
#include <vector>

#include "base/peer_id.h"
#include "chain/primitives/block.h"

namespace parley {

class OrphanBlocks {
 public:
    /// kBlocksMax: a client that submits a branch block by block, from its tip backwards, needs one
    /// place per block. kBytesMax: a few blocks of maximum size.
    static constexpr size_t kBlocksMax = 1'024;
    static constexpr size_t kBytesMax = 32'000'000;

    struct Orphan {
        BlockRef block;
        Bytes seal;
        PeerId from;
        bool asked = false;  ///< this node asked for it
    };

    /// False: already here, or larger than kBytesMax.
    bool add(const BlockHash& hash, Orphan orphan);
    /// Removes and returns the blocks that wait for this parent.
    std::vector<Orphan> take_children(const BlockHash& parent);
    /// Length of the longest branch of blocks here whose first one waits for this parent. Visits
    /// each of them once.
    size_t depth_below(const BlockHash& parent) const;
    void peer_gone(PeerId peer);

    bool empty() const { return blocks_.empty(); }
    size_t size() const { return blocks_.size(); }
    size_t bytes() const { return bytes_; }

 private:
    struct Entry {
        Orphan orphan;
        size_t size = 0;
        uint64_t sequence = 0;
    };
    using Entries = std::map<BlockHash, Entry>;

    void erase(Entries::iterator entry);

    Entries blocks_;
    std::multimap<BlockHash, BlockHash> children_;  ///< parent to block
    std::map<uint64_t, BlockHash> order_;           ///< by arrival
    uint64_t next_sequence_ = 0;
    size_t bytes_ = 0;
};

}  // namespace parley
