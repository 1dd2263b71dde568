// Replica, part five: what getconsensusinfo reports.
#include <fmt/format.h>

#include <algorithm>

#include "consensus/pbft/replica.h"

namespace parley::pbft {
namespace {

// Every string that is reported is made of ASCII letters, digits and blanks by this engine, so
// that quotation marks and backslashes are all that JSON would mind.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + "\"";
}

template <class List, class Format>
std::string json_array(const List& items, Format format) {
    std::string result = "[";
    for (const auto& item : items) {
        if (result.size() > 1) result += ",";
        result += format(item);
    }
    return result + "]";
}

std::string to_json(const std::vector<ValidatorIndex>& indices) {
    return json_array(indices, [](ValidatorIndex index) { return fmt::format("{}", index); });
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

std::vector<EngineInfoField> Replica::info() const {
    std::vector<EngineInfoField> fields;
    const auto add = [&](std::string name, std::string json) {
        fields.push_back(EngineInfoField{std::move(name), std::move(json)});
    };
    const auto seconds_until = [&](const std::optional<TimePoint>& deadline) {
        if (!deadline) return std::string("null");
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - now_);
        const auto ms = left.count() < 0 ? 0 : left.count();
        return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
    };
    const Vote* pre_prepare = proposal();
    const Progress progress = this->progress();
    add("role", !self_ ? "\"observer\"" : is_primary() ? "\"primary\"" : "\"backup\"");
    add("validator", self_ ? fmt::format("{}", *self_) : "null");
    add("view", fmt::format("{}", view()));
    add("height", fmt::format("{}", next_height()));
    add("primary", fmt::format("{}", primary()));
    add("phase", quoted(progress.phase));
    add("n", fmt::format("{}", set().size()));
    add("f", fmt::format("{}", set().faults()));
    add("quorum", fmt::format("{}", set().quorum()));
    add("watermarks", fmt::format("[{},{}]", final_.height, final_.height + kWindow));
    add("proposal", pre_prepare ? quoted(pre_prepare->digest.to_string()) : "null");
    add("prepared", to_json(progress.prepared));
    add("committed", to_json(progress.committed));
    add("view_changes", to_json(progress.view_changes));
    add("missing", to_json(progress.missing));
    add("timer", seconds_until(request_deadline_));
    add("timeout",
        fmt::format("{}.{:03}", timeout().count() / 1'000'000, timeout().count() / 1000 % 1000));
    add("unsuccessful_views", fmt::format("{}", unsuccessful_views_));
    add("certified_height", fmt::format("{}", certified_ ? certified_->height : final_.height));
    add("last_view_changes", json_array(history_, [](const ViewRecord& record) {
            return fmt::format("{{\"view\":{},\"time\":{},\"reason\":{}}}", record.view,
                               to_unix_seconds(record.when), quoted(record.reason));
        }));
    add("evidence", json_array(evidence_, [&](const Evidence& evidence) {
            Writer writer;
            writer.u8(static_cast<uint8_t>(evidence.first.type));
            write_vote(writer, evidence.first);
            write_vote(writer, evidence.second);
            return fmt::format("{{\"validator\":{},\"height\":{},\"view\":{},\"votes\":\"{}\"}}",
                               evidence.first.validator, evidence.first.height, evidence.first.view,
                               to_hex(writer.data()));
        }));
    return fields;
}

}  // namespace parley::pbft
