#include "contrib/lab/figures/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "contrib/lab/figures/report_page.h"
#include "contrib/lab/figures/trace_figures.h"
#include "contrib/lab/scenario/experiment.h"

namespace parley::lab {
namespace {

ResultPoint point(const std::string& consensus, const std::string& level, double lambda_delta) {
    ResultPoint result;
    result.title = "t";
    result.consensus = consensus;
    result.level = level;
    result.lambda_delta = lambda_delta;
    result.heights = 1'000;
    result.blocks = consensus == "pow" ? 1'100 : 1'000;
    result.forked = consensus == "pow" ? 90 : 0;
    if (consensus == "pow") {
        result.shares = {.5, .5};
        result.reorganisations = {{1, 50}, {2, 3}};
        for (int i = 0; i <= 100; ++i) result.percentiles_s.push_back(i * 0.01);
    }
    return result;
}

const Figure* find(const std::vector<Figure>& figures, const std::string& file) {
    for (const Figure& figure : figures) {
        if (figure.file == file) return &figure;
    }
    return nullptr;
}

/// Without the published values.
size_t own_series(const Figure& figure) {
    const auto& all = figure.chart.series;
    return static_cast<size_t>(std::count_if(all.begin(), all.end(), [](const ChartSeries& each) {
        return each.style != SeriesStyle::rings;
    }));
}

TEST(Figures, pow_has_rates_with_theory_and_intervals) {
    const auto figures = make_figures({point("pow", "model", 0.1), point("pow", "sim", 0.5)});
    for (const char* file : {"forked_heights", "stale_of_all", "stale_of_main", "growth"}) {
        const Figure* figure = find(figures, file);
        ASSERT_NE(figure, nullptr) << file;
        // Two levels, and three theories for two miners.
        EXPECT_EQ(own_series(*figure), 5u) << file;
    }
    const ChartSeries& model = find(figures, "stale_of_all")->chart.series[0];
    EXPECT_NEAR(model.points[0].y, 100 * 100.0 / 1'100, 1e-9);
    EXPECT_LT(*model.points[0].low, model.points[0].y);
    EXPECT_GT(*model.points[0].high, model.points[0].y);
    EXPECT_NE(find(figures, "propagation"), nullptr);
    EXPECT_NE(find(figures, "reorganisations"), nullptr);
    EXPECT_EQ(find(figures, "pow_and_pbft"), nullptr);
}

TEST(Figures, shares_that_differ_leave_theory_without_shares_only) {
    ResultPoint other = point("pow", "model", 0.5);
    other.shares = {.7, .3};
    const auto figures = make_figures({point("pow", "model", 0.1), other});
    EXPECT_EQ(own_series(*find(figures, "stale_of_all")), 2u);
}

TEST(Figures, both_kinds_of_consensus_in_the_simulator_are_compared) {
    const auto figures = make_figures({point("pow", "sim", 0.5), point("pbft", "sim", 0.5)});
    const Figure* figure = find(figures, "pow_and_pbft");
    ASSERT_NE(figure, nullptr);
    const ChartSeries& pbft = figure->chart.series[1];
    EXPECT_EQ(pbft.points[0].y, 0);
    EXPECT_EQ(*pbft.points[0].low, 0);
    EXPECT_GT(*pbft.points[0].high, 0);
    ASSERT_GT(figure->chart.series.size(), 2u);
    EXPECT_EQ(figure->chart.series[2].name, "theory: many small miners");
}

TEST(Figures, results_without_heights_or_delay_have_no_place) {
    ResultPoint nothing = point("pow", "sim", 0.1);
    nothing.heights = nothing.blocks = nothing.forked = 0;
    nothing.reorganisations.clear();
    nothing.percentiles_s.clear();
    ResultPoint elsewhere = point("pow", "sim", 0);
    elsewhere.lambda_delta.reset();
    EXPECT_TRUE(make_figures({nothing}).empty());
    EXPECT_EQ(find(make_figures({elsewhere}), "stale_of_all"), nullptr);
    EXPECT_NE(report_page({"f"}, {nothing}, {}).find("none is final"), std::string::npos);
}

TEST(Figures, levels_agree_or_differ) {
    ResultPoint sim = point("pow", "sim", 0.1);
    sim.blocks = 1'090;
    auto levels = compare_levels({point("pow", "model", 0.1), sim});
    ASSERT_EQ(levels.size(), 1u);
    EXPECT_TRUE(levels[0].agree());
    ResultPoint live = point("pow", "live", 0.1);
    live.heights = 100;
    live.blocks = 190;
    levels = compare_levels({point("pow", "model", 0.1), sim, live});
    ASSERT_EQ(levels.size(), 3u);
    EXPECT_EQ(levels[1].first_level + levels[1].second_level, "simlive");
    EXPECT_TRUE(levels[0].agree());
    EXPECT_FALSE(levels[1].agree());
    EXPECT_FALSE(levels[2].agree());
    sim.blocks = 1'300;
    EXPECT_FALSE(compare_levels({point("pow", "model", 0.1), sim})[0].agree());
    sim.varied = "nodes=3";
    EXPECT_TRUE(compare_levels({point("pow", "model", 0.1), sim}).empty());
}

TEST(Figures, published_values_are_drawn_between_the_measured_points) {
    const auto figures = make_figures({point("pow", "model", 0.015), point("pow", "model", 0.3)});
    const auto rings = [&](const char* file) {
        std::vector<ChartSeries> result;
        for (const ChartSeries& series : find(figures, file)->chart.series) {
            if (series.style == SeriesStyle::rings) result.push_back(series);
        }
        return result;
    };
    ASSERT_EQ(rings("stale_of_all").size(), 1u);
    // Of the seven rows, those with lambda Delta .019 to .257.
    EXPECT_EQ(rings("stale_of_all")[0].points.size(), 5u);
    EXPECT_NEAR(rings("stale_of_all")[0].points[0].x, 12.1 / 630.96, 1e-6);
    ASSERT_EQ(rings("forked_heights").size(), 1u);
    EXPECT_EQ(rings("forked_heights")[0].points[0].y, 1.69);
    EXPECT_TRUE(rings("stale_of_main").empty());
    EXPECT_NE(find(figures, "stale_of_all")->caption.find("n = 1100 at level model"),
              std::string::npos);
}

ResultPoint traced(const std::string& consensus) {
    ResultPoint result = point(consensus, "sim", 0.1);
    if (consensus == "pow") {
        result.trace.blocks = {{1, 1, 0, {}, false}, {2, 2, 0, 0, false}, {2.5, 2, 1, 0, true},
                               {3, 3, 1, 2, true},   {4, 3, 0, 1, false}, {4.5, 4, 1, 2, true}};
    } else {
        result.trace.steps = {{0.1, 0, 0, TracedKind::proposal},
                              {2.1, 1, 1, TracedKind::view_change},
                              {2.2, 1, 1, TracedKind::new_view},
                              {2.4, 3, 1, TracedKind::commit}};
    }
    return result;
}

size_t count_of(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

TEST(TraceFigures, tree_has_a_dot_for_each_block_and_rows_for_branches) {
    const std::string svg = block_tree_svg(traced("pow").trace);
    EXPECT_EQ(count_of(svg, "<circle"), 6u + 2u);        // and the legend
    EXPECT_EQ(count_of(svg, "data-t=\"4.500\""), 2u);    // the block and the line to its parent
    EXPECT_NE(svg.find("branch 2"), std::string::npos);  // two children of one stale block
    EXPECT_EQ(svg.find("branch 3"), std::string::npos);
    EXPECT_NE(svg.find("time, seconds"), std::string::npos);
    EXPECT_EQ(end_of(traced("pow").trace), 4.5);
    // A rival of the first block hangs on genesis; a block whose parent was not seen on nothing.
    RunTrace rivals{{{1, 1, 0, {}, false}, {1.5, 1, 1, {}, true}, {2, 5, 1, {}, true}}, {}};
    EXPECT_EQ(count_of(block_tree_svg(rivals), "data-t=\"1.500\""), 2u);
    EXPECT_EQ(count_of(block_tree_svg(rivals), "data-t=\"2.000\""), 1u);
}

TEST(TraceFigures, timeline_has_a_row_for_each_validator) {
    const std::string svg = view_timeline_svg(traced("pbft").trace);
    EXPECT_NE(svg.find("validator 3"), std::string::npos);
    EXPECT_EQ(svg.find("validator 4"), std::string::npos);
    EXPECT_EQ(count_of(svg, "<circle"), 4u + 4u);
    EXPECT_NE(svg.find("vote for the next view"), std::string::npos);
}

/// Every element is closed, in the order of opening, as a parser of XML demands.
std::string first_markup_fault(const std::string& page) {
    static const std::set<std::string> kVoid{"meta", "input"};
    std::vector<std::string> open;
    for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
        const size_t end = page.find('>', at);
        if (end == std::string::npos) return "unfinished tag";
        const std::string tag = page.substr(at + 1, end - at - 1);
        if (tag.starts_with("!")) continue;
        const bool closing = tag.starts_with("/");
        const std::string name =
            tag.substr(closing ? 1 : 0, tag.find_first_of(" \n/", 1) - (closing ? 1 : 0));
        if (closing) {
            if (open.empty() || open.back() != name) return "</" + name + ">";
            open.pop_back();
        } else if (!tag.ends_with("/") && !kVoid.contains(name)) {
            open.push_back(name);
            if (name == "script") at = page.find("</script", at) - 1;
        }
        if (count_of(tag, "\"") % 2 != 0) return "quotes in " + tag;
    }
    return open.empty() ? "" : "<" + open.back() + "> stays open";
}

TEST(ReportPage, is_well_formed_with_traces_and_hostile_names) {
    ResultPoint hostile = traced("pow");
    hostile.title = "a <b> & \"c\" </h1>";
    const std::vector<ResultPoint> points{hostile, traced("pbft")};
    const std::string page = report_page({"<f>&"}, points, make_figures(points));
    EXPECT_EQ(first_markup_fault(page), "");
    EXPECT_EQ(count_of(page, "type=\"range\""), 2u);
    EXPECT_EQ(count_of(page, "<script>"), 1u);
    EXPECT_EQ(page.find("<f>"), std::string::npos);
    // The control: the checker finds faults.
    for (const char* bad : {"<p><b></p></b>", "<p>", "</p>", "<p class=\"x></p>", "<p"})
        EXPECT_NE(first_markup_fault(bad), "") << bad;
    // The namespace of SVG is a name, not an address that is opened.
    std::string rest = page;
    const std::string name = "xmlns=\"http://www.w3.org/2000/svg\"";
    for (size_t at = rest.find(name); at != std::string::npos; at = rest.find(name))
        rest.erase(at, name.size());
    EXPECT_EQ(rest.find("http"), std::string::npos);
}

TEST(ReportPage, has_all_figures_and_needs_no_other_file) {
    const std::vector<ResultPoint> points{point("pow", "model", 0.1), point("pow", "sim", 0.1),
                                          point("pbft", "sim", 0.1)};
    const auto figures = make_figures(points);
    const std::string page = report_page({"run_model.json"}, points, figures);
    for (const Figure& figure : figures)
        EXPECT_NE(page.find(figure.chart.title), std::string::npos) << figure.chart.title;
    EXPECT_NE(page.find("Do the levels agree?"), std::string::npos);
    for (const char* outside :
         {"src=", "href=", "url(", "@import", "<script src", "<iframe", "fetch("})
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
}

TEST(ResultFile, parse_reads_what_run_and_sweep_write) {
    constexpr const char* kFile = R"(title = "a \"b\""
consensus = "pow"
nodes = 3
[mining]
interval_s = 10
shares = [0.5, 0.3, 0.2]
[topology]
kind = "mesh"
[delay]
mean_s = 2
[stop]
heights = 100
)";
    std::vector<Experiment> experiments;
    for (const Level level : {Level::model, Level::sim}) {
        const std::vector<ScenarioChange> changes{{"consensus", "pow"}, {"seeds", "2"}};
        experiments.push_back({"f", *parse_scenario(kFile, "f", changes), level, changes});
    }
    const auto reports = *run_experiments(experiments, 2, [](uint64_t) { return true; });
    const auto points = parse_results(sweep_json(reports));
    ASSERT_TRUE(points) << points.error();
    ASSERT_EQ(points->size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        const ResultPoint& read = (*points)[i];
        const RaceResult race = total_of(reports[i]).race;
        EXPECT_EQ(read.title, "a \"b\"");
        EXPECT_EQ(read.varied, "seeds=2");
        EXPECT_EQ(read.level, to_string(reports[i].level));
        EXPECT_EQ(read.seeds, 2u);
        EXPECT_EQ(read.heights, 200u);
        EXPECT_EQ(read.blocks, race.blocks);
        EXPECT_EQ(read.forked, race.forked);
        EXPECT_NEAR(*read.growth, race.growth(), 1e-9);
        EXPECT_NEAR(*read.lambda_delta, 0.2, 1e-9);
        EXPECT_EQ(read.shares, reports[i].scenario.shares);
        EXPECT_EQ(read.percentiles_s.size(), 101u);
        EXPECT_EQ(read.reorganisations.empty(), race.reorganisations.empty());
        const RunTrace& trace = reports[i].runs.front().trace;
        ASSERT_EQ(read.trace.blocks.size(), trace.blocks.size());
        EXPECT_EQ(trace.blocks.empty(), reports[i].level == Level::model);
        for (size_t block = 0; block < trace.blocks.size(); ++block) {
            EXPECT_EQ(read.trace.blocks[block].parent, trace.blocks[block].parent);
            EXPECT_EQ(read.trace.blocks[block].stale, trace.blocks[block].stale);
            EXPECT_EQ(read.trace.blocks[block].miner, trace.blocks[block].miner);
        }
    }
    EXPECT_EQ((*points)[0].messages, 0u);
    EXPECT_GT((*points)[1].bytes, 0u);
    const auto one = parse_results(run_json(reports[0]));
    ASSERT_TRUE(one) << one.error();
    EXPECT_EQ(one->size(), 1u);
}

TEST(ResultFile, parse_error_names_the_member) {
    EXPECT_EQ(parse_results("{").error(), "it is not JSON");
    EXPECT_EQ(parse_results("[]").error(), "it is not a JSON object");
    EXPECT_EQ(parse_results("{}").error(), "\"title\" is missing");
    EXPECT_EQ(parse_results(R"({"title":3})").error(),
              "\"title\" is a JSON number, not a JSON string");
    EXPECT_EQ(parse_results(R"({"points":[{"title":"t"}]})").error(), "\"level\" is missing");
}

}  // namespace
}  // namespace parley::lab
