// Whom to dial, whom to let in, and what addresses to remember.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using AddNode = AddNodeCommand;
using Result = AddNodeResult;

message::Addr addresses(std::initializer_list<const char*> hosts, int64_t time,
                        uint16_t port = 8333) {
    message::Addr addr;
    for (const char* host : hosts)
        addr.entries.push_back(
            {static_cast<uint32_t>(time),
             NetAddress{kServiceNetwork | kServiceWitness, *IpAddress::parse(host), port}});
    return addr;
}

std::vector<std::string> hosts_of(const std::vector<net_output::Dial>& dials) {
    std::vector<std::string> result;
    for (const net_output::Dial& dial : dials) result.push_back(to_string(dial.target));
    return result;
}

// --- dialling

TEST(Connector, connect_and_addnode_targets_are_dialled_at_start) {
    NetOptions options;
    options.connect = {{"10.0.0.5", 1}, {"10.0.0.6", 2}};
    options.connect_only = true;
    options.add_nodes = {{"10.0.0.7", 3}, {"10.0.0.5", 1}};
    Station station(options);
    EXPECT_THAT(hosts_of(station.take_dials()),
                ElementsAre("10.0.0.5:1", "10.0.0.6:2", "10.0.0.7:3"));
}

TEST(Connector, failed_dials_are_repeated_with_growing_delay) {
    NetOptions options;
    options.add_nodes = {{"10.0.0.7", 3}};
    Station station(options);
    Duration previous{0};
    for (int i = 0; i < 12; ++i) {
        const auto dials = station.take_dials();
        ASSERT_EQ(dials.size(), 1u);
        const TimePoint failed = station.now;
        station.step(net_input::DialFailed{dials[0].dial, "connection refused"});
        const auto due = *station.manager.next_deadline() - failed;
        EXPECT_GE(due, milliseconds{500});
        EXPECT_LE(due, seconds{75});
        if (i > 0 && i < 6) {
            EXPECT_GT(due, previous * 3 / 2);
        }
        previous = due;
        station.advance(due);
    }
    EXPECT_GE(previous, seconds{60});
}

TEST(Connector, lost_connection_is_renewed_at_once_when_it_had_worked) {
    NetOptions options;
    options.add_nodes = {{"10.0.0.7", 3}};
    Station station(options);
    for (int i = 0; i < 5; ++i) {
        const auto dials = station.take_dials();
        ASSERT_EQ(dials.size(), 1u) << i;
        const PeerId peer =
            station.ready_peer(false, Station::default_version(), true, "10.0.0.7", dials[0].dial);
        EXPECT_EQ(station.manager.peer_infos(station.now).at(0).connection_type,
                  ConnectionType::manual);
        station.close(peer);
        station.advance(milliseconds{625});
    }
}

TEST(Connector, addnode_add_remove_onetry) {
    Station station;
    EXPECT_EQ(station.manager.add_node("10.0.0.7", AddNode::add, station.now), Result::done);
    EXPECT_EQ(station.manager.add_node("10.0.0.7:18444", AddNode::add, station.now),
              Result::already_added);
    EXPECT_THAT(hosts_of(station.take_dials()), ElementsAre("10.0.0.7:18444"));
    ASSERT_THAT(station.manager.added_nodes(), SizeIs(1));
    EXPECT_EQ(station.manager.added_nodes()[0].added_node, "10.0.0.7");
    EXPECT_FALSE(station.manager.added_nodes()[0].connected_to.has_value());
    EXPECT_EQ(station.manager.add_node("10.0.0.8", AddNode::remove, station.now),
              Result::not_added);
    EXPECT_EQ(station.manager.add_node("10.0.0.7", AddNode::remove, station.now), Result::done);
    EXPECT_THAT(station.manager.added_nodes(), IsEmpty());
    EXPECT_EQ(station.manager.add_node("bad host", AddNode::add, station.now), Result::malformed);
    EXPECT_EQ(station.manager.add_node("10.0.0.9:77", AddNode::one_try, station.now), Result::done);
    const auto dials = station.take_dials();
    EXPECT_THAT(hosts_of(dials), ElementsAre("10.0.0.9:77"));
    station.step(net_input::DialFailed{dials[0].dial, "refused"});
    station.advance(hours{1});
    EXPECT_THAT(station.take_dials(), IsEmpty());  // one try is one try
}

