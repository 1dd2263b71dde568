#include "consensus/pbft/decision.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "consensus/pbft/view_change.h"

namespace parley::pbft {

Decision::Decision(const Setup& setup, VoteLog& vote_log, Repair& repair, EvidenceList& evidence,
                   Attendance& attendance, const HeaderNode& tip, TimePoint now, Early early)
    : setup_(setup),
      vote_log_(vote_log),
      repair_(repair),
      evidence_(evidence),
      attendance_(attendance),
      tip_(tip),
      final_{static_cast<Sequence>(tip.height.value()), tip.hash,
             tip.height == Height{0} ? Bytes{} : tip.seal},
      since_(now),
      book_(std::move(early.votes)),
      bodies_(std::move(early.bodies)) {
    book_.forget_through(final_.height);
}

void Decision::restore() {
    for (const auto* vote : {&state().accepted, &state().prepare, &state().commit}) {
        if (*vote && in_window((*vote)->height)) book_.add(**vote);
    }
    if (const auto& prepared = state().prepared; prepared && prepared->height == height()) {
        for (const Endorsement& prepare : prepared->prepares) {
            const Vote vote{MessageType::prepare, prepared->view,    prepared->height,
                            prepared->digest,     prepare.validator, prepare.signature};
            if (book_.place(vote) == VoteBook::Place::fresh) book_.add(vote);
        }
    }
    for (const auto& [digest, block] : vote_log_.restored_bodies()) {
        if (block->header.previous == final_.digest)
            bodies_[digest] = Body{block, kNoPeer, true, state().view};
    }
    place_reproposal();
}

void Decision::succeed() {
    place_reproposal();
    drop_unneeded_bodies();
}

Decision::Early Decision::take_early() {
    Early early(setup_.set());
    early.votes = std::move(book_);
    early.bodies = std::move(bodies_);
    return early;
}

BlockRef Decision::valid_block(const BlockHash& digest) const {
    const auto found = bodies_.find(digest);
    return found != bodies_.end() && found->second.valid ? found->second.block : nullptr;
}

void Decision::take(PeerId from, const Vote& vote, Step& step) {
    if (!setup_.self) return;
    if (vote.view >= kViewMax || vote.validator >= setup_.set().size())
        return setup_.blame(from, "a vote with an invalid validator or view", step);
    if (!in_window(vote.height)) {
        if (vote.height > final_.height) repair_.note_beyond();
        // Too late for the last decision, but its sender is alive.
        if (vote.height == final_.height && attendance_.last_height(vote.validator) < vote.height &&
            setup_.authenticator.verify(vote))
            attendance_.heard(vote.validator, vote.height, step.now);
        return;
    }
    const bool is_prepare = vote.type == MessageType::prepare;
    if (is_prepare && vote.validator == setup_.set().primary(vote.view))
        return setup_.blame(from, "a primary's prepare", step);
    // A commit of an earlier view may still complete a certificate, which is a proof by itself; a
    // prepare of an earlier view is useless.
    if (is_prepare && vote.view < state().view && vote.height == height()) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::duplicate || place == VoteBook::Place::stale) return;
    if (!setup_.authenticator.verify(vote))
        return setup_.blame(from, "a vote with a bad signature", step);
    guard_own_key(vote);
    if (place == VoteBook::Place::conflict) return evidence_.note(book_, vote);
    if (vote.height > height()) repair_.note_beyond();
    attendance_.heard(vote.validator, vote.height, step.now);
    book_.add(vote);
}

void Decision::take(PeerId from, const PrePrepare& message, Step& step) {
    if (!setup_.self) return;
    const Vote& vote = message.vote;
    if (vote.view >= kViewMax || vote.validator != setup_.set().primary(vote.view))
        return setup_.blame(from, "a pre-prepare not from the primary of its view", step);
    if (!in_window(vote.height)) {
        if (vote.height > final_.height) repair_.note_beyond();
        return;
    }
    // A block of a later view is requested again once that view is entered: only the current view's
    // blocks are kept in memory.
    if (vote.view != state().view) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::stale) return;
    if (place != VoteBook::Place::duplicate && !setup_.authenticator.verify(vote))
        return setup_.blame(from, "a pre-prepare with a bad signature", step);
    guard_own_key(vote);
    if (place == VoteBook::Place::conflict) return evidence_.note(book_, vote);
    attendance_.heard(vote.validator, vote.height, step.now);
    book_.add(vote);
    take_body(from, vote.digest, message.block, step);
}

