// The handshake, message by message, compared with bitcoind 31.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

PeerId dial_out(Station& station) {
    station.manager.add_node("10.0.0.2:18444", AddNodeCommand::one_try, station.now);
    const auto dials = station.take_dials();
    EXPECT_EQ(dials.size(), 1u);
    return station.connect(false, "10.0.0.2", dials.at(0).dial);
}

TEST(Handshake, inbound_peer_hears_nothing_before_its_version) {
    Station station;
    const PeerId peer = station.connect(true);
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
    station.send(peer, Station::default_version());
    EXPECT_THAT(station.take_commands(peer),
                ElementsAre("version", "wtxidrelay", "sendaddrv2", "verack"));
    station.send(peer, message::Verack{});
    EXPECT_THAT(station.take_commands(peer),
                ElementsAre("sendheaders", "getheaders", "ping", "feefilter"));
    EXPECT_TRUE(station.backend.ready_peers.contains(peer));
    EXPECT_FALSE(station.backend.ready_peers.at(peer));  // it did not say that it speaks engines
}

TEST(Handshake, outbound_side_speaks_first) {
    Station station;
    const PeerId peer = dial_out(station);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("version"));
    station.send(peer, Station::default_version());
    EXPECT_THAT(station.take_commands(peer), ElementsAre("wtxidrelay", "sendaddrv2", "verack"));
    station.send(peer, message::Verack{});
    EXPECT_THAT(station.take_commands(peer),
                ElementsAre("sendheaders", "getheaders", "getaddr", "ping", "feefilter"));
}

TEST(Handshake, version_message_is_byte_exact) {
    NetOptions options;
    options.user_agent = "/Satoshi:31.0.0/Parley:0.1.0/";
    Station station(options);
    const PeerId peer = dial_out(station);
    const auto sent = station.take_sent(peer);
    ASSERT_EQ(sent.size(), 1u);
    const Bytes& payload = sent[0].payload;
    const std::string hex = to_hex(payload);
    // 70016, NETWORK | WITNESS | NETWORK_LIMITED | PARLEY, 1800000000 s; receiver: no
    // services, 10.0.0.2, port; sender: our services, no address; then the nonce.
    EXPECT_EQ(hex.substr(0, 144),
              "80110100"
              "0904000100000000"
              "00d2496b00000000"
              "0000000000000000"
              "00000000000000000000ffff0a000002"
              "480c"
              "0904000100000000"
              "00000000000000000000000000000000"
              "0000");
    EXPECT_EQ(hex.substr(160), "1d" + to_hex(as_bytes("/Satoshi:31.0.0/Parley:0.1.0/")) +
                                   "00000000"
                                   "01");
}

TEST(Handshake, older_peer_gets_no_feature_messages) {
    Station station;
    const PeerId peer = station.connect(true);
    message::Version version = Station::default_version();
    version.version = 60002;
    station.send(peer, version);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("version", "verack"));
    station.send(peer, message::Verack{});
    EXPECT_THAT(station.take_commands(peer), ElementsAre("getheaders", "ping"));
}

TEST(Handshake, obsolete_version_is_disconnected) {
    Station station;
    const PeerId peer = station.connect(true);
    message::Version version = Station::default_version();
    version.version = 31799;
    station.send(peer, version);
    EXPECT_TRUE(station.closed(peer));
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
}

TEST(Handshake, messages_before_version_and_before_verack_are_ignored) {
    Station station;
    const PeerId peer = station.connect(true);
    station.send(peer, message::Ping{1});
    station.send(peer, message::Verack{});
    EXPECT_FALSE(station.closed(peer));
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
    station.send(peer, Station::default_version());
    station.take_sent(peer);
    station.send(peer, message::Ping{2});
    station.send(peer, message::GetAddr{});
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
    EXPECT_FALSE(station.closed(peer));
}

