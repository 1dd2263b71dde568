#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/check.h"
#include "chain/state/chainstate.h"
#include "consensus/pbft/messages/messages.h"
#include "contrib/lab/scenario/run.h"
#include "node/simulator/checker.h"
#include "node/simulator/fork_census.h"
#include "node/simulator/network/block_transport.h"
#include "node/simulator/network/link_delays.h"
#include "node/simulator/participants.h"

namespace parley::lab {
namespace {

/// Coins of the genesis block, each of which pays once.
constexpr uint64_t kTransactionsMax = 5'000;
/// A run that takes this many times longer than without forks has met something else.
constexpr double kSlownessMax = 50;

Duration to_duration(double seconds) {
    return Duration{static_cast<int64_t>(seconds * 1e6 + 0.5)};
}

/// The block that a message carries; zero for a proposal of PBFT's, which each replica gets once.
/// Empty: none.
std::optional<BlockHash> block_in(const sim::PassingMessage& message) {
    if (message.command == "block") {
        Reader reader(message.payload);
        const BlockHeader header = read_block_header(reader);
        if (!reader.ok()) return std::nullopt;
        return header.hash();
    }
    if (message.command != "engine" || message.payload.size() < 2) return std::nullopt;
    const pbft::MessageType type{message.payload[1]};
    if (type != pbft::MessageType::pre_prepare && type != pbft::MessageType::body)
        return std::nullopt;
    return BlockHash{};
}

/// A handshake takes four trips. Its time limit leaves room for twice as many.
constexpr int kHandshakeTrips = 8;

/// When each node gets each block that was mined.
class DeliveryWatch {
 public:
    DeliveryWatch(const sim::World& world, std::vector<Delivery>& target)
        : world_(world), target_(target), missing_(world.size()), of_node_(world.size()) {}

    void after_step(sim::NodeIndex node) {
        for (; seen_ < world_.mined().size(); ++seen_) {
            for (sim::NodeIndex other = 0; other < missing_.size(); ++other) {
                if (other == world_.mined()[seen_].miner) continue;
                missing_[other].push_back(seen_);
                // A block of a branch that lost may never reach everybody.
                if (missing_[other].size() > kMissingMax) missing_[other].pop_front();
            }
        }
        std::erase_if(missing_[node], [&](size_t number) {
            const sim::MinedBlock& block = world_.mined()[number];
            const auto* known = world_.node(node).chain().index().find(block.hash);
            if (known == nullptr || known->block_position.size == 0) return false;
            const std::chrono::duration<double> delay = world_.now() - block.time;
            target_.push_back({delay.count(), 1});
            of_node_[node].seconds += delay.count();
            of_node_[node].blocks += 1;
            return true;
        });
    }

    /// The integral of 1 - f(t) in seconds, f the share of the hash rate that has a block after the
    /// time t; the mean over all blocks. A node has its own blocks, `mined`, at once.
    double hash_weighted_delay(const std::vector<double>& shares,
                               const std::vector<uint64_t>& mined) const {
        double sum = 0;
        for (size_t node = 0; node < shares.size(); ++node) {
            const double blocks = of_node_[node].blocks + static_cast<double>(mined[node]);
            if (blocks > 0) sum += shares[node] * of_node_[node].seconds / blocks;
        }
        return sum;
    }

 private:
    static constexpr size_t kMissingMax = 64;
    const sim::World& world_;
    std::vector<Delivery>& target_;
    std::vector<std::deque<size_t>> missing_;  ///< by node, indices into mined()
    std::vector<Delivery> of_node_;            ///< sums
    size_t seen_ = 0;
};

void set_timing(PbftOptions& options, const Scenario& scenario) {
    options.base_timeout = to_duration(scenario.timeout_s);
    options.timeout_max = std::max(options.timeout_max, options.base_timeout);
    options.idle_status_period = std::max(options.idle_status_period, options.base_timeout);
    options.empty_block_period = to_duration(scenario.interval_s);
}

/// What PBFT's validators send, each message once.
class ViewWatch {
 public:
    ViewWatch(const sim::World& world, size_t validators, std::vector<TracedStep>& target)
        : world_(world),
          validators_(validators),
          target_(target),
          begin_(world.now()),
          last_(world.size()) {}

