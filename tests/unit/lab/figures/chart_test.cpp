#include "contrib/lab/figures/chart.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "contrib/lab/figures/svg.h"

namespace parley::lab {
namespace {

TEST(Axis, linear_axis_ends_at_ticks_around_the_data) {
    const Axis axis = make_axis(0, 0.93, false);
    EXPECT_EQ(axis.low, 0);
    EXPECT_DOUBLE_EQ(axis.high, 1);
    EXPECT_EQ(axis.ticks.size(), 6u);
    EXPECT_EQ(axis.ticks[3].label, "0.6");
    EXPECT_EQ(axis.place(axis.low), 0);
    EXPECT_EQ(axis.place(axis.high), 1);
    EXPECT_DOUBLE_EQ(axis.place(0.25), 0.25);
}

TEST(Axis, data_at_a_tick_needs_no_further_one) {
    EXPECT_DOUBLE_EQ(make_axis(0, 0.6, false).high, 0.6);
    EXPECT_DOUBLE_EQ(make_axis(0, 3e-5, false).high, 3e-5);
    EXPECT_GT(make_axis(0, 0, false).high, 0);
    EXPECT_GT(make_axis(5, 5, false).high, 5);
}

TEST(Axis, logarithmic_axis_has_decades) {
    const Axis axis = make_axis(0.02, 3, true);
    EXPECT_DOUBLE_EQ(axis.low, 0.01);
    EXPECT_DOUBLE_EQ(axis.high, 10);
    EXPECT_EQ(axis.ticks.size(), 10u);  // 1, 2 and 5 in three decades, and the end
    EXPECT_NEAR(axis.place(0.1), 1 / 3.0, 1e-12);
    EXPECT_EQ(make_axis(1e-6, 1e3, true).ticks.size(), 10u);  // decades only
    EXPECT_GT(make_axis(1, 1, true).high, 1);
}

size_t count(const std::string& text, const std::string& part) {
    size_t times = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++times;
    return times;
}

TEST(Chart, svg_has_all_points_bars_and_names) {
    Chart chart{"a < b", "x & y", "z", false, false, {}};
    chart.series.push_back({"measured", SeriesStyle::dots, 0, {{1, 2, 1.0, 3.0}, {2, 5, {}, {}}}});
    chart.series.push_back({"theory", SeriesStyle::curve, 1, {{0, 0, {}, {}}, {2, 4, {}, {}}}});
    const std::string svg = chart_svg(chart);
    EXPECT_EQ(count(svg, "<circle"), 3u);  // two points, one in the legend
    EXPECT_EQ(count(svg, "<polyline"), 1u);
    EXPECT_EQ(count(svg, "stroke-width=\"1.5\""), 3u);  // one bar with its ends
    EXPECT_NE(svg.find("a &lt; b"), std::string::npos);
    EXPECT_NE(svg.find("x &amp; y"), std::string::npos);
    EXPECT_NE(svg.find(">measured<"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Chart, bar_that_reaches_zero_ends_at_the_floor_of_a_logarithmic_axis) {
    Chart chart{"t", "x", "y", false, true, {}};
    chart.series.push_back({"s", SeriesStyle::dots, 0, {{1, 0.5, 0.0, 2.0}}});
    const std::string svg = chart_svg(chart);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Chart, dots_of_several_series_at_one_place_stand_beside_each_other) {
    const auto places = [](size_t series) {
        Chart chart{"t", "x", "y", false, false, {}};
        for (size_t i = 0; i < series; ++i)
            chart.series.push_back({"s", SeriesStyle::dots, i, {{0.5, 2, {}, {}}}});
        const std::string svg = chart_svg(chart);
        const std::string begin = "<circle cx=\"";
        std::vector<double> result;
        for (size_t at = svg.find(begin); at != std::string::npos; at = svg.find(begin, at + 1))
            result.push_back(std::stod(svg.substr(at + begin.size())));
        result.resize(series);  // the legend comes last
        return result;
    };
    const double middle = places(1)[0];
    EXPECT_EQ(places(2), (std::vector<double>{middle - 2.5, middle + 2.5}));
    EXPECT_EQ(places(3), (std::vector<double>{middle - 5, middle, middle + 5}));
}

TEST(Chart, axis_of_whole_numbers_has_no_ticks_between_them) {
    Chart chart{"t", "x", "y", false, false, {}};
    chart.series.push_back({"s", SeriesStyle::dots, 0, {{1, 70, {}, {}}, {2, 90, {}, {}}}});
    EXPECT_EQ(chart_svg(chart).find(">0.5<"), std::string::npos);
    chart.series[0].points[0].x = 1.5;
    EXPECT_NE(chart_svg(chart).find(">0.5<"), std::string::npos);
}

TEST(Chart, empty_chart_is_a_picture_too) {
    EXPECT_NE(chart_svg({"t", "x", "y", false, false, {}}).find("</svg>"), std::string::npos);
}

}  // namespace
}  // namespace parley::lab
