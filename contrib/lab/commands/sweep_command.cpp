#include <algorithm>

#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/scenario_command.h"

namespace parley::lab {
namespace {

constexpr const char* kSweepHelp =
    "Usage: parley-lab sweep FILE --vary KEY=A,B,... [--vary ...] [--level model|sim|live]\n"
    "                        [--seeds N] [--threads N] [--out DIR] [--daemon FILE] [--json]\n"
    "\n"
    "Runs a scenario once for each value of a key or, with several --vary, for each combination,\n"
    "and prints a line for each: the three fork rates with their 95 % intervals, growth and\n"
    "propagation. Seeds and values run on all cores.\n"
    "\n"
    "  --vary KEY=A,B   a key of the file with its table, such as delay.mean_s=0.1,0.2\n"
    "  --level NAME     model: the abstract mining race; sim: whole nodes in virtual time\n"
    "                   (default); live: up to 16 daemons on this machine\n"
    "  --seeds N        so many seeds of each, instead of those of the file; counted together\n"
    "  --threads N      runs at the same time (default: one for each core)\n"
    "  --out DIR        also writes DIR/sweep_LEVEL.json and DIR/scenario.toml; see report\n"
    "  --daemon FILE    the parleyd of level live (default: the one next to this program)\n"
    "  --json           print JSON instead of a table\n";

constexpr const char* kCompareHelp =
    "Usage: parley-lab compare FILE [--vary KEY=A,B,...] [--level sim|live] [--seeds N]\n"
    "                          [--threads N] [--out DIR] [--daemon FILE] [--json]\n"
    "\n"
    "Runs a scenario with proof of work and with PBFT on the same network, side by side, whole\n"
    "nodes in virtual time or daemons. The file needs both tables, [mining] and [pbft]; its key "
    "consensus\n"
    "does not count.\n"
    "\n"
    "  --vary KEY=A,B   a key of the file with its table, such as delay.mean_s=0.1,0.2: both for\n"
    "                   each value; several for each combination\n"
    "  --level NAME     sim: whole nodes in virtual time (default); live: up to 16 daemons on\n"
    "                   this machine\n"
    "  --seeds N        so many seeds of each, instead of those of the file; counted together\n"
    "  --threads N      runs at the same time (default: one for each core)\n"
    "  --out DIR        also writes DIR/compare_LEVEL.json and DIR/scenario.toml; see report\n"
    "  --daemon FILE    the parleyd of level live (default: the one next to this program)\n"
    "  --json           print JSON instead of a table\n";

CommandOption list_option(std::vector<std::string>& target) {
    return {[&target](const std::string& text) {
                target.push_back(text);
                return !text.empty();
            },
            "KEY=VALUE,..."};
}

int run_varied(const CommandLine& line, const std::vector<std::string>& arguments,
               ScenarioArguments& options, std::vector<std::string>& variations,
               std::vector<std::string> fixed) {
    if (const auto error = line.parse(take_file(arguments, options.file))) return report(*error);
    variations.insert(variations.begin(), fixed.begin(), fixed.end());
    if (variations.empty()) return report(line.error("choose what to --vary."));
    const auto changes = combinations(variations);
    if (!changes) return report(line.error(changes.error() + "."));
    const auto reports = run_scenarios(line, options, *changes);
    if (!reports) return report(reports.error());
    const bool partial = std::any_of(reports->begin(), reports->end(),
                                     [](const RunReport& each) { return each.partial; });
    return publish(line, options, line.name, sweep_text(*reports), sweep_json(*reports), partial);
}

}  // namespace

int run_sweep_command(const std::vector<std::string>& arguments) {
    ScenarioArguments options;
    std::vector<std::string> variations;
    CommandLine line{"sweep", kSweepHelp, scenario_options(options)};
    line.options.emplace("--vary", list_option(variations));
    return run_varied(line, arguments, options, variations, {});
}

int run_compare_command(const std::vector<std::string>& arguments) {
    ScenarioArguments options;
    std::vector<std::string> variations;
    CommandLine line{"compare", kCompareHelp, scenario_options(options)};
    line.options.emplace("--vary", list_option(variations));
    return run_varied(line, arguments, options, variations, {"consensus=pow,pbft"});
}

}  // namespace parley::lab
