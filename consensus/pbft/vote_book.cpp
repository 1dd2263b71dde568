#include "consensus/pbft/vote_book.h"

#include <algorithm>

#include "base/check.h"

namespace parley::pbft {
namespace {

size_t slot_of(MessageType type) {
    CHECK(type == MessageType::pre_prepare || type == MessageType::prepare ||
          type == MessageType::commit);
    return static_cast<size_t>(type) - static_cast<size_t>(MessageType::pre_prepare);
}

}  // namespace

const Vote* VoteBook::find(MessageType type, Sequence height, ValidatorIndex validator) const {
    CHECK(validator < validators_->size());
    const auto found = heights_.find(height);
    if (found == heights_.end()) return nullptr;
    const auto& slot = found->second[validator][slot_of(type)];
    return slot ? &*slot : nullptr;
}

VoteBook::Place VoteBook::place(const Vote& vote) const {
    const Vote* known = find(vote.type, vote.height, vote.validator);
    if (known == nullptr || known->view < vote.view) return Place::fresh;
    if (known->view > vote.view) return Place::stale;
    return known->digest == vote.digest ? Place::duplicate : Place::conflict;
}

void VoteBook::add(const Vote& vote) {
    const Place where = place(vote);
    CHECK(where == Place::fresh || where == Place::duplicate);
    if (where == Place::fresh) replace(vote);
}

void VoteBook::replace(const Vote& vote) {
    CHECK(vote.validator < validators_->size());
    auto& height = heights_[vote.height];
    if (height.empty()) height.resize(validators_->size());
    height[vote.validator][slot_of(vote.type)] = vote;
}

const Vote* VoteBook::pre_prepare(View view, Sequence height) const {
    const Vote* vote = find(MessageType::pre_prepare, height, validators_->primary(view));
    return vote != nullptr && vote->view == view ? vote : nullptr;
}

std::vector<Endorsement> VoteBook::endorsements(MessageType type, View view, Sequence height,
                                                const BlockHash& digest) const {
    std::vector<Endorsement> result;
    const auto found = heights_.find(height);
    if (found == heights_.end()) return result;
    for (const Slots& slots : found->second) {
        const auto& vote = slots[slot_of(type)];
        if (vote && vote->view == view && vote->digest == digest)
            result.push_back(Endorsement{vote->validator, vote->signature});
    }
    return result;
}

std::optional<std::pair<View, BlockHash>> VoteBook::commit_quorum(Sequence height) const {
    const auto found = heights_.find(height);
    if (found == heights_.end()) return std::nullopt;
    std::map<std::pair<View, BlockHash>, size_t> counts;
    for (const Slots& slots : found->second) {
        const auto& vote = slots[slot_of(MessageType::commit)];
        if (vote && ++counts[{vote->view, vote->digest}] >= validators_->quorum())
            return std::pair{vote->view, vote->digest};
    }
    return std::nullopt;
}

void VoteBook::forget_through(Sequence height) {
    heights_.erase(heights_.begin(), heights_.upper_bound(height));
}

void VoteBook::forget_pre_prepares_below(View view) {
    for (auto& [height, validators] : heights_) {
        for (Slots& slots : validators) {
            auto& vote = slots[slot_of(MessageType::pre_prepare)];
            if (vote && vote->view < view) vote.reset();
        }
    }
}

std::vector<BlockHash> VoteBook::proposals() const {
    std::vector<BlockHash> result;
    for (const auto& [height, validators] : heights_) {
        for (const Slots& slots : validators) {
            const auto& vote = slots[slot_of(MessageType::pre_prepare)];
            if (vote) result.push_back(vote->digest);
        }
    }
    return result;
}

void EvidenceList::note(const VoteBook& book, const Vote& second) {
    const Vote* first = book.find(second.type, second.height, second.validator);
    CHECK(first != nullptr && first->view == second.view && first->digest != second.digest);
    const bool known = std::any_of(all_.begin(), all_.end(), [&](const Evidence& kept) {
        return kept.first.type == second.type && kept.first.validator == second.validator &&
               kept.first.height == second.height && kept.first.view == second.view;
    });
    if (known || all_.size() >= kEvidenceMax) return;
    log_.warning(LogCategory::pbft,
                 "Validator {} signed two statements at height {} in view {}: {} and {}.",
                 second.validator, second.height, second.view, first->digest.to_string(),
                 second.digest.to_string());
    all_.push_back(Evidence{*first, second});
}

}  // namespace parley::pbft
