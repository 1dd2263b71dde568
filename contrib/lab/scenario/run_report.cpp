#include "contrib/lab/scenario/run_report.h"

#include <fmt/format.h>

#include "contrib/lab/commands/rate_text.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

constexpr double kPercentiles[] = {0.5, 0.75, 0.9, 0.95, 0.99};

/// All seeds together.
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

std::string head_text(const RunReport& report) {
    const Scenario& scenario = report.scenario;
    const sim::OverlayShape& shape = report.shape;
    return fmt::format(
        "{}{}\n{}, level {}, {} nodes, {}\n"
        "Topology {}: {} links, degree {} to {} (mean {:.2f}), diameter {}, mean path {:.2f}, "
        "clustering {:.3f}\n",
        scenario.title.empty() ? "Untitled" : scenario.title, report.partial ? " (PARTIAL)" : "",
        scenario.consensus == ScenarioConsensus::pow ? "Proof of work" : "PBFT",
        to_string(report.level), scenario.nodes,
        report.runs.empty()
            ? "no run"
            : fmt::format("seeds {} to {}", report.runs.front().seed, report.runs.back().seed),
        to_string(scenario.topology.kind), shape.links, shape.degree_min, shape.degree_max,
        shape.degree_mean, shape.diameter, shape.path_mean, shape.clustering);
}

}  // namespace

std::string run_text(const RunReport& report) {
    std::string text = head_text(report);
    const ScenarioRun total = total_of(report);
    const RaceResult& race = total.race;
    if (race.heights == 0) return text + "No height is final: this run has no fork rate.\n";
    text += fmt::format("{} heights compared, {} blocks\n\n", race.heights, race.blocks);
    const auto rate = [&](const char* name, const Proportion& value) {
        text += fmt::format("{:<38}{} (n = {})\n", name, rate_text(value, 2), value.trials);
    };
    rate("F_h  heights with 2 or more blocks", race.forked_heights());
    rate("S_t  stale / all blocks", race.stale_of_all());
    rate("S_m  stale / main-chain blocks", race.stale_of_main());
    text += fmt::format("{:<38}{:.4f}\n", "Chain growth per interval", race.growth());
    if (!total.deliveries.empty()) {
        text += fmt::format("{:<38}", "Blocks reach nodes after, s");
        for (const double share : kPercentiles) {
            text += fmt::format("{:.0f} %: {:.3f}  ", 100 * share,
                                delivery_percentile(total.deliveries, share));
        }
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
    if (report.level == Level::sim) {
        text += fmt::format("{:<38}{}\n", "Violations of safety", total.conflicts);
        text += fmt::format("\n{:<16}{:>14}{:>16}\n", "Message", "sent", "bytes");
        for (const auto& [command, traffic] : total.traffic)
            text += fmt::format("{:<16}{:>14}{:>16}\n", command, traffic.messages, traffic.bytes);
    }
    return text + "\nBrackets: 95 % Wilson intervals, which take heights as independent.\n";
}

std::string run_json(const RunReport& report) {
    const ScenarioRun total = total_of(report);
    const RaceResult& race = total.race;
    rpc::JsonWriter json;
    json.object([&] {
        json.field("title", report.scenario.title);
        json.field("level", to_string(report.level));
        json.field("partial", report.partial);
        json.field("nodes", report.scenario.nodes);
        json.field_array("seeds", [&] {
            for (const ScenarioRun& run : report.runs) json.value(run.seed);
        });
        json.field_object("topology", [&] {
            json.field("kind", to_string(report.scenario.topology.kind));
            json.field("links", report.shape.links);
            json.field("diameter", report.shape.diameter);
            json.field("degree_mean", report.shape.degree_mean);
            json.field("path_mean", report.shape.path_mean);
            json.field("clustering", report.shape.clustering);
        });
        json.field("heights", race.heights);
        json.field("blocks", race.blocks);
        write_proportion(json, "F_h", race.forked_heights());
        write_proportion(json, "S_t", race.stale_of_all());
        write_proportion(json, "S_m", race.stale_of_main());
        json.key("growth");
        if (race.heights > 0)
            json.value(race.growth());
        else
            json.null();
        json.field_object("delivery_s", [&] {
            if (total.deliveries.empty()) return;
            for (const double share : kPercentiles) {
                json.field(fmt::format("{:.0f}", 100 * share),
                           delivery_percentile(total.deliveries, share));
            }
        });
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
        json.field("transactions_submitted", total.submitted);
        json.field("transactions_confirmed", total.confirmed);
        json.field("safety_violations", total.conflicts);
        json.field_object("messages", [&] {
            for (const auto& [command, traffic] : total.traffic) {
                json.field_object(command, [&] {
                    json.field("sent", traffic.messages);
                    json.field("bytes", traffic.bytes);
                });
            }
        });
    });
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

}  // namespace parley::lab
