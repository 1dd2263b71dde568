// Which inbound connection gives way to a new one when all slots are taken.
#include "net/peer/inbound_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "station.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::Each;
using testing::Ge;
using testing::Not;

// Candidates 1 to `count`, each connected a second after the one before it, all of one group.
std::vector<EvictionCandidate> candidates_of_one_group(uint64_t count) {
    std::vector<EvictionCandidate> result;
    for (uint64_t i = 1; i <= count; ++i) {
        EvictionCandidate& candidate = result.emplace_back();
        candidate.id = PeerId{i};
        candidate.connected_at = kStart + seconds{i};
        candidate.group = 7;
    }
    return result;
}

// Evicts one after the other until the rest is protected; in order.
std::vector<uint64_t> evict_all(std::vector<EvictionCandidate> candidates) {
    std::vector<uint64_t> evicted;
    while (const auto id = select_evicted(candidates)) {
        evicted.push_back(id->value());
        std::erase_if(candidates, [&](const auto& candidate) { return candidate.id == *id; });
    }
    return evicted;
}

TEST(InboundSlots, few_candidates_are_all_protected) {
    EXPECT_FALSE(select_evicted({}));
    // Four by their group and eight by their latency.
    EXPECT_FALSE(select_evicted(candidates_of_one_group(12)));
    EXPECT_TRUE(select_evicted(candidates_of_one_group(13)));
}

TEST(InboundSlots, youngest_leaves_first_and_never_an_old_one) {
    const auto evicted = evict_all(candidates_of_one_group(100));
    ASSERT_FALSE(evicted.empty());
    EXPECT_EQ(evicted.front(), 100u);
    EXPECT_TRUE(std::is_sorted(evicted.rbegin(), evicted.rend()));
    EXPECT_THAT(evicted, Each(Ge(13u)));
}

TEST(InboundSlots, lowest_latencies_stay) {
    auto candidates = candidates_of_one_group(60);
    for (uint64_t i = 53; i <= 60; ++i) candidates[i - 1].ping_min = milliseconds{i};
    const auto evicted = evict_all(candidates);
    for (uint64_t i = 53; i <= 60; ++i) EXPECT_THAT(evicted, Not(Contains(i)));
    EXPECT_EQ(evicted.front(), 52u);
}

TEST(InboundSlots, last_transactions_and_blocks_stay) {
    auto candidates = candidates_of_one_group(80);
    for (uint64_t i = 77; i <= 80; ++i) candidates[i - 1].last_transaction = kStart;
    for (uint64_t i = 73; i <= 76; ++i) candidates[i - 1].last_block = kStart;
    for (uint64_t i = 65; i <= 72; ++i) {
        candidates[i - 1].last_block = kStart - seconds{1};
        candidates[i - 1].relays_transactions = false;
    }
    const auto evicted = evict_all(candidates);
    EXPECT_EQ(evicted.front(), 64u);
    EXPECT_THAT(evicted, Each(testing::Lt(65u)));
}

TEST(InboundSlots, largest_group_gives_way) {
    auto candidates = candidates_of_one_group(60);
    for (uint64_t i = 1; i <= 8; ++i) candidates[i - 1].ping_min = milliseconds{i};
    // The youngest ten are each alone in their group.
    for (uint64_t i = 51; i <= 60; ++i) candidates[i - 1].group = i + 100;
    EXPECT_EQ(select_evicted(candidates), PeerId{50});
}

TEST(InboundSlots, discouraged_host_gives_way_first) {
    auto candidates = candidates_of_one_group(60);
    candidates[40].discouraged = true;
    EXPECT_EQ(select_evicted(candidates), PeerId{41});
}

NetOptions with_slots(size_t inbound) {
    NetOptions options;
    options.block_relay_max = 0;
    options.connections_max = options.outbound_max + 1 + inbound;
    return options;
}

TEST(InboundSlots, half_open_connections_give_way_oldest_of_the_busiest_host_first) {
    Station station(with_slots(5));
    const PeerId ready = station.ready_peer();
    const PeerId other = station.connect(true, "10.0.0.2");
    std::vector<PeerId> flood;
    for (int i = 0; i < 3; ++i) flood.push_back(station.connect(true, "10.0.0.3"));
    const PeerId newcomer = station.ready_peer(true, Station::default_version(), true, "10.0.0.4");
    EXPECT_TRUE(station.closed(flood[0]));
    for (const PeerId peer : {ready, other, flood[1], flood[2], newcomer})
        EXPECT_FALSE(station.closed(peer));
    EXPECT_EQ(station.manager.peer_count(true), 5u);
}

TEST(InboundSlots, newcomers_get_in_however_many_handshaked_peers_fill_the_slots) {
    Station station(with_slots(40));
    std::vector<PeerId> honest;
    for (int i = 0; i < 10; ++i)
        honest.push_back(station.ready_peer(true, Station::default_version(), true,
                                            "10." + std::to_string(i + 50) + ".0.1"));
    station.advance(seconds{1});
    for (int i = 0; i < 100; ++i) {
        station.ready_peer(true, Station::default_version(), true, "10.9.0.1");
        station.advance(milliseconds{10});
    }
    const PeerId newcomer = station.ready_peer(true, Station::default_version(), true, "10.8.0.1");
    EXPECT_FALSE(station.closed(newcomer));
    for (const PeerId peer : honest) EXPECT_FALSE(station.closed(peer));
    EXPECT_EQ(station.manager.peer_count(true), 40u);
}

TEST(InboundSlots, few_slots_that_are_all_protected_refuse_newcomers) {
    Station station(with_slots(4));
    for (int i = 0; i < 4; ++i) station.ready_peer();
    EXPECT_TRUE(station.closed(station.connect(true)));
    Station none(with_slots(0));
    EXPECT_TRUE(none.closed(none.connect(true)));
}

TEST(InboundSlots, half_open_connections_of_a_host_are_limited_while_slots_are_free) {
    Station station(with_slots(500));
    std::vector<PeerId> peers;
    for (int i = 0; i < 70; ++i) peers.push_back(station.connect(true, "10.0.0.3"));
    for (size_t i = 0; i < peers.size(); ++i) EXPECT_EQ(station.closed(peers[i]), i < 6) << i;
    EXPECT_FALSE(station.closed(station.connect(true, "10.0.0.4")));
}

}  // namespace
}  // namespace parley::test
