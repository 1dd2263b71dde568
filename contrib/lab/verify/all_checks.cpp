#include <algorithm>

#include "contrib/lab/scenario/live_run.h"
#include "contrib/lab/verify/attack_checks.h"
#include "contrib/lab/verify/byzantine_worlds.h"
#include "contrib/lab/verify/check.h"
#include "contrib/lab/verify/determinism_checks.h"
#include "contrib/lab/verify/network_checks.h"
#include "contrib/lab/verify/pbft_checks.h"
#include "contrib/lab/verify/race_checks.h"

namespace parley::lab {
namespace {

/// The larger figure for a full run.
uint64_t amount(Effort effort, uint64_t quick, uint64_t full) {
    return effort == Effort::quick ? quick : full;
}

std::vector<Check> race_checks() {
    return {{"1.interval_law", 2, true,
             [](Effort effort, const GoOn&) {
                 const auto shares = *normalised_shares(pool_shares_2016());
                 const auto sample = mining_sample(shares, 600, 100'000, amount(effort, 1, 10));
                 return judge_interval_law(sample, 600, shares);
             }},
            {"2.two_equal_miners", 8, true,
             [](Effort effort, const GoOn& go_on) {
                 return check_rates(two_miner_claims(), amount(effort, 300'000, 4'000'000), go_on);
             }},
            {"2.equal_miners", 40, true,
             [](Effort effort, const GoOn& go_on) {
                 return check_rates(table_claims(), amount(effort, 150'000, 4'000'000), go_on);
             }},
            {"3.growth", 3, true,
             [](Effort effort, const GoOn& go_on) {
                 return check_growth(.509, .005, amount(effort, 50'000, 1'000'000), go_on);
             }},
            {"3.time_scale", 12, true,
             [](Effort effort, const GoOn& go_on) {
                 return check_time_scales({{600, 60}, {10, 1}, {.5, .05}},
                                          amount(effort, 100'000, 4'000'000), go_on);
             }},
            {"4.decker", 8, true,
             [](Effort effort, const GoOn& go_on) {
                 return check_decker(amount(effort, 50'000, 1'000'000), go_on);
             }},
            {"5.gervais.standard", 30, true, [](Effort effort, const GoOn& go_on) {
                 return check_pool_rows(pool_rows(), amount(effort, 600'000, 4'000'000), go_on);
             }}};
}

/// Takes what the others leave of the budget.
Check byzantine_check() {
    constexpr uint64_t kWorlds = 10'000;
    return {"8.pbft.safety", 10, true, {}, [](double seconds, const GoOn& go_on) {
                constexpr double kLastWorlds = 1;  // that have begun
                return judge_byzantine_worlds(
                    run_byzantine_worlds(kWorlds, std::max(seconds - kLastWorlds, kQuickSeconds),
                                         ByzantineControl::none, go_on),
                    kWorlds);
            }};
}

}  // namespace

std::vector<Check> all_checks() {
    std::vector<Check> checks = race_checks();
    checks.push_back({"6.selfish_mining", 5, true, [](Effort effort, const GoOn& go_on) {
                          return check_selfish_mining(selfish_claims(),
                                                      amount(effort, 200'000, 4'000'000), go_on);
                      }});
    checks.push_back({"6.double_spend", 20, true, [](Effort effort, const GoOn& go_on) {
                          return check_double_spends(double_spend_claims(),
                                                     amount(effort, 100'000, 1'000'000), go_on);
                      }});
    checks.push_back({"7.partition", 1, true, [](Effort effort, const GoOn& go_on) {
                          return check_partition(30, 100, amount(effort, 200, 200), go_on);
                      }});
    checks.push_back({"8.pbft.decisions", 20, true, [](Effort effort, const GoOn&) {
                          return check_pbft_decisions(effort == Effort::quick
                                                          ? std::vector<size_t>{4, 7}
                                                          : std::vector<size_t>{4, 7, 10, 16});
                      }});
    checks.push_back({"8.pbft.equivocators", 30, true, [](Effort effort, const GoOn& go_on) {
                          return check_pbft_safety(amount(effort, 2, 100), go_on);
                      }});
    checks.push_back({"5.gervais.network", 60, false, [](Effort, const GoOn& go_on) {
                          return check_network_rows(network_rows(), 400'000, go_on);
                      }});
    checks.push_back({"9.headline", 60, true, [](Effort effort, const GoOn& go_on) {
                          auto points = headline_points();
                          // The heights of a quick run are too few to tell small rates apart.
                          if (effort == Effort::quick)
                              points.erase(points.begin(), points.end() - 2);
                          return check_headline(points, amount(effort, 60, 2'000), go_on);
                      }});
    checks.push_back({"9.live", 300, false, [](Effort, const GoOn& go_on) {
                          return check_live(default_daemon(), 150, go_on);
                      }});
    checks.push_back({"10.determinism", 5, true, [](Effort effort, const GoOn&) {
                          return check_determinism(amount(effort, 50, 500));
                      }});
    checks.push_back(byzantine_check());
    return checks;
}

}  // namespace parley::lab
