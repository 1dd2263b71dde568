#include "contrib/lab/figures/trace_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/check.h"
#include "contrib/lab/figures/chart.h"
#include "contrib/lab/figures/svg.h"

namespace parley::lab {
namespace {

constexpr double kWidth = 1'120;
constexpr double kLeft = 92;
constexpr double kRight = 20;
constexpr double kTop = 60;  // two lines of legend
constexpr double kBelow = 48;
constexpr double kLane = 26;

// Okabe & Ito, as in chart.cpp.
constexpr const char* kMainColour = "#0072b2";
constexpr const char* kStaleColour = "#d55e00";

/// A time axis below rows of equal height, and marks in the rows.
class Timeline {
 public:
    Timeline(double end_s, size_t rows)
        : axis_(make_axis(0, std::max(end_s, 1e-3), false)),
          bottom_(kTop + kLane * static_cast<double>(rows)) {
        for (const Tick& tick : axis_.ticks) {
            svg_.line(x(tick.value), kTop, x(tick.value), bottom_, "stroke=\"#e4e4e4\"");
            svg_.line(x(tick.value), bottom_, x(tick.value), bottom_ + 5, "stroke=\"#222\"");
            svg_.text(x(tick.value), bottom_ + 19, tick.label, "text-anchor=\"middle\"");
        }
        svg_.line(kLeft, bottom_, kWidth - kRight, bottom_, "stroke=\"#222\"");
        svg_.text((kLeft + kWidth - kRight) / 2, bottom_ + 40, "time, seconds",
                  "text-anchor=\"middle\"");
    }

    double x(double time) const { return kLeft + (kWidth - kLeft - kRight) * axis_.place(time); }
    static double y(size_t row) { return kTop + kLane * (static_cast<double>(row) + 0.5); }

