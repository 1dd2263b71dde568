// What we ask of a foreign node, message by message: headers, blocks, seals; and engine messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "chain_messages.h"
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

TEST(Download, pruned_blocks_of_a_branch_that_wins_are_asked_for_again) {
    Station station;
    const HeaderNode& genesis = station.backend.active_tip();
    const Branch lost(genesis, 5, 5);
    for (const BlockRef& block : lost.blocks) station.backend.submit_block(block, {});
    const HeaderNode& lost_tip = station.backend.active_tip();
    const Branch longer(lost_tip, 3, 6);
    station.collect();
    // One peer's blocks are all here when it shows them; the other one comes later.
    const PeerId old_peer = station.ready_peer();
    station.send(old_peer, lost.headers);
    station.backend.begin_file();
    station.backend.mine(6, 7, &genesis);
    station.collect();
    ASSERT_EQ(station.backend.active_tip().height, Height{6});
    station.backend.remove_file(0);
    ASSERT_TRUE(lost_tip.is_pruned());
    const PeerId new_peer = station.ready_peer();

    const auto asked_for = [&](PeerId peer, size_t more) {
        message::Headers headers = lost.headers;
        for (size_t i = 0; i < more; ++i) headers.headers.push_back(longer.headers.headers[i]);
        station.send(peer, headers);
        size_t count = 0;
        for (const message::GetData& request : station.take<message::GetData>(peer))
            count += request.entries.size();
        return count;
    };
    station.take_sent(old_peer);
    EXPECT_EQ(asked_for(new_peer, 0), 0u) << "less work";
    EXPECT_EQ(asked_for(new_peer, 1), 1u) << "as much work: only the one that was never here";
    station.close(new_peer);
    EXPECT_EQ(asked_for(old_peer, 3), 8u) << "more work";
    for (const Branch* branch : {&lost, &longer}) {
        for (const BlockRef& block : branch->blocks)
            station.send_raw(old_peer, "block", block->serialize());
    }
    EXPECT_EQ(station.backend.active_tip().height, Height{8});
    EXPECT_FALSE(lost_tip.is_pruned());
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
