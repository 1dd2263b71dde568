// Event: everything that a host can tell a node. The host stamps each with the time when it hands
// it over (Node::handle).
#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "chain/primitives/block.h"
#include "net/peer/net_input.h"

namespace parley {

class Node;

namespace event {

// What happens to connections reaches the peer protocol as it is.
using net_input::Closed;
using net_input::Connected;
using net_input::DialFailed;
using net_input::Drained;
using net_input::Received;

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
