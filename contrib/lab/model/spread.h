// Spread: mean and standard deviation of repeated measurements. A value; pure functions.
#pragma once

#include <cstddef>
#include <vector>

namespace parley::lab {

struct Spread {
    double mean = 0;
    double deviation = 0;  ///< standard deviation of a single measurement; 0 for fewer than two
    size_t count = 0;

    /// Of the mean.
    double standard_error() const;
};
Spread spread_of(const std::vector<double>& values);

/// The factor of the standard error for a two-sided 95 % interval (Student's t).
double student_95(size_t degrees_of_freedom);

}  // namespace parley::lab
