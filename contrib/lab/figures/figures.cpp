#include "contrib/lab/figures/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>

#include "contrib/lab/model/closed_forms.h"

namespace parley::lab {
namespace {

constexpr double kPercent = 100;
/// More curves cannot be told apart.
constexpr size_t kSeriesMax = 7;

using Points = std::vector<const ResultPoint*>;

bool is_pow(const ResultPoint& point) {
    return point.consensus == "pow";
}

/// Points with blocks and a place on the axis of lambda Delta, from left to right.
Points placed(const std::vector<ResultPoint>& points,
              const std::function<bool(const ResultPoint&)>& wanted) {
    Points result;
    for (const ResultPoint& point : points) {
        if (wanted(point) && point.heights > 0 && point.lambda_delta && *point.lambda_delta > 0)
            result.push_back(&point);
    }
    std::stable_sort(result.begin(), result.end(), [](const auto* a, const auto* b) {
        return *a->lambda_delta < *b->lambda_delta;
    });
    return result;
}

/// A logarithmic axis suits results that lie far apart.
bool spans_decades(const Points& points) {
    constexpr double kRatio = 8;
    return !points.empty() && *points.back()->lambda_delta > kRatio * *points.front()->lambda_delta;
}

struct Rate {
    const char* file;
    const char* symbol;
    const char* definition;
    Proportion (ResultPoint::*measured)() const;
    double ForkRates::*theory;
};
constexpr Rate kRates[] = {{"forked_heights", "F_h", "heights with two or more blocks / heights",
                            &ResultPoint::forked_heights, &ForkRates::forked_heights},
                           {"stale_of_all", "S_t", "stale blocks / all blocks",
                            &ResultPoint::stale_of_all, &ForkRates::stale_of_all},
                           {"stale_of_main", "S_m", "stale blocks / main-chain blocks",
                            &ResultPoint::stale_of_main, &ForkRates::stale_of_main}};

ChartPoint measured(const ResultPoint& point, const Proportion& rate) {
    ChartPoint result{*point.lambda_delta, kPercent * rate.value(), {}, {}};
    if (rate.hits <= rate.trials) {
        result.low = kPercent * rate.low();
        result.high = kPercent * rate.high();
    }
    return result;
}

/// A closed form from the first to the last measured point.
ChartSeries curve(std::string name, SeriesStyle style, size_t colour, const Points& points,
                  const std::function<double(double)>& form) {
    constexpr int kSteps = 120;
    ChartSeries series{std::move(name), style, colour, {}};
    const bool logarithmic = spans_decades(points);
    const double low = logarithmic ? *points.front()->lambda_delta : 0;
    const double high = *points.back()->lambda_delta;
    for (int i = 0; i <= kSteps; ++i) {
        const double share = static_cast<double>(i) / kSteps;
        const double x =
            logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
        series.points.push_back({x, form(x), {}, {}});
    }
    return series;
}

constexpr size_t kTheoryColour = 6;
constexpr size_t kOtherTheoryColour = 3;
constexpr size_t kExactColour = 4;
constexpr size_t kPublishedColour = 6;

/// Theory for the hash shares that all points have; for many small miners in any case.
void add_theory(Chart& chart, const Points& points, double ForkRates::*rate, double scale) {
    chart.series.push_back(curve("theory: many small miners", SeriesStyle::dashed_curve,
                                 kTheoryColour, points,
                                 [&](double x) { return scale * (many_small_miners(x).*rate); }));
    const std::vector<double>& shares = points.front()->shares;
    const bool same = std::all_of(points.begin(), points.end(),
                                  [&](const auto* each) { return each->shares == shares; });
    if (!same || shares.empty()) return;
    chart.series.push_back(
        curve("theory: these hash shares, first order", SeriesStyle::curve, kOtherTheoryColour,
              points, [&](double x) { return scale * (finite_miners(shares, x).*rate); }));
    if (shares.size() == 2 && shares[0] > 0 && shares[1] > 0) {
        chart.series.push_back(
            curve("theory: two miners, exact", SeriesStyle::curve, kExactColour, points,
                  [&](double x) { return scale * (two_miners(shares[0], x).*rate); }));
    }
}

/// What others have measured or simulated, at the lambda Delta that their delays give.
struct Published {
    const char* name;
    double ForkRates::*rate;
    std::vector<ChartPoint> points;
};

const std::vector<Published>& published() {
    constexpr double kMeanOfNominal = 1.0516;  // Gervais et al.: mean interval / nominal
    const auto row = [](double interval_s, double delay_s, double stale) {
        return ChartPoint{delay_s / (kMeanOfNominal * interval_s), stale, {}, {}};
    };
    static const std::vector<Published> kPublished{
        {"published: Gervais et al. 2016, simulated, 16 pools",
         &ForkRates::stale_of_all,
         {row(600, 12.1, 1.51), row(150, 3.61, 1.82), row(60, 1.72, 2.15), row(10, .65, 4.77),
          row(2, .54, 16.65), row(1, .51, 26.74), row(.5, .46, 38.15)}},
        {"published: Decker & Wattenhofer 2013, observed",
         &ForkRates::forked_heights,
         {{11.37 / 633.68, 1.69, {}, {}}}}};
    return kPublished;
}

/// Those between the first and the last measured point, so that the axes belong to the results.
/// True: there are some.
bool add_published(Chart& chart, const Points& points, double ForkRates::*rate) {
    constexpr double kMargin = 1.001;
    const double low = *points.front()->lambda_delta / kMargin;
    const double high = *points.back()->lambda_delta * kMargin;
    bool any = false;
    for (const Published& each : published()) {
        if (each.rate != rate) continue;
        ChartSeries series{each.name, SeriesStyle::rings, kPublishedColour, {}};
        for (const ChartPoint& point : each.points) {
            if (point.x >= low && point.x <= high) series.points.push_back(point);
        }
        if (series.points.empty()) continue;
        any = true;
        chart.series.push_back(std::move(series));
    }
    return any;
}

/// One series for each level.
void add_levels(Chart& chart, const Points& points,
                const std::function<ChartPoint(const ResultPoint&)>& place) {
    size_t colour = 0;
    for (const char* level : {"model", "sim", "live"}) {
        ChartSeries series{
            fmt::format("measured, level {}", level), SeriesStyle::dots, colour++, {}};
        for (const ResultPoint* point : points) {
            if (point->level == level) series.points.push_back(place(*point));
        }
        if (!series.points.empty()) chart.series.push_back(std::move(series));
    }
}

constexpr double kBar = 1.96;  // standard errors: 95 %
constexpr const char* kLambdaDelta = "lambda Delta: mean delay between miners, in block intervals";

/// "n = 500 to 2000 of sim."
std::string trials_text(const Points& points, const Rate& rate) {
    std::map<std::string, std::pair<uint64_t, uint64_t>> of_level;
    for (const ResultPoint* point : points) {
        const uint64_t trials = (point->*rate.measured)().trials;
        const auto [at, is_new] = of_level.emplace(point->level, std::pair(trials, trials));
        at->second.first = std::min(at->second.first, trials);
        at->second.second = std::max(at->second.second, trials);
    }
    std::string text;
    for (const auto& [level, range] : of_level) {
        text += text.empty() ? "n = " : ", ";
        text += range.first == range.second ? fmt::format("{}", range.first)
                                            : fmt::format("{} to {}", range.first, range.second);
        text += " at level " + level;
    }
    return text + ".";
}

void add_rates(std::vector<Figure>& figures, const std::vector<ResultPoint>& all) {
    const Points points = placed(all, is_pow);
    if (points.empty()) return;
    for (const Rate& rate : kRates) {
        Chart chart{fmt::format("{} of proof of work", rate.symbol),
                    kLambdaDelta,
                    fmt::format("{}, %", rate.symbol),
                    spans_decades(points),
                    false,
                    {}};
        add_levels(chart, points, [&](const ResultPoint& point) {
            return measured(point, (point.*rate.measured)());
        });
        add_theory(chart, points, rate.theory, kPercent);
        std::string caption = fmt::format(
            "{} = {}. Bars: 95 % Wilson intervals; those of several levels stand beside each "
            "other. "
            "{}",
            rate.symbol, rate.definition, trials_text(points, rate));
        if (add_published(chart, points, rate.theory)) {
            caption +=
                " Published values stand at the lambda Delta that their authors' delay and "
                "interval give; their networks differ from this one.";
        }
        figures.push_back({rate.file, std::move(chart), std::move(caption)});
    }
    Chart growth{"Growth of the chain with proof of work",
                 kLambdaDelta,
                 "main-chain blocks per interval",
                 spans_decades(points),
                 false,
                 {}};
    add_levels(growth, points, [&](const ResultPoint& point) {
        // Blocks of a chain are at most as irregular as a Poisson process.
        const double growth = point.growth.value_or(0);
        const double error = growth / std::sqrt(static_cast<double>(point.heights));
        return ChartPoint{*point.lambda_delta, growth, growth - kBar * error,
                          growth + kBar * error};
    });
    add_theory(growth, points, &ForkRates::growth, 1);
    figures.push_back(
        {"growth", std::move(growth),
         "Main-chain blocks for each mean interval between all mined blocks. Bars: 95 %, as "
         "if the heights were a Poisson number, which is too wide rather than too "
         "narrow."});
}

void add_comparison(std::vector<Figure>& figures, const std::vector<ResultPoint>& all) {
    const auto of_nodes = [](const ResultPoint& point) { return point.level == "sim"; };
    const Points points = placed(all, of_nodes);
    const bool both =
        std::any_of(points.begin(), points.end(), [](const auto* each) { return is_pow(*each); }) &&
        std::any_of(points.begin(), points.end(), [](const auto* each) { return !is_pow(*each); });
    if (!both) return;
    Chart chart{"Proof of work and PBFT on the same network",
                "lambda Delta: mean delay between nodes, in block intervals",
                "F_h, % of heights",
                spans_decades(points),
                false,
                {}};
    ChartSeries pow{"proof of work", SeriesStyle::dots_and_line, 1, {}};
    ChartSeries pbft{"PBFT", SeriesStyle::dots_and_line, 0, {}};
    for (const ResultPoint* point : points)
        (is_pow(*point) ? pow : pbft).points.push_back(measured(*point, point->forked_heights()));
    chart.series = {std::move(pow), std::move(pbft)};
    Points miners;
    std::copy_if(points.begin(), points.end(), std::back_inserter(miners),
                 [](const auto* each) { return is_pow(*each); });
    add_theory(chart, miners, &ForkRates::forked_heights, kPercent);
    figures.push_back({"pow_and_pbft", std::move(chart),
                       "F_h = heights with two or more blocks / heights, of whole nodes in the "
                       "simulator. Bars: 95 % Wilson intervals; that of PBFT says how many forks "
                       "the number of heights could have missed. Curves: theory of proof of work, "
                       "with the same delay between any two miners."});
}

/// At most kSeriesMax of the points, evenly spread.
Points some_of(const Points& points) {
    if (points.size() <= kSeriesMax) return points;
    Points chosen;
    for (size_t i = 0; i < kSeriesMax; ++i)
        chosen.push_back(points[i * (points.size() - 1) / (kSeriesMax - 1)]);
    return chosen;
}

void add_propagation(std::vector<Figure>& figures, const std::vector<ResultPoint>& all) {
    Points points;
    for (const ResultPoint& point : all) {
        if (!point.percentiles_s.empty()) points.push_back(&point);
    }
    if (points.empty()) return;
    Chart chart{"Propagation of blocks",
                "seconds after a block was found",
                "deliveries made, %",
                false,
                false,
                {}};
    const Points chosen = some_of(points);
    for (size_t i = 0; i < chosen.size(); ++i) {
        ChartSeries series{chosen[i]->name(), SeriesStyle::curve, i, {}};
        const std::vector<double>& times = chosen[i]->percentiles_s;
        for (size_t percent = 0; percent < times.size(); ++percent)
            series.points.push_back({times[percent], static_cast<double>(percent), {}, {}});
        chart.series.push_back(std::move(series));
    }
    std::string caption =
        "The share of all pairs of a block and a node, other than its miner, that has the block "
        "after so long.";
    if (chosen.size() < points.size())
        caption += fmt::format(" {} of {} results are drawn.", chosen.size(), points.size());
    figures.push_back({"propagation", std::move(chart), std::move(caption)});
}

void add_reorganisations(std::vector<Figure>& figures, const std::vector<ResultPoint>& all) {
    Points points;
    for (const ResultPoint& point : all) {
        if (!point.reorganisations.empty() && point.heights > 0) points.push_back(&point);
    }
    if (points.empty()) return;
    Chart chart{"Depths of reorganisations",
                "blocks taken off a node's chain",
                "reorganisations per 1,000 heights",
                false,
                true,
                {}};
    const Points chosen = some_of(points);
    for (size_t i = 0; i < chosen.size(); ++i) {
        ChartSeries series{chosen[i]->name(), SeriesStyle::dots_and_line, i, {}};
        for (const auto& [depth, times] : chosen[i]->reorganisations) {
            const double rate =
                1'000 * static_cast<double>(times) / static_cast<double>(chosen[i]->heights);
            if (times > 0) series.points.push_back({static_cast<double>(depth), rate, {}, {}});
        }
        chart.series.push_back(std::move(series));
    }
    std::string caption =
        "Counted at every node, so that a fork counts once for each node that "
        "took it.";
    if (chosen.size() < points.size())
        caption += fmt::format(" {} of {} results are drawn.", chosen.size(), points.size());
    figures.push_back({"reorganisations", std::move(chart), std::move(caption)});
}

/// Of the estimate of a proportion; that of Agresti & Coull, which is not 0 without hits.
double standard_error(const Proportion& rate) {
    const double trials = static_cast<double>(rate.trials) + 4;
    const double share = (static_cast<double>(rate.hits) + 2) / trials;
    return std::sqrt(share * (1 - share) / trials);
}

}  // namespace

std::vector<Figure> make_figures(const std::vector<ResultPoint>& points) {
    std::vector<Figure> figures;
    add_rates(figures, points);
    add_comparison(figures, points);
    add_propagation(figures, points);
    add_reorganisations(figures, points);
    return figures;
}

std::vector<Agreement> compare_levels(const std::vector<ResultPoint>& points) {
    constexpr std::pair<const char*, const char*> kPairs[] = {
        {"model", "sim"}, {"sim", "live"}, {"model", "live"}};
    std::vector<Agreement> result;
    for (const auto& [first, second] : kPairs) {
        for (const ResultPoint& one : points) {
            for (const ResultPoint& other : points) {
                if (one.level != first || other.level != second || one.title != other.title ||
                    one.varied != other.varied || !is_pow(one) || !is_pow(other) ||
                    one.blocks == 0 || other.blocks == 0)
                    continue;
                const Proportion a = one.stale_of_all();
                const Proportion b = other.stale_of_all();
                const double error = std::hypot(standard_error(a), standard_error(b));
                result.push_back({one.varied.empty() ? one.title : one.varied, first, second,
                                  a.value(), b.value(), std::abs(a.value() - b.value()) / error});
            }
        }
    }
    return result;
}

}  // namespace parley::lab
