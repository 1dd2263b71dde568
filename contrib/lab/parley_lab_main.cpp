// parley-lab: experiments with real nodes, and the models to compare them with. Each is a command.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "contrib/lab/commands/model_commands.h"
#include "contrib/lab/live.h"
#include "contrib/lab/replay/replay.h"

int main(int count, char** values) {
    constexpr const char* kUsage =
        "Usage: parley-lab <command> [options]\n"
        "\n"
        "  live          runs networks of real nodes on this machine and counts chain forks\n"
        "  race          runs the abstract mining race: millions of blocks without nodes\n"
        "  double-spend  simulates attempts to reverse a payment\n"
        "  theory        prints closed forms for forks, selfish mining and double spends\n"
        "  run           runs a scenario file: nodes, network and consensus, by model or "
        "simulator\n"
        "  sweep         runs a scenario file for each of several values, on all cores\n"
        "  compare       runs a scenario file with proof of work and with PBFT, side by side\n"
        "  report        draws the results of run, sweep and compare as a page with figures\n"
        "  verify        checks the laboratory against exact results and published tables\n"
        "  replay        runs what a daemon recorded (-record) through the node code again\n"
        "\n"
        "Run parley-lab <command> --help for the options of a command.\n";
    const std::vector<std::string> words(values + 1, values + count);
    const std::string command = words.empty() ? "" : words.front();
    const std::vector<std::string> arguments(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (command == "live") return parley::lab::run_live(values[0], arguments);
    if (command == "race") return parley::lab::run_race_command(arguments);
    if (command == "double-spend") return parley::lab::run_double_spend_command(arguments);
    if (command == "theory") return parley::lab::run_theory_command(arguments);
    if (command == "run") return parley::lab::run_run_command(arguments);
    if (command == "sweep") return parley::lab::run_sweep_command(arguments);
    if (command == "compare") return parley::lab::run_compare_command(arguments);
    if (command == "report") return parley::lab::run_report_command(arguments);
    if (command == "verify") return parley::lab::run_verify_command(arguments);
    if (command == "replay") return parley::lab::run_replay(arguments);
    const bool asked = command == "--help" || command == "-h";
    fmt::print(asked ? stdout : stderr, "{}", kUsage);
    return asked ? 0 : 1;
}
