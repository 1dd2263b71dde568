// Long chains of headers are measured before they are stored (HeaderGate, HeaderPresync).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "net/sync/header_presync.h"
#include "station.h"

namespace parley::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// A chain of headers above a block, and how a peer that has it answers.
struct HeaderChain {
    BlockHash below;
    std::vector<BlockHeader> headers;
    std::map<BlockHash, size_t> behind;  ///< where the headers after this one begin

    HeaderChain(const BlockHeader& parent, size_t count, uint32_t salt) : below(parent.hash()) {
        BlockHeader previous = parent;
        for (size_t i = 0; i < count; ++i) {
            BlockHeader header = previous;
            header.previous = previous.hash();
            header.nonce = salt;
            solve(header);
            headers.push_back(header);
            behind[header.hash()] = i + 1;
            previous = header;
        }
    }
    message::Headers from(size_t position) const {
        message::Headers message;
        const size_t end = std::min(headers.size(), position + 2'000);
        for (size_t i = position; i < end; ++i) message.headers.push_back(headers[i]);
        return message;
    }
    message::Headers answer(const message::GetHeaders& request) const {
        for (const BlockHash& hash : request.hashes) {
            if (const auto found = behind.find(hash); found != behind.end())
                return from(found->second);
            if (hash == below) return from(0);
        }
        return {};
    }
};

/// Answers each getheaders from the chain that `choose` returns for its number. Returns how many
/// there were.
template <class Choose>
size_t serve(Station& station, PeerId peer, Choose choose) {
    constexpr size_t kRoundsMax = 50;
    for (size_t round = 0; round < kRoundsMax; ++round) {
        const auto requests = station.take<message::GetHeaders>(peer);
        if (requests.empty()) return round;
        station.send(peer, choose(round).answer(requests.back()));
    }
    return kRoundsMax;
}

TEST(HeaderGate, long_weak_chain_is_measured_and_then_stored_if_it_is_better) {
    Station station;
    station.backend.mine(2'500, 0, nullptr, false);
    const HeaderChain better(station.backend.active_at(Height{0})->header, 3'000, 7);
    const PeerId peer = station.ready_peer();
    const size_t before = station.backend.headers;
    station.send(peer, better.from(0));
    EXPECT_EQ(station.backend.headers, before) << "nothing is stored while it is measured";
    const size_t rounds =
        serve(station, peer, [&](size_t) -> const HeaderChain& { return better; });
    EXPECT_GE(rounds, 3u);  // one more to measure it, two to download it
    EXPECT_EQ(station.backend.headers, before + 3'000);
    EXPECT_EQ(station.backend.index().best_header().height, Height{3'000});
    EXPECT_FALSE(station.closed(peer));
}

TEST(HeaderGate, long_chain_that_is_worse_is_never_stored) {
    Station station;
    station.backend.mine(3'200, 0, nullptr, false);
    const HeaderChain worse(station.backend.active_at(Height{0})->header, 3'000, 7);
    const PeerId peer = station.ready_peer();
    const size_t before = station.backend.headers;
    station.send(peer, worse.from(0));
    serve(station, peer, [&](size_t) -> const HeaderChain& { return worse; });
    EXPECT_EQ(station.backend.headers, before);
    EXPECT_FALSE(station.closed(peer));
    // An ordinary announcement of this peer is handled as before.
    const HeaderChain next(station.backend.active_tip().header, 1, 9);
    station.send(peer, next.from(0));
    EXPECT_EQ(station.backend.headers, before + 1);
}

TEST(HeaderGate, peer_that_downloads_another_chain_than_it_showed_is_dropped) {
    Station station;
    station.backend.mine(2'500, 0, nullptr, false);
    const BlockHeader& genesis = station.backend.active_at(Height{0})->header;
    const HeaderChain shown(genesis, 3'000, 7);
    const HeaderChain sent(genesis, 3'000, 8);
    const PeerId peer = station.ready_peer();
    const size_t before = station.backend.headers;
    station.send(peer, shown.from(0));
    serve(station, peer,
          [&](size_t round) -> const HeaderChain& { return round < 1 ? shown : sent; });
    EXPECT_TRUE(station.closed(peer));
    EXPECT_EQ(station.backend.headers, before);
}

TEST(HeaderGate, minimum_chain_work_is_measured_before_anything_is_stored) {
    NetOptions options;
    options.minimum_score = U256{6'000};
    for (const size_t count : {2'500u, 3'500u}) {
        Station station(options);
        const HeaderChain chain(station.backend.active_tip().header, count, 7);
        const PeerId peer = station.ready_peer();
        station.send(peer, chain.from(0));
        serve(station, peer, [&](size_t) -> const HeaderChain& { return chain; });
        EXPECT_EQ(station.backend.headers, count >= 3'000 ? count + 1 : 1) << count;
        EXPECT_FALSE(station.closed(peer));
    }
}

TEST(HeaderPresync, releases_what_it_measured_and_nothing_else) {
    Station station;
    const HeaderNode& start = station.backend.active_tip();
    const HeaderChain chain(start.header, 5'000, 1);
    const auto part = [&](size_t position) { return chain.from(position).headers; };
    HeaderPresync presync(start, 1, 2);
    for (const size_t position : {0u, 2'000u, 4'000u}) {
        ASSERT_TRUE(presync.expects(part(position).front().previous));
        presync.measure(part(position), *start.score + Score{position});
    }
    EXPECT_EQ(presync.measured(), 5'000u);
    presync.begin_download();
    EXPECT_FALSE(presync.expects(part(2'000).front().previous));
    EXPECT_THAT(*presync.download(part(0)), SizeIs(2'000));
    EXPECT_FALSE(presync.complete());
    // A message that ends elsewhere releases nothing behind the last mark.
    auto cut = part(2'000);
    cut.resize(1'500);
    EXPECT_THAT(*presync.download(cut), IsEmpty());
    EXPECT_THAT(*presync.download(part(3'500)), SizeIs(3'000));
    EXPECT_TRUE(presync.complete());
}

}  // namespace
}  // namespace parley::test
