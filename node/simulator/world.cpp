#include "node/simulator/world.h"

#include "base/check.h"
#include "base/crypto/pow_search.h"
#include "base/serialize.h"
#include "node/simulator/world_state.h"

namespace parley::sim {
namespace {

constexpr uint64_t kNonces = uint64_t{1} << 32;
constexpr uint64_t kPpm = 1'000'000;
/// A node whose timer is due this often at the same moment has a bug: virtual time would never
/// advance. The longest legitimate sequence is one activation step for each 32 blocks of a long
/// chain.
constexpr uint64_t kTimersAtOnceMax = 1'000'000;

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      now_(options_.start),
      queue_(std::make_unique<Queue>()),
      jitter_(SeededRandom::stream(options_.seed, 0, "jitter")),
      links_(options_.seed, options_.link_faults) {}

World::~World() = default;

NodeIndex World::add_node(NodeSpec spec) {
    CHECK(spec.region < options_.latency.regions());
    const NodeIndex index = nodes_.size();
    nodes_.push_back(std::make_unique<SimNode>(std::move(spec), options_.seed, index));
    nodes_.back()->mining =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, index, "mining"));
    if (!group_.empty()) group_.push_back(0);
    restart(index);
    return index;
}

NodeIndex World::add_scripted_peer(const NodeSpec& spec, MessageHandler script) {
    CHECK(spec.region < options_.latency.regions());
    const NodeIndex index = nodes_.size();
    nodes_.push_back(std::make_unique<SimNode>(spec, options_.seed, index));
    nodes_.back()->scripted.emplace(spec.config.net, std::move(script));
    if (!group_.empty()) group_.push_back(0);
    start_effects(index);
    return index;
}

void World::crash(NodeIndex index, Crash how) {
    SimNode& sim = *nodes_.at(index);
    CHECK(sim.node);
    sim.powered = how == Crash::kill;
    sim.power_cuts += sim.powered ? 0 : 1;
    std::vector<PeerId> peers;
    for (const auto& [peer, end] : sim.ends) peers.push_back(peer);
    for (const PeerId peer : peers) {
        if (sim.powered) close(index, peer, "connection reset");
    }
    ++sim.incarnation;
    sim.node.reset();
    sim.setbacks += sim.disk.crash(how) ? 1 : 0;
    sim.ends.clear();
    sim.barriers.clear();
    sim.commits_to_crash = 0;
    sim.sync_begin = sim.sync_end = TimePoint{};
    sim.search_job = 0;
    sim.armed = kNever;
    sim.paused_until = TimePoint{};
}

void World::pause(NodeIndex index, Duration span) {
    CHECK(running(index));
    SimNode& sim = *nodes_[index];
    sim.paused_until = std::max(sim.paused_until, now_ + span);
    at(now_ + span, [this, index] { resume(index); });
}

void World::resume(NodeIndex index) {
    if (paused(index)) return;
    for (const Item& item : std::exchange(nodes_[index]->held, {})) take(item);
}

bool World::paused(NodeIndex index) const {
    return nodes_.at(index)->paused_until > now_;
}

void World::shift_clock(NodeIndex index, Duration by) {
    CHECK(by >= Duration{0} || !running(index));
    nodes_[index]->spec.clock_offset += by;
    if (running(index)) arm_timer(index);
}

void World::crash_at_commit(NodeIndex index, uint64_t count, CommitPoint point, Crash how) {
    SimNode& sim = *nodes_.at(index);
    CHECK(sim.node);
    sim.commits_to_crash = count;
    sim.crash_point = point;
    sim.crash_how = how;
}

void World::restart(NodeIndex index) {
    SimNode& sim = *nodes_.at(index);
    CHECK(!sim.alive());
    sim.stop_reason.clear();
    sim.disk.set_time(now_);
    constexpr uint64_t kNodesMax = uint64_t{1} << 24;  // see address()
    const uint64_t stream = index + sim.incarnation * kNodesMax;
    sim.random =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, stream, "node"));
    sim.secrets =
        std::make_unique<SeededRandom>(SeededRandom::stream(options_.seed, stream, "secrets"));
    NodeConfig config = sim.spec.config;
    for (const auto& [from, to] : topology_) {
        if (from == index) config.net.add_nodes.push_back({address(to)});
    }
    LogSink& log = sim.spec.log != nullptr ? *sim.spec.log : sim.no_log;
    auto created =
        Node::create(std::move(config), NodeHost{sim.disk.store("blocks"), sim.disk.store("coins"),
                                                 sim.spec.wallets ? &sim.disk.directory() : nullptr,
                                                 sim.scripts, *sim.random, *sim.secrets, log});
    power_on(index);
    if (!created) {
        CHECK(sim.disk.spoiled());
        sim.stop_reason = created.error();
        return;
    }
    sim.node = std::move(*created);
    start_effects(index);
    finish(index, sim.node->start(now_ + sim.spec.clock_offset));
}

void World::start_effects(NodeIndex index) {
    nodes_[index]->effects.emplace(
        [this, index](Durability durability, CommitId commit) {
            start_barrier(index, durability, commit);
        },
        [this, index](Effect&& effect) { carry_out(index, effect); });
}

