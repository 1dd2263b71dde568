#include "tests/unit/consensus/pbft/committee.h"

#include <fmt/format.h>

#include "base/check.h"

namespace parley::pbft::testing {
namespace {

ValidatorSet set_of(const PbftOptions& options) {
    auto set = ValidatorSet::create(options.validators);
    CHECK(set);
    return *set;
}

std::string text_of(const EngineReport& report) {
    const auto joined = [](const auto& items, auto text) {
        std::string result;
        for (const auto& item : items) result += (result.empty() ? "" : ",") + text(item);
        return result;
    };
    return std::visit(
        [&]<class T>(const T& value) -> std::string {
            if constexpr (std::is_same_v<T, EngineReport::Nothing>)
                return "null";
            else if constexpr (std::is_same_v<T, bool>)
                return value ? "true" : "false";
            else if constexpr (std::is_same_v<T, std::string>)
                return "\"" + value + "\"";
            else if constexpr (std::is_same_v<T, std::chrono::milliseconds>)
                return fmt::format("{}.{:03}", value.count() / 1000, value.count() % 1000);
            else if constexpr (std::is_same_v<T, EngineReport::List>)
                return "[" + joined(value, text_of) + "]";
            else if constexpr (std::is_same_v<T, EngineReport::Object>)
                return "{" +
                       joined(value,
                              [](const auto& member) {
                                  return "\"" + member.first + "\":" + text_of(member.second);
                              }) +
                       "}";
            else
                return std::to_string(value);
        },
        report.value());
}

}  // namespace

const sim::Purse& purse(size_t payments) {
    constexpr size_t kMany = 128;  // more than any of these tests makes
    static const sim::Purse usual(kPaymentsUsual);
    static const sim::Purse many(kMany);
    CHECK(payments <= kMany);
    return payments <= kPaymentsUsual ? usual : many;
}

Committee::Committee(size_t count, size_t payments)
    : coins_(purse(payments)),
      members_(coins_.params(), count),
      authenticator_(set_of(members_.options()), coins_.params().genesis_hash) {}

PbftOptions Committee::engine_options(std::optional<size_t> validator) const {
    PbftOptions options = members_.options();
    if (validator) options.key = key(*validator);
    return options;
}

Vote Committee::make_vote(MessageType type, View view, Sequence height, const BlockHash& digest,
                          size_t validator) const {
    Vote vote{type, view, height, digest, static_cast<ValidatorIndex>(validator), {}};
    vote.signature =
        key(validator).sign_compact(authenticator_.signing_hash(type, view, height, digest));
    return vote;
}

Bytes Committee::vote_message(MessageType type, View view, Sequence height, const BlockHash& digest,
                              size_t validator) const {
    return encode_vote(make_vote(type, view, height, digest, validator), network());
}

Bytes Committee::pre_prepare_message(View view, Sequence height, const Block& block,
                                     size_t validator) const {
    const Vote vote =
        make_vote(MessageType::pre_prepare, view, height, block.header.hash(), validator);
    return encode_pre_prepare(vote, block.serialize(), network());
}

ViewChange Committee::make_view_change(View view, size_t validator, const FinalPoint& final_point,
                                       const std::optional<PreparedCertificate>& prepared) const {
    ViewChange message{view, static_cast<ValidatorIndex>(validator), final_point, prepared, {}};
    message.signature = key(validator).sign_compact(authenticator_.signing_hash(
        MessageType::view_change, view, final_point.height, content_digest(message)));
    return message;
}

Bytes Committee::status_message(View view, const FinalPoint& final_point) const {
    Status status;
    status.view = view;
    status.votes = true;
    status.final_point = final_point;
    return encode_status(status, network());
}

CommitCertificate Committee::certificate(View view, Sequence height, const BlockHash& digest,
                                         const std::vector<size_t>& signers) const {
    CommitCertificate result{view, {}};
    for (const size_t validator : signers) {
        const Vote vote = make_vote(MessageType::commit, view, height, digest, validator);
        result.commits.push_back(Endorsement{vote.validator, vote.signature});
    }
    return result;
}

std::string report_field(const Engine& engine, std::string_view field) {
    for (const auto& [name, value] : engine.report()) {
        if (name == field) return text_of(value);
    }
    return "";
}

}  // namespace parley::pbft::testing
