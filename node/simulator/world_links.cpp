// World: connections, streams and partitions.
#include <cstring>

#include "base/check.h"
#include "net/wire/framing.h"
#include "net/wire/protocol.h"
#include "node/simulator/world.h"
#include "node/simulator/world_state.h"

namespace parley::sim {
namespace {

constexpr uint16_t kPort = 18444;

/// Calls `visit(command, message)` for each of these complete messages of the peer protocol.
template <class Visit>
void for_each_message(ByteSpan frames, const Visit& visit) {
    // A header: magic (4), command (12), length of the payload (4), checksum (4).
    constexpr size_t kCommand = 4;
    constexpr size_t kCommandSize = 12;
    constexpr size_t kLength = 16;
    while (frames.size() >= kMessageHeaderSize) {
        const auto* command = reinterpret_cast<const char*>(frames.data()) + kCommand;
        size_t size = 0;
        for (size_t i = 4; i-- > 0;) size = size << 8 | frames[kLength + i];
        size += kMessageHeaderSize;
        visit(std::string_view(command, strnlen(command, kCommandSize)), frames.first(size));
        frames = frames.subspan(size);
    }
}

}  // namespace

Endpoint World::address(NodeIndex index) {
    // RFC 2544's benchmarking range would be too small; 10/8 holds 16 million nodes.
    return Endpoint{"10." + std::to_string(index >> 16 & 255) + "." +
                        std::to_string(index >> 8 & 255) + "." + std::to_string(index & 255),
                    kPort};
}

std::optional<NodeIndex> World::listener(const Endpoint& target) const {
    NodeIndex index = 0;
    NodeIndex part = 0;
    for (const char c : target.host) {
        if (c == '.') {
            index = index << 8 | part;
            part = 0;
        } else {
            part = part * 10 + static_cast<NodeIndex>(c - '0');
        }
    }
    index = (index << 8 | part) & 0xffffff;  // without the 10
    if (index >= size() || address(index) != target) return std::nullopt;
    return index;
}

void World::connect(NodeIndex from, NodeIndex to) {
    CHECK(from != to && from < size() && to < size());
    if (nodes_[from]->scripted) std::swap(from, to);
    CHECK(!nodes_[from]->scripted);
    if (!topology_.insert({from, to}).second || !running(from)) return;
    invoke(from, [to](Node& node) {
        const auto added = node.add_node(to_string(address(to)), AddNodeCommand::add);
        CHECK(added == AddNodeResult::done);
    });
}

void World::connect_mesh() {
    for (NodeIndex from = 0; from < size(); ++from) {
        for (NodeIndex to = from + 1; to < size(); ++to) {
            if (!nodes_[from]->scripted || !nodes_[to]->scripted) connect(from, to);
        }
    }
}

void World::connect_random(size_t degree) {
    auto random = SeededRandom::stream(options_.seed, 0, "topology");
    CHECK(size() > degree + 1);
    for (NodeIndex from = 0; from < size(); ++from) {
        const NodeIndex next = (from + 1) % size();
        if (!topology_.contains({next, from})) connect(from, next);
        for (size_t made = 1; made < degree;) {
            const NodeIndex to = random.uniform(size());
            if (to == from) continue;
            ++made;  // also counts a pair that is already linked, because the degree is a mean
            if (!topology_.contains({from, to}) && !topology_.contains({to, from}))
                connect(from, to);
        }
    }
}

void World::partition(const std::vector<std::vector<NodeIndex>>& groups) {
    group_.assign(size(), 0);
    for (size_t group = 0; group < groups.size(); ++group) {
        for (const NodeIndex index : groups[group]) group_.at(index) = group + 1;
    }
}

void World::heal() {
    group_.clear();
    for (NodeIndex from = 0; from < size(); ++from) {
        for (auto& [peer, end] : nodes_[from]->ends) {
            TimePoint sent = now_;
            for (auto& received : std::exchange(end.held_back, {}))
                sent = std::max(sent, transmit(from, peer, end, std::move(received)));
            if (std::exchange(end.drained_owed, false))
                push(sent, from, ItemKind::event, event::Drained{peer});
        }
    }
}

bool World::separated(NodeIndex a, NodeIndex b) const {
    return !group_.empty() && group_[a] != group_[b];
}

Duration World::link_delay(NodeIndex from, NodeIndex to) {
    const Duration delay =
        options_.latency.delay(nodes_[from]->spec.region, nodes_[to]->spec.region);
    if (options_.jitter_max == Duration{0}) return delay;
    const auto bound = static_cast<uint64_t>(options_.jitter_max.count()) + 1;
    return delay + Duration{static_cast<int64_t>(jitter_.uniform(bound))};
}

TimePoint World::next_arrival(NodeIndex from, ConnectionEnd& end) {
    end.last_arrival = std::max(end.last_arrival, now_ + link_delay(from, end.remote));
    return end.last_arrival;
}

TimePoint World::next_arrival(NodeIndex from, ConnectionEnd& end,
                              const FaultyLinks::Passage& passage) {
    const Duration delay = link_delay(from, end.remote) + end.path;
    end.last_arrival = std::max({end.last_arrival, passage.earliest + delay, passage.not_before});
    return end.last_arrival;
}

/// Returns the time at which the last byte leaves the sender.
TimePoint World::transmit(NodeIndex from, PeerId peer, ConnectionEnd& end,
                          event::Received received) {
    if (!links_.active()) {
        push_from(from, peer, next_arrival(from, end), end.remote, std::move(received));
        return now_;
    }
    if (end.broken) return now_;
    const auto passage = links_.pass(from, end.remote, received.data.size(), now_);
    if (passage.fate == FaultyLinks::Passage::Fate::reset) {
        break_connection(from, peer, end);
        return now_;
    }
    if (passage.fate == FaultyLinks::Passage::Fate::timed_out) {
        end.broken = true;
        push(passage.sent, from, ItemKind::event, event::Closed{peer, "connection timed out"});
    } else {
        push_from(from, peer, next_arrival(from, end, passage), end.remote, std::move(received));
    }
    return passage.sent;
}

/// Both sides are notified, the remote one after the bytes in transit.
void World::break_connection(NodeIndex from, PeerId peer, ConnectionEnd& end) {
    if (std::exchange(end.broken, true)) return;
    push(now_, from, ItemKind::event, event::Closed{peer, "connection reset"});
    push(next_arrival(from, end), end.remote, ItemKind::event,
         event::Closed{end.remote_peer, "connection reset"});
}

void World::set_link_faults(NodeIndex from, NodeIndex to, const LinkFaults& faults) {
    CHECK(from != to && from < size() && to < size());
    links_.set(from, to, faults);
}

void World::clog(NodeIndex from, NodeIndex to, Duration span) {
    CHECK(from != to && from < size() && to < size());
    links_.clog(from, to, now_ + span);
}

void World::reset_connections(NodeIndex a, NodeIndex b) {
    for (auto& [peer, end] : nodes_.at(a)->ends) {
        if (end.remote == b) break_connection(a, peer, end);
    }
}

/// Updates the ends of the connection before an event is delivered to the node. False: the event
/// must be dropped.
bool World::take_connection_event(NodeIndex index, const Event& event) {
    auto& ends = nodes_[index]->ends;
    if (const auto* received = std::get_if<event::Received>(&event)) {
        return ends.contains(received->peer);
    }
    if (const auto* drained = std::get_if<event::Drained>(&event)) {
        return ends.contains(drained->peer);
    }
    if (const auto* connected = std::get_if<event::Connected>(&event)) {
        const auto found = ends.find(connected->peer);
        if (found != ends.end()) {
            found->second.established = true;
            return true;
        }
        if (connected->dial != 0) {
            push(now_, index, ItemKind::event,
                 event::DialFailed{connected->dial, "connection reset"});
        }
        return false;
    }
    if (const auto* closed = std::get_if<event::Closed>(&event)) {
        const auto found = ends.find(closed->peer);
        if (found == ends.end()) return false;
        const bool established = found->second.established;
        ends.erase(found);
        return established;
    }
    return true;
}

void World::dial(NodeIndex from, const effect::Dial& dial) {
    const auto to = listener(dial.target);
    if (!to) {
        push(now_, from, ItemKind::event, event::DialFailed{dial.dial, "no route to host"});
        return;
    }
    if (separated(from, *to)) {
        push(now_ + options_.dial_timeout, from, ItemKind::event,
             event::DialFailed{dial.dial, "connection timed out"});
        return;
    }
    const auto [there, back] = shake_hands(from, *to);
    if (back - now_ > options_.dial_timeout && links_.active()) {
        push(now_ + options_.dial_timeout, from, ItemKind::event,
             event::DialFailed{dial.dial, "connection timed out"});
        return;
    }
    if (!nodes_[*to]->powered) {
        push(now_ + options_.dial_timeout, from, ItemKind::event,
             event::DialFailed{dial.dial, "connection timed out"});
        return;
    }
    if (!alive(*to)) {
        push(back, from, ItemKind::event, event::DialFailed{dial.dial, "connection refused"});
        return;
    }
    const PeerId peer_a{++next_peer_};
    const PeerId peer_b{++next_peer_};
    const Duration path = links_.active() ? links_.draw_path(from, *to) : Duration{0};
    nodes_[from]->ends[peer_a] = {.remote = *to,
                                  .remote_peer = peer_b,
                                  .dial = dial.dial,
                                  .path = path,
                                  .last_arrival = there};
    nodes_[*to]->ends[peer_b] = {
        .remote = from, .remote_peer = peer_a, .path = path, .last_arrival = back};
    push(there, *to, ItemKind::event,
         event::Connected{peer_b, address(from), address(*to), true, 0});
    push(back, from, ItemKind::event,
         event::Connected{peer_a, address(*to), address(from), false, dial.dial});
    if (links_.active() && links_.draw_duplicate_dial(from, *to)) duplicate_dial(from, *to);
}

/// The arrival times of a dial's first segment and of its reply. A reply that never comes counts as
/// late.
std::pair<TimePoint, TimePoint> World::shake_hands(NodeIndex from, NodeIndex to) {
    const auto one_way = [this](NodeIndex a, NodeIndex b, TimePoint sent) {
        const Duration delay = link_delay(a, b);
        if (!links_.active()) return sent + delay;
        const auto passage = links_.pass(a, b, 0, sent);
        return std::max(passage.earliest + delay, passage.not_before);
    };
    const TimePoint there = one_way(from, to, now_);
    return {there, one_way(to, from, there)};
}

/// The listener takes a duplicated first segment for a new connection. Its reply finds no dialer,
/// and it is told so.
void World::duplicate_dial(NodeIndex from, NodeIndex to) {
    const auto [there, back] = shake_hands(from, to);
    const PeerId peer{++next_peer_};
    const PeerId nobody{++next_peer_};
    nodes_[to]->ends[peer] = {.remote = from, .remote_peer = nobody, .last_arrival = back};
    push(there, to, ItemKind::event, event::Connected{peer, address(from), address(to), true, 0});
    push(back + link_delay(from, to), to, ItemKind::event, event::Closed{peer, "connection reset"});
}

void World::send(NodeIndex from, const effect::Send& send) {
    SimNode& sim = *nodes_[from];
    const auto found = sim.ends.find(send.peer);
    if (found == sim.ends.end()) return;
    ConnectionEnd& end = found->second;
    event::Received received{end.remote_peer, pass_on(from, send.peer, end, *send.data)};
    if (received.data.empty()) {
        if (send.notify) push(now_, from, ItemKind::event, event::Drained{send.peer});
        return;
    }
    if (separated(from, end.remote)) {
        end.held_back.push_back(std::move(received));
        end.drained_owed = end.drained_owed || send.notify;
        return;
    }
    const TimePoint sent = transmit(from, send.peer, end, std::move(received));
    if (send.notify) push(sent, from, ItemKind::event, event::Drained{send.peer});
}

/// Counts the messages and passes them to the observers. Returns the bytes that stay in the stream;
/// schedules delayed messages separately.
Bytes World::pass_on(NodeIndex from, PeerId peer, const ConnectionEnd& end, const Bytes& frames) {
    Bytes left;
    for_each_message(frames, [&](std::string_view command, ByteSpan message) {
        count(from, command, message.size());
        const PassingMessage passing{from, end.remote, command,
                                     message.subspan(kMessageHeaderSize)};
        for (const auto& observer : message_observers_) observer(passing);
        if (!filter_) return;
        for (const Duration late : filter_(passing)) {
            if (late == Duration{0}) {
                append(left, message);
            } else if (!separated(from, end.remote)) {
                push_from(from, peer, now_ + link_delay(from, end.remote) + late, end.remote,
                          event::Received{end.remote_peer, to_bytes(message)});
            }
        }
    });
    return filter_ ? left : frames;
}

void World::count(NodeIndex from, std::string_view command, size_t bytes) {
    auto known = sent_by_command_.find(command);
    if (known == sent_by_command_.end())
        known = sent_by_command_.emplace(std::string(command), Traffic{}).first;
    for (Traffic* each : {&sent_, &nodes_[from]->sent, &known->second}) {
        ++each->messages;
        each->bytes += bytes;
    }
}

bool World::say(NodeIndex from, NodeIndex to, std::string_view command, ByteSpan payload) {
    const SimNode& sim = *nodes_.at(from);
    CHECK(sim.scripted);
    const auto peer = sim.scripted->connection(to);
    if (!peer) return false;
    send(from, sim.scripted->message(*peer, command, payload));
    return true;
}

bool World::hand_over(NodeIndex from, NodeIndex to, std::string_view command, ByteSpan payload) {
    CHECK(running(to));
    for (const auto& [peer, end] : nodes_[to]->ends) {
        if (end.remote != from || !end.established) continue;
        const auto frame = encode_frame(nodes_[to]->spec.config.net.magic, command, payload);
        deliver(to, event::Received{peer, *frame});
        return true;
    }
    return false;
}

bool World::connected(NodeIndex a, NodeIndex b) const {
    const auto knows = [this](NodeIndex one, NodeIndex other) {
        const auto& ends = nodes_.at(one)->ends;
        return std::any_of(ends.begin(), ends.end(), [&](const auto& each) {
            return each.second.remote == other && each.second.established;
        });
    };
    return knows(a, b) && knows(b, a);
}

bool World::alive(NodeIndex index) const {
    return nodes_[index]->alive();
}

void World::close(NodeIndex from, PeerId peer, const char* reason) {
    ConnectionEnd& end = nodes_[from]->ends.at(peer);
    // Across a partition, the other side is not notified: it finds out by its own timeouts, or when
    // it sends something after the partition and no connection exists.
    if (separated(from, end.remote) || end.broken) return;
    TimePoint arrival{};
    if (links_.active()) {
        const auto passage = links_.pass(from, end.remote, 0, now_);
        if (passage.fate == FaultyLinks::Passage::Fate::timed_out) return;
        arrival = next_arrival(from, end, passage);
    } else {
        arrival = next_arrival(from, end);
    }
    push(arrival, end.remote, ItemKind::event, event::Closed{end.remote_peer, reason});
}

/// Bytes arrived for a connection that does not exist (any more); their sender gets a reset.
void World::reset(const Item& item) {
    if (!item.origin || !std::holds_alternative<event::Received>(item.event)) return;
    const auto [origin, peer] = *item.origin;
    if (!nodes_[item.node]->powered) {
        nodes_[item.node]->unheard.insert(*item.origin);
        return;
    }
    SimNode& sim = *nodes_[origin];
    if (!sim.alive() || !sim.ends.contains(peer) || separated(item.node, origin)) return;
    push(now_ + link_delay(item.node, origin), origin, ItemKind::event,
         event::Closed{peer, "connection reset"});
}

/// The operating system replies again: pending retransmissions of other nodes now reach it and find
/// no connection.
void World::power_on(NodeIndex index) {
    SimNode& sim = *nodes_[index];
    sim.powered = true;
    for (const auto& [origin, peer] : std::exchange(sim.unheard, {})) {
        if (alive(origin) && nodes_[origin]->ends.contains(peer))
            push(now_ + link_delay(index, origin), origin, ItemKind::event,
                 event::Closed{peer, "connection reset"});
    }
}

}  // namespace parley::sim
