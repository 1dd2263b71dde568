// Connections that carry an engine's messages: one for each pair of nodes, and renewed soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "station.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

// The station's own number is between these two.
constexpr uint64_t kLowest = 1;
constexpr uint64_t kHighest = std::numeric_limits<uint64_t>::max();
constexpr const char* kHost = "10.0.0.7";

NetOptions options_with_target(Duration engine_timeout) {
    NetOptions options;
    options.add_nodes = {{kHost, 3}};
    options.engine_timeout = engine_timeout;
    return options;
}

// The node and its target have dialled each other; both connections are complete.
struct Pair {
    explicit Pair(Duration engine_timeout = seconds{2}, const std::string& inbound_host = kHost,
                  message::Version version = parley_version())
        : station(options_with_target(engine_timeout)) {
        const auto dials = station.take_dials();
        EXPECT_THAT(dials, SizeIs(1));
        outbound = station.ready_peer(false, version, true, kHost, dials.at(0).dial);
        inbound = station.ready_peer(true, version, true, inbound_host);
    }
    static message::Version parley_version() {
        message::Version version = Station::default_version();
        version.services = version.services | kServiceParley;
        return version;
    }
    void identify(uint64_t number) {
        station.send(inbound, message::LinkId{number});
        station.send(outbound, message::LinkId{number});
    }

    Station station;
    PeerId outbound{0};
    PeerId inbound{0};
};

TEST(Links, pair_that_dialled_each_other_keeps_the_one_dialled_by_the_lower_number) {
    Pair pair;
    pair.identify(kLowest);
    EXPECT_TRUE(pair.station.closed(pair.outbound));
    EXPECT_FALSE(pair.station.closed(pair.inbound));
    // The target counts as connected, and is not dialled again.
    pair.station.close(pair.outbound);
    pair.station.advance(minutes{5});
    EXPECT_THAT(pair.station.take_dials(), IsEmpty());
    const auto added = pair.station.manager.added_nodes();
    ASSERT_THAT(added, SizeIs(1));
    EXPECT_TRUE(added[0].connected_to);
    // Until the connection that stayed is lost.
    pair.station.close(pair.inbound);
    pair.station.advance(seconds{1});
    EXPECT_THAT(pair.station.take_dials(), SizeIs(1));
}

TEST(Links, higher_number_closes_its_own_connection_itself) {
    Pair pair;
    pair.identify(kHighest);
    EXPECT_FALSE(pair.station.closed(pair.outbound));
    EXPECT_FALSE(pair.station.closed(pair.inbound));
}

TEST(Links, connections_of_different_processes_stay) {
    Pair pair;
    pair.station.send(pair.inbound, message::LinkId{kLowest});
    pair.station.send(pair.outbound, message::LinkId{kLowest + 1});
    EXPECT_FALSE(pair.station.closed(pair.outbound));
    EXPECT_FALSE(pair.station.closed(pair.inbound));
}

TEST(Links, number_repeated_from_another_host_takes_nobodys_place) {
    Pair pair(seconds{2}, "10.0.0.66");
    pair.identify(kLowest);
    EXPECT_FALSE(pair.station.closed(pair.outbound));
}

TEST(Links, number_zero_or_a_second_one_is_ignored) {
    Pair pair;
    pair.identify(0);
    EXPECT_FALSE(pair.station.closed(pair.outbound));
    Pair other;
    other.identify(kHighest);
    other.identify(kLowest);
    EXPECT_FALSE(other.station.closed(other.outbound));
}

TEST(Links, nothing_is_sent_or_closed_without_an_engine_that_has_messages) {
    Pair pair(Duration{0});
    pair.identify(kLowest);
    EXPECT_FALSE(pair.station.closed(pair.outbound));
    // And nothing is sent to a node of another kind.
    message::Version version = Station::default_version();
    version.services = kServiceNetwork | kServiceWitness;
    Pair foreign(seconds{2}, kHost, version);
    foreign.identify(kLowest);
    EXPECT_FALSE(foreign.station.closed(foreign.outbound));
}

std::vector<message::LinkId> numbers_sent(Duration engine_timeout, ServiceFlags services) {
    NetOptions options;
    options.engine_timeout = engine_timeout;
    Station station(options);
    const PeerId peer = station.connect();
    message::Version version = Station::default_version();
    version.services = services;
    station.send(peer, version);
    station.send(peer, message::Verack{});
    return station.take<message::LinkId>(peer);
}

TEST(Links, number_is_sent_once_between_nodes_whose_engine_has_messages) {
    constexpr ServiceFlags kBitcoin = kServiceNetwork | kServiceWitness;
    EXPECT_THAT(numbers_sent(seconds{2}, kBitcoin | kServiceParley), SizeIs(1));
    EXPECT_THAT(numbers_sent(seconds{2}, kBitcoin), IsEmpty());
    EXPECT_THAT(numbers_sent(Duration{0}, kBitcoin | kServiceParley), IsEmpty());
}

TEST(Links, target_that_is_down_is_dialled_again_at_the_engines_pace) {
    for (const Duration timeout : {Duration{milliseconds{100}}, Duration{seconds{2}}}) {
        Station station(options_with_target(timeout));
        for (int i = 0; i < 12; ++i) {
            const auto dials = station.take_dials();
            ASSERT_THAT(dials, SizeIs(1));
            const TimePoint failed = station.now;
            station.step(net_input::DialFailed{dials[0].dial, "connection timed out"});
            const auto due = *station.manager.next_deadline() - failed;
            EXPECT_GE(due, milliseconds{500});
            EXPECT_LE(due, std::max<Duration>(timeout, milliseconds{500}) * 5 / 4);
            station.advance(due);
        }
    }
}

TEST(Links, inbound_connection_from_the_targets_host_has_it_dialled_at_once) {
    for (const bool engine : {true, false}) {
        Station station(options_with_target(engine ? Duration{seconds{60}} : Duration{0}));
        for (int i = 0; i < 6; ++i) {
            const auto dials = station.take_dials();
            ASSERT_THAT(dials, SizeIs(1));
            station.step(net_input::DialFailed{dials[0].dial, "connection refused"});
            if (i < 5) station.advance(*station.manager.next_deadline() - station.now);
        }
        station.connect(true, "10.0.0.66");
        station.advance(milliseconds{1});
        EXPECT_THAT(station.take_dials(), IsEmpty());
        station.connect(true, kHost);
        station.advance(milliseconds{1});
        EXPECT_THAT(station.take_dials(), SizeIs(engine ? 1U : 0U));
    }
}

}  // namespace
}  // namespace parley::test
