// World: the simulator's host. N nodes of the product's own code, links with latency, jitter,
// partitions and faults (link_faults.h), crashes, skewed clocks and exponential miners, all on one
// thread in virtual time.
// Everything that happens comes from one heap ordered by (time, sequence) and from random streams
// of one seed: equal seeds give equal traces, which the digest shows.
//
// What it is not: a model of failing disks (a node's stores keep what was
// committed; what was held behind a Persist barrier is lost in a crash), nor a judge of what the
// nodes do (checker.h, fork_census.h).
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
#include <vector>

#include "base/crypto/sha256.h"
#include "base/log.h"
#include "base/random.h"
#include "node/node.h"
#include "node/simulator/fault_disk.h"
#include "node/simulator/latency_table.h"
#include "node/simulator/link_faults.h"

namespace parley::sim {

struct WorldOptions {
    uint64_t seed = 1;
    TimePoint start = from_unix_seconds(1'700'000'000);
    LatencyTable latency = LatencyTable::uniform(std::chrono::milliseconds{100});
    /// Each piece of a stream takes up to so much longer, uniformly; a stream keeps its order.
    Duration jitter_max{0};
    /// How long a synced write takes; effects behind its barrier wait.
    Duration sync_delay = std::chrono::milliseconds{1};
    /// Mean time between the solutions of one miner that has the whole world's hash rate.
    Duration block_interval = std::chrono::seconds{600};
    /// A dial that nobody answers fails after this.
    Duration dial_timeout = std::chrono::seconds{5};
    /// Of all links, from the beginning.
    LinkFaults link_faults{};
};

struct NodeSpec {
    NodeConfig config;
    size_t region = 0;
    /// This node's part of the world's hash rate, in millionths.
    uint32_t hash_share_ppm = 0;
    /// Its clock is so far ahead of the world's.
    Duration clock_offset{0};
    bool wallets = false;
    /// Null: its log lines are dropped. Must outlive the world.
    LogSink* log = nullptr;
};

/// What was handed to links.
struct Traffic {
    uint64_t messages = 0;
    uint64_t bytes = 0;  ///< with the messages' headers
};

/// A block that some node's miner found, in the main chain or not.
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

    /// The node starts at the present time.
    NodeIndex add_node(NodeSpec spec);
    size_t size() const { return nodes_.size(); }
    const WorldOptions& options() const { return options_; }

    /// Where the others can dial this node.
    static Endpoint address(NodeIndex index);

    /// `from` dials `to` as if its user had said addnode: again and again, also after a crash of
    /// either.
    void connect(NodeIndex from, NodeIndex to);
    /// Each to each.
    void connect_mesh();
    /// Each to about `degree` others, chosen at random, a ring among them, so that the graph is
    /// connected. REQUIRES: size() > degree + 1.
    void connect_random(size_t degree);

    /// From now on nothing passes between nodes of different groups (nodes not named form a group
    /// of their own). Streams are not closed: as with TCP, what was sent arrives after heal(),
    /// unless one side gave up before.
    void partition(const std::vector<std::vector<NodeIndex>>& groups);
    void heal();

    /// Of every link that has no faults of its own, and of the link from one node to another.
    void set_link_faults(const LinkFaults& all) { links_.set(all); }
    void set_link_faults(NodeIndex from, NodeIndex to, const LinkFaults& faults);
    /// What `from` sends to `to` from now on stands still for so long, and arrives in order then.
    void clog(NodeIndex from, NodeIndex to, Duration span);
    /// Both nodes lose every connection between them.
    void reset_connections(NodeIndex a, NodeIndex b);

    /// Calls `action` at that time, before what happens to the nodes then: one line of a plan of
    /// faults. REQUIRES: it does not run the world.
    void at(TimePoint time, std::function<void()> action);

    /// Takes the node away with its connections; its stores stay. What it held back behind a
    /// barrier never leaves.
    void crash(NodeIndex index);
    /// Starts it again over its stores.
    void restart(NodeIndex index);
    /// Its disk is replaced by an empty one: it forgets what it signed, as no correct node does.
    /// REQUIRES: !running(index).
    void wipe(NodeIndex index);
    bool running(NodeIndex index) const;

    /// Runs `call` inside a step of the node, now.
    void invoke(NodeIndex index, std::function<void(Node&)> call);
    /// REQUIRES: running(index).
    const Node& node(NodeIndex index) const;

    /// Called after each step of a node, with its index.
    void observe(std::function<void(NodeIndex)> observer) { observer_ = std::move(observer); }

    TimePoint now() const { return now_; }
    /// Until virtual time `now() + span`.
    void run_for(Duration span);
    /// Until `done` holds, asked after every event and, where `every` is given, only after so much
    /// virtual time; false when `limit` of virtual time passes first.
    bool run_until(const std::function<bool()>& done, Duration limit, Duration every = Duration{0});

    /// Hash of everything that happened so far.
    Hash256 digest() const;
    uint64_t events() const { return event_count_; }
    /// What a node, or all of them by command, handed to links so far.
    const Traffic& sent(NodeIndex index) const;
    const std::map<std::string, Traffic>& sent_by_command() const { return sent_by_command_; }
    uint64_t bytes_sent() const { return sent_.bytes; }
    /// In the order in which they were found.
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
    bool deliverable(const Item& item);
    void deliver(NodeIndex index, const Event& event);
    void note(NodeIndex index, const Event& event);
    void finish(NodeIndex index, Effects effects);
    void release(NodeIndex index);
    void carry_out(NodeIndex index, Effect& effect);
    void search(NodeIndex index, const effect::SearchNonce& search);
    void arm_timer(NodeIndex index);

    bool idle_after(TimePoint end) const;

    // world_links.cpp: connections
    bool take_connection_event(NodeIndex index, const Event& event);
    void dial(NodeIndex from, const effect::Dial& dial);
    void send(NodeIndex from, const effect::Send& send);
    void count(NodeIndex from, const Bytes& frames);
    void close(NodeIndex from, PeerId peer, const char* reason);
    void reset(const Item& item);
    std::optional<NodeIndex> listener(const Endpoint& target) const;
    bool separated(NodeIndex a, NodeIndex b) const;
    Duration link_delay(NodeIndex from, NodeIndex to);
    TimePoint next_arrival(NodeIndex from, ConnectionEnd& end);
    TimePoint next_arrival(NodeIndex from, ConnectionEnd& end, const FaultyLinks::Passage& passage);
    TimePoint transmit(NodeIndex from, PeerId peer, ConnectionEnd& end, event::Received received);
    void break_connection(NodeIndex from, PeerId peer, ConnectionEnd& end);
    void duplicate_dial(NodeIndex from, NodeIndex to);
    std::pair<TimePoint, TimePoint> shake_hands(NodeIndex from, NodeIndex to);

    WorldOptions options_;
    TimePoint now_;
    uint64_t sequence_ = 0;
    uint64_t next_peer_ = 0;
    uint64_t event_count_ = 0;
    Traffic sent_;
    std::map<std::string, Traffic> sent_by_command_;
    std::vector<MinedBlock> mined_;
    std::vector<std::unique_ptr<SimNode>> nodes_;
    std::unique_ptr<Queue> queue_;
    std::multimap<TimePoint, std::function<void()>> plan_;
    SeededRandom jitter_;
    FaultyLinks links_;
    std::vector<size_t> group_;  ///< of each node while partitioned; empty otherwise
    std::set<std::pair<NodeIndex, NodeIndex>> topology_;
    std::function<void(NodeIndex)> observer_;
    Sha256 digest_;
};

}  // namespace parley::sim
