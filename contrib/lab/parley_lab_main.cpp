// parley-lab: experiments with real nodes. Each experiment is a command.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "contrib/lab/live.h"
#include "contrib/lab/replay/replay.h"

int main(int count, char** values) {
    const std::vector<std::string> arguments(values + 1, values + count);
    constexpr const char* kUsage =
        "Usage: parley-lab <command> [options]\n"
        "\n"
        "  live    runs networks of real nodes on this machine and counts chain forks\n"
        "  replay  runs what a daemon recorded (-record) through the node code again\n"
        "\n"
        "Run parley-lab <command> --help for the options of a command.\n";
    if (!arguments.empty() && arguments[0] == "live") {
        return parley::lab::run_live(values[0], {arguments.begin() + 1, arguments.end()});
    }
    if (!arguments.empty() && arguments[0] == "replay")
        return parley::lab::run_replay({arguments.begin() + 1, arguments.end()});
    const bool asked = !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
    fmt::print(asked ? stdout : stderr, "{}", kUsage);
    return asked ? 0 : 1;
}
