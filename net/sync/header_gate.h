// HeaderGate: decides which headers that a peer sent may be stored. Headers whose work is cheap
// could fill memory and disk, so a chain needs work before its headers are kept:
//
// - as much as our tip's, less 144 blocks, and the minimum chain work (bitcoind's
//   GetAntiDoSWorkThreshold). A chain that is longer than one message is measured first
//   (HeaderPresync), and stored when it turns out to have enough.
// - more than our tip's, once kWeakHeadersMax headers were stored that did not improve on it. So
//   the headers that a node stores on losing branches are bounded, whoever sends them.
//
// Where blocks are sealed, headers claim no work, and everything passes: ChainSync submits no new
// headers without a seal, and the chain stores none whose seal is wrong.
// Owned by ChainSync. Core thread.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "chain/state/chainstate.h"
#include "net/peer/peer_table.h"
#include "net/sync/header_presync.h"

namespace parley {

class HeaderGate {
 public:
    /// Blocks below the tip at which branches may fork off and be stored (bitcoind's value).
    static constexpr uint64_t kNearBlocks = 144;
    /// Headers stored on branches that do not improve on the tip: about 8 MB.
    static constexpr size_t kWeakHeadersMax = 20'000;
    /// For each new tip, this many more may be stored.
    static constexpr size_t kWeakHeadersPerTip = 16;
    /// Headers of weak branches that one connection may send without a better one in between.
    static constexpr size_t kWeakHeadersPerPeerMax = 50'000;

    explicit HeaderGate(PeerTable& table);

    struct Passage {
        std::vector<BlockHeader> headers;  ///< to be stored
        bool unconnected = false;          ///< the parent of the first is unknown
        /// Ask for the headers behind this one, or behind `from` if the peer does not know it.
        std::optional<BlockHash> ask_behind;
        const HeaderNode* from = nullptr;
    };
    /// REQUIRES: not empty, each header is the child of the one before, and each meets its own
    /// proof of work. A peer that sends too many weak headers is punished.
    Passage admit(Peer& peer, std::vector<BlockHeader> headers);
    /// The chain stored headers of this peer.
    void stored(Peer& peer, const HeadersResult& result);
    void tip_changed();
    void peer_gone(PeerId peer) { presyncs_.erase(peer); }
    size_t presyncs() const { return presyncs_.size(); }

 private:
    using Presyncs = std::map<PeerId, HeaderPresync>;

    /// The score below `score` with these headers; empty: they claim none.
    std::optional<Score> claimed(const Score& score, const std::vector<BlockHeader>& headers) const;
    Score needed() const;
    Passage go_on(Peer& peer, Presyncs::iterator presync, std::vector<BlockHeader> headers);
    Passage measure(Peer& peer, HeaderPresync& presync, const std::vector<BlockHeader>& headers);
    void give_up(Peer& peer, Presyncs::iterator presync);
    void charge(Peer& peer, size_t headers);

    PeerTable& table_;
    uint64_t key0_;
    uint64_t key1_;
    size_t weak_left_ = kWeakHeadersMax;
    Presyncs presyncs_;
};

}  // namespace parley
