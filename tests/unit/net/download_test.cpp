// What we ask of a foreign node, message by message: headers, blocks, seals; and engine messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "chain_messages.h"
#include "net/sync/orphan_blocks.h"
#include "net/sync/patience.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Download, headers_are_followed_by_getdata_of_witness_blocks) {
    Station station;
    const PeerId peer = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 20, 5);
    station.send(peer, branch.headers);
    const auto requests = station.take<message::GetData>(peer);
    ASSERT_EQ(requests.size(), 1u);
    ASSERT_THAT(requests[0].entries, SizeIs(16));
    for (size_t i = 0; i < 16; ++i)
        EXPECT_EQ(requests[0].entries[i],
                  message::InvEntry::of(InvType::witness_block, branch.blocks[i]->header.hash()));
    EXPECT_THAT(station.manager.peer_infos(station.now).at(0).heights_in_flight, SizeIs(16));
    // Each block that comes makes room for one more.
    station.send_raw(peer, "block", branch.blocks[0]->serialize());
    EXPECT_THAT(station.take<message::GetData>(peer).at(0).entries, SizeIs(1));
    for (size_t i = 1; i < 20; ++i) station.send_raw(peer, "block", branch.blocks[i]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{20});
    const PeerInfo info = station.manager.peer_infos(station.now).at(0);
    EXPECT_EQ(info.synced_headers, 20);
    EXPECT_EQ(info.synced_blocks, 20);
    EXPECT_THAT(info.heights_in_flight, IsEmpty());
}

TEST(Download, blocks_are_shared_between_peers_without_overlap) {
    Station station;
    const PeerId peers[] = {station.ready_peer(), station.ready_peer()};
    const Branch branch(station.backend.active_tip(), 40, 5);
    std::set<Hash256> asked;
    for (const PeerId peer : peers) {
        station.send(peer, branch.headers);
        for (const message::GetData& request : station.take<message::GetData>(peer)) {
            for (const message::InvEntry& entry : request.entries)
                EXPECT_TRUE(asked.insert(entry.hash).second);
        }
    }
    EXPECT_THAT(asked, SizeIs(32));
}

TEST(Download, branch_with_less_score_is_left_alone_and_an_equal_one_is_fetched) {
    Station station;
    station.backend.mine(5);
    const PeerId peer = station.ready_peer();
    const HeaderNode& genesis = *station.backend.active_at(Height{0});
    station.send(peer, Branch(genesis, 4, 7).headers);
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
    station.send(peer, Branch(genesis, 5, 7).headers);
    EXPECT_THAT(station.take<message::GetData>(peer).at(0).entries, SizeIs(5));
}

TEST(Download, announced_branch_as_good_as_ours_is_fetched_beside_the_peers_best) {
    Station station;
    station.backend.mine(3);
    const PeerId peer = station.ready_peer();
    const Branch best(*station.backend.active_at(Height{2}), 3, 5);
    station.send(peer, best.headers);
    EXPECT_THAT(station.take<message::GetData>(peer).at(0).entries, SizeIs(3));
    const Branch equal(*station.backend.active_at(Height{2}), 1, 6);
    station.send(peer, equal.headers);
    EXPECT_THAT(
        station.take<message::GetData>(peer).at(0).entries,
        ElementsAre(message::InvEntry::of(InvType::witness_block, equal.blocks[0]->header.hash())));
    const Branch weak(*station.backend.active_at(Height{1}), 1, 7);
    station.send(peer, weak.headers);
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty()) << "it cannot win";
}

TEST(Download, fetch_asks_the_named_peer_for_a_block_that_nobody_would_ask_for) {
    Station station;
    station.backend.mine(5);
    const PeerId first = station.ready_peer();
    const PeerId second = station.ready_peer();
    message::Version version = Station::default_version();
    version.services = kServiceNetwork;
    const PeerId old = station.ready_peer(true, version);
    const Branch branch(*station.backend.active_at(Height{0}), 2, 7);
    station.send(first, branch.headers);
    const HeaderNode& wanted = *station.backend.index().find(branch.blocks[0]->header.hash());
    const auto fetch = [&](PeerId peer) {
        const NetTime now{station.now, station.now};
        const std::string problem = station.manager.fetch_block(wanted, peer, now);
        station.collect();
        return problem;
    };
    EXPECT_EQ(fetch(PeerId{99}), "Peer does not exist");
    EXPECT_EQ(fetch(old), "Pre-SegWit peer");
    EXPECT_EQ(fetch(first), "");
    EXPECT_THAT(station.take<message::GetData>(first).at(0).entries,
                ElementsAre(message::InvEntry::of(InvType::witness_block, wanted.hash)));
    EXPECT_EQ(fetch(first), "Already requested from this peer");
    // Another peer may be asked instead.
    EXPECT_EQ(fetch(second), "");
    EXPECT_THAT(station.take<message::GetData>(second), SizeIs(1));
    station.send_raw(second, "block", branch.blocks[0]->serialize());
    EXPECT_EQ(wanted.status, BlockStatus::stored);
    EXPECT_EQ(station.backend.active_tip().height, Height{5});
}

