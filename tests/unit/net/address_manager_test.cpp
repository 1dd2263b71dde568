// Known addresses: their places, what replaces what, and the files that keep them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/crypto/sha256.h"
#include "net/addresses/address_file.h"
#include "net/addresses/address_manager.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr NetworkMagic kMagic{0xfa, 0xbf, 0xb5, 0xda};
constexpr int64_t kDay = 86'400;

NetAddress node_at(const std::string& host, uint16_t port = 8333) {
    return {kServiceNetwork, *IpAddress::parse(host), port};
}

class AddressManagerTest : public testing::Test {
 protected:
    AddressManagerTest() {
        // bitcoind's key of -test=addrman.
        AddressTables empty;
        empty.key.bytes()[0] = 1;
        known.restore(empty, kStart);
    }

    AddressNews add(const std::string& host, const std::string& source = "250.1.1.1",
                    int64_t age = 0) {
        return known.add(node_at(host), to_unix_seconds(now) - age, *IpAddress::parse(source), 0,
                         now);
    }
    bool succeed(const std::string& host) {
        return known.succeeded(*IpAddress::parse(host), 8333, now);
    }
    void attempt(const std::string& host) {
        known.attempted(*IpAddress::parse(host), 8333, true, now);
    }
    std::set<std::string> selectable(bool only_new = false) {
        std::set<std::string> hosts;
        for (int i = 0; i < 200; ++i) {
            const auto any = [](const NetAddress&) { return true; };
            if (const auto address = known.select(only_new, now, any))
                hosts.insert(address->host.to_string());
        }
        return hosts;
    }

    SeededRandom random{1};
    AddressManager known{random};
    TimePoint now = kStart;
};

// Places are not arbitrary: a file of bitcoind's must mean the same here. These two collide in
// bitcoind's table of tried addresses under its test key.
TEST_F(AddressManagerTest, tried_addresses_collide_where_they_do_in_bitcoind) {
    ASSERT_EQ(add("1.2.3.4"), AddressNews::added);
    ASSERT_EQ(add("1.2.5.45"), AddressNews::added);
    EXPECT_TRUE(succeed("1.2.3.4"));
    EXPECT_FALSE(succeed("1.2.5.45"));
    EXPECT_THAT(known.placed(true), SizeIs(1));
    EXPECT_THAT(known.placed(false), SizeIs(1));
}

TEST_F(AddressManagerTest, tried_address_keeps_its_place_unless_its_test_fails) {
    add("1.2.3.4");
    add("1.2.5.45");
    succeed("1.2.3.4");
    now += hours{5};  // its success is no proof any more
    succeed("1.2.5.45");
    const auto tested = known.collision(now);
    ASSERT_TRUE(tested);
    EXPECT_EQ(tested->host.to_string(), "1.2.3.4");
    // It answers: the newcomer goes without.
    attempt("1.2.3.4");
    now += seconds{1};
    succeed("1.2.3.4");
    EXPECT_FALSE(known.collision(now));
    EXPECT_EQ(known.placed(true).at(0).record.address.host.to_string(), "1.2.3.4");
    // It does not answer: the newcomer takes the place, and the other one is a new address again.
    now += hours{5};
    succeed("1.2.5.45");
    ASSERT_TRUE(known.collision(now));
    attempt("1.2.3.4");
    EXPECT_TRUE(known.collision(now));  // not decided at once
    now += minutes{2};
    EXPECT_FALSE(known.collision(now));
    ASSERT_THAT(known.placed(true), SizeIs(1));
    EXPECT_EQ(known.placed(true)[0].record.address.host.to_string(), "1.2.5.45");
    EXPECT_EQ(known.placed(false).at(0).record.address.host.to_string(), "1.2.3.4");
    EXPECT_EQ(known.size(), 2u);
}

TEST_F(AddressManagerTest, source_group_reaches_a_sixteenth_of_the_new_buckets) {
    std::set<size_t> buckets;
    for (uint32_t i = 0; i < 30'000; ++i) {
        const Bytes ip{uint8_t(11 + i % 100), uint8_t(i >> 8), uint8_t(i), 1};
        known.add(NetAddress{kServiceNetwork, IpAddress::from_ipv4(ip), 8333}, to_unix_seconds(now),
                  *IpAddress::parse("8.8.8.8"), 0, now);
    }
    for (const PlacedAddress& placed : known.placed(false)) buckets.insert(placed.bucket);
    EXPECT_LE(buckets.size(), 64u);
    EXPECT_GT(buckets.size(), 48u);
    EXPECT_LE(known.size(), 64u * 64u);
    EXPECT_GT(known.size(), 32u * 64u);
}

