// Replica, part two: the normal case (Castro & Liskov, section 4.2).
#include <algorithm>

#include "base/check.h"
#include "consensus/pbft/replica.h"

namespace parley::pbft {

void Replica::handle(PeerId from, const Vote& vote, Step& step) {
    if (!self_) return;
    if (vote.view >= kViewMax || vote.validator >= set().size())
        return blame(from, "a vote of nobody or of an impossible view", step);
    if (!in_window(vote.height)) {
        heard_from_beyond_ = heard_from_beyond_ || vote.height > final_.height;
        return;
    }
    const bool is_prepare = vote.type == MessageType::prepare;
    if (is_prepare && vote.validator == set().primary(vote.view))
        return blame(from, "a primary's prepare", step);
    // A commit of an earlier view may still complete a certificate, which proves itself; a prepare
    // of one has no use any more.
    if (is_prepare && vote.view < view()) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::duplicate || place == VoteBook::Place::stale) return;
    if (!authenticator_.verify(vote)) return blame(from, "a vote with a bad signature", step);
    if (place == VoteBook::Place::conflict) return record_evidence(vote);
    heard_from_beyond_ = heard_from_beyond_ || vote.height > next_height();
    book_.add(vote);
}

void Replica::handle(PeerId from, const PrePrepare& message, Step& step) {
    if (!self_) return;
    const Vote& vote = message.vote;
    if (vote.view >= kViewMax || vote.validator != set().primary(vote.view))
        return blame(from, "a pre-prepare that is not its view's primary's", step);
    if (!in_window(vote.height)) {
        heard_from_beyond_ = heard_from_beyond_ || vote.height > final_.height;
        return;
    }
    // One of a later view is asked for again once that view is entered: only the current view's
    // blocks take memory.
    if (vote.view != view()) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::stale) return;
    if (place != VoteBook::Place::duplicate && !authenticator_.verify(vote))
        return blame(from, "a pre-prepare with a bad signature", step);
    if (place == VoteBook::Place::conflict) return record_evidence(vote);
    book_.add(vote);
    take_body(from, vote.digest, message.block, step);
}

void Replica::take_body(PeerId from, const BlockHash& digest, ByteSpan bytes, Step& step) {
    if (bytes.empty() || bodies_.contains(digest)) return;
    const auto failed = trials_.find(digest);
    if (failed != trials_.end() && failed->second >= kTrialsMax) return;
    Reader header_reader(bytes);
    const BlockHeader header = read_block_header(header_reader);
    if (!header_reader.ok() || header.hash() != digest)
        return blame(from, "a block that is not the one its hash names", step);
    Reader reader(bytes);
    auto block = std::make_shared<Block>(read_block(reader));
    bool mutated = false;
    if (!reader.done() || block->transactions.empty() ||
        block_merkle_root(*block, &mutated) != block->header.merkle_root || mutated)
        return blame(from, "a block whose transactions are not the ones its hash names", step);
    bodies_[digest] = BodyState{std::move(block), from, false};
    if (wanted_ == digest) {
        wanted_.reset();
        fetch_at_.reset();
    }
}

const BlockRef* Replica::valid_body(const BlockHash& digest, Step& step) {
    const auto found = bodies_.find(digest);
    const bool certified = certified_ && certified_->digest == digest;
    if (found == bodies_.end()) {
        const auto failed = trials_.find(digest);
        if (certified || failed == trials_.end() || failed->second < kTrialsMax)
            fetch(digest, step);
        return nullptr;
    }
    if (found->second.valid) return &found->second.block;
    if (checking_) return nullptr;
    const auto& new_view = votes().new_view;
    const bool reproposed =
        new_view && new_view->reproposal && new_view->reproposal->digest == digest;
    const BlockRef block = found->second.block;
    if (auto problem = header_problem(block->header, certified || reproposed, step.now)) {
        // The digest itself names this header: no other block of it can do better.
        log_.warning(LogCategory::pbft, "Block {} cannot be accepted at height {}: {}.",
                     digest.to_string(), next_height(), *problem);
        bodies_.erase(found);
        trials_[digest] = kTrialsMax;
        return nullptr;
    }
    checking_ = digest;
    step.emit<engine_output::CheckProposal>(block);
    return nullptr;
}

