#include "node/simulator/network/link_delays.h"

#include <gtest/gtest.h>

namespace parley::sim {
namespace {

TEST(LinkDelays, table_has_the_delays_of_links_in_both_directions_and_the_mean_elsewhere) {
    const Overlay overlay{4, {{0, 1}, {3, 1}, {2, 3}}};
    const LatencyTable table = link_delays(overlay, {Duration{7}, Duration{1'001}, Duration{333}});
    EXPECT_EQ(table.delay(0, 1), Duration{7});
    EXPECT_EQ(table.delay(1, 3), Duration{1'001});
    EXPECT_EQ(table.delay(3, 1), Duration{1'001});
    EXPECT_EQ(table.delay(3, 2), Duration{333});
    EXPECT_EQ(table.delay(0, 3), Duration{447});
}

TEST(LinkDelays, both_directions_of_a_link_may_differ) {
    const Overlay overlay{3, {{0, 1}, {2, 1}}};
    const LatencyTable table =
        link_delays(overlay, {Duration{10}, Duration{20}}, {Duration{30}, Duration{40}});
    EXPECT_EQ(table.delay(0, 1), Duration{10});
    EXPECT_EQ(table.delay(1, 0), Duration{30});
    EXPECT_EQ(table.delay(2, 1), Duration{20});
    EXPECT_EQ(table.delay(1, 2), Duration{40});
    EXPECT_EQ(table.delay(0, 2), Duration{25});  // the mean
}

TEST(LinkDelays, six_regions_2015_corners) {
    const LatencyTable table = six_regions_2015();
    EXPECT_EQ(table.delay(0, 0), Duration{35'500});
    EXPECT_EQ(table.delay(1, 5), Duration{350'070});
    EXPECT_EQ(table.delay(5, 5), Duration{21'720});
}

}  // namespace
}  // namespace parley::sim
