// Engine: decides who may propose and when, which headers are authentic, and what is final. Its
// pure half is HeaderRules (in chain/). Its reactive half is one function from an input to outputs,
// without threads, callbacks, clocks or disks. It does not decide whether transactions are valid
// (chain/), what to relay (mempool/, net/), or when a peer is dropped (net/ acts on Blame).
//
// Called by node/ on the core thread. Outputs are carried out in order. A message of the engine
// that follows a Record leaves the node only after that write is on disk, so there is no separate
// "recorded" input.
//
// What only some engines can do is an optional capability: an engine that mines has a Miner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/peer_id.h"
#include "base/storage/storage.h"
#include "base/time.h"
#include "chain/rules/header_node.h"
#include "consensus/engine_report.h"
#include "consensus/mining_schedule.h"

namespace parley {

/// Maximum size of an engine message in bytes: large enough for a block of maximum weight with its
/// envelope, and small enough for one peer message.
inline constexpr size_t kEngineMessageSizeMax = 4'000'000;

struct WaitingTransaction {
    Txid txid;
    /// Every block that is not heavier had room for the transaction and its unconfirmed ancestors,
    /// so its builder did not leave them out for lack of space.
    int64_t block_weight_max = 0;

    bool operator==(const WaitingTransaction&) const = default;
};

/// The mempool's transactions that wait to be ordered; none, if no block would take any of them.
struct Demand {
    size_t transactions = 0;
    std::vector<WaitingTransaction> oldest{};  ///< the first of them that arrived; not all
};

namespace engine_input {

/// The first input, after the chainstate is open; `tip` is its active tip.
struct Started {
    const HeaderNode* tip;
};
/// The active tip changed (because of a published or a received block).
struct TipChanged {
    const HeaderNode* tip;
};
/// The set of waiting transactions changed.
struct DemandChanged {
    Demand demand;
};
struct PeerMessage {
    PeerId from;
    Bytes message;
};
/// The handshake with a peer that supports this engine is complete.
struct PeerReady {
    PeerId peer;
};
struct PeerGone {
    PeerId peer;
};
/// The time is at or after next_deadline().
struct TimerDue {};
/// Answers BuildProposal.
struct ProposalBuilt {
    BlockHash parent;
    BlockRef block;  ///< null if nothing could be built (only with allow_empty = false)
};
/// Answers CheckProposal.
struct ProposalChecked {
    BlockRef block;
    std::string reject_reason;  ///< empty: the block connects on top of its parent
};

}  // namespace engine_input

using EngineInput =
    std::variant<engine_input::Started, engine_input::TipChanged, engine_input::DemandChanged,
                 engine_input::PeerMessage, engine_input::PeerReady, engine_input::PeerGone,
                 engine_input::TimerDue, engine_input::ProposalBuilt,
                 engine_input::ProposalChecked>;

namespace engine_output {

/// To one peer, in reply to its message.
struct SendMessage {
    PeerId peer;
    Bytes message;
};
/// To every connected peer that supports this engine.
struct Broadcast {
    Bytes message;
    PeerId except = kNoPeer;  ///< who sent it to us
};
/// Writes to the engine's own keys (all start with kEngineKeyPrefix), synced before any later
/// message of the engine leaves the node.
struct Record {
    WriteBatch batch;
};
/// Builds a valid block of waiting transactions below `parent`. Answered by ProposalBuilt within
/// the same step.
struct BuildProposal {
    BlockHash parent;
    int64_t time = 0;  ///< Unix seconds for the header; raised to time_min() if that is later
    bool allow_empty = true;
};
/// Dry-runs connecting the block. Answered by ProposalChecked within the same step.
struct CheckProposal {
    BlockRef block;
};
/// A complete block: store, connect and announce it.
struct Publish {
    BlockRef block;
    Bytes seal;
};
/// Absolute finality: this block (known to the chainstate) and its ancestors never leave the best
/// chain.
struct Finalize {
    BlockHash hash;
};
/// The peer sent something that no correct peer would send.
struct Blame {
    PeerId peer;
    std::string reason;
};
/// The peer has finalised blocks that this node lacks: request headers, seals and blocks from it.
struct CatchUp {
    PeerId peer;
};
/// Search for a nonce. Replaces any running job.
struct SearchNonce {
    uint64_t job = 0;
    BlockHeader header;
    Hash256 target;  ///< little-endian number; a hash not above it is a solution
};
struct StopSearch {};

}  // namespace engine_output

using EngineOutput =
    std::variant<engine_output::SendMessage, engine_output::Broadcast, engine_output::Record,
                 engine_output::BuildProposal, engine_output::CheckProposal, engine_output::Publish,
                 engine_output::Finalize, engine_output::Blame, engine_output::CatchUp,
                 engine_output::SearchNonce, engine_output::StopSearch>;
using EngineOutputs = std::vector<EngineOutput>;

/// First byte of all keys that an engine stores in the block index store.
inline constexpr uint8_t kEngineKeyPrefix = 'E';

namespace miner_input {

/// The host's miner found a nonce for `job`.
struct SolutionFound {
    uint64_t job;
    BlockHeader header;
};
/// The host tried every nonce of `job` without success: the engine must supply a block with another
/// time or another coinbase.
struct SearchExhausted {
    uint64_t job;
};
/// -automine by RPC. Takes effect at once.
struct ScheduleChanged {
    MiningSchedule schedule;
};

}  // namespace miner_input

using MinerInput = std::variant<miner_input::SolutionFound, miner_input::SearchExhausted,
                                miner_input::ScheduleChanged>;

enum class Finality : uint8_t { probabilistic, absolute };

/// The capability of an engine whose blocks are found by a nonce search (SearchNonce).
class Miner {
 public:
    virtual ~Miner() = default;
    virtual EngineOutputs handle(const MinerInput& input, TimePoint now) = 0;
    virtual const MiningSchedule& schedule() const = 0;
};

class Engine : public HeaderRules {
 public:
    virtual std::string name() const = 0;  ///< for reports only
    virtual Finality finality() const = 0;
    /// Sentences for the user about a condition that lasts: the `warnings` of getblockchaininfo.
    virtual std::vector<std::string> warnings() const { return {}; }
    /// Why a node on this tip must not start with this engine; a sentence. Empty: it may. Asked
    /// before the first input.
    virtual std::optional<std::string> start_problem(const HeaderNode& /*tip*/) const {
        return std::nullopt;
    }
    /// For getconsensusinfo: role, view, quorum, phase, who is missing, ...
    virtual EngineReport::Object report() const = 0;

    /// REQUIRES: the first input is Started.
    virtual EngineOutputs handle(const EngineInput& input, TimePoint now) = 0;
    virtual std::optional<TimePoint> next_deadline() const = 0;

    /// Null if blocks of this engine are not mined. Lives as long as the engine.
    virtual Miner* miner() { return nullptr; }
};

}  // namespace parley