std::optional<std::string> Replica::header_problem(const BlockHeader& header, bool reproposed,
                                                   TimePoint now) const {
    if (header.previous != final_.digest) return "it does not follow the last final block";
    if (header.bits != bits_ || header.nonce != 0) return "its bits or nonce are not the chain's";
    // A block that was prepared once has passed this test then, and may be old by now.
    if (reproposed) return std::nullopt;
    const int64_t bound = std::chrono::floor<std::chrono::seconds>(options_.time_bound).count();
    const int64_t clock = to_unix_seconds(now);
    const int64_t time = header.time;
    // Median time past + 1 is the lowest time that the chain allows: a primary with a right clock
    // may have to use it.
    if (time > clock + bound && time > tip_->median_time_past() + 1)
        return "its time is too far ahead of this clock";
    if (time < clock - bound) return "its time is too far behind this clock";
    return std::nullopt;
}

void Replica::take(const engine_input::ProposalChecked& input, Step& step) {
    const std::string& reject_reason = input.reject_reason;
    const BlockHash digest = input.block->header.hash();
    if (checking_ == digest) {
        checking_.reset();
        const auto found = bodies_.find(digest);
        if (found != bodies_.end() && found->second.block == input.block) {
            if (reject_reason.empty()) {
                found->second.valid = true;
            } else {
                log_.warning(LogCategory::pbft, "Proposed block {} at height {} is invalid: {}.",
                             digest.to_string(), next_height(), reject_reason);
                if (found->second.from != PeerId{0})
                    blame(found->second.from, "an invalid block: " + reject_reason, step);
                bodies_.erase(found);
                ++trials_[digest];
            }
        }
    }
    advance(step);
}

bool Replica::may_vote() const {
    return self_ && active() && !behind() && !published_ && next_height() >= votes().vote_floor();
}

std::optional<Vote> Replica::sign(MessageType type, Sequence height, const BlockHash& digest) {
    CHECK(self_ && options_.key);
    const Vote* known = in_window(height) ? book_.find(type, height, *self_) : nullptr;
    if (known != nullptr &&
        (known->view > view() || (known->view == view() && known->digest != digest))) {
        log_.error(LogCategory::pbft,
                   "Somebody else votes with this validator's key, or this node lost its record: "
                   "it does not vote at height {} in view {}.",
                   height, view());
        return std::nullopt;
    }
    Vote vote{type, view(), height, digest, *self_, {}};
    vote.signature = vote_log_.sign(authenticator_.signing_hash(type, view(), height, digest));
    return vote;
}

Recorded Replica::record(Step& step) {
    VoteLog::Bodies bodies;
    for (const auto& [digest, body] : bodies_) bodies[digest] = body.block;
    return vote_log_.record(bodies, final_.height, step);
}

void Replica::advance(Step& step) {
    CHECK(tip_ != nullptr);
    try_join(step);
    try_new_view(step);
    while (try_publish(step) || try_prepare(step) || try_commit(step)) {
    }
    try_propose(step);
    set_timers(step);
}

bool Replica::try_publish(Step& step) {
    if (!self_ || published_) return false;
    if (!certified_ || certified_->height != next_height()) {
        const auto quorum = book_.commit_quorum(next_height());
        if (!quorum) return false;
        CommitCertificate certificate{
            quorum->first,
            book_.endorsements(MessageType::commit, quorum->first, next_height(), quorum->second)};
        // A later block that is proven final waits for this one; its proof will come again.
        certified_ = FinalPoint{next_height(), quorum->second, encode_seal(certificate)};
    }
    const BlockRef* block = valid_body(certified_->digest, step);
    if (block == nullptr) return false;
    published_ = certified_->digest;
    step.emit<engine_output::Publish>(*block, certified_->seal);
    return false;
}

bool Replica::try_prepare(Step& step) {
    const Vote* pre_prepare = proposal();
    if (!may_vote() || pre_prepare == nullptr) return false;
    if (valid_body(pre_prepare->digest, step) == nullptr || is_primary()) return false;
    VoteState& state = vote_log_.state;
    const bool answered =
        state.prepare && state.prepare->height == next_height() && state.prepare->view == view();
    if (answered) return false;
    const auto vote = sign(MessageType::prepare, next_height(), pre_prepare->digest);
    if (!vote) return false;
    state.accepted = *pre_prepare;
    state.prepare = vote;
    step.broadcast(*vote, record(step));
    book_.add(*vote);
    return true;
}

