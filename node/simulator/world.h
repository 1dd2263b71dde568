// World: the simulator's host. N nodes of the product's own code, links with latency, partitions
// and crashes, exponential miners, all on one thread in virtual time. Everything that happens comes
// from one heap ordered by (time, sequence) and from random streams of one seed: equal seeds give
// equal traces, which the digest shows.
//
// What it is not: a model of bandwidth or of failing disks (a node's stores keep what was
// committed; what was held behind a Persist barrier is lost in a crash).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <vector>

#include "base/crypto/sha256.h"
#include "base/log.h"
#include "base/memory_storage.h"
#include "node/node.h"
#include "node/simulator/latency_table.h"

namespace parley::sim {

/// Index of a node in its world.
using NodeIndex = size_t;

struct WorldOptions {
    uint64_t seed = 1;
    TimePoint start = from_unix_seconds(1'700'000'000);
    LatencyTable latency = LatencyTable::uniform(std::chrono::milliseconds{100});
    /// How long a synced write takes; effects behind its barrier wait.
    Duration sync_delay = std::chrono::milliseconds{1};
    /// Mean time between the solutions of one miner that has the whole world's hash rate.
    Duration block_interval = std::chrono::seconds{600};
};

struct NodeSpec {
    NodeConfig config;
    size_t region = 0;
    /// This node's part of the world's hash rate, in millionths.
    uint32_t hash_share_ppm = 0;
};

class World {
 public:
    explicit World(WorldOptions options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// The node starts when the world reaches the present time, that is with the next run().
    NodeIndex add_node(NodeSpec spec);
    size_t size() const { return nodes_.size(); }

    /// Where the others can dial this node.
    static Endpoint address(NodeIndex index);

    /// `from` dials `to`.
    void connect(NodeIndex from, NodeIndex to);
    /// Each to each.
    void connect_mesh();
    /// Each to `degree` others, chosen at random, plus a ring so that the graph is connected.
    void connect_random(size_t degree);

    /// From now on nothing passes between nodes of different groups (nodes not named form a group
    /// of their own). Streams are not closed: as with TCP, what was sent arrives after heal().
    void partition(const std::vector<std::vector<NodeIndex>>& groups);
    void heal();

    /// Takes the node away with its connections; its stores stay.
    void crash(NodeIndex index);
    /// Starts it again over its stores.
    void restart(NodeIndex index);
    bool running(NodeIndex index) const;
    /// Reconnects `index` to the nodes with which crash() or connect*() linked it.
    void reconnect(NodeIndex index);

    /// Runs `call` inside a step of the node.
    void invoke(NodeIndex index, std::function<void(Node&)> call);
    /// REQUIRES: running(index).
    const Node& node(NodeIndex index) const;

    TimePoint now() const { return now_; }
    /// Until virtual time `now() + span`.
    void run_for(Duration span);
    /// Until `done` holds (asked after every event); false when `limit` of virtual time passes
    /// first.
    bool run_until(const std::function<bool()>& done, Duration limit);

    /// Hash of everything that happened so far.
    Hash256 digest() const;
    uint64_t events() const { return event_count_; }
    /// Bytes and messages handed to links so far.
    uint64_t bytes_sent() const { return bytes_sent_; }

 private:
    struct SimNode;
    struct Item;
    struct Later {
        bool operator()(const Item& a, const Item& b) const;
    };
    enum class ItemKind : uint8_t { event, timer, release };

    void push(TimePoint time, NodeIndex node, ItemKind kind, Event event);
    void step();
    void deliver(NodeIndex index, const Event& event);
    void note(NodeIndex index, const Event& event);
    void take_effects(NodeIndex index, Effects effects);
    void release(NodeIndex index);
    void carry_out(NodeIndex index, Effect& effect);
    void dial(NodeIndex from, const effect::Dial& dial);
    void send(NodeIndex from, const effect::Send& send);
    void close(NodeIndex from, PeerId peer, const char* reason);
    void search(NodeIndex index, const effect::SearchNonce& search);
    void arm_timer(NodeIndex index);
    bool separated(NodeIndex a, NodeIndex b) const;
    Duration link_delay(NodeIndex from, NodeIndex to) const;

    WorldOptions options_;
    TimePoint now_;
    uint64_t sequence_ = 0;
    uint64_t next_peer_ = 0;
    uint64_t event_count_ = 0;
    uint64_t bytes_sent_ = 0;
    std::vector<std::unique_ptr<SimNode>> nodes_;
    std::unique_ptr<std::priority_queue<Item, std::vector<Item>, Later>> queue_;
    std::vector<size_t> group_;  ///< of each node while partitioned; empty otherwise
    std::set<std::pair<NodeIndex, NodeIndex>> topology_;
    Sha256 digest_;
};

}  // namespace parley::sim
