#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/commands/scenario_command.h"

namespace parley::lab {
namespace {

constexpr const char* kRunHelp =
    "Usage: parley-lab run FILE [--level model|sim|live] [--seeds N] [--threads N] [--out DIR]\n"
    "                      [--daemon FILE] [--json]\n"
    "\n"
    "Runs a scenario: consensus, nodes, network and stop condition from a TOML file, which\n"
    "contrib/lab/scenario/scenario.h describes. Prints the three fork rates with their 95 %\n"
    "intervals and theory, growth, blocks by miner, reorganisations, propagation, and messages\n"
    "by type.\n"
    "\n"
    "  --level NAME   model: the abstract mining race, millions of blocks a second;\n"
    "                 sim: whole nodes in virtual time (default);\n"
    "                 live: up to 16 daemons on this machine, one delay for all links\n"
    "  --seeds N      so many seeds instead of those of the file; counted together\n"
    "  --threads N    seeds that run at the same time (default: one for each core)\n"
    "  --out DIR      also writes DIR/run_LEVEL.json and DIR/scenario.toml; see report\n"
    "  --daemon FILE  the parleyd of level live (default: the one next to this program)\n"
    "  --json         print JSON instead of tables\n";

}  // namespace

int run_run_command(const std::vector<std::string>& arguments) {
    ScenarioArguments options;
    const CommandLine line{"run", kRunHelp, scenario_options(options)};
    if (const auto error = line.parse(take_file(arguments, options.file))) return report(*error);
    const auto reports = run_scenarios(line, options, {{}});
    if (!reports) return report(reports.error());
    const RunReport& result = reports->front();
    return publish(line, options, "run", run_text(result), run_json(result), result.partial);
}

}  // namespace parley::lab
