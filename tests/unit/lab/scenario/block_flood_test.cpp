// Arrivals of a block, computed by hand.
#include "contrib/lab/scenario/block_flood.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::lab {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr milliseconds kTrip{100};

/// Links of 0.1 s; a block of 1 MB takes a second of each uplink.
ScenarioNetwork network_of(sim::Overlay overlay) {
    ScenarioNetwork network;
    network.delays.assign(overlay.links.size(), kTrip);
    network.back_delays = network.delays;
    network.bandwidths.assign(overlay.nodes, {1'000'000, 0});
    network.overlay = std::move(overlay);
    return network;
}

FloodOptions options_of(BlockRelay relay) {
    return {.relay = relay, .block_bytes = 1'000'000};
}

std::vector<int64_t> arrivals_ms(const ScenarioNetwork& network, const FloodOptions& options,
                                 size_t from) {
    std::vector<int64_t> result;
    for (const Duration each : BlockFlood(network, options).arrivals(from))
        result.push_back(std::chrono::duration_cast<milliseconds>(each).count());
    return result;
}

TEST(BlockFlood, copies_wait_for_each_other_in_the_uplink) {
    const ScenarioNetwork network = network_of(sim::star(4));
    EXPECT_THAT(arrivals_ms(network, options_of(BlockRelay::push), 0),
                ElementsAre(0, 1'100, 2'100, 3'100));
    // The announcement, the request and the block; the requests arrive together.
    EXPECT_THAT(arrivals_ms(network, options_of(BlockRelay::inv), 0),
                ElementsAre(0, 1'300, 2'300, 3'300));
}

TEST(BlockFlood, own_blocks_are_pushed_and_others_announced) {
    const ScenarioNetwork line = network_of({3, {{0, 1}, {1, 2}}});
    EXPECT_THAT(arrivals_ms(line, options_of(BlockRelay::own), 0), ElementsAre(0, 1'100, 2'400));
    EXPECT_THAT(arrivals_ms(line, options_of(BlockRelay::push), 0), ElementsAre(0, 1'100, 2'200));
    EXPECT_THAT(arrivals_ms(line, options_of(BlockRelay::headers), 0),
                ElementsAre(0, 1'300, 2'600));
    EXPECT_THAT(arrivals_ms(line, options_of(BlockRelay::own), 2), ElementsAre(2'400, 1'100, 0));
}

TEST(BlockFlood, node_asks_the_first_that_announces_and_waits_for_it) {
    // All are linked: node 3 asks node 0, whose uplink is busy, and not node 1, which has the block
    // after 1.3 s.
    EXPECT_THAT(arrivals_ms(network_of(sim::full_mesh(4)), options_of(BlockRelay::inv), 0),
                ElementsAre(0, 1'300, 2'300, 3'300));
    // A pushed copy comes first where the path is shorter.
    EXPECT_THAT(arrivals_ms(network_of(sim::full_mesh(4)), options_of(BlockRelay::push), 0),
                ElementsAre(0, 1'100, 2'100, 3'100));
}

TEST(BlockFlood, validation_and_the_link_count_at_each_hop_and_directions_differ) {
    ScenarioNetwork line = network_of({3, {{0, 1}, {1, 2}}});
    line.back_delays.assign(2, milliseconds{400});
    FloodOptions options = options_of(BlockRelay::push);
    options.validation = milliseconds{20};
    options.on_link = milliseconds{3};
    EXPECT_THAT(arrivals_ms(line, options, 0), ElementsAre(0, 1'123, 2'246));
    EXPECT_THAT(arrivals_ms(line, options, 2), ElementsAre(2'846, 1'423, 0));
    options.relay = BlockRelay::inv;  // there, back, there
    EXPECT_THAT(arrivals_ms(line, options, 0), ElementsAre(0, 1'623, 3'246));
    EXPECT_THAT(arrivals_ms(line, options, 2), ElementsAre(3'846, 1'923, 0));
}

TEST(BlockFlood, without_bandwidths_it_takes_the_shortest_path) {
    ScenarioNetwork network = network_of({3, {{0, 1}, {1, 2}, {0, 2}}});
    network.bandwidths.assign(3, {});
    network.delays[2] = network.back_delays[2] = milliseconds{500};
    EXPECT_THAT(arrivals_ms(network, options_of(BlockRelay::push), 0), ElementsAre(0, 100, 200));
}

}  // namespace
}  // namespace parley::lab
