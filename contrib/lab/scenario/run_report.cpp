#include "contrib/lab/scenario/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contrib/lab/commands/rate_text.h"
#include "contrib/lab/model/closed_forms.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

constexpr double kPercentiles[] = {0.5, 0.75, 0.9, 0.95, 0.99};

double share_of(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string miners_text(const RunReport& report, const RaceResult& race) {
    constexpr size_t kMinersShown = 32;  // a page; --json has all
    std::string text = fmt::format("\n{:<8}{:>12}{:>14}{:>12}{:>12}\n", "Miner", "hash share",
                                   "main chain", "of chain", "stale");
    size_t shown = 0;
    for (size_t i = 0; i < race.main.size(); ++i) {
        if (report.scenario.shares[i] == 0) continue;
        if (++shown > kMinersShown) return text + "... and more; --json lists all.\n";
        text += fmt::format(
            "{:<8}{:>10.3f} %{:>14}{:>10.3f} %{:>12}\n", i, 100 * report.scenario.shares[i],
            race.main[i], 100 * share_of(race.main[i], race.heights), race.mined[i] - race.main[i]);
    }
    return text;
}

/// Which runs are counted. Daemons take no seed.
std::string runs_text(const RunReport& report) {
    if (report.runs.empty()) return "no run";
    const uint64_t first = report.runs.front().seed;
    const uint64_t last = report.runs.back().seed;
    if (report.level == Level::live)
        return first == last ? "1 run" : fmt::format("{} runs", report.runs.size());
    return first == last ? fmt::format("seed {}", first)
                         : fmt::format("seeds {} to {}", first, last);
}

std::string head_text(const RunReport& report) {
    const Scenario& scenario = report.scenario;
    const sim::OverlayShape& shape = report.shape;
    return fmt::format(
        "{}{}\n{}, level {}, {} nodes, {}\n"
        "Topology {}: {} links, degree {} to {} (mean {:.2f}), diameter {}, mean path {:.2f}, "
        "clustering {:.3f}\n",
        scenario.title.empty() ? "Untitled" : scenario.title, report.partial ? " (PARTIAL)" : "",
        scenario.consensus == ScenarioConsensus::pow ? "Proof of work" : "PBFT",
        to_string(report.level), scenario.nodes, runs_text(report),
        to_string(scenario.topology.kind), shape.links, shape.degree_min, shape.degree_max,
        shape.degree_mean, shape.diameter, shape.path_mean, shape.clustering);
}

/// The closed forms for the mean delay of the network, and Decker & Wattenhofer's for the delays
/// that the run itself had.
std::string theory_text(const RunReport& report, const RaceResult& race) {
    if (report.scenario.consensus != ScenarioConsensus::pow || !std::isfinite(report.lambda_delta))
        return "";
    const std::vector<double>& shares = report.scenario.shares;
    std::string text = fmt::format("{:<38}{:.4f}, with the trips of relay mode {}\n",
                                   "lambda Delta, mean over pairs", report.lambda_delta,
                                   to_string(report.scenario.relay));
    const auto line = [&](const char* name, const ForkRates& rates) {
        text += fmt::format("{:<38}F_h {:.2f} %, S_t {:.2f} %, S_m {:.2f} %\n", name,
                            100 * rates.forked_heights, 100 * rates.stale_of_all,
                            100 * rates.stale_of_main);
    };
    if (shares.size() == 2 && shares[0] > 0 && shares[1] > 0)
        line("Theory, two miners, exact", two_miners(shares[0], report.lambda_delta));
    line("Theory, first order", finite_miners(shares, report.lambda_delta));
    return text + fmt::format("{:<38}F_h {:.2f} %\n", "Theory, Decker, from the propagation",
                              -100 * std::expm1(-race.weighted_delay));
}

std::string changes_text(const RunReport& report) {
    std::string text;
    for (const ScenarioChange& change : report.changes)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", change.key, change.value);
    return text;
}

void write_number(rpc::JsonWriter& json, const char* name, double value) {
    if (std::isfinite(value))
        json.field(name, value);
    else
        json.key(name).null();
}

void write_settings(rpc::JsonWriter& json, const RunReport& report) {
    const Scenario& scenario = report.scenario;
    json.field("title", scenario.title);
    json.field("level", to_string(report.level));
    json.field("consensus", to_string(scenario.consensus));
    json.field_object("vary", [&] {
        for (const ScenarioChange& change : report.changes) json.field(change.key, change.value);
    });
    json.field("partial", report.partial);
    json.field("nodes", scenario.nodes);
    json.field("relay", to_string(scenario.relay));
    json.field("interval_s", scenario.interval_s);
    write_number(json, "lambda_delta", report.lambda_delta);
    json.field_array("seeds", [&] {
        for (const ScenarioRun& run : report.runs) json.value(run.seed);
    });
    json.field_object("topology", [&] {
        json.field("kind", to_string(scenario.topology.kind));
        json.field("links", report.shape.links);
        json.field("diameter", report.shape.diameter);
        json.field("degree_mean", report.shape.degree_mean);
        json.field("path_mean", report.shape.path_mean);
        json.field("clustering", report.shape.clustering);
    });
}

void write_deliveries(rpc::JsonWriter& json, const ScenarioRun& total) {
    const DeliveryTimes times(total.deliveries);
    json.field_object("delivery_s", [&] {
        if (times.empty()) return;
        for (const double share : kPercentiles)
            json.field(fmt::format("{:.0f}", 100 * share), times.percentile(share));
    });
    json.field_array("delivery_percentiles_s", [&] {
        for (int percent = 0; percent <= 100 && !times.empty(); ++percent)
            json.value(times.percentile(percent / 100.0));
    });
}

void write_counts(rpc::JsonWriter& json, const RunReport& report, const ScenarioRun& total) {
    const RaceResult& race = total.race;
    json.field("heights", race.heights);
    json.field("forked_heights", race.forked);
    json.field("blocks", race.blocks);
    write_proportion(json, "F_h", race.forked_heights());
    write_proportion(json, "S_t", race.stale_of_all());
    write_proportion(json, "S_m", race.stale_of_main());
    write_number(json, "growth", race.heights > 0 ? race.growth() : std::nan(""));
    const bool mines = report.scenario.consensus == ScenarioConsensus::pow && race.heights > 0;
    write_number(json, "F_h_decker", mines ? -std::expm1(-race.weighted_delay) : std::nan(""));
    json.field_object("reorganisations", [&] {
        for (const auto& [depth, times] : race.reorganisations)
            json.field(std::to_string(depth), times);
    });
    json.field_array("miners", [&] {
        for (size_t i = 0; i < report.scenario.shares.size() && i < race.main.size(); ++i) {
            json.object([&] {
                json.field("share", report.scenario.shares[i]);
                json.field("main", race.main[i]);
                json.field("stale", race.mined[i] - race.main[i]);
            });
        }
    });
}

/// Of the first seed, as rows of numbers: they are many.
void write_trace(rpc::JsonWriter& json, const RunTrace& trace) {
    json.field_array("tree", [&] {
        for (const TracedBlock& block : trace.blocks) {
            json.array([&] {
                json.value(block.time_s);
                json.value(block.height);
                json.value(block.miner);
                json.value(block.parent ? static_cast<int64_t>(*block.parent) : int64_t{-1});
                json.value(block.stale ? 1 : 0);
            });
        }
    });
    json.field_array("views", [&] {
        for (const TracedStep& step : trace.steps) {
            json.array([&] {
                json.value(step.time_s);
                json.value(step.validator);
                json.value(step.view);
                json.value(to_string(step.kind));
            });
        }
    });
}

void write_run(rpc::JsonWriter& json, const RunReport& report) {
    const ScenarioRun total = total_of(report);
    json.object([&] {
        write_settings(json, report);
        write_counts(json, report, total);
        write_deliveries(json, total);
        json.field("transactions_submitted", total.submitted);
        json.field("transactions_confirmed", total.confirmed);
        json.field("safety_violations", total.conflicts);
        write_trace(json, report.runs.empty() ? RunTrace{} : report.runs.front().trace);
        json.field_object("messages", [&] {
            for (const auto& [command, traffic] : total.traffic) {
                json.field_object(command, [&] {
                    json.field("sent", traffic.messages);
                    json.field("bytes", traffic.bytes);
                });
            }
        });
    });
}

}  // namespace

