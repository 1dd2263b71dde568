#include "contrib/lab/figures/report_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "contrib/lab/commands/rate_text.h"
#include "contrib/lab/figures/svg.h"
#include "contrib/lab/figures/trace_figures.h"

namespace parley::lab {
namespace {

constexpr const char* kStyle =
    "body{font:15px/1.5 'DejaVu Sans',Arial,sans-serif;color:#222;max-width:1180px;margin:2em "
    "auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}"
    "th,td{padding:.25em .6em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap;"
    "vertical-align:top}"
    "th:first-child,td:first-child{text-align:left;white-space:normal}"
    ".wide{overflow-x:auto}"
    ".figures{display:flex;flex-wrap:wrap;gap:1.5em}"
    "figure{margin:0;max-width:560px}figcaption{font-size:13px;color:#555}"
    "svg{max-width:100%;height:auto}"
    ".partial{color:#b3261e;font-weight:bold}";

constexpr const char* kMethods =
    "<h2>Definitions and methods</h2>\n<ul>\n"
    "<li><b>F_h</b>: main-chain heights with two or more blocks / heights (Decker &amp; "
    "Wattenhofer 2013). <b>S_t</b>: stale blocks / all mined blocks (Gervais et al. 2016). "
    "<b>S_m</b>: stale blocks / main-chain blocks. n is the denominator.</li>\n"
    "<li>Brackets and bars are 95 % Wilson intervals. They take heights as independent of each "
    "other. S_m above 100 % has none.</li>\n"
    "<li><b>lambda Delta</b>: the delay of a block over the shortest path between two miners, "
    "weighted by their shares, in mean block intervals; the mean over the seeds. It holds the "
    "transmission and validation of the block, and as many trips over each link as the relay mode "
    "takes: one if blocks are pushed, three if they are announced first.</li>\n"
    "<li><b>Decker</b>: F_h = 1 - e<sup>-d</sup>, where d is the integral of 1 - f(t) in "
    "intervals, and f(t) the share of the hash rate that the run's own blocks had reached after "
    "the time t.</li>\n"
    "<li>Level <b>model</b> is the abstract mining race without nodes. Level <b>sim</b> runs whole "
    "nodes in virtual time. Both are deterministic: the scenario and its seeds give the same "
    "figures again. Level <b>live</b> runs daemons on loopback with an injected delay, in real "
    "time: no two runs are equal. Its timelines of views hold what polling the daemons finds, so "
    "that a view of a few milliseconds may be missed.</li>\n"
    "<li>Curves hold for one delay between any two miners. A network whose delays differ need not "
    "follow them; Decker's form takes that into account.</li>\n</ul>\n";

constexpr const char* kScrubScript =
    "<script>\n"
    "for (const slider of document.querySelectorAll('input[data-for]')) {\n"
    "  slider.addEventListener('input', () => {\n"
    "    const until = Number(slider.value);\n"
    "    slider.nextElementSibling.textContent = until.toFixed(1) + ' s';\n"
    "    for (const part of document.getElementById(slider.dataset.for)"
    ".querySelectorAll('[data-t]'))\n"
    "      part.style.visibility = Number(part.dataset.t) > until ? 'hidden' : '';\n"
    "  });\n"
    "}\n"
    "</script>\n";

std::string cell(const std::string& text) {
    return "<td>" + escape_markup(text) + "</td>";
}

/// The rate, its interval and n, one below the other.
std::string rate_cell(const ResultPoint& point, const Proportion& rate) {
    if (point.heights == 0) return cell("none is final");
    std::string text = escape_markup(rate_text(rate, rate_decimals(rate)));
    if (const size_t interval = text.find(" ["); interval != std::string::npos)
        text.replace(interval, 1, "<br/>");
    return fmt::format("<td>{}<br/>n = {}</td>", text, rate.trials);
}

std::string number_cell(const std::optional<double>& value, int decimals, const char* unit = "") {
    return cell(value ? fmt::format("{:.{}f}{}", *value, decimals, unit) : std::string{"-"});
}

/// Two figures of one kind, one below the other.
std::string pair_cell(const std::optional<double>& first, const std::optional<double>& second,
                      int decimals) {
    const auto text = [&](const std::optional<double>& value) {
        return value ? fmt::format("{:.{}f}", *value, decimals) : std::string{"-"};
    };
    return fmt::format("<td>{}<br/>{}</td>", text(first), text(second));
}

std::string results_table(const std::vector<ResultPoint>& points) {
    std::string text =
        "<div class=\"wide\"><table>\n<tr><th>Result</th><th>nodes</th><th>seeds</th>"
        "<th>lambda Delta</th><th>heights</th><th>F_h</th><th>Decker</th><th>S_t</th><th>S_m</th>"
        "<th>growth</th><th>delay of 50 %,<br/>of 95 %, s</th>"
        "<th>messages, kB<br/>a height</th></tr>\n";
    for (const ResultPoint& point : points) {
        const auto percentile = [&](size_t percent) -> std::optional<double> {
            if (point.percentiles_s.size() != 101) return std::nullopt;
            return point.percentiles_s[percent];
        };
        const auto per_height = [&](uint64_t number) -> std::optional<double> {
            if (point.heights == 0 || point.messages == 0) return std::nullopt;
            return static_cast<double>(number) / static_cast<double>(point.heights);
        };
        const auto bytes = per_height(point.bytes);
        text += fmt::format("<tr><td>{}{}</td>", escape_markup(point.name()),
                            point.partial ? " <span class=\"partial\">partial</span>" : "");
        text += cell(std::to_string(point.nodes)) + cell(std::to_string(point.seeds)) +
                number_cell(point.lambda_delta, 4) + cell(std::to_string(point.heights)) +
                rate_cell(point, point.forked_heights());
        text +=
            number_cell(point.decker ? std::optional(100 * *point.decker) : std::nullopt, 2, " %") +
            rate_cell(point, point.stale_of_all()) + rate_cell(point, point.stale_of_main()) +
            number_cell(point.growth, 4) + pair_cell(percentile(50), percentile(95), 3) +
            pair_cell(per_height(point.messages),
                      bytes ? std::optional(*bytes / 1'000) : std::nullopt, 1) +
            "</tr>\n";
    }
    return text + "</table></div>\n";
}

std::string agreement_table(const std::vector<ResultPoint>& points) {
    const std::vector<Agreement> levels = compare_levels(points);
    if (levels.empty()) return "";
    std::string text =
        "<h2>Do the levels agree?</h2>\n<table>\n<tr><th>Scenario</th><th>levels</th>"
        "<th>S_t, first</th><th>S_t, second</th><th>difference, standard errors</th><th></th>"
        "</tr>\n";
    for (const Agreement& each : levels) {
        text += "<tr>" + cell(each.what) + cell(each.first_level + ", " + each.second_level) +
                cell(fmt::format("{:.2f} %", 100 * each.first)) +
                cell(fmt::format("{:.2f} %", 100 * each.second)) +
                cell(fmt::format("{:.2f}", each.sigma)) + cell(each.agree() ? "agree" : "DIFFER") +
                "</tr>\n";
    }
    return text +
           "</table>\n<p>They agree if the difference is at most 1.96 standard errors. Of twenty "
           "pairs that are truly equal, one differs by chance.</p>\n";
}

/// The beginning of at most kTracesMax runs of each kind: those with most stale blocks, and those
/// with most changes of the view.
std::string traces(const std::vector<ResultPoint>& points) {
    constexpr size_t kTracesMax = 2;
    const auto most = [&](const auto& count) {
        std::vector<std::pair<ptrdiff_t, const ResultPoint*>> order;
        for (const ResultPoint& point : points) {
            if (const ptrdiff_t number = count(point.trace); number >= 0)
                order.emplace_back(number, &point);
        }
        std::stable_sort(order.begin(), order.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; });
        order.resize(std::min(order.size(), kTracesMax));
        return order;
    };
    std::string text;
    size_t number = 0;
    const auto add = [&](const std::string& title, const std::string& svg, const RunTrace& trace) {
        text += "<h3>" + escape_markup(title) + "</h3>\n" +
                scrubbed(svg, fmt::format("trace{}", number++), end_of(trace));
    };
    for (const auto& [stale, point] : most([](const RunTrace& trace) -> ptrdiff_t {
             if (trace.blocks.empty()) return -1;
             return std::count_if(trace.blocks.begin(), trace.blocks.end(),
                                  [](const TracedBlock& each) { return each.stale; });
         })) {
        add(fmt::format("Block tree of {}: the first {} blocks, {} of them stale", point->name(),
                        point->trace.blocks.size(), stale),
            block_tree_svg(point->trace), {point->trace.blocks, {}});
    }
    for (const auto& [changes, point] : most([](const RunTrace& trace) -> ptrdiff_t {
             if (trace.steps.empty()) return -1;
             return std::count_if(trace.steps.begin(), trace.steps.end(), [](const auto& each) {
                 return each.kind == TracedKind::view_change;
             });
         })) {
        add(fmt::format("Views of {}: the first {} steps, {} of them votes for the next view",
                        point->name(), point->trace.steps.size(), changes),
            view_timeline_svg(point->trace), {{}, point->trace.steps});
    }
    if (text.empty()) return "";
    return "<h2>The beginning of a run</h2>\n<p>Of the first seed. The slider hides what came "
           "later. A block is placed at the time at which it was found, and is stale if it is not "
           "in the main chain at the end.</p>\n" +
           text + kScrubScript;
}

std::string title_of(const std::vector<ResultPoint>& points) {
    std::vector<std::string> titles;
    for (const ResultPoint& point : points) {
        const std::string title = point.title.empty() ? "Untitled" : point.title;
        if (std::find(titles.begin(), titles.end(), title) == titles.end()) titles.push_back(title);
    }
    return escape_markup(fmt::format("{}", fmt::join(titles, "; ")));
}

}  // namespace

std::string report_page(const std::vector<std::string>& files,
                        const std::vector<ResultPoint>& points,
                        const std::vector<Figure>& figures) {
    const std::string title = title_of(points);
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{0}</title>\n"
        "<style>{1}</style></head><body>\n<h1>{0}</h1>\n<p>parley-lab, from {2}.</p>\n"
        "<h2>Results</h2>\n",
        title, kStyle, escape_markup(fmt::format("{}", fmt::join(files, ", "))));
    page += results_table(points);
    if (!figures.empty()) page += "<h2>Figures</h2>\n";
    page += "<div class=\"figures\">\n";
    for (const Figure& figure : figures) {
        page += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                            chart_svg(figure.chart), escape_markup(figure.caption));
    }
    return page + "</div>\n" + agreement_table(points) + traces(points) + kMethods +
           "</body></html>\n";
}

}  // namespace parley::lab
