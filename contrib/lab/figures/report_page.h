// The page of `parley-lab report`: results, figures, definitions and methods as one HTML file that
// needs no other file and no network. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/figures/figures.h"

namespace parley::lab {

/// `files`: those that the results came from.
std::string report_page(const std::vector<std::string>& files,
                        const std::vector<ResultPoint>& points, const std::vector<Figure>& figures);

}  // namespace parley::lab
