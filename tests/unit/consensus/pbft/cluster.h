// Cluster: PBFT engines in one thread and virtual time, for tests. It plays the host (writes that
// take time, outputs behind a Record held back, crashes that lose what was not yet durable), the
// node (builds, checks, stores and fetches blocks) and the network (delay, jitter, loss,
// duplication, partitions). After every step it checks what must always hold, see violations().
// A twin is a second node with the key of another: a validator that equivocates in every way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/rules/params.h"
#include "consensus/pbft/certificate.h"
#include "consensus/pbft/pbft_engine.h"
#include "consensus/pbft/replica.h"

namespace parley::pbft::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ClusterOptions {
    size_t validators = 4;
    /// Keys of further nodes: a validator's index makes a twin, kObserver a node without a key.
    std::vector<size_t> extra{};
    uint64_t seed = 1;
    Duration delay = milliseconds{50};
    Duration jitter{0};
    Duration write_time{0};
    unsigned drop_percent = 0;
    unsigned duplicate_percent = 0;
    Duration base_timeout = seconds{2};
    Duration timeout_max = seconds{16};
    Duration empty_block_period{0};
};

inline constexpr size_t kObserver = 1'000'000;

/// The replicas of a cluster of four.
inline const std::vector<size_t> kAll{0, 1, 2, 3};

class Cluster {
 public:
    using Node = size_t;

    explicit Cluster(ClusterOptions options);

    // ---- the world
    TimePoint now() const { return now_; }
    Duration elapsed() const { return now_ - start_; }
    size_t size() const { return nodes_.size(); }
    /// Runs until nothing happens before now + duration.
    void run_for(Duration duration);
    /// Runs until the condition holds; false when it does not within the limit.
    bool run_until(const std::function<bool()>& condition, Duration limit);
    /// A transaction reaches the given nodes (all: empty list), now.
    void submit(const std::vector<Node>& nodes = {});
    /// What waits is forgotten everywhere, as when mempools are emptied.
    void withdraw();
    void crash(Node node);
    void start(Node node);
    /// A crashed node's block store goes back to the genesis block; what it voted stays.
    void forget_chain(Node node);
    bool up(Node node) const { return nodes_[node]->engine != nullptr; }
    /// Messages pass only within a group; a node that is in none talks to nobody. Empty: heal.
    void partition(std::vector<std::set<Node>> groups);
    /// False drops the message.
    std::function<bool(Node from, Node to, ByteSpan message)> filter;
    /// Crash when the given number of further Record outputs was met: before the write, or after
    /// it and before anything that follows.
    enum class CrashPoint : uint8_t { before_write, after_write };
    void crash_at_persist(Node node, size_t count, CrashPoint point);

    // ---- what nodes do wrong on request
    /// The primary builds blocks that do not connect.
    void build_invalid_blocks(Node node) { nodes_[node]->builds_invalid = true; }
    /// Its violations do not count: it is a liar.
    void distrust(Node node) { nodes_[node]->correct = false; }
    /// Hands bytes to a node as if a peer had sent them.
    void inject(Node to, Node from, Bytes message);

    // ---- looking at it
    Replica& replica(Node node) { return *nodes_[node]->replica; }
    size_t height(Node node) const { return nodes_[node]->chain.size() - 1; }
    size_t lowest_height(const std::vector<Node>& nodes) const;
    const HeaderNode& tip(Node node) const { return *nodes_[node]->chain.back(); }
    const HeaderNode& at(Node node, size_t height) const { return *nodes_[node]->chain[height]; }
    BlockRef block(Node node, size_t height) const { return nodes_[node]->blocks[height]; }
    std::string info(Node node, std::string_view field) const;
    uint64_t view(Node node) const { return std::stoull(info(node, "view")); }
    MemoryStorage& disk(Node node) { return *nodes_[node]->disk; }
    /// Of start(); empty when it started.
    const std::string& start_error(Node node) const { return nodes_[node]->start_error; }
    size_t blames(Node node) const { return nodes_[node]->blames.size(); }
    const std::vector<std::string>& blame_reasons(Node node) const { return nodes_[node]->blames; }
    size_t catch_ups(Node node) const { return nodes_[node]->catch_ups; }
    size_t persists(Node node) const { return nodes_[node]->persists; }
    /// Messages put on the wire, by type; one for each receiver.
    size_t sent(MessageType type) const;
    size_t sent() const;
    void clear_sent() { sent_.clear(); }
    /// Broken invariants: two correct nodes with different blocks at a height, a block without a
    /// valid certificate, a correct key under two digests for one (view, height, type).
    const std::vector<std::string>& violations() const { return violations_; }

