#include "contrib/lab/commands/race_report.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "contrib/lab/commands/rate_text.h"
#include "contrib/lab/model/closed_forms.h"
#include "contrib/lab/model/spread.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

/// A closed form beside the measurement; empty where it says nothing about a figure.
struct Theory {
    std::string name;
    std::string json_name;
    std::optional<double> forked_heights, stale_of_all, stale_of_main, growth;
};

Theory all_rates(const char* name, const char* json_name, const ForkRates& rates) {
    return {name,        json_name, rates.forked_heights, rates.stale_of_all, rates.stale_of_main,
            rates.growth};
}

std::vector<Theory> theories(const RaceReport& report) {
    std::vector<Theory> result;
    if (report.lambda_delta) {
        const double x = *report.lambda_delta;
        const std::vector<double>& shares = report.network.shares;
        result.push_back(all_rates("many small", "many_small_miners", many_small_miners(x)));
        result.push_back(all_rates("first order", "finite_miners", finite_miners(shares, x)));
        if (shares.size() == 2 && shares[0] > 0 && shares[1] > 0)
            result.push_back(all_rates("exact", "two_miners", two_miners(shares[0], x)));
    }
    // Of the run's own propagation. An interval is 1, and a block in any short time is as likely
    // as that time is long.
    Theory decker{"Decker", "decker", {}, {}, {}, {}};
    decker.forked_heights = -std::expm1(-report.total.weighted_delay);
    result.push_back(decker);
    return result;
}

