#include "node/simulator/world.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/crypto/pow_search.h"
#include "base/random.h"
#include "base/serialize.h"
#include "chain/script_check.h"

namespace parley::sim {
namespace {

constexpr uint16_t kPort = 18444;
constexpr uint64_t kNonces = uint64_t{1} << 32;
constexpr uint64_t kPpm = 1'000'000;

}  // namespace

/// One end of a connection.
struct ConnectionEnd {
    NodeIndex remote = 0;
    PeerId remote_peer;
    TimePoint last_arrival{};      ///< streams do not overtake themselves
    std::vector<Event> held_back;  ///< sent during a partition
};

struct World::SimNode {
    explicit SimNode(NodeSpec node_spec) : spec(std::move(node_spec)) {}

    NodeSpec spec;
    MemoryStorage blocks;
    MemoryStorage coins;
    MemoryStorageDirectory wallets;
    InlineScriptVerifier scripts;
    NullLog log;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<SeededRandom> secrets;
    std::unique_ptr<SeededRandom> mining;
    std::unique_ptr<Node> node;  ///< null: crashed
    uint64_t incarnation = 0;
    std::map<PeerId, ConnectionEnd> ends;
    std::deque<Effect> waiting;  ///< behind a barrier
    bool barrier = false;
    uint64_t search_job = 0;
    TimePoint armed = kNever;
};

struct World::Item {
    TimePoint time;
    uint64_t sequence = 0;
    NodeIndex node = 0;
    uint64_t incarnation = 0;
    ItemKind kind = ItemKind::event;
    Event event;
};

bool World::Later::operator()(const Item& a, const Item& b) const {
    return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
}

World::World(WorldOptions options)
    : options_(std::move(options)),
      now_(options_.start),
      queue_(std::make_unique<std::priority_queue<Item, std::vector<Item>, Later>>()) {}

World::~World() = default;

NodeIndex World::add_node(NodeSpec spec) {
    CHECK(spec.region < options_.latency.regions());
    const NodeIndex index = nodes_.size();
    nodes_.push_back(std::make_unique<SimNode>(std::move(spec)));
    nodes_.back()->mining =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, index, "mining"));
    restart(index);
    return index;
}

Endpoint World::address(NodeIndex index) {
    // RFC 2544's benchmarking range would be too small; 10/8 holds 16 million nodes.
    return Endpoint{"10." + std::to_string(index >> 16 & 255) + "." +
                        std::to_string(index >> 8 & 255) + "." + std::to_string(index & 255),
                    kPort};
}

void World::connect(NodeIndex from, NodeIndex to) {
    CHECK(from != to && from < size() && to < size());
    topology_.insert({from, to});
    SimNode& a = *nodes_[from];
    SimNode& b = *nodes_[to];
    if (!a.node || !b.node) return;
    const PeerId peer_a{++next_peer_};
    const PeerId peer_b{++next_peer_};
    a.ends[peer_a] = ConnectionEnd{to, peer_b, now_, {}};
    b.ends[peer_b] = ConnectionEnd{from, peer_a, now_, {}};
    // Through invoke-like items, so that connecting is part of the trace.
    push(now_, from, ItemKind::event,
         event::Connected{peer_a, address(to), address(from), false, 0});
    push(now_, to, ItemKind::event, event::Connected{peer_b, address(from), address(to), true, 0});
}

void World::connect_mesh() {
    for (NodeIndex from = 0; from < size(); ++from) {
        for (NodeIndex to = from + 1; to < size(); ++to) connect(from, to);
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
            ++made;  // counted even where the pair is linked already: the degree is a mean
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
            for (auto& event : std::exchange(end.held_back, {})) {
                end.last_arrival = std::max(end.last_arrival, now_ + link_delay(from, end.remote));
                push(end.last_arrival, end.remote, ItemKind::event, std::move(event));
            }
        }
    }
}

void World::crash(NodeIndex index) {
    SimNode& sim = *nodes_.at(index);
    CHECK(sim.node);
    std::vector<PeerId> peers;
    for (const auto& [peer, end] : sim.ends) peers.push_back(peer);
    for (const PeerId peer : peers) close(index, peer, "connection reset");
    ++sim.incarnation;
    sim.node.reset();
    sim.ends.clear();
    sim.waiting.clear();
    sim.barrier = false;
    sim.search_job = 0;
    sim.armed = kNever;
}

void World::restart(NodeIndex index) {
    SimNode& sim = *nodes_.at(index);
    CHECK(!sim.node);
    const uint64_t stream = index + sim.incarnation * 1'000'003;
    sim.random =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, stream, "node"));
    sim.secrets =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, stream, "secrets"));
    auto created =
        Node::create(sim.spec.config, NodeHost{sim.blocks, sim.coins, &sim.wallets, sim.scripts,
                                               *sim.random, *sim.secrets, sim.log});
    CHECK(created);
    sim.node = std::move(*created);
    take_effects(index, sim.node->start(now_));
    arm_timer(index);
}

