// Nodes over memory without any host, for the tests of node/: each step's effects are looked at as
// they come. TestNode is one of them; Exchange carries bytes between several, at once. Not a test.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/serialize.h"
#include "base/storage/memory_storage.h"
#include "chain/rules/retarget.h"
#include "chain/script/script_check.h"
#include "net/wire/framing.h"
#include "net/wire/messages.h"
#include "node/host/effect_runner.h"
#include "node/node.h"
#include "tests/unit/chain/faulty_reads.h"

namespace parley {

inline Script op_true() {
    return ScriptBuilder{}.op(OP_TRUE).build();
}

class TestNode {
 public:
    explicit TestNode(NodeConfig config = NodeConfig{regtest_params()}, bool wallets = true,
                      uint64_t seed = 1, LogSink* log = nullptr)
        : config_(std::move(config)),
          random_(seed),
          secrets_(seed + 1000),
          log_(log != nullptr ? *log : null_log_),
          wallets_on_(wallets) {
        open();
    }

    /// Over the same stores.
    void open() {
        node_.reset();
        auto created =
            Node::create(config_, NodeHost{blocks, read_coins_, wallets_on_ ? &wallets : nullptr,
                                           verifier_, random_, secrets_, log_});
        ASSERT_TRUE(created) << created.error();
        node_ = std::move(*created);
        earlier_commits = CommitId{};
        effects = node_->start(now);
    }

    Node& operator*() { return *node_; }
    Node* operator->() { return node_.get(); }
    const Node* operator->() const { return node_.get(); }

    const Effects& step(const Event& event, Duration later = Duration{0}) {
        now += later;
        earlier_commits = last_commit();
        effects = node_->handle(event, now);
        return effects;
    }
    /// Since the start.
    CommitId last_commit() const {
        CommitId last = earlier_commits;
        for (const Effect& each : effects) {
            if (const auto* persist = std::get_if<effect::Persist>(&each)) last = persist->commit;
        }
        return last;
    }
    /// Of the last step: the effect waits for a commit of the step that is to be synced.
    bool waits_for_sync(CommitId after) const {
        for (const Effect& each : effects) {
            const auto* persist = std::get_if<effect::Persist>(&each);
            if (persist != nullptr && persist->commit >= after)
                return after > earlier_commits && persist->durability == Durability::synced;
        }
        return false;
    }
    const Effects& call(const std::function<void(Node&)>& function) {
        return step(event::Invoke{++invokes_, function});
    }

    /// A solved block below the tip, of the waiting transactions or of exactly `transactions`.
    BlockRef build(const std::optional<std::vector<TransactionRef>>& transactions = {},
                   const Script& payout = op_true()) {
        Block block;
        call([&](Node& node) {
            block = transactions ? node.build_template(payout, *transactions).block
                                 : node.build_template(payout).block;
        });
        const U256 limit = config_.params.pow_limit;
        while (!proof_of_work_met(block.header.hash(), block.header.bits, limit))
            ++block.header.nonce;
        return std::make_shared<const Block>(std::move(block));
    }
    /// Empty: accepted, and in the active chain. Otherwise one word for what became of it.
    std::string submit(const BlockRef& block) {
        using State = BlockResult::State;
        BlockResult result;
        call([&](Node& node) { result = node.submit_block(block); });
        if (result.state == State::already_have) return "duplicate";
        if (result.state == State::missing_parent) return "missing-parent";
        if (result.state == State::invalid) return result.error->reason;
        return node_->chain().index().contains(*result.node) ? "" : "inconclusive";
    }
    void generate(int count, const Script& payout = op_true()) {
        for (int i = 0; i < count; ++i) {
            now += std::chrono::seconds{1};
            ASSERT_EQ(submit(build(std::nullopt, payout)), "");
        }
    }
    /// REQUIRES: no store fails.
    Expected<AcceptInfo, TxReject> send(const TransactionRef& transaction) {
        Expected<AcceptInfo, TxReject> result = AcceptInfo{};
        call([&](Node& node) {
            auto sent = node.submit_transaction(transaction);
            if (sent) {
                result = std::move(*sent);
            } else {
                result = Unexpected(std::get<TxReject>(sent.error()));
            }
        });
        return result;
    }
    int32_t height() { return node_->chain().index().tip().height.value(); }

    MemoryStorage blocks;
    MemoryStorage coins;
    ReadFault coins_fault;  ///< a read of coins that fails
    MemoryStorageDirectory wallets;
    TimePoint now = from_unix_seconds(1'700'000'000);
    Effects effects;             ///< of the last step
    CommitId earlier_commits{};  ///< the last commit of the steps before

 private:
    NodeConfig config_;
    FaultyReads read_coins_{coins, coins_fault};
    InlineScriptVerifier verifier_;
    SeededRandom random_;
    SeededRandom secrets_;
    NullLog null_log_;
    LogSink& log_;
    bool wallets_on_;
    uint64_t invokes_ = 0;
    std::unique_ptr<Node> node_;
};

/// Position of the first effect of a kind; the number of effects where there is none.
template <class Kind>
size_t position(const Effects& effects) {
    size_t i = 0;
    while (i < effects.size() && !std::holds_alternative<Kind>(effects[i])) ++i;
    return i;
}
template <class Kind>
bool contains(const Effects& effects) {
    return position<Kind>(effects) < effects.size();
}
inline CommitId awaited(const Effect& send) {
    return std::get<effect::Send>(send).after;
}

/// Commands of the messages in a Send.
inline std::vector<std::pair<std::string, Bytes>> messages(const Effect& effect) {
    std::vector<std::pair<std::string, Bytes>> result;
    const auto* send = std::get_if<effect::Send>(&effect);
    if (send == nullptr) return result;
    const Bytes& data = *send->data;
    for (size_t at = 0; at + 24 <= data.size();) {
        std::string command(reinterpret_cast<const char*>(data.data()) + at + 4, 12);
        command.resize(command.find('\0') == std::string::npos ? 12 : command.find('\0'));
        const auto length = Reader(ByteSpan{data}.subspan(at + 16)).le<uint32_t>();
        const auto from = data.begin() + static_cast<ptrdiff_t>(at + 24);
        result.emplace_back(command, Bytes(from, from + static_cast<ptrdiff_t>(length)));
        at += 24 + length;
    }
    return result;
}

/// Runs the steps of a node through an EffectRunner, as a host does, and keeps the messages that
/// may leave. No commit is reached before the test says so.
class HeldMessages {
 public:
    using Commands = std::vector<std::string>;

