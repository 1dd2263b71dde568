#include "consensus/pow/pow_engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
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

std::vector<EngineInfoField> PowEngine::info() const {
    std::vector<EngineInfoField> fields;
    fields.push_back(
        {"role", options_.schedule.kind == MiningSchedule::Kind::off ? "\"node\"" : "\"miner\""});
    fields.push_back({"automine", fmt::format("\"{}\"", to_string(options_.schedule))});
    fields.push_back({"searching", candidate_ ? "true" : "false"});
    return fields;
}

void PowEngine::set_schedule(const MiningSchedule& schedule, TimePoint now,
                             EngineEffects& effects) {
    stop(effects);
    options_.schedule = schedule;
    if (tip_ != nullptr) on_start(*tip_, now, effects);
}

void PowEngine::on_start(const HeaderNode& tip, TimePoint now, EngineEffects& effects) {
    tip_ = &tip;
    last_slot_ = now;
    next_block_ = kNever;
    schedule_next(now);
    if (options_.schedule.kind == MiningSchedule::Kind::continuous) propose(now, effects);
    if (options_.schedule.kind == MiningSchedule::Kind::on_demand) on_demand(demand_, now, effects);
}

void PowEngine::on_tip(const HeaderNode& tip, TimePoint now, EngineEffects& effects) {
    tip_ = &tip;
    // Work below another tip is lost; a clocked schedule goes on with the search that it owes, on
    // the new tip.
    if (options_.schedule.kind == MiningSchedule::Kind::continuous || candidate_)
        propose(now, effects);
}

void PowEngine::on_demand(const Demand& demand, TimePoint now, EngineEffects& effects) {
    demand_ = demand;
    if (candidate_) stale_template_ = true;
    if (options_.schedule.kind == MiningSchedule::Kind::on_demand && tip_ != nullptr) {
        if (demand.transactions > 0 && !candidate_) propose(now, effects);
        if (demand.transactions == 0) stop(effects);
    }
}

void PowEngine::on_message(PeerId from, ByteSpan, TimePoint, EngineEffects& effects) {
    effects.push_back(engine_effect::Blame{from, "engine message on a proof-of-work network"});
}

void PowEngine::on_timer(TimePoint now, EngineEffects& effects) {
    if (tip_ == nullptr) return;
    if (now >= next_block_) {
        last_slot_ = next_block_;
        next_block_ = kNever;  // drawn anew when the block is found
        propose(now, effects);
    } else if (candidate_ && stale_template_ && now >= template_time_ + options_.template_refresh) {
        propose(now, effects);
    }
}

void PowEngine::on_proposal_built(const BlockHash& parent, BlockRef block, TimePoint now,
                                  EngineEffects& effects) {
    if (block == nullptr || tip_ == nullptr || parent != tip_->hash) {
        stop(effects);
        schedule_next(now);
        return;
    }
    const auto target = target_from_compact(block->header.bits);
    CHECK(target);
    candidate_ = std::move(block);
    stale_template_ = false;
    template_time_ = now;
    effects.push_back(engine_effect::SearchNonce{++job_, candidate_->header, target->to_hash()});
}

void PowEngine::on_solution(uint64_t job, const BlockHeader& header, TimePoint now,
                            EngineEffects& effects) {
    if (job != job_ || !candidate_) return;  // overtaken by a new tip
    auto block = std::make_shared<Block>(*candidate_);
    block->header = header;
    candidate_ = nullptr;
    schedule_next(now);
    effects.push_back(engine_effect::Publish{std::move(block), {}});
}

void PowEngine::on_search_exhausted(uint64_t job, TimePoint now, EngineEffects& effects) {
    if (job == job_ && candidate_) propose(now, effects);
}

std::optional<TimePoint> PowEngine::next_deadline() const {
    TimePoint deadline = next_block_;
    if (candidate_ && stale_template_)
        deadline = std::min(deadline, template_time_ + options_.template_refresh);
    if (deadline == kNever) return std::nullopt;
    return deadline;
}

void PowEngine::propose(TimePoint now, EngineEffects& effects) {
    effects.push_back(engine_effect::BuildProposal{tip_->hash, to_unix_seconds(now), true});
}

void PowEngine::stop(EngineEffects& effects) {
    if (!candidate_) return;
    candidate_ = nullptr;
    effects.push_back(engine_effect::StopSearch{});
}

void PowEngine::schedule_next(TimePoint now) {
    const auto mean = options_.schedule.period;
    if (options_.schedule.kind == MiningSchedule::Kind::interval) {
        // Counted from the last slot, not from now, so that the time a search takes does not add
        // up.
        next_block_ = std::max(now, last_slot_ + mean);
    } else if (options_.schedule.kind == MiningSchedule::Kind::poisson) {
        next_block_ = now + Duration{static_cast<int64_t>(
                                random_.exponential(static_cast<uint64_t>(mean.count())))};
    }
}

}  // namespace parley
