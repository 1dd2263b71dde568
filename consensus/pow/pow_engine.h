// PowEngine: Nakamoto's proof of work. Its pure half checks difficulty and hash and accumulates
// work; its reactive half decides when to mine: continuously (-gen), on a schedule or on demand
// (-automine), or never. It does not hash: it passes a header to the host (SearchNonce), which runs
// SHA-256 on worker threads in the daemon, or draws an exponential delay in the simulator. Called
// by node/ on the core thread.
#pragma once

#include <memory>

#include "base/random.h"
#include "chain/rules/params.h"
#include "consensus/engine_factory.h"
#include "consensus/mining_schedule.h"

namespace parley {

struct PowOptions {
    MiningSchedule schedule;
    /// A running search gets a fresh block if transactions have arrived, but at most once per this
    /// period. The search is memoryless, so replacing the block only costs the time to build it.
    Duration template_refresh = std::chrono::seconds{1};
};

class PowEngine final : public Engine, public Miner {
 public:
    /// Borrows `params` and `random`.
    PowEngine(const PowOptions& options, const ChainParams& params, Random& random);

    Expected<void, HeaderError> check_header(const BlockHeader& header,
                                             const BlockHash& hash) const override;
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash& hash, ByteSpan seal,
        const HeaderNode& parent) const override;
    Score genesis_score(const BlockHeader& genesis) const override;
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override;

    std::string name() const override { return "pow"; }
    Finality finality() const override { return Finality::probabilistic; }
    EngineReport::Object report() const override;

    EngineOutputs handle(const EngineInput& input, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override;

    Miner* miner() override { return this; }
    EngineOutputs handle(const MinerInput& input, TimePoint now) override;
    const MiningSchedule& schedule() const override { return options_.schedule; }

 private:
    void start(TimePoint now, EngineOutputs& outputs);
    void take_tip(const HeaderNode& tip, TimePoint now, EngineOutputs& outputs);
    void take_demand(const Demand& demand, TimePoint now, EngineOutputs& outputs);
    void take_time(TimePoint now, EngineOutputs& outputs);
    void search(const engine_input::ProposalBuilt& built, TimePoint now, EngineOutputs& outputs);
    void publish(const miner_input::SolutionFound& found, TimePoint now, EngineOutputs& outputs);
    void propose(TimePoint now, EngineOutputs& outputs);
    void stop(EngineOutputs& outputs);
    /// Draws the time of the next block of an interval or Poisson schedule.
    void schedule_next(TimePoint now);

    PowOptions options_;
    const ChainParams& params_;
    Random& random_;

    const HeaderNode* tip_ = nullptr;
    Demand demand_;
    BlockRef candidate_;  ///< of the running search; null: none
    uint64_t job_ = 0;
    bool stale_template_ = false;
    TimePoint template_time_{};
    TimePoint next_block_ = kNever;  ///< of an interval or Poisson schedule
    TimePoint last_slot_{};          ///< when the previous block was due
};

/// The engine as a value for a node's configuration.
EngineChoice pow_choice(const PowOptions& options);

extern const EngineFactory kPowFactory;

}  // namespace parley