TEST(Connector, added_node_shows_its_connection) {
    const sim::Purse purse(0);
    sim::World world({.latency = sim::LatencyTable::uniform(std::chrono::milliseconds{1})});
    for (int i = 0; i < 2; ++i) world.add_node(sim::pow_node(purse.params(), 0));
    const Endpoint target = sim::World::address(1);
    world.connect(0, 1);
    world.run_for(seconds{1});
    const auto added = world.node(0).peers().added_nodes();
    ASSERT_THAT(added, SizeIs(1));
    EXPECT_EQ(added[0].connected_to, target);
    EXPECT_FALSE(added[0].inbound);
    world.invoke(0, [&](Node& node) {
        node.command_peers([&](PeerManager& peers, NetTime now) {
            EXPECT_TRUE(peers.disconnect(to_string(target), now));
            EXPECT_FALSE(peers.disconnect(to_string(target), now));
            EXPECT_FALSE(peers.disconnect(PeerId{999}, now));
        });
        EXPECT_EQ(node.peers().peer_count(false), 0u);
    });
    world.run_for(seconds{2});
    EXPECT_EQ(world.node(0).peers().peer_count(false), 1u);
}

TEST(Connector, network_switched_off_closes_everything_and_dials_nothing) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.manager.add_node("10.0.0.7", AddNode::add, station.now);
    station.take_dials();
    station.manager.set_network_active(false, station.now);
    EXPECT_TRUE(station.closed(peer));
    EXPECT_FALSE(station.manager.network_active());
    station.close(peer);
    EXPECT_TRUE(station.closed(station.connect(true)));
    station.manager.add_node("10.0.0.9", AddNode::one_try, station.now);
    station.advance(minutes{5});
    EXPECT_THAT(station.take_dials(), IsEmpty());
}

TEST(Connector, banned_host_is_closed_and_kept_out_until_its_time) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.manager.ban(*Subnet::parse("10.0.0.0/31"), station.now + hours{1}, station.now);
    EXPECT_TRUE(station.closed(peer));
    station.close(peer);
    ASSERT_THAT(station.manager.bans(station.now), SizeIs(1));
    EXPECT_EQ(station.manager.bans(station.now)[0].subnet.to_string(), "10.0.0.0/31");
    const PeerId refused = station.connect(true);
    EXPECT_TRUE(station.closed(refused));
    station.close(refused);
    station.advance(hours{1});
    EXPECT_THAT(station.manager.bans(station.now), IsEmpty());
    EXPECT_FALSE(station.closed(station.connect(true)));
    const Subnet single = *Subnet::parse("10.0.0.2");
    station.manager.ban(single, station.now + hours{1}, station.now);
    EXPECT_TRUE(station.manager.unban(single));
    EXPECT_FALSE(station.manager.unban(single));
}

TEST(Connector, peer_is_redialled_while_a_mocked_clock_stands) {
    NetOptions options;
    options.add_nodes = {{"10.0.0.7", 3}};
    for (const auto mocked : {kStart + hours{2}, kStart - hours{2}}) {
        Station station(options);
        const auto dials = station.take_dials();
        ASSERT_EQ(dials.size(), 1u);
        PeerManager& manager = station.manager;
        manager.handle(net_input::DialFailed{dials[0].dial, ""}, {mocked, kStart});
        const auto due = manager.dial_deadline();
        ASSERT_TRUE(due);
        EXPECT_GE(*due, kStart + milliseconds{500});
        EXPECT_LE(*due, kStart + seconds{1});
        const auto early = manager.handle(net_input::TimerDue{}, {mocked, kStart});
        EXPECT_THAT(early, IsEmpty());
        const auto outputs = manager.handle(net_input::TimerDue{}, {mocked, *due});
        EXPECT_THAT(outputs, SizeIs(1));
    }
}

// --- addresses

TEST(Addresses, heard_addresses_are_dialled_one_group_each) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.advance(seconds{100});  // fills the token bucket
    station.send(peer, addresses({"8.8.8.8", "8.8.4.4", "9.9.9.9", "10.0.0.7"},
                                 to_unix_seconds(station.now)));
    EXPECT_THAT(station.manager.known_addresses(100), SizeIs(3));  // not the private one
    station.advance(seconds{30});
    const auto dials = station.take_dials();
    EXPECT_EQ(dials.size(), 2u);
    for (const auto& dial : dials) station.step(net_input::DialFailed{dial.dial, ""});
    station.advance(seconds{30});
    const auto more = station.take_dials();  // the other of the first group; nothing twice
    ASSERT_EQ(more.size(), 1u);
    for (const auto& dial : dials) EXPECT_NE(dial.target, more[0].target);
}

TEST(Addresses, connect_only_never_dials_from_the_book) {
    NetOptions options;
    options.connect_only = true;
    Station station(options);
    const PeerId peer = station.ready_peer();
    station.send(peer, addresses({"8.8.8.8"}, to_unix_seconds(station.now)));
    station.advance(minutes{2});
    EXPECT_THAT(station.take_dials(), IsEmpty());
    EXPECT_FALSE(station.closed(station.ready_peer()));
}

