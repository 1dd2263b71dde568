#include "contrib/lab/live_options.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <functional>
#include <map>

namespace parley::lab {
namespace {

template <class T>
bool parse_number(const std::string& text, T low, T high, T& target) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
        return false;
    target = value;
    return true;
}

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
           "the end.\n"
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
    const auto text_into = [](std::string& target) {
        return [&target](const std::string& text) {
            target = text;
            return !text.empty();
        };
    };
    const std::map<std::string, std::function<bool(const std::string&)>> takers{
        {"--nodes",
         [&](const std::string& t) { return parse_number<size_t>(t, 4, 16, options.nodes); }},
        {"--consensus",
         [&](const std::string& t) { return parse_consensus(t, options.consensus); }},
        {"--seconds",
         [&](const std::string& t) { return parse_number(t, 1.0, 86'400.0, options.seconds); }},
        {"--delay-ms",
         [&](const std::string& t) { return parse_number(t, 0.0, 60'000.0, options.delay_ms); }},
        {"--interval",
         [&](const std::string& t) { return parse_number(t, 0.1, 3'600.0, options.interval_s); }},
        {"--tx-rate",
         [&](const std::string& t) {
             return parse_number(t, 0.0, 1'000.0, options.transaction_rate);
         }},
        {"--hash-rate",
         [&](const std::string& t) {
             return parse_number<uint64_t>(t, 1'000, 1'000'000'000, options.hash_rate);
         }},
        {"--json", text_into(options.json_file)},
        {"--picture", text_into(options.picture_file)},
        {"--directory", text_into(options.directory)},
        {"--daemon", text_into(options.daemon)},
    };
    for (size_t i = 0; i < arguments.size(); ++i) {
        std::string name = arguments[i];
        if (name == "--help" || name == "-h") return Unexpected(UsageError{live_help(), 0});
        std::string value;
        if (const size_t equals = name.find('='); equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        } else if (i + 1 < arguments.size()) {
            value = arguments[++i];
        }
        const auto taker = takers.find(name);
        if (taker == takers.end()) {
            return Unexpected(UsageError{
                fmt::format("Error: unknown option {}. Try parley-lab live --help.\n", name)});
        }
        if (!taker->second(value)) {
            return Unexpected(UsageError{
                fmt::format("Error: invalid value for {}: \"{}\". Try parley-lab live --help.\n",
                            name, value)});
        }
    }
    if (!std::filesystem::exists(options.daemon)) {
        return Unexpected(UsageError{fmt::format(
            "Error: {} does not exist. Build it first, or choose another file with --daemon.\n",
            options.daemon)});
    }
    return options;
}

}  // namespace parley::lab
