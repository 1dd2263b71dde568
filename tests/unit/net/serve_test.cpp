// What a foreign node sees of our chain, and what we ask of it, message by message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/block_park.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

message::Inv block_inv(const BlockHash& hash) {
    message::Inv inv;
    inv.entries.push_back(message::InvEntry::of(InvType::block, hash));
    return inv;
}

message::GetData block_request(InvType type, const BlockHash& hash) {
    message::GetData request;
    request.entries.push_back(message::InvEntry::of(type, hash));
    return request;
}

/// The headers of a branch above `parent`, and its blocks.
struct Branch {
    message::Headers headers;
    std::vector<BlockRef> blocks;

    Branch(const HeaderNode& parent, size_t count, uint32_t salt) {
        BlockHeader previous = parent.header;
        for (size_t i = 0; i < count; ++i) {
            blocks.push_back(
                make_block(previous, parent.height.value() + static_cast<int32_t>(i) + 1, salt));
            previous = blocks.back()->header;
            headers.headers.push_back(previous);
        }
    }
};

template <class Request>
Request locator_of(std::vector<BlockHash> hashes, BlockHash stop = {}) {
    Request request;
    request.hashes = std::move(hashes);
    request.stop = stop;
    return request;
}

// --- what we serve

TEST(Serve, getheaders_answers_from_the_fork_up_to_the_stop) {
    Station station;
    station.backend.mine(30, station.now);
    const PeerId peer = station.ready_peer();
    const auto hash_at = [&](int32_t height) {
        return station.backend.active_at(Height{height})->hash;
    };
    station.send(peer, locator_of<message::GetHeaders>({BlockHash{}, hash_at(10), hash_at(5)}));
    auto answers = station.take<message::Headers>(peer);
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_THAT(answers[0].headers, SizeIs(20));
    EXPECT_EQ(answers[0].headers.front().hash(), hash_at(11));
    EXPECT_EQ(answers[0].headers.back().hash(), hash_at(30));

    station.send(peer, locator_of<message::GetHeaders>({hash_at(10)}, hash_at(13)));
    answers = station.take<message::Headers>(peer);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_THAT(answers[0].headers, SizeIs(3));

    // A locator of strangers' hashes: from the start. One at the tip: an empty answer.
    station.send(peer, locator_of<message::GetHeaders>({BlockHash{}}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(30));
    station.send(peer, locator_of<message::GetHeaders>({hash_at(30)}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, IsEmpty());
}

TEST(Serve, getheaders_without_locator_gives_the_one_header) {
    Station station;
    station.backend.mine(3, station.now);
    const HeaderNode& stale =
        station.backend.mine(1, station.now, 9, station.backend.active_at(Height{1}));
    const PeerId peer = station.ready_peer();
    const BlockHash active = station.backend.active_at(Height{2})->hash;
    station.send(peer, locator_of<message::GetHeaders>({}, active));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(1));
    station.send(peer, locator_of<message::GetHeaders>({}, stale.hash));
    station.send(peer, locator_of<message::GetHeaders>({}, BlockHash{}));
    EXPECT_THAT(station.take<message::Headers>(peer), IsEmpty());
}

TEST(Serve, getheaders_gives_at_most_2000) {
    Station station;
    station.backend.mine(2'100, station.now, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    station.send(peer,
                 locator_of<message::GetHeaders>({station.backend.active_at(Height{0})->hash}));
    EXPECT_THAT(station.take<message::Headers>(peer).at(0).headers, SizeIs(2'000));
}

TEST(Serve, getblocks_gives_500_and_goes_on_when_the_last_is_fetched) {
    Station station;
    station.backend.mine(600, station.now, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    station.send(peer,
                 locator_of<message::GetBlocks>({station.backend.active_at(Height{0})->hash}));
    auto inventories = station.take<message::Inv>(peer);
    ASSERT_EQ(inventories.size(), 1u);
    ASSERT_THAT(inventories[0].entries, SizeIs(500));
    const BlockHash last{inventories[0].entries.back().hash};
    EXPECT_EQ(last, station.backend.active_at(Height{500})->hash);
    station.send(peer, block_request(InvType::block, last));
    EXPECT_THAT(station.take<message::Inv>(peer),
                ElementsAre(block_inv(station.backend.active_tip().hash)));
    station.send(peer, block_request(InvType::block, last));
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
    // With a stop hash, which itself is left out.
    station.send(peer, locator_of<message::GetBlocks>({station.backend.active_at(Height{10})->hash},
                                                      station.backend.active_at(Height{13})->hash));
    EXPECT_THAT(station.take<message::Inv>(peer).at(0).entries, SizeIs(2));
}

TEST(Serve, getdata_of_block_and_of_stale_block) {
    Station station;
    station.backend.mine(3, station.now);
    const HeaderNode& stale =
        station.backend.mine(1, station.now, 9, station.backend.active_at(Height{1}));
    const PeerId peer = station.ready_peer();
    for (const BlockHash& hash : {station.backend.active_tip().hash, stale.hash}) {
        station.send(peer, block_request(InvType::witness_block, hash));
        const auto sent = station.take_sent(peer);
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_EQ(sent[0].command, "block");
        EXPECT_EQ(sent[0].payload,
                  station.backend.read_block(*station.backend.find_header(hash))->serialize());
    }
    station.send(peer, block_request(InvType::witness_block, BlockHash{}));
    EXPECT_THAT(station.take_commands(peer), ElementsAre("notfound"));
    station.send(peer, block_request(InvType::filtered_block, stale.hash));
    EXPECT_THAT(station.take_commands(peer), IsEmpty());
}

TEST(Serve, seal_precedes_block_for_peers_that_understand_it) {
    Station station({}, true);
    station.backend.mine(2, station.now);
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId ours = station.ready_peer(true, parley);
    const PeerId foreign = station.ready_peer(true);
    const BlockHash hash = station.backend.active_tip().hash;
    station.send(ours, block_request(InvType::witness_block, hash));
    station.send(foreign, block_request(InvType::witness_block, hash));
    const auto sent = station.take_sent(ours);
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].command, "seal");
    const auto seal = decode<message::Seal>(sent[0].payload);
    EXPECT_EQ(seal->block, hash);
    EXPECT_EQ(seal->seal, seal_for(hash));
    EXPECT_EQ(sent[1].command, "block");
    EXPECT_THAT(station.take_commands(foreign), ElementsAre("block"));
}

// --- what we announce

TEST(Announce, tip_goes_by_headers_where_asked_else_by_inv) {
    Station station;
    const PeerId by_headers = station.ready_peer();
    const PeerId by_inv = station.ready_peer();
    station.send(by_headers, message::SendHeaders{});
    const HeaderNode& tip = station.backend.mine(3, station.now, 0, nullptr, false);
    const auto headers = station.take<message::Headers>(by_headers);
    ASSERT_EQ(headers.size(), 1u);
    EXPECT_THAT(headers[0].headers, SizeIs(3));
    EXPECT_THAT(station.take<message::Inv>(by_inv), ElementsAre(block_inv(tip.hash)));
}

TEST(Announce, branch_over_eight_headers_goes_by_inv) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.send(peer, message::SendHeaders{});
    const HeaderNode& tip = station.backend.mine(9, station.now, 0, nullptr, false);
    EXPECT_THAT(station.take<message::Inv>(peer), ElementsAre(block_inv(tip.hash)));
}

TEST(Announce, own_block_is_pushed_to_who_has_its_parent_only) {
    Station station;
    const PeerId near = station.ready_peer();
    const PeerId far = station.ready_peer();
    station.backend.mine(9, station.now, 0, nullptr, false);
    const HeaderNode& ninth = station.backend.active_tip();
    station.send(near, locator_of<message::GetHeaders>({ninth.hash}));  // it has our tip
    station.take_sent(near);
    station.take_sent(far);
    const HeaderNode& tenth = station.backend.mine(1, station.now);
    EXPECT_THAT(station.take_commands(near), ElementsAre("block"));
    EXPECT_THAT(station.take<message::Inv>(far), ElementsAre(block_inv(tenth.hash)));
    // The push counts: the next one follows.
    station.backend.mine(1, station.now);
    EXPECT_THAT(station.take_commands(near), ElementsAre("block"));
}

TEST(Announce, nothing_is_announced_to_the_peer_that_brought_it_or_during_download) {
    Station station;
    const PeerId source = station.ready_peer();
    const PeerId other = station.ready_peer();
    station.send(source, message::SendHeaders{});
    const Branch branch(station.backend.active_tip(), 1, 5);
    station.send_raw(source, "block", branch.blocks[0]->serialize());
    EXPECT_THAT(station.take_commands(source), IsEmpty());
    EXPECT_THAT(station.take<message::Inv>(other), SizeIs(1));
    station.backend.downloading = true;
    const Branch more(station.backend.active_tip(), 1, 5);
    station.send_raw(source, "block", more.blocks[0]->serialize());
    EXPECT_THAT(station.take<message::Inv>(other), IsEmpty());
}

TEST(Announce, anti_entropy_repeats_tip_and_asks_for_headers) {
    Station station;
    const PeerId peer = station.ready_peer();
    const HeaderNode& tip = station.backend.mine(1, station.now, 0, nullptr, false);
    station.take_sent(peer);
    size_t inventories = 0;
    size_t questions = 0;
    for (int i = 0; i < 100; ++i) {
        for (const Sent& sent : station.take_sent(peer)) {
            if (sent.command == "inv") {
                EXPECT_EQ(sent.payload, encode(block_inv(tip.hash)));
                ++inventories;
            }
            questions += sent.command == "getheaders" ? 1 : 0;
        }
        station.advance(seconds{1});
    }
    EXPECT_GE(inventories, 3u);
    EXPECT_LE(inventories, 4u);
    EXPECT_EQ(questions, inventories);
}

// --- what we ask for

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
    station.backend.mine(5, station.now);
    const PeerId peer = station.ready_peer();
    const HeaderNode& genesis = *station.backend.active_at(Height{0});
    station.send(peer, Branch(genesis, 4, 7).headers);
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
    station.send(peer, Branch(genesis, 5, 7).headers);
    EXPECT_THAT(station.take<message::GetData>(peer).at(0).entries, SizeIs(5));
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

TEST(BlockPark, holds_children_by_parent_within_its_bounds) {
    BlockPark park;
    BlockHeader root;
    std::vector<BlockRef> blocks;
    for (uint32_t i = 0; i < 1'030; ++i) {
        blocks.push_back(make_block(root, 1, i));
        const BlockHash hash = blocks.back()->header.hash();
        EXPECT_TRUE(park.add(hash, {blocks.back(), {}, PeerId{i % 2 + 1}}));
        EXPECT_FALSE(park.add(hash, {blocks.back(), {}, PeerId{3}}));
    }
    EXPECT_EQ(park.size(), 1'024u);
    EXPECT_GT(park.bytes(), 100'000u);
    park.peer_gone(PeerId{2});
    EXPECT_EQ(park.size(), 512u);
    EXPECT_THAT(park.take_children(BlockHash{}), IsEmpty());
    const auto children = park.take_children(root.hash());
    ASSERT_THAT(children, SizeIs(512));
    EXPECT_EQ(children.front().from, PeerId{1});
    EXPECT_TRUE(park.empty());
    EXPECT_EQ(park.bytes(), 0u);
    EXPECT_FALSE(park.add(BlockHash{}, {blocks[0], Bytes(32'000'000), PeerId{1}}));
    for (uint32_t i = 0; i < 5; ++i)
        EXPECT_TRUE(park.add(blocks[i]->header.hash(), {blocks[i], Bytes(10'000'000), PeerId{1}}));
    EXPECT_EQ(park.size(), 3u);  // thirty of thirty-two million bytes
}

TEST(Download, pushed_block_is_taken_near_the_tip_only) {
    Station station;
    station.backend.mine(400, station.now, 0, nullptr, false);
    const PeerId peer = station.ready_peer();
    const size_t before = station.backend.submitted_blocks;
    const Branch old(*station.backend.active_at(Height{50}), 1, 5);
    station.send_raw(peer, "block", old.blocks[0]->serialize());
    EXPECT_EQ(station.backend.submitted_blocks, before);
    const Branch recent(*station.backend.active_at(Height{390}), 1, 5);
    station.send_raw(peer, "block", recent.blocks[0]->serialize());
    EXPECT_EQ(station.backend.submitted_blocks, before + 1);
}

TEST(Download, block_without_its_seal_is_asked_for_again) {
    Station station({}, true);
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId peer = station.ready_peer(true, parley);
    const Branch branch(station.backend.active_tip(), 1, 5);
    const BlockHash hash = branch.blocks[0]->header.hash();
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
    station.manager.broadcast_engine_message(text, station.now);
    const auto sent = station.take_sent(ours);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "engine");
    EXPECT_EQ(sent[0].payload, text);
    EXPECT_THAT(station.take_commands(foreign), IsEmpty());
    station.manager.send_engine_message(ours, Bytes{9}, station.now);
    EXPECT_THAT(station.take_commands(ours), ElementsAre("engine"));
    station.manager.send_engine_message(PeerId{99}, Bytes{9}, station.now);
    station.send_raw(ours, "engine", text);
    ASSERT_THAT(station.backend.engine_messages, SizeIs(1));
    EXPECT_EQ(station.backend.engine_messages[0], (std::pair{ours, text}));
    station.manager.punish(ours, "equivocation", station.now);
    EXPECT_TRUE(station.closed(ours));
    station.manager.broadcast_engine_message(text, station.now);
    EXPECT_THAT(station.take_commands(ours), IsEmpty());
    station.take_sent(foreign);
    station.advance(seconds{6});  // our first question is given up
    station.take_sent(foreign);
    station.manager.request_headers(foreign, station.now);
    EXPECT_THAT(station.take_commands(foreign), Contains("getheaders"));
}

}  // namespace
}  // namespace parley::test
