#include "consensus/pbft/report/progress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/check.h"

namespace parley::pbft {
namespace {

std::vector<ValidatorIndex> all_but(size_t size, const std::vector<ValidatorIndex>& present) {
    std::vector<ValidatorIndex> result;
    for (ValidatorIndex i = 0; i < size; ++i) {
        if (!std::ranges::binary_search(present, i)) result.push_back(i);
    }
    return result;
}

void count_votes(Progress& progress, const Setup& setup, const Standing& standing) {
    const Decision& decision = standing.decision;
    const View view = standing.views.view();
    const Vote* pre_prepare = decision.proposal();
    for (ValidatorIndex i = 0; i < setup.set().size(); ++i) {
        const auto voted = [&](MessageType type) {
            const Vote* vote = decision.votes().find(type, decision.height(), i);
            return vote != nullptr && vote->view == view && pre_prepare != nullptr &&
                   vote->digest == pre_prepare->digest;
        };
        if (voted(MessageType::prepare) || voted(MessageType::pre_prepare))
            progress.prepared.push_back(i);
        if (voted(MessageType::commit)) progress.committed.push_back(i);
    }
    for (const ViewChange& view_change : standing.views.known().all(view))
        progress.view_changes.push_back(view_change.validator);
}

void await_votes(Progress& progress, Awaited kind, const std::vector<ValidatorIndex>& present,
                 const Setup& setup) {
    progress.awaited = kind;
    progress.have = present.size();
    progress.need = setup.set().quorum();
    progress.from = all_but(setup.set().size(), present);
}

// REQUIRES: the votes are counted. For a validator that has all final blocks.
void find_awaited(Progress& progress, const Setup& setup, const Standing& standing, bool has_work) {
    const size_t quorum = setup.set().quorum();
    const Vote* pre_prepare = standing.decision.proposal();
    if (!standing.views.active()) {
        if (progress.view_changes.size() < quorum)
            return await_votes(progress, Awaited::view_changes, progress.view_changes, setup);
        progress.awaited = Awaited::new_view;
        progress.from = {standing.views.primary()};
    } else if (pre_prepare == nullptr) {
        if (!has_work) return;
        progress.awaited = Awaited::proposal;
        progress.from = {standing.views.primary()};
    } else if (standing.decision.valid_block(pre_prepare->digest) == nullptr) {
        progress.awaited = Awaited::block;
    } else if (progress.prepared.size() < quorum) {
        await_votes(progress, Awaited::prepares, progress.prepared, setup);
    } else if (progress.committed.size() < quorum) {
        await_votes(progress, Awaited::commits, progress.committed, setup);
    } else {
        progress.awaited = Awaited::connection;
    }
}

}  // namespace

std::string_view to_string(Awaited awaited) {
    switch (awaited) {
        case Awaited::nothing:
            return "nothing to order";
        case Awaited::final_blocks:
            return "final blocks";
        case Awaited::proposal:
            return "proposal";
        case Awaited::block:
            return "block";
        case Awaited::prepares:
            return "prepares";
        case Awaited::commits:
            return "commits";
        case Awaited::connection:
            return "connection";
        case Awaited::view_changes:
            return "view-changes";
        case Awaited::new_view:
            return "new-view";
    }
    CHECK(false);
}

EngineReport::List list_of(const std::vector<ValidatorIndex>& indices) {
    return {indices.begin(), indices.end()};
}

Progress progress_of(const Setup& setup, const Standing& standing, const Repair& repair,
                     const Demand& demand, TimePoint now) {
    Progress result;
    count_votes(result, setup, standing);
    const bool active = standing.views.active();
    const bool proposed = standing.decision.proposal() != nullptr;
    const bool committing = result.prepared.size() >= setup.set().quorum();
    const bool has_work = standing.decision.has_work(demand, now);
    const bool halted = standing.vote_log.halted().has_value();
    result.phase = !setup.self       ? "following"
                   : halted          ? "halted"
                   : repair.behind() ? "catching up"
                   : !active         ? "view change"
                   : !proposed       ? "idle"
                   : committing      ? "commit"
                                     : "prepare";
    if (!setup.self || halted || repair.behind()) {
        result.awaited = Awaited::final_blocks;
    } else {
        find_awaited(result, setup, standing, has_work);
    }
    if (!setup.self || halted) return result;
    if (active && !proposed) {
        if (has_work && !standing.views.is_primary())
            result.missing.push_back(standing.views.primary());
        return result;
    }
    result.missing = all_but(setup.set().size(), !active      ? result.view_changes
                                                 : committing ? result.committed
                                                              : result.prepared);
    return result;
}

EngineReport report_awaited(const Progress& progress) {
    const bool votes = progress.need > 0;
    return EngineReport::Object{{"what", to_string(progress.awaited)},
                                {"validators", list_of(progress.from)},
                                {"have", votes ? EngineReport{progress.have} : EngineReport{}},
                                {"need", votes ? EngineReport{progress.need} : EngineReport{}}};
}

std::string describe_awaited(const Progress& progress) {
    const std::string_view what = to_string(progress.awaited);
    if (progress.need > 0)
        return fmt::format("it has {} of {} {}; missing: validators {}", progress.have,
                           progress.need, what, fmt::join(progress.from, ", "));
    switch (progress.awaited) {
        case Awaited::nothing:
            return "there is nothing to order";
        case Awaited::final_blocks:
            return "it waits for final blocks that others have";
        case Awaited::block:
            return "it has the proposal, but not a valid block for it";
        case Awaited::connection:
            return "the block is decided, but does not connect to this node's chain";
        default:
            return fmt::format("it waits for the {} of validator {}", what, progress.from.front());
    }
}

}  // namespace parley::pbft