void World::observe(std::function<void(NodeIndex)> observer) {
    observers_.push_back(std::move(observer));
}

void World::observe_messages(std::function<void(const PassingMessage&)> observer) {
    message_observers_.push_back(std::move(observer));
}

void World::wipe(NodeIndex index) {
    SimNode& sim = *nodes_.at(index);
    CHECK(!sim.node);
    sim.disk.wipe();
}

void World::stop(NodeIndex index, const std::string& reason) {
    crash(index);
    nodes_[index]->stop_reason = reason;
}

const std::string& World::stop_reason(NodeIndex index) const {
    return nodes_.at(index)->stop_reason;
}

uint64_t World::power_cuts(NodeIndex index) const {
    return nodes_.at(index)->power_cuts;
}

uint64_t World::setbacks(NodeIndex index) const {
    return nodes_.at(index)->setbacks;
}

FaultDisk& World::disk(NodeIndex index) {
    return nodes_.at(index)->disk;
}

bool World::running(NodeIndex index) const {
    return nodes_.at(index)->node != nullptr;
}

void World::invoke(NodeIndex index, std::function<void(Node&)> call) {
    CHECK(running(index));
    deliver(index, event::Invoke{0, std::move(call)});
}

const Node& World::node(NodeIndex index) const {
    CHECK(running(index));
    return *nodes_[index]->node;
}

const Traffic& World::sent(NodeIndex index) const {
    return nodes_.at(index)->sent;
}

void World::run_for(Duration span) {
    const TimePoint end = now_ + span;
    while (!idle_after(end)) step();
    now_ = end;
}

bool World::run_until(const std::function<bool()>& done, Duration limit, Duration every) {
    const TimePoint end = now_ + limit;
    TimePoint ask_at = now_;
    bool changed = true;  // since the last question
    while (true) {
        // Also before a time without events: what came before it is the state at `ask_at`.
        if (changed && (now_ >= ask_at || idle_after(ask_at))) {
            if (done()) return true;
            ask_at = now_ + every;
            changed = false;
        }
        if (idle_after(end)) {
            now_ = end;
            return done();
        }
        step();
        changed = true;
    }
}

Hash256 World::digest() const {
    Sha256 copy = digest_;
    return copy.finish();
}

void World::push(TimePoint time, NodeIndex node, ItemKind kind, Event event) {
    queue_->push(++sequence_,
                 Item{time, node, nodes_[node]->incarnation, kind, std::move(event), {}});
}

void World::push_from(NodeIndex origin, PeerId origin_peer, TimePoint time, NodeIndex node,
                      Event event) {
    queue_->push(++sequence_, Item{time, node, nodes_[node]->incarnation, ItemKind::event,
                                   std::move(event), std::pair{origin, origin_peer}});
}

void World::at(TimePoint time, std::function<void()> action) {
    plan_.emplace(time, std::move(action));
}

/// Whether no event or planned action is left until `end`.
bool World::idle_after(TimePoint end) const {
    return (queue_->empty() || queue_->next() > end) &&
           (plan_.empty() || plan_.begin()->first > end);
}

void World::step() {
    if (!plan_.empty() && (queue_->empty() || plan_.begin()->first <= queue_->next())) {
        const auto next = plan_.extract(plan_.begin());
        now_ = std::max(now_, next.key());
        next.mapped()();
        return;
    }
    Item item = queue_->pop();
    now_ = std::max(now_, item.time);
    if (paused(item.node))
        nodes_[item.node]->held.push_back(std::move(item));
    else
        take(item);
}

void World::take(const Item& item) {
    SimNode& sim = *nodes_[item.node];
    if (!sim.alive() || sim.incarnation != item.incarnation) {
        reset(item);
        return;
    }
    switch (item.kind) {
        case ItemKind::event:
            if (deliverable(item)) deliver(item.node, item.event);
            break;
        case ItemKind::timer:
            if (item.time != sim.armed) break;  // the timer was reset in the meantime
            sim.armed = kNever;
            if (const auto deadline = sim.node->next_deadline();
                deadline && *deadline <= now_ + sim.spec.clock_offset) {
                sim.timers_at_once = sim.last_timer == now_ ? sim.timers_at_once + 1 : 0;
                sim.last_timer = now_;
                CHECK(sim.timers_at_once < kTimersAtOnceMax);
                deliver(item.node, event::TimerDue{});
            } else {
                arm_timer(item.node);
            }
            break;
        case ItemKind::release: {
            const auto [commit, durability] = sim.barriers.front();
            sim.barriers.pop_front();
            if (durability == Durability::synced) sim.disk.sync(commit);
            sim.effects->reached(commit);
            break;
        }
    }
}

bool World::deliverable(const Item& item) {
    if (const auto* found = std::get_if<event::SolutionFound>(&item.event)) {
        if (found->job != nodes_[item.node]->search_job) return false;
        mined_.push_back(MinedBlock{found->header.hash(), item.node, now_});
        return true;
    }
    if (const auto* exhausted = std::get_if<event::SearchExhausted>(&item.event))
        return exhausted->job == nodes_[item.node]->search_job;
    if (take_connection_event(item.node, item.event)) return true;
    reset(item);
    return false;
}

