// World: the simulator's host. N nodes running the product's code, links with latency, jitter,
// partitions and faults (link_faults.h), crashes, skewed clocks and exponential miners, all on one
// thread in virtual time. All events come from one heap ordered by (time, sequence), and all
// randomness from streams of one seed: equal seeds give equal traces, as the digest shows.
//
// A crash leaves a node's stores as a real disk would be (fault_disk.h), and drops effects that
// waited for a commit.
//
// It does not judge the nodes' behaviour (checker.h, fork_census.h).
//
// Called by tests and experiments. A world is confined to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/sha256.h"
#include "base/log.h"
#include "base/random.h"
#include "node/node.h"
#include "node/simulator/fault_disk.h"
#include "node/simulator/latency_table.h"
#include "node/simulator/link_faults.h"
#include "node/simulator/scripted_peer.h"

namespace parley::sim {

struct WorldOptions {
    uint64_t seed = 1;
    TimePoint start = from_unix_seconds(1'700'000'000);
    LatencyTable latency = LatencyTable::uniform(std::chrono::milliseconds{100});
    /// Each piece of a stream is delayed by up to this, uniformly; a stream keeps its order.
    Duration jitter_max{0};
    /// Duration of a sync. Commits made meanwhile share the next one.
    Duration sync_delay = std::chrono::milliseconds{1};
    /// Mean time between solutions for the hash rate of the whole world.
    Duration block_interval = std::chrono::seconds{600};
    /// A dial without an answer fails after this.
    Duration dial_timeout = std::chrono::seconds{5};
    /// For all links, from the beginning.
    LinkFaults link_faults{};
};

struct NodeSpec {
    NodeConfig config;
    size_t region = 0;
    /// This node's share of the world's hash rate, in millionths.
    uint32_t hash_share_ppm = 0;
    /// How far its clock is ahead of the world's.
    Duration clock_offset{0};
    bool wallets = false;
    /// Null: log lines are dropped. Must outlive the world.
    LogSink* log = nullptr;
};

/// Data handed to links.
struct Traffic {
    uint64_t messages = 0;
    uint64_t bytes = 0;  ///< including message headers
};

/// A message of the peer protocol that a node has handed to a link.
struct PassingMessage {
    NodeIndex from = 0;
    NodeIndex to = 0;
    std::string_view command;
    ByteSpan payload;
};
/// Decides the fate of a message: it is delivered once per entry, each delayed by so much beyond
/// the link's latency. Later messages overtake a delayed one. Empty: it is lost.
using MessageFilter = std::function<std::vector<Duration>(const PassingMessage&)>;

/// Where a node stops that is to crash at one of its synced commits.
enum class CommitPoint : uint8_t {
    unfinished,  ///< the disk keeps what the crash leaves of it
    synced       ///< it is on the disk, and nothing that waited for it has left the node
};

/// A block found by a node's miner, in the main chain or not.
struct MinedBlock {
    BlockHash hash;
    NodeIndex miner = 0;
    TimePoint time{};
};

class World {
 public:
    explicit World(WorldOptions options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Starts the node at the current time.
    NodeIndex add_node(NodeSpec spec);
    /// Adds a participant without a node (scripted_peer.h). It counts as a node, except that it is
    /// never running() and cannot crash; of `spec`, the region, the magic and the services count.
    NodeIndex add_scripted_peer(const NodeSpec& spec, MessageHandler script = {});
    size_t size() const { return nodes_.size(); }
    const WorldOptions& options() const { return options_; }

    /// The address at which other nodes can dial this node.
    static Endpoint address(NodeIndex index);

    /// Makes `from` dial `to` as by addnode: repeatedly, also after a crash of either. A scripted
    /// peer does not dial: `to` dials it instead. REQUIRES: one of them is a node.
    void connect(NodeIndex from, NodeIndex to);
    /// Connects every pair, except two scripted peers.
    void connect_mesh();
    /// Connects each node to about `degree` random others and to a ring, so that the graph is
    /// connected. REQUIRES: size() > degree + 1.
    void connect_random(size_t degree);

    /// From now on nothing passes between nodes of different groups (nodes not named form another
    /// group). Connections stay open: as with TCP, data sent meanwhile arrives after heal(), unless
    /// one side gave up before.
    void partition(const std::vector<std::vector<NodeIndex>>& groups);
    void heal();

    /// Sets the default for all links, or the faults of the link from one node to another.
    void set_link_faults(const LinkFaults& all) { links_.set(all); }
    void set_link_faults(NodeIndex from, NodeIndex to, const LinkFaults& faults);
    /// Data sent from `from` to `to` from now on is held for this long, then arrives in order.
    void clog(NodeIndex from, NodeIndex to, Duration span);
    /// Asks `filter` about every message that is sent from now on. TCP does not lose, repeat or
    /// reorder messages; a filter models peers that do. Empty: no filter.
    void set_message_filter(MessageFilter filter) { filter_ = std::move(filter); }
    /// Sends a message from a scripted peer over its newest connection with `to`. False: there is
    /// none on which the handshake is complete, and nothing is sent.
    bool say(NodeIndex from, NodeIndex to, std::string_view command, ByteSpan payload);
    /// Hands `to` a message now, as if it had just arrived from `from`, node or scripted peer: no
    /// link, no delay, no filter. False: they have no connection, and nothing happens.
    /// REQUIRES: running(to).
    bool hand_over(NodeIndex from, NodeIndex to, std::string_view command, ByteSpan payload);
    /// Whether the two are connected and both know it.
    bool connected(NodeIndex a, NodeIndex b) const;
    /// Resets all connections between the two nodes.
    void reset_connections(NodeIndex a, NodeIndex b);

    /// Calls `action` at that time, before the nodes' events of the same time: one line of a fault
    /// plan. REQUIRES: `action` does not run the world.
    void at(TimePoint time, std::function<void()> action);

    /// Ends the node and its connections; its disk keeps what such a crash leaves. Effects that
    /// waited for a commit are dropped. After a kill, its peers are informed at once; after a power
    /// cut, only once the machine is back.
    void crash(NodeIndex index, Crash how = Crash::kill);
    /// Crashes the node at the `count`th barrier for a synced commit from now on. 1: the next; 0:
    /// not at all. A crash before that, for whatever reason, ends the order.
    void crash_at_commit(NodeIndex index, uint64_t count, CommitPoint point,
                         Crash how = Crash::power_cut);
    /// Restarts it on its disk. If the disk is spoiled, the node may refuse to start: then it is
    /// not running, and stop_reason() says why.
    void restart(NodeIndex index);
    /// Replaces its disk by an empty one: the node forgets what it signed, as no correct node does.
    /// REQUIRES: !running(index).
    void wipe(NodeIndex index);
    bool running(NodeIndex index) const;
    /// The node's process stands still for this long: what reaches it meanwhile, its own timers
    /// included, is handled at the end, in order of arrival. A crash ends the pause. invoke() and
    /// hand_over() do not wait. REQUIRES: running(index).
    void pause(NodeIndex index, Duration span);
    bool paused(NodeIndex index) const;
    /// Sets its clock forward, or, while it is not running, in either direction: the clock of a
    /// running node never goes back.
    void shift_clock(NodeIndex index, Duration by);
    /// Why the node stopped by itself: a store failed, or it refused to start. Empty: it did not.
    const std::string& stop_reason(NodeIndex index) const;
    FaultDisk& disk(NodeIndex index);
    /// How many power cuts it has had.
    uint64_t power_cuts(NodeIndex index) const;

    /// Runs `call` inside a step of the node, now.
    void invoke(NodeIndex index, std::function<void(Node&)> call);
    /// REQUIRES: running(index).
    const Node& node(NodeIndex index) const;

    /// Calls `observer` after each step of a node from now on, with its index, after those that
    /// observe already.
    void observe(std::function<void(NodeIndex)> observer);
    /// Calls `observer` with each message that is handed to a link from now on, before a filter and
    /// the link decide what becomes of it.
    void observe_messages(std::function<void(const PassingMessage&)> observer);

    TimePoint now() const { return now_; }
    /// Runs until virtual time `now() + span`.
    void run_for(Duration span);
    /// Runs until `done` returns true; it is called after every event, or once per `every` of
    /// virtual time if given. False: `limit` of virtual time has passed.
    bool run_until(const std::function<bool()>& done, Duration limit, Duration every = Duration{0});

    /// Hash of the trace so far.
    Hash256 digest() const;
    uint64_t events() const { return event_count_; }
    /// What a node, or all nodes by command, handed to links so far.
    const Traffic& sent(NodeIndex index) const;
    const std::map<std::string, Traffic, std::less<>>& sent_by_command() const {
        return sent_by_command_;
    }
    uint64_t bytes_sent() const { return sent_.bytes; }
    /// In the order of discovery.
    const std::vector<MinedBlock>& mined() const { return mined_; }

 private:
    struct SimNode;
    struct ConnectionEnd;
    struct Item;
    struct Queue;
    enum class ItemKind : uint8_t { event, timer, release };

    // world.cpp: nodes, time and effects
    void push(TimePoint time, NodeIndex node, ItemKind kind, Event event);
    void push_from(NodeIndex origin, PeerId origin_peer, TimePoint time, NodeIndex node,
                   Event event);
    void step();
    void take(const Item& item);
    void resume(NodeIndex index);
    bool deliverable(const Item& item);
    void deliver(NodeIndex index, const Event& event);
    void note(NodeIndex index, const Event& event);
    void finish(NodeIndex index, Effects effects);
    void stop(NodeIndex index, const std::string& reason);
    void start_barrier(NodeIndex index, Durability durability, CommitId commit);
    void carry_out(NodeIndex index, const Effect& effect);
    void search(NodeIndex index, const effect::SearchNonce& search);
    void start_effects(NodeIndex index);
    void play(NodeIndex index, const Event& event);
    void arm_timer(NodeIndex index);

    bool idle_after(TimePoint end) const;

    // world_links.cpp: connections
    bool take_connection_event(NodeIndex index, const Event& event);
    void dial(NodeIndex from, const effect::Dial& dial);
    void send(NodeIndex from, const effect::Send& send);
    Bytes pass_on(NodeIndex from, PeerId peer, const ConnectionEnd& end, const Bytes& frames);
    void count(NodeIndex from, std::string_view command, size_t bytes);
    void close(NodeIndex from, PeerId peer, const char* reason);
    void reset(const Item& item);
    std::optional<NodeIndex> listener(const Endpoint& target) const;
    bool alive(NodeIndex index) const;
    bool separated(NodeIndex a, NodeIndex b) const;
    Duration link_delay(NodeIndex from, NodeIndex to);
    TimePoint next_arrival(NodeIndex from, ConnectionEnd& end);
    TimePoint next_arrival(NodeIndex from, ConnectionEnd& end, const FaultyLinks::Passage& passage);
    TimePoint transmit(NodeIndex from, PeerId peer, ConnectionEnd& end, event::Received received);
    void break_connection(NodeIndex from, PeerId peer, ConnectionEnd& end);
    void power_on(NodeIndex index);
    void duplicate_dial(NodeIndex from, NodeIndex to);
    std::pair<TimePoint, TimePoint> shake_hands(NodeIndex from, NodeIndex to);

    WorldOptions options_;
    TimePoint now_;
    uint64_t sequence_ = 0;
    uint64_t next_peer_ = 0;
    uint64_t event_count_ = 0;
    Traffic sent_;
    std::map<std::string, Traffic, std::less<>> sent_by_command_;
    std::vector<MinedBlock> mined_;
    std::vector<std::unique_ptr<SimNode>> nodes_;
    std::unique_ptr<Queue> queue_;
    std::multimap<TimePoint, std::function<void()>> plan_;
    SeededRandom jitter_;
    FaultyLinks links_;
    std::vector<size_t> group_;  ///< group of each node; empty if not partitioned
    std::set<std::pair<NodeIndex, NodeIndex>> topology_;
    std::vector<std::function<void(NodeIndex)>> observers_;
    std::vector<std::function<void(const PassingMessage&)>> message_observers_;
    MessageFilter filter_;
    Sha256 digest_;
};

}  // namespace parley::sim
