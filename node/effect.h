// Effect: everything that a node can ask of its host, in order. An effect names the commit that it
// waits for (`after`). The host holds it back until that commit and all earlier ones have reached
// the durability that their Persist asks for, and carries out everything else at once. Effects for
// one peer keep their order: none overtakes what was sent to that peer before. Both hosts use
// EffectRunner for this.
//
// What waits for what:
// - Complete, TipChanged, Notify and Shutdown wait for every commit made so far.
// - What the engine sends waits for the engine's last record. So a signature never leaves before
//   its record is on disk.
// - A message that names or carries blocks or transactions (inv, tx, headers, block, seal, and
//   every type not named below) waits for the last commit of a wallet, and for the last block that
//   came from this node itself or a client instead of a peer. So a payment never leaves before its
//   record in the wallet, whenever and for whatever reason it is sent. A record of the engine does
//   not delay such a message.
// - A pong waits until readers see the tip to which the blocks before its ping have led: clients
//   rely on that order.
// - Handshake, ping, addresses, requests, notfound and fee filters wait for nothing; neither do
//   Dial, Close, SearchNonce and StopSearch.
//
// A failed write or sync is never retried: the host carries out nothing that waits, and stops.
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
#include "node/notice.h"

namespace parley {

struct BlockSummary;

namespace effect {

// Effects of the peer protocol, passed to the host unchanged.
using net_output::Close;
using net_output::Dial;

/// The node has made every commit up to this one since the last Persist; they must reach this
/// durability. Precedes the effects that wait for them.
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
/// The best chain has a new tip. Carries what readers on other threads may know from now on;
/// precedes the Complete of the call that caused it.
struct TipChanged {
    std::shared_ptr<const BlockSummary> tip;
    CommitId after{};
};
/// For subscribers outside.
struct Notify {
    Notice notice;
    CommitId after{};
};
/// The Invoke with this number is finished.
struct Complete {
    uint64_t id = 0;
    CommitId after{};
};
/// The node is finished (RPC stop, -stopatheight) or cannot continue (`error` is not empty: print
/// it, exit code 1).
struct Shutdown {
    std::string error;
    CommitId after{};
};

}  // namespace effect

using Effect = std::variant<effect::Send, effect::Dial, effect::Close, effect::Persist,
                            effect::SearchNonce, effect::StopSearch, effect::TipChanged,
                            effect::Complete, effect::Shutdown, effect::Notify>;
using Effects = std::vector<Effect>;

}  // namespace parley
