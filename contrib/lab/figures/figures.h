// The figures of a report: charts of results, with theory beside them. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "contrib/lab/figures/chart.h"
#include "contrib/lab/figures/result_file.h"

namespace parley::lab {

struct Figure {
    std::string file;  ///< its name without ".svg"
    Chart chart;
    std::string caption;
};

/// Those for which there are results: F_h, S_t, S_m and growth against lambda Delta with theory,
/// proof of work against PBFT, propagation, and depths of reorganisations.
std::vector<Figure> make_figures(const std::vector<ResultPoint>& points);

/// S_t of the same scenario at two levels.
struct Agreement {
    std::string what;
    std::string first_level;
    std::string second_level;
    double first = 0;
    double second = 0;
    double sigma = 0;  ///< difference in standard errors
    bool agree() const { return sigma <= 1.96; }
};

/// Of each scenario that ran at several levels with the same changes, each pair of levels that have
/// blocks.
std::vector<Agreement> compare_levels(const std::vector<ResultPoint>& points);

}  // namespace parley::lab
