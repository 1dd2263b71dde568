#include "tests/unit/consensus/pbft/search/local_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley::pbft::testing {
namespace {

LocalState observe(const LocalReplica& replica, uint8_t validator) {
    const LoneReplica& lone = replica.replica();
    LocalState state;
    state.validator = validator;
    state.chain = replica.chain();
    state.view = lone.view();
    if (const auto due = lone.replica().next_deadline()) {
        const auto left = std::chrono::ceil<milliseconds>(*due - lone.now());
        state.due_ms = static_cast<uint32_t>(std::max<int64_t>(left.count(), 0));
    }
    state.view_timer = lone.info("timer") != "null";
    state.problem = replica.problem();
    return state;
}

}  // namespace

LocalStates::Transition LocalStates::begin(uint8_t validator, Persona persona) {
    auto replica = std::make_unique<LocalReplica>(validator, persona, options_, committee_);
    Transition result;
    result.sent = numbered(replica->take_first());
    bool known = false;
    Node node;
    node.persona = persona;
    node.state.validator = validator;
    result.next = intern(*replica, std::move(node), known);
    keep_live(result.next, std::move(replica));
    return result;
}

const LocalStates::Transition& LocalStates::step(LocalId from, const LocalInput& input) {
    const auto found = nodes_[from].transitions.find(input);
    if (found != nodes_[from].transitions.end()) return found->second;
    LiveReplica replica = take_live(from);
    Transition made;
    made.sent = apply(*replica, input);
    Node node;
    node.persona = nodes_[from].persona;
    node.parent = from;
    node.input = input;
    node.state.validator = nodes_[from].state.validator;
    bool known = false;
    made.next = intern(*replica, std::move(node), known);
    if (known && ++merges_ % kAuditEvery == 0) {
        audit(made.next, *replica);
    } else {
        keep_live(made.next, std::move(replica));
    }
    return nodes_[from].transitions[input] = std::move(made);
}

LocalStates::LiveReplica LocalStates::take_live(LocalId id) {
    if (const auto found = live_.find(id); found != live_.end()) {
        LiveReplica replica = std::move(found->second);
        live_.erase(found);
        return replica;
    }
    std::vector<LocalId> path;
    LocalId first = id;
    while (nodes_[first].parent && !live_.contains(first)) {
        path.push_back(first);
        first = *nodes_[first].parent;
    }
    LiveReplica replica;
    if (const auto found = live_.find(first); found != live_.end()) {
        replica = std::move(found->second);
        live_.erase(found);
    } else {
        replica = std::make_unique<LocalReplica>(nodes_[first].state.validator,
                                                 nodes_[first].persona, options_, committee_);
        replica->take_first();
    }
    for (auto each = path.rbegin(); each != path.rend(); ++each)
        apply(*replica, nodes_[*each].input);
    return replica;
}

void LocalStates::keep_live(LocalId id, LiveReplica replica) {
    if (live_.contains(id)) return;
    live_[id] = std::move(replica);
    live_order_.push_back(id);
    while (live_order_.size() > kLiveMax) {
        live_.erase(live_order_.front());
        live_order_.pop_front();
    }
}

std::vector<LocalStates::Sent> LocalStates::apply(LocalReplica& replica, const LocalInput& input) {
    ++engine_steps_;
    if (input.waited_ms > 0) replica.wait(milliseconds{input.waited_ms});
    switch (input.kind) {
        case LocalInput::Kind::message:
            return numbered(replica.receive(input.from, messages_[input.message]));
        case LocalInput::Kind::timer:
            return numbered(replica.fire_timer());
        case LocalInput::Kind::restart:
            return numbered(replica.restart());
    }
    return {};
}

std::vector<LocalStates::Sent> LocalStates::numbered(const std::vector<LocalReplica::Sent>& sent) {
    std::vector<Sent> result;
    for (const auto& [to, message] : sent) {
        const auto next = static_cast<MessageNumber>(messages_.size());
        const auto [entry, added] = numbers_.try_emplace(sha256(message), next);
        if (added) messages_.push_back(message);
        result.push_back(Sent{static_cast<uint8_t>(to), entry->second});
    }
    return result;
}

LocalId LocalStates::intern(const LocalReplica& replica, Node node, bool& known) {
    const uint8_t validator = node.state.validator;
    node.digest = replica.digest();
    const auto [entry, added] =
        known_.try_emplace({validator, node.digest}, static_cast<LocalId>(nodes_.size()));
    known = !added;
    if (added) {
        node.state = observe(replica, validator);
        nodes_.push_back(std::move(node));
    }
    return entry->second;
}

// `other` came to the same digest by another history. It must do what is known of the state, and
// so on, as far as that was seen.
void LocalStates::audit(LocalId id, LocalReplica& other) {
    ++audits_;
    constexpr int kStepsMax = 32;  // known states can form a circle
    for (int i = 0; i < kStepsMax && !nodes_[id].transitions.empty(); ++i) {
        const auto& [input, expected] = *nodes_[id].transitions.begin();
        const std::vector<Sent> sent = apply(other, input);
        if (sent != expected.sent || other.digest() != nodes_[expected.next].digest) {
            problems_.push_back(
                fmt::format("Two histories of validator {} have the same digest, "
                            "and go on differently: ReplicaDigest lacks a part.",
                            nodes_[id].state.validator));
            return;
        }
        id = expected.next;
    }
}

}  // namespace parley::pbft::testing
