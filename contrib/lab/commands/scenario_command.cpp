#include "contrib/lab/commands/scenario_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "contrib/lab/commands/interrupt.h"
#include "contrib/lab/commands/text_file.h"
#include "contrib/lab/scenario/live_run.h"

namespace parley::lab {
namespace {

constexpr uint64_t kRunSeedsMax = 100'000;
constexpr uint64_t kThreadsMax = 1'024;

bool write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return file.flush().good();
}

}  // namespace

std::map<std::string, CommandOption> scenario_options(ScenarioArguments& target) {
    target.threads = std::max(1u, std::thread::hardware_concurrency());
    target.daemon = default_daemon();
    return {{"--level",
             {[&](const std::string& text) {
                  const auto level = level_named(text);
                  target.level = level.value_or(Level::sim);
                  return level.has_value();
              },
              "model, sim or live"}},
            {"--daemon", text_option(target.daemon)},
            {"--seeds", number_option<uint64_t>(1, kRunSeedsMax, target.seeds)},
            {"--threads", number_option<uint64_t>(1, kThreadsMax, target.threads)},
            {"--out", text_option(target.out)},
            {"--json", flag_option(target.json)}};
}

std::vector<std::string> take_file(std::vector<std::string> arguments, std::string& file) {
    if (!arguments.empty() && !arguments.front().starts_with("-")) {
        file = arguments.front();
        arguments.erase(arguments.begin());
    }
    return arguments;
}

Expected<std::vector<RunReport>, UsageError> run_scenarios(
    const CommandLine& line, const ScenarioArguments& arguments,
    const std::vector<std::vector<ScenarioChange>>& changes) {
    if (arguments.file.empty()) return Unexpected(line.error("the first argument is a file."));
    const auto text = read_text(arguments.file);
    if (!text) return Unexpected(line.error(text.error() + "."));
    std::vector<Experiment> experiments;
    for (const auto& each : changes) {
        auto scenario = parse_scenario(*text, arguments.file, each);
        if (!scenario) return Unexpected(line.error(scenario.error() + "."));
        if (arguments.seeds) scenario->seeds = *arguments.seeds;
        experiments.push_back(
            {arguments.file, std::move(*scenario), arguments.level, each, arguments.daemon});
    }
    catch_interrupts();
    Progress progress("heights", heights_of(experiments));
    const uint64_t threads = arguments.level == Level::live ? 1 : arguments.threads;
    auto reports = run_experiments(experiments, threads,
                                   [&](uint64_t heights) { return progress.show(heights); });
    if (!reports) return Unexpected(line.error(reports.error() + "."));
    return std::move(*reports);
}

int publish(const CommandLine& line, const ScenarioArguments& arguments, const std::string& name,
            const std::string& text, const std::string& json, bool partial) {
    if (!arguments.out.empty()) {
        std::error_code error;
        const std::filesystem::path directory(arguments.out);
        std::filesystem::create_directories(directory, error);
        const auto scenario = read_text(arguments.file);
        const auto file = fmt::format("{}_{}.json", name, to_string(arguments.level));
        if (!scenario || !write_file(directory / "scenario.toml", *scenario) ||
            !write_file(directory / file, json)) {
            return report(line.error(fmt::format("cannot write to {}.", arguments.out)));
        }
    }
    fmt::print("{}", arguments.json ? json : text);
    return partial ? kInterruptedStatus : 0;
}

}  // namespace parley::lab
