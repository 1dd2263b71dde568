// MiningSchedule: when a proof-of-work node mines (-gen and -automine=off|tx|<s>|poisson:<s>). A
// value, parsed from the option's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace parley {

struct MiningSchedule {
    enum class Kind : uint8_t {
        off,
        continuous,  ///< -gen: mine continuously
        on_demand,   ///< tx: mine while transactions are waiting
        interval,    ///< a block every `period`
        poisson      ///< blocks at exponential intervals with mean `period`
    };
    Kind kind = Kind::off;
    Duration period{};

    bool operator==(const MiningSchedule&) const = default;
};

/// Accepts "off", "gen", "tx", a number of seconds with up to six decimals ("2", "0.5"), or
/// "poisson:" followed by such a number. Empty: any other text, or a period under a millisecond or
/// over a day.
std::optional<MiningSchedule> parse_automine(std::string_view text);

/// The inverse; "gen" for continuous.
std::string to_string(const MiningSchedule& schedule);

}  // namespace parley
