#include <algorithm>
#include <limits>

#include "contrib/lab/scenario/run.h"

namespace parley::lab {

const char* to_string(Level level) {
    switch (level) {
        case Level::model:
            return "model";
        case Level::sim:
            return "sim";
        case Level::live:
            return "live";
    }
    return "";
}

std::optional<Level> level_named(const std::string& name) {
    for (const Level level : {Level::model, Level::sim, Level::live}) {
        if (name == to_string(level)) return level;
    }
    return std::nullopt;
}

Expected<ScenarioRun, std::string> run_model(const Scenario& scenario,
                                             const ScenarioNetwork& network, uint64_t seed,
                                             const RunProceed& proceed) {
    if (scenario.consensus != ScenarioConsensus::pow)
        return Unexpected(
            std::string{"the level model knows proof of work only; choose sim or live"});
    if (scenario.transactions_per_s > 0)
        return Unexpected(std::string{"the level model knows no transactions; choose sim or live"});
    const auto flooding = flooding_miners(scenario, network);
    if (!flooding) return Unexpected(flooding.error());
    RaceOptions options;
    options.heights = scenario.heights;
    options.seed = seed;
    options.proceed = proceed;
    ScenarioRun run;
    run.seed = seed;
    run.race = run_race(*flooding, options);
    for (size_t from = 0; from < scenario.nodes; ++from) {
        if (run.race.mined[from] == 0) continue;
        for (size_t to = 0; to < scenario.nodes; ++to) {
            if (to == from) continue;
            run.deliveries.push_back({scenario.interval_s * to_intervals(flooding->delay(from, to)),
                                      static_cast<double>(run.race.mined[from])});
        }
    }
    return run;
}

DeliveryTimes::DeliveryTimes(std::vector<Delivery> deliveries)
    : deliveries_(std::move(deliveries)) {
    std::sort(deliveries_.begin(), deliveries_.end(),
              [](const Delivery& a, const Delivery& b) { return a.seconds < b.seconds; });
    for (const Delivery& each : deliveries_) total_ += each.blocks;
}

double DeliveryTimes::percentile(double share) const {
    double reached = 0;
    for (const Delivery& each : deliveries_) {
        reached += each.blocks;
        if (reached >= share * total_) return each.seconds;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace parley::lab