void World::deliver(NodeIndex index, const Event& event) {
    SimNode& sim = *nodes_[index];
    note(index, event);
    if (sim.scripted) return play(index, event);
    sim.disk.set_time(now_);
    finish(index, sim.node->handle(event, now_ + sim.spec.clock_offset));
}

/// A step of a scripted peer.
void World::play(NodeIndex index, const Event& event) {
    SimNode& sim = *nodes_[index];
    if (const auto* connected = std::get_if<event::Connected>(&event)) {
        sim.scripted->connected(connected->peer, sim.ends.at(connected->peer).remote);
    } else if (const auto* closed = std::get_if<event::Closed>(&event)) {
        sim.scripted->closed(closed->peer);
    } else if (const auto* received = std::get_if<event::Received>(&event)) {
        sim.effects->run(sim.scripted->received(*received, now_));
    }
}

void World::note(NodeIndex index, const Event& event) {
    ++event_count_;
    Writer writer;
    writer.le(now_.time_since_epoch().count())
        .le(uint64_t{index})
        .u8(static_cast<uint8_t>(event.index()));
    const Bytes* data = nullptr;
    if (const auto* received = std::get_if<event::Received>(&event)) {
        writer.le(received->peer.value()).le(uint64_t{received->data.size()});
        data = &received->data;
    } else if (const auto* closed = std::get_if<event::Closed>(&event)) {
        writer.le(closed->peer.value());
    } else if (const auto* connected = std::get_if<event::Connected>(&event)) {
        writer.le(connected->peer.value());
    } else if (const auto* found = std::get_if<event::SolutionFound>(&event)) {
        writer.bytes(found->header.serialize());
    }
    digest_.write(writer.data());
    if (data != nullptr) digest_.write(*data);
}

/// Every step of a node ends here.
void World::finish(NodeIndex index, Effects effects) {
    SimNode& sim = *nodes_[index];
    if (const StorageError* failure = sim.disk.failure())
        stop(index, std::string(failure->message));
    else
        sim.effects->run(std::move(effects));
    if (sim.node) arm_timer(index);
    for (const auto& observer : observers_) {
        if (sim.node) observer(index);
    }
}

void World::start_barrier(NodeIndex index, Durability durability, CommitId commit) {
    SimNode& sim = *nodes_[index];
    if (!sim.node) return;
    if (durability == Durability::synced && sim.commits_to_crash > 0 &&
        --sim.commits_to_crash == 0) {
        if (sim.crash_point == CommitPoint::synced) sim.disk.sync(commit);
        crash(index, sim.crash_how);
        return;
    }
    if (durability == Durability::synced && sim.sync_begin < now_) {
        sim.sync_begin = std::max(now_, sim.sync_end);
        sim.sync_end = sim.sync_begin + options_.sync_delay;
    }
    // Data that was passed to the operating system survives a crash of the node alone; but the disk
    // writes in commit order.
    if (durability == Durability::written && sim.barriers.empty()) {
        sim.effects->reached(commit);
        return;
    }
    sim.barriers.emplace_back(commit, durability);
    push(sim.sync_end, index, ItemKind::release, event::TimerDue{});
}

void World::carry_out(NodeIndex index, const Effect& effect) {
    SimNode& sim = *nodes_[index];
    if (!sim.alive()) return;  // an earlier effect stopped the node
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
        sim.disk.sync(sim.disk.last_commit());  // the stores are closed in order
        stop(index, shutdown->error);
    }
    // Complete: ignored, because invoke() runs synchronously.
}

void World::search(NodeIndex index, const effect::SearchNonce& search) {
    SimNode& sim = *nodes_[index];
    sim.search_job = search.job;
    const auto nonce = search_nonce(search.header.serialize(), search.target, 0, kNonces);
    // A node without a share of the hash rate mines by schedule, so its searches succeed at once.
    Duration delay{0};
    if (sim.spec.hash_share_ppm > 0) {
        const auto mean =
            static_cast<uint64_t>(options_.block_interval.count()) * kPpm / sim.spec.hash_share_ppm;
        delay = Duration{static_cast<int64_t>(sim.mining->exponential(mean))};
    }
    if (!nonce) {
        push(now_, index, ItemKind::event, event::SearchExhausted{search.job});
        return;
    }
    event::SolutionFound found{search.job, search.header};
    found.header.nonce = *nonce;
    push(now_ + delay, index, ItemKind::event, std::move(found));
}

void World::arm_timer(NodeIndex index) {
    SimNode& sim = *nodes_[index];
    const auto deadline = sim.node->next_deadline();
    if (!deadline) return;
    const TimePoint time = std::max(*deadline - sim.spec.clock_offset, now_);
    if (time >= sim.armed) return;
    sim.armed = time;
    push(time, index, ItemKind::timer, event::TimerDue{});
}

}  // namespace parley::sim
