// The acceptance points about whole networks: published stale rates on an overlay with latencies of
// regions, and the headline figure. Deterministic, except for the daemons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contrib/lab/verify/check.h"
#include "net/peer/net_options.h"

namespace parley::lab {

/// A row of Gervais et al. 2016: S_t in percent of 16 pools.
struct NetworkRow {
    std::string name;
    double interval_s = 0;  ///< nominal
    double standard = 0;    ///< inv
    double push = 0;        ///< unsolicited push
};
std::vector<NetworkRow> network_rows();

/// Point 5, second half: 2,000 nodes in the regions of 2015, with Pareto delays; 16 pools with
/// 100 Mb/s and 700 links each, linked to each other, as in the program of the paper; blocks as
/// large as the interval is long. S_t within a factor of 1.5 for each relay, and less for push than
/// for inv. A block waits in the uplinks for its own copies, not for other blocks (block_flood.h).
Findings check_network_rows(const std::vector<NetworkRow>& rows, uint64_t heights,
                            const GoOn& go_on);

/// F_h in percent that 16 equal nodes of a mesh shall have.
struct HeadlinePoint {
    double lambda_delta = 0;
    double forked_heights = 0;
};
std::vector<HeadlinePoint> headline_points();  ///< point 9
/// Point 9: whole nodes of the simulator follow the table within 3 standard errors; PBFT has no
/// fork on the same network.
Findings check_headline(const std::vector<HeadlinePoint>& points, uint64_t heights,
                        const GoOn& go_on);

/// Point 9, second half: S_t of 4 daemons with an injected delay and of the simulator, at three
/// points, within 1.96 standard errors of each other. `daemon`: path of parleyd.
Findings check_live(const std::string& daemon, uint64_t heights, const GoOn& go_on);

}  // namespace parley::lab
