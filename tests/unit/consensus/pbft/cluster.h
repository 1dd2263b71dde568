// Cluster: a World (node/simulator/world.h) of PBFT nodes in a full mesh, with what tests of the
// engine ask and do. It simulates nothing itself. After every step the world's checkers look for
// what must never happen, see violations().
//
// A Byzantine validator is a twin (a second node with the key of another, so that the validator
// equivocates in every way) or a scripted peer, for which the test speaks.
//
// The engine has to repair what is lost, and nothing else does: blocks and transactions are not
// announced, only served to those who ask, so that a transaction stays with the nodes that a test
// gave it to, and a block comes by votes or by the engine's CatchUp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "consensus/pbft/replica.h"
#include "node/simulator/checker.h"
#include "node/simulator/world.h"
#include "tests/unit/consensus/pbft/committee.h"
#include "tests/unit/consensus/pbft/vote_checker.h"

namespace parley::pbft::testing {

struct ClusterOptions {
    size_t validators = 4;
    /// Keys of further nodes: a validator's index makes a twin, kObserver a node without a key.
    std::vector<size_t> extra{};
    /// Nodes without a key pass messages on.
    bool relay = false;
    /// Validators that are scripted peers.
    std::set<size_t> scripted{};
    /// Otherwise hide_own_key() holds for twins.
    bool twins_hear_each_other = false;
    uint64_t seed = 1;
    Duration delay = milliseconds{50};
    /// Engine messages are late by up to this, so that they overtake each other.
    Duration jitter{0};
    /// Duration of a sync.
    Duration write_time{0};
    /// Of engine messages: lost, or delivered twice.
    unsigned drop_percent = 0;
    unsigned duplicate_percent = 0;
    Duration base_timeout = seconds{2};
    Duration timeout_max = seconds{16};
    Duration empty_block_period{0};
    /// Clocks are ahead of the world's by up to this, each by its own amount.
    Duration clock_skew{0};
    /// Of the blocks that nodes build.
    int64_t block_weight_max = 4'000'000;
    /// How often submit() may be called.
    size_t payments = kPaymentsUsual;
};

inline constexpr size_t kObserver = 1'000'000;

/// The replicas of a cluster of four.
inline const std::vector<size_t> kAll{0, 1, 2, 3};

class Cluster : public Committee {
 public:
    using Node = sim::NodeIndex;

    /// Validator i is node i. Returns when the handshakes are complete.
    explicit Cluster(ClusterOptions options);

    sim::World& world() { return world_; }
    TimePoint now() const { return world_.now(); }
    size_t size() const { return world_.size(); }
    void run_for(Duration duration) { world_.run_for(duration); }
    /// Runs until the condition holds; false when it does not within the limit. It is asked after
    /// every event, or once per `every` if given.
    bool run_until(const std::function<bool()>& condition, Duration limit,
                   Duration every = Duration{0}) {
        return world_.run_until(condition, limit, every);
    }
    /// A transaction reaches the given nodes (all: empty list), now. They keep it over a crash.
    TransactionRef submit(const std::vector<Node>& nodes = {});
    /// Whether it is in the chain of each of these nodes.
    bool confirmed(const std::vector<Node>& nodes, const TransactionRef& payment) const;
    /// What waits is forgotten everywhere: every node restarts with an empty mempool.
    void withdraw();
    void crash(Node node);
    /// Restarts a node; connect() waits for its connections.
    void start(Node node);
    bool up(Node node) const { return world_.running(node); }
    /// Runs until all running nodes and scripted peers are connected.
    void connect();
    /// A crashed node's chain goes back to the genesis block; what it voted stays. REQUIRES: it is
    /// cut off by a partition.
    void forget_chain(Node node);
    /// Messages pass only within a group, and are lost otherwise; a node in no group talks to
    /// nobody. Connections stay, as World::partition() would not let them for ever. Empty: heal.
    void partition(std::vector<std::set<Node>> groups) { groups_ = std::move(groups); }
    bool together(Node a, Node b) const;
    /// Engine messages are no longer late or repeated, and only so many of them are lost.
    void mend_links(unsigned drop_percent = 0);
    /// For engine messages. False loses the message.
    std::function<bool(Node from, Node to, ByteSpan message)> filter;

    /// It does not hear what others sign with its key, or send back to it: a correct validator that
    /// does stops voting, and would be the weaker adversary.
    void hide_own_key(Node node) { deaf_.insert(node); }
    /// Its violations do not count: it is Byzantine.
    void distrust(Node node);
    /// Hands an engine message to a node now, as if the peer `from` had sent it.
    void inject(Node to, Node from, const Bytes& message);
    /// The same after the usual delay, for any message of the peer protocol. It is lost if the two
    /// are separated or not connected by then. The checkers take it for a message of `from`.
    void inject_later(Node to, Node from, std::string_view command, Bytes message);

    const Replica& replica(Node node) const;
    size_t height(Node node) const { return static_cast<size_t>(sim::height(world_, node)); }
    size_t lowest_height(const std::vector<Node>& nodes) const;
    const HeaderNode& tip(Node node) const { return sim::tip(world_, node); }
    /// A block of a node's best chain.
    BlockRef block(Node node, const HeaderNode& header) const;
    /// A field of getconsensusinfo.
    std::string info(Node node, std::string_view field) const;
    uint64_t view(Node node) const { return std::stoull(info(node, "view")); }
    /// What a node's engine has on its disk.
    std::map<Bytes, Bytes> records(Node node);
    /// Why a node dropped peers as misbehaving, since the beginning.
    const std::vector<std::string>& blames(Node node) const { return logs_[node]->blames; }
    /// Engine messages that left nodes, by type; one for each receiver.
    size_t sent(MessageType type) const;
    size_t sent() const;
    void clear_sent() { sent_.clear(); }
    /// Of SafetyChecker and VoteChecker.
    std::vector<std::string> violations() const;

    /// A valid block without transactions on top of a node's tip, with `salt` to make it different
    /// from others.
    BlockRef make_block(Node node, uint8_t salt);

 private:
    class BlameLog final : public LogSink {
     public:
        bool enabled(LogCategory category, LogLevel level) const override {
            return category == LogCategory::net && level == LogLevel::info;
        }
        void write(LogCategory, LogLevel, std::string_view line) override {
            if (line.starts_with("Misbehaving")) blames.emplace_back(line);
        }
        std::vector<std::string> blames;
    };

    sim::NodeSpec spec(size_t validator, LogSink& log);
    bool reveals_own_key(const sim::PassingMessage& passing) const;
    std::vector<Duration> fate(const sim::PassingMessage& passing);

    ClusterOptions options_;
    SeededRandom random_;
    std::vector<std::unique_ptr<BlameLog>> logs_;
    sim::SafetyChecker safety_;
    VoteChecker votes_;
    std::map<MessageType, size_t> sent_;
    std::map<Node, std::vector<TransactionRef>> given_;
    size_t payments_ = 0;
    std::vector<std::set<Node>> groups_;
    std::set<Node> deaf_;
    sim::World world_;
};

}  // namespace parley::pbft::testing