bool Replica::try_commit(Step& step) {
    VoteState& state = vote_log_.state;
    if (!may_vote() || !state.accepted) return false;
    const Vote accepted = *state.accepted;
    if (accepted.height != next_height() || accepted.view != view()) return false;
    if (state.commit && state.commit->height == accepted.height && state.commit->view == view())
        return false;
    PreparedCertificate prepared{
        accepted.view, accepted.height, accepted.digest, accepted.signature,
        book_.endorsements(MessageType::prepare, accepted.view, accepted.height, accepted.digest)};
    if (prepared.prepares.size() + 1 < set().quorum()) return false;
    if (valid_body(accepted.digest, step) == nullptr) return false;
    const auto vote = sign(MessageType::commit, accepted.height, accepted.digest);
    if (!vote) return false;
    state.prepared = std::move(prepared);
    state.commit = vote;
    step.broadcast(*vote, record(step));
    book_.add(*vote);
    return true;
}

bool Replica::empty_block_due(TimePoint now) const {
    const Duration period = options_.empty_block_period;
    return period > Duration::zero() && now >= final_at_ + period;
}

// Median time past + 1 may run ahead of the clock where blocks follow each other fast. The primary
// lets the clock catch up to half of the bound, but never for so long that others lose patience.
std::optional<TimePoint> Replica::pace(TimePoint now) const {
    const TimePoint lowest = from_unix_seconds(tip_->median_time_past() + 1);
    const TimePoint caught_up = lowest - options_.time_bound / 2;
    const TimePoint latest = paced_since_.value_or(now) + options_.base_timeout / 4;
    const TimePoint ready = std::min(caught_up, latest);
    if (ready <= now) return std::nullopt;
    return ready;
}

void Replica::try_propose(Step& step) {
    propose_at_.reset();
    if (!may_vote() || !is_primary() || building_ || proposal() != nullptr) return;
    const auto& accepted = votes().accepted;
    if (accepted && accepted->height == next_height() && accepted->view == view()) return;
    const bool empty_due = empty_block_due(step.now);
    if (!empty_due && (demand_.transactions == 0 || nothing_to_build_)) return;
    if ((propose_at_ = pace(step.now))) {
        if (!paced_since_) paced_since_ = step.now;
        return;
    }
    paced_since_.reset();
    building_ = final_.digest;
    step.emit<engine_output::BuildProposal>(final_.digest, to_unix_seconds(step.now), empty_due);
}

void Replica::take(const engine_input::ProposalBuilt& input, Step& step) {
    if (building_ == input.parent) {
        building_.reset();
        if (input.block == nullptr) {
            nothing_to_build_ = true;
        } else if (may_vote() && is_primary() && proposal() == nullptr &&
                   input.parent == final_.digest) {
            propose(input.block, step);
        }
    }
    advance(step);
}

void Replica::propose(BlockRef block, Step& step) {
    const BlockHash digest = block->header.hash();
    if (auto problem = header_problem(block->header, false, step.now)) {
        log_.error(LogCategory::pbft, "The block built for height {} is unusable: {}.",
                   next_height(), *problem);
        nothing_to_build_ = true;
        return;
    }
    const auto vote = sign(MessageType::pre_prepare, next_height(), digest);
    if (!vote) {
        nothing_to_build_ = true;
        return;
    }
    bodies_[digest] = BodyState{block, PeerId{0}, true};
    vote_log_.state.accepted = vote;
    step.broadcast(PrePrepare{*vote, block->serialize()}, record(step));
    book_.add(*vote);
}

void Replica::drop_unneeded_bodies() {
    std::vector<BlockHash> needed = book_.proposals();
    if (votes().accepted) needed.push_back(votes().accepted->digest);
    if (votes().prepared) needed.push_back(votes().prepared->digest);
    if (certified_) needed.push_back(certified_->digest);
    std::erase_if(bodies_, [&](const auto& entry) {
        return std::find(needed.begin(), needed.end(), entry.first) == needed.end();
    });
}

void Replica::record_evidence(const Vote& second) {
    const Vote* first = book_.find(second.type, second.height, second.validator);
    CHECK(first != nullptr && first->view == second.view && first->digest != second.digest);
    const bool known = std::any_of(evidence_.begin(), evidence_.end(), [&](const Evidence& kept) {
        return kept.first.type == second.type && kept.first.validator == second.validator &&
               kept.first.height == second.height && kept.first.view == second.view;
    });
    if (known || evidence_.size() >= kEvidenceMax) return;
    log_.warning(LogCategory::pbft,
                 "Validator {} signed two statements at height {} in view {}: {} and {}.",
                 second.validator, second.height, second.view, first->digest.to_string(),
                 second.digest.to_string());
    evidence_.push_back(Evidence{*first, second});
}

}  // namespace parley::pbft
