// BlockPark: blocks whose parents are unknown wait here while those are fetched. Bounded in number
// and bytes; at the bound the oldest goes, and a peer's blocks go with it. Nothing in it has been
// checked. Core thread.
#pragma once

#include <map>
#include <vector>

#include "base/peer_id.h"
#include "chain/primitives/block.h"

namespace parley {

class BlockPark {
 public:
    /// Blocks: a client that brings a branch block by block, from its tip backwards, needs one
    /// place each. Bytes: a few blocks of the largest size.
    static constexpr size_t kBlocksMax = 1'024;
    static constexpr size_t kBytesMax = 32'000'000;

    struct Parked {
        BlockRef block;
        Bytes seal;
        PeerId from;
    };

    /// False: it is here already, or larger than the whole park.
    bool add(const BlockHash& hash, Parked parked);
    /// Those that wait for this parent; they are not here any more.
    std::vector<Parked> take_children(const BlockHash& parent);
    void peer_gone(PeerId peer);

    bool empty() const { return blocks_.empty(); }
    size_t size() const { return blocks_.size(); }
    size_t bytes() const { return bytes_; }

 private:
    struct Entry {
        Parked parked;
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