ScenarioRun total_of(const RunReport& report) {
    ScenarioRun total;
    for (const ScenarioRun& run : report.runs) {
        total.race.add(run.race);
        total.deliveries.insert(total.deliveries.end(), run.deliveries.begin(),
                                run.deliveries.end());
        for (const auto& [command, traffic] : run.traffic) {
            total.traffic[command].messages += traffic.messages;
            total.traffic[command].bytes += traffic.bytes;
        }
        total.submitted += run.submitted;
        total.confirmed += run.confirmed;
        total.conflicts += run.conflicts;
    }
    return total;
}

std::string run_text(const RunReport& report) {
    std::string text = head_text(report);
    const ScenarioRun total = total_of(report);
    const RaceResult& race = total.race;
    if (race.heights == 0) return text + "No height is final: this run has no fork rate.\n";
    text += fmt::format("{} heights compared, {} blocks\n\n", race.heights, race.blocks);
    const auto rate = [&](const char* name, const Proportion& value) {
        text += fmt::format("{:<38}{} (n = {})\n", name, rate_text(value, rate_decimals(value)),
                            value.trials);
    };
    rate("F_h  heights with 2 or more blocks", race.forked_heights());
    rate("S_t  stale / all blocks", race.stale_of_all());
    rate("S_m  stale / main-chain blocks", race.stale_of_main());
    text += fmt::format("{:<38}{:.4f}\n", "Chain growth per interval", race.growth());
    text += theory_text(report, race);
    if (const DeliveryTimes times(total.deliveries); !times.empty()) {
        text += fmt::format("{:<38}", "Blocks reach nodes after, s");
        for (const double share : kPercentiles)
            text += fmt::format("{:.0f} %: {:.3f}  ", 100 * share, times.percentile(share));
        text += '\n';
    }
    if (report.scenario.consensus == ScenarioConsensus::pow) {
        text += fmt::format("{:<38}", "Reorganisations, depth: times");
        for (const auto& [depth, times] : race.reorganisations)
            text += fmt::format("{}: {}  ", depth, times);
        text += '\n' + miners_text(report, race);
    }
    if (total.submitted > 0) {
        text += fmt::format("{:<38}{} of {}\n", "Transactions confirmed at node 0", total.confirmed,
                            total.submitted);
    }
    if (report.level == Level::sim || report.scenario.consensus == ScenarioConsensus::pbft)
        text += fmt::format("{:<38}{}\n", "Violations of safety", total.conflicts);
    if (!total.traffic.empty()) {
        text += fmt::format("\n{:<16}{:>14}{:>16}\n", "Message", "sent", "bytes");
        for (const auto& [command, traffic] : total.traffic)
            text += fmt::format("{:<16}{:>14}{:>16}\n", command, traffic.messages, traffic.bytes);
    }
    return text + "\nBrackets: 95 % Wilson intervals, which take heights as independent.\n";
}

