// NetOutput: the outputs of the peer protocol. Send, Dial and Close are for the host. The asks are
// for the node; each is answered by one NetInput, and no further message is read until then. So
// everything a peer sent before a ping has been processed when the pong is sent.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/peer_id.h"
#include "chain/primitives/block.h"
#include "net/wire/endpoint.h"

namespace parley {

/// What a message discloses: determines which writes must be durable before it is sent.
enum class Reveals : uint8_t {
    nothing,    ///< handshake, ping, addresses, requests
    handled,    ///< pong: what its receiver sent before has been handled, and readers see that
    inventory,  ///< names or carries blocks or transactions
    statement,  ///< a message of the engine
};

namespace net_output {

/// One or more whole messages. Shared, because a broadcast sends the same bytes to many peers.
struct Send {
    PeerId peer;
    std::shared_ptr<const Bytes> data;
    /// Answer with Drained when the operating system has accepted these bytes.
    bool notify = false;
    Reveals reveals = Reveals::inventory;
};
/// Answered by Connected or DialFailed with the same number.
struct Dial {
    uint64_t dial = 0;
    Endpoint target;
};
/// Close after everything sent before. Answered by Closed.
struct Close {
    PeerId peer;
};

/// Headers in order, each the child of the previous one; the parent of the first is known. Answered
/// by HeadersJudged. `seal` is that of the last header. Where blocks are sealed, it is empty only
/// if all headers are known.
struct SubmitHeaders {
    PeerId from;
    std::vector<BlockHeader> headers;
    Bytes seal;
};
/// Answered by BlockJudged. `seal` is empty if the peer sent none.
struct SubmitBlock {
    PeerId from;
    BlockRef block;
    Bytes seal;
    bool asked = false;  ///< this node asked for it, so that even a pruned one is wanted
};
/// For the mempool. Answered by TransactionJudged.
struct SubmitTransaction {
    PeerId from;
    TransactionRef transaction;
};
/// A transaction that pays too little alone, and an orphan that may pay for it, from the same peer.
/// Answered by PackageJudged.
struct SubmitPackage {
    PeerId from;
    TransactionRef parent;
    TransactionRef child;
};
/// From a peer that supports the engine's protocol. Answered by EngineDone.
struct EngineMessage {
    PeerId from;
    Bytes message;
};
/// A peer completed its handshake. Answered by EngineDone.
struct PeerReady {
    PeerId peer;
    bool speaks_engine = false;  ///< it announced kServiceParley
};
/// A peer for which PeerReady was sent is gone. Not answered.
struct PeerGone {
    PeerId peer;
};

}  // namespace net_output

using NetOutput =
    std::variant<net_output::Send, net_output::Dial, net_output::Close, net_output::SubmitHeaders,
                 net_output::SubmitBlock, net_output::SubmitTransaction, net_output::SubmitPackage,
                 net_output::EngineMessage, net_output::PeerReady, net_output::PeerGone>;
using NetOutputs = std::vector<NetOutput>;

}  // namespace parley
