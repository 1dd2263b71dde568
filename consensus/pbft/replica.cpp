// Replica, part one: construction, header rules, the engine's inputs and its timers.
#include "consensus/pbft/replica.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/compact_target.h"

namespace parley::pbft {

Replica::Replica(PbftOptions options, const ChainParams& chain, ValidatorSet validators,
                 LogSink& log)
    : options_(std::move(options)),
      authenticator_(std::move(validators), chain.genesis_hash),
      self_(options_.key ? set().index_of(options_.key->public_key()) : std::nullopt),
      genesis_(chain.genesis_hash),
      bits_(compact_from_target(chain.pow_limit)),
      log_(log),
      vote_log_(self_.value_or(0), options_.key, authenticator_),
      book_(authenticator_.validators()),
      view_changes_(authenticator_.validators()) {
    CHECK(self_.has_value() == options_.key.has_value());
}

Expected<void, std::string> Replica::restore(const Storage& storage) {
    CHECK(tip_ == nullptr);
    if (!self_) return {};
    auto loaded = VoteLog::load(storage, *self_, options_.key, authenticator_);
    if (!loaded) {
        log_.error(LogCategory::pbft, "{}.", loaded.error());
        return Unexpected(loaded.error());
    }
    vote_log_ = std::move(*loaded);
    return {};
}

Expected<std::optional<Score>, HeaderError> Replica::verify_header(const BlockHeader& header,
                                                                   const BlockHash& hash,
                                                                   ByteSpan seal,
                                                                   const HeaderNode& parent) const {
    if (header.bits != bits_)
        return Unexpected(HeaderError{"bad-diffbits", "every block carries the limit's bits"});
    if (header.nonce != 0) return Unexpected(HeaderError{"bad-nonce", "no block has a nonce"});
    if (seal.empty()) return std::optional<Score>{};
    const FinalPoint point{static_cast<Sequence>(parent.height.value()) + 1, hash, to_bytes(seal)};
    if (auto valid = authenticator_.verify_final(point); !valid)
        return Unexpected(HeaderError{"bad-pbft-seal", std::string(to_string(valid.error()))});
    if (!parent.score) return std::optional<Score>{};
    return std::optional<Score>{*parent.score + 1};
}

Score Replica::genesis_score(const BlockHeader&) const {
    return Score{0};
}

uint32_t Replica::next_bits(const HeaderNode&, int64_t) const {
    return bits_;
}

EngineOutputs Replica::handle(const EngineInput& input, TimePoint now) {
    Step step(now, network());
    now_ = now;
    std::visit([&](const auto& each) { take(each, step); }, input);
    return step.take_outputs();
}

void Replica::take(const engine_input::Started& input, Step& step) {
    CHECK(tip_ == nullptr);
    const HeaderNode& tip = *input.tip;
    tip_ = &tip;
    final_ = FinalPoint{static_cast<Sequence>(tip.height.value()), tip.hash, tip.seal};
    final_at_ = step.now;
    idle_status_at_ = step.now + options_.idle_status_period;
    if (final_.height == 0) final_.seal.clear();
    if (final_.height > 0) step.emit<engine_output::Finalize>(final_.digest);
    if (self_) {
        const VoteState& state = votes();
        for (const auto* vote : {&state.accepted, &state.prepare, &state.commit}) {
            if (*vote && in_window((*vote)->height)) book_.add(**vote);
        }
        if (state.view_change) view_changes_.add(*state.view_change);
        if (state.prepared && state.prepared->height == next_height()) {
            for (const Endorsement& prepare : state.prepared->prepares) {
                const Vote vote{MessageType::prepare,   state.prepared->view,
                                state.prepared->height, state.prepared->digest,
                                prepare.validator,      prepare.signature};
                if (book_.place(vote) == VoteBook::Place::fresh) book_.add(vote);
            }
        }
        for (const auto& [digest, block] : vote_log_.restored_bodies()) {
            if (block->header.previous == final_.digest)
                bodies_[digest] = BodyState{block, PeerId{0}, true};
        }
        place_reproposal();
        log_.info(LogCategory::pbft, "Validator {} of {} starts in view {} at height {}.", *self_,
                  set().size(), view(), next_height());
    }
    advance(step);
}

void Replica::take(const engine_input::TipChanged& input, Step& step) {
    CHECK(tip_ != nullptr);
    const HeaderNode& tip = *input.tip;
    const auto height = static_cast<Sequence>(tip.height.value());
    // A final block never leaves the chain; the chainstate guards that.
    CHECK(height >= final_.height);
    if (height > final_.height) {
        tip_ = &tip;
        final_ = FinalPoint{height, tip.hash, tip.seal};
        final_at_ = step.now;
        step.emit<engine_output::Finalize>(final_.digest);
        if (certified_ && certified_->height <= height) certified_.reset();
        checking_.reset();
        building_.reset();
        published_.reset();
        wanted_.reset();
        fetch_at_.reset();
        nothing_to_build_ = false;
        paced_since_.reset();
        trials_.clear();
        book_.forget_through(height);
        place_reproposal();
        drop_unneeded_bodies();
        unsuccessful_views_ = 0;
        request_deadline_.reset();
        repeat_at_.reset();
    }
    advance(step);
}

void Replica::take(const engine_input::DemandChanged& input, Step& step) {
    demand_ = input.demand;
    nothing_to_build_ = false;
    advance(step);
}

void Replica::take(const engine_input::PeerMessage& input, Step& step) {
    CHECK(tip_ != nullptr);
    const PeerId from = input.from;
    const auto decoded = decode_message(input.message, network());
    if (!decoded)
        return blame(from, fmt::format("an engine message that is {}", to_string(decoded.error())),
                     step);
    std::visit([&](const auto& content) { handle(from, content, step); }, *decoded);
    advance(step);
}

void Replica::take(const engine_input::PeerReady& input, Step& step) {
    peers_[input.peer] = PeerState{};
    step.send(input.peer, status());
    advance(step);
}

void Replica::take(const engine_input::PeerGone& input, Step& step) {
    peers_.erase(input.peer);
    advance(step);
}

void Replica::take(const engine_input::TimerDue&, Step& step) {
    const TimePoint now = step.now;
    if (now >= idle_status_at_) {
        idle_status_at_ = now + options_.idle_status_period;
        step.broadcast(status());
    }
    if (request_deadline_ && now >= *request_deadline_) {
        request_deadline_.reset();
        if (view() + 1 < kViewMax && may_leave()) {
            start_view_change(
                view() + 1,
                fmt::format("no {} from validator {} in time",
                            active() ? fmt::format("block {}", next_height()) : "new-view",
                            primary()),
                step);
        }
    }
    if (repeat_at_ && now >= *repeat_at_) {
        repeat_at_.reset();
        repeat(step);
    }
    if (fetch_at_ && now >= *fetch_at_) {
        fetch_at_.reset();
        wanted_.reset();  // asked for again by whoever still needs it
    }
    advance(step);
}

Duration Replica::timeout() const {
    Duration result = options_.base_timeout;
    for (unsigned i = 0; i < unsuccessful_views_ && result < options_.timeout_max; ++i) result *= 2;
    return std::min(result, options_.timeout_max);
}

bool Replica::has_work(TimePoint now) const {
    return (demand_.transactions > 0 && !nothing_to_build_) || proposal() != nullptr ||
           empty_block_due(now);
}

bool Replica::unsettled(TimePoint now) const {
    if (behind()) return true;
    if (!self_) return false;
    return !active() || heard_from_beyond_ || has_work(now) || book_.has_votes(next_height());
}

void Replica::set_timers(Step& step) {
    bool waiting = false;
    if (self_ && active()) {
        // A replica that lacks final blocks has nothing to reproach the primary with.
        waiting = has_work(step.now) && !behind() && may_leave();
    } else if (self_) {
        // Section 4.5.2: who is alone in leaving a view waits, instead of running through views.
        waiting = view_changes_.count(view()) >= set().quorum();
    }
    if (!waiting) {
        request_deadline_.reset();
    } else if (!request_deadline_) {
        request_deadline_ = step.now + timeout();
    }
    if (!unsettled(step.now)) {
        repeat_at_.reset();
    } else if (!repeat_at_) {
        repeat_at_ = step.now + retry_interval();
    }
}

std::optional<TimePoint> Replica::next_deadline() const {
    TimePoint first = idle_status_at_;
    for (const auto& deadline : {request_deadline_, repeat_at_, fetch_at_, propose_at_}) {
        if (deadline) first = std::min(first, *deadline);
    }
    if (self_ && options_.empty_block_period > Duration::zero()) {
        const TimePoint empty_at = final_at_ + options_.empty_block_period;
        if (empty_at > now_) first = std::min(first, empty_at);
    }
    if (first == kNever) return std::nullopt;
    return first;
}

void Replica::blame(PeerId peer, std::string reason, Step& step) {
    log_.debug(LogCategory::pbft, "Peer {} sent {}.", peer.value(), reason);
    step.emit<engine_output::Blame>(peer, std::move(reason));
}

}  // namespace parley::pbft
