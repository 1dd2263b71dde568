// Effect: everything that a node can ask of its host, in order. An effect names the commit that it
// waits for (`after`); the host holds it back until that commit, and every earlier one, has reached
// the durability that its Persist asks for, and lets everything else go at once. What goes to one
// peer keeps its order: nothing overtakes what was sent to that peer before. Both hosts use
// EffectRunner for this.
//
// Who waits for what:
// - Complete, TipChanged and Shutdown wait for every commit made so far.
// - What the engine sends waits for the last record that the engine made. So a signature never
//   leaves before the record of it is on the disk.
// - A message that names or carries blocks or transactions (inv, tx, headers, block, seal, and
//   every kind that is not named below) waits for the last commit of a wallet and for the last
//   block that did not come from a peer, but from this node itself or a client. So no payment
//   leaves before its record in the wallet, whenever and for whatever reason it is sent. A record
//   of the engine does not delay such a message.
// - Handshake, ping, pong, addresses, requests, notfound and fee filters wait for nothing; nor do
//   Dial, Close, SearchNonce and StopSearch.
//
// A write or sync that fails is never retried: the host carries out nothing that waits, and stops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/hash256.h"
#include "base/storage/storage.h"
#include "chain/primitives/block.h"
#include "net/peer/net_output.h"

namespace parley {

struct BlockSummary;

namespace effect {

// These reach the host as the peer protocol made them.
using net_output::Close;
using net_output::Dial;

/// The node made every commit up to this one since the last Persist; they are to reach this
/// durability. Stands before the effects that wait for them.
struct Persist {
    CommitId commit;
    Durability durability = Durability::written;
};
/// See net_output::Send.
struct Send {
    PeerId peer;
    std::shared_ptr<const Bytes> data;
    bool notify = false;
    CommitId after{};  ///< here and below; zero: waits for nothing
};
/// Replaces the running search.
struct SearchNonce {
    uint64_t job = 0;
    BlockHeader header;
    Hash256 target;
};
struct StopSearch {};
/// The best chain ends in another block. What readers on other threads may know of it from now on;
/// before the Complete of the call that did it.
struct TipChanged {
    std::shared_ptr<const BlockSummary> tip;
    CommitId after{};
};
/// The Invoke of this number is done.
struct Complete {
    uint64_t id = 0;
    CommitId after{};
};
/// The node is finished (RPC stop, -stopatheight) or cannot go on (`error` not empty: print it,
/// exit code 1).
struct Shutdown {
    std::string error;
    CommitId after{};
};

}  // namespace effect

using Effect =
    std::variant<effect::Send, effect::Dial, effect::Close, effect::Persist, effect::SearchNonce,
                 effect::StopSearch, effect::TipChanged, effect::Complete, effect::Shutdown>;
using Effects = std::vector<Effect>;

}  // namespace parley
