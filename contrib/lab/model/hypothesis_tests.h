// Hypothesis tests: how likely a sample at least this strange is, if it really has the distribution
// that a model claims. Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace parley::lab {

struct TestResult {
    double statistic = 0;
    double p = 1;  ///< probability of such a statistic or a larger one under the hypothesis
};

/// Kolmogorov-Smirnov, one sample against a continuous distribution. `distribution` gives the
/// probability of a value not above its argument. The p value is asymptotic: for samples of
/// hundreds or more. REQUIRES: a sample that is not empty.
TestResult kolmogorov_smirnov(std::vector<double> sample,
                              const std::function<double(double)>& distribution);

/// Pearson's chi-squared test of counts against expected probabilities, with one degree of freedom
/// less than there are classes. The classes whose expected count is below 5 are taken together.
/// REQUIRES: as many counts as probabilities, at least two.
TestResult chi_squared(const std::vector<uint64_t>& counts,
                       const std::vector<double>& probabilities);

}  // namespace parley::lab
