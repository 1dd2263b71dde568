// Engine: who may propose and when, which headers are authentic, what is final. The pure half is
// HeaderRules (from chain/). The reactive half takes inputs and appends effects: no thread,
// callback, clock or disk. It does not decide whether transactions are valid (chain/), what to
// relay (mempool/, net/), or when a peer is dropped (net/ acts on Blame).
//
// Called by node/ on the core thread. Effects are carried out in their order; what follows a
// Persist leaves the node only once that write is on the disk, so there is no separate "persisted"
// input.
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

namespace parley {

/// Bytes of an engine message at most: a block of the largest weight fits with its envelope, and
/// one peer message holds it.
inline constexpr size_t kEngineMessageSizeMax = 4'000'000;

namespace engine_effect {

/// To one peer (an answer to what it sent).
struct SendMessage {
    PeerId peer;
    Bytes message;
};
/// To every connected peer that speaks this engine.
struct Broadcast {
    Bytes message;
};
/// Write to the engine's own keys (all start with kEngineKeyPrefix), synced, before anything that
/// follows leaves the node.
struct Persist {
    WriteBatch batch;
};
/// Answered by on_proposal_built, within the same step: a valid block of waiting transactions below
/// `parent`.
struct BuildProposal {
    BlockHash parent;
    int64_t time =
        0;  ///< Unix seconds for the header; raised to median time past + 1 where that is later
    bool allow_empty = true;
};
/// Answered by on_proposal_checked, within the same step: a dry-run connect on a scratch view.
struct CheckProposal {
    BlockRef block;
};
/// A complete block: store it, connect it, spread it.
struct Publish {
    BlockRef block;
    Bytes seal;
};
/// Absolute finality: this block (known to the chainstate by now) and its ancestors never leave the
/// best chain.
struct Finalize {
    BlockHash hash;
};
/// The peer sent something that no correct peer sends.
struct Blame {
    PeerId peer;
    std::string reason;
};
/// The peer has finalised blocks that we lack: ask it for headers, seals and blocks.
struct CatchUp {
    PeerId peer;
};
/// Look for a nonce. Replaces the running job.
struct SearchNonce {
    uint64_t job = 0;
    BlockHeader header;
    Hash256 target;  ///< little-endian number; a hash at most this high is a solution
};
struct StopSearch {};

}  // namespace engine_effect

using EngineEffect =
    std::variant<engine_effect::SendMessage, engine_effect::Broadcast, engine_effect::Persist,
                 engine_effect::BuildProposal, engine_effect::CheckProposal, engine_effect::Publish,
                 engine_effect::Finalize, engine_effect::Blame, engine_effect::CatchUp,
                 engine_effect::SearchNonce, engine_effect::StopSearch>;
using EngineEffects = std::vector<EngineEffect>;

/// First byte of every key that an engine keeps in the block index store.
inline constexpr uint8_t kEngineKeyPrefix = 'E';

/// What waits to be ordered, as far as the mempool knows.
struct Demand {
    size_t transactions = 0;
    TimePoint oldest{};  ///< arrival of the oldest of them; meaningless when there is none
};

enum class Finality : uint8_t { probabilistic, absolute };

/// A line of getconsensusinfo: name and value, already as JSON (a number, a quoted string, an
/// array, ...).
struct EngineInfoField {
    std::string name;
    std::string json;
};

class Engine : public HeaderRules {
 public:
    virtual std::string name() const = 0;  ///< "pow", "pbft"
    virtual Finality finality() const = 0;
    /// For getconsensusinfo: role, view, quorum, phase, who is missing, ...
    virtual std::vector<EngineInfoField> info() const = 0;

    /// Once, after the chainstate is open; `tip` is its active tip.
    virtual void on_start(const HeaderNode& tip, TimePoint now, EngineEffects& effects) = 0;
    /// The active tip changed (by a published or a received block).
    virtual void on_tip(const HeaderNode& tip, TimePoint now, EngineEffects& effects) = 0;
    /// The set of waiting transactions changed.
    virtual void on_demand(const Demand& demand, TimePoint now, EngineEffects& effects) = 0;
    virtual void on_message(PeerId from, ByteSpan message, TimePoint now,
                            EngineEffects& effects) = 0;
    /// A peer finished its handshake, or went away.
    virtual void on_peer_ready(PeerId peer, TimePoint now, EngineEffects& effects) = 0;
    virtual void on_peer_gone(PeerId peer, TimePoint now, EngineEffects& effects) = 0;
    /// Called at or after next_deadline().
    virtual void on_timer(TimePoint now, EngineEffects& effects) = 0;
    /// `block` is null when nothing could be built (only with allow_empty = false).
    virtual void on_proposal_built(const BlockHash& parent, BlockRef block, TimePoint now,
                                   EngineEffects& effects) = 0;
    /// Empty reason: the block connects on top of its parent.
    virtual void on_proposal_checked(const BlockRef& block, const std::string& reject_reason,
                                     TimePoint now, EngineEffects& effects) = 0;
    /// The host's miner found a nonce for `job`.
    virtual void on_solution(uint64_t job, const BlockHeader& header, TimePoint now,
                             EngineEffects& effects) = 0;

    /// The host tried every nonce of `job` in vain: it needs a block with another time or another
    /// coinbase.
    virtual void on_search_exhausted(uint64_t /*job*/, TimePoint /*now*/,
                                     EngineEffects& /*effects*/) {}

    virtual std::optional<TimePoint> next_deadline() const = 0;
};

}  // namespace parley
