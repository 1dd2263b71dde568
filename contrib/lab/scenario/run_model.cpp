#include <algorithm>
#include <chrono>
#include <limits>

#include "contrib/lab/scenario/run.h"

namespace parley::lab {

const char* to_string(Level level) {
    return level == Level::model ? "model" : "sim";
}

Expected<ScenarioRun, std::string> run_model(const Scenario& scenario,
                                             const ScenarioNetwork& network, uint64_t seed,
                                             const RunProceed& proceed) {
    if (scenario.consensus != ScenarioConsensus::pow)
        return Unexpected(std::string{"the level model knows proof of work only; choose sim"});
    if (scenario.transactions_per_s > 0)
        return Unexpected(std::string{"the level model knows no transactions; choose sim"});
    std::vector<Miner> miners;
    for (size_t i = 0; i < scenario.nodes; ++i)
        miners.push_back({std::to_string(i), scenario.shares[i]});
    const double transmission =
        scenario.bytes_per_second > 0
            ? static_cast<double>(scenario.block_bytes) / scenario.bytes_per_second
            : 0;
    std::vector<Link> links;
    for (size_t i = 0; i < network.overlay.links.size(); ++i) {
        const auto [from, to] = network.overlay.links[i];
        const std::chrono::duration<double> delay = network.delays[i];
        links.push_back({from, to, delay.count() + transmission});
    }
    const auto flooding = flooding_network(miners, links, scenario.interval_s);
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

double delivery_percentile(std::vector<Delivery> deliveries, double share) {
    std::sort(deliveries.begin(), deliveries.end(),
              [](const Delivery& a, const Delivery& b) { return a.seconds < b.seconds; });
    double total = 0;
    for (const Delivery& each : deliveries) total += each.blocks;
    double reached = 0;
    for (const Delivery& each : deliveries) {
        reached += each.blocks;
        if (reached >= share * total) return each.seconds;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace parley::lab
