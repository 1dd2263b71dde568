// Ordering with a correct primary: cost, delay, demand, batches, followers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/consensus/pbft/cluster.h"

namespace parley::pbft::testing {
namespace {

std::vector<Cluster::Node> all(size_t count) {
    std::vector<Cluster::Node> nodes(count);
    for (size_t i = 0; i < count; ++i) nodes[i] = i;
    return nodes;
}

class NormalCase : public ::testing::TestWithParam<size_t> {};

TEST_P(NormalCase, decision_in_constant_delay_costs_2n_n_minus_1_messages_and_3_delays) {
    const size_t n = GetParam();
    Cluster cluster({.validators = n, .delay = milliseconds{100}});
    cluster.run_for(seconds{1});
    for (size_t height = 1; height <= 3; ++height) {
        cluster.clear_sent();
        const TimePoint begin = cluster.now();
        cluster.submit();
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(all(n)) == height; }, seconds{1}));
        EXPECT_EQ(cluster.now() - begin, milliseconds{300});
        cluster.run_for(milliseconds{500});
        EXPECT_EQ(cluster.sent(MessageType::pre_prepare), n - 1);
        EXPECT_EQ(cluster.sent(MessageType::prepare), (n - 1) * (n - 1));
        EXPECT_EQ(cluster.sent(MessageType::commit), n * (n - 1));
        EXPECT_EQ(cluster.sent(), 2 * n * (n - 1));
    }
    EXPECT_THAT(cluster.violations(), ::testing::IsEmpty());
    for (const size_t node : all(n)) EXPECT_THAT(cluster.blames(node), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(sizes, NormalCase, ::testing::Values(4, 5, 6, 7, 10, 13));

}  // namespace
}  // namespace parley::pbft::testing
