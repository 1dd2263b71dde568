#include "contrib/lab/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "contrib/lab/commands/rate_text.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

/// A run without confirmed blocks has no fork rate.
bool measured(const RunResult& result) {
    return result.heights > 0;
}

/// Without a confirmed block, even a rate of blocks or heights that were seen means nothing.
Proportion rate(const RunResult& result, const Proportion& proportion) {
    return measured(result) ? proportion : Proportion{};
}

std::string times_text(const std::vector<Seconds>& times) {
    if (times.empty()) return "-";
    return fmt::format("{:.2f} s / {:.2f} s", percentile(times, 0.5), percentile(times, 0.95));
}

std::string reorganisations_text(const RunResult& result) {
    if (result.reorganisations.empty()) return "0";
    std::string text;
    for (const auto& [depth, count] : result.reorganisations) {
        text += fmt::format("{}{} x depth {}", text.empty() ? "" : ", ", count, depth);
    }
    return text;
}

struct Row {
    const char* name;
    std::function<std::string(const RunResult&)> cell;
};

std::vector<Row> table_rows() {
    return {
        {"Heights compared", [](const RunResult& r) { return std::to_string(r.heights); }},
        {"Blocks",
         [](const RunResult& r) { return fmt::format("{} ({} stale)", r.blocks, r.stale); }},
        {"F_h  forked / heights",
         [](const RunResult& r) { return rate_text(rate(r, r.fork_rate)); }},
        {"     expected (first order)",
         [](const RunResult& r) {
             if (r.consensus == Consensus::pbft) return std::string{"0, always"};
             return fmt::format("{:.1f} %", 100 * r.expected_fork_rate);
         }},
        {"S_t  stale / all blocks",
         [](const RunResult& r) { return rate_text(rate(r, r.stale_of_all)); }},
        {"S_m  stale / main chain",
         [](const RunResult& r) { return rate_text(rate(r, r.stale_of_main)); }},
        {"Reorganisations", reorganisations_text},
        {"1 confirmation, 50 / 95 %", [](const RunResult& r) { return times_text(r.to_one); }},
        {"6 confirmations, 50 / 95 %",
         [](const RunResult& r) {
             return r.consensus == Consensus::pbft ? std::string{"final at 1 confirmation"}
                                                   : times_text(r.to_six);
         }},
        {"Transactions sent / confirmed",
         [](const RunResult& r) { return fmt::format("{} / {}", r.sent, r.confirmed); }},
        {"Transactions per second",
         [](const RunResult& r) { return fmt::format("{:.2f}", r.transactions_per_second); }},
        {"Bytes sent per transaction",
         [](const RunResult& r) { return fmt::format("{:.0f}", r.bytes_per_transaction); }},
        {"CPU seconds, all nodes",
         [](const RunResult& r) { return fmt::format("{:.1f}", r.cpu_seconds); }},
        {"One tip at the end",
         [](const RunResult& r) {
             return fmt::format("{}, after {:.1f} s more", r.agreed ? "yes" : "no", r.settling);
         }},
    };
}

void write_times(rpc::JsonWriter& json, const char* name, const std::vector<Seconds>& times) {
    if (times.empty()) {
        json.key(name).null();
        return;
    }
    json.field_object(name, [&] {
        json.field("median", percentile(times, 0.5));
        json.field("p95", percentile(times, 0.95));
        json.field("samples", times.size());
    });
}

void write_result(rpc::JsonWriter& json, const RunResult& r) {
    json.field("nodes", r.options.nodes);
    json.field("seconds", r.duration);
    json.field("partial", r.partial);
    json.field("delay_ms", r.options.delay_ms);
    if (r.consensus == Consensus::pow) json.field("interval", r.options.interval_s);
    json.field("heights", r.heights);
    json.field("mined", r.blocks);
    json.field("stale", r.stale);
    write_proportion(json, "F_h", rate(r, r.fork_rate));
    write_proportion(json, "S_t", rate(r, r.stale_of_all));
    write_proportion(json, "S_m", rate(r, r.stale_of_main));
    json.field("F_h_expected", r.expected_fork_rate);
    json.field_object("reorganisations", [&] {
        for (const auto& [depth, count] : r.reorganisations)
            json.field(std::to_string(depth), count);
    });
    write_times(json, r.consensus == Consensus::pow ? "confirmation_1" : "commit", r.to_one);
    write_times(json, "confirmation_6", r.to_six);
    json.field("transactions_sent", r.sent);
    json.field("transactions_refused", r.refused);
    json.field("transactions_confirmed", r.confirmed);
    json.field("transactions_per_second", r.transactions_per_second);
    json.field("bytes_per_transaction", r.bytes_per_transaction);
    json.field("cpu_seconds", r.cpu_seconds);
    json.field("one_tip", r.agreed);
    json.field("settling_s", r.settling);
}

}  // namespace

std::string table_text(const std::vector<RunResult>& results) {
    constexpr int kNameWidth = 32;
    constexpr int kColumnWidth = 30;
    const bool partial = std::any_of(results.begin(), results.end(),
                                     [](const RunResult& each) { return each.partial; });
    std::string text = partial ? "\nPARTIAL: interrupted\n" : "";
    text += fmt::format("\n{:{}}", "", kNameWidth);
    for (const RunResult& result : results) {
        text += fmt::format("{:{}}", result.consensus == Consensus::pow ? "Proof of work" : "PBFT",
                            kColumnWidth);
    }
    text += '\n' + std::string(kNameWidth + kColumnWidth * results.size(), '-') + '\n';
    for (const Row& row : table_rows()) {
        text += fmt::format("{:{}}", row.name, kNameWidth);
        for (const RunResult& result : results)
            text += fmt::format("{:{}}", row.cell(result), kColumnWidth);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    const LiveOptions& options = results.front().options;
    text += fmt::format(
        "\n{} nodes each, {:.0f} s, one-way delay {:.0f} ms; in brackets: 95 % Wilson intervals.\n",
        options.nodes, results.front().duration, options.delay_ms);
    for (const RunResult& result : results) {
        if (result.refused == 0) continue;
        text += fmt::format("{}: {} transactions were refused, the last one because: {}\n",
                            to_string(result.consensus), result.refused, result.last_refusal);
    }
    return text;
}

std::string json_text(const std::vector<RunResult>& results) {
    rpc::JsonWriter json;
    json.object([&] {
        for (const RunResult& result : results) {
            json.field_object(to_string(result.consensus), [&] { write_result(json, result); });
        }
    });
    const auto parsed = rpc::parse_json(json.text());
    return rpc::json_indented(*parsed, 2) + "\n";
}

}  // namespace parley::lab