    const SecretKey& key(size_t validator) const { return keys_[validator]; }
    const Authenticator& authenticator() const { return *authenticator_; }
    const ChainParams& params() const { return params_; }
    PbftOptions engine_options(Node node) const;
    /// A block on top of a node's tip, with `salt` to make it different from others.
    BlockRef make_block(Node node, uint64_t salt, bool valid = true) const;
    Vote make_vote(MessageType type, View view, Sequence height, const BlockHash& digest,
                   size_t validator) const;

 private:
    struct PendingWrite {
        TimePoint done;
        WriteBatch batch;       // of the engine, or
        size_t chain_size = 0;  // the chain up to here
    };
    struct NodeState {
        size_t validator = 0;
        bool correct = true;
        bool builds_invalid = false;
        std::unique_ptr<Engine> engine;
        Replica* replica = nullptr;
        std::unique_ptr<MemoryStorage> disk = std::make_unique<MemoryStorage>();
        std::vector<std::unique_ptr<HeaderNode>> chain;
        std::vector<BlockRef> blocks;
        size_t durable_chain = 1;
        std::vector<PendingWrite> writes;
        TimePoint write_done{};
        TimePoint crashed_at = TimePoint::min();
        uint64_t epoch = 0;
        std::set<uint64_t> pending;  // transactions
        std::string start_error;
        std::vector<std::string> blames;
        size_t catch_ups = 0;
        size_t persists = 0;
        size_t crash_countdown = 0;
        CrashPoint crash_point = CrashPoint::before_write;
    };
    struct Delivery {
        Node from = 0;
        Node to = 0;
        uint64_t epoch = 0;
        TimePoint released{};
        bool is_catch_up = false;
        bool lost = false;
        std::shared_ptr<const Bytes> message;
    };

    void step(Node node, const EngineInput& input);
    void process(Node node, EngineOutputs& outputs);
    void persist(Node node, WriteBatch batch);
    void finish_writes(Node node);
    void transmit(Node from, Node to, const std::shared_ptr<const Bytes>& message);
    void deliver(const Delivery& delivery);
    void publish(Node node, const BlockRef& block, const Bytes& seal);
    void build(Node node, const engine_output::BuildProposal& request);
    void catch_up(Node node, Node from);
    void send_demand(Node node);
    bool connected(Node a, Node b) const;
    void check_sent(Node from, ByteSpan message);
    void check_block(Node node, const HeaderNode& block);
    void violation(std::string text);
    bool advance_to_next(TimePoint limit);

    ClusterOptions options_;
    ChainParams params_;
    std::vector<SecretKey> keys_;
    std::unique_ptr<Authenticator> authenticator_;
    SeededRandom random_;
    NullLog log_;
    TimePoint start_;
    TimePoint now_;
    uint64_t sequence_ = 0;
    uint64_t last_transaction_ = 0;
    std::vector<std::unique_ptr<NodeState>> nodes_;
    std::vector<std::set<Node>> groups_;
    std::map<std::pair<TimePoint, uint64_t>, Delivery> deliveries_;
    std::map<MessageType, size_t> sent_;
    std::map<size_t, BlockHash> committed_;
    std::map<std::tuple<size_t, MessageType, View, Sequence>, Hash256> signed_;
    std::vector<std::string> violations_;
};

}  // namespace parley::pbft::testing
