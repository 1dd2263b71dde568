// RunResult: the figures of one network's run, computed from the observations. Pure: no network and
// no clock, so tests use made-up observations.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "contrib/lab/live_options.h"
#include "contrib/lab/model/statistics.h"
#include "contrib/lab/observer.h"
#include "contrib/lab/workload.h"

namespace parley::lab {

/// A block in the picture.
struct PlacedBlock {
    int64_t height = 0;
    Seconds time = 0;  ///< when it first became a node's tip; negative: never
    bool stale = false;
};

struct RunResult {
    Consensus consensus = Consensus::pow;
    LiveOptions options;
    Seconds duration = 0;
    bool partial = false;  ///< interrupted; the nodes need not agree on the last heights

    uint64_t heights = 0;  ///< heights above genesis on which all nodes agree at the end
    uint64_t blocks = 0;   ///< all blocks up to that height
    uint64_t stale = 0;
    Proportion fork_rate;      ///< F_h: heights with two or more blocks / heights
    Proportion stale_of_all;   ///< S_t: stale / all blocks
    Proportion stale_of_main;  ///< S_m: stale / main-chain blocks. If it exceeds 1, the interval
                               ///< is meaningless
    double expected_fork_rate =
        0;  ///< first-order theory for the run's block rate and delay; 0 for PBFT
    /// Number of reorganisations over all nodes, by number of disconnected blocks.
    std::map<uint64_t, uint64_t> reorganisations;

    uint64_t sent = 0;
    uint64_t refused = 0;
    std::string last_refusal;
    uint64_t confirmed = 0;       ///< our transactions in the main chain at the end
    std::vector<Seconds> to_one;  ///< from the call to one confirmation, at the sending node
    std::vector<Seconds> to_six;
    double transactions_per_second = 0;  ///< confirmed transactions only
    double bytes_per_transaction = 0;    ///< on all links, per confirmed transaction
    double cpu_seconds = 0;
    bool agreed = true;    ///< all nodes had the same tip at the end
    Seconds settling = 0;  ///< after `duration`, until no tip could change any more

    std::vector<std::string> chain;  ///< the main chain from genesis

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
    Seconds settling = 0;
    bool partial = false;
    /// Heights above it are not compared.
    int64_t last_height = std::numeric_limits<int64_t>::max();
};

RunResult evaluate(const RunInput& input);

}  // namespace parley::lab
