// Two equal miners with a constant delay against the exact rates (Sompolinsky & Zohar, "Secure
// High-Rate Transaction Processing in Bitcoin", 2015, section 5): with x = rate * delay, the chain
// grows at rate * (2 + x) / (2 + 2x), F_h = x / (2 + x), S_t = x / (2 + 2x).
#include <gtest/gtest.h>

#include <cmath>

#include "node/simulator/fork_census.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

struct Measured {
    ForkCensus census;
    double growth = 0;  ///< main-chain blocks per mean interval
};

Measured two_equal_miners(Duration interval, Duration delay, int blocks, uint64_t seed) {
    const Purse purse(1);
    World world({.seed = seed,
                 .latency = LatencyTable::uniform(delay),
                 .sync_delay = Duration{0},
                 .block_interval = interval});
    add_miners(world, purse.params(), 2);
    world.connect(0, 1);
    EXPECT_TRUE(world.run_until([&] { return all_reached(world, blocks); }, interval * blocks * 4));
    // The last heights may still have blocks to come.
    const Height last = tip(world, 0).height - 20;
    const auto* end = world.node(0).chain().index().at_height(last);
    const double time = static_cast<double>(end->time()) -
                        static_cast<double>(to_unix_seconds(world.options().start));
    const double mean = std::chrono::duration<double>(interval).count();
    return {take_census(world, 0, last), static_cast<double>(last.value()) * mean / time};
}

void expect_exact(const Measured& measured, double x) {
    const auto blocks = static_cast<double>(measured.census.blocks);
    const auto heights = static_cast<double>(measured.census.heights);
    const double f_h = x / (2 + x);
    const double s_t = x / (2 + 2 * x);
    const double growth = (2 + x) / (2 + 2 * x);
    EXPECT_NEAR(measured.census.f_h(), f_h, 4 * std::sqrt(f_h * (1 - f_h) / heights));
    EXPECT_NEAR(measured.census.s_t(), s_t, 4 * std::sqrt(s_t * (1 - s_t) / blocks));
    EXPECT_NEAR(measured.growth, growth, 4 * growth / std::sqrt(heights));
    // At most two blocks a height, so the three rates hang together.
    EXPECT_DOUBLE_EQ(measured.census.f_h(), measured.census.s_m());
}

TEST(ClosedForm, two_equal_miners_at_lambda_delta_1_fork_as_calculated) {
    expect_exact(two_equal_miners(seconds{1}, seconds{1}, scaled(4'000, 300), 21), 1.0);
}

TEST(ClosedForm, two_equal_miners_at_lambda_delta_a_tenth_fork_as_calculated) {
    expect_exact(two_equal_miners(seconds{10}, seconds{1}, scaled(4'000, 300), 22), 0.1);
}

}  // namespace
}  // namespace parley::sim