void Decision::take_body(PeerId from, const BlockHash& digest, ByteSpan bytes, Step& step) {
    if (bytes.empty() || bodies_.contains(digest) || unusable_.contains(digest)) return;
    const auto refused = refused_.find(digest);
    if (refused != refused_.end() && refused->second.contains(from)) return;
    Reader header_reader(bytes);
    const BlockHeader header = read_block_header(header_reader);
    if (!header_reader.ok() || header.hash() != digest)
        return setup_.blame(from, "a block that does not match the hash", step);
    Reader reader(bytes);
    auto block = std::make_shared<Block>(read_block(reader));
    bool mutated = false;
    if (!reader.done() || block->transactions.empty() ||
        block_merkle_root(*block, &mutated) != block->header.merkle_root || mutated)
        return setup_.blame(from, "a block whose transactions do not match its header", step);
    bodies_[digest] = Body{std::move(block), from, false};
    repair_.body_arrived(digest);
}

BlockRef Decision::valid_body(const BlockHash& digest, Step& step) {
    const auto found = bodies_.find(digest);
    const auto& proven = repair_.certified();
    const bool certified = proven && proven->digest == digest;
    if (found == bodies_.end()) {
        if (certified || !unusable_.contains(digest)) repair_.fetch(digest, step);
        return nullptr;
    }
    if (found->second.valid) return found->second.block;
    if (checking_) return nullptr;
    const auto& new_view = state().new_view;
    const bool reproposed =
        new_view && new_view->reproposal && new_view->reproposal->digest == digest;
    const BlockRef block = found->second.block;
    if (auto problem = header_problem(block->header, certified || reproposed, step.now)) {
        // The digest commits to this header, so no other block with this digest can do better.
        setup_.log.warning(LogCategory::pbft, "Block {} cannot be accepted at height {}: {}.",
                           digest.to_string(), height(), *problem);
        bodies_.erase(found);
        unusable_.insert(digest);
        return nullptr;
    }
    checking_ = digest;
    step.emit<engine_output::CheckProposal>(block);
    return nullptr;
}

std::optional<std::string> Decision::header_problem(const BlockHeader& header, bool reproposed,
                                                    TimePoint now) const {
    if (header.previous != final_.digest) return "it does not follow the last final block";
    if (header.bits != setup_.bits || header.nonce != 0)
        return "its bits or nonce differ from the chain's constants";
    // A prepared block passed this test when it was prepared, and may be old by now.
    if (reproposed) return std::nullopt;
    const int64_t bound =
        std::chrono::floor<std::chrono::seconds>(setup_.options.time_bound).count();
    const int64_t clock = to_unix_seconds(now);
    const int64_t time = header.time;
    // time_min() is the median: if clocks were ahead, even a primary with a correct clock has to
    // use it.
    if (time > clock + bound && time > tip_.median_time_past())
        return "its time is too far ahead of this clock";
    if (time < clock - bound) return "its time is too far behind this clock";
    return std::nullopt;
}

void Decision::take(const engine_input::ProposalChecked& checked, Step& step) {
    const BlockHash digest = checked.block->header.hash();
    if (checking_ != digest) return;
    checking_.reset();
    const auto found = bodies_.find(digest);
    if (found == bodies_.end() || found->second.block != checked.block) return;
    if (checked.reject_reason.empty()) {
        found->second.valid = true;
        return;
    }
    setup_.log.warning(LogCategory::pbft, "Proposed block {} at height {} is invalid: {}.",
                       digest.to_string(), height(), checked.reject_reason);
    const PeerId from = found->second.from;
    if (from != kNoPeer) setup_.blame(from, "an invalid block: " + checked.reject_reason, step);
    bodies_.erase(found);
    refused_[digest].insert(from);
}

void Decision::guard_own_key(const Vote& vote) {
    if (vote.validator == setup_.self && signed_elsewhere(vote)) halt_voting(vote.height);
}

