// The acceptance points about the abstract mining race: the interval law, fork rates against exact
// results, tables and the propagation of the run itself, and a partition. Pure functions of their
// claims and seeds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contrib/lab/model/mining_race.h"
#include "contrib/lab/verify/check.h"

namespace parley::lab {

/// Hash shares of the 16 largest pools of Bitcoin in 2016 (Gervais et al. 2016). Rounded: the sum
/// is 1.001.
std::vector<double> pool_shares_2016();

/// Blocks as they were found.
struct MiningSample {
    std::vector<double> intervals_s;  ///< between one block and the next
    std::vector<uint64_t> blocks;     ///< of each miner
};
/// `seeds` runs of `blocks` blocks each, pooled.
MiningSample mining_sample(const std::vector<double>& shares, double interval_s, uint64_t blocks,
                           uint64_t seeds);
/// Point 1: an exponential law with the claimed mean (within 1 %; Kolmogorov-Smirnov p > 0.01), and
/// blocks by claimed share (chi-squared p > 0.01).
Findings judge_interval_law(const MiningSample& sample, double claimed_interval_s,
                            const std::vector<double>& claimed_shares);

/// Rates in percent that a network of equal miners with a uniform delay shall have.
struct RateClaim {
    size_t miners = 2;
    double lambda_delta = 1;
    double forked_heights = 0;  ///< F_h
    double stale_of_all = 0;    ///< S_t
    double tolerance = 0;       ///< of S_t, in points; or,
    bool relative = false;      ///< of both, in percent of the expected value
};
std::vector<RateClaim> two_miner_claims();  ///< point 2, exact
std::vector<RateClaim> table_claims();      ///< point 2, n = 4 and 16
Findings check_rates(const std::vector<RateClaim>& claims, uint64_t heights, const GoOn& go_on);

/// Point 3: main-chain blocks for each mined block, of 64 equal miners at lambda Delta = 1.
Findings check_growth(double claimed, double tolerance, uint64_t heights, const GoOn& go_on);

struct TimeScale {
    double interval_s = 0;
    double delay_s = 0;
};
/// Point 3: S_t of 16 miners depends on delay_s / interval_s only. Each scale is compared with the
/// first, in standard errors between seeds; at most 3 are accepted.
Findings check_time_scales(const std::vector<TimeScale>& scales, uint64_t heights,
                           const GoOn& go_on);

/// Point 4: F_h of a run is 1 - e^-(integral of 1 - f), within 5 %; the integral in intervals.
Finding judge_decker(std::string name, const RaceResult& run, double integral);
/// On random overlays with random delays.
Findings check_decker(uint64_t heights, const GoOn& go_on);

/// A row of Gervais et al. 2016: the delay between any two pools that gives the stale rate, if
/// blocks come every 1.0516 nominal intervals.
struct PoolRow {
    std::string name;
    double interval_s = 0;    ///< nominal
    double delay_s = 0;       ///< D_eff
    double stale_of_all = 0;  ///< S_t, in percent
};
std::vector<PoolRow> pool_rows();  ///< point 5, standard relay
/// Within 5 % of each.
Findings check_pool_rows(const std::vector<PoolRow>& rows, uint64_t heights, const GoOn& go_on);

/// Point 7: a minority of 3 of 10 equal miners is cut off for `intervals`; what it mines meanwhile
/// is stale afterwards. Mean over `seeds` runs, and in how many the minority's branch won.
Findings check_partition(double claimed_stale, double intervals, uint64_t seeds, const GoOn& go_on);

}  // namespace parley::lab