    void see(const sim::PassingMessage& message) {
        if (message.command != "engine" || message.payload.size() < kViewEnd ||
            target_.size() >= kTracedStepsMax)
            return;
        const auto kind = kind_of(pbft::MessageType{message.payload[1]});
        if (!kind) return;
        // The same bytes go to every peer.
        Bytes bytes(message.payload.begin(), message.payload.end());
        if (last_[message.from] == bytes) return;
        last_[message.from] = std::move(bytes);
        uint64_t view = 0;
        for (size_t i = kViewEnd; i-- > kViewBegin;) view = view << 8 | message.payload[i];
        // Others pass a proposal on to whoever lacks it.
        if (*kind == TracedKind::proposal && message.from != view % validators_) return;
        const std::chrono::duration<double> time = world_.now() - begin_;
        target_.push_back({time.count(), message.from, view, *kind});
    }

 private:
    // An engine message: version, type, network tag, then the view (consensus/pbft/messages).
    static constexpr size_t kViewBegin = 6;
    static constexpr size_t kViewEnd = kViewBegin + sizeof(uint64_t);

    static std::optional<TracedKind> kind_of(pbft::MessageType type) {
        switch (type) {
            case pbft::MessageType::pre_prepare:
                return TracedKind::proposal;
            case pbft::MessageType::commit:
                return TracedKind::commit;
            case pbft::MessageType::view_change:
                return TracedKind::view_change;
            case pbft::MessageType::new_view:
                return TracedKind::new_view;
            default:
                return std::nullopt;
        }
    }

    const sim::World& world_;
    size_t validators_;
    std::vector<TracedStep>& target_;
    TimePoint begin_;
    std::vector<Bytes> last_;  ///< by node
};

class SimRun {
 public:
    SimRun(const Scenario& scenario, const ScenarioNetwork& network, uint64_t seed,
           uint64_t payments)
        : scenario_(scenario),
          purse_(std::max<uint64_t>(1, payments)),
          validators_(purse_.params(), std::max<size_t>(1, scenario.validators)),
          world_(world_options(scenario, network, seed)),
          transport_(network.bandwidths, to_duration(scenario.validation_s)),
          delay_max_(network.delay_max()),
          payments_(payments) {
        run_.seed = seed;
        run_.race.main.assign(scenario.nodes, 0);
        run_.race.mined.assign(scenario.nodes, 0);
        checker_.watch(world_);
        set_timing(validators_.options(), scenario);
        for (size_t i = 0; i < scenario.nodes; ++i) world_.add_node(node_spec(i));
        for (const auto& [from, to] : network.overlay.links) world_.connect(from, to);
        carry_blocks();
    }

    ScenarioRun run(const RunProceed& proceed) {
        DeliveryWatch watch(world_, run_.deliveries);
        world_.observe([&](sim::NodeIndex node) { watch.after_step(node); });
        ViewWatch views(world_, scenario_.validators, run_.trace.steps);
        if (scenario_.consensus == ScenarioConsensus::pbft)
            world_.observe_messages([&](const sim::PassingMessage& each) { views.see(each); });
        auto random = SeededRandom::stream(run_.seed, 0, "load");
        plan_payments(random);
        begin_ = world_.now();
        const Duration step = to_duration(scenario_.interval_s);
        const TimePoint end = begin_ + to_duration(kSlownessMax * scenario_.interval_s *
                                                   static_cast<double>(scenario_.heights + 10));
        bool complete = false;
        while (!complete && world_.now() < end && proceed(lowest_height())) {
            complete =
                world_.run_until([&] { return agree_at(scenario_.heights); }, step, step / 20);
        }
        run_.race.partial = !complete;
        count(complete ? scenario_.heights : agreed_height());
        run_.race.weighted_delay =
            watch.hash_weighted_delay(scenario_.shares, run_.race.mined) / scenario_.interval_s;
        return std::move(run_);
    }

