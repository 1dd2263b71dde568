// LiveOptions: the options of `parley-lab live`. A value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/commands/arguments.h"

namespace parley::lab {

enum class Consensus : uint8_t { pow, pbft };
const char* to_string(Consensus consensus);

struct LiveOptions {
    size_t nodes = 4;  ///< per network, 4 to 16
    std::vector<Consensus> consensus{Consensus::pow, Consensus::pbft};
    double seconds = 60;           ///< length of the measurement
    double delay_ms = 100;         ///< one-way delay between any two nodes
    double interval_s = 2;         ///< mean time between blocks, proof of work
    double transaction_rate = 5;   ///< transactions per second, per network
    uint64_t hash_rate = 100'000;  ///< hashes per second, per node
    std::string json_file;         ///< empty: none
    std::string picture_file;      ///< SVG; empty: none
    std::string directory;         ///< for the nodes' data; empty: a temporary one
    std::string daemon;            ///< path of parleyd

    // For scenarios; the command has no options for these.
    /// Pairs of nodes, the first of which dials the second; empty: every pair is linked.
    std::vector<std::pair<size_t, size_t>> links;
    /// Proof of work: the mean time between blocks of each node, which it then makes without
    /// hashing; 0: it does not mine. Empty: nodes hash.
    std::vector<double> block_periods_s;
    size_t validators = 0;                    ///< PBFT: the first nodes; 0: all
    std::vector<std::string> node_arguments;  ///< further options of each daemon
};

/// `program` is argv[0]: parleyd is expected beside it.
Expected<LiveOptions, UsageError> parse_live_options(const std::string& program,
                                                     const std::vector<std::string>& arguments);

/// The output of `parley-lab live --help`.
std::string live_help();

}  // namespace parley::lab
