// PowEngine: Nakamoto's proof of work. Its pure half checks difficulty and hash and adds up work;
// its reactive half decides when to mine: all the time (-gen), by a clock or on demand (-automine),
// or never. It does not hash: it hands a header to the host (SearchNonce), which in the daemon runs
// real SHA-256 on worker threads and in the simulator draws an exponential delay. Called by node/
// on the core thread.
#pragma once

#include <memory>

#include "base/random.h"
#include "chain/rules/params.h"
#include "consensus/engine.h"
#include "consensus/pow/mining_schedule.h"

namespace parley {

struct PowOptions {
    MiningSchedule schedule;
    /// A running search gets a fresh block when transactions arrived since, but not more often than
    /// this: hashing has no memory, so a fresh block costs nothing but the time to build it.
    Duration template_refresh = std::chrono::seconds{1};
};

class PowEngine final : public Engine {
 public:
    /// Borrows `params` and `random` for its lifetime.
    PowEngine(const PowOptions& options, const ChainParams& params, Random& random);

    /// -automine by RPC. Takes effect at once.
    void set_schedule(const MiningSchedule& schedule, TimePoint now, EngineEffects& effects);
    const MiningSchedule& schedule() const { return options_.schedule; }

    Expected<void, HeaderError> check_header(const BlockHeader& header,
                                             const BlockHash& hash) const override;
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override;
    Score genesis_score(const BlockHeader& genesis) const override;
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override;

    std::string name() const override { return "pow"; }
    Finality finality() const override { return Finality::probabilistic; }
    std::vector<EngineInfoField> info() const override;

    void on_start(const HeaderNode& tip, TimePoint now, EngineEffects& effects) override;
    void on_tip(const HeaderNode& tip, TimePoint now, EngineEffects& effects) override;
    void on_demand(const Demand& demand, TimePoint now, EngineEffects& effects) override;
    void on_message(PeerId from, ByteSpan message, TimePoint now, EngineEffects& effects) override;
    void on_peer_ready(PeerId, TimePoint, EngineEffects&) override {}
    void on_peer_gone(PeerId, TimePoint, EngineEffects&) override {}
    void on_timer(TimePoint now, EngineEffects& effects) override;
    void on_proposal_built(const BlockHash& parent, BlockRef block, TimePoint now,
                           EngineEffects& effects) override;
    void on_proposal_checked(const BlockRef&, const std::string&, TimePoint,
                             EngineEffects&) override {}
    void on_solution(uint64_t job, const BlockHeader& header, TimePoint now,
                     EngineEffects& effects) override;
    void on_search_exhausted(uint64_t job, TimePoint now, EngineEffects& effects) override;

    std::optional<TimePoint> next_deadline() const override;

 private:
    void propose(TimePoint now, EngineEffects& effects);
    void stop(EngineEffects& effects);
    /// Draws the time of the next block of a clocked schedule.
    void schedule_next(TimePoint now);

    PowOptions options_;
    const ChainParams& params_;
    Random& random_;

    const HeaderNode* tip_ = nullptr;
    Demand demand_;
    BlockRef candidate_;  ///< what the running search works on; null: none runs
    uint64_t job_ = 0;
    bool stale_template_ = false;
    TimePoint template_time_{};
    TimePoint next_block_ = kNever;  ///< of a clocked schedule
    TimePoint last_slot_{};          ///< when the block before it was due
};

}  // namespace parley
