// Event: everything that a host can tell a node. The host stamps each with the time when it hands
// it over (Node::handle).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chain/primitives/block.h"
#include "net/peer/net_input.h"

namespace parley {

class Node;

/// What a client asked for (RPC), as a value: enough to run it again.
struct Request {
    std::string method;
    std::string params;  ///< JSON text: an array, by position
    std::string wallet;  ///< the path that names the wallet, as it came: "/wallet/<name>", or "/"
};

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

// --- what an Invoke is for

/// A test or a simulation calls the node. Not in a daemon.
struct DirectCall {};
/// The next part of this request that runs on the core thread; most requests have one. The parts of
/// a request share the value.
struct RequestPart {
    std::shared_ptr<const Request> request;
};
/// Node::reindex_step().
struct ReindexStep {};
/// Blocks of a file (-loadblock), in the order of the file.
struct LoadBlocks {
    std::vector<BlockRef> blocks;
};
/// Node::stop(), by a signal to the process.
struct StopSignal {};

using Cause = std::variant<DirectCall, RequestPart, ReindexStep, LoadBlocks, StopSignal>;

/// `call` runs inside the node's step; when every commit so far is safe, the host is told by the
/// Complete effect with this number. `cause` says what `call` does as a value, so that the stream
/// of events can be recorded; the node does not look at it.
struct Invoke {
    uint64_t id = 0;
    std::function<void(Node&)> call;
    Cause cause{};
};

}  // namespace event

using Event = std::variant<event::Connected, event::DialFailed, event::Received, event::Drained,
                           event::Closed, event::TimerDue, event::SolutionFound,
                           event::SearchExhausted, event::Invoke>;

}  // namespace parley
