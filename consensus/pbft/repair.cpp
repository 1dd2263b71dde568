#include "consensus/pbft/repair.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "consensus/pbft/decision.h"
#include "consensus/pbft/view_changer.h"

namespace parley::pbft {
namespace {

bool has_bit(const Bytes& bitmap, ValidatorIndex index) {
    return index / 8 < bitmap.size() && (bitmap[index / 8] >> (index % 8) & 1) != 0;
}

template <class List>
Bytes bitmap_of(const List& entries, size_t size) {
    Bytes bitmap((size + 7) / 8);
    for (const auto& entry : entries)
        bitmap[entry.validator / 8] =
            static_cast<uint8_t>(bitmap[entry.validator / 8] | 1 << (entry.validator % 8));
    return bitmap;
}

}  // namespace

Status Repair::status(const Standing& standing) const {
    const Decision& decision = standing.decision;
    const ViewChanger& views = standing.views;
    Status status;
    status.votes = setup_.self.has_value();
    status.final_point = decision.final_point();
    if (!setup_.self) return status;
    status.view = views.view();
    status.active = views.active();
    if (!views.active()) {
        status.view_changes = bitmap_of(views.known().all(views.view()), setup_.set().size());
    } else if (const Vote* pre_prepare = decision.proposal()) {
        status.proposal = pre_prepare->digest;
        for (const auto type : {MessageType::prepare, MessageType::commit}) {
            Bytes& bitmap = type == MessageType::prepare ? status.prepares : status.commits;
            bitmap = bitmap_of(decision.votes().endorsements(type, views.view(), decision.height(),
                                                             pre_prepare->digest),
                               setup_.set().size());
        }
    }
    return status;
}

void Repair::take(PeerId from, const Status& theirs, const Standing& standing, Step& step) {
    if (theirs.view >= kViewMax) return setup_.blame(from, "a status with an invalid view", step);
    note_final(from, theirs.final_point, standing.decision.final_point(), step);
    PeerState& peer = peers_[from];
    if (peer.answered_at != TimePoint::min() &&
        step.now < peer.answered_at + setup_.retry_interval() / 4)
        return;
    const size_t before = step.output_count();
    answer_height(from, theirs, standing, step);
    if (setup_.self && theirs.votes) {
        answer_view(from, theirs, standing, step);
        answer_votes(from, theirs, standing, step);
    }
    if (step.output_count() > before) peer.answered_at = step.now;
}

// Our status contains our tip's seal, so they know from whom to catch up; if they are in a later
// view, it also requests their new-view or view-changes.
void Repair::answer_height(PeerId peer, const Status& theirs, const Standing& standing,
                           Step& step) {
    const ViewChanger& views = standing.views;
    const bool they_lag = theirs.final_point.height < standing.decision.final_point().height;
    const bool their_view_is_later =
        setup_.self && theirs.votes &&
        (theirs.view > views.view() ||
         (theirs.view == views.view() && theirs.active && !views.active()));
    if (they_lag || their_view_is_later) step.send(peer, status(standing));
}

void Repair::answer_view(PeerId peer, const Status& theirs, const Standing& standing, Step& step) {
    const ViewChanger& views = standing.views;
    const VoteLog& log = standing.vote_log;
    if (theirs.view > views.view()) return;
    const bool same_view = theirs.view == views.view();
    if (same_view && theirs.active) return;
    if (views.active()) {
        if (log.state.new_view) step.send(peer, *log.state.new_view, log.recorded());
        return;
    }
    for (const ViewChange& view_change : views.known().all(views.view())) {
        if (!same_view || !has_bit(theirs.view_changes, view_change.validator))
            step.send(peer, view_change, log.recorded());
    }
}

void Repair::answer_votes(PeerId peer, const Status& theirs, const Standing& standing, Step& step) {
    const Decision& decision = standing.decision;
    const View view = standing.views.view();
    const Vote* pre_prepare = decision.proposal();
    if (!standing.views.active() || !theirs.active || theirs.view != view ||
        pre_prepare == nullptr || theirs.final_point.height != decision.final_point().height)
        return;
    const bool same_proposal = theirs.proposal == pre_prepare->digest;
    if (!same_proposal) {
        // If they have another one, this is evidence against the primary and needs no block.
        const BlockRef body = decision.valid_block(pre_prepare->digest);
        const bool send_block = theirs.proposal.is_zero() && body != nullptr;
        const Bytes block = send_block ? body->serialize() : Bytes{};
        step.send(peer, PrePrepare{*pre_prepare, block}, standing.vote_log.recorded());
    }
    for (const auto type : {MessageType::prepare, MessageType::commit}) {
        const Bytes& known = type == MessageType::prepare ? theirs.prepares : theirs.commits;
        for (const Endorsement& endorsement :
             decision.votes().endorsements(type, view, decision.height(), pre_prepare->digest)) {
            if (same_proposal && has_bit(known, endorsement.validator)) continue;
            const Vote* vote =
                decision.votes().find(type, decision.height(), endorsement.validator);
            CHECK(vote != nullptr);
            step.send(peer, *vote, standing.vote_log.recorded());
        }
    }
}

void Repair::note_final(std::optional<PeerId> from, const FinalPoint& point,
                        const FinalPoint& final_point, Step& step) {
    if (point.height == final_point.height && point.digest != final_point.digest &&
        setup_.authenticator.verify_final(point)) {
        setup_.log.error(
            LogCategory::pbft,
            "Two blocks are certified at height {}: {} and {}. More than {} validators are "
            "faulty.",
            point.height, final_point.digest.to_string(), point.digest.to_string(),
            setup_.set().faults());
    }
    if (point.height <= final_point.height) return;
    if (certified_ != point) {
        if (auto valid = setup_.authenticator.verify_final(point); !valid) {
            if (from)
                setup_.blame(*from, fmt::format("a bad seal: {}", to_string(valid.error())), step);
            return;
        }
        if (!certified_ || point.height > certified_->height) certified_ = point;
    }
    if (!from) return;
    PeerState& peer = peers_[*from];
    peer.final_height = std::max(peer.final_height, point.height);
    if (peer.catch_up_at != TimePoint::min() &&
        step.now < peer.catch_up_at + setup_.retry_interval())
        return;
    peer.catch_up_at = step.now;
    step.emit<engine_output::CatchUp>(*from);
}

void Repair::catch_up(const FinalPoint& final_point, Step& step) {
    // A different peer each time, so that a single unresponsive peer cannot hold us back.
    auto best = peers_.end();
    for (auto it = peers_.begin(); it != peers_.end(); ++it) {
        if (it->second.final_height <= final_point.height) continue;
        if (best == peers_.end() || it->second.catch_up_at < best->second.catch_up_at) best = it;
    }
    if (best == peers_.end()) return;
    best->second.catch_up_at = step.now;
    step.emit<engine_output::CatchUp>(best->first);
}

void Repair::fetch(const BlockHash& digest, Step& step) {
    if (wanted_ == digest && fetch_at_ && step.now < *fetch_at_) return;
    wanted_ = digest;
    fetch_at_ = step.now + setup_.retry_interval() / 2;
    const int count = static_cast<int>(std::min<size_t>(kFetchFanOut, peers_.size()));
    for (int i = 0; i < count; ++i) {
        auto next = peers_.upper_bound(fetch_cursor_);
        if (next == peers_.end()) next = peers_.begin();
        fetch_cursor_ = next->first;
        step.send(next->first, Fetch{digest});
    }
}

void Repair::body_arrived(const BlockHash& digest) {
    if (wanted_ != digest) return;
    wanted_.reset();
    fetch_at_.reset();
}

void Repair::take(PeerId from, const Fetch& message, const Decision& decision, Step& step) {
    const BlockRef found = decision.valid_block(message.digest);
    if (found == nullptr) return;
    PeerState& peer = peers_[from];
    if (peer.body_sent_at != TimePoint::min() &&
        step.now < peer.body_sent_at + setup_.retry_interval() / 4)
        return;
    peer.body_sent_at = step.now;
    const Bytes block = found->serialize();
    step.send(from, Body{block});
}

void Repair::take(PeerId from, const Body& message, Decision& decision, Step& step) {
    if (!wanted_) return;
    Reader reader(message.block);
    const BlockHeader header = read_block_header(reader);
    if (!reader.ok()) return setup_.blame(from, "a block without a header", step);
    if (header.hash() == *wanted_) decision.take_body(from, header.hash(), message.block, step);
}

void Repair::peer_ready(PeerId peer, const Standing& standing, Step& step) {
    peers_[peer] = PeerState{};
    step.send(peer, status(standing));
}

void Repair::send_idle_status(const Standing& standing, Step& step) {
    if (step.now < idle_status_at_) return;
    idle_status_at_ = step.now + setup_.options.idle_status_period;
    step.broadcast(status(standing));
}

void Repair::take_time(const Standing& standing, Step& step) {
    if (repeat_at_ && step.now >= *repeat_at_) {
        repeat_at_.reset();
        repeat(standing, step);
    }
    if (fetch_at_ && step.now >= *fetch_at_) {
        fetch_at_.reset();
        wanted_.reset();  // requested again if still needed
    }
}

void Repair::repeat(const Standing& standing, Step& step) {
    heard_from_beyond_ = false;
    step.broadcast(status(standing));
    const VoteLog& log = standing.vote_log;
    if (log.state.view_change) step.broadcast(*log.state.view_change, log.recorded());
    if (behind()) catch_up(standing.decision.final_point(), step);
}

void Repair::height_decided(Sequence height) {
    if (certified_ && certified_->height <= height) certified_.reset();
    wanted_.reset();
    fetch_at_.reset();
    repeat_at_.reset();
}

void Repair::set_timer(bool unsettled, TimePoint now) {
    if (!unsettled) {
        repeat_at_.reset();
    } else if (!repeat_at_) {
        repeat_at_ = now + setup_.retry_interval();
    }
}

TimePoint Repair::next_deadline() const {
    return std::min({idle_status_at_, repeat_at_.value_or(kNever), fetch_at_.value_or(kNever)});
}

}  // namespace parley::pbft
