// Finding: one line of `parley-lab verify`: what was expected, what was measured, and the verdict.
// A value. The accepted range is that of the claim and is never widened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contrib/lab/model/statistics.h"

namespace parley::lab {

enum class Verdict : uint8_t { pass, fail, not_run };
const char* to_string(Verdict verdict);

struct Range {
    double low = 0;
    double high = 0;

    bool contains(double value) const { return value >= low && value <= high; }
};

/// `expected` - `tolerance` to `expected` + `tolerance`.
Range around(double expected, double tolerance);

struct Finding {
    std::string name;                ///< such as "two_miners.S_t.x=0.1"
    std::string unit;                ///< of all figures: "%", "s"; empty: a number
    std::optional<double> expected;  ///< empty: only a range is expected
    Range accepted;
    double measured = 0;
    std::optional<Range> interval;  ///< 95 %, of what was measured
    Verdict verdict = Verdict::not_run;
    std::string reason;  ///< one sentence unless passed
};
using Findings = std::vector<Finding>;

/// What is judged, without the verdict.
struct Claim {
    std::string name;
    std::string unit;
    std::optional<double> expected;
    Range accepted;
};

/// Passes if the measured value is in the accepted range. No number is a failure.
Finding judge(const Claim& claim, double measured, std::optional<Range> interval = {});

/// The same for a proportion, in percent and with its Wilson interval. `expected` and `tolerance`
/// are in percent too. Without trials it fails: a rate of nothing is no rate.
Finding judge_rate(std::string name, double expected, double tolerance, const Proportion& measured);

/// A p value passes above 1 %.
Finding judge_p(std::string name, double p);

/// Exactly `expected`.
Finding judge_equal(std::string name, std::string unit, double expected, double measured);

Finding not_run(std::string name, std::string reason);

bool any_failed(const Findings& findings);

std::string findings_text(const Findings& findings, bool partial);
std::string findings_json(const Findings& findings, bool partial);

}  // namespace parley::lab
