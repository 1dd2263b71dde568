// NetOutput: everything that the peer protocol asks for. Send, Dial and Close are for the host. The
// asks are for the node; each is answered by one NetInput, and until then no further message is
// read. So whatever a peer sent before a ping has been dealt with when it gets the pong.
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

/// What a message gives away: it decides which writes must be safe before the message leaves.
enum class Reveals : uint8_t {
    nothing,    ///< handshake, ping, pong, addresses, requests
    inventory,  ///< names or carries blocks or transactions
    statement,  ///< a message of the engine
};

namespace net_output {

/// The bytes of one or more whole messages. Shared, because a broadcast sends the same to many.
struct Send {
    PeerId peer;
    std::shared_ptr<const Bytes> data;
    /// Answer with Drained when these bytes are in the operating system's hands.
    bool notify = false;
    Reveals reveals = Reveals::inventory;
};
/// Answered by Connected or DialFailed with the same number.
struct Dial {
    uint64_t dial = 0;
    Endpoint target;
};
/// After what was sent before. Answered by Closed.
struct Close {
    PeerId peer;
};

/// Headers in order, each the child of the one before; the parent of the first is known. Answered
/// by HeadersJudged.
struct SubmitHeaders {
    PeerId from;
    std::vector<BlockHeader> headers;
};
/// Answered by BlockJudged. `seal` is empty where the peer sent none.
struct SubmitBlock {
    PeerId from;
    BlockRef block;
    Bytes seal;
};
/// For the mempool. Answered by TransactionJudged.
struct SubmitTransaction {
    PeerId from;
    TransactionRef transaction;
};
/// From a peer that speaks the engine's protocol. Answered by EngineDone.
struct EngineMessage {
    PeerId from;
    Bytes message;
};
/// A peer finished its handshake. Answered by EngineDone.
struct PeerReady {
    PeerId peer;
    bool speaks_engine = false;  ///< it announced kServiceParley
};
/// A peer for which there was a PeerReady is gone. Not answered.
struct PeerGone {
    PeerId peer;
};

}  // namespace net_output

using NetOutput =
    std::variant<net_output::Send, net_output::Dial, net_output::Close, net_output::SubmitHeaders,
                 net_output::SubmitBlock, net_output::SubmitTransaction, net_output::EngineMessage,
                 net_output::PeerReady, net_output::PeerGone>;
using NetOutputs = std::vector<NetOutput>;

}  // namespace parley