 private:
    static sim::WorldOptions world_options(const Scenario& scenario, const ScenarioNetwork& network,
                                           uint64_t seed) {
        sim::WorldOptions options;
        options.seed = seed;
        options.latency = sim::link_delays(network.overlay, network.delays, network.back_delays);
        options.dial_timeout =
            std::max(options.dial_timeout, kHandshakeTrips * network.delay_max());
        options.sync_delay = Duration{0};
        options.block_interval = to_duration(scenario.interval_s);
        options.link_faults.bytes_per_second = static_cast<uint64_t>(scenario.bytes_per_second);
        return options;
    }

    sim::NodeSpec node_spec(size_t index) const {
        sim::NodeSpec spec{NodeConfig{purse_.params()}};
        if (scenario_.consensus == ScenarioConsensus::pow) {
            const double ppm = 1e6 * scenario_.shares[index];
            spec = sim::pow_node(purse_.params(), static_cast<uint32_t>(ppm + 0.5));
        } else {
            spec = index < scenario_.validators ? validators_.validator(index)
                                                : validators_.follower();
        }
        spec.region = index;
        NetOptions& net = spec.config.net;
        net.connect_only = true;  // the links are the overlay's
        net.block_relay = scenario_.relay;
        net.handshake_timeout = std::max(net.handshake_timeout, kHandshakeTrips * delay_max_);
        return spec;
    }

    /// A message with a block takes as much longer as `block_bytes` need on a link, in the queues
    /// of both nodes, and for their validation. Blocks of that size are not made: what they cost
    /// beside that is not what a scenario is about.
    void carry_blocks() {
        const Duration on_link = to_duration(scenario_.transmission_s());
        if (on_link == Duration{0} && !scenario_.has_queues() && scenario_.validation_s == 0)
            return;
        world_.set_message_filter([this, on_link](const sim::PassingMessage& message) {
            const std::optional<BlockHash> block = block_in(message);
            if (!block) return std::vector<Duration>{Duration{0}};
            const Duration latency = world_.options().latency.delay(message.from, message.to);
            const TimePoint arrival = transport_.deliver({.from = message.from,
                                                          .to = message.to,
                                                          .block = *block,
                                                          .bytes = scenario_.block_bytes,
                                                          .latency = latency + on_link},
                                                         world_.now());
            return std::vector<Duration>{arrival - latency - world_.now()};
        });
    }

    void plan_payments(Random& random) {
        TimePoint time = world_.now();
        const auto mean =
            static_cast<uint64_t>(payments_ == 0 ? 1 : 1e6 / scenario_.transactions_per_s);
        for (uint64_t i = 0; i < payments_; ++i) {
            time += Duration{static_cast<int64_t>(random.exponential(mean))};
            const sim::NodeIndex node = random.uniform(scenario_.nodes);
            world_.at(time, [this, i, node] {
                if (sim::submit(world_, node, purse_.pay(i)).empty()) ++run_.submitted;
            });
        }
    }

    Height height(sim::NodeIndex node) const {
        return world_.node(node).chain().index().tip().height;
    }
    uint64_t lowest_height() const {
        Height lowest = height(0);
        for (sim::NodeIndex node = 1; node < world_.size(); ++node)
            lowest = std::min(lowest, height(node));
        return static_cast<uint64_t>(lowest.value());
    }
    /// All nodes have the same block at this height.
    bool agree_at(uint64_t target) const {
        const Height at{static_cast<int32_t>(target)};
        const HeaderNode* first = nullptr;
        for (sim::NodeIndex node = 0; node < world_.size(); ++node) {
            if (height(node) < at) return false;
            const HeaderNode* block = world_.node(node).chain().index().at_height(at);
            if (first == nullptr) first = block;
            if (block->hash != first->hash) return false;
        }
        return true;
    }
    uint64_t agreed_height() const {
        uint64_t agreed = lowest_height();
        while (agreed > 0 && !agree_at(agreed)) --agreed;
        return agreed;
    }

