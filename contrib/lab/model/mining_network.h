// MiningNetwork: the miners of the abstract model, their hash shares, and how long a block takes
// from each to each. A value.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "contrib/lab/model/mining_process.h"

namespace parley::lab {

/// The delays are a matrix with a cell for each pair: 1,024 miners need 8 MB.
inline constexpr size_t kMinersMax = 1'024;

/// Longer delays, in intervals, leave a network in which forks hardly ever end.
inline constexpr double kDelayMax = 50;

/// Published shares are rounded to three digits, so that those of 16 pools may add up to 1.001.
inline constexpr double kShareSumTolerance = 0.005;

struct MiningNetwork {
    std::vector<std::string> names;  ///< one for each miner
    std::vector<double> shares;      ///< of the hash rate; sum 1
    /// One-way delays in model time, row by row: from miner i to miner j at i * size() + j. Never
    /// longer than a detour, and 0 on the diagonal: a block follows its parent everywhere.
    std::vector<ModelTime> delays;

    size_t size() const { return shares.size(); }
    ModelTime delay(size_t from, size_t to) const { return delays[from * size() + to]; }

    /// The integral of 1 - f(t), in intervals, for blocks of the miner `from`: f is the share of
    /// the hash rate that has such a block after the time t.
    double hash_weighted_delay(size_t from) const;
};

/// Divides by the sum. Error, one sentence: a share is negative or no number, the sum is not 1, or
/// there are too many.
Expected<std::vector<double>, std::string> normalised_shares(std::vector<double> shares);

/// The same delay, `lambda_delta` intervals, between any two miners. The names are "1", "2", ...
/// Error, one sentence, for invalid shares or a delay outside [0, kDelayMax].
Expected<MiningNetwork, std::string> uniform_network(std::vector<double> shares,
                                                     double lambda_delta);

/// Gives each pair the delay of a detour over a miner if that is shorter.
void shorten_detours(MiningNetwork& network);

struct Miner {
    std::string name;
    double hash = 0;  ///< hash rate, in any unit that all miners share
};

/// A connection between two miners, for blocks in both directions.
struct Link {
    size_t from = 0;
    size_t to = 0;
    double delay_s = 0;
    std::optional<double> back_s{};  ///< from `to` to `from`; empty: the same
};

/// Blocks flood along the links: a miner forwards a block as soon as it has it, so the block takes
/// the shortest path. Error, one sentence: no hash power, too many miners, a pair of miners that no
/// path connects, or a delay of more than kDelayMax intervals. REQUIRES: indices of links in range,
/// no negative number.
Expected<MiningNetwork, std::string> flooding_network(const std::vector<Miner>& miners,
                                                      const std::vector<Link>& links,
                                                      double interval_s);

}  // namespace parley::lab