// The record has the last vote of each type, and a replica votes at ascending heights and, at one
// height, in ascending views. An earlier vote that comes back proves nothing.
bool Decision::signed_elsewhere(const Vote& vote) const {
    if (vote.height < state().vote_floor()) return false;
    const auto& own = vote.type == MessageType::pre_prepare ? state().accepted
                      : vote.type == MessageType::prepare   ? state().prepare
                                                            : state().commit;
    if (!own || own->height != vote.height) return true;
    if (own->view != vote.view) return vote.view > own->view;
    return own->digest != vote.digest;
}

void Decision::halt_voting(Sequence height) {
    if (vote_log_.halt("a vote", height))
        setup_.log.error(LogCategory::pbft, "{}", *vote_log_.halted());
}

bool Decision::may_vote() const {
    return setup_.self && !vote_log_.halted() && state().active && !repair_.behind() &&
           !published_ && height() >= state().vote_floor();
}

std::optional<Vote> Decision::sign(MessageType type, Sequence height, const BlockHash& digest,
                                   TimePoint now) {
    CHECK(setup_.self);
    if (vote_log_.halted()) return std::nullopt;
    const Vote* known = in_window(height) ? book_.find(type, height, *setup_.self) : nullptr;
    if (known != nullptr &&
        (known->view > state().view || (known->view == state().view && known->digest != digest))) {
        halt_voting(height);
        return std::nullopt;
    }
    attendance_.heard(*setup_.self, height, now);
    Vote vote{type, state().view, height, digest, *setup_.self, {}};
    vote.signature =
        vote_log_.sign(setup_.authenticator.signing_hash(type, state().view, height, digest));
    return vote;
}

bool Decision::is_primary() const {
    return setup_.self && *setup_.self == setup_.set().primary(state().view);
}

VoteLog::Bodies Decision::blocks() const {
    VoteLog::Bodies blocks;
    for (const auto& [digest, body] : bodies_) {
        if (body.valid && is_for_this_height(body)) blocks[digest] = body.block;
    }
    return blocks;
}

void Decision::advance(const Demand& demand, Step& step) {
    while (try_publish(step) || try_prepare(step) || try_commit(step)) {
    }
    try_propose(demand, step);
}

bool Decision::try_publish(Step& step) {
    if (!setup_.self || published_) return false;
    if (!repair_.certified() || repair_.certified()->height != height()) {
        const auto quorum = book_.commit_quorum(height());
        if (!quorum) return false;
        CommitCertificate certificate{
            quorum->first,
            book_.endorsements(MessageType::commit, quorum->first, height(), quorum->second)};
        // A later block that is proven final waits for this one; its proof will come again.
        repair_.certify(FinalPoint{height(), quorum->second, encode_seal(certificate)});
    }
    const FinalPoint& certified = *repair_.certified();
    const BlockRef block = valid_body(certified.digest, step);
    if (block == nullptr) return false;
    published_ = certified.digest;
    step.emit<engine_output::Publish>(block, certified.seal);
    return false;
}

bool Decision::try_prepare(Step& step) {
    const Vote* pre_prepare = proposal();
    if (!may_vote() || pre_prepare == nullptr) return false;
    if (valid_body(pre_prepare->digest, step) == nullptr || is_primary()) return false;
    VoteState& own = vote_log_.state;
    const bool answered =
        own.prepare && own.prepare->height == height() && own.prepare->view == state().view;
    if (answered) return false;
    const auto vote = sign(MessageType::prepare, height(), pre_prepare->digest, step.now);
    if (!vote) return false;
    own.accepted = *pre_prepare;
    own.prepare = vote;
    bodies_[pre_prepare->digest].view = state().view;
    step.broadcast(*vote, record(step));
    book_.add(*vote);
    return true;
}

bool Decision::try_commit(Step& step) {
    VoteState& own = vote_log_.state;
    if (!may_vote() || !own.accepted) return false;
    const Vote accepted = *own.accepted;
    if (accepted.height != height() || accepted.view != state().view) return false;
    if (own.commit && own.commit->height == accepted.height && own.commit->view == state().view)
        return false;
    PreparedCertificate prepared{
        accepted.view, accepted.height, accepted.digest, accepted.signature,
        book_.endorsements(MessageType::prepare, accepted.view, accepted.height, accepted.digest)};
    if (prepared.prepares.size() + 1 < setup_.set().quorum()) return false;
    if (valid_body(accepted.digest, step) == nullptr) return false;
    const auto vote = sign(MessageType::commit, accepted.height, accepted.digest, step.now);
    if (!vote) return false;
    own.prepared = std::move(prepared);
    own.commit = vote;
    step.broadcast(*vote, record(step));
    book_.add(*vote);
    return true;
}