TEST(Download, peer_without_witnesses_is_asked_for_plain_blocks_and_one_without_blocks_for_none) {
    Station station;
    message::Version version = Station::default_version();
    version.services = kServiceNetwork;
    const PeerId old = station.ready_peer(true, version);
    version.services = 0;
    const PeerId light = station.ready_peer(true, version);
    const Branch branch(station.backend.active_tip(), 1, 5);
    station.send(light, branch.headers);
    EXPECT_THAT(station.take<message::GetData>(light), IsEmpty());
    station.send(old, branch.headers);
    EXPECT_THAT(station.take<message::GetData>(old),
                ElementsAre(block_request(InvType::block, branch.blocks[0]->header.hash())));
}

TEST(Download, peer_that_prunes_is_asked_for_its_last_286_blocks_only) {
    Station station;
    message::Version version = Station::default_version();
    version.services = kServiceNetworkLimited | kServiceWitness;
    const PeerId pruned = station.ready_peer(true, version);
    const PeerId whole = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 400, 5);
    const auto first_asked = [&](PeerId peer) {
        station.send(peer, branch.headers);
        return BlockHash{station.take<message::GetData>(peer).at(0).entries.at(0).hash};
    };
    // The first of these is at height 1.
    EXPECT_EQ(first_asked(pruned), branch.blocks[400 - 286]->header.hash());
    EXPECT_EQ(first_asked(whole), branch.blocks[0]->header.hash());
}

TEST(Download, stalling_peer_loses_its_blocks_and_in_the_end_its_connection) {
    Station station;
    const PeerId slow = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 10, 5);
    station.send(slow, branch.headers);
    station.take_sent(slow);
    const PeerId fast = station.ready_peer();
    station.send(fast, branch.headers);
    EXPECT_THAT(station.take<message::GetData>(fast), IsEmpty());  // all are asked of the other
    station.advance(seconds{10});
    EXPECT_THAT(station.take<message::GetData>(fast).at(0).entries, SizeIs(10));
    EXPECT_FALSE(station.closed(slow));
    // The other stalls too; then both are tried again, and given up.
    station.advance(seconds{120});
    EXPECT_TRUE(station.closed(slow));
    EXPECT_TRUE(station.closed(fast));
}

TEST(Download, slow_link_gets_two_round_trips_before_its_blocks_move) {
    Station station;
    const PeerId slow = station.connect(true);
    station.advance(seconds{20});  // a round trip, says the handshake
    station.send(slow, Station::default_version());
    station.send(slow, message::Verack{});
    const auto pings = station.take<message::Ping>(slow);
    ASSERT_EQ(pings.size(), 1u);
    const PeerId other = station.ready_peer();
    const Branch first(station.backend.active_tip(), 1, 5);
    station.send(slow, first.headers);
    EXPECT_THAT(station.take<message::GetData>(slow), SizeIs(1));
    station.send(other, first.headers);
    station.advance(seconds{39});
    EXPECT_THAT(station.take<message::GetData>(other), IsEmpty());
    station.advance(seconds{1});
    EXPECT_THAT(station.take<message::GetData>(other), SizeIs(1));
    station.send_raw(other, "block", first.blocks[0]->serialize());
    // The pong comes after 40 seconds, and counts more than the handshake.
    station.send(slow, message::Pong{pings[0].nonce});
    station.advance(seconds{10});  // it rests after the timeout
    const Branch second(station.backend.active_tip(), 1, 6);
    station.send(slow, second.headers);
    EXPECT_THAT(station.take<message::GetData>(slow), SizeIs(1));
    station.send(other, second.headers);
    station.advance(seconds{79});
    EXPECT_THAT(station.take<message::GetData>(other), IsEmpty());
    station.advance(seconds{1});
    EXPECT_THAT(station.take<message::GetData>(other), SizeIs(1));
}

