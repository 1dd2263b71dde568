#include "contrib/lab/scenario/live_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <tuple>

#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/live_folder.h"
#include "contrib/lab/observer.h"
#include "contrib/lab/workload.h"

namespace parley::lab {
namespace {

using namespace std::chrono_literals;

/// A run that takes this many times longer than without forks has met something else.
constexpr double kLiveSlownessMax = 20;

/// What the daemons cannot do. Empty: nothing.
std::string live_obstacle(const Scenario& scenario) {
    const auto whole = [](double number) { return number >= 1 && number == std::floor(number); };
    if (scenario.nodes < 2 || scenario.nodes > kLiveNodesMax)
        return fmt::format("level live takes 2 to {} nodes", kLiveNodesMax);
    if (scenario.delay.regions != RegionData::none ||
        scenario.delay.law != sim::DelayLaw::constant || scenario.delay.asymmetric) {
        return "level live has one delay for all links; choose delay.mean_s with the law constant";
    }
    if (scenario.delay.mean_s > 60) return "level live takes delays of up to 60 s";
    if (scenario.validation_s > 0 || scenario.block_bytes > 0)
        return "level live has the machine's own bandwidth and validation; leave both out";
    if (scenario.consensus == ScenarioConsensus::pbft && !whole(scenario.interval_s))
        return "level live needs a pbft.interval_s of whole seconds";
    return "";
}

/// When each block was first a node's tip, and where.
struct FirstSeen {
    Seconds time = 0;
    size_t node = 0;
};

std::map<std::string, FirstSeen> first_seen(const Observations& seen) {
    std::map<std::string, FirstSeen> result;
    for (size_t node = 0; node < seen.tips.size(); ++node) {
        for (const TipChange& change : seen.tips[node]) {
            const auto [at, is_new] = result.emplace(change.hash, FirstSeen{change.time, node});
            if (!is_new && change.time < at->second.time) at->second = {change.time, node};
        }
    }
    return result;
}

/// Blocks that a node took as its tip. A block of a branch that is behind is not seen to arrive.
void add_deliveries(const Scenario& scenario, const Observations& seen,
                    const std::map<std::string, FirstSeen>& first, ScenarioRun& run) {
    double weighted = 0;
    for (size_t node = 0; node < seen.tips.size(); ++node) {
        double sum = 0;
        double blocks = 0;
        std::set<std::string> counted;
        for (const TipChange& change : seen.tips[node]) {
            const auto block = seen.blocks.find(change.hash);
            if (block == seen.blocks.end() || block->second.height < 1) continue;
            if (!counted.insert(change.hash).second) continue;
            const FirstSeen& origin = first.at(change.hash);
            blocks += 1;
            sum += change.time - origin.time;
            if (origin.node != node) run.deliveries.push_back({change.time - origin.time, 1});
        }
        if (blocks > 0 && node < scenario.shares.size())
            weighted += scenario.shares[node] * sum / blocks;
    }
    run.race.weighted_delay = weighted / scenario.interval_s;
}

/// In the order in which they were seen.
void trace_blocks(const Observations& seen, const std::map<std::string, FirstSeen>& first,
                  const std::set<std::string>& main, RunTrace& trace) {
    std::vector<std::pair<FirstSeen, std::string>> order;
    for (const auto& [hash, found] : first) {
        const auto block = seen.blocks.find(hash);
        if (block != seen.blocks.end() && block->second.height > 0) order.emplace_back(found, hash);
    }
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
        const auto key = [&](const auto& each) {
            return std::tuple(each.first.time, seen.blocks.at(each.second).height, each.second);
        };
        return key(a) < key(b);
    });
    std::map<std::string, uint64_t> numbers;
    for (const auto& [found, hash] : order) {
        if (numbers.size() == kTracedBlocksMax) break;
        const SeenBlock& block = seen.blocks.at(hash);
        const auto parent = numbers.find(block.previous);
        trace.blocks.push_back(
            {found.time, static_cast<uint64_t>(block.height), found.node,
             parent == numbers.end() ? std::nullopt : std::optional(parent->second),
             !main.contains(hash)});
        numbers.emplace(hash, numbers.size());
    }
}