    void count(uint64_t heights) {
        const auto last = static_cast<int32_t>(heights);
        const sim::ForkCensus census = sim::take_census(world_, 0, Height{last});
        RaceResult& race = run_.race;
        race.heights = census.heights;
        race.forked = census.forked_heights;
        race.blocks = census.blocks;
        TimePoint last_found = world_.now();
        for (const sim::MinedBlock& block : world_.mined()) {
            const auto* known = world_.node(block.miner).chain().index().find(block.hash);
            if (known == nullptr || known->height.value() > last) continue;
            ++race.mined[block.miner];
            const auto& index = world_.node(0).chain().index();
            const HeaderNode* main = index.at_height(known->height);
            if (main->hash != block.hash) continue;
            ++race.main[block.miner];
            if (known->height.value() == last) last_found = block.time;
        }
        const std::chrono::duration<double> time = last_found - begin_;
        race.intervals = time.count() / scenario_.interval_s;
        for (sim::NodeIndex node = 0; node < world_.size(); ++node) {
            world_.invoke(node, [&](Node& each) {
                for (const auto& [depth, times] : each.reorganisations())
                    race.reorganisations[depth] += times;
            });
        }
        trace_blocks();
        run_.traffic = world_.sent_by_command();
        run_.conflicts = checker_.violations().size();
        for (uint64_t i = 0; i < payments_; ++i) {
            const OutPoint output{purse_.pay(i)->txid(), 0};
            run_.confirmed +=
                world_.node(0).chain().coins().coin(output).value().has_value() ? 1 : 0;
        }
    }

    void trace_blocks() {
        std::map<BlockHash, uint64_t> numbers;
        const auto& main = world_.node(0).chain().index();
        for (const sim::MinedBlock& block : world_.mined()) {
            if (numbers.size() == kTracedBlocksMax) break;
            const auto* known = world_.node(block.miner).chain().index().find(block.hash);
            if (known == nullptr) continue;
            const std::chrono::duration<double> time = block.time - begin_;
            const auto parent = numbers.find(known->header.previous);
            const auto* at_height = main.at_height(known->height);
            run_.trace.blocks.push_back(
                {time.count(), static_cast<uint64_t>(known->height.value()), block.miner,
                 parent == numbers.end() ? std::nullopt : std::optional(parent->second),
                 at_height == nullptr || at_height->hash != block.hash});
            numbers.emplace(block.hash, numbers.size());
        }
    }

    const Scenario& scenario_;
    sim::Purse purse_;
    sim::Validators validators_;
    sim::SafetyChecker checker_;
    sim::World world_;
    sim::BlockTransport transport_;
    Duration delay_max_;
    uint64_t payments_;
    TimePoint begin_{};
    ScenarioRun run_;
};

}  // namespace

Expected<ScenarioRun, std::string> run_sim(const Scenario& scenario, const ScenarioNetwork& network,
                                           uint64_t seed, const RunProceed& proceed) {
    constexpr uint64_t kHeightsMax = 1'000'000;
    if (scenario.heights > kHeightsMax) {
        return Unexpected(fmt::format("at level sim at most {} heights are possible", kHeightsMax));
    }
    if (scenario.consensus == ScenarioConsensus::pbft) {
        PbftOptions options;
        set_timing(options, scenario);
        if (const auto problem = options.validate())
            return Unexpected("PBFT's nodes refuse these times: " + *problem);
    }
    const double expected =
        scenario.transactions_per_s * scenario.interval_s * static_cast<double>(scenario.heights);
    if (expected > static_cast<double>(kTransactionsMax)) {
        return Unexpected(fmt::format("the load is {:.0f} transactions; at most {} are possible",
                                      expected, kTransactionsMax));
    }
    const auto payments = static_cast<uint64_t>(std::ceil(expected));
    return SimRun(scenario, network, seed, payments).run(proceed);
}

}  // namespace parley::lab