    /// What the node has committed so far is safe.
    explicit HeldMessages(const TestNode& node) {
        if (node.last_commit() == CommitId{}) return;
        runner_.run({effect::Persist{node.last_commit(), Durability::synced}});
        reach_all();
    }

    void run(const TestNode& node) { runner_.run(node.effects); }
    /// Every commit so far is safe.
    void reach_all() {
        for (const CommitId commit : std::exchange(barriers_, {})) runner_.reached(commit);
    }
    /// Commands of what left for this peer since the last call.
    Commands left(PeerId peer) { return std::exchange(left_[peer], {}); }

 private:
    std::vector<CommitId> barriers_;
    std::map<PeerId, Commands> left_;
    EffectRunner runner_{[this](Durability, CommitId commit) { barriers_.push_back(commit); },
                         [this](Effect&& effect) {
                             for (const auto& [command, payload] : messages(effect))
                                 left_[std::get<effect::Send>(effect).peer].push_back(command);
                         }};
};

/// A peer that is played by the test: the frames of its handshake and of later messages.
class ScriptedPeer {
 public:
    ScriptedPeer(TestNode& node, PeerId id) : node_(node), id_(id) {}

    void connect(const std::function<void()>& after_step = [] {}) {
        node_.step(event::Connected{id_, {"10.1.0.1", 1000}, {"10.0.0.1", 18444}, true, 0});
        after_step();
        message::Version version;
        version.services = kServiceNetwork | kServiceWitness;
        version.time = to_unix_seconds(node_.now);
        version.nonce = id_.value();
        say(version);
        after_step();
        say(message::Verack{});
        after_step();
    }
    template <class Message>
    void say(const Message& message) {
        const auto frame =
            encode_frame(node_->config().net.magic, Message::kCommand, encode(message));
        node_.step(event::Received{id_, *frame});
    }

 private:
    TestNode& node_;
    PeerId id_;
};

/// Nodes whose bytes reach each other without delay, in order. Every step's effects go to
/// `on_step`.
class Exchange {
 public:
    std::function<void(size_t node, const Effects&)> on_step = [](size_t, const Effects&) {};
    /// Sends of this node that begin with such a message are lost.
    std::function<bool(size_t from, const std::string& command)> drops =
        [](size_t, const std::string&) { return false; };

    void add(TestNode& node) { nodes_.push_back(&node); }
    /// `from` has the Dial for `to` among its effects.
    void connect(size_t from, size_t to) {
        const PeerId a{++last_peer_};
        const PeerId b{++last_peer_};
        ends_[a] = {to, b};
        ends_[b] = {from, a};
        uint64_t dial = 0;
        nodes_[from]->call([&](Node& node) {
            const std::string address = "10.0.0." + std::to_string(to + 1) + ":18444";
            ASSERT_EQ(node.add_node(address, AddNodeCommand::one_try), AddNodeResult::done);
        });
        for (const Effect& each : nodes_[from]->effects) {
            if (const auto* wanted = std::get_if<effect::Dial>(&each)) dial = wanted->dial;
        }
        ASSERT_NE(dial, 0u);
        const auto endpoint = [](size_t node) {
            return Endpoint{"10.0.0." + std::to_string(node + 1), 18444};
        };
        deliver(to, event::Connected{b, endpoint(from), endpoint(to), true, 0});
        deliver(from, event::Connected{a, endpoint(to), endpoint(from), false, dial});
        run();
    }
    /// Carries out the effects of the last step of a node, and runs until no bytes are in transit.
    void take(size_t node) {
        on_step(node, nodes_[node]->effects);
        for (const Effect& each : nodes_[node]->effects) {
            if (const auto* send = std::get_if<effect::Send>(&each)) {
                const auto end = ends_.find(send->peer);
                if (end == ends_.end() || drops(node, messages(each).at(0).first)) continue;
                queue_.push_back({end->second.first, {end->second.second, *send->data}});
            }
        }
    }
    void run() {
        while (!queue_.empty()) {
            auto [node, received] = std::move(queue_.front());
            queue_.pop_front();
            deliver(node, std::move(received));
        }
    }
    /// Advances the time of all nodes, and runs the timers that are due.
    void wait(Duration span, Duration step = std::chrono::milliseconds{50}) {
        for (Duration passed{0}; passed < span; passed += step) {
            for (size_t node = 0; node < nodes_.size(); ++node) {
                nodes_[node]->step(event::TimerDue{}, step);
                take(node);
            }
            run();
        }
    }

 private:
    void deliver(size_t node, const Event& event) {
        nodes_[node]->step(event);
        take(node);
    }

    std::vector<TestNode*> nodes_;
    std::map<PeerId, std::pair<size_t, PeerId>> ends_;
    std::deque<std::pair<size_t, event::Received>> queue_;
    uint64_t last_peer_ = 0;
};

}  // namespace parley
