// Headers of a chain with seals: sent with the seal of the last one, and not taken without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain_messages.h"
#include "station.h"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A node of a sealed chain of so many blocks.
struct SealedStation : Station {
    explicit SealedStation(size_t blocks = 0) : Station({}, true) {
        if (blocks > 0) backend.mine(blocks, 0, nullptr, false);
    }
    PeerId parley_peer() { return ready_peer(true, parley_version()); }
    void send_sealed(PeerId peer, const message::Headers& headers) {
        send(peer, seal_of_last(headers));
        send(peer, headers);
    }
};

message::GetHeaders from_genesis(const SealedStation& station) {
    message::GetHeaders request;
    request.hashes.push_back(station.backend.active_at(Height{0})->hash);
    return request;
}

// --- what we send

TEST(SealedHeaders, reply_is_preceded_by_the_seal_of_its_last_header) {
    SealedStation station(3);
    const PeerId ours = station.parley_peer();
    const PeerId foreign = station.ready_peer();
    message::GetHeaders request = from_genesis(station);
    request.stop = station.backend.active_at(Height{2})->hash;
    station.send(ours, request);
    const auto sent = station.take_sent(ours);
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[0].command, "seal");
    const auto seal = decode<message::Seal>(sent[0].payload);
    EXPECT_EQ(*seal, (message::Seal{request.stop, seal_for(request.stop)}));
    EXPECT_EQ(sent[1].command, "headers");
    EXPECT_THAT(decode<message::Headers>(sent[1].payload)->headers, SizeIs(2));
    station.send(foreign, request);
    EXPECT_THAT(station.take_commands(foreign), ElementsAre("headers"));
}

TEST(SealedHeaders, single_header_asked_for_by_its_hash_has_its_seal) {
    SealedStation station(2);
    const PeerId peer = station.parley_peer();
    message::GetHeaders request;
    request.stop = station.backend.active_at(Height{1})->hash;
    station.send(peer, request);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("seal", "headers"));
    request.stop = station.backend.active_at(Height{0})->hash;  // has none
    station.send(peer, request);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("headers"));
}

TEST(SealedHeaders, empty_reply_has_no_seal) {
    SealedStation station;
    const PeerId peer = station.parley_peer();
    station.send(peer, from_genesis(station));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("headers"));
}

TEST(SealedHeaders, announcement_is_preceded_by_the_tips_seal) {
    SealedStation station(1);
    const PeerId peer = station.parley_peer();
    station.send(peer, message::SendHeaders{});
    station.send(peer, from_genesis(station));
    station.take_sent(peer);
    const HeaderNode& tip = station.backend.mine(2, 0, nullptr, false);
    station.collect();
    const auto sent = station.take_sent(peer);
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[0].command, "seal");
    EXPECT_EQ(decode<message::Seal>(sent[0].payload)->block, tip.hash);
    EXPECT_EQ(sent[1].command, "headers");
    EXPECT_THAT(decode<message::Headers>(sent[1].payload)->headers, SizeIs(2));
}

// --- what we take

TEST(SealedHeaders, headers_with_the_last_ones_seal_are_stored_and_their_blocks_fetched) {
    SealedStation station;
    const PeerId peer = station.parley_peer();
    const Branch branch(station.backend.active_tip(), 5, 1);
    station.send_sealed(peer, branch.headers);
    EXPECT_EQ(station.backend.headers, 6u);
    const auto requests = station.take<message::GetData>(peer);
    ASSERT_THAT(requests, SizeIs(1));
    EXPECT_THAT(requests[0].entries, SizeIs(5));
}

