// What a hostile or broken peer can send, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../seed.h"
#include "net/wire/framing.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

/// Still connected, and still answering.
bool alive(Station& station, PeerId peer) {
    if (station.closed(peer)) return false;
    station.take_sent(peer);
    station.send(peer, message::Ping{4711});
    const auto pongs = station.take<message::Pong>(peer);
    return pongs.size() == 1 && pongs[0].nonce == 4711;
}

template <class Message>
Message list_of(size_t count) {
    Message message;
    message.entries.resize(count);
    return message;
}

message::Headers chain_from(const BlockHeader& parent, size_t count, uint32_t nonce) {
    message::Headers headers;
    BlockHeader previous = parent;
    for (size_t i = 0; i < count; ++i) {
        BlockHeader header = previous;
        header.previous = previous.hash();
        header.nonce = nonce;
        solve(header);
        headers.headers.push_back(header);
        previous = header;
    }
    return headers;
}

TEST(Hostile, offences_disconnect) {
    Station sample;
    const BlockHeader genesis = sample.backend.active_tip().header;
    message::Headers gap = chain_from(genesis, 3, 1);
    gap.headers[2].previous = BlockHash{};
    message::Headers many;
    many.headers.resize(2001);
    message::GetHeaders locator;
    locator.hashes.resize(102);
    const BlockRef bad_header = make_block(genesis, 1, kBadHeaderNonce);
    const BlockRef bad_body = make_block(genesis, 1, kBadBlockNonce);
    const BlockRef mutated = make_block(genesis, 1, kMutatedNonce);
    Bytes wrong_magic = raw_message(message::Ping{1});
    wrong_magic[0] ^= 0xff;
    Bytes oversize = raw_message("tx", {});
    oversize[19] = 1;  // 16 MiB
    const std::pair<const char*, Bytes> cases[] = {
        {"wrong magic", wrong_magic},
        {"HTTP", to_bytes(as_bytes("GET / HTTP/1.1\r\n\r\n"))},
        {"oversize length", oversize},
        {"inv of 50,001", raw_message(list_of<message::Inv>(50'001))},
        {"getdata of 50,001", raw_message(list_of<message::GetData>(50'001))},
        {"addr of 1,001", raw_message(list_of<message::Addr>(1'001))},
        {"headers of 2,001", raw_message(many)},
        {"headers that do not follow each other", raw_message(gap)},
        {"invalid header", raw_message(chain_from(genesis, 1, kBadHeaderNonce))},
        {"locator of 102", raw_message(locator)},
        {"block with invalid header", raw_message("block", bad_header->serialize())},
        {"block that does not connect", raw_message("block", bad_body->serialize())},
        {"mutated block", raw_message("block", mutated->serialize())},
        {"mempool", raw_message("mempool", {})},
        {"bloom filter", raw_message("filterload", Bytes(10))},
        {"compact filters", raw_message("getcfilters", Bytes(37))},
    };
    for (const auto& [name, bytes] : cases) {
        Station station;
        const PeerId peer = station.ready_peer();
        const PeerId bystander =
            station.ready_peer(true, Station::default_version(), true, "10.0.0.3");
        station.receive(peer, bytes);
        EXPECT_TRUE(station.closed(peer)) << name;
        EXPECT_TRUE(alive(station, bystander)) << name;
        station.take_sent(peer);
        station.receive(peer, raw_message(message::Ping{1}));  // may still be in transit
        EXPECT_THAT(station.take_sent(peer), IsEmpty()) << name;
    }
}

TEST(Hostile, accidents_are_ignored) {
    Bytes checksum = raw_message(message::Ping{1});
    checksum[21] ^= 1;
    Bytes command = raw_message(message::Ping{1});
    command[4] = 0x07;
    Writer cut;
    cut.compact_size(2).bytes(Bytes(36));
    const std::pair<const char*, Bytes> cases[] = {
        {"bad checksum", checksum},
        {"bad command", command},
        {"unknown command", raw_message("frobnicate", Bytes(1000))},
        {"short ping", raw_message("ping", Bytes(7))},
        {"inv cut short", raw_message("inv", cut.data())},
        {"empty tx", raw_message("tx", {})},
        {"malformed block", raw_message("block", Bytes(79))},
        {"reject", raw_message("reject", Bytes(3))},
        {"sendcmpct", raw_message(message::SendCompact{true, 2})},
        {"seal of a stranger", raw_message(message::Seal{})},
        {"engine message of a stranger", raw_message("engine", Bytes(100))},
        {"unknown inv types", raw_message([] {
             auto inv = list_of<message::Inv>(3);
             inv.entries[0].type = 77;
             inv.entries[1].type = 0;
             inv.entries[2].type = 3;
             return inv;
         }())},
        {"pong without ping", raw_message(message::Pong{5})},
        {"empty headers", raw_message(message::Headers{})},
        {"bytes behind the payload", raw_message("ping", Bytes(30))},
    };
    for (const auto& [name, bytes] : cases) {
        Station station;
        const PeerId peer = station.ready_peer();
        station.receive(peer, bytes);
        EXPECT_TRUE(alive(station, peer)) << name;
        EXPECT_TRUE(station.backend.engine_messages.empty()) << name;
    }
}

TEST(Hostile, repeated_damage_disconnects) {
    Station station;
    const PeerId peer = station.ready_peer();
    Bytes damaged = raw_message(message::Ping{1});
    damaged[20] ^= 1;
    for (int i = 0; i < 10; ++i) station.receive(peer, damaged);
    EXPECT_TRUE(alive(station, peer));
    station.receive(peer, damaged);
    EXPECT_TRUE(station.closed(peer));
}

TEST(Hostile, misbehaving_host_is_discouraged_but_not_this_machine) {
    NetOptions options;
    options.connections_max = 12;  // one inbound slot beside eleven outbound
    for (const auto& [host, welcome] : {std::pair{"127.0.0.1", true}, {"10.1.2.3", false}}) {
        Station station(options);
        const PeerId peer = station.ready_peer(true, Station::default_version(), true, host);
        station.send(peer, list_of<message::Inv>(50'001));
        ASSERT_TRUE(station.closed(peer));
        station.close(peer);
        const PeerId again = station.connect(true, host);
        EXPECT_EQ(station.closed(again), !welcome) << host;
    }
}

TEST(Hostile, endless_unfinished_message_holds_no_more_than_its_limit) {
    FrameReader reader({0xfa, 0xbf, 0xb5, 0xda});
    Bytes header = raw_message("block", {});
    const uint32_t size = 4'000'000;
    for (size_t i = 0; i < 4; ++i) header[16 + i] = uint8_t(size >> (8 * i) & 0xff);
    Bytes stream = header;
    stream.resize(24 + 3'999'999);
    ByteSpan input{stream};
    ASSERT_FALSE(reader.read(input)->has_value());
    EXPECT_EQ(reader.buffered(), stream.size());
    // The last byte completes a message of zeros under a checksum of nothing: damaged, and gone.
    const Bytes last(1);
    input = last;
    const auto frame = reader.read(input);
    ASSERT_TRUE(frame.has_value() && frame->has_value());
    EXPECT_FALSE((*frame)->intact);
    EXPECT_EQ(reader.buffered(), 0u);
}

/// A hundred thousand messages of every kind with random contents. The node must stay alive for
/// others, and what it holds must stay within its bounds.
TEST(Hostile, flood_of_random_messages_leaves_the_node_within_its_bounds) {
    const uint64_t seed = test_seed();
    SeededRandom random(seed);
    NetOptions options;
    options.services |= 1u << 2;  // NODE_BLOOM
    Station station(options, false, seed);
    station.backend.mine(20);
    const PeerId bystander = station.ready_peer(true, Station::default_version(), true, "10.9.9.9");
    const char* commands[] = {"addr",     "addrv2",     "block",      "engine", "feefilter",
                              "getaddr",  "getdata",    "headers",    "inv",    "mempool",
                              "notfound", "ping",       "pong",       "seal",   "tx",
                              "version",  "getblocks",  "getheaders", "verack", "reject",
                              "zzz",      "sendheaders"};
    const BlockHash known = station.backend.active_tip().hash;
    std::optional<PeerId> peer;
    for (int i = 0; i < 100'000; ++i) {
        if (!peer) peer = station.ready_peer();
        const std::string command = commands[random.uniform(std::size(commands))];
        Writer payload;
        const uint64_t count = random.uniform(4);
        if (command == "inv" || command == "getdata" || command == "notfound") {
            payload.compact_size(count);
            for (uint64_t j = 0; j < count; ++j) {
                Hash256 hash = known;
                if (random.uniform(4) > 0) random.fill(hash.bytes());
                const uint32_t types[] = {1, 2, 3, 4, 5, 0x40000001, 0x40000002};
                payload.le(types[random.uniform(7)]).hash(hash);
            }
        } else if (command == "headers") {
            payload.compact_size(count);
            for (uint64_t j = 0; j < count; ++j) {
                BlockHeader header = station.backend.active_tip().header;
                header.previous = known;
                header.nonce = static_cast<uint32_t>(random.uniform(50));
                payload.bytes(header.serialize()).u8(0);
            }
        } else if (command == "tx") {
            Hash256 parent;
            random.fill(parent.bytes());
            payload.bytes(make_spend(Txid{parent}, static_cast<uint32_t>(i))->serialize());
        } else if (command == "getblocks" || command == "getheaders") {
            payload.le(uint32_t{70016}).compact_size(1).hash(known).hash(Hash256{});
        } else {
            Bytes noise(random.uniform(80));
            random.fill(noise);
            payload.bytes(noise);
        }
        station.send_raw(*peer, command, payload.data());
        if (i % 16 == 0) station.advance(std::chrono::milliseconds{100});
        if (i % 64 == 0) {
            station.take_sent(*peer);
            station.drained(*peer);
        }
        if (station.closed(*peer)) {
            station.close(*peer);
            peer.reset();
        }
        if (i % 4096 == 0) {
            ASSERT_TRUE(alive(station, bystander));
            station.take_sent(bystander);
            station.drained(bystander);
        }
    }
    EXPECT_LE(station.manager.orphan_count(), 3'000u);
    EXPECT_LE(station.manager.known_addresses(SIZE_MAX).size(), 1'024u * 64u);
    EXPECT_LE(station.manager.peer_infos(station.now).size(), 2u);
    EXPECT_TRUE(alive(station, bystander));
}

TEST(Hostile, orphans_are_bounded) {
    Station station;
    const PeerId peer = station.ready_peer();
    for (uint32_t i = 0; i < 3'300; ++i) {
        Hash256 parent;
        parent.bytes()[0] = uint8_t(i);
        parent.bytes()[1] = uint8_t(i >> 8);
        station.send(peer, message::Tx{make_spend(Txid{parent}, i)->data()});
    }
    // About 400 weight units each.
    const size_t count = station.manager.orphan_count();
    EXPECT_GT(count, 900u);
    EXPECT_LE(count, 3'000u);
    station.advance(std::chrono::minutes{19});
    EXPECT_EQ(station.manager.orphan_count(), count);
    station.close(peer);
    EXPECT_EQ(station.manager.orphan_count(), 0u);
}

/// A large getdata is served in portions, one for each timer that is due at once.
void serve_portions(Station& station) {
    for (int i = 0; i < 60; ++i) station.advance(std::chrono::milliseconds{1});
}

TEST(Hostile, requests_without_taking_answers_are_queued_up_to_a_limit) {
    Station station;
    station.backend.mine(10);
    const PeerId peer = station.ready_peer();
    message::GetData request;
    request.entries.assign(
        50'000, message::InvEntry::of(InvType::witness_block, station.backend.active_tip().hash));
    station.send(peer, request);
    EXPECT_LT(station.bytes_sent[peer], 300'000u);  // others have their turn
    serve_portions(station);
    // One block is some 200 bytes; the window is a million bytes, and the rest waits.
    EXPECT_GT(station.bytes_sent[peer], 1'000'000u);
    EXPECT_LT(station.bytes_sent[peer], 1'100'000u);
    EXPECT_EQ(station.notifies[peer], 1u);
    for (int i = 0; i < 1'000; ++i) station.send(peer, message::Ping{uint64_t(i)});
    EXPECT_FALSE(station.closed(peer));
    EXPECT_THAT(station.take_commands(peer), Not(Contains("pong")));
    station.send(peer, message::Ping{1'000});
    EXPECT_TRUE(station.closed(peer));
}

TEST(Hostile, interrupted_getdata_goes_on_when_the_transport_drains) {
    Station station;
    station.backend.mine(10);
    const PeerId peer = station.ready_peer();
    message::GetData request;
    request.entries.assign(
        20'000, message::InvEntry::of(InvType::witness_block, station.backend.active_tip().hash));
    request.entries.push_back(message::InvEntry::of(InvType::witness_block, BlockHash{}));
    station.send(peer, request);
    station.send(peer, message::Ping{5});
    size_t blocks = 0;
    std::vector<std::string> tail;
    for (int i = 0; i < 10; ++i) {
        serve_portions(station);
        for (const std::string& command : station.take_commands(peer)) {
            blocks += command == "block" ? 1 : 0;
            if (command != "block") tail.push_back(command);
        }
        station.drained(peer);
    }
    EXPECT_EQ(blocks, 20'000u);
    EXPECT_THAT(tail, testing::ElementsAre("notfound", "pong"));  // in the order of the requests
}

TEST(Hostile, peer_that_never_takes_anything_is_dropped) {
    Station station;
    station.backend.mine(10);
    const PeerId peer = station.ready_peer();
    message::GetData request;
    request.entries.assign(
        20'000, message::InvEntry::of(InvType::witness_block, station.backend.active_tip().hash));
    station.send(peer, request);
    for (int i = 0; i < 21; ++i) {
        station.send_raw(peer, "reject");
        station.advance(std::chrono::minutes{1});
    }
    EXPECT_TRUE(station.closed(peer));
}

TEST(Hostile, engine_broadcast_to_a_peer_that_does_not_read_is_bounded) {
    Station station;
    message::Version version = Station::default_version();
    version.services |= kServiceParley;
    const PeerId peer = station.ready_peer(true, version);
    const Bytes message(3'000'000);
    for (int i = 0; i < 30 && !station.closed(peer); ++i) {
        station.step(net_input::BroadcastEngineMessage{message});
        station.take_sent(peer);
    }
    EXPECT_TRUE(station.closed(peer));
    EXPECT_LE(station.bytes_sent[peer], 64'100'000u);
}

TEST(Hostile, headers_of_weak_branches_are_bounded) {
    Station station;
    station.backend.mine(2'100, 0, nullptr, false);
    const BlockHeader genesis = station.backend.active_at(Height{0})->header;
    const PeerId peer = station.ready_peer();
    for (uint32_t branch = 0; branch < 60 && !station.closed(peer); ++branch)
        station.send(peer, chain_from(genesis, 2'000, 100 + branch));
    EXPECT_TRUE(station.closed(peer));
    EXPECT_LE(station.backend.headers, 2'101u + 22'000u);
}

/// The bound is the node's: it holds for many connections, and headers of little work cost nothing.
TEST(Hostile, headers_of_weak_branches_are_bounded_in_all) {
    Station station;
    station.backend.mine(300, 0, nullptr, false);
    const PeerId honest = station.ready_peer();
    const BlockHeader old = station.backend.active_at(Height{10})->header;
    const BlockHeader recent = station.backend.active_at(Height{250})->header;
    const size_t before = station.backend.headers;
    for (uint32_t connection = 0; connection < 3; ++connection) {
        const PeerId peer = station.ready_peer();
        const size_t stored = station.backend.headers;
        for (uint32_t branch = 0; branch < 50 && !station.closed(peer); ++branch)
            station.send(peer, chain_from(old, 100, connection * 1'000 + branch));
        EXPECT_EQ(station.backend.headers, stored) << "they have less work than the tip less 144";
        for (uint32_t branch = 0; branch < 1'500 && !station.closed(peer); ++branch)
            station.send(peer, chain_from(recent, 50, 1'000'000 + connection * 10'000 + branch));
        EXPECT_TRUE(station.closed(peer));
        station.close(peer);
    }
    EXPECT_LE(station.backend.headers, before + 20'050u);
    EXPECT_TRUE(alive(station, honest));
    // A better branch is still taken.
    station.send(honest, chain_from(recent, 60, 7));
    EXPECT_GE(station.backend.headers, before + 60u);
    EXPECT_EQ(station.backend.index().best_header().height, Height{310});
}

TEST(Hostile, peer_that_announces_much_during_the_download_takes_no_place_from_others) {
    Station station;
    station.backend.downloading = true;
    const PeerId greedy = station.ready_peer();
    const PeerId modest = station.ready_peer();
    message::Inv many;
    for (uint32_t salt = 0; salt < 2'000; ++salt)
        many.entries.push_back(
            message::InvEntry::of(InvType::wtxid, make_spend(coin(9), salt)->wtxid()));
    station.send(greedy, many);
    const TransactionRef wanted = make_spend(coin(1), 1);
    message::Inv one;
    one.entries.push_back(message::InvEntry::of(InvType::wtxid, wanted->wtxid()));
    station.send(modest, one);
    station.advance(seconds{1});  // until the large inv is taken up
    station.backend.downloading = false;
    station.backend.mine(1);
    station.advance(seconds{1});
    const auto requests = station.take<message::GetData>(modest);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].entries, one.entries);
    size_t asked = 0;
    for (const auto& request : station.take<message::GetData>(greedy))
        asked += request.entries.size();
    EXPECT_LE(asked, 100u);
    EXPECT_GT(asked, 0u);
}

}  // namespace
}  // namespace parley::test