/// The view of a validator at this time; 0 before it was first looked at.
uint64_t view_at(const std::vector<SeenView>& views, Seconds time) {
    uint64_t view = 0;
    for (const SeenView& each : views) {
        if (each.time > time) break;
        view = each.view;
    }
    return view;
}

/// Votes and new views as far as polling has met them, and commits as changes of the tip.
void trace_views(const Observations& seen, RunTrace& trace) {
    for (size_t node = 0; node < seen.views.size(); ++node) {
        const std::vector<SeenView>& views = seen.views[node];
        if (views.empty()) continue;
        for (size_t i = 1; i < views.size(); ++i) {
            // Back in an old view: the decision came after the vote, which it made void.
            if (!views[i].changing && views[i].view < views[i - 1].view) continue;
            trace.steps.push_back(
                {views[i].time, node, views[i].view,
                 views[i].changing ? TracedKind::view_change : TracedKind::new_view});
        }
        for (const TipChange& change : seen.tips[node]) {
            const auto block = seen.blocks.find(change.hash);
            if (block == seen.blocks.end() || block->second.height < 1) continue;
            trace.steps.push_back(
                {change.time, node, view_at(views, change.time), TracedKind::commit});
        }
    }
    std::stable_sort(trace.steps.begin(), trace.steps.end(),
                     [](const auto& a, const auto& b) { return a.time_s < b.time_s; });
    if (trace.steps.size() > kTracedStepsMax) trace.steps.resize(kTracedStepsMax);
}

class DaemonRun {
 public:
    DaemonRun(const Scenario& scenario, const LiveOptions& options)
        : scenario_(scenario),
          options_(options),
          folder_(options.directory),
          network_(options_, options_.consensus.front(), folder_.path(), interrupted) {}

    ScenarioRun run(uint64_t seed, const RunProceed& proceed) {
        Observer observer(network_, pause());
        Workload workload(network_, observer, options_.transaction_rate);
        network_.set_mining(true);
        const double limit =
            kLiveSlownessMax * scenario_.interval_s * static_cast<double>(scenario_.heights + 10);
        bool complete = false;
        while (!complete && observer.now() < limit && observer.failure().empty()) {
            std::this_thread::sleep_for(50ms);
            const auto height = static_cast<uint64_t>(std::max<int64_t>(0, observer.height()));
            if (!proceed(std::min(height, scenario_.heights))) break;
            complete = height >= scenario_.heights && network_.agree_at(scenario_.heights);
        }
        RunInput input;
        input.consensus = network_.consensus();
        input.options = options_;
        workload.stop();
        input.duration = observer.now();
        network_.set_mining(false);
        // What is on its way belongs to heights that are compared, too.
        std::this_thread::sleep_for(std::chrono::duration<double>(settling_s()));
        input.seen = observer.finish();
        if (const std::string failure = observer.failure(); !failure.empty())
            throw std::runtime_error("a node could not be observed: " + failure);
        input.sent = workload.sent();
        input.last_height = static_cast<int64_t>(scenario_.heights);
        const RunResult result = evaluate(input);
        ScenarioRun run = scenario_run(scenario_, result, input.seen);
        run.seed = seed;
        run.race.partial = !complete;
        return run;
    }