    void label(size_t row, const std::string& text) {
        svg_.text(kLeft - 10, y(row) + 4, text, "text-anchor=\"end\"");
    }
    void legend(size_t place, const char* colour, const char* text) {
        svg_.circle(legend_x(place) + 5, legend_y(place), 4.5, fmt::format("fill=\"{}\"", colour));
        svg_.text(legend_x(place) + 16, legend_y(place) + 4, text);
    }
    void line_legend(size_t place, const char* colour, const char* text) {
        svg_.line(legend_x(place) - 4, legend_y(place), legend_x(place) + 12, legend_y(place),
                  fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
        svg_.text(legend_x(place) + 16, legend_y(place) + 4, text);
    }
    void link(double from_s, size_t from_row, double to_s, size_t to_row, const char* colour) {
        svg_.line(
            x(from_s), y(from_row), x(to_s), y(to_row),
            fmt::format("stroke=\"{}\" stroke-width=\"1.5\" data-t=\"{:.3f}\"", colour, to_s));
    }
    void mark(double time_s, size_t row, double radius, const char* colour) {
        svg_.circle(x(time_s), y(row), radius,
                    fmt::format("fill=\"{}\" data-t=\"{:.3f}\"", colour, time_s));
    }
    std::string finish() const { return svg_.finish(kWidth, bottom_ + kBelow); }

 private:
    static constexpr size_t kLegendColumns = 4;
    static double legend_x(size_t place) {
        return kLeft + 240 * static_cast<double>(place % kLegendColumns);
    }
    static double legend_y(size_t place) {
        return 16 + 20 * static_cast<double>(place / kLegendColumns);
    }

    Axis axis_;
    double bottom_;
    Svg svg_;
};

/// When a block's parent was found: genesis at 0. Empty: it was not traced.
std::optional<double> parent_time(const std::vector<TracedBlock>& blocks,
                                  const TracedBlock& block) {
    if (block.parent) return blocks[*block.parent].time_s;
    return block.height == 1 ? std::optional(0.0) : std::nullopt;
}

/// Row of each block: 0 for the main chain; a stale branch has a row of its own for as long as it
/// lasts.
std::vector<size_t> rows_of(const std::vector<TracedBlock>& blocks) {
    std::vector<size_t> rows(blocks.size(), 0);
    std::vector<double> busy_until;  // of each stale row, by the time of its last block
    std::set<size_t> extended;       // stale blocks that have a child in their row
    for (size_t i = 0; i < blocks.size(); ++i) {
        if (!blocks[i].stale) continue;
        const auto parent = blocks[i].parent;
        CHECK(!parent || *parent < i);
        if (parent && blocks[*parent].stale && extended.insert(*parent).second) {
            rows[i] = rows[*parent];
        } else {
            const double begin = parent_time(blocks, blocks[i]).value_or(blocks[i].time_s);
            size_t row = 0;
            while (row < busy_until.size() && busy_until[row] >= begin) ++row;
            if (row == busy_until.size()) busy_until.push_back(0);
            rows[i] = row + 1;
        }
        busy_until[rows[i] - 1] = blocks[i].time_s;
    }
    return rows;
}

}  // namespace

double end_of(const RunTrace& trace) {
    double end = 0;
    for (const TracedBlock& block : trace.blocks) end = std::max(end, block.time_s);
    for (const TracedStep& step : trace.steps) end = std::max(end, step.time_s);
    return end;
}

std::string block_tree_svg(const RunTrace& trace) {
    CHECK(!trace.blocks.empty());
    const std::vector<size_t> rows = rows_of(trace.blocks);
    const size_t row_count = *std::max_element(rows.begin(), rows.end()) + 1;
    RunTrace only_blocks{trace.blocks, {}};
    Timeline timeline(end_of(only_blocks), row_count);
    timeline.legend(0, kMainColour, "main chain");
    timeline.legend(1, kStaleColour, "stale");
    timeline.label(0, "main chain");
    for (size_t row = 1; row < row_count; ++row) timeline.label(row, fmt::format("branch {}", row));
    for (size_t i = 0; i < trace.blocks.size(); ++i) {
        const TracedBlock& block = trace.blocks[i];
        const char* colour = block.stale ? kStaleColour : kMainColour;
        if (const auto time = parent_time(trace.blocks, block)) {
            const size_t row = block.parent ? rows[*block.parent] : 0;
            timeline.link(*time, row, block.time_s, rows[i], colour);
        }
    }
    for (size_t i = 0; i < trace.blocks.size(); ++i) {
        timeline.mark(trace.blocks[i].time_s, rows[i], 4,
                      trace.blocks[i].stale ? kStaleColour : kMainColour);
    }
    return timeline.finish();
}

std::string view_timeline_svg(const RunTrace& trace) {
    CHECK(!trace.steps.empty());
    struct Look {
        const char* colour;
        const char* text;
        double radius;
    };
    static const std::map<TracedKind, Look> kLooks{
        {TracedKind::commit, {"#56b4e9", "commit", 3}},
        {TracedKind::proposal, {"#0072b2", "proposal of the primary", 5}},
        {TracedKind::view_change, {"#d55e00", "vote for the next view", 5}},
        {TracedKind::new_view, {"#009e73", "start of a new view", 6}}};
    uint64_t validators = 0;
    for (const TracedStep& step : trace.steps)
        validators = std::max(validators, step.validator + 1);
    RunTrace only_steps{{}, trace.steps};
    Timeline timeline(end_of(only_steps), validators);
    size_t place = 0;
    for (const auto& [kind, look] : kLooks) timeline.legend(place++, look.colour, look.text);
    for (uint64_t row = 0; row < validators; ++row)
        timeline.label(row, fmt::format("validator {}", row));
    constexpr const char* kViewColours[] = {"#999999", "#e69f00"};
    timeline.line_legend(place++, kViewColours[0], "in an even view");
    timeline.line_legend(place++, kViewColours[1], "in an odd view");
    std::map<uint64_t, TracedStep> before;
    for (const TracedStep& step : trace.steps) {
        if (const auto last = before.find(step.validator); last != before.end()) {
            timeline.link(last->second.time_s, step.validator, step.time_s, step.validator,
                          kViewColours[last->second.view % 2]);
        }
        before[step.validator] = step;
    }
    for (const TracedStep& step : trace.steps) {
        const Look& look = kLooks.at(step.kind);
        timeline.mark(step.time_s, step.validator, look.radius, look.colour);
    }
    return timeline.finish();
}

std::string scrubbed(const std::string& svg, const std::string& id, double end_s) {
    // The script hides what has a later time than the slider.
    return fmt::format(
        "<div class=\"wide\" id=\"{0}\">{1}</div>\n"
        "<p><label>Until <input type=\"range\" min=\"0\" max=\"{2:.3f}\" step=\"any\" "
        "value=\"{2:.3f}\" data-for=\"{0}\"> <output>{2:.1f} s</output></label></p>\n",
        id, svg, end_s);
}

}  // namespace parley::lab
