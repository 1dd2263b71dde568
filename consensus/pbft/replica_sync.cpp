// Replica, part four: what replicas tell each other so that nothing that is lost stays lost, and
// how one that lags learns of it.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "consensus/pbft/replica.h"

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

Status Replica::status() const {
    Status status;
    status.votes = self_.has_value();
    status.final_point = final_;
    if (!self_) return status;
    status.view = view();
    status.active = active();
    if (!active()) {
        status.view_changes = bitmap_of(view_changes_.all(view()), set().size());
    } else if (const Vote* pre_prepare = proposal()) {
        status.proposal = pre_prepare->digest;
        for (const auto type : {MessageType::prepare, MessageType::commit}) {
            Bytes& bitmap = type == MessageType::prepare ? status.prepares : status.commits;
            bitmap = bitmap_of(book_.endorsements(type, view(), next_height(), pre_prepare->digest),
                               set().size());
        }
    }
    return status;
}

void Replica::handle(PeerId from, const Status& theirs, Step& step) {
    if (theirs.view >= kViewMax) return blame(from, "the status of an impossible view", step);
    note_final(from, theirs.final_point, step);
    PeerState& peer = peers_[from];
    if (peer.answered_at != TimePoint::min() && step.now < peer.answered_at + retry_interval() / 4)
        return;
    const size_t before = step.output_count();
    answer_height(from, theirs, step);
    if (self_ && theirs.votes) {
        answer_view(from, theirs, step);
        answer_votes(from, theirs, step);
    }
    if (step.output_count() > before) peer.answered_at = step.now;
}

// Our status carries the seal of our tip, so that they know from whom to catch up; where they are
// in a later view, it also asks for their new-view or view-changes.
void Replica::answer_height(PeerId peer, const Status& theirs, Step& step) {
    const bool they_lag = theirs.final_point.height < final_.height;
    const bool their_view_is_later =
        self_ && theirs.votes &&
        (theirs.view > view() || (theirs.view == view() && theirs.active && !active()));
    if (they_lag || their_view_is_later) step.send(peer, status());
}

void Replica::answer_view(PeerId peer, const Status& theirs, Step& step) {
    if (theirs.view > view()) return;
    const bool same_view = theirs.view == view();
    if (same_view && theirs.active) return;
    if (active()) {
        if (votes().new_view) step.send(peer, *votes().new_view, vote_log_.recorded());
        return;
    }
    for (const ViewChange& view_change : view_changes_.all(view())) {
        if (!same_view || !has_bit(theirs.view_changes, view_change.validator))
            step.send(peer, view_change, vote_log_.recorded());
    }
}

void Replica::answer_votes(PeerId peer, const Status& theirs, Step& step) {
    const Vote* pre_prepare = proposal();
    if (!active() || !theirs.active || theirs.view != view() || pre_prepare == nullptr ||
        theirs.final_point.height != final_.height)
        return;
    const bool same_proposal = theirs.proposal == pre_prepare->digest;
    if (!same_proposal) {
        // Where they hold another one, this is evidence against the primary and needs no block.
        const auto body = bodies_.find(pre_prepare->digest);
        const bool send_block =
            theirs.proposal.is_zero() && body != bodies_.end() && body->second.valid;
        const Bytes block = send_block ? body->second.block->serialize() : Bytes{};
        step.send(peer, PrePrepare{*pre_prepare, block}, vote_log_.recorded());
    }
    for (const auto type : {MessageType::prepare, MessageType::commit}) {
        const Bytes& known = type == MessageType::prepare ? theirs.prepares : theirs.commits;
        for (const Endorsement& endorsement :
             book_.endorsements(type, view(), next_height(), pre_prepare->digest)) {
            if (same_proposal && has_bit(known, endorsement.validator)) continue;
            const Vote* vote = book_.find(type, next_height(), endorsement.validator);
            CHECK(vote != nullptr);
            step.send(peer, *vote, vote_log_.recorded());
        }
    }
}

void Replica::note_final(std::optional<PeerId> from, const FinalPoint& point, Step& step) {
    if (point.height == final_.height && point.digest != final_.digest &&
        authenticator_.verify_final(point)) {
        log_.error(LogCategory::pbft,
                   "Two blocks are certified at height {}: {} and {}. More than {} validators are "
                   "faulty.",
                   point.height, final_.digest.to_string(), point.digest.to_string(),
                   set().faults());
    }
    if (point.height <= final_.height) return;
    if (certified_ != point) {
        if (auto valid = authenticator_.verify_final(point); !valid) {
            if (from) blame(*from, fmt::format("a bad seal: {}", to_string(valid.error())), step);
            return;
        }
        if (!certified_ || point.height > certified_->height) certified_ = point;
    }
    if (!from) return;
    PeerState& peer = peers_[*from];
    peer.final_height = std::max(peer.final_height, point.height);
    if (peer.catch_up_at != TimePoint::min() && step.now < peer.catch_up_at + retry_interval())
        return;
    peer.catch_up_at = step.now;
    step.emit<engine_output::CatchUp>(*from);
}

void Replica::catch_up(Step& step) {
    // Another one each time: one peer that does not deliver cannot keep us back.
    auto best = peers_.end();
    for (auto it = peers_.begin(); it != peers_.end(); ++it) {
        if (it->second.final_height <= final_.height) continue;
        if (best == peers_.end() || it->second.catch_up_at < best->second.catch_up_at) best = it;
    }
    if (best == peers_.end()) return;
    best->second.catch_up_at = step.now;
    step.emit<engine_output::CatchUp>(best->first);
}

void Replica::fetch(const BlockHash& digest, Step& step) {
    if (wanted_ == digest && fetch_at_ && step.now < *fetch_at_) return;
    wanted_ = digest;
    fetch_at_ = step.now + retry_interval() / 2;
    const int count = static_cast<int>(std::min<size_t>(kFetchFanOut, peers_.size()));
    for (int i = 0; i < count; ++i) {
        auto next = peers_.upper_bound(fetch_cursor_);
        if (next == peers_.end()) next = peers_.begin();
        fetch_cursor_ = next->first;
        step.send(next->first, Fetch{digest});
    }
}

void Replica::handle(PeerId from, const Fetch& message, Step& step) {
    const auto found = bodies_.find(message.digest);
    if (found == bodies_.end() || !found->second.valid) return;
    PeerState& peer = peers_[from];
    if (peer.body_sent_at != TimePoint::min() &&
        step.now < peer.body_sent_at + retry_interval() / 4)
        return;
    peer.body_sent_at = step.now;
    const Bytes block = found->second.block->serialize();
    step.send(from, Body{block});
}

void Replica::handle(PeerId from, const Body& message, Step& step) {
    if (!wanted_) return;
    Reader reader(message.block);
    const BlockHeader header = read_block_header(reader);
    if (!reader.ok()) return blame(from, "a block without a header", step);
    if (header.hash() == *wanted_) take_body(from, header.hash(), message.block, step);
}

void Replica::repeat(Step& step) {
    heard_from_beyond_ = false;
    step.broadcast(status());
    if (votes().view_change) step.broadcast(*votes().view_change, vote_log_.recorded());
    if (behind()) catch_up(step);
}

}  // namespace parley::pbft
