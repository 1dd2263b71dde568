// Event: everything that a host can tell a node. The host passes the time of each event along with
// it (Node::handle).
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
struct MempoolFile;

/// A client's RPC request as a value that is sufficient to run it again.
struct Request {
    std::string method;
    std::string params;  ///< JSON text: an array, by position
    std::string wallet;  ///< the request path: "/wallet/<name>", or "/"
};

namespace event {

// Events of connections, passed to the peer protocol unchanged.
using net_input::Closed;
using net_input::Connected;
using net_input::DialFailed;
using net_input::Drained;
using net_input::Received;

/// The time is at or after next_deadline().
struct TimerDue {};
/// The host's miner found a nonce for the job of a SearchNonce effect.
struct SolutionFound {
    uint64_t job = 0;
    BlockHeader header;
};
/// The host's miner tried every nonce of the job's header without success and is idle: the node
/// supplies another header (a later time, another extra nonce) by a SearchNonce effect.
struct SearchExhausted {
    uint64_t job = 0;
};

// --- the cause of an Invoke

/// A test or a simulation calls the node directly. Never in a daemon.
struct DirectCall {};
/// The next part of this request that runs on the core thread; most requests have only one. All
/// parts of a request share the value.
struct RequestPart {
    std::shared_ptr<const Request> request;
};
/// Node::reindex_step().
struct ReindexStep {};
/// What was read from files, in file order: blocks (-loadblock), and a part of a mempool.dat.
struct LoadFile {
    std::vector<BlockRef> blocks{};
    std::shared_ptr<const MempoolFile> mempool{};  ///< null: none
};
/// Node::stop(), because of a signal to the process.
struct StopSignal {};

using Cause = std::variant<DirectCall, RequestPart, ReindexStep, LoadFile, StopSignal>;

/// Runs `call` within a step of the node. The Complete effect with this number is carried out when
/// every commit so far is durable. `cause` describes as a value what `call` does, so that the
/// stream of events can be recorded; the node itself does not use it.
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
