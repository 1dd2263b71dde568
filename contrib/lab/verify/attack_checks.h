// The acceptance points about attacks on proof of work: selfish mining and double spends against
// their formulas. Pure functions of their claims.
#pragma once

#include <cstdint>
#include <vector>

#include "contrib/lab/model/double_spend.h"
#include "contrib/lab/verify/check.h"

namespace parley::lab {

struct SelfishClaim {
    double alpha = 0;
    double gamma = 0;
    double revenue = 0;  ///< R, as a share
};
/// By the formula: alpha = .25, .35, .40 with gamma = 0, 1/2, 1.
std::vector<SelfishClaim> selfish_claims();
/// Within .005 of each.
Findings check_selfish_mining(const std::vector<SelfishClaim>& claims, uint64_t heights,
                              const GoOn& go_on);

struct DoubleSpendClaim {
    DoubleSpendModel model{};
    double q = 0.1;
    uint32_t confirmations = 1;
    double success = 0;  ///< as a share
};
/// Nakamoto's z = 1 to 6 and Rosenfeld's n = 1 to 3 for q = .1, as published.
std::vector<DoubleSpendClaim> double_spend_claims();
/// Within three standard errors of each.
Findings check_double_spends(const std::vector<DoubleSpendClaim>& claims, uint64_t attempts,
                             const GoOn& go_on);

}  // namespace parley::lab
