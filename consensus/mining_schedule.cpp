#include "consensus/mining_schedule.h"

#include <fmt/format.h>

namespace parley {
namespace {

constexpr Duration kPeriodMin = std::chrono::milliseconds{1};
constexpr Duration kPeriodMax = std::chrono::hours{24};
constexpr std::string_view kPoissonPrefix = "poisson:";

std::optional<Duration> parse_seconds(std::string_view text) {
    constexpr int64_t kMicrosecondsMax = std::chrono::microseconds{kPeriodMax}.count();
    int64_t microseconds = 0;
    int decimals = -1;
    if (text.empty() || text == ".") return std::nullopt;
    for (const char c : text) {
        if (c == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9' || decimals == 6) return std::nullopt;
        if (decimals >= 0) ++decimals;
        microseconds = microseconds * 10 + (c - '0');
        if (microseconds > kMicrosecondsMax) return std::nullopt;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 6; ++i) microseconds *= 10;
    const Duration period{microseconds};
    if (period < kPeriodMin || period > kPeriodMax) return std::nullopt;
    return period;
}

}  // namespace

std::optional<MiningSchedule> parse_automine(std::string_view text) {
    if (text == "off" || text == "0") return MiningSchedule{};
    if (text == "gen") return MiningSchedule{MiningSchedule::Kind::continuous, {}};
    if (text == "tx") return MiningSchedule{MiningSchedule::Kind::on_demand, {}};
    const bool poisson = text.substr(0, kPoissonPrefix.size()) == kPoissonPrefix;
    const auto period = parse_seconds(poisson ? text.substr(kPoissonPrefix.size()) : text);
    if (!period) return std::nullopt;
    return MiningSchedule{poisson ? MiningSchedule::Kind::poisson : MiningSchedule::Kind::interval,
                          *period};
}

std::string to_string(const MiningSchedule& schedule) {
    const auto seconds = [&] {
        std::string text = fmt::format("{}.{:06}", schedule.period.count() / 1'000'000,
                                       schedule.period.count() % 1'000'000);
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
        return text;
    };
    switch (schedule.kind) {
        case MiningSchedule::Kind::off:
            return "off";
        case MiningSchedule::Kind::continuous:
            return "gen";
        case MiningSchedule::Kind::on_demand:
            return "tx";
        case MiningSchedule::Kind::interval:
            return seconds();
        case MiningSchedule::Kind::poisson:
            return std::string{kPoissonPrefix} + seconds();
    }
    return "off";
}

}  // namespace parley
