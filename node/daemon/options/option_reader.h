// OptionReader: the values of Settings as numbers, flags and fees. The first one that makes no
// sense is kept as a sentence, so that a list of options reads without an error check each. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "chain/primitives/fee_rate.h"
#include "node/daemon/options/settings.h"

namespace parley {

class OptionReader {
 public:
    explicit OptionReader(const Settings& settings) : settings_(settings) {}

    bool flag(std::string_view name, bool fallback);
    int64_t number(std::string_view name, int64_t fallback, int64_t min, int64_t max);
    template <class T>
    T number_as(std::string_view name, int64_t fallback, int64_t min, int64_t max) {
        return static_cast<T>(number(name, fallback, min, max));
    }
    std::string text(std::string_view name, std::string_view fallback = "");
    /// Coins with decimals.
    Amount amount(std::string_view name, Amount fallback);
    FeeRate fee_rate(std::string_view name, FeeRate fallback);
    std::vector<std::string> list(std::string_view name) { return settings_.list(name); }
    bool has(std::string_view name) const { return settings_.has(name); }
    /// -nox or -x=0.
    bool negated(std::string_view name) const;

    void fail(std::string sentence) {
        if (problem_.empty()) problem_ = std::move(sentence);
    }
    void fail(std::string_view name, std::string_view value, std::string_view expected);

    /// Empty: all values made sense.
    const std::string& problem() const { return problem_; }

 private:
    const Settings& settings_;
    std::string problem_;
};

}  // namespace parley
