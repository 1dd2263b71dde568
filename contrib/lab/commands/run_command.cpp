#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/text_file.h"
#include "contrib/lab/scenario/run_report.h"

namespace parley::lab {
namespace {

constexpr uint64_t kRunSeedsMax = 100'000;

constexpr const char* kRunHelp =
    "Usage: parley-lab run FILE [--level model|sim] [--seeds N] [--out DIR] [--json]\n"
    "\n"
    "Runs a scenario: consensus, nodes, network and stop condition from a TOML file, which\n"
    "contrib/lab/scenario/scenario.h describes. Prints the three fork rates with their 95 %\n"
    "intervals, growth, blocks by miner, reorganisations, propagation, and messages by type.\n"
    "\n"
    "  --level NAME   model: the abstract mining race, millions of blocks a second;\n"
    "                 sim: whole nodes in virtual time (default)\n"
    "  --seeds N      so many seeds instead of those of the file; counted together\n"
    "  --out DIR      also writes DIR/run.json and DIR/scenario.toml\n"
    "  --json         print JSON instead of tables\n";

struct RunArguments {
    std::string file;
    Level level = Level::sim;
    std::optional<uint64_t> seeds;
    std::string out;
    bool json = false;
};

/// Runs all seeds. Error: a sentence.
std::optional<std::string> run_seeds(const RunArguments& arguments, RunReport& report) {
    const Scenario& scenario = report.scenario;
    Progress progress("heights", scenario.heights * scenario.seeds);
    const auto runner = report.level == Level::model ? run_model : run_sim;
    for (uint64_t i = 0; i < scenario.seeds && !report.partial; ++i) {
        const uint64_t seed = scenario.first_seed + i;
        const auto network = build_network(scenario, arguments.file, seed);
        if (!network) return network.error();
        if (i == 0) report.shape = network->shape;
        auto run = runner(scenario, *network, seed, [&](uint64_t heights) {
            return progress.show(i * scenario.heights + heights);
        });
        if (!run) return fmt::format("{}: {}", arguments.file, run.error());
        report.partial = run->race.partial || (interrupted() && i + 1 < scenario.seeds);
        report.runs.push_back(std::move(*run));
    }
    return std::nullopt;
}

bool write_files(const std::string& directory, const std::string& scenario,
                 const RunReport& report) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    const std::filesystem::path path(directory);
    std::ofstream(path / "scenario.toml") << scenario;
    std::ofstream json(path / "run.json");
    json << run_json(report);
    return json.flush().good();
}

}  // namespace

int run_run_command(const std::vector<std::string>& arguments) {
    RunArguments options;
    const CommandLine line{"run",
                           kRunHelp,
                           {{"--level",
                             {[&](const std::string& text) {
                                  options.level = text == "model" ? Level::model : Level::sim;
                                  return text == "model" || text == "sim";
                              },
                              "model or sim"}},
                            {"--seeds", number_option<uint64_t>(1, kRunSeedsMax, options.seeds)},
                            {"--out", text_option(options.out)},
                            {"--json", flag_option(options.json)}}};
    std::vector<std::string> rest = arguments;
    if (!rest.empty() && !rest.front().starts_with("-")) {
        options.file = rest.front();
        rest.erase(rest.begin());
    }
    if (const auto error = line.parse(rest)) return report(*error);
    if (options.file.empty()) return report(line.error("the first argument is a file."));
    const auto text = read_text(options.file);
    if (!text) return report(line.error(text.error() + "."));
    auto scenario = parse_scenario(*text, options.file);
    if (!scenario) return report(line.error(scenario.error() + "."));
    RunReport result;
    result.scenario = std::move(*scenario);
    result.level = options.level;
    if (options.seeds) result.scenario.seeds = *options.seeds;
    catch_interrupts();
    if (const auto error = run_seeds(options, result)) return report(line.error(*error + "."));
    if (!options.out.empty() && !write_files(options.out, *text, result))
        return report(line.error(fmt::format("cannot write to {}.", options.out)));
    fmt::print("{}", options.json ? run_json(result) : run_text(result));
    return result.partial ? kInterruptedStatus : 0;
}

}  // namespace parley::lab
