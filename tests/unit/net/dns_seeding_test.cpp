// When a node asks DNS seeds for addresses, and how many.
#include "net/addresses/dns_seeding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station.h"

namespace parley::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class DnsSeedingTest : public ::testing::Test {
 protected:
    static DnsSeeding make(bool forced = false) {
        static NullLog log;
        SeededRandom random(7);
        return {{"a.", "b.", "c.", "d.", "e."}, forced, random, log};
    }
    /// The number of seeds to ask now.
    static int asked(DnsSeeding& seeding, TimePoint now, size_t known, size_t peers = 0) {
        int count = 0;
        while (seeding.next(now, known, peers)) ++count;
        return count;
    }
};

TEST_F(DnsSeedingTest, node_that_knows_nobody_asks_each_seed_once) {
    DnsSeeding seeding = make();
    seeding.start(kStart, false);
    EXPECT_EQ(seeding.deadline(), kStart);
    std::vector<std::string> seeds;
    while (const auto seed = seeding.next(kStart, 0, 0)) seeds.push_back(*seed);
    EXPECT_THAT(seeds, testing::UnorderedElementsAre("a.", "b.", "c.", "d.", "e."));
    EXPECT_FALSE(seeding.deadline()) << "that was all";
    EXPECT_EQ(asked(seeding, kStart + minutes{10}, 0), 0);
}

TEST_F(DnsSeedingTest, node_that_knows_some_waits_and_asks_three_at_a_time) {
    DnsSeeding seeding = make();
    seeding.start(kStart, false);
    EXPECT_EQ(asked(seeding, kStart, 10), 0);
    EXPECT_EQ(seeding.deadline(), kStart + seconds{11});
    EXPECT_EQ(asked(seeding, kStart + seconds{10}, 10), 0);
    EXPECT_EQ(asked(seeding, kStart + seconds{11}, 10), 3);
    EXPECT_EQ(asked(seeding, kStart + seconds{21}, 10), 0);
    EXPECT_EQ(asked(seeding, kStart + seconds{22}, 10, 1), 2) << "one peer is not enough";
    EXPECT_FALSE(seeding.deadline());
}

TEST_F(DnsSeedingTest, node_that_knows_many_waits_longer_and_looks_for_peers_meanwhile) {
    DnsSeeding seeding = make();
    seeding.start(kStart, false);
    EXPECT_EQ(asked(seeding, kStart, 1'000), 0);
    EXPECT_EQ(seeding.deadline(), kStart + seconds{11});
    EXPECT_EQ(asked(seeding, kStart + seconds{11}, 1'000), 0);
    EXPECT_EQ(seeding.deadline(), kStart + seconds{22});
    DnsSeeding other = seeding;
    EXPECT_EQ(asked(other, kStart + minutes{5}, 1'000), 3);
    EXPECT_EQ(asked(seeding, kStart + seconds{22}, 1'000, 2), 0);
    EXPECT_FALSE(seeding.deadline()) << "it has peers";
}

TEST_F(DnsSeedingTest, forced_it_asks_all_whatever_is_known) {
    DnsSeeding seeding = make(true);
    seeding.start(kStart, false);
    EXPECT_EQ(asked(seeding, kStart, 5'000, 8), 5);
}

TEST_F(DnsSeedingTest, seed_nodes_come_first) {
    DnsSeeding seeding = make();
    seeding.start(kStart, true);
    EXPECT_EQ(seeding.deadline(), kStart + seconds{30});
    EXPECT_EQ(asked(seeding, kStart + seconds{29}, 0), 0);
    EXPECT_EQ(asked(seeding, kStart + seconds{30}, 0), 5);
}

TEST(Connector, node_without_addresses_dials_its_dns_seeds_for_addresses) {
    NetOptions options;
    options.default_port = 8333;
    options.dns_seeds = {"seed.example."};
    options.network_active = false;
    Station station(options);
    EXPECT_THAT(station.take_dials(), testing::IsEmpty());
    station.manager.set_network_active(true, station.now);
    const auto dials = station.take_dials();
    ASSERT_EQ(dials.size(), 1u);
    EXPECT_EQ(dials[0].target, (Endpoint{"seed.example.", 8333}));
    const PeerId seed =
        station.ready_peer(false, Station::default_version(), true, "9.8.7.6", dials[0].dial);
    EXPECT_EQ(station.manager.peer_infos(station.now)[0].connection_type,
              ConnectionType::address_fetch);
    station.close(seed);
    station.advance(minutes{20});
    EXPECT_THAT(station.take_dials(), testing::IsEmpty());
}

}  // namespace
}  // namespace parley::test