TEST(Patience, is_two_round_trips_within_bounds) {
    auto random = SeededRandom::stream(1, 0, "patience");
    Peer peer(PeerId{1}, {}, random);
    EXPECT_EQ(patience(peer, seconds{10}), seconds{10});
    peer.liveness.handshake_time = seconds{8};
    EXPECT_EQ(patience(peer, seconds{10}), seconds{16});
    peer.liveness.ping_min = seconds{30};
    EXPECT_EQ(patience(peer, seconds{10}), seconds{60});
    peer.liveness.ping_min = seconds{3};
    EXPECT_EQ(patience(peer, seconds{10}), seconds{10});
    peer.liveness.ping_min = seconds{1000};
    EXPECT_EQ(patience(peer, seconds{10}), kPatienceMax);
    EXPECT_EQ(patience(peer, seconds{600}), seconds{600});
}

TEST(Download, notfound_moves_the_blocks_at_once) {
    Station station;
    const PeerId first = station.ready_peer();
    const PeerId second = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 1, 5);
    station.send(first, branch.headers);
    station.send(second, branch.headers);
    station.take_sent(second);
    message::NotFound answer;
    answer.entries.push_back(
        message::InvEntry::of(InvType::witness_block, branch.blocks[0]->header.hash()));
    station.send(first, answer);
    EXPECT_THAT(station.take<message::GetData>(second), SizeIs(1));
}

TEST(Download, full_batch_of_headers_asks_for_more_from_its_last) {
    Station station;
    const PeerId peer = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 2'000, 5);
    station.send(peer, branch.headers);
    const auto questions = station.take<message::GetHeaders>(peer);
    ASSERT_EQ(questions.size(), 1u);
    EXPECT_EQ(questions[0].hashes.front(), branch.headers.headers.back().hash());
    // Known headers from another do not start a second download of the same chain.
    const PeerId other = station.ready_peer();
    station.send(other, branch.headers);
    EXPECT_THAT(station.take<message::GetHeaders>(other), IsEmpty());
    // But it takes over when the first goes away.
    station.close(peer);
    EXPECT_THAT(station.take<message::GetHeaders>(other), SizeIs(1));
}

TEST(Download, header_without_known_parent_asks_for_what_lies_between) {
    Station station;
    const PeerId peer = station.connect(true);
    station.send(peer, Station::default_version());
    station.send(peer, message::Verack{});
    station.send(peer, message::Headers{});  // the answer to our first question
    station.take_sent(peer);
    Branch branch(station.backend.active_tip(), 5, 5);
    message::Headers last;
    last.headers.push_back(branch.headers.headers.back());
    station.send(peer, last);
    EXPECT_THAT(station.take<message::GetHeaders>(peer), SizeIs(1));
    EXPECT_FALSE(station.closed(peer));
    station.send(peer, branch.headers);
    EXPECT_THAT(station.take<message::GetData>(peer).at(0).entries, SizeIs(5));
}

TEST(Download, client_that_knows_no_headers_can_bring_a_chain_block_by_block) {
    Station station;
    const PeerId peer = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 4, 5);
    station.send(peer, block_inv(branch.blocks[3]->header.hash()));
    for (size_t i = 4; i-- > 0;) {
        const BlockHash hash = branch.blocks[i]->header.hash();
        EXPECT_THAT(station.take<message::GetData>(peer),
                    ElementsAre(block_request(InvType::witness_block, hash)));
        station.send_raw(peer, "block", branch.blocks[i]->serialize());
    }
    EXPECT_EQ(station.backend.active_tip().height, Height{4});
}

TEST(Download, with_blockrelay_inv_a_block_is_fetched_by_its_hash_from_one_peer) {
    NetOptions options;
    options.block_relay = BlockRelay::inv;
    Station station(options);
    const PeerId peer = station.connect(true);
    station.send(peer, Station::default_version());
    station.send(peer, message::Verack{});
    EXPECT_THAT(station.take_commands(peer), Not(Contains("sendheaders")));
    station.send(peer, message::Headers{});  // the answer to our first question
    const PeerId other = station.ready_peer();
    station.send(other, message::Headers{});
    const Branch branch(station.backend.active_tip(), 3, 5);
    const BlockHash first = branch.blocks[0]->header.hash();
    station.send(peer, block_inv(first));
    EXPECT_THAT(station.take<message::GetData>(peer),
                ElementsAre(block_request(InvType::witness_block, first)));
    station.send(other, block_inv(first));
    EXPECT_THAT(station.take_commands(other), IsEmpty());
    // The first peer does not deliver. The next announcement makes good for it.
    station.advance(seconds{10});
    station.take_sent(other);
    station.send(other, block_inv(first));
    EXPECT_THAT(station.take<message::GetData>(other),
                ElementsAre(block_request(InvType::witness_block, first)));
    station.send_raw(other, "block", branch.blocks[0]->serialize());
    EXPECT_EQ(station.backend.active_tip().hash, first);
    // A block without its parent leads to the headers between.
    const BlockHash third = branch.blocks[2]->header.hash();
    station.send(peer, block_inv(third));
    station.take_sent(peer);
    station.send_raw(peer, "block", branch.blocks[2]->serialize());
    EXPECT_THAT(station.take<message::GetHeaders>(peer), SizeIs(1));
}