TEST(Handshake, repeated_version_and_verack_are_ignored) {
    Station station;
    const PeerId peer = station.ready_peer();
    message::Version other = Station::default_version();
    other.start_height = 99;
    station.send(peer, other);
    station.send(peer, message::Verack{});
    EXPECT_FALSE(station.closed(peer));
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
    EXPECT_EQ(station.manager.peer_infos(station.now).at(0).starting_height, 0);
}

TEST(Handshake, feature_negotiation_after_verack_is_disconnected) {
    for (const char* command : {"wtxidrelay", "sendaddrv2"}) {
        Station station;
        const PeerId peer = station.ready_peer();
        station.send_raw(peer, command);
        EXPECT_TRUE(station.closed(peer)) << command;
    }
}

TEST(Handshake, connection_to_oneself_is_dropped) {
    const sim::Purse purse(0);
    sim::World world({.latency = sim::LatencyTable::uniform(milliseconds{1})});
    world.add_node(sim::pow_node(purse.params(), 0));
    world.invoke(0, [](Node& node) {
        node.add_node(to_string(sim::World::address(0)), AddNodeCommand::one_try);
    });
    world.run_for(milliseconds{300});
    EXPECT_EQ(world.node(0).peers().peer_count(true), 0u);
    EXPECT_EQ(world.node(0).peers().peer_count(false), 0u);
    EXPECT_EQ(world.sent_by_command().at("version").messages, 1u);  // it met its own nonce
    EXPECT_FALSE(world.sent_by_command().contains("verack"));
}

TEST(Handshake, unfinished_handshake_times_out_after_sixty_seconds) {
    Station station;
    const PeerId silent = station.connect(true);
    const PeerId half = station.connect(true);
    station.send(half, Station::default_version());
    station.advance(seconds{59});
    EXPECT_FALSE(station.closed(silent));
    EXPECT_FALSE(station.closed(half));
    station.advance(seconds{1});
    EXPECT_TRUE(station.closed(silent));
    EXPECT_TRUE(station.closed(half));
}

TEST(Handshake, peer_info_shows_what_the_peer_said) {
    Station station;
    message::Version version = Station::default_version();
    version.user_agent = "/a<script>b:1/\n";
    version.start_height = 12;
    version.time -= 30;
    version.services |= kServiceParley;
    version.relay = false;
    version.receiver = NetAddress{0, *IpAddress::parse("10.0.0.99"), 18444};
    const PeerId peer = station.ready_peer(true, version);
    const PeerInfo info = station.manager.peer_infos(station.now).at(0);
    EXPECT_EQ(info.id, peer);
    EXPECT_EQ(info.user_agent, "/ascriptb:1/");
    EXPECT_EQ(info.starting_height, 12);
    EXPECT_EQ(info.time_offset, -30);
    EXPECT_FALSE(info.relay_transactions);
    EXPECT_EQ(info.address_local, "10.0.0.99:18444");
    EXPECT_EQ(info.connection_type, ConnectionType::inbound);
    EXPECT_TRUE(info.handshake_done);
    EXPECT_EQ(info.version, 70016);
    EXPECT_GT(info.bytes_sent_per_message.at("version"), 24u);
    EXPECT_TRUE(station.backend.ready_peers.at(peer));
    EXPECT_THAT(service_names(info.services), ElementsAre("NETWORK", "WITNESS", "PARLEY"));
}

TEST(Handshake, extreme_clock_of_peer_is_survived) {
    for (const int64_t time : {INT64_MIN, int64_t{0}, INT64_MAX}) {
        Station station;
        message::Version version = Station::default_version();
        version.time = time;
        station.ready_peer(true, version);
        EXPECT_TRUE(station.manager.peer_infos(station.now).at(0).handshake_done);
    }
}

// --- pings

TEST(KeepAlive, ping_is_answered_with_its_nonce) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.send(peer, message::Ping{0xdeadbeef});
    EXPECT_THAT(station.take<message::Pong>(peer), ElementsAre(message::Pong{0xdeadbeef}));
}

