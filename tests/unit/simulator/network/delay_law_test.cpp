#include "node/simulator/network/delay_law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace parley::sim {
namespace {

using std::chrono::milliseconds;

/// In milliseconds, sorted.
std::vector<double> sample(DelayLaw law, Duration mean, size_t count = 50'000) {
    SeededRandom random(3);
    std::vector<double> delays;
    for (size_t i = 0; i < count; ++i)
        delays.push_back(static_cast<double>(draw_delay(law, mean, random).count()) / 1'000);
    std::sort(delays.begin(), delays.end());
    return delays;
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

TEST(DelayLaw, draw_constant_is_the_mean) {
    for (const double delay : sample(DelayLaw::constant, milliseconds{70}, 10))
        EXPECT_EQ(delay, 70);
}

TEST(DelayLaw, draw_uniform_fills_zero_to_twice_the_mean) {
    const auto delays = sample(DelayLaw::uniform, milliseconds{70});
    EXPECT_NEAR(mean_of(delays), 70, 1);
    EXPECT_LT(delays.front(), 0.1);
    EXPECT_LE(delays.back(), 140);
    EXPECT_NEAR(delays[delays.size() / 4], 35, 1);
}

TEST(DelayLaw, draw_exponential_has_its_quantiles) {
    const auto delays = sample(DelayLaw::exponential, milliseconds{70});
    EXPECT_NEAR(mean_of(delays), 70, 1);
    EXPECT_NEAR(delays[delays.size() / 2], 70 * std::log(2), 1);
    EXPECT_NEAR(delays[delays.size() * 9 / 10], 70 * std::log(10), 3);
}

TEST(DelayLaw, draw_pareto_has_its_quantiles) {
    for (const double mean : {10.0, 100.0}) {
        const auto delays = sample(DelayLaw::pareto, Duration{static_cast<int64_t>(1'000 * mean)});
        const double shape = mean / 5;
        const double minimum = mean - 5;
        EXPECT_NEAR(delays.front(), minimum, 0.01);
        for (const double below : {0.1, 0.5, 0.9, 0.99}) {
            const auto rank = static_cast<size_t>(below * static_cast<double>(delays.size()));
            const double exact = minimum * std::pow(1 - below, -1 / shape);
            EXPECT_NEAR(delays[rank], exact, 0.03 * exact) << mean << " " << below;
        }
    }
    EXPECT_NEAR(mean_of(sample(DelayLaw::pareto, milliseconds{100})), 100, 0.5);
}

TEST(DelayLaw, draw_zero_mean_is_zero) {
    for (const auto law : {DelayLaw::constant, DelayLaw::uniform, DelayLaw::exponential})
        EXPECT_EQ(sample(law, Duration{0}, 10).back(), 0);
}

}  // namespace
}  // namespace parley::sim