bool Decision::empty_block_due(TimePoint now) const {
    const Duration period = setup_.options.empty_block_period;
    return period > Duration::zero() && now >= since_ + period;
}

void Decision::try_propose(const Demand& demand, Step& step) {
    if (!may_vote() || !is_primary() || building_ || proposal() != nullptr) return;
    const auto& accepted = state().accepted;
    if (accepted && accepted->height == height() && accepted->view == state().view) return;
    const bool empty_due = empty_block_due(step.now);
    if (!empty_due && (demand.transactions == 0 || nothing_to_build_)) return;
    building_ = final_.digest;
    step.emit<engine_output::BuildProposal>(final_.digest, to_unix_seconds(step.now), empty_due);
}

void Decision::take(const engine_input::ProposalBuilt& built, Step& step) {
    if (building_ != built.parent) return;
    building_.reset();
    if (built.block == nullptr) {
        nothing_to_build_ = true;
    } else if (may_vote() && is_primary() && proposal() == nullptr &&
               built.parent == final_.digest) {
        propose(built.block, step);
    }
}

void Decision::propose(const BlockRef& block, Step& step) {
    const BlockHash digest = block->header.hash();
    if (auto problem = header_problem(block->header, false, step.now)) {
        setup_.log.error(LogCategory::pbft, "The block built for height {} is unusable: {}.",
                         height(), *problem);
        nothing_to_build_ = true;
        return;
    }
    const auto vote = sign(MessageType::pre_prepare, height(), digest, step.now);
    if (!vote) {
        nothing_to_build_ = true;
        return;
    }
    bodies_[digest] = Body{block, kNoPeer, true, state().view};
    vote_log_.state.accepted = vote;
    step.broadcast(PrePrepare{*vote, block->serialize()}, record(step));
    book_.add(*vote);
}

void Decision::view_changed() {
    building_.reset();
    if (!state().active) return;
    nothing_to_build_ = false;
    unusable_.clear();
    refused_.clear();
    book_.forget_pre_prepares_below(state().view);
    place_reproposal();
    drop_unneeded_bodies();
}

void Decision::place_reproposal() {
    const auto& new_view = state().new_view;
    if (!setup_.self || !state().active || !new_view || !new_view->reproposal) return;
    const Vote vote = reproposal_vote(*new_view);
    if (!in_window(vote.height)) return;
    const VoteBook::Place place = book_.place(vote);
    if (place == VoteBook::Place::duplicate) return;
    if (place == VoteBook::Place::conflict) evidence_.note(book_, vote);
    book_.replace(vote);
}

bool Decision::has_work(const Demand& demand, TimePoint now) const {
    return (demand.transactions > 0 && !nothing_to_build_) || proposal() != nullptr ||
           empty_block_due(now);
}

TimePoint Decision::next_deadline(TimePoint now) const {
    const Duration period = setup_.options.empty_block_period;
    const bool waits = setup_.self && period > Duration::zero() && since_ + period > now;
    return waits ? since_ + period : kNever;
}

bool Decision::is_for_this_height(const Body& body) const {
    return body.block->header.previous == final_.digest;
}

void Decision::drop_unneeded_bodies() {
    std::vector<BlockHash> needed = book_.proposals();
    if (state().accepted) needed.push_back(state().accepted->digest);
    if (state().prepared) needed.push_back(state().prepared->digest);
    if (repair_.certified()) needed.push_back(repair_.certified()->digest);
    std::vector<std::pair<View, BlockHash>> valid;
    for (const auto& [digest, body] : bodies_) {
        if (body.valid && is_for_this_height(body) && setup_.tuning.valid_blocks_kept)
            valid.emplace_back(body.view, digest);
    }
    std::ranges::sort(valid, std::greater{});
    if (valid.size() > kBlocksMax) valid.resize(kBlocksMax);
    for (const auto& [view, digest] : valid) needed.push_back(digest);
    std::erase_if(bodies_, [&](const auto& entry) {
        return std::find(needed.begin(), needed.end(), entry.first) == needed.end();
    });
}

}  // namespace parley::pbft
