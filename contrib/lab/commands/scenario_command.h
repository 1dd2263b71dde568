// What the commands that run scenario files share: the file, the level, seeds, threads, and where
// results go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contrib/lab/commands/arguments.h"
#include "contrib/lab/scenario/experiment.h"

namespace parley::lab {

struct ScenarioArguments {
    std::string file;
    Level level = Level::sim;
    std::optional<uint64_t> seeds;
    uint64_t threads = 1;  ///< at level live, runs take turns: they would slow each other down
    std::string daemon;
    std::string out;
    bool json = false;
};

/// --level, --seeds, --threads, --daemon, --out and --json.
std::map<std::string, CommandOption> scenario_options(ScenarioArguments& target);

/// Takes the file from the front of the arguments, if there is one.
std::vector<std::string> take_file(std::vector<std::string> arguments, std::string& file);

/// Runs the file once for each list of changes. Error: to be reported.
Expected<std::vector<RunReport>, UsageError> run_scenarios(
    const CommandLine& line, const ScenarioArguments& arguments,
    const std::vector<std::vector<ScenarioChange>>& changes);

/// Writes DIR/<name>_<level>.json and DIR/scenario.toml, if a directory is named, and prints the
/// text or the JSON. Returns the exit code.
int publish(const CommandLine& line, const ScenarioArguments& arguments, const std::string& name,
            const std::string& text, const std::string& json, bool partial);

}  // namespace parley::lab
