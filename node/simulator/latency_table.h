// LatencyTable: one-way delays between regions. A value; the world reads it for every message.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"

namespace parley::sim {

class LatencyTable {
 public:
    /// One region with one delay, also between nodes in it.
    static LatencyTable uniform(Duration delay);

    /// The six regions NA, EU, SA, AP, JP, AU with SimBlock's figures of 2019, used as one-way
    /// delays (Aoki et al., "SimBlock: A Blockchain Network Simulator", 2019).
    static LatencyTable six_regions_2019();

    /// `upper_triangle_ms` lists n(n+1)/2 entries row by row, including the diagonal.
    static LatencyTable from_upper_triangle(size_t regions,
                                            const std::vector<double>& upper_triangle_ms);

    /// A delay for each ordered pair, row by row; it may differ between the two directions.
    /// REQUIRES: regions * regions entries, none below zero.
    static LatencyTable from_matrix(size_t regions, std::vector<Duration> delays);

    size_t regions() const { return regions_; }
    /// REQUIRES: both below regions().
    Duration delay(size_t from, size_t to) const { return delays_[from * regions_ + to]; }

 private:
    size_t regions_ = 1;
    std::vector<Duration> delays_;
};

}  // namespace parley::sim
