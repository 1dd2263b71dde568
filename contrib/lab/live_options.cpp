#include "contrib/lab/live_options.h"

#include <fmt/format.h>

#include <filesystem>

namespace parley::lab {
namespace {

bool parse_consensus(const std::string& text, std::vector<Consensus>& target) {
    if (text == "pow")
        target = {Consensus::pow};
    else if (text == "pbft")
        target = {Consensus::pbft};
    else if (text == "both")
        target = {Consensus::pow, Consensus::pbft};
    else
        return false;
    return true;
}

}  // namespace

const char* to_string(Consensus consensus) {
    return consensus == Consensus::pow ? "pow" : "pbft";
}

std::string live_help() {
    return "Usage: parley-lab live [options]\n"
           "\n"
           "Starts networks of real nodes on this machine, lets them produce blocks while\n"
           "transactions arrive, and prints how often the chains forked. All nodes are stopped at\n"
           "the end. Ctrl-C ends the measurement early; the results are marked as partial.\n"
           "\n"
           "  --nodes N            number of nodes in each network, 4 to 16 (default 4)\n"
           "  --consensus KIND     pow, pbft, or both at the same time (default both)\n"
           "  --seconds S          length of the measurement (default 60)\n"
           "  --delay-ms D         one-way delay between any two nodes (default 100)\n"
           "  --interval S         mean time between proof-of-work blocks (default 2)\n"
           "  --tx-rate R          transactions per second in each network (default 5)\n"
           "  --hash-rate H        hashes per second of each node (default 100000)\n"
           "  --json FILE          write the results to this file\n"
           "  --picture FILE       draw the results to this file, as SVG\n"
           "  --directory DIR      keep the nodes' data in this directory (default: a temporary\n"
           "                       directory, removed at the end)\n"
           "  --daemon FILE        the parleyd to run (default: the one next to this program)\n";
}

Expected<LiveOptions, UsageError> parse_live_options(const std::string& program,
                                                     const std::vector<std::string>& arguments) {
    LiveOptions options;
    options.daemon = (std::filesystem::path(program).parent_path() / "parleyd").string();
    const CommandLine line{
        "live",
        live_help(),
        {{"--nodes", number_option<size_t>(4, 16, options.nodes)},
         {"--consensus",
          {[&](const std::string& text) { return parse_consensus(text, options.consensus); },
           "pow, pbft or both"}},
         {"--seconds", number_option(1.0, 86'400.0, options.seconds)},
         {"--delay-ms", number_option(0.0, 60'000.0, options.delay_ms)},
         {"--interval", number_option(0.1, 3'600.0, options.interval_s)},
         {"--tx-rate", number_option(0.0, 1'000.0, options.transaction_rate)},
         {"--hash-rate", number_option<uint64_t>(1'000, 1'000'000'000, options.hash_rate)},
         {"--json", text_option(options.json_file)},
         {"--picture", text_option(options.picture_file)},
         {"--directory", text_option(options.directory)},
         {"--daemon", text_option(options.daemon)}}};
    if (const auto error = line.parse(arguments)) return Unexpected(*error);
    if (!std::filesystem::exists(options.daemon)) {
        return Unexpected(UsageError{fmt::format(
            "Error: {} does not exist. Build it first, or choose another file with --daemon.\n",
            options.daemon)});
    }
    return options;
}

}  // namespace parley::lab
