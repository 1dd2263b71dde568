#include "consensus/pbft/relay.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/crypto/sha256.h"

namespace parley::pbft {
namespace {

// Null: the bytes are not the whole block with this hash.
BlockRef decode_block(const BlockHash& digest, ByteSpan bytes) {
    Reader reader(bytes);
    auto block = std::make_shared<Block>(read_block(reader));
    bool mutated = false;
    if (!reader.done() || block->transactions.empty() || block->header.hash() != digest ||
        block_merkle_root(*block, &mutated) != block->header.merkle_root || mutated)
        return nullptr;
    return block;
}

}  // namespace

void Relay::begin_height(const FinalPoint& final_point, Step& step) {
    final_point_ = final_point;
    std::erase_if(waiting_, [&](const auto& entry) { return !in_window(entry.second.height); });
    check_waiting(step);
}

void Relay::take(PeerId from, const Message& message, ByteSpan bytes, Step& step) {
    if (const auto* fetch = std::get_if<Fetch>(&message)) return take(from, *fetch, step);
    if (is_known(bytes, step.now)) return;
    if (const auto* vote = std::get_if<Vote>(&message)) {
        take(from, *vote, bytes, step);
    } else if (const auto* pre_prepare = std::get_if<PrePrepare>(&message)) {
        take(from, *pre_prepare, bytes, step);
    } else if (const auto* view_change = std::get_if<ViewChange>(&message)) {
        take(from, *view_change, bytes, step);
    } else if (const auto* new_view = std::get_if<NewView>(&message)) {
        take(from, *new_view, bytes, step);
    }
}

void Relay::take(PeerId from, const Vote& vote, ByteSpan bytes, Step& step) {
    if (!in_window(vote.height)) return;
    const bool primary = vote.validator == setup_.set().primary(vote.view);
    if (vote.view >= kViewMax || vote.validator >= setup_.set().size() ||
        (vote.type == MessageType::prepare && primary) || !setup_.authenticator.verify(vote))
        return setup_.blame(from, "an invalid vote", step);
    if (within_limit(vote.validator, vote.height)) pass_on(from, bytes, step);
}

void Relay::take(PeerId from, const PrePrepare& message, ByteSpan bytes, Step& step) {
    const Vote& vote = message.vote;
    if (!in_window(vote.height)) return;
    if (vote.view >= kViewMax || vote.validator != setup_.set().primary(vote.view) ||
        !setup_.authenticator.verify(vote))
        return setup_.blame(from, "an invalid pre-prepare", step);
    if (waiting_.contains(vote.digest) || !within_limit(vote.validator, vote.height)) return;
    // Without its block, or with one that is known to be valid.
    const bool valid =
        std::ranges::any_of(blocks_, [&](const auto& entry) { return entry.first == vote.digest; });
    if (message.block.empty()) return pass_on(from, bytes, step);
    const BlockRef block = decode_block(vote.digest, message.block);
    if (block == nullptr)
        return setup_.blame(from, "a pre-prepare with a block that does not match it", step);
    if (valid) return pass_on(from, bytes, step);
    if (waiting_.size() >= kBlocksMax) return;
    waiting_[vote.digest] = Proposal{from, vote.height, block, to_bytes(bytes)};
    check_waiting(step);
}

void Relay::check_waiting(Step& step) {
    for (auto& [digest, proposal] : waiting_) {
        if (proposal.checking || proposal.height != final_point_.height + 1) continue;
        if (proposal.block->header.previous != final_point_.digest) continue;
        proposal.checking = true;
        step.emit<engine_output::CheckProposal>(proposal.block);
    }
}

void Relay::take(const engine_input::ProposalChecked& checked, Step& step) {
    const auto found = waiting_.find(checked.block->header.hash());
    if (found == waiting_.end() || found->second.block != checked.block) return;
    const Proposal proposal = std::move(found->second);
    waiting_.erase(found);
    if (!checked.reject_reason.empty())
        return setup_.blame(proposal.from, "an invalid block: " + checked.reject_reason, step);
    blocks_.emplace_back(checked.block->header.hash(), checked.block);
    if (blocks_.size() > kBlocksMax) blocks_.pop_front();
    pass_on(proposal.from, proposal.message, step);
}

void Relay::take(PeerId from, const ViewChange& message, ByteSpan bytes, Step& step) {
    if (!in_window(message.final_point.height + 1)) return;
    if (message.view >= kViewMax || message.validator >= setup_.set().size() ||
        !setup_.authenticator.verify(message))
        return setup_.blame(from, "an invalid view-change", step);
    if (within_limit(message.validator, message.final_point.height + 1)) pass_on(from, bytes, step);
}

void Relay::take(PeerId from, const NewView& message, ByteSpan bytes, Step& step) {
    if (message.view_changes.empty()) return;
    const Sequence height = message.view_changes.front().final_point.height + 1;
    if (!in_window(height)) return;
    const bool possible = message.view > 0 && message.view < kViewMax;
    const auto plan = possible ? verify_new_view(message, setup_.authenticator)
                               : Unexpected(NewViewError::wrong_view);
    if (!plan)
        return setup_.blame(from, fmt::format("a bad new-view: {}", to_string(plan.error())), step);
    if (within_limit(message.validator, height)) pass_on(from, bytes, step);
}

void Relay::take(PeerId from, const Fetch& message, Step& step) {
    const auto found =
        std::ranges::find(blocks_, message.digest, &std::pair<BlockHash, BlockRef>::first);
    if (found == blocks_.end()) return;
    const auto served = served_at_.find(from);
    if (served != served_at_.end() && step.now < served->second + setup_.retry_interval() / 4)
        return;
    served_at_[from] = step.now;
    const Bytes block = found->second->serialize();
    step.send(from, Body{block});
}

bool Relay::is_known(ByteSpan bytes, TimePoint now) {
    if (now >= period_end_) {
        period_end_ = now + setup_.retry_interval() / 2;
        passed_before_ = std::exchange(passed_, {});
        counts_.clear();
    }
    const Hash256 digest = sha256(bytes);
    return passed_.contains(digest) || passed_before_.contains(digest);
}

bool Relay::within_limit(ValidatorIndex validator, Sequence height) {
    return ++counts_[{validator, height}] <= kMessagesPerHeightMax;
}

void Relay::pass_on(PeerId from, ByteSpan bytes, Step& step) {
    passed_.insert(sha256(bytes));
    step.pass_on(from, bytes);
}

}  // namespace parley::pbft
