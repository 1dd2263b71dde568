#include "contrib/lab/figures/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "contrib/lab/figures/svg.h"

namespace parley::lab {
namespace {

constexpr double kWidth = 560;
constexpr double kLeft = 74;
constexpr double kTop = 40;
constexpr double kPlotWidth = kWidth - kLeft - 20;
constexpr double kPlotHeight = 270;
constexpr double kLegendTop = kTop + kPlotHeight + 66;
constexpr double kLegendLine = 19;

/// Okabe & Ito, "Color Universal Design", 2008, without yellow, which is too bright on white.
constexpr const char* kPalette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                    "#56b4e9", "#e69f00", "#000000"};

const char* colour_of(const ChartSeries& series) {
    return kPalette[series.colour % std::size(kPalette)];
}

struct Bounds {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

class Plot {
 public:
    explicit Plot(const Chart& chart) : chart_(chart) {
        Bounds xs;
        Bounds ys;
        for (const ChartSeries& series : chart.series) {
            for (const ChartPoint& point : series.points) {
                xs.include(point.x);
                ys.include(point.y);
                // An error bar that reaches 0 has no place on a logarithmic axis.
                if (point.low && (!chart.y_logarithmic || *point.low > 0)) ys.include(*point.low);
                if (point.high) ys.include(*point.high);
            }
        }
        if (xs.low > xs.high) xs = {0, 1};
        if (ys.low > ys.high) ys = {0, 1};
        if (!chart.x_logarithmic) xs.include(0);
        if (!chart.y_logarithmic) ys.include(0);
        x_ = make_axis(xs.low, xs.high, chart.x_logarithmic);
        if (counts_on_x()) {
            std::erase_if(x_.ticks, [](const Tick& tick) { return !is_whole(tick.value); });
        }
        y_ = make_axis(ys.low, ys.high, chart.y_logarithmic);
    }

    std::string draw() {
        svg_.text(kLeft, kTop - 16, chart_.title, "font-size=\"15\" font-weight=\"bold\"");
        draw_axes();
        // Curves first: measurements stay visible on them.
        for (const bool curves : {true, false}) {
            for (const ChartSeries& series : chart_.series) {
                if (is_curve(series) == curves) draw_series(series);
            }
        }
        for (size_t i = 0; i < chart_.series.size(); ++i) draw_legend(chart_.series[i], i);
        const double legend = kLegendLine * static_cast<double>(chart_.series.size());
        return svg_.finish(kWidth, kLegendTop + legend);
    }

 private:
    static bool is_whole(double value) { return std::abs(value - std::round(value)) < 1e-9; }
    /// There is nothing between two whole numbers.
    bool counts_on_x() const {
        if (chart_.x_logarithmic) return false;
        for (const ChartSeries& series : chart_.series) {
            for (const ChartPoint& point : series.points) {
                if (!is_whole(point.x)) return false;
            }
        }
        return true;
    }
    /// To the side, so that the error bars of several series at the same place stay visible.
    double shift(const ChartSeries& series) const {
        constexpr double kApart = 5;
        if (series.style != SeriesStyle::dots) return 0;
        double before = 0;
        double all = 0;
        for (const ChartSeries& each : chart_.series) {
            if (each.style != SeriesStyle::dots) continue;
            all += 1;
            if (&each < &series) before += 1;
        }
        return kApart * (before - (all - 1) / 2);
    }

    double x(double value) const { return kLeft + kPlotWidth * x_.place(value); }
    double y(double value) const { return kTop + kPlotHeight * (1 - y_.place(value)); }

    void draw_axes() {
        const double bottom = kTop + kPlotHeight;
        for (const Tick& tick : y_.ticks) {
            svg_.line(kLeft, y(tick.value), kLeft + kPlotWidth, y(tick.value),
                      "stroke=\"#e4e4e4\"");
            svg_.text(kLeft - 8, y(tick.value) + 4, tick.label, "text-anchor=\"end\"");
        }
        for (const Tick& tick : x_.ticks) {
            svg_.line(x(tick.value), bottom, x(tick.value), bottom + 5, "stroke=\"#222\"");
            svg_.text(x(tick.value), bottom + 19, tick.label, "text-anchor=\"middle\"");
        }
        svg_.line(kLeft, bottom, kLeft + kPlotWidth, bottom, "stroke=\"#222\"");
        svg_.line(kLeft, kTop, kLeft, bottom, "stroke=\"#222\"");
        svg_.text(kLeft + kPlotWidth / 2, bottom + 42, chart_.x_title, "text-anchor=\"middle\"");
        const double middle = kTop + kPlotHeight / 2;
        svg_.text(
            16, middle, chart_.y_title,
            fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 16 {:.1f})\"", middle));
    }

