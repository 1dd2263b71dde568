#include "tests/unit/consensus/pbft/vote_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/wire/messages.h"

namespace parley::pbft::testing {

void VoteChecker::watch(sim::World& world) {
    world.observe_messages([this](const sim::PassingMessage& passing) {
        if (passing.command == message::kEngineCommand) on_message(passing.from, passing.payload);
    });
    world.observe([this, &world](sim::NodeIndex index) { on_block(sim::tip(world, index)); });
}

void VoteChecker::note(sim::NodeIndex from, size_t validator, MessageType type, View view,
                       Sequence height, const Hash256& digest) {
    if (validator != correct_.at(from)) return;  // relayed
    const auto [entry, added] = signed_.try_emplace({validator, type, view, height}, digest);
    if (!added && entry->second != digest) {
        violations_.push_back(fmt::format(
            "Validator {} signed two digests in view {} at height {}.", validator, view, height));
    }
    if (!added) return;
    View& promised = promised_[{validator, height}];
    if (type == MessageType::view_change) {
        promised = std::max(promised, view);
    } else if (type != MessageType::new_view && view < promised) {
        violations_.push_back(fmt::format(
            "Validator {} voted in view {} at height {}, which it had left for view {}.", validator,
            view, height, promised));
    }
}

void VoteChecker::on_message(sim::NodeIndex from, ByteSpan bytes) {
    if (!correct_.contains(from)) return;
    Bytes& last = last_[from];
    if (std::equal(bytes.begin(), bytes.end(), last.begin(), last.end())) return;
    last = to_bytes(bytes);
    const auto decoded = decode_message(bytes, committee_.network());
    if (!decoded) {
        violations_.push_back(fmt::format("Node {} sent what cannot be decoded.", from));
        return;
    }
    const auto note_vote = [&](const Vote& vote) {
        note(from, vote.validator, vote.type, vote.view, vote.height, vote.digest);
    };
    if (const auto* vote = std::get_if<Vote>(&*decoded)) note_vote(*vote);
    if (const auto* first = std::get_if<PrePrepare>(&*decoded)) note_vote(first->vote);
    if (const auto* change = std::get_if<ViewChange>(&*decoded)) {
        note(from, change->validator, MessageType::view_change, change->view,
             change->final_point.height + 1, content_digest(*change));
    }
    if (const auto* start = std::get_if<NewView>(&*decoded)) {
        const Sequence height =
            start->view_changes.empty() ? 0 : start->view_changes.front().final_point.height + 1;
        note(from, start->validator, MessageType::new_view, start->view, height,
             content_digest(*start));
        if (start->reproposal) {
            note(from, start->validator, MessageType::pre_prepare, start->view,
                 start->reproposal->height, start->reproposal->digest);
        }
    }
}

void VoteChecker::on_block(const HeaderNode& block) {
    for (const HeaderNode* each = &block; each->parent != nullptr; each = each->parent) {
        if (!certified_.insert(each->hash).second) return;
        const FinalPoint point{static_cast<Sequence>(each->height.value()), each->hash, each->seal};
        if (committee_.authenticator().verify_final(point)) continue;
        violations_.push_back(
            fmt::format("Block {} has no valid certificate.", each->hash.to_string()));
    }
}

}  // namespace parley::pbft::testing
