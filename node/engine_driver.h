// EngineDriver: calls the consensus engine and carries out its effects on the rest of the node, in
// their order. Effects that lead to another call of the engine queue up behind the ones that wait.
// Core thread only.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "consensus/engine.h"
#include "mempool/block_builder.h"

namespace parley {

struct NodeCore;

class EngineDriver {
 public:
    /// `extra_nonce`: where the coinbases' count begins. Two nodes with one payout and the same
    /// transactions would otherwise search the same headers, and two of them find no more than one.
    EngineDriver(NodeCore& core, uint64_t extra_nonce) : core_(core), extra_nonce_(extra_nonce) {}

    /// Calls `input` with the engine, then carries out what it asks for. May be called from inside
    /// an effect.
    void run(const std::function<void(Engine&, EngineEffects&)>& input);

    /// Tells the engine if the set of waiting transactions changed since the last call.
    void refresh_demand();

    /// A block below `parent`, which must be the active tip, that pays `payout`. `extra_nonce`
    /// makes two of them different.
    BlockTemplate build(const HeaderNode& parent, int64_t time, const Script& payout);
    /// The header and coinbase facts of that block.
    BlockRequest request_below(const HeaderNode& parent, int64_t time, const Script& payout);
    /// Size of the block that build() made last; empty before the first.
    struct LastBuilt {
        int64_t weight = 0;
        uint64_t transactions = 0;  ///< without the coinbase
    };
    const std::optional<LastBuilt>& last_built() const { return last_built_; }
    /// The configured payout, or an output that anybody can spend.
    Script default_payout() const;

 private:
    void drain();
    void carry_out(engine_effect::SendMessage& effect);
    void carry_out(engine_effect::Broadcast& effect);
    void carry_out(engine_effect::Persist& effect);
    void carry_out(engine_effect::BuildProposal& effect);
    void carry_out(engine_effect::CheckProposal& effect);
    void carry_out(engine_effect::Publish& effect);
    void carry_out(engine_effect::Finalize& effect);
    void carry_out(engine_effect::Blame& effect);
    void carry_out(engine_effect::CatchUp& effect);
    void carry_out(engine_effect::SearchNonce& effect);
    void carry_out(engine_effect::StopSearch& effect);

    NodeCore& core_;
    std::deque<EngineEffect> waiting_;
    bool draining_ = false;
    uint64_t demand_sequence_ = 0;
    uint64_t extra_nonce_;
    std::optional<LastBuilt> last_built_;
};

}  // namespace parley