TEST(KeepAlive, round_trip_is_measured_from_matching_pong_only) {
    Station station;
    const PeerId peer = station.ready_peer(true);
    station.manager.ping_all(station.now);
    const auto pings = station.take<message::Ping>(peer);
    ASSERT_EQ(pings.size(), 1u);
    station.now += milliseconds{70};
    station.send(peer, message::Pong{pings[0].nonce + 1});
    EXPECT_FALSE(station.manager.peer_infos(station.now).at(0).ping_time.has_value());
    EXPECT_EQ(station.manager.peer_infos(station.now).at(0).ping_wait, milliseconds{70});
    station.send(peer, message::Pong{pings[0].nonce});
    const PeerInfo info = station.manager.peer_infos(station.now).at(0);
    EXPECT_EQ(info.ping_time, milliseconds{70});
    EXPECT_EQ(info.ping_min, milliseconds{70});
    EXPECT_FALSE(info.ping_wait.has_value());
}

TEST(KeepAlive, pong_without_a_nonce_ends_the_wait_but_measures_nothing) {
    Station station;
    const PeerId peer = station.ready_peer(true);
    for (const Bytes& payload : {Bytes{}, Bytes(7), Bytes(8)}) {
        station.manager.ping_all(station.now);
        station.advance(seconds{1});
        EXPECT_TRUE(station.manager.peer_infos(station.now).at(0).ping_wait.has_value());
        station.send_raw(peer, "pong", payload);
        const PeerInfo info = station.manager.peer_infos(station.now).at(0);
        EXPECT_FALSE(info.ping_wait.has_value() || info.ping_time.has_value());
    }
    station.send_raw(peer, "pong", Bytes(8));  // nobody asked
    EXPECT_FALSE(station.closed(peer));
}

TEST(KeepAlive, no_limit_is_below_the_peer_timeout) {
    NetOptions options;
    options.handshake_timeout = std::chrono::hours{1};
    Station station{options};
    const PeerId peer = station.ready_peer();
    station.advance(minutes{59});
    EXPECT_FALSE(station.closed(peer)) << "silent for three times as long as is allowed";
    station.advance(minutes{1});
    EXPECT_TRUE(station.closed(peer));
}

TEST(KeepAlive, ping_follows_every_two_minutes) {
    Station station;
    const PeerId peer = station.connect(true);
    station.send(peer, Station::default_version());
    station.send(peer, message::Verack{});
    size_t count = 0;
    for (int i = 0; i < 10; ++i) {
        for (const message::Ping& ping : station.take<message::Ping>(peer)) {
            station.send(peer, message::Pong{ping.nonce});
            ++count;
        }
        station.advance(minutes{1});
    }
    EXPECT_EQ(count, 5u);  // at once, and after 2, 4, 6, 8 minutes
    EXPECT_FALSE(station.closed(peer));
}

TEST(KeepAlive, unanswered_ping_ends_the_connection_after_twenty_minutes) {
    Station station;
    const PeerId peer = station.ready_peer();
    for (int i = 0; i < 19; ++i) {
        station.advance(minutes{1});
        station.send_raw(peer, "reject");  // a sign of life, but no pong
    }
    EXPECT_FALSE(station.closed(peer));
    station.advance(minutes{1});
    EXPECT_TRUE(station.closed(peer));
}

TEST(KeepAlive, silent_peer_is_dropped_after_twenty_minutes) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.advance(minutes{19});
    EXPECT_FALSE(station.closed(peer));
    station.advance(minutes{2});
    EXPECT_TRUE(station.closed(peer));
    station.close(peer);
    EXPECT_FALSE(station.backend.ready_peers.contains(peer));
    EXPECT_TRUE(station.manager.peer_infos(station.now).empty());
}

}  // namespace
}  // namespace parley::test
