// Chart: measurements and curves over an axis, as an SVG picture with axis titles, ticks, a legend
// and error bars. The axes always hold all of the data, so nothing is cut. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace parley::lab {

struct ChartPoint {
    double x = 0;
    double y = 0;
    std::optional<double> low;  ///< ends of the error bar
    std::optional<double> high;
};

enum class SeriesStyle : uint8_t { dots, rings, curve, dashed_curve, dots_and_line };

struct ChartSeries {
    std::string name;
    SeriesStyle style = SeriesStyle::dots;
    size_t colour = 0;  ///< index into a palette for colour-blind readers
    std::vector<ChartPoint> points;
};

struct Chart {
    std::string title;
    std::string x_title;
    std::string y_title;
    bool x_logarithmic = false;  ///< REQUIRES: all x > 0
    bool y_logarithmic = false;  ///< REQUIRES: all y > 0
    std::vector<ChartSeries> series;
};

std::string chart_svg(const Chart& chart);

struct Tick {
    double value = 0;
    std::string label;
};

/// The ticks of an axis from `low` to `high`, and the ends of the axis, which are ticks if it is
/// linear. REQUIRES: low <= high; logarithmic: low > 0.
struct Axis {
    double low = 0;
    double high = 1;
    bool logarithmic = false;
    std::vector<Tick> ticks;

    /// 0 at the low end and 1 at the high end.
    double place(double value) const;
};
Axis make_axis(double low, double high, bool logarithmic);

}  // namespace parley::lab
