// RunResult: the figures of one network's run, worked out from what was observed. Pure: no network,
// no clock; tested with made-up observations.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "contrib/lab/live_options.h"
#include "contrib/lab/observer.h"
#include "contrib/lab/statistics.h"
#include "contrib/lab/workload.h"

namespace parley::lab {

/// A block as the picture shows it.
struct PlacedBlock {
    int64_t height = 0;
    Seconds time = 0;  ///< when the first node had it as its tip; negative: none ever had
    bool stale = false;
};

struct RunResult {
    Consensus consensus = Consensus::pow;
    LiveOptions options;
    Seconds duration = 0;

    uint64_t heights = 0;  ///< heights above genesis on which all nodes agree at the end
    uint64_t blocks = 0;   ///< all blocks up to that height: mined, or ordered
    uint64_t stale = 0;
    Proportion fork_rate;      ///< F_h: heights with two blocks or more / heights
    Proportion stale_of_all;   ///< S_t: stale / all blocks
    Proportion stale_of_main;  ///< S_m: stale / main-chain blocks. May exceed 1, then the interval
                               ///< means nothing
    double expected_fork_rate =
        0;  ///< of theory, first order, at the block rate and delay of the run; 0 for PBFT
    /// Blocks that a node gave up at once -> how often, over all nodes.
    std::map<uint64_t, uint64_t> reorganisations;

    uint64_t sent = 0;
    uint64_t refused = 0;
    std::string last_refusal;
    uint64_t confirmed = 0;       ///< transactions of ours in the main chain at the end
    std::vector<Seconds> to_one;  ///< from the call to one confirmation, at the sending node
    std::vector<Seconds> to_six;
    double transactions_per_second = 0;  ///< confirmed ones
    double bytes_per_transaction = 0;    ///< on all links, for each confirmed transaction
    double cpu_seconds = 0;
    bool agreed = true;  ///< all nodes had one tip at the end

    std::vector<PlacedBlock> placed;
};

struct RunInput {
    Consensus consensus = Consensus::pow;
    LiveOptions options;
    Seconds duration = 0;
    Observations seen;
    std::map<std::string, SentTransaction> sent;
    uint64_t refused = 0;
    std::string last_refusal;
    uint64_t bytes = 0;
    double cpu_seconds = 0;
};

RunResult evaluate(const RunInput& input);

}  // namespace parley::lab
