// Replica, part five: what getconsensusinfo reports.
#include <fmt/format.h>

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
    std::vector<ValidatorIndex> prepared, committed, missing, view_changes;
    const Vote* pre_prepare = proposal();
    for (ValidatorIndex i = 0; i < set().size(); ++i) {
        const auto voted = [&](MessageType type) {
            const Vote* vote = book_.find(type, next_height(), i);
            return vote != nullptr && vote->view == view() && pre_prepare != nullptr &&
                   vote->digest == pre_prepare->digest;
        };
        const bool is_prepared = voted(MessageType::prepare) || voted(MessageType::pre_prepare);
        if (is_prepared) prepared.push_back(i);
        if (voted(MessageType::commit)) committed.push_back(i);
    }
    for (const ViewChange& view_change : view_changes_.all(view()))
        view_changes.push_back(view_change.validator);
    // Who keeps the current phase from ending.
    const bool committing = prepared.size() >= set().quorum();
    const auto& present = !active() ? view_changes : committing ? committed : prepared;
    const bool waiting = self_ && (!active() || pre_prepare != nullptr);
    for (ValidatorIndex i = 0; i < set().size() && waiting; ++i) {
        if (std::find(present.begin(), present.end(), i) == present.end()) missing.push_back(i);
    }
    if (self_ && active() && pre_prepare == nullptr && has_work(now_) && !is_primary())
        missing.push_back(primary());

    add("role", !self_ ? "\"observer\"" : is_primary() ? "\"primary\"" : "\"backup\"");
    add("validator", self_ ? fmt::format("{}", *self_) : "null");
    add("view", fmt::format("{}", view()));
    add("height", fmt::format("{}", next_height()));
    add("primary", fmt::format("{}", primary()));
    add("phase", quoted(!self_                   ? "following"
                        : behind()               ? "catching up"
                        : !active()              ? "view change"
                        : pre_prepare == nullptr ? "idle"
                        : committing             ? "commit"
                                                 : "prepare"));
    add("n", fmt::format("{}", set().size()));
    add("f", fmt::format("{}", set().faults()));
    add("quorum", fmt::format("{}", set().quorum()));
    add("watermarks", fmt::format("[{},{}]", final_.height, final_.height + kWindow));
    add("proposal", pre_prepare ? quoted(pre_prepare->digest.to_string()) : "null");
    add("prepared", to_json(prepared));
    add("committed", to_json(committed));
    add("view_changes", to_json(view_changes));
    add("missing", to_json(missing));
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
