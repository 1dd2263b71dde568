#include "consensus/pow/pow_engine.h"

#include <algorithm>

#include "base/check.h"
#include "base/option_row.h"
#include "chain/rules/retarget.h"

namespace parley {

PowEngine::PowEngine(const PowOptions& options, const ChainParams& params, Random& random)
    : options_(options), params_(params), random_(random) {}

Expected<void, HeaderError> PowEngine::check_header(const BlockHeader& header,
                                                    const BlockHash& hash) const {
    if (!proof_of_work_met(hash, header.bits, params_.pow_limit))
        return Unexpected(HeaderError{"high-hash", "proof of work failed"});
    return {};
}

Expected<std::optional<Score>, HeaderError> PowEngine::verify_header(
    const BlockHeader& header, const BlockHash&, ByteSpan seal, const HeaderNode& parent) const {
    if (!seal.empty()) return Unexpected(HeaderError{"bad-seal", "proof of work has no seal"});
    if (header.bits != next_bits(parent, header.time)) {
        return Unexpected(HeaderError{"bad-diffbits", "incorrect proof of work"});
    }
    if (!parent.score) return std::optional<Score>{};
    return std::optional<Score>{*parent.score + work_from_compact(header.bits)};
}

Score PowEngine::genesis_score(const BlockHeader& genesis) const {
    return work_from_compact(genesis.bits);
}

uint32_t PowEngine::next_bits(const HeaderNode& parent, int64_t time) const {
    return next_work_required(params_, parent, time);
}

EngineReport::Object PowEngine::report() const {
    const bool mines = options_.schedule.kind != MiningSchedule::Kind::off;
    return {{"role", mines ? "miner" : "node"},
            {"automine", to_string(options_.schedule)},
            {"searching", candidate_ != nullptr}};
}

EngineOutputs PowEngine::handle(const EngineInput& input, TimePoint now) {
    EngineOutputs outputs;
    if (const auto* started = std::get_if<engine_input::Started>(&input)) {
        tip_ = started->tip;
        start(now, outputs);
    } else if (const auto* changed = std::get_if<engine_input::TipChanged>(&input)) {
        take_tip(*changed->tip, now, outputs);
    } else if (const auto* demand = std::get_if<engine_input::DemandChanged>(&input)) {
        take_demand(demand->demand, now, outputs);
    } else if (std::holds_alternative<engine_input::TimerDue>(input)) {
        take_time(now, outputs);
    } else if (const auto* built = std::get_if<engine_input::ProposalBuilt>(&input)) {
        search(*built, now, outputs);
    } else if (const auto* message = std::get_if<engine_input::PeerMessage>(&input)) {
        outputs.push_back(
            engine_output::Blame{message->from, "engine message on a proof-of-work network"});
    }
    return outputs;
}

EngineOutputs PowEngine::handle(const MinerInput& input, TimePoint now) {
    EngineOutputs outputs;
    if (const auto* found = std::get_if<miner_input::SolutionFound>(&input)) {
        publish(*found, now, outputs);
    } else if (const auto* exhausted = std::get_if<miner_input::SearchExhausted>(&input)) {
        if (exhausted->job == job_ && candidate_) propose(now, outputs);
    } else {
        stop(outputs);
        options_.schedule = std::get<miner_input::ScheduleChanged>(input).schedule;
        if (tip_ != nullptr) start(now, outputs);
    }
    return outputs;
}

void PowEngine::start(TimePoint now, EngineOutputs& outputs) {
    last_slot_ = now;
    next_block_ = kNever;
    schedule_next(now);
    if (options_.schedule.kind == MiningSchedule::Kind::continuous) propose(now, outputs);
    if (options_.schedule.kind == MiningSchedule::Kind::on_demand)
        take_demand(demand_, now, outputs);
}

void PowEngine::take_tip(const HeaderNode& tip, TimePoint now, EngineOutputs& outputs) {
    tip_ = &tip;
    // Work on another tip is lost; an interval or Poisson schedule continues the search that is due
    // on the new tip.
    if (options_.schedule.kind == MiningSchedule::Kind::continuous || candidate_)
        propose(now, outputs);
}

void PowEngine::take_demand(const Demand& demand, TimePoint now, EngineOutputs& outputs) {
    demand_ = demand;
    if (candidate_) stale_template_ = true;
    if (options_.schedule.kind == MiningSchedule::Kind::on_demand && tip_ != nullptr) {
        if (demand.transactions > 0 && !candidate_) propose(now, outputs);
        if (demand.transactions == 0) stop(outputs);
    }
}

void PowEngine::take_time(TimePoint now, EngineOutputs& outputs) {
    if (tip_ == nullptr) return;
    if (now >= next_block_) {
        last_slot_ = next_block_;
        next_block_ = kNever;  // drawn anew when the block is found
        propose(now, outputs);
    } else if (candidate_ && stale_template_ && now >= template_time_ + options_.template_refresh) {
        propose(now, outputs);
    }
}

void PowEngine::search(const engine_input::ProposalBuilt& built, TimePoint now,
                       EngineOutputs& outputs) {
    if (built.block == nullptr || tip_ == nullptr || built.parent != tip_->hash) {
        stop(outputs);
        schedule_next(now);
        return;
    }
    const auto target = target_from_compact(built.block->header.bits);
    CHECK(target);
    candidate_ = built.block;
    stale_template_ = false;
    template_time_ = now;
    outputs.push_back(engine_output::SearchNonce{++job_, candidate_->header, target->to_hash()});
}

void PowEngine::publish(const miner_input::SolutionFound& found, TimePoint now,
                        EngineOutputs& outputs) {
    if (found.job != job_ || !candidate_) return;  // overtaken by a new tip
    auto block = std::make_shared<Block>(*candidate_);
    block->header = found.header;
    candidate_ = nullptr;
    schedule_next(now);
    outputs.push_back(engine_output::Publish{std::move(block), {}});
}

std::optional<TimePoint> PowEngine::next_deadline() const {
    TimePoint deadline = next_block_;
    if (candidate_ && stale_template_)
        deadline = std::min(deadline, template_time_ + options_.template_refresh);
    if (deadline == kNever) return std::nullopt;
    return deadline;
}

void PowEngine::propose(TimePoint now, EngineOutputs& outputs) {
    outputs.push_back(engine_output::BuildProposal{tip_->hash, to_unix_seconds(now), true});
}

void PowEngine::stop(EngineOutputs& outputs) {
    if (!candidate_) return;
    candidate_ = nullptr;
    outputs.push_back(engine_output::StopSearch{});
}

void PowEngine::schedule_next(TimePoint now) {
    const auto mean = options_.schedule.period;
    if (options_.schedule.kind == MiningSchedule::Kind::interval) {
        // Counted from the last slot instead of from now, so that search times do not accumulate.
        next_block_ = std::max(now, last_slot_ + mean);
    } else if (options_.schedule.kind == MiningSchedule::Kind::poisson) {
        next_block_ = now + Duration{static_cast<int64_t>(
                                random_.exponential(static_cast<uint64_t>(mean.count())))};
    }
}

namespace {

std::optional<std::string> problem(const PowOptions& options,
                                   const EngineSurroundings& surroundings) {
    if (surroundings.params.signet_challenge && options.schedule.kind != MiningSchedule::Kind::off)
        return "-gen and -automine cannot sign blocks: on signet a miner asks getblocktemplate, "
               "and signs";
    return std::nullopt;
}

}  // namespace

constinit const EngineFactory kPowFactory{
    "pow",
    [] { return std::vector<OptionInfo>{}; },
    {},
    [](const EngineSettings& settings, const ChainParams&) {
        return Expected<EngineChoice, std::string>{pow_choice({.schedule = settings.schedule})};
    }};

EngineChoice pow_choice(const PowOptions& options) {
    EngineChoice choice;
    choice.name = kPowFactory.name;
    choice.problem = [options](const EngineSurroundings& surroundings) {
        return problem(options, surroundings);
    };
    choice.make = [options](const EngineHost& host) {
        return Expected<std::unique_ptr<Engine>, std::string>{
            std::make_unique<PowEngine>(options, host.params, host.random)};
    };
    return choice;
}

}  // namespace parley