TEST_F(AddressManagerTest, address_group_reaches_eight_of_the_tried_buckets) {
    std::set<size_t> buckets;
    for (uint32_t i = 0; i < 3'000; ++i) {
        const std::string host = "9.9." + std::to_string(i / 250) + "." + std::to_string(i % 250);
        add(host, "250." + std::to_string(i % 200) + ".1.1");
        succeed(host);
    }
    for (const PlacedAddress& placed : known.placed(true)) buckets.insert(placed.bucket);
    EXPECT_EQ(buckets.size(), 8u);
}

TEST_F(AddressManagerTest, address_from_many_sources_takes_at_most_eight_places) {
    for (int source = 0; source < 250; ++source) {
        for (int times = 0; times < 40; ++times) {
            now += seconds{4'000};
            add("8.8.8.8", "60." + std::to_string(source) + ".1.1");
        }
    }
    EXPECT_THAT(known.placed(false), SizeIs(8));
    EXPECT_EQ(known.size(), 1u);
    EXPECT_TRUE(succeed("8.8.8.8"));
    EXPECT_THAT(known.placed(false), IsEmpty());
    EXPECT_THAT(known.placed(true), SizeIs(1));
}

TEST_F(AddressManagerTest, failures_and_age_make_an_address_useless) {
    EXPECT_EQ(add("8.8.8.8", "8.8.8.8", 31 * kDay), AddressNews::none);
    EXPECT_EQ(add("8.8.8.8"), AddressNews::added);
    EXPECT_EQ(add("8.8.8.8"), AddressNews::none);
    now += hours{2};
    EXPECT_NE(add("8.8.8.8"), AddressNews::none);
    add("9.9.9.9");
    // Failures count once for each success of another address: the network may be down.
    for (int i = 0; i < 3; ++i) {
        succeed("9.9.9.9");
        EXPECT_TRUE(selectable().contains("8.8.8.8"));
        attempt("8.8.8.8");
        attempt("8.8.8.8");
        EXPECT_FALSE(selectable().contains("8.8.8.8"));  // not again so soon
        now += minutes{11};
    }
    EXPECT_THAT(selectable(), ElementsAre("9.9.9.9"));  // three failures, and never a success
    EXPECT_THAT(known.sample(10, now), SizeIs(1));
    succeed("8.8.8.8");
    now += minutes{11};
    EXPECT_TRUE(selectable().contains("8.8.8.8"));
    EXPECT_TRUE(selectable(true).empty());  // both have worked
    EXPECT_THAT(known.sample(10, now + hours{24 * 31}), IsEmpty());
}

TEST_F(AddressManagerTest, hearsay_is_older_than_it_says) {
    const int64_t time = to_unix_seconds(now);
    known.add(node_at("8.8.8.8"), time, *IpAddress::parse("9.9.9.9"), 7'200, now);
    known.add(node_at("9.9.9.9"), time, *IpAddress::parse("9.9.9.9"), 7'200, now);
    for (const KnownAddress& each : known.list(10))
        EXPECT_EQ(each.last_seen, each.endpoint.host == "9.9.9.9" ? time : time - 7'200);
}

AddressTables filled_tables() {
    SeededRandom random(5);
    AddressManager known(random);
    for (uint32_t i = 0; i < 500; ++i) {
        const std::string host = "11." + std::to_string(i % 50) + "." + std::to_string(i) + ".1";
        const auto source = *IpAddress::parse("250." + std::to_string(i % 7) + ".1.1");
        if (i >= 256) {
            known.add(node_at("2a01:" + std::to_string(i) + "::1"), to_unix_seconds(kStart), source,
                      0, kStart);
            continue;
        }
        known.add(node_at(host), to_unix_seconds(kStart) - i, source, 0, kStart);
        if (i % 3 == 0) known.succeeded(*IpAddress::parse(host), 8333, kStart - hours{1});
    }
    return known.tables();
}

TEST(AddressFile, tables_survive_a_file_and_a_restart) {
    const AddressTables tables = filled_tables();
    ASSERT_GT(tables.tried.size(), 50u);
    ASSERT_GT(tables.untried.size(), 300u);
    const auto read = read_address_tables(write_address_tables(tables, kMagic), kMagic);
    ASSERT_TRUE(read) << read.error().reason;
    EXPECT_EQ(*read, tables);
    SeededRandom random(6);
    AddressManager known(random);
    known.restore(*read, kStart);
    EXPECT_EQ(known.tables(), tables);
    // What has become useless in the meantime is left behind.
    known.restore(*read, kStart + hours{24 * 40});
    EXPECT_EQ(known.size(), 0u);
}

TEST(AddressFile, bytes_are_those_of_format_four) {
    AddressTables tables;
    tables.key.bytes()[0] = 1;
    tables.untried.push_back(
        {node_at("1.2.3.4", 0x2073), *IpAddress::parse("5.6.7.8"), 0x01020304, 0, 2});
    tables.buckets.assign(1'024, {});
    tables.buckets[1] = {0};
    const Bytes file = write_address_tables(tables, kMagic);
    const std::string expected =
        "fabfb5da"
        "04"
        "24"
        "01" +
        std::string(62, '0') +  // magic, formats, key
        "01000000"
        "00000000"
        "00040040"  // counts; 1024 xor 2^30
        "605b0320"
        "04030201"
        "01"
        "0104"
        "01020304"
        "2073"  // version, time, services, address
        "0104"
        "05060708"
        "0000000000000000"
        "02000000"  // source, success, failures
        "00000000"
        "01000000"
        "00000000";  // buckets
    EXPECT_EQ(to_hex(file).substr(0, expected.size()), expected);
    const ByteSpan content = ByteSpan{file}.first(file.size() - 32);
    EXPECT_EQ(to_hex(ByteSpan{file}.last(32)), to_hex(sha256d(content).span()));
}

TEST(AddressFile, damage_is_named_and_never_read) {
    const Bytes file = write_address_tables(filled_tables(), kMagic);
    const auto reason_of = [](Bytes bytes) {
        const auto read = read_address_tables(bytes, kMagic);
        return read ? std::string("read") : read.error().reason;
    };
    Bytes foreign = file;
    foreign[0] ^= 1;
    EXPECT_EQ(reason_of(foreign), "Invalid network magic number");
    Bytes changed = file;
    changed[100] ^= 1;
    EXPECT_NE(reason_of(changed), "read");
    Bytes last = file;
    last.back() ^= 1;
    EXPECT_EQ(reason_of(last), "Checksum mismatch, data corrupted");
    for (const size_t size :
         {size_t{0}, size_t{3}, size_t{20}, size_t{80}, file.size() / 2, file.size() - 1})
        EXPECT_NE(reason_of(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))),
                  "read");
    Bytes later = file;
    later[5] = 32 + 111;
    const auto read = read_address_tables(later, kMagic);
    ASSERT_FALSE(read);
    EXPECT_TRUE(read.error().later_format);
    for (const auto& [offset, name] : {std::pair{38, "nNew"}, {42, "nTried"}}) {
        Bytes wrong = file;
        wrong[static_cast<size_t>(offset) + 3] = 0xff;
        EXPECT_THAT(reason_of(wrong), testing::HasSubstr(name));
    }
}

TEST(AddressFile, addresses_of_other_networks_are_left_out) {
    AddressTables tables;
    tables.key.bytes()[0] = 1;
    for (const char* host : {"1.2.3.4", "2.3.4.5", "3.4.5.6"})
        tables.untried.push_back(
            {node_at(host), *IpAddress::parse("5.6.7.8"), to_unix_seconds(kStart), 0, 0});
    tables.buckets.assign(1'024, {});
    tables.buckets[7] = {0, 1, 2};
    Bytes file = write_address_tables(tables, kMagic);
    // The network number of the second address: one that nobody has given a meaning.
    const size_t record = 4 + 4 + 1 + 6 + 2 + 6 + 8 + 4;
    const size_t network = 50 + record + 4 + 4 + 1;
    ASSERT_EQ(file[network], 1);
    file[network] = 99;
    const Hash256 checksum = sha256d(ByteSpan{file}.first(file.size() - 32));
    std::copy(checksum.span().begin(), checksum.span().end(), file.end() - 32);
    const auto read = read_address_tables(file, kMagic);
    ASSERT_TRUE(read) << read.error().reason;
    ASSERT_THAT(read->untried, SizeIs(2));
    EXPECT_EQ(read->untried[1].address.host.to_string(), "3.4.5.6");
    EXPECT_THAT(read->buckets[7], ElementsAre(0, 1));
}

TEST(AddressFile, anchors_survive_and_damaged_ones_are_no_anchors) {
    const std::vector<NetAddress> anchors{node_at("1.2.3.4"), node_at("2a01::1")};
    const Bytes file = write_anchors(anchors, kMagic);
    EXPECT_EQ(read_anchors(file, kMagic), anchors);
    for (size_t position = 0; position < file.size(); ++position) {
        Bytes changed = file;
        changed[position] ^= 0x10;
        EXPECT_THAT(read_anchors(changed, kMagic), IsEmpty()) << position;
    }
}

// --- what the connections are for

TEST(Connections, anchors_come_first_then_full_relay_then_blocks_alone_then_feelers) {
    NetOptions options;
    options.outbound_max = 2;
    options.anchors = {{kServiceNetwork | kServiceWitness, *IpAddress::parse("7.7.7.7"), 8333}};
    auto tables = std::make_shared<AddressTables>();
    tables->key.bytes()[0] = 1;
    for (int i = 0; i < 40; ++i)
        tables->untried.push_back({{kServiceNetwork | kServiceWitness,
                                    *IpAddress::parse(std::to_string(20 + i) + ".1.1.1"), 8333},
                                   *IpAddress::parse("5.6.7.8"),
                                   to_unix_seconds(kStart),
                                   0,
                                   0});
    options.known_addresses = tables;
    Station station(options);
    std::vector<std::string> types;
    for (int i = 0; i < 60 && types.size() < 5; ++i) {
        station.advance(seconds{10});
        for (const auto& dial : station.take_dials()) {
            const PeerId peer = station.connect(false, dial.target.host, dial.dial);
            for (const PeerInfo& info : station.manager.peer_infos(station.now)) {
                if (info.id == peer) types.emplace_back(to_string(info.connection_type));
            }
            const auto sent = station.take<message::Version>(peer);
            ASSERT_THAT(sent, SizeIs(1));
            EXPECT_EQ(sent[0].relay, types.back() == "outbound-full-relay") << types.back();
            station.send(peer, Station::default_version());
            station.send(peer, message::Verack{});
            const bool feeler = types.back() == "feeler";
            EXPECT_EQ(station.closed(peer), feeler);
            if (feeler) station.close(peer);
            const auto commands = station.take_commands(peer);
            EXPECT_EQ(std::count(commands.begin(), commands.end(), "getaddr"),
                      types.back() == "block-relay-only" ? 0 : 1);
        }
    }
    EXPECT_THAT(types, ElementsAre("block-relay-only", "outbound-full-relay", "outbound-full-relay",
                                   "block-relay-only", "feeler"));
    ASSERT_THAT(station.manager.anchors(), SizeIs(2));
    EXPECT_EQ(station.manager.anchors()[0].host.to_string(), "7.7.7.7");
    // Each success has moved an address, the feeler's too.
    EXPECT_THAT(station.manager.placed_addresses(true), SizeIs(4));
}

TEST(Connections, block_relay_only_peer_neither_gets_nor_sends_transactions_or_addresses) {
    NetOptions options;
    options.accept_local_addresses = true;
    Station station(options);
    ASSERT_TRUE(station.manager.add_connection("10.0.0.5:18444", ConnectionType::block_relay_only,
                                               station.now));
    station.collect();
    const auto dials = station.take_dials();
    ASSERT_THAT(dials, SizeIs(1));
    const PeerId peer =
        station.ready_peer(false, Station::default_version(), true, "10.0.0.5", dials[0].dial);
    message::Addr addr;
    addr.entries.push_back(
        {static_cast<uint32_t>(to_unix_seconds(station.now)), node_at("8.8.8.8")});
    station.send(peer, addr);
    EXPECT_THAT(station.manager.known_addresses(10), IsEmpty());
    EXPECT_FALSE(station.closed(peer));
    message::Inv inv;
    inv.entries.push_back(message::InvEntry::of(InvType::wtxid, Hash256{}));
    station.send(peer, inv);
    EXPECT_TRUE(station.closed(peer));
}

}  // namespace
}  // namespace parley::test
