#include "node/simulator/latency_table.h"

#include <utility>

#include "base/check.h"

namespace parley::sim {

LatencyTable LatencyTable::uniform(Duration delay) {
    LatencyTable table;
    table.delays_ = {delay};
    return table;
}

LatencyTable LatencyTable::six_regions_2019() {
    return from_upper_triangle(6, {32, 124, 184, 198, 151, 189,  // NA
                                   11, 227, 237, 252, 294,       // EU
                                   88, 325, 301, 322,            // SA
                                   85, 58,  198,                 // AP
                                   12, 126,                      // JP
                                   16});                         // AU
}

LatencyTable LatencyTable::from_matrix(size_t regions, std::vector<Duration> delays) {
    CHECK(delays.size() == regions * regions);
    LatencyTable table;
    table.regions_ = regions;
    table.delays_ = std::move(delays);
    return table;
}

LatencyTable LatencyTable::from_upper_triangle(size_t regions,
                                               const std::vector<double>& upper_triangle_ms) {
    CHECK(upper_triangle_ms.size() == regions * (regions + 1) / 2);
    LatencyTable table;
    table.regions_ = regions;
    table.delays_.resize(regions * regions);
    size_t next = 0;
    for (size_t row = 0; row < regions; ++row) {
        for (size_t column = row; column < regions; ++column) {
            const Duration delay{static_cast<int64_t>(upper_triangle_ms[next++] * 1000)};
            table.delays_[row * regions + column] = delay;
            table.delays_[column * regions + row] = delay;
        }
    }
    return table;
}

}  // namespace parley::sim
