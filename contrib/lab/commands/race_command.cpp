#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/graph_file.h"
#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/race_report.h"
#include "contrib/lab/commands/text_file.h"

namespace parley::lab {
namespace {

constexpr uint64_t kSeedsMax = 1'000'000;
constexpr uint64_t kSeedMax = UINT64_MAX - kSeedsMax;  // so that the last seed is a number
constexpr double kSelfishShareMax = 0.4999;  // a majority wins always, and has no revenue formula

constexpr const char* kRaceHelp =
    "Usage: parley-lab race (--shares S1,S2,... | --miners N) --lambda-delta X [options]\n"
    "       parley-lab race --graph FILE [options]\n"
    "       parley-lab race --selfish ALPHA [--gamma G] [options]\n"
    "\n"
    "Runs the abstract mining race: miners find blocks at random, blocks take time to reach the\n"
    "others, everybody extends the longest chain that it saw first. No node code is involved.\n"
    "Heights 1 to N are compared; the run ends when nothing can change them any more.\n"
    "\n"
    "  --shares S1,S2,...   hash shares of the miners; they must add up to 1 (+-0.005, for\n"
    "                       rounded ones)\n"
    "  --miners N           N miners with equal shares\n"
    "  --lambda-delta X     one-way delay between any two miners, in mean block intervals, 0 to "
    "50\n"
    "  --graph FILE         miners and links from a JSON file:\n"
    "                       {\"interval_s\":600,\"miners\":[{\"name\":\"a\",\"hash\":500}],\n"
    "                        \"links\":[{\"from\":\"a\",\"to\":\"b\",\"delay_s\":0.2}]}\n"
    "                       Links work in both directions; blocks flood along them.\n"
    "  --selfish ALPHA      selfish mining by a pool with this share, without delays\n"
    "  --gamma G            share of honest miners that extend the pool's branch in a tie\n"
    "                       (default 0)\n"
    "  --blocks N           main-chain blocks of each run, that is, heights (default 100000)\n"
    "  --seed S             first seed (default 1); a seed always gives the same run\n"
    "  --seeds K            runs with the seeds S to S + K - 1, counted together (default 1)\n"
    "  --json               print JSON instead of tables\n";

struct RaceArguments {
    std::vector<double> shares;
    std::optional<uint64_t> miners;
    std::optional<double> lambda_delta;
    std::string graph;
    std::optional<double> selfish;
    std::optional<double> gamma;
    uint64_t heights = 100'000;
    uint64_t seed = 1;
    uint64_t seeds = 1;
    bool json = false;
};

CommandLine command_line(RaceArguments& target) {
    return {"race",
            kRaceHelp,
            {{"--shares", numbers_option(target.shares)},
             {"--miners", number_option<uint64_t>(1, kMinersMax, target.miners)},
             {"--lambda-delta", number_option(0.0, kDelayMax, target.lambda_delta)},
             {"--graph", text_option(target.graph)},
             {"--selfish", number_option(0.0, kSelfishShareMax, target.selfish)},
             {"--gamma", number_option(0.0, 1.0, target.gamma)},
             {"--blocks", number_option<uint64_t>(1, kRaceHeightsMax, target.heights)},
             {"--seed", number_option<uint64_t>(0, kSeedMax, target.seed)},
             {"--seeds", number_option<uint64_t>(1, kSeedsMax, target.seeds)},
             {"--json", flag_option(target.json)}}};
}

/// What is wrong with the combination of options; empty: nothing.
std::string conflict(const RaceArguments& arguments) {
    const int networks = (arguments.shares.empty() ? 0 : 1) + (arguments.miners ? 1 : 0) +
                         (arguments.graph.empty() ? 0 : 1) + (arguments.selfish ? 1 : 0);
    if (networks != 1) return "choose one of --shares, --miners, --graph and --selfish.";
    const bool uniform = !arguments.shares.empty() || arguments.miners;
    if (uniform && !arguments.lambda_delta) return "--shares and --miners need --lambda-delta.";
    if (!uniform && arguments.lambda_delta)
        return "--lambda-delta goes with --shares or --miners only.";
    if (arguments.gamma && !arguments.selfish) return "--gamma goes with --selfish only.";
    return "";
}

/// Fills in the network. Error: a sentence.
std::optional<std::string> read_network(const RaceArguments& arguments, RaceReport& report) {
    if (arguments.graph.empty()) {
        auto shares = arguments.shares;
        if (arguments.miners)
            shares.assign(*arguments.miners, 1 / static_cast<double>(*arguments.miners));
        auto network = uniform_network(std::move(shares), *arguments.lambda_delta);
        if (!network) return network.error() + ".";
        report.network = std::move(*network);
        report.lambda_delta = arguments.lambda_delta;
        return std::nullopt;
    }
    const auto text = read_text(arguments.graph);
    if (!text) return text.error() + ".";
    auto graph = parse_graph(*text);
    if (!graph) return fmt::format("{}: {}.", arguments.graph, graph.error());
    report.network = std::move(graph->network);
    report.interval_s = graph->interval_s;
    return std::nullopt;
}

int race(const RaceArguments& arguments, RaceReport report) {
    report.requested_heights = arguments.heights;
    {
        Progress progress("heights", arguments.heights * arguments.seeds);
        RaceOptions options;
        options.heights = arguments.heights;
        options.proceed = [&](uint64_t heights) {
            return progress.show(report.total.heights + heights);
        };
        for (uint64_t i = 0; i < arguments.seeds && !report.total.partial; ++i) {
            options.seed = arguments.seed + i;
            report.seeds.push_back({options.seed, run_race(report.network, options)});
            report.total.add(report.seeds.back().result);
            if (interrupted() && i + 1 < arguments.seeds) report.total.partial = true;
        }
    }
    fmt::print("{}", arguments.json ? race_json(report) : race_text(report));
    return report.total.partial ? kInterruptedStatus : 0;
}

int selfish(const RaceArguments& arguments) {
    SelfishReport report{*arguments.selfish, arguments.gamma.value_or(0), arguments.seed, 0, {}};
    {
        Progress progress("heights", arguments.heights * arguments.seeds);
        SelfishOptions options{report.alpha, report.gamma, arguments.heights, 0, {}};
        options.proceed = [&](uint64_t heights) {
            return progress.show(report.total.heights() + heights);
        };
        while (report.seeds < arguments.seeds && !report.total.partial) {
            options.seed = arguments.seed + report.seeds;
            report.total.add(run_selfish_mining(options));
            ++report.seeds;
            if (interrupted() && report.seeds < arguments.seeds) report.total.partial = true;
        }
    }
    fmt::print("{}", arguments.json ? selfish_json(report) : selfish_text(report));
    return report.total.partial ? kInterruptedStatus : 0;
}

}  // namespace

int run_race_command(const std::vector<std::string>& arguments) {
    RaceArguments options;
    const CommandLine line = command_line(options);
    if (const auto error = line.parse(arguments)) return report(*error);
    if (const std::string sentence = conflict(options); !sentence.empty())
        return report(line.error(sentence));
    catch_interrupts();
    if (options.selfish) return selfish(options);
    RaceReport result;
    if (const auto error = read_network(options, result)) return report(line.error(*error));
    return race(options, std::move(result));
}

}  // namespace parley::lab
