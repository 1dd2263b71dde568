#include "node/simulator/network/block_transport.h"

#include <gtest/gtest.h>

#include "node/simulator/latency_table.h"

namespace parley::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

BlockHash numbered_block(uint8_t number) {
    BlockHash hash;
    hash.bytes()[0] = number;
    return hash;
}

constexpr TimePoint kNow = from_unix_seconds(1'700'000'000);

TEST(BlockTransport, unlimited_bandwidth_costs_the_latency_only) {
    BlockTransport transport({{}, {}}, Duration{0});
    EXPECT_EQ(transport.deliver({0, 1, numbered_block(1), 1'000'000, milliseconds{70}}, kNow),
              kNow + milliseconds{70});
}

TEST(BlockTransport, the_slower_end_decides_how_long_a_block_takes) {
    // A megabyte: a second at the sender, two at the slow receiver, half a second at the fast one.
    BlockTransport transport({{1'000'000, 0}, {0, 500'000}, {0, 2'000'000}}, Duration{0});
    EXPECT_EQ(transport.deliver({0, 1, numbered_block(1), 1'000'000, milliseconds{70}}, kNow),
              kNow + milliseconds{2'070});
    // The sender is busy for one second, not for two: the receiver's line is slow, not its own.
    EXPECT_EQ(transport.deliver({0, 2, numbered_block(1), 1'000'000, milliseconds{70}}, kNow),
              kNow + milliseconds{2'070});
    EXPECT_EQ(transport.deliver({0, 2, numbered_block(2), 1'000'000, milliseconds{70}},
                                kNow + seconds{5}),
              kNow + milliseconds{6'070});
}

TEST(BlockTransport, blocks_queue_at_the_uplink_for_all_links_together) {
    BlockTransport transport({{1'000'000, 0}, {}, {}, {}}, Duration{0});
    for (NodeIndex to = 1; to <= 3; ++to) {
        EXPECT_EQ(transport.deliver({0, to, numbered_block(1), 500'000, milliseconds{10}}, kNow),
                  kNow + to * milliseconds{500} + milliseconds{10});
    }
    // The other direction has a line of its own.
    EXPECT_EQ(transport.deliver({1, 0, numbered_block(2), 500'000, milliseconds{10}}, kNow),
              kNow + milliseconds{10});
}

TEST(BlockTransport, blocks_queue_at_the_downlink_of_their_receiver) {
    BlockTransport transport({{}, {}, {0, 1'000'000}}, Duration{0});
    EXPECT_EQ(transport.deliver({0, 2, numbered_block(1), 500'000, milliseconds{10}}, kNow),
              kNow + milliseconds{510});
    EXPECT_EQ(transport.deliver({1, 2, numbered_block(2), 500'000, milliseconds{10}}, kNow),
              kNow + milliseconds{1'010});
}

TEST(BlockTransport, each_block_is_validated_once_and_one_after_the_other) {
    BlockTransport transport({{}, {}, {}}, milliseconds{200});
    EXPECT_EQ(transport.deliver({0, 2, numbered_block(1), 100, milliseconds{10}}, kNow),
              kNow + milliseconds{210});
    EXPECT_EQ(transport.deliver({1, 2, numbered_block(2), 100, milliseconds{10}}, kNow),
              kNow + milliseconds{410});
    EXPECT_EQ(transport.deliver({1, 2, numbered_block(1), 100, milliseconds{10}}, kNow),
              kNow + milliseconds{10});  // a second copy
    // A copy counts as one for the last blocks only.
    for (uint8_t i = 3; i < 3 + 64; ++i)
        transport.deliver({0, 2, numbered_block(i), 100, Duration{0}}, kNow + seconds{1});
    EXPECT_EQ(transport.deliver({0, 2, numbered_block(1), 100, Duration{0}}, kNow + seconds{100}),
              kNow + seconds{100} + milliseconds{200});
}

TEST(BlockTransport, regions_have_the_published_bandwidths) {
    const auto& regions = region_bandwidths_2019();
    EXPECT_EQ(regions.size(), LatencyTable::six_regions_2019().regions());
    EXPECT_EQ(regions[0], (NodeBandwidth{2'400'000, 6'500'000}));
    EXPECT_EQ(regions[2], (NodeBandwidth{725'000, 2'250'000}));
    EXPECT_EQ(regions[5], (NodeBandwidth{1'412'500, 3'737'500}));
}

}  // namespace
}  // namespace parley::sim