bool World::running(NodeIndex index) const {
    return nodes_.at(index)->node != nullptr;
}

void World::reconnect(NodeIndex index) {
    for (const auto& [from, to] : std::set{topology_}) {
        if (from == index || to == index) connect(from, to);
    }
}

void World::invoke(NodeIndex index, std::function<void(Node&)> call) {
    CHECK(running(index));
    deliver(index, event::Invoke{0, std::move(call)});
}

const Node& World::node(NodeIndex index) const {
    CHECK(running(index));
    return *nodes_[index]->node;
}

void World::run_for(Duration span) {
    const TimePoint end = now_ + span;
    while (!queue_->empty() && queue_->top().time <= end) step();
    now_ = end;
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
    const TimePoint end = now_ + limit;
    while (!done()) {
        if (queue_->empty() || queue_->top().time > end) {
            now_ = end;
            return false;
        }
        step();
    }
    return true;
}

Hash256 World::digest() const {
    Sha256 copy = digest_;
    return copy.finish();
}

void World::push(TimePoint time, NodeIndex node, ItemKind kind, Event event) {
    queue_->push(Item{time, ++sequence_, node, nodes_[node]->incarnation, kind, std::move(event)});
}

void World::step() {
    // The heap hands out a const reference; the item is gone with pop(), so moving from it is safe.
    Item item = std::move(const_cast<Item&>(queue_->top()));
    queue_->pop();
    now_ = std::max(now_, item.time);
    SimNode& sim = *nodes_[item.node];
    if (!sim.node || sim.incarnation != item.incarnation) return;
    switch (item.kind) {
        case ItemKind::event:
            deliver(item.node, item.event);
            break;
        case ItemKind::timer:
            if (item.time != sim.armed) break;  // armed anew since
            sim.armed = kNever;
            if (const auto deadline = sim.node->next_deadline(); deadline && *deadline <= now_) {
                deliver(item.node, event::TimerDue{});
            } else {
                arm_timer(item.node);
            }
            break;
        case ItemKind::release:
            release(item.node);
            break;
    }
}

void World::deliver(NodeIndex index, const Event& event) {
    SimNode& sim = *nodes_[index];
    if (const auto* received = std::get_if<event::Received>(&event)) {
        if (!sim.ends.contains(received->peer)) return;
    } else if (const auto* drained = std::get_if<event::Drained>(&event)) {
        if (!sim.ends.contains(drained->peer)) return;
    } else if (const auto* closed = std::get_if<event::Closed>(&event)) {
        if (sim.ends.erase(closed->peer) == 0) return;
    } else if (const auto* found = std::get_if<event::SolutionFound>(&event)) {
        if (found->job != sim.search_job) return;
    }
    note(index, event);
    take_effects(index, sim.node->handle(event, now_));
    if (sim.node) arm_timer(index);
}

void World::note(NodeIndex index, const Event& event) {
    ++event_count_;
    Writer writer;
    writer.le(now_.time_since_epoch().count())
        .le(uint64_t{index})
        .u8(static_cast<uint8_t>(event.index()));
    if (const auto* received = std::get_if<event::Received>(&event)) {
        writer.le(received->peer.value()).var_bytes(received->data);
    } else if (const auto* closed = std::get_if<event::Closed>(&event)) {
        writer.le(closed->peer.value());
    } else if (const auto* connected = std::get_if<event::Connected>(&event)) {
        writer.le(connected->peer.value());
    } else if (const auto* found = std::get_if<event::SolutionFound>(&event)) {
        writer.bytes(found->header.serialize());
    }
    digest_.write(writer.data());
}

void World::take_effects(NodeIndex index, Effects effects) {
    SimNode& sim = *nodes_[index];
    for (auto& effect : effects) sim.waiting.push_back(std::move(effect));
    if (!sim.barrier) release(index);
}

void World::release(NodeIndex index) {
    SimNode& sim = *nodes_[index];
    sim.barrier = false;
    while (!sim.waiting.empty() && sim.node) {
        Effect effect = std::move(sim.waiting.front());
        sim.waiting.pop_front();
        if (const auto* persist = std::get_if<effect::Persist>(&effect)) {
            if (persist->durability == Durability::written) continue;
            sim.barrier = true;
            push(now_ + options_.sync_delay, index, ItemKind::release, event::TimerDue{});
            return;
        }
        carry_out(index, effect);
    }
}

