#include "contrib/lab/verify/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

/// A sample this unlikely under the claim refutes it.
constexpr double kSignificance = 0.01;

std::string figure(double value, const std::string& unit) {
    return fmt::format("{:.6g}{}{}", value, unit.empty() ? "" : " ", unit);
}

std::string range_text(const Range& range, const std::string& unit) {
    if (range.low == range.high) return figure(range.low, unit);
    return fmt::format("{:.6g} to {}", range.low, figure(range.high, unit));
}

std::string failure(const Finding& finding) {
    if (!std::isfinite(finding.measured)) return "nothing was measured";
    std::string text = fmt::format("{} is outside {}", figure(finding.measured, finding.unit),
                                   range_text(finding.accepted, finding.unit));
    const auto& interval = finding.interval;
    if (interval && interval->low <= finding.accepted.high &&
        interval->high >= finding.accepted.low)
        text += "; the 95 % interval reaches into it, so that a longer run could decide otherwise";
    return text;
}

}  // namespace

const char* to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::fail:
            return "FAIL";
        case Verdict::not_run:
            return "not run";
    }
    return "";
}

Range around(double expected, double tolerance) {
    return {expected - tolerance, expected + tolerance};
}

Finding judge(const Claim& claim, double measured, std::optional<Range> interval) {
    Finding finding{claim.name, claim.unit, claim.expected, claim.accepted,
                    measured,   interval,   Verdict::pass,  ""};
    if (!std::isfinite(measured) || !claim.accepted.contains(measured)) {
        finding.verdict = Verdict::fail;
        finding.reason = failure(finding);
    }
    return finding;
}

Finding judge_rate(std::string name, double expected, double tolerance,
                   const Proportion& measured) {
    const Claim claim{std::move(name), "%", expected, around(expected, tolerance)};
    if (measured.trials == 0) return judge(claim, std::nan(""));
    std::optional<Range> interval;
    if (measured.hits <= measured.trials)
        interval = Range{100 * measured.low(), 100 * measured.high()};
    return judge(claim, 100 * measured.value(), interval);
}

Finding judge_p(std::string name, double p) {
    return judge({std::move(name), "", std::nullopt, {kSignificance, 1}}, p);
}

Finding judge_equal(std::string name, std::string unit, double expected, double measured) {
    return judge({std::move(name), std::move(unit), expected, {expected, expected}}, measured);
}

Finding not_run(std::string name, std::string reason) {
    Finding finding;
    finding.name = std::move(name);
    finding.reason = std::move(reason);
    return finding;
}

bool any_failed(const Findings& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& each) { return each.verdict == Verdict::fail; });
}

std::string findings_text(const Findings& findings, bool partial) {
    std::string text = partial ? "PARTIAL: interrupted\n\n" : "";
    text += fmt::format("{:<44}{:>11} {:<26}{:>11} {:<26}{}\n", "Check", "expected", "(accepted)",
                        "measured", "[95 % interval]", "verdict");
    for (const Finding& each : findings) {
        if (each.verdict == Verdict::not_run) {
            text += fmt::format("{:<44}{}: {}.\n", each.name, to_string(each.verdict), each.reason);
            continue;
        }
        const std::string accepted = fmt::format("({})", range_text(each.accepted, each.unit));
        const std::string interval =
            each.interval ? fmt::format("[{:.6g}, {:.6g}]", each.interval->low, each.interval->high)
                          : "";
        const std::string expected = each.expected ? fmt::format("{:.6g}", *each.expected) : "-";
        text += fmt::format("{:<44}{:>11} {:<26}{:>11.6g} {:<26}{}{}{}\n", each.name, expected,
                            accepted, each.measured, interval, to_string(each.verdict),
                            each.reason.empty() ? "" : ": ", each.reason);
    }
    const auto count = [&](Verdict verdict) {
        return std::count_if(findings.begin(), findings.end(),
                             [&](const Finding& each) { return each.verdict == verdict; });
    };
    return text + fmt::format("\n{} passed, {} failed, {} not run\n", count(Verdict::pass),
                              count(Verdict::fail), count(Verdict::not_run));
}

std::string findings_json(const Findings& findings, bool partial) {
    rpc::JsonWriter json;
    json.object([&] {
        json.field("partial", partial);
        json.field("passed", !any_failed(findings));
        json.field_array("checks", [&] {
            for (const Finding& each : findings) {
                json.object([&] {
                    json.field("name", each.name);
                    json.field("verdict", to_string(each.verdict));
                    if (!each.reason.empty()) json.field("reason", each.reason);
                    if (each.verdict == Verdict::not_run) return;
                    json.field("unit", each.unit);
                    json.key("expected");
                    if (each.expected)
                        json.value(*each.expected);
                    else
                        json.null();
                    json.key("accepted").array([&] {
                        json.value(each.accepted.low).value(each.accepted.high);
                    });
                    json.key("measured");
                    if (std::isfinite(each.measured))
                        json.value(each.measured);
                    else
                        json.null();
                    json.key("interval");
                    if (each.interval)
                        json.array(
                            [&] { json.value(each.interval->low).value(each.interval->high); });
                    else
                        json.null();
                });
            }
        });
    });
    return rpc::json_indented(*rpc::parse_json(json.text()), 2) + "\n";
}

}  // namespace parley::lab
