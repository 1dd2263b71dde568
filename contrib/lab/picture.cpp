#include "contrib/lab/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contrib/lab/figures/svg.h"

namespace parley::lab {
namespace {

constexpr double kWidth = 960;
constexpr double kPanelTop = 90;
constexpr double kPanelHeight = 230;
constexpr double kStripTop = 400;
constexpr double kStripHeight = 70;

const char* colour_of(Consensus consensus) {
    return consensus == Consensus::pow ? "#d1791f" : "#1f6fb2";
}
const char* name_of(Consensus consensus) {
    return consensus == Consensus::pow ? "Proof of work" : "PBFT";
}

void draw_axis(Svg& svg, double left, double width, double maximum, const char* unit) {
    for (int i = 0; i <= 4; ++i) {
        const double y = kPanelTop + kPanelHeight * (1 - i / 4.0);
        svg.line(left, y, left + width, y, i == 0 ? "stroke=\"#666\"" : "stroke=\"#e4e4e4\"");
        svg.text(left - 8, y + 4, fmt::format("{:.3g}{}", maximum * i / 4, unit),
                 "text-anchor=\"end\" fill=\"#666\"");
    }
}

struct Rate {
    const char* name;
    const Proportion RunResult::*value;
};
constexpr Rate kRates[] = {{"F_h", &RunResult::fork_rate},
                           {"S_t", &RunResult::stale_of_all},
                           {"S_m", &RunResult::stale_of_main}};

void draw_rates(Svg& svg, const std::vector<RunResult>& results) {
    constexpr double kLeft = 70;
    constexpr double kPanelWidth = 380;
    double maximum = 0.05;
    for (const RunResult& result : results) {
        for (const Rate& rate : kRates) {
            const Proportion& value = result.*rate.value;
            maximum = std::max(maximum, value.hits > value.trials ? value.value() : value.high());
        }
    }
    maximum = round_up(maximum);
    svg.text(kLeft, kPanelTop - 22, "How often the chain forked (95 % intervals)",
             "font-weight=\"bold\"");
    draw_axis(svg, kLeft, kPanelWidth, 100 * maximum, " %");
    const auto y_of = [&](double value) {
        return kPanelTop + kPanelHeight * (1 - std::min(value / maximum, 1.0));
    };
    const double group = kPanelWidth / 3;
    const double bar = std::min(44.0, 0.7 * group / static_cast<double>(results.size()));
    for (size_t g = 0; g < 3; ++g) {
        const double centre = kLeft + group * (static_cast<double>(g) + 0.5);
        svg.text(centre, kPanelTop + kPanelHeight + 20, kRates[g].name, "text-anchor=\"middle\"");
        for (size_t i = 0; i < results.size(); ++i) {
            const RunResult& result = results[i];
            const Proportion& value = result.*kRates[g].value;
            const double x =
                centre + (static_cast<double>(i) - static_cast<double>(results.size()) / 2) * bar;
            if (result.heights == 0) {
                svg.text(x + bar / 2, kPanelTop + kPanelHeight - 6, "none",
                         "text-anchor=\"middle\"");
                continue;
            }
            const double y = y_of(value.value());
            svg.rectangle(x + 3, y, bar - 6, kPanelTop + kPanelHeight - y,
                          fmt::format("fill=\"{}\"", colour_of(result.consensus)));
            if (value.hits <= value.trials) {
                const double middle = x + bar / 2;
                const char* style = "stroke=\"#222\" stroke-width=\"1.5\"";
                svg.line(middle, y_of(value.low()), middle, y_of(value.high()), style);
                svg.line(middle - 5, y_of(value.high()), middle + 5, y_of(value.high()), style);
                svg.line(middle - 5, y_of(value.low()), middle + 5, y_of(value.low()), style);
            }
            if (g == 0 && result.expected_fork_rate > 0) {
                const double theory = y_of(result.expected_fork_rate);
                svg.line(x - 4, theory, x + bar + 4, theory,
                         "stroke=\"#222\" stroke-width=\"2\" stroke-dasharray=\"4 3\"");
                svg.text(x + bar + 8, theory + 4, "theory", "font-size=\"11\"");
            }
        }
    }
}

void draw_waits(Svg& svg, const std::vector<RunResult>& results) {
    constexpr double kLeft = 545;
    constexpr double kPanelWidth = 380;
    double longest = 1;
    for (const RunResult& result : results) {
        if (!result.to_one.empty()) longest = std::max(longest, percentile(result.to_one, 0.98));
    }
    longest = round_up(longest);
    svg.text(kLeft, kPanelTop - 22, "Transactions in a block after ... seconds",
             "font-weight=\"bold\"");
    draw_axis(svg, kLeft, kPanelWidth, 100, " %");
    for (int i = 0; i <= 4; ++i) {
        svg.text(kLeft + kPanelWidth * i / 4.0, kPanelTop + kPanelHeight + 20,
                 fmt::format("{:.3g} s", longest * i / 4), "text-anchor=\"middle\" fill=\"#666\"");
    }
    for (const RunResult& result : results) {
        if (result.to_one.empty()) continue;
        std::string points;
        for (int percent = 0; percent <= 100; ++percent) {
            const double wait = std::min(percentile(result.to_one, percent / 100.0), longest);
            points += fmt::format("{:.1f},{:.1f} ", kLeft + kPanelWidth * wait / longest,
                                  kPanelTop + kPanelHeight * (1 - percent / 100.0));
        }
        svg.path(points,
                 fmt::format("stroke=\"{}\" stroke-width=\"2.5\"", colour_of(result.consensus)));
    }
}

void draw_strip(Svg& svg, const RunResult& result, double top) {
    constexpr double kLeft = 70;
    constexpr double kStripWidth = 855;
    const double middle = top + kStripHeight / 2;
    svg.text(kLeft, top + 8,
             fmt::format("{}: {} heights, {} stale blocks (below the line)",
                         name_of(result.consensus), result.heights, result.stale));
    svg.line(kLeft, middle, kLeft + kStripWidth, middle, "stroke=\"#bbb\"");
    const double block = std::clamp(
        kStripWidth / std::max<double>(static_cast<double>(result.blocks), 1) - 1, 1.5, 8.0);
    for (const PlacedBlock& placed : result.placed) {
        if (placed.time < 0 || result.duration <= 0) continue;
        const double x = kLeft + kStripWidth * std::min(placed.time / result.duration, 1.0);
        if (placed.stale) {
            svg.rectangle(x, middle + 3, block, 12, "fill=\"#b3261e\"");
        } else {
            svg.rectangle(x, middle - 15, block, 12,
                          fmt::format("fill=\"{}\"", colour_of(result.consensus)));
        }
    }
}

}  // namespace

std::string picture_svg(const std::vector<RunResult>& results) {
    Svg svg;
    const LiveOptions& options = results.front().options;
    svg.text(70, 34, "Parley: the same node, two kinds of consensus",
             "font-size=\"19\" font-weight=\"bold\"");
    double legend = 640;
    for (const RunResult& result : results) {
        svg.rectangle(legend, 22, 14, 14, fmt::format("fill=\"{}\"", colour_of(result.consensus)));
        svg.text(legend + 20, 34, name_of(result.consensus));
        legend += 150;
    }
    draw_rates(svg, results);
    draw_waits(svg, results);
    double top = kStripTop;
    for (const RunResult& result : results) {
        draw_strip(svg, result, top);
        top += kStripHeight;
    }
    svg.text(70, top + 12,
             fmt::format("{}{} real nodes each, {:.0f} s, one-way delay {:.0f} ms, a block about "
                         "every {:.3g} s with "
                         "proof of work, {:.3g} transactions a second",
                         results.front().partial ? "PARTIAL, interrupted: " : "", options.nodes,
                         results.front().duration, options.delay_ms, options.interval_s,
                         options.transaction_rate),
             "fill=\"#666\"");
    return svg.finish(kWidth, top + 30);
}

}  // namespace parley::lab
