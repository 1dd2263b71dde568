#include "contrib/lab/commands/rate_text.h"

#include <fmt/format.h>

#include <vector>

namespace parley::lab {

std::string rate_text(const Proportion& proportion, int decimals) {
    if (proportion.trials == 0) return "no blocks";
    const double value = 100 * proportion.value();
    if (proportion.hits > proportion.trials) return fmt::format("{:.{}f} %", value, decimals);
    return fmt::format("{:.{}f} % [{:.{}f}, {:.{}f}]", value, decimals, 100 * proportion.low(),
                       decimals, 100 * proportion.high(), decimals);
}

int rate_decimals(const Proportion& proportion) {
    constexpr double kSmall = 0.01;
    return proportion.hits > 0 && proportion.value() < kSmall ? 3 : 2;
}

void write_proportion(rpc::JsonWriter& json, const std::string& name, const Proportion& value) {
    if (value.trials == 0)
        json.key(name).null();
    else
        json.field(name, value.value());
    json.key(name + "_interval");
    if (value.trials == 0 || value.hits > value.trials)
        json.null();
    else
        json.array([&] { json.value(value.low()).value(value.high()); });
}

}  // namespace parley::lab
