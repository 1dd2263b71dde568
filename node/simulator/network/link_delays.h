// Tables of one-way delays for worlds in which each node is a region of its own, and the matrix of
// 2015. Pure functions.
#pragma once

#include <vector>

#include "node/simulator/latency_table.h"
#include "node/simulator/network/overlay.h"

namespace parley::sim {

/// The six regions of LatencyTable::six_regions_2019() with the figures of 2015, in its order.
LatencyTable six_regions_2015();

/// A region for each node of the overlay, with the delays of its links from their first node to the
/// second, and back. Pairs without a link get the mean, should they ever connect. REQUIRES: a delay
/// for each link.
LatencyTable link_delays(const Overlay& overlay, const std::vector<Duration>& there,
                         const std::vector<Duration>& back);
/// The same in both directions.
LatencyTable link_delays(const Overlay& overlay, const std::vector<Duration>& delays);

}  // namespace parley::sim