    static bool is_curve(const ChartSeries& series) {
        return series.style == SeriesStyle::curve || series.style == SeriesStyle::dashed_curve;
    }
    static bool has_line(const ChartSeries& series) {
        return is_curve(series) || series.style == SeriesStyle::dots_and_line;
    }
    void draw_dot(const ChartSeries& series, double centre, double middle) {
        const char* colour = colour_of(series);
        if (series.style == SeriesStyle::rings) {
            svg_.circle(centre, middle, 5,
                        fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"", colour));
        } else {
            svg_.circle(centre, middle, 3.5, fmt::format("fill=\"{}\"", colour));
        }
    }

    void draw_line(const ChartSeries& series) {
        std::string points;
        for (const ChartPoint& point : series.points)
            points += fmt::format("{:.1f},{:.1f} ", x(point.x), y(point.y));
        svg_.path(points, line_style(series));
    }

    static std::string line_style(const ChartSeries& series) {
        return fmt::format(
            "stroke=\"{}\" stroke-width=\"{}\"{}", colour_of(series),
            series.style == SeriesStyle::dots_and_line ? 1 : 2,
            series.style == SeriesStyle::dashed_curve ? " stroke-dasharray=\"6 4\"" : "");
    }

    void draw_series(const ChartSeries& series) {
        if (has_line(series)) draw_line(series);
        if (is_curve(series)) return;
        const std::string stroke =
            fmt::format("stroke=\"{}\" stroke-width=\"1.5\"", colour_of(series));
        for (const ChartPoint& point : series.points) {
            const double centre = x(point.x) + shift(series);
            if (point.low && point.high) {
                const double floor = chart_.y_logarithmic ? y_.low : 0;
                const double low = y(std::max(*point.low, floor));
                const double high = y(*point.high);
                svg_.line(centre, low, centre, high, stroke);
                svg_.line(centre - 4, low, centre + 4, low, stroke);
                svg_.line(centre - 4, high, centre + 4, high, stroke);
            }
            draw_dot(series, centre, y(point.y));
        }
    }

    void draw_legend(const ChartSeries& series, size_t row) {
        const double middle = kLegendTop + kLegendLine * static_cast<double>(row) - 4;
        if (has_line(series)) svg_.line(kLeft, middle, kLeft + 26, middle, line_style(series));
        if (!is_curve(series)) draw_dot(series, kLeft + 13, middle);
        svg_.text(kLeft + 34, middle + 4, series.name);
    }

    const Chart& chart_;
    Axis x_;
    Axis y_;
    Svg svg_;
};

/// A step of 1, 2 or 5 times a power of ten, of which about `count` make `length`.
double step_of(double length, double count) {
    return round_up(length / count);
}

Axis linear_axis(double low, double high) {
    constexpr double kTicks = 6;
    if (high <= low) high = low + 1;
    const double step = step_of(high - low, kTicks);
    // Multiples of the step, so that rounding errors do not add up.
    const double first = std::floor(low / step + 1e-9);
    const double last = std::ceil(high / step - 1e-9);
    Axis axis{first * step, last * step, false, {}};
    for (double i = first; i <= last; ++i)
        axis.ticks.push_back({i * step, fmt::format("{:.6g}", i * step)});
    return axis;
}

Axis logarithmic_axis(double low, double high) {
    CHECK(low > 0);
    const double first = std::floor(std::log10(low) + 1e-6);
    const double last = std::max(std::ceil(std::log10(high) - 1e-6), first + 1);
    Axis axis{std::pow(10, first), std::pow(10, last), true, {}};
    constexpr double kDecadesWithinTicks = 3;
    const bool few = last - first <= kDecadesWithinTicks;
    for (double decade = first; decade <= last; ++decade) {
        for (const double factor : {1, 2, 5}) {
            const double value = factor * std::pow(10, decade);
            if ((factor == 1 || few) && value <= axis.high * (1 + 1e-9))
                axis.ticks.push_back({value, fmt::format("{:g}", value)});
        }
    }
    return axis;
}

}  // namespace

double Axis::place(double value) const {
    if (logarithmic) return std::log(value / low) / std::log(high / low);
    return (value - low) / (high - low);
}

Axis make_axis(double low, double high, bool logarithmic) {
    CHECK(low <= high);
    return logarithmic ? logarithmic_axis(low, high) : linear_axis(low, high);
}

std::string chart_svg(const Chart& chart) {
    return Plot(chart).draw();
}

}  // namespace parley::lab