TEST(SealedHeaders, several_without_the_right_seal_cost_the_sender_its_connection) {
    using Spoil = void (*)(Branch&, message::Seal&);
    const std::pair<const char*, Spoil> cases[] = {
        {"no seal", [](Branch&, message::Seal& seal) { seal.seal.clear(); }},
        {"a wrong seal", [](Branch&, message::Seal& seal) { seal.seal[0] ^= 1; }},
        {"a long seal", [](Branch&, message::Seal& seal) { seal.seal.resize(60'000); }},
        {"another block's seal",
         [](Branch& branch, message::Seal& seal) {
             seal.seal = seal_for(branch.headers.headers[0].hash());
         }},
        {"a seal of the first",
         [](Branch& branch, message::Seal& seal) {
             const BlockHash first = branch.headers.headers[0].hash();
             seal = {first, seal_for(first)};
         }},
        {"a seal of none", [](Branch&, message::Seal& seal) { seal.block = BlockHash{}; }},
        {"a gap before the last",
         [](Branch& branch, message::Seal&) {
             auto& headers = branch.headers.headers;
             headers.erase(headers.end() - 2);
         }},
    };
    for (const auto& [name, spoil] : cases) {
        SCOPED_TRACE(name);
        SealedStation station(2);
        const PeerId peer = station.parley_peer();
        const PeerId honest = station.parley_peer();
        Branch branch(station.backend.active_tip(), 5, 1);
        message::Seal seal = seal_of_last(branch.headers);
        spoil(branch, seal);
        station.send(peer, seal);
        station.send(peer, branch.headers);
        EXPECT_TRUE(station.closed(peer));
        EXPECT_FALSE(station.closed(honest));
        EXPECT_EQ(station.backend.headers, 3u);
    }
}

TEST(SealedHeaders, seal_serves_one_message) {
    SealedStation station;
    const PeerId peer = station.parley_peer();
    const Branch branch(station.backend.active_tip(), 3, 1);
    const Branch other(station.backend.active_tip(), 1, 2);
    station.send(peer, seal_of_last(branch.headers));
    station.send(peer, message::Headers{});
    station.send(peer, branch.headers);
    EXPECT_TRUE(station.closed(peer));
    EXPECT_EQ(station.backend.headers, 1u);
}

TEST(SealedHeaders, single_one_without_a_seal_announces_its_block) {
    SealedStation station(1);
    const PeerId peer = station.parley_peer();
    station.send(peer, message::Headers{});  // the reply to the first request
    station.take_sent(peer);
    const Branch branch(station.backend.active_tip(), 1, 1);
    const BlockHash hash = branch.blocks[0]->header.hash();
    station.send(peer, branch.headers);
    EXPECT_EQ(station.backend.headers, 2u);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("getheaders"));
    // Further ones, while the request is unanswered, are no reply to it.
    for (uint32_t salt = 2; salt < 50; ++salt)
        station.send(peer, Branch(station.backend.active_tip(), 1, salt).headers);
    EXPECT_THAT(station.take<message::GetHeaders>(peer), IsEmpty());
    EXPECT_EQ(station.backend.headers, 2u);
    station.send_sealed(peer, branch.headers);
    EXPECT_THAT(station.take_commands(peer), ElementsAre("getdata"));
    station.send(peer, message::Seal{hash, seal_for(hash)});
    station.send_raw(peer, "block", branch.blocks[0]->serialize());
    EXPECT_EQ(station.backend.active_tip().hash, hash);
    EXPECT_FALSE(station.closed(peer));
}

TEST(SealedHeaders, known_ones_need_no_seal) {
    SealedStation station;
    const PeerId first = station.parley_peer();
    const PeerId second = station.parley_peer();
    const Branch branch(station.backend.active_tip(), 5, 1);
    station.send_sealed(first, branch.headers);
    station.close(first);
    station.send(second, branch.headers);
    EXPECT_FALSE(station.closed(second));
    EXPECT_EQ(station.backend.headers, 6u);
    EXPECT_THAT(station.take<message::GetData>(second), Not(IsEmpty()));
}

TEST(SealedHeaders, only_parley_nodes_are_asked) {
    SealedStation station(1);
    const PeerId foreign = station.connect();
    station.send(foreign, Station::default_version());
    station.send(foreign, message::Verack{});
    const Branch branch(station.backend.active_tip(), 3, 1);
    message::Headers first;
    first.headers.push_back(branch.headers.headers[0]);
    station.send_sealed(foreign, first);
    station.advance(std::chrono::minutes{1});
    EXPECT_THAT(station.take<message::GetHeaders>(foreign), IsEmpty());
    station.send_sealed(foreign, branch.headers);
    EXPECT_TRUE(station.closed(foreign)) << "its seals do not count";
    EXPECT_EQ(station.backend.headers, 2u);
}

TEST(SealedHeaders, header_of_a_distant_pushed_block_needs_the_right_seal_too) {
    const Branch branch(*SealedStation().backend.active_at(Height{0}), 400, 1);
    message::Headers below = branch.headers;
    below.headers.pop_back();
    const BlockHash hash = branch.blocks.back()->header.hash();
    for (const bool right : {true, false}) {
        SealedStation station;
        const PeerId peer = station.parley_peer();
        station.send_sealed(peer, below);
        ASSERT_EQ(station.backend.headers, 400u);
        message::Seal seal{hash, seal_for(hash)};
        if (!right) seal.seal[0] ^= 1;
        station.send(peer, seal);
        station.send_raw(peer, "block", branch.blocks.back()->serialize());
        EXPECT_EQ(station.backend.submitted_blocks, 0u);
        EXPECT_EQ(station.backend.headers, right ? 401u : 400u);
        EXPECT_EQ(station.closed(peer), !right);
    }
}

TEST(SealedHeaders, long_chain_comes_in_several_messages_and_is_asked_for_once) {
    SealedStation station;
    const PeerId peer = station.parley_peer();
    const PeerId other = station.parley_peer();
    const Branch branch(station.backend.active_tip(), 4'500, 1);
    const auto part = [&](size_t first, size_t count) {
        const auto begin = branch.headers.headers.begin() + static_cast<ptrdiff_t>(first);
        return message::Headers{{begin, begin + static_cast<ptrdiff_t>(count)}};
    };
    station.send_sealed(peer, part(0, 2'000));
    for (const size_t done : {2'000u, 4'000u}) {
        const auto requests = station.take<message::GetHeaders>(peer);
        ASSERT_THAT(requests, SizeIs(1));
        EXPECT_EQ(requests[0].hashes[0], branch.headers.headers[done - 1].hash());
        station.send_sealed(peer, part(done, std::min<size_t>(2'000, 4'500 - done)));
    }
    EXPECT_THAT(station.take<message::GetHeaders>(peer), IsEmpty());
    EXPECT_EQ(station.backend.headers, 4'501u);
    // Another peer, whose first reply ends in the middle, continues behind what is known.
    station.take_sent(other);
    station.send_sealed(other, part(0, 2'000));
    const auto requests = station.take<message::GetHeaders>(other);
    ASSERT_THAT(requests, SizeIs(1));
    // And from the top on, later.
    station.send(other, message::Headers{});
    station.advance(std::chrono::minutes{1});
    const auto later = station.take<message::GetHeaders>(other);
    ASSERT_THAT(later, Not(IsEmpty()));
    EXPECT_EQ(later[0].hashes[0], branch.headers.headers[4'498].hash());
}

TEST(SealedHeaders, forty_attackers_store_nothing_and_do_not_stop_the_sync) {
    SealedStation station(10);
    const BlockHeader base = station.backend.active_tip().header;
    const Branch real(station.backend.active_tip(), 2'500, 1);
    const PeerId honest = station.parley_peer();
    size_t sent = 0;
    size_t stored = 11;
    for (uint32_t attacker = 0; attacker < 40; ++attacker) {
        const PeerId peer = station.parley_peer();
        const size_t length = attacker == 0 ? 1'999 : 2 + attacker;
        message::Headers forged =
            Branch(station.backend.active_tip(), length, 100 + attacker).headers;
        message::Seal seal = seal_of_last(attacker % 2 == 0 ? real.headers : forged);
        seal.block = forged.headers.back().hash();
        if (attacker % 2 == 1) seal.seal.push_back(0);
        if (attacker % 3 != 0) station.send(peer, seal);
        station.send(peer, forged);
        EXPECT_TRUE(station.closed(peer));
        EXPECT_EQ(station.backend.headers, stored);
        if (attacker % 10 != 9 || sent == 2) continue;
        const size_t count = sent == 0 ? 2'000 : 500;
        const auto begin = real.headers.headers.begin() + static_cast<ptrdiff_t>(sent * 2'000);
        station.send_sealed(honest,
                            message::Headers{{begin, begin + static_cast<ptrdiff_t>(count)}});
        stored += count;
        ++sent;
        EXPECT_EQ(station.backend.headers, stored);
    }
    EXPECT_EQ(stored, 2'511u);
    EXPECT_FALSE(station.closed(honest));
    EXPECT_EQ(base, station.backend.active_tip().header);
    EXPECT_THAT(station.take<message::GetData>(honest), Not(IsEmpty()));
}

}  // namespace
}  // namespace parley::test
