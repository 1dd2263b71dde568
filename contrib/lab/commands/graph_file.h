// The file of `parley-lab race --graph`: miners with hash rates, and links with delays, as JSON:
//
//     {"interval_s": 600,
//      "miners": [{"name": "a", "hash": 500}, {"name": "b", "hash": 300}],
//      "links": [{"from": "a", "to": "b", "delay_s": 0.2}]}
//
// Links work in both directions. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"
#include "contrib/lab/model/mining_network.h"

namespace parley::lab {

struct MiningGraph {
    double interval_s = 0;  ///< mean time between all mined blocks
    MiningNetwork network;
};

/// Error: one sentence that names the place in the file, such as `links[3].to`.
Expected<MiningGraph, std::string> parse_graph(std::string_view text);

}  // namespace parley::lab
