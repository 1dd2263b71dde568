// Compact filters of blocks over the wire (BIP157), as a light client sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto/sha256.h"
#include "chain_messages.h"
#include "net/filters/filter_messages.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int32_t kHeaderInterval = 1'000;  // BIP157

NetOptions filter_options() {
    NetOptions options;
    options.services |= 1u << 6;  // NODE_COMPACT_FILTERS
    return options;
}

/// Serves filters of `blocks` blocks.
struct FilterStation : Station {
    explicit FilterStation(size_t blocks, NetOptions options = filter_options())
        : Station(options) {
        backend.mine(blocks, 0, nullptr, false);
        backend.filters_to = backend.active_tip().height;
    }
    const HeaderNode& at(int32_t height) const { return *backend.active_at(Height{height}); }
    message::GetFilters filters(uint32_t start, int32_t stop) const {
        return {{0, start, at(stop).hash}};
    }
    message::GetFilterHeaders headers(uint32_t start, int32_t stop) const {
        return {{0, start, at(stop).hash}};
    }
    FilterRecord record(int32_t height) const { return *backend.find_filter(at(height)); }
    /// What the reply consists of, however many steps that takes.
    std::vector<Sent> reply(PeerId peer) {
        std::vector<Sent> result;
        for (int i = 0; i < 100; ++i) {
            for (Sent& sent : take_sent(peer)) result.push_back(std::move(sent));
            advance(milliseconds{1});
        }
        return result;
    }
};

template <class Message>
Message only(const std::vector<Sent>& sent) {
    EXPECT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent.at(0).command, Message::kCommand);
    return decode<Message>(sent.at(0).payload).value();
}

TEST(CompactFilters, getcfilters_gives_each_filter_of_the_range_in_order) {
    FilterStation station(20);
    const PeerId peer = station.ready_peer();
    Writer request;  // restated: the type, four bytes of height, the hash
    request.u8(0).le(uint32_t{5}).hash(station.at(7).hash);
    station.send_raw(peer, "getcfilters", request.data());
    const std::vector<Sent> sent = station.reply(peer);
    ASSERT_THAT(sent, SizeIs(3));
    for (int32_t i = 0; i < 3; ++i) {
        Writer wanted;
        wanted.u8(0).hash(station.at(5 + i).hash).var_bytes(station.record(5 + i).filter);
        EXPECT_EQ(sent[static_cast<size_t>(i)].command, "cfilter");
        EXPECT_EQ(sent[static_cast<size_t>(i)].payload, wanted.data());
    }
    station.send(peer, station.filters(0, 0));
    EXPECT_EQ(only<message::Filter>(station.reply(peer)).block, station.at(0).hash);
}

TEST(CompactFilters, getcfheaders_gives_hashes_of_filters_and_the_header_before_them) {
    FilterStation station(20);
    const PeerId peer = station.ready_peer();
    station.send(peer, station.headers(5, 7));
    Writer wanted;
    wanted.u8(0).hash(station.at(7).hash).hash(station.record(4).header).compact_size(3);
    for (int32_t i = 5; i <= 7; ++i) wanted.hash(sha256d(station.record(i).filter));
    const std::vector<Sent> sent = station.reply(peer);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].command, "cfheaders");
    EXPECT_EQ(sent[0].payload, wanted.data());
    station.send(peer, station.headers(0, 2));
    const auto from_genesis = only<message::FilterHeaders>(station.reply(peer));
    EXPECT_EQ(from_genesis.previous, Hash256{});
    EXPECT_THAT(from_genesis.hashes, SizeIs(3));
}