std::string run_json(const RunReport& report) {
    rpc::JsonWriter json;
    write_run(json, report);
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

std::string sweep_text(const std::vector<RunReport>& reports) {
    size_t width = 8;
    for (const RunReport& report : reports) width = std::max(width, changes_text(report).size());
    std::string text;
    if (!reports.empty()) {
        const RunReport& first = reports.front();
        text = fmt::format("{}, level {}\n",
                           first.scenario.title.empty() ? "Untitled" : first.scenario.title,
                           to_string(first.level));
    }
    text +=
        fmt::format("{:<{}}  {:>12} {:>9}  {:<24}{:<24}{:<24}{:>7}{:>10}{:>10}\n", "", width,
                    "lambda Delta", "heights", "F_h", "S_t", "S_m", "growth", "50 %, s", "95 %, s");
    for (const RunReport& report : reports) {
        const ScenarioRun total = total_of(report);
        const RaceResult& race = total.race;
        text += fmt::format("{:<{}}  {:>12.4f} {:>9}  ", changes_text(report), width,
                            report.lambda_delta, race.heights);
        if (race.heights == 0) {
            text += fmt::format("no height is final: no fork rate{}\n",
                                report.partial ? "  PARTIAL" : "");
            continue;
        }
        const auto cell = [](const Proportion& rate) {
            return rate_text(rate, rate_decimals(rate));
        };
        const DeliveryTimes times(total.deliveries);
        const auto seconds = [&](double share) {
            return times.empty() ? std::string{"-"}
                                 : fmt::format("{:.3f}", times.percentile(share));
        };
        text +=
            fmt::format("{:<24}{:<24}{:<24}{:>7.4f}{:>10}{:>10}{}\n", cell(race.forked_heights()),
                        cell(race.stale_of_all()), cell(race.stale_of_main()), race.growth(),
                        seconds(0.5), seconds(0.95), report.partial ? "  PARTIAL" : "");
    }
    return text +
           "\nF_h: heights with 2 or more blocks / heights; S_t: stale / all blocks; S_m: stale / "
           "main-chain\nblocks. Brackets: 95 % Wilson intervals, which take heights as "
           "independent. 50 %, 95 %: so much of\nall deliveries of blocks to nodes is made.\n";
}

std::string sweep_json(const std::vector<RunReport>& reports) {
    rpc::JsonWriter json;
    json.object([&] {
        json.field_array("points", [&] {
            for (const RunReport& report : reports) write_run(json, report);
        });
    });
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

}  // namespace parley::lab