TEST(Download, pushed_block_waits_while_its_ancestors_are_fetched_by_headers) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.send(peer, message::Headers{});  // the answer to our first question
    const Branch branch(station.backend.active_tip(), 10, 5);
    station.send_raw(peer, "block", branch.blocks[9]->serialize());
    EXPECT_THAT(station.take<message::GetHeaders>(peer), SizeIs(1));
    station.send(peer, branch.headers);
    const auto requests = station.take<message::GetData>(peer);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_THAT(requests[0].entries, SizeIs(9));  // the last one is here already
    for (size_t i = 0; i < 9; ++i) station.send_raw(peer, "block", branch.blocks[i]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{10});
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
}

TEST(Download, unanswered_question_for_headers_is_repeated_for_a_new_announcement) {
    Station station;
    const PeerId peer = station.ready_peer();  // our first question stays without an answer
    for (uint8_t i = 0; i < 6; ++i) {
        BlockHash hash;
        hash.bytes()[0] = uint8_t(i + 1);
        station.send(peer, block_inv(hash));
    }
    EXPECT_THAT(station.take<message::GetHeaders>(peer), SizeIs(3));  // but not for ever
}

TEST(OrphanBlocks, holds_children_by_parent_within_its_bounds) {
    OrphanBlocks orphans;
    BlockHeader root;
    std::vector<BlockRef> blocks;
    for (uint32_t i = 0; i < 1'030; ++i) {
        blocks.push_back(make_block(root, 1, i));
        const BlockHash hash = blocks.back()->header.hash();
        EXPECT_TRUE(orphans.add(hash, {blocks.back(), {}, PeerId{i % 2 + 1}}));
        EXPECT_FALSE(orphans.add(hash, {blocks.back(), {}, PeerId{3}}));
    }
    EXPECT_EQ(orphans.size(), 1'024u);
    EXPECT_GT(orphans.bytes(), 100'000u);
    orphans.peer_gone(PeerId{2});
    EXPECT_EQ(orphans.size(), 512u);
    EXPECT_THAT(orphans.take_children(BlockHash{}), IsEmpty());
    const auto children = orphans.take_children(root.hash());
    ASSERT_THAT(children, SizeIs(512));
    EXPECT_EQ(children.front().from, PeerId{1});
    EXPECT_TRUE(orphans.empty());
    EXPECT_EQ(orphans.bytes(), 0u);
    EXPECT_FALSE(orphans.add(BlockHash{}, {blocks[0], Bytes(32'000'000), PeerId{1}}));
    for (uint32_t i = 0; i < 5; ++i)
        EXPECT_TRUE(
            orphans.add(blocks[i]->header.hash(), {blocks[i], Bytes(10'000'000), PeerId{1}}));
    EXPECT_EQ(orphans.size(), 3u);  // thirty of thirty-two million bytes
}

TEST(Download, pushed_block_is_taken_near_the_tip_only) {
    Station station;
    station.backend.mine(400, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    const size_t before = station.backend.submitted_blocks;
    const Branch old(*station.backend.active_at(Height{50}), 1, 5);
    station.send_raw(peer, "block", old.blocks[0]->serialize());
    EXPECT_EQ(station.backend.submitted_blocks, before);
    // Worse than the tip: only the header is kept.
    const Branch recent(*station.backend.active_at(Height{390}), 1, 5);
    station.send_raw(peer, "block", recent.blocks[0]->serialize());
    EXPECT_EQ(station.backend.submitted_blocks, before);
    EXPECT_NE(station.backend.index().find(recent.blocks[0]->header.hash()), nullptr);
    EXPECT_EQ(station.backend.index().find(old.blocks[0]->header.hash()), nullptr);
    // As good as the tip, or up to six blocks behind it: a few for each tip.
    for (uint32_t salt = 100; salt < 120; ++salt) {
        const Branch rival(*station.backend.active_at(Height{salt % 2 == 0 ? 399 : 393}), 1, salt);
        station.send_raw(peer, "block", rival.blocks[0]->serialize());
    }
    EXPECT_EQ(station.backend.submitted_blocks, before + 16);
    const Branch better(station.backend.active_tip(), 1, 5);
    station.send_raw(peer, "block", better.blocks[0]->serialize());
    EXPECT_EQ(station.backend.submitted_blocks, before + 17);
    EXPECT_EQ(station.backend.active_tip().height, Height{401});
}

/// A client that pushes a branch from its tip backwards: together the blocks are better than ours.
TEST(Download, pushed_branch_counts_as_a_whole) {
    Station station;
    station.backend.mine(10, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    const Branch weak(*station.backend.active_at(Height{5}), 4, 5);
    for (size_t i = 4; i-- > 0;) station.send_raw(peer, "block", weak.blocks[i]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{10});
    const Branch good(*station.backend.active_at(Height{5}), 6, 6);
    for (size_t i = 6; i-- > 0;) station.send_raw(peer, "block", good.blocks[i]->serialize());
    EXPECT_EQ(station.backend.active_tip().hash, good.blocks[5]->header.hash());
}

TEST(Download, block_without_its_seal_is_asked_for_again) {
    Station station({}, true);
    const PeerId peer = station.ready_peer(true, parley_version());
    const Branch branch(station.backend.active_tip(), 2, 5);
    const BlockHash hash = branch.blocks[0]->header.hash();
    station.send(peer, seal_of_last(branch.headers));
    station.send(peer, branch.headers);
    EXPECT_THAT(station.take<message::GetData>(peer), SizeIs(1));
    station.send_raw(peer, "block", branch.blocks[0]->serialize());
    EXPECT_THAT(station.take<message::GetData>(peer), SizeIs(1));
    EXPECT_EQ(station.backend.active_tip().height, Height{0});
    station.send(peer, message::Seal{BlockHash{}, seal_for(hash)});  // another block's
    station.send_raw(peer, "block", branch.blocks[0]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{0});
    station.take_sent(peer);
    station.send(peer, message::Seal{hash, seal_for(hash)});
    station.send_raw(peer, "block", branch.blocks[0]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{1});
    // The second block's seal came with its header.
    station.send_raw(peer, "block", branch.blocks[1]->serialize());
    EXPECT_EQ(station.backend.active_tip().height, Height{2});
}

TEST(Download, sender_of_a_block_that_fails_to_connect_later_is_punished) {
    Station station;
    const PeerId bad = station.ready_peer();
    const PeerId good = station.ready_peer();
    const Branch branch(station.backend.active_tip(), 1, kBadBlockNonce);
    station.send(bad, branch.headers);
    station.send(good, branch.headers);
    EXPECT_FALSE(station.closed(bad));
    station.send_raw(good, "block", branch.blocks[0]->serialize());
    EXPECT_TRUE(station.closed(good));  // who sends the body answers for it
    EXPECT_FALSE(station.closed(bad));
}

TEST(Engine, messages_reach_the_engines_of_parley_peers_only) {
    Station station;
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId ours = station.ready_peer(true, parley);
    const PeerId foreign = station.ready_peer();
    const Bytes text{1, 2, 3};
    station.step(net_input::BroadcastEngineMessage{text});
    const auto sent = station.take_sent(ours);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "engine");
    EXPECT_EQ(sent[0].payload, text);
    EXPECT_THAT(station.take_commands(foreign), IsEmpty());
    station.step(net_input::SendEngineMessage{ours, Bytes{9}});
    EXPECT_THAT(station.take_commands(ours), ElementsAre("engine"));
    station.step(net_input::SendEngineMessage{PeerId{99}, Bytes{9}});
    station.send_raw(ours, "engine", text);
    ASSERT_THAT(station.backend.engine_messages, SizeIs(1));
    EXPECT_EQ(station.backend.engine_messages[0], (std::pair{ours, text}));
    station.step(net_input::Punish{ours, "equivocation"});
    EXPECT_TRUE(station.closed(ours));
    station.step(net_input::BroadcastEngineMessage{text});
    EXPECT_THAT(station.take_commands(ours), IsEmpty());
    station.take_sent(foreign);
    station.advance(seconds{6});  // our first question is given up
    station.take_sent(foreign);
    station.step(net_input::RequestHeaders{foreign});
    EXPECT_THAT(station.take_commands(foreign), Contains("getheaders"));
}

}  // namespace
}  // namespace parley::test
