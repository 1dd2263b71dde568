// Runs of a scenario at one of its levels, with the same figures for each: `model`, the abstract
// mining race without node code, `sim`, whole nodes in virtual time, and `live`, daemons in real
// time (live_run.h). The first two are deterministic for a seed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/model/mining_race.h"
#include "contrib/lab/scenario/run_trace.h"
#include "contrib/lab/scenario/scenario_network.h"
#include "node/simulator/world.h"

namespace parley::lab {

enum class Level : uint8_t { model, sim, live };
const char* to_string(Level level);
std::optional<Level> level_named(const std::string& name);

/// How long a block took to a node, and how many blocks took so long.
struct Delivery {
    double seconds = 0;
    double blocks = 0;
};

struct ScenarioRun {
    uint64_t seed = 0;
    /// Heights, blocks and reorganisations. PBFT: nobody mines, so main and mined stay 0.
    RaceResult race;
    std::vector<Delivery> deliveries;  ///< not sorted; none for PBFT
    /// By command; level sim only.
    std::map<std::string, sim::Traffic, std::less<>> traffic;
    uint64_t submitted = 0;  ///< transactions
    uint64_t confirmed = 0;
    RunTrace trace;          ///< the beginning of the run; none at level model
    uint64_t conflicts = 0;  ///< violations of safety that the simulator's checker has seen
};

/// Called with the heights reached; false ends the run.
using RunProceed = std::function<bool(uint64_t)>;

/// Error: a sentence, if the model cannot take the scenario.
Expected<ScenarioRun, std::string> run_model(const Scenario& scenario,
                                             const ScenarioNetwork& network, uint64_t seed,
                                             const RunProceed& proceed);

Expected<ScenarioRun, std::string> run_sim(const Scenario& scenario, const ScenarioNetwork& network,
                                           uint64_t seed, const RunProceed& proceed);

/// Deliveries in the order of their times.
class DeliveryTimes {
 public:
    explicit DeliveryTimes(std::vector<Delivery> deliveries);
    bool empty() const { return deliveries_.empty(); }
    /// Seconds after which the share `share` of all deliveries was made. NaN for none.
    double percentile(double share) const;

 private:
    std::vector<Delivery> deliveries_;
    double total_ = 0;  ///< blocks
};

}  // namespace parley::lab
