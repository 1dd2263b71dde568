#include "node/host/effect_runner.h"

#include <algorithm>
#include <optional>
#include <type_traits>

#include "base/check.h"

namespace parley {
namespace {

/// The commit that the effect waits for.
CommitId named_commit(const Effect& effect) {
    return std::visit(
        [](const auto& each) {
            if constexpr (requires { each.after; }) {
                return each.after;
            } else {
                return CommitId{};
            }
        },
        effect);
}

std::optional<PeerId> receiver(const Effect& effect) {
    if (const auto* send = std::get_if<effect::Send>(&effect)) return send->peer;
    if (const auto* close = std::get_if<effect::Close>(&effect)) return close->peer;
    return std::nullopt;
}

}  // namespace

CommitId EffectRunner::awaited(const Effect& effect) {
    CommitId commit = named_commit(effect);
    CHECK(commit <= started_);
    const auto peer = receiver(effect);
    if (!peer) return commit;
    const auto held = held_for_peer_.find(*peer);
    if (held != held_for_peer_.end()) commit = std::max(commit, held->second);
    if (commit > reached_) held_for_peer_[*peer] = commit;
    return commit;
}

void EffectRunner::run(Effects effects) {
    for (Effect& effect : effects) {
        if (const auto* persist = std::get_if<effect::Persist>(&effect)) {
            CHECK(persist->commit > started_);
            started_ = persist->commit;
            start_barrier_(persist->durability, persist->commit);
        } else if (const CommitId commit = awaited(effect); commit > reached_) {
            held_[commit].push_back(std::move(effect));
        } else {
            carry_out_(std::move(effect));
        }
    }
}

void EffectRunner::reached(CommitId commit) {
    CHECK(commit > reached_ && commit <= started_);
    reached_ = commit;
    std::erase_if(held_for_peer_, [&](const auto& each) { return each.second <= commit; });
    while (!held_.empty() && held_.begin()->first <= commit) {
        auto released = held_.extract(held_.begin());
        for (Effect& effect : released.mapped()) carry_out_(std::move(effect));
    }
}

}  // namespace parley
