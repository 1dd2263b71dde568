// LiveOptions: what `parley-lab live` was asked to do. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"

namespace parley::lab {

enum class Consensus : uint8_t { pow, pbft };
const char* to_string(Consensus consensus);

struct LiveOptions {
    size_t nodes = 4;  ///< of each network, 4 to 16
    std::vector<Consensus> consensus{Consensus::pow, Consensus::pbft};
    double seconds = 60;           ///< length of the measurement
    double delay_ms = 100;         ///< one-way delay between any two nodes
    double interval_s = 2;         ///< mean time between blocks, proof of work
    double transaction_rate = 5;   ///< transactions a second, for each network
    uint64_t hash_rate = 100'000;  ///< hashes a second, of each node
    std::string json_file;         ///< empty: none
    std::string picture_file;      ///< SVG; empty: none
    std::string directory;  ///< for the nodes' data; empty: a temporary one, removed at the end
    std::string daemon;     ///< path of parleyd
};

/// `program` is argv[0]: parleyd is expected beside it. The error is a sentence, or the help text
/// when that was asked for.
struct UsageError {
    std::string message;
    int exit_code = 1;
};
Expected<LiveOptions, UsageError> parse_live_options(const std::string& program,
                                                     const std::vector<std::string>& arguments);

/// What `parley-lab live --help` prints.
std::string live_help();

}  // namespace parley::lab
