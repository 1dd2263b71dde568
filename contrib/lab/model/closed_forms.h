// Closed forms: what theory says about forks, selfish mining and double spends, to print beside a
// measurement. Floating point is for reports only. Pure functions.
//
// lambda is the rate of all mined blocks and Delta the one-way delay between miners, so that
// `lambda_delta` is the delay in mean block intervals.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace parley::lab {

/// The three rates that papers mix up, and chain growth.
struct ForkRates {
    /// F_h: main-chain heights with two or more blocks / heights.
    double forked_heights = 0;
    /// S_t: stale blocks / all mined blocks.
    double stale_of_all = 0;
    /// S_m: stale blocks / main-chain blocks.
    double stale_of_main = 0;
    /// Main-chain blocks for each mined block: growth / lambda.
    double growth = 1;
};

/// Infinitely many small miners, of which none has seen its own last block before the others.
ForkRates many_small_miners(double lambda_delta);

/// First order in lambda_delta: at most one block beside each main-chain block, stale blocks
/// proportional to (1 - sum of squared shares) lambda_delta. REQUIRES: shares that add up to 1.
ForkRates finite_miners(const std::vector<double>& shares, double lambda_delta);

/// Exact for two miners, of which one has the share `share` (Sompolinsky & Zohar, "Secure
/// High-Rate Transaction Processing in Bitcoin", 2015). REQUIRES: 0 < share < 1.
ForkRates two_miners(double share, double lambda_delta);

/// The probability of a fork (F_h) if a block is found in a second with the probability
/// `block_probability`, and `integral` is that of 1 - f(t) in seconds; f is the share of the hash
/// rate that has a block t seconds after it was found (Decker & Wattenhofer, "Information
/// Propagation in the Bitcoin Network", 2013).
double decker_fork_probability(double block_probability, double integral);

/// The share of main-chain blocks of a selfish miner with the hash share `alpha`; in a tie the
/// share `gamma` of the honest miners extends its branch (Eyal & Sirer, "Majority is not Enough",
/// 2014, eq. 8). Exact without delays. REQUIRES: 0 <= alpha < 1/2, 0 <= gamma <= 1.
double selfish_revenue(double alpha, double gamma);

/// The hash share above which selfish mining pays (ibid., eq. 9).
double selfish_threshold(double gamma);

/// The probability that an attacker with the hash share `q` overtakes `z` confirmations, if its
/// progress meanwhile is a Poisson variable (Nakamoto, "Bitcoin", 2008, section 11).
/// REQUIRES: 0 <= q < 1/2.
double nakamoto_double_spend(double q, uint32_t z);

/// The same with the attacker's exact, negative binomial progress, and one block that it mined
/// before it paid (Rosenfeld, "Analysis of Hashrate-Based Double Spending", 2014, eq. 1).
/// REQUIRES: 0 <= q < 1/2, n >= 1.
double rosenfeld_double_spend(double q, uint32_t n);

/// The smallest number of confirmations, at most `limit`, at which `probability(q, z)` is not above
/// `risk`.
std::optional<uint32_t> confirmations_for(double (*probability)(double, uint32_t), double q,
                                          double risk, uint32_t limit);

}  // namespace parley::lab
