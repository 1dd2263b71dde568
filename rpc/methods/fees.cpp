// Fee estimates.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "mempool/fees/fee_estimator.h"
#include "rpc/json/spend_options.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

constexpr std::array kHorizons{std::pair{FeeHorizon::short_term, "short"},
                               std::pair{FeeHorizon::medium_term, "medium"},
                               std::pair{FeeHorizon::long_term, "long"}};

int32_t conf_target(const Call& call) {
    const int64_t target = call.integer(0);
    check_conf_target(target);
    return static_cast<int32_t>(target);
}

/// A node that hears of no transactions learns nothing about fees.
const FeeEstimator& fee_estimator(const Node& node) {
    if (node.config().net.blocks_only) fail(Code::internal, "Fee estimation disabled");
    return node.mempool().fee_estimator();
}

void estimatesmartfee(Call& call) {
    const int32_t target = conf_target(call);
    const std::string mode = call.string(1, "economical");
    check_estimate_mode(mode);
    const bool conservative = mode.front() == 'c' || mode.front() == 'C';
    FeeRate lowest{0};
    const auto estimate = call.ask([&](Node& node) {
        lowest = node.mempool().min_fee(node.now());
        return fee_estimator(node).smart(target, conservative);
    });
    JsonWriter& out = call.out();
    out.object([&] {
        if (estimate.rate) {
            // What pays less than the mempool demands is not relayed.
            out.field("feerate", Amount{std::max(*estimate.rate, lowest).value()});
        } else {
            out.field_values("errors",
                             std::vector<std::string>{"Insufficient data or no feerate found"});
        }
        out.field("blocks", estimate.target);
    });
}

double hundredths(double value) {
    return std::round(value * 100) / 100;
}

void write_range(JsonWriter& out, std::string_view name, const FeeRange& range) {
    out.field_object(name, [&] {
        out.field("startrange", std::round(range.start));
        out.field("endrange", std::round(range.end));
        out.field("withintarget", hundredths(range.within_target));
        out.field("totalconfirmed", hundredths(range.total_confirmed));
        out.field("inmempool", hundredths(range.in_mempool));
        out.field("leftmempool", hundredths(range.left_mempool));
    });
}

void write_horizon(JsonWriter& out, const ConfirmationHistory::Horizon& horizon,
                   const RangeEstimate& estimate) {
    const bool found = estimate.rate > 0;
    if (found) out.field("feerate", Amount{std::llround(estimate.rate)});
    out.field("decay", horizon.decay);
    out.field("scale", horizon.scale);
    if (found) write_range(out, "pass", estimate.pass);
    if (!found || estimate.fail.start >= 0) write_range(out, "fail", estimate.fail);
    if (!found)
        out.field_values("errors", std::vector<std::string>{"Insufficient data or no feerate found "
                                                            "which meets threshold"});
}

void estimaterawfee(Call& call) {
    const int32_t target = conf_target(call);
    double threshold = 0.95;
    if (call.has(1)) {
        const std::string& text = call.argument(1).number();
        std::from_chars(text.data(), text.data() + text.size(), threshold);
    }
    if (threshold < 0 || threshold > 1) fail(Code::invalid_parameter, "Invalid threshold");
    JsonWriter& out = call.out();
    call.ask([&](Node& node) {
        const FeeEstimator& fees = fee_estimator(node);
        out.object([&] {
            for (const auto& [horizon, name] : kHorizons) {
                if (target > fees.target_max(horizon)) continue;
                const RangeEstimate estimate = fees.raw(target, threshold, horizon);
                out.field_object(
                    name, [&] { write_horizon(out, fees.history(horizon).horizon(), estimate); });
            }
        });
    });
}

}  // namespace

std::vector<Method> fee_methods() {
    using enum ParameterType;
    return {
        {.name = "estimatesmartfee",
         .category = "util",
         .description = "Estimates the fee rate that a transaction needs in order to begin "
                        "confirmation within conf_target blocks, by what was enough in the blocks "
                        "since this node started.",
         .parameters = {{"conf_target", number, true, "",
                         "Confirmation target in blocks (1 - 1008)"},
                        {"estimate_mode", string, false, "economical",
                         "unset, economical or conservative"}},
         .result = "{feerate, errors, blocks}    (json object) The rate in BTC/kvB, or the reason "
                   "why there is none; the target for which it holds",
         .example = "6",
         .handler = &estimatesmartfee},
        {.name = "estimaterawfee",
         .category = "util",
         .description =
             "Shows the averages on which estimatesmartfee relies: for each horizon, the "
             "lowest range of fee rates in which enough transactions were confirmed in "
             "time, and the highest in which they were not.",
         .parameters = {{"conf_target", number, true, "",
                         "Confirmation target in blocks (1 - 1008)"},
                        {"threshold", number, false, "0.95",
                         "The share of transactions that must have been confirmed in time"}},
         .result = "{short, medium, long}    (json object)",
         .example = "6 0.9",
         .handler = &estimaterawfee,
         .hidden = true},
    };
}

}  // namespace parley::rpc
