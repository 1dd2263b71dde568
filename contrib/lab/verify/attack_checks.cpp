#include "contrib/lab/verify/attack_checks.h"

#include <fmt/format.h>

#include <cmath>

#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/selfish_mining.h"

namespace parley::lab {

std::vector<SelfishClaim> selfish_claims() {
    std::vector<SelfishClaim> claims;
    for (const double alpha : {.25, .35, .40}) {
        for (const double gamma : {0., .5, 1.})
            claims.push_back({alpha, gamma, selfish_revenue(alpha, gamma)});
    }
    return claims;
}

Findings check_selfish_mining(const std::vector<SelfishClaim>& claims, uint64_t heights,
                              const GoOn& go_on) {
    constexpr double kTolerance = 0.005;
    Findings findings;
    for (const SelfishClaim& claim : claims) {
        const SelfishResult run = run_selfish_mining(
            {claim.alpha, claim.gamma, heights, 1, [&](uint64_t) { return go_on(); }});
        findings.push_back(
            judge_rate(fmt::format("6.selfish.alpha={:g}.gamma={:g}.R", claim.alpha, claim.gamma),
                       100 * claim.revenue, 100 * kTolerance, run.revenue()));
    }
    return findings;
}

std::vector<DoubleSpendClaim> double_spend_claims() {
    std::vector<DoubleSpendClaim> claims;
    uint32_t confirmations = 0;
    for (const double success : {.2045873, .0509779, .0131722, .0034552, .0009137, .0002428})
        claims.push_back({DoubleSpendModel::nakamoto, .1, ++confirmations, success});
    confirmations = 0;
    for (const double success : {.2, .056, .01712})
        claims.push_back({DoubleSpendModel::rosenfeld, .1, ++confirmations, success});
    return claims;
}

Findings check_double_spends(const std::vector<DoubleSpendClaim>& claims, uint64_t attempts,
                             const GoOn& go_on) {
    constexpr double kStandardErrors = 3;
    Findings findings;
    for (const DoubleSpendClaim& claim : claims) {
        const Proportion run = run_double_spends({claim.model, claim.q, claim.confirmations,
                                                  attempts, 1, [&](uint64_t) { return go_on(); }});
        const double error =
            std::sqrt(claim.success * (1 - claim.success) / static_cast<double>(attempts));
        findings.push_back(
            judge_rate(fmt::format("6.double_spend.{}.q={:g}.z={}", to_string(claim.model), claim.q,
                                   claim.confirmations),
                       100 * claim.success, 100 * kStandardErrors * error, run));
    }
    return findings;
}

}  // namespace parley::lab
