// EngineDriver: calls the consensus engine and carries out its outputs on the rest of the node, in
// their order. Outputs that lead to another call of the engine queue up behind the ones that wait.
// Core thread only.
#pragma once

#include <deque>
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

    /// Hands `input` to the engine, then carries out its outputs. May be called from inside an
    /// output.
    void handle(const EngineInput& input);
    /// The same for its miner; does nothing where it has none.
    void handle(const MinerInput& input);

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
    void carry_out(EngineOutputs outputs);
    void drain();
    void carry_out(engine_output::SendMessage& output);
    void carry_out(engine_output::Broadcast& output);
    void carry_out(engine_output::Record& output);
    void carry_out(engine_output::BuildProposal& output);
    void carry_out(engine_output::CheckProposal& output);
    void carry_out(engine_output::Publish& output);
    void carry_out(engine_output::Finalize& output);
    void carry_out(engine_output::Blame& output);
    void carry_out(engine_output::CatchUp& output);
    void carry_out(engine_output::SearchNonce& output);
    void carry_out(engine_output::StopSearch& output);

    NodeCore& core_;
    std::deque<EngineOutput> waiting_;
    bool draining_ = false;
    uint64_t demand_sequence_ = 0;
    uint64_t extra_nonce_;
    std::optional<LastBuilt> last_built_;
};

}  // namespace parley
