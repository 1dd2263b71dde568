// The files that `run`, `sweep` and `compare` write with --out, read again for a report. Pure
// functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/model/statistics.h"
#include "contrib/lab/scenario/run_trace.h"

namespace parley::lab {

/// One scenario, its seeds counted together.
struct ResultPoint {
    std::string title;
    std::string level;
    std::string consensus;
    std::string varied;  ///< "key=value key=value"
    bool partial = false;
    uint64_t nodes = 0;
    uint64_t seeds = 0;
    double interval_s = 0;
    std::optional<double> lambda_delta;
    uint64_t heights = 0;
    uint64_t forked = 0;
    uint64_t blocks = 0;
    std::optional<double> growth;
    std::optional<double> decker;  ///< F_h expected from the run's own propagation
    std::vector<double> shares;
    std::map<uint64_t, uint64_t> reorganisations;  ///< by depth
    std::vector<double> percentiles_s;             ///< of deliveries, 0 to 100 %; may be empty
    RunTrace trace;                                ///< of the first seed
    uint64_t messages = 0;
    uint64_t bytes = 0;

    uint64_t stale() const { return blocks - heights; }
    Proportion forked_heights() const { return {forked, heights}; }
    Proportion stale_of_all() const { return {stale(), blocks}; }
    Proportion stale_of_main() const { return {stale(), heights}; }
    /// "PoW, model, key=value": what tells it from others of the same scenario.
    std::string name() const;
};

/// Error: a sentence that names the member that is missing or of the wrong type.
Expected<std::vector<ResultPoint>, std::string> parse_results(std::string_view text);

}  // namespace parley::lab
