// The results of `parley-lab race` as text and as JSON, theory beside them. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/model/mining_network.h"
#include "contrib/lab/model/mining_race.h"
#include "contrib/lab/model/selfish_mining.h"

namespace parley::lab {

/// One run, for the spread between seeds.
struct SeedResult {
    uint64_t seed = 0;
    RaceResult result;
};

struct RaceReport {
    MiningNetwork network;
    /// The uniform delay in intervals. Empty: the network is a graph.
    std::optional<double> lambda_delta;
    /// The mean time between all mined blocks. Empty: the interval is the unit of time.
    std::optional<double> interval_s;
    uint64_t requested_heights = 0;
    std::vector<SeedResult> seeds;
    RaceResult total;  ///< of all seeds
};

std::string race_text(const RaceReport& report);
std::string race_json(const RaceReport& report);

struct SelfishReport {
    double alpha = 0;
    double gamma = 0;
    uint64_t first_seed = 0;
    uint64_t seeds = 0;
    SelfishResult total;
};

std::string selfish_text(const SelfishReport& report);
std::string selfish_json(const SelfishReport& report);

}  // namespace parley::lab
