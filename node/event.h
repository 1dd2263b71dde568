// Event: everything that a host can tell a node. The host stamps each with the time when it hands
// it over (Node::handle).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/peer_id.h"
#include "chain/primitives/block.h"
#include "net/wire/endpoint.h"

namespace parley {

class Node;

namespace event {

/// A TCP connection stands. Issued by the host's transport.
struct Connected {
    PeerId peer;
    Endpoint remote;
    Endpoint local;
    bool inbound = false;
    uint64_t dial = 0;  ///< of the Dial that led here; 0 when inbound
};
struct DialFailed {
    uint64_t dial = 0;
    std::string reason;
};
/// The next bytes of the stream, in order, cut anywhere.
struct Received {
    PeerId peer;
    Bytes data;
};
/// A Send with `notify` is wholly in the operating system's hands.
struct Drained {
    PeerId peer;
};
/// By the other side, by an error, or because the node asked for it. Always the last event of a
/// peer.
struct Closed {
    PeerId peer;
    std::string reason;
};
/// next_deadline() has come.
struct TimerDue {};
/// The host's miner found a nonce for the job of a SearchNonce effect.
struct SolutionFound {
    uint64_t job = 0;
    BlockHeader header;
};
/// The host's miner tried every nonce of the job's header in vain and stands still: the node gives
/// it another header (a later time, another extra nonce) by a SearchNonce effect.
struct SearchExhausted {
    uint64_t job = 0;
};
/// A client's call (RPC): `call` runs inside the node's step; when the effects before it are
/// durable, the host is told by the Complete effect with this number.
struct Invoke {
    uint64_t id = 0;
    std::function<void(Node&)> call;
};

}  // namespace event

using Event = std::variant<event::Connected, event::DialFailed, event::Received, event::Drained,
                           event::Closed, event::TimerDue, event::SolutionFound,
                           event::SearchExhausted, event::Invoke>;

}  // namespace parley