 private:
    /// A few trips over the whole network.
    double settling_s() const {
        return 0.2 + 4 * scenario_.delay.mean_s * static_cast<double>(scenario_.nodes > 2 ? 3 : 1);
    }
    /// Short against an interval and a delay, but not so short that the observers are a load.
    std::chrono::milliseconds pause() const {
        const double shorter = std::min(scenario_.interval_s, 4 * scenario_.delay.mean_s);
        return std::clamp(std::chrono::milliseconds{static_cast<int64_t>(1'000 * shorter / 40)},
                          10ms, 50ms);
    }

    const Scenario& scenario_;
    LiveOptions options_;
    LiveFolder folder_;
    LiveNetwork network_;
};

}  // namespace

std::string default_daemon() {
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return (program.parent_path() / "parleyd").string();
}

Expected<LiveOptions, std::string> live_options(const Scenario& scenario,
                                                const ScenarioNetwork& network,
                                                const std::string& daemon) {
    if (std::string obstacle = live_obstacle(scenario); !obstacle.empty())
        return Unexpected(std::move(obstacle));
    LiveOptions options;
    options.nodes = scenario.nodes;
    options.delay_ms = 1'000 * scenario.delay.mean_s;
    options.interval_s = scenario.interval_s;
    options.transaction_rate = scenario.transactions_per_s;
    options.daemon = daemon;
    options.links = network.overlay.links;
    if (scenario.relay != BlockRelay::own)  // the default
        options.node_arguments.push_back(fmt::format("-blockrelay={}", to_string(scenario.relay)));
    constexpr double kTrips = 8;  // twice those of a handshake
    options.node_arguments.push_back(
        fmt::format("-peertimeout={:.0f}", std::max(60.0, kTrips * scenario.delay.mean_s)));
    if (scenario.consensus == ScenarioConsensus::pow) {
        options.consensus = {Consensus::pow};
        for (const double share : scenario.shares)
            options.block_periods_s.push_back(share > 0 ? scenario.interval_s / share : 0);
    } else {
        options.consensus = {Consensus::pbft};
        options.validators = scenario.validators;
        options.node_arguments.push_back(
            fmt::format("-pbfttimeout={:.0f}", 1'000 * scenario.timeout_s));
        options.node_arguments.push_back(
            fmt::format("-pbftemptyblocks={:.0f}", scenario.interval_s));
    }
    return options;
}

ScenarioRun scenario_run(const Scenario& scenario, const RunResult& result,
                         const Observations& seen) {
    ScenarioRun run;
    RaceResult& race = run.race;
    race.heights = result.heights;
    race.forked = result.fork_rate.hits;
    race.blocks = result.blocks;
    race.main.assign(scenario.nodes, 0);
    race.mined.assign(scenario.nodes, 0);
    for (const auto& [depth, times] : result.reorganisations)
        race.reorganisations[static_cast<uint32_t>(depth)] += times;
    const auto first = first_seen(seen);
    const std::set<std::string> main(result.chain.begin(), result.chain.end());
    Seconds last_found = result.duration;
    for (const auto& [hash, block] : seen.blocks) {
        const auto found = first.find(hash);
        if (block.height < 1 || block.height > static_cast<int64_t>(result.heights) ||
            found == first.end())
            continue;
        const bool is_main = main.contains(hash);
        if (is_main && block.height == static_cast<int64_t>(result.heights))
            last_found = found->second.time;
        if (scenario.consensus != ScenarioConsensus::pow) continue;
        ++race.mined[found->second.node];
        if (is_main) ++race.main[found->second.node];
    }
    race.intervals = last_found / scenario.interval_s;
    if (scenario.consensus == ScenarioConsensus::pow) add_deliveries(scenario, seen, first, run);
    if (scenario.consensus == ScenarioConsensus::pow) trace_blocks(seen, first, main, run.trace);
    if (scenario.consensus == ScenarioConsensus::pbft) trace_views(seen, run.trace);
    run.submitted = result.sent;
    run.confirmed = result.confirmed;
    // PBFT's blocks are final, so a second one at a height is a conflict.
    if (scenario.consensus == ScenarioConsensus::pbft) run.conflicts = result.fork_rate.hits;
    return run;
}

Expected<ScenarioRun, std::string> run_daemons(const Scenario& scenario,
                                               const ScenarioNetwork& network, uint64_t seed,
                                               const std::string& daemon,
                                               const RunProceed& proceed) {
    const auto options = live_options(scenario, network, daemon);
    if (!options) return Unexpected(options.error());
    if (!std::filesystem::exists(daemon)) {
        return Unexpected(fmt::format(
            "{} does not exist; build it first, or choose another file with --daemon", daemon));
    }
    try {
        return DaemonRun(scenario, *options).run(seed, proceed);
    } catch (const std::exception& error) {
        if (!interrupted()) return Unexpected(std::string{error.what()});
        // It ended while the daemons were started or stopped. What ran before it counts.
        ScenarioRun nothing;
        nothing.seed = seed;
        nothing.race.main.assign(scenario.nodes, 0);
        nothing.race.mined.assign(scenario.nodes, 0);
        nothing.race.partial = true;
        return nothing;
    }
}

}  // namespace parley::lab
