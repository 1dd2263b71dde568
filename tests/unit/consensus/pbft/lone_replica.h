// LoneReplica: one PBFT replica without a node, a network or a world, for what can only be said of
// the state machine: what it makes of a given input. The test is its peers and its clock. Blocks
// hold only a coinbase, and every block on top of the tip connects unless the coinbase has a
// witness.
//
// It simulates nothing: whatever needs two nodes is a test of Cluster.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/storage/memory_storage.h"
#include "consensus/pbft/replica.h"
#include "tests/unit/consensus/pbft/committee.h"

namespace parley::pbft::testing {

class LoneReplica : public Committee {
 public:
    /// What leaves the replica, as it happens.
    class Listener {
     public:
        virtual ~Listener() = default;
        /// An engine message to the node of this validator.
        virtual void on_message(size_t to, const Bytes& message) = 0;
        /// It asks this validator's node for blocks.
        virtual void on_catch_up(size_t from) = 0;
        /// Before the engine learns of it.
        virtual void on_block(const BlockRef& block, const Bytes& seal) = 0;
    };
    struct Options {
        size_t validators = 4;
        Tuning tuning{};
        bool small_quorum = false;
        /// Blocks depend on the validator and its tip alone, not on its clock or its earlier
        /// blocks.
        bool plain_blocks = false;
        Duration idle_status_period = seconds{30};
        /// One transaction waits as long as the chain is lower than this.
        size_t demand_below = 0;
        /// The engine's records of an earlier run.
        std::map<Bytes, Bytes> records{};
        Listener* listener = nullptr;
    };

    explicit LoneReplica(size_t validator, size_t validators = 4)
        : LoneReplica(validator, Options{.validators = validators}) {}
    LoneReplica(size_t validator, Options options);

    TimePoint now() const { return now_; }
    /// Lets time pass; its timers are due on the way.
    void run_for(Duration duration);
    /// Time passes while the process stands still: no timer is read.
    void pause(Duration duration) { now_ += duration; }
    /// Its earliest timer is due now.
    void fire_timer();
    /// So many transactions wait.
    void demand(size_t transactions);
    /// An engine message of the node of this validator, or, for a higher number, of another peer.
    void receive(size_t from, Bytes message);
    /// The next block, sealed by the first quorum of validators in view 0, arrives from the peers.
    void extend();
    /// The next block is decided with votes of this replica and of the first others, in view 0.
    void decide();
    /// Why its engine could not start on its chain after its record was lost; empty: it could.
    std::string problem_without_record(bool new_record);
    /// A sealed block on top of its tip arrives.
    void append(const BlockRef& block, const Bytes& seal);
    /// The process starts again with its record, on its chain up to this height.
    void restart_at(size_t height);

    const Replica& replica() const { return *replica_; }
    const Storage& storage() const { return storage_; }
    size_t height() const { return chain_.size() - 1; }
    const HeaderNode& tip() const { return *chain_.back(); }
    FinalPoint final_point() const;
    std::string info(std::string_view field) const { return report_field(*replica_, field); }
    View view() const { return std::stoull(info("view")); }
    /// Outputs so far. A broadcast counts once.
    size_t sent(MessageType type) const;
    size_t sent() const;
    void clear_sent() { sent_.clear(); }
    /// The last message of this type; empty: none.
    Bytes last_sent(MessageType type) const;
    const std::vector<std::string>& blames() const { return blames_; }
    size_t catch_ups() const { return catch_ups_; }
    /// Log lines: warnings and errors.
    const std::vector<std::string>& warnings() const { return log_.lines; }

    /// A block on top of its tip, with `salt` to make it different from others.
    BlockRef make_block(uint64_t salt) const;

 private:
    class WarningLog final : public LogSink {
     public:
        bool enabled(LogCategory, LogLevel level) const override {
            return level >= LogLevel::warning;
        }
        void write(LogCategory, LogLevel, std::string_view line) override {
            lines.emplace_back(line);
        }
        std::vector<std::string> lines;
    };

    void start();
    void step(const EngineInput& input);
    void carry_out(EngineOutput& output);
    void leave(size_t to, const Bytes& message);
    BlockRef build_next(int64_t time);
    BlockRef build(int64_t time, uint64_t salt) const;

    static constexpr int64_t kStart_s = 1'700'000'000;

    const size_t validator_;
    const Options options_;
    WarningLog log_;
    MemoryStorage storage_;
    TimePoint now_ = from_unix_seconds(kStart_s);
    std::unique_ptr<Replica> replica_;
    std::vector<std::unique_ptr<HeaderNode>> chain_;
    size_t waiting_ = 0;
    uint64_t built_ = 0;
    std::map<MessageType, size_t> sent_;
    std::map<MessageType, Bytes> last_sent_;
    std::vector<std::string> blames_;
    size_t catch_ups_ = 0;
};

}  // namespace parley::pbft::testing