double share_of(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string rates_table(const RaceReport& report) {
    const RaceResult& run = report.total;
    const std::vector<Theory> forms = theories(report);
    std::string text = fmt::format("{:<37}{:<26}", "", "measured");
    for (const Theory& form : forms) text += fmt::format("{:>12}", form.name);
    text += '\n';
    const auto row = [&](const std::string& name, const std::string& measured,
                         std::optional<double> Theory::*figure, double scale) {
        text += fmt::format("{:<37}{:<26}", name, measured);
        for (const Theory& form : forms) {
            if (const auto value = form.*figure)
                text += scale == 100 ? fmt::format("{:>10.2f} %", scale * *value)
                                     : fmt::format("{:>12.4f}", *value);
            else
                text += fmt::format("{:>12}", "-");
        }
        text += '\n';
    };
    row("F_h  heights with 2 or more blocks", rate_text(run.forked_heights(), 2),
        &Theory::forked_heights, 100);
    row("S_t  stale / all blocks", rate_text(run.stale_of_all(), 2), &Theory::stale_of_all, 100);
    row("S_m  stale / main-chain blocks", rate_text(run.stale_of_main(), 2), &Theory::stale_of_main,
        100);
    row("Chain growth per block interval", fmt::format("{:.4f}", run.growth()), &Theory::growth, 1);
    return text;
}

std::string miners_table(const RaceReport& report) {
    constexpr size_t kMinersShown = 32;  // a page; --json has all
    const RaceResult& run = report.total;
    std::string text = fmt::format("{:<16}{:>12}{:>14}{:>12}{:>12}{:>14}\n", "Miner", "hash share",
                                   "main chain", "of chain", "stale", "of its blocks");
    for (size_t i = 0; i < std::min(report.network.size(), kMinersShown); ++i) {
        const uint64_t stale = run.mined[i] - run.main[i];
        text += fmt::format("{:<16}{:>10.3f} %{:>14}{:>10.3f} %{:>12}{:>12.3f} %\n",
                            report.network.names[i], 100 * report.network.shares[i], run.main[i],
                            100 * share_of(run.main[i], run.heights), stale,
                            100 * share_of(stale, run.mined[i]));
    }
    if (report.network.size() > kMinersShown) {
        text += fmt::format("... and {} more; --json lists all.\n",
                            report.network.size() - kMinersShown);
    }
    return text;
}

Spread spread_between(const RaceReport& report, double (*figure)(const RaceResult&)) {
    std::vector<double> values;
    for (const SeedResult& seed : report.seeds) values.push_back(figure(seed.result));
    return spread_of(values);
}

std::string spread_text(const RaceReport& report) {
    const Spread forked =
        spread_between(report, [](const RaceResult& r) { return r.forked_heights().value(); });
    const Spread stale =
        spread_between(report, [](const RaceResult& r) { return r.stale_of_all().value(); });
    return fmt::format(
        "Between the {} seeds: F_h {:.3f} % with standard deviation {:.3f}, S_t {:.3f} % with "
        "{:.3f}.\n",
        report.seeds.size(), 100 * forked.mean, 100 * forked.deviation, 100 * stale.mean,
        100 * stale.deviation);
}

std::string seeds_name(uint64_t first, uint64_t count) {
    return count > 1 ? fmt::format("seeds {} to {}", first, first + count - 1)
                     : fmt::format("seed {}", first);
}

void write_theory(rpc::JsonWriter& json, const Theory& form) {
    json.field_object(form.json_name, [&] {
        if (form.forked_heights) json.field("F_h", *form.forked_heights);
        if (form.stale_of_all) json.field("S_t", *form.stale_of_all);
        if (form.stale_of_main) json.field("S_m", *form.stale_of_main);
        if (form.growth) json.field("growth", *form.growth);
    });
}

std::string indented(const rpc::JsonWriter& json) {
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

void write_run(rpc::JsonWriter& json, const RaceResult& run) {
    json.field("heights", run.heights);
    json.field("mined", run.blocks);
    json.field("stale", run.stale());
    write_proportion(json, "F_h", run.forked_heights());
    write_proportion(json, "S_t", run.stale_of_all());
    write_proportion(json, "S_m", run.stale_of_main());
    json.key("growth");
    if (run.heights > 0)
        json.value(run.growth());
    else
        json.null();
}

}  // namespace

std::string race_text(const RaceReport& report) {
    const RaceResult& run = report.total;
    std::string text = fmt::format(
        "Mining race: {} miners, {}, {} heights a seed, {}{}\n", report.network.size(),
        report.lambda_delta
            ? fmt::format("lambda Delta = {:g}", *report.lambda_delta)
            : fmt::format("mean delay {:.6g} intervals by hash share", run.weighted_delay),
        report.requested_heights, seeds_name(report.seeds.front().seed, report.seeds.size()),
        run.partial ? " (PARTIAL: interrupted)" : "");
    if (run.heights == 0) return text + "No height is final: this run has no fork rate.\n";
    text += fmt::format("{} heights compared, {} blocks, {} of them stale, in {:.6g} {}\n\n",
                        run.heights, run.blocks, run.stale(),
                        run.intervals * report.interval_s.value_or(1),
                        report.interval_s ? "seconds" : "block intervals");
    text += rates_table(report) + '\n';
    if (report.seeds.size() > 1) text += spread_text(report) + '\n';
    text += miners_table(report);
    text += "\nReorganisations, all miners: ";
    std::string depths;
    for (const auto& [depth, count] : run.reorganisations)
        depths += fmt::format("{}{} x depth {}", depths.empty() ? "" : ", ", count, depth);
    text += (depths.empty() ? "none" : depths) + "\n";
    text += "In brackets: 95 % Wilson intervals. S_m above 100 % has none.\n";
    return text;
}

std::string race_json(const RaceReport& report) {
    const RaceResult& run = report.total;
    rpc::JsonWriter json;
    json.object([&] {
        json.field("partial", run.partial);
        if (report.lambda_delta) json.field("lambda_delta", *report.lambda_delta);
        if (report.interval_s) json.field("interval_s", *report.interval_s);
        json.field("requested_heights", report.requested_heights);
        write_run(json, run);
        json.field("intervals", run.intervals);
        json.field("hash_weighted_delay", run.weighted_delay);
        json.field_object("theory", [&] {
            for (const Theory& form : theories(report)) write_theory(json, form);
        });
        json.field_array("miners", [&] {
            for (size_t i = 0; i < report.network.size(); ++i) {
                json.object([&] {
                    json.field("name", report.network.names[i]);
                    json.field("share", report.network.shares[i]);
                    json.field("main", run.main[i]);
                    json.field("stale", run.mined[i] - run.main[i]);
                });
            }
        });
        json.field_object("reorganisations", [&] {
            for (const auto& [depth, count] : run.reorganisations)
                json.field(std::to_string(depth), count);
        });
        json.field_array("seeds", [&] {
            for (const SeedResult& seed : report.seeds) {
                json.object([&] {
                    json.field("seed", seed.seed);
                    write_run(json, seed.result);
                });
            }
        });
    });
    return indented(json);
}

std::string selfish_text(const SelfishReport& report) {
    const SelfishResult& run = report.total;
    std::string text =
        fmt::format("Selfish mining (Eyal & Sirer): alpha = {:g}, gamma = {:g}, no delay, {}{}\n",
                    report.alpha, report.gamma, seeds_name(report.first_seed, report.seeds),
                    run.partial ? " (PARTIAL: interrupted)" : "");
    if (run.heights() == 0) return text + "No height is final: this run has no rates.\n";
    text += fmt::format("{} heights compared, {} blocks\n\n", run.heights(), run.blocks());
    text += fmt::format("{:<46}{:<28}{:>9}\n", "", "measured", "formula");
    text +=
        fmt::format("{:<46}{:<28}{:>7.3f} %\n", "R    main-chain blocks of the pool / heights",
                    rate_text(run.revenue(), 3), 100 * selfish_revenue(report.alpha, report.gamma));
    text += fmt::format("{:<46}{}\n", "S_t  stale / all blocks",
                        rate_text({run.blocks() - run.heights(), run.blocks()}, 3));
    text += fmt::format("{:<46}{} / {}\n", "Stale blocks, pool / honest miners", run.pool_stale,
                        run.honest_stale);
    const double threshold = selfish_threshold(report.gamma);
    text += fmt::format("\nSelfish mining pays above alpha = {:.4f} with this gamma: here it {}.\n",
                        threshold, report.alpha > threshold ? "does" : "does not");
    return text;
}

std::string selfish_json(const SelfishReport& report) {
    const SelfishResult& run = report.total;
    rpc::JsonWriter json;
    json.object([&] {
        json.field("partial", run.partial);
        json.field("alpha", report.alpha);
        json.field("gamma", report.gamma);
        json.field("seed", report.first_seed);
        json.field("seeds", report.seeds);
        json.field("heights", run.heights());
        json.field("mined", run.blocks());
        write_proportion(json, "R", run.revenue());
        write_proportion(json, "S_t", {run.blocks() - run.heights(), run.blocks()});
        json.field("pool_stale", run.pool_stale);
        json.field("honest_stale", run.honest_stale);
        json.field_object("theory", [&] {
            json.field("R", selfish_revenue(report.alpha, report.gamma));
            json.field("threshold", selfish_threshold(report.gamma));
        });
    });
    return indented(json);
}

}  // namespace parley::lab
