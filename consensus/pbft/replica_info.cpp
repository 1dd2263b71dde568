// Replica, part five: what getconsensusinfo reports.
#include <algorithm>

#include "consensus/pbft/replica.h"

namespace parley::pbft {
namespace {

EngineReport::List list_of(const std::vector<ValidatorIndex>& indices) {
    return {indices.begin(), indices.end()};
}

}  // namespace

Replica::Progress Replica::progress() const {
    Progress result;
    const Vote* pre_prepare = proposal();
    for (ValidatorIndex i = 0; i < set().size(); ++i) {
        const auto voted = [&](MessageType type) {
            const Vote* vote = book_.find(type, next_height(), i);
            return vote != nullptr && vote->view == view() && pre_prepare != nullptr &&
                   vote->digest == pre_prepare->digest;
        };
        if (voted(MessageType::prepare) || voted(MessageType::pre_prepare))
            result.prepared.push_back(i);
        if (voted(MessageType::commit)) result.committed.push_back(i);
    }
    for (const ViewChange& view_change : view_changes_.all(view()))
        result.view_changes.push_back(view_change.validator);

    const bool committing = result.prepared.size() >= set().quorum();
    result.phase = !self_                   ? "following"
                   : behind()               ? "catching up"
                   : !active()              ? "view change"
                   : pre_prepare == nullptr ? "idle"
                   : committing             ? "commit"
                                            : "prepare";
    if (!self_) return result;
    if (active() && pre_prepare == nullptr) {
        if (has_work(now_) && !is_primary()) result.missing.push_back(primary());
        return result;
    }
    const auto& present = !active()    ? result.view_changes
                          : committing ? result.committed
                                       : result.prepared;
    for (ValidatorIndex i = 0; i < set().size(); ++i) {
        if (std::find(present.begin(), present.end(), i) == present.end())
            result.missing.push_back(i);
    }
    return result;
}

EngineReport::Object Replica::report() const {
    using std::chrono::milliseconds;
    const Vote* pre_prepare = proposal();
    const Progress progress = this->progress();
    EngineReport timer;
    if (request_deadline_)
        timer = std::max(milliseconds{0},
                         std::chrono::duration_cast<milliseconds>(*request_deadline_ - now_));
    EngineReport::List view_changes;
    for (const ViewRecord& record : history_)
        view_changes.push_back(EngineReport::Object{{"view", record.view},
                                                    {"time", to_unix_seconds(record.when)},
                                                    {"reason", record.reason}});
    EngineReport::List evidence;
    for (const Evidence& each : evidence_) {
        Writer writer;
        writer.u8(static_cast<uint8_t>(each.first.type));
        write_vote(writer, each.first);
        write_vote(writer, each.second);
        evidence.push_back(EngineReport::Object{{"validator", each.first.validator},
                                                {"height", each.first.height},
                                                {"view", each.first.view},
                                                {"votes", to_hex(writer.data())}});
    }
    return {
        {"role", !self_         ? "observer"
                 : is_primary() ? "primary"
                                : "backup"},
        {"validator", self_ ? EngineReport{*self_} : EngineReport{}},
        {"view", view()},
        {"height", next_height()},
        {"primary", primary()},
        {"phase", progress.phase},
        {"n", set().size()},
        {"f", set().faults()},
        {"quorum", set().quorum()},
        {"watermarks", EngineReport::List{final_.height, final_.height + kWindow}},
        {"proposal", pre_prepare ? EngineReport{pre_prepare->digest.to_string()} : EngineReport{}},
        {"prepared", list_of(progress.prepared)},
        {"committed", list_of(progress.committed)},
        {"view_changes", list_of(progress.view_changes)},
        {"missing", list_of(progress.missing)},
        {"timer", timer},
        {"timeout", std::chrono::duration_cast<milliseconds>(timeout())},
        {"unsuccessful_views", unsuccessful_views_},
        {"certified_height", certified_ ? certified_->height : final_.height},
        {"last_view_changes", std::move(view_changes)},
        {"evidence", std::move(evidence)},
    };
}

}  // namespace parley::pbft