void World::carry_out(NodeIndex index, Effect& effect) {
    SimNode& sim = *nodes_[index];
    if (const auto* send_effect = std::get_if<effect::Send>(&effect)) {
        send(index, *send_effect);
    } else if (const auto* dial_effect = std::get_if<effect::Dial>(&effect)) {
        dial(index, *dial_effect);
    } else if (const auto* close_effect = std::get_if<effect::Close>(&effect)) {
        if (sim.ends.contains(close_effect->peer)) {
            close(index, close_effect->peer, "closed by the other side");
            push(now_, index, ItemKind::event, event::Closed{close_effect->peer, "closed"});
        }
    } else if (const auto* search_effect = std::get_if<effect::SearchNonce>(&effect)) {
        search(index, *search_effect);
    } else if (std::holds_alternative<effect::StopSearch>(effect)) {
        sim.search_job = 0;
    } else if (const auto* shutdown = std::get_if<effect::Shutdown>(&effect)) {
        CHECK(shutdown->error.empty());
        crash(index);
    }
    // Complete: invoke() runs in place, so that nobody waits for it.
}

void World::dial(NodeIndex from, const effect::Dial& dial) {
    for (NodeIndex to = 0; to < size(); ++to) {
        if (address(to).host != dial.target.host || to == from || !running(to)) continue;
        const PeerId peer_a{++next_peer_};
        const PeerId peer_b{++next_peer_};
        nodes_[from]->ends[peer_a] = ConnectionEnd{to, peer_b, now_, {}};
        nodes_[to]->ends[peer_b] = ConnectionEnd{from, peer_a, now_, {}};
        const TimePoint there = now_ + link_delay(from, to);
        push(there, to, ItemKind::event,
             event::Connected{peer_b, address(from), address(to), true, 0});
        push(there + link_delay(to, from), from, ItemKind::event,
             event::Connected{peer_a, address(to), address(from), false, dial.dial});
        return;
    }
    push(now_, from, ItemKind::event, event::DialFailed{dial.dial, "nobody listens there"});
}

void World::send(NodeIndex from, const effect::Send& send) {
    SimNode& sim = *nodes_[from];
    const auto found = sim.ends.find(send.peer);
    if (found == sim.ends.end()) return;
    ConnectionEnd& end = found->second;
    bytes_sent_ += send.data->size();
    event::Received received{end.remote_peer, *send.data};
    if (separated(from, end.remote)) {
        end.held_back.push_back(std::move(received));
    } else {
        end.last_arrival = std::max(end.last_arrival, now_ + link_delay(from, end.remote));
        push(end.last_arrival, end.remote, ItemKind::event, std::move(received));
    }
    if (send.notify) push(now_, from, ItemKind::event, event::Drained{send.peer});
}

void World::close(NodeIndex from, PeerId peer, const char* reason) {
    ConnectionEnd& end = nodes_[from]->ends.at(peer);
    event::Closed closed{end.remote_peer, reason};
    if (separated(from, end.remote)) {
        // Nobody hears of it; the other side finds out by its own timeouts once the partition
        // heals.
        end.held_back.push_back(std::move(closed));
        return;
    }
    const TimePoint arrival = std::max(end.last_arrival, now_ + link_delay(from, end.remote));
    push(arrival, end.remote, ItemKind::event, std::move(closed));
}

void World::search(NodeIndex index, const effect::SearchNonce& search) {
    SimNode& sim = *nodes_[index];
    sim.search_job = search.job;
    const auto nonce = search_nonce(search.header.serialize(), search.target, 0, kNonces);
    // A node without a share of the hash rate mines by its own clock: its searches end at once.
    Duration delay{0};
    if (sim.spec.hash_share_ppm > 0) {
        const auto mean =
            static_cast<uint64_t>(options_.block_interval.count()) * kPpm / sim.spec.hash_share_ppm;
        delay = Duration{static_cast<int64_t>(sim.mining->exponential(mean))};
    }
    if (!nonce) {
        push(now_ + delay, index, ItemKind::event, event::SearchExhausted{search.job});
        return;
    }
    event::SolutionFound found{search.job, search.header};
    found.header.nonce = *nonce;
    push(now_ + delay, index, ItemKind::event, std::move(found));
}

void World::arm_timer(NodeIndex index) {
    SimNode& sim = *nodes_[index];
    const auto deadline = sim.node->next_deadline();
    if (!deadline || *deadline >= sim.armed) return;
    sim.armed = std::max(*deadline, now_);
    push(sim.armed, index, ItemKind::timer, event::TimerDue{});
}

bool World::separated(NodeIndex a, NodeIndex b) const {
    return !group_.empty() && group_[a] != group_[b];
}

Duration World::link_delay(NodeIndex from, NodeIndex to) const {
    return options_.latency.delay(nodes_[from]->spec.region, nodes_[to]->spec.region);
}

}  // namespace parley::sim