TEST(Addresses, only_net_limits_what_is_dialled_from_the_book) {
    for (const bool ipv4 : {false, true}) {
        NetOptions options;
        options.reachable[Network::ipv4] = ipv4;
        options.reachable[Network::ipv6] = !ipv4;
        options.add_nodes = {{"9.9.9.9", 8333}};
        Station station(options);
        EXPECT_THAT(hosts_of(station.take_dials()), ElementsAre("9.9.9.9:8333"));
        // One from each: a new peer's addresses are limited.
        for (const char* host : {"8.8.8.8", "2a01::1"})
            station.send(station.ready_peer(), addresses({host}, to_unix_seconds(station.now)));
        station.advance(minutes{2});
        auto hosts = hosts_of(station.take_dials());
        std::erase(hosts, "9.9.9.9:8333");
        EXPECT_THAT(hosts, ElementsAre(ipv4 ? "8.8.8.8:8333" : "[2a01::1]:8333"));
    }
}

TEST(Addresses, automatic_peer_without_wanted_services_is_dropped) {
    Station station;
    const PeerId teller = station.ready_peer();
    station.send(teller, addresses({"8.8.8.8"}, to_unix_seconds(station.now)));
    station.advance(seconds{10});
    const auto dials = station.take_dials();
    ASSERT_EQ(dials.size(), 1u);
    message::Version version = Station::default_version();
    version.services = kServiceNetwork;
    const PeerId peer = station.connect(false, "8.8.8.8", dials[0].dial);
    station.send(peer, version);
    EXPECT_TRUE(station.closed(peer));
}

TEST(Addresses, getaddr_is_answered_once_and_to_inbound_peers_only) {
    Station station;
    const PeerId teller = station.ready_peer();
    message::Addr addr;
    for (uint8_t i = 0; i < 200; ++i)
        addr.entries.push_back(
            {static_cast<uint32_t>(to_unix_seconds(station.now)),
             NetAddress{kServiceNetwork, IpAddress::from_ipv4(Bytes{50, i, 1, 1}), 8333}});
    // Unsolicited addresses are rate-limited by a token bucket: one at first, then one every ten
    // seconds.
    station.send(teller, addr);
    EXPECT_THAT(station.manager.known_addresses(1'000), SizeIs(1));
    station.advance(seconds{100});
    station.send(teller, addr);
    EXPECT_THAT(station.manager.known_addresses(1'000), SizeIs(10));
    PeerInfo info = station.manager.peer_infos(station.now).at(0);
    EXPECT_EQ(info.addresses_processed, 11u);
    EXPECT_EQ(info.addresses_rate_limited, 389u);
    // The answer to our own question may be long.
    station.manager.add_node("10.0.0.2", AddNode::one_try, station.now);
    const auto dials = station.take_dials();
    const PeerId asked =
        station.ready_peer(false, Station::default_version(), true, "10.0.0.2", dials.back().dial);
    station.send(asked, addr);
    const size_t known = station.manager.known_addresses(1'000).size();
    EXPECT_GT(known, 100u);
    const PeerId asker = station.ready_peer();
    station.send(asker, message::GetAddr{});
    const auto answers = station.take<message::Addr>(asker);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].entries.size(), known * 23 / 100);
    station.send(asker, message::GetAddr{});
    EXPECT_THAT(station.take<message::Addr>(asker), IsEmpty());
    station.send(asked, message::GetAddr{});
    EXPECT_THAT(station.take<message::Addr>(asked), IsEmpty());
}

TEST(Addresses, fresh_gossip_is_passed_on_in_the_form_of_the_receiver) {
    Station station;
    const PeerId teller = station.ready_peer();
    const PeerId listener = station.connect(true);
    station.send(listener, Station::default_version());
    station.send(listener, message::SendAddrV2{});
    station.send(listener, message::Verack{});
    station.send(listener, message::Addr{});  // takes part in gossip from now on
    station.take_sent(listener);
    const auto gossip = addresses({"8.8.8.8"}, to_unix_seconds(station.now));
    station.send(teller, gossip);
    const auto passed = station.take<message::AddrV2>(listener);
    ASSERT_EQ(passed.size(), 1u);
    EXPECT_EQ(passed[0].entries, gossip.entries);
    EXPECT_THAT(station.take<message::Addr>(teller), IsEmpty());
    // Old news go no further.
    station.advance(seconds{20});
    station.send(teller, addresses({"9.9.9.9"}, to_unix_seconds(station.now) - 3'600));
    EXPECT_THAT(station.take<message::AddrV2>(listener), IsEmpty());
}

TEST(Addresses, seed_node_is_asked_for_addresses_and_released) {
    NetOptions options;
    options.seed_nodes = {{"10.0.0.3", 18444}};
    Station station(options);
    const auto dials = station.take_dials();
    ASSERT_EQ(dials.size(), 1u);
    const PeerId seed =
        station.ready_peer(false, Station::default_version(), true, "10.0.0.3", dials[0].dial);
    station.send(seed, addresses({"8.8.8.8", "9.9.9.9"}, to_unix_seconds(station.now)));
    EXPECT_TRUE(station.closed(seed));
    EXPECT_THAT(station.manager.known_addresses(10), SizeIs(2));
}

}  // namespace
}  // namespace parley::test