TEST(CompactFilters, getcfcheckpt_gives_every_thousandth_header) {
    FilterStation station(2'500);
    const PeerId peer = station.ready_peer();
    for (const auto& [stop, count] : {std::pair{2'500, 2}, {2'000, 2}, {1'999, 1}, {999, 0}}) {
        station.send(peer, message::GetFilterCheckpoints{0, station.at(stop).hash});
        const auto reply = only<message::FilterCheckpoints>(station.reply(peer));
        EXPECT_EQ(reply.stop, station.at(stop).hash);
        ASSERT_EQ(reply.headers.size(), static_cast<size_t>(count)) << stop;
        for (int i = 0; i < count; ++i)
            EXPECT_EQ(reply.headers[static_cast<size_t>(i)],
                      station.record((i + 1) * kHeaderInterval).header);
    }
}

TEST(CompactFilters, requests_beyond_the_limits_end_the_connection) {
    FilterStation station(2'100);
    const auto checkpoints = [&](uint8_t type, const BlockHash& stop) {
        return raw_message(message::GetFilterCheckpoints{type, stop});
    };
    const std::pair<const char*, Bytes> refused[] = {
        {"1,001 filters", raw_message(station.filters(0, 1'000))},
        {"2,001 headers", raw_message(station.headers(1, 2'001))},
        {"starts behind its end", raw_message(station.headers(1'000, 999))},
        {"starts far behind its end", raw_message(station.filters(UINT32_MAX, 999))},
        {"unknown type", checkpoints(1, station.at(5).hash)},
        {"unknown block", checkpoints(0, BlockHash{})},
    };
    for (const auto& [name, bytes] : refused) {
        const PeerId peer = station.ready_peer();
        station.receive(peer, bytes);
        EXPECT_TRUE(station.closed(peer)) << name;
        EXPECT_THAT(station.take_sent(peer), IsEmpty()) << name;
    }
    const PeerId peer = station.ready_peer();
    station.send(peer, station.filters(1, 1'000));
    EXPECT_THAT(station.reply(peer), SizeIs(1'000));
    station.send(peer, station.headers(1, 2'000));
    EXPECT_THAT(only<message::FilterHeaders>(station.reply(peer)).hashes, SizeIs(2'000));
}

TEST(CompactFilters, node_that_does_not_offer_them_disconnects) {
    FilterStation station(3, NetOptions{});
    for (const char* command : {"getcfilters", "getcfheaders"}) {
        const PeerId peer = station.ready_peer();
        station.send_raw(peer, command, encode(station.filters(1, 2)));
        EXPECT_TRUE(station.closed(peer)) << command;
    }
    const PeerId peer = station.ready_peer();
    station.send(peer, message::GetFilterCheckpoints{0, station.at(2).hash});
    EXPECT_TRUE(station.closed(peer));
    EXPECT_EQ(station.backend.filters_read, 0u);
}

TEST(CompactFilters, large_request_is_served_in_portions_and_later_requests_wait) {
    FilterStation station(2'000);
    const PeerId peer = station.ready_peer();
    const PeerId other = station.ready_peer(true, Station::default_version(), true, "10.0.0.2");
    station.send(peer, station.headers(1, 2'000));
    station.send(peer, message::Ping{7});
    EXPECT_THAT(station.take_sent(peer), IsEmpty());
    EXPECT_LT(station.backend.filters_read, 100u) << "no step reads all of it";
    station.send(other, message::Ping{8});
    EXPECT_THAT(station.take_commands(other), ElementsAre("pong"));
    const std::vector<Sent> sent = station.reply(peer);
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[0].command, "cfheaders");
    EXPECT_EQ(sent[1].command, "pong");
}

TEST(CompactFilters, peer_that_does_not_read_stops_the_reply) {
    FilterStation station(400);
    station.backend.filter_size = 25'000;
    const PeerId peer = station.ready_peer();
    station.send(peer, station.filters(1, 400));
    size_t filters = station.reply(peer).size();
    EXPECT_GT(filters, 30u);
    EXPECT_LT(filters, 50u) << "a megabyte";
    for (int i = 0; i < 20; ++i) {
        station.drained(peer);
        filters += station.reply(peer).size();
    }
    EXPECT_EQ(filters, 400u);
    station.send(peer, station.filters(1, 400));
    station.close(peer);
    station.advance(milliseconds{10});
}

TEST(CompactFilters, nothing_is_sent_of_a_range_whose_end_is_not_indexed) {
    FilterStation station(20);
    station.backend.filters_to = Height{10};
    const PeerId peer = station.ready_peer();
    station.send(peer, station.filters(5, 11));
    station.send(peer, station.headers(5, 11));
    station.send(peer, message::GetFilterCheckpoints{0, station.at(11).hash});
    EXPECT_THAT(station.reply(peer), IsEmpty());
    EXPECT_FALSE(station.closed(peer));
    station.send(peer, station.filters(5, 10));
    EXPECT_THAT(station.reply(peer), SizeIs(6));
}

TEST(CompactFilters, stale_block_is_served_for_thirty_days) {
    FilterStation station(3);
    station.backend.spacing = 24 * 60 * 60;
    const HeaderNode& stale = station.backend.active_tip();
    station.backend.mine(2, 9, stale.parent);
    ASSERT_FALSE(station.backend.index().contains(stale));
    const HeaderNode& header_only = station.backend.mine(1, 10, stale.parent);
    ASSERT_NE(header_only.status, BlockStatus::connected);
    const PeerId peer = station.ready_peer();
    station.send(peer, message::GetFilters{{0, 2, stale.hash}});
    EXPECT_THAT(station.reply(peer), SizeIs(2));
    station.backend.mine(30);
    station.send(peer, message::GetFilters{{0, 2, stale.hash}});
    EXPECT_TRUE(station.closed(peer));
    const PeerId curious = station.ready_peer();
    station.send(curious, message::GetFilters{{0, 2, header_only.hash}});
    EXPECT_TRUE(station.closed(curious)) << "never connected, so not indexed";
}

}  // namespace
}  // namespace parley::test
