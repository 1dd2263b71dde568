// Blocks that a peer sends without being asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain_messages.h"
#include "net/sync/orphan_blocks.h"
#include "station.h"

namespace parley::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(PushedBlocks, pushed_block_waits_while_its_ancestors_are_fetched_by_headers) {
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

TEST(PushedBlocks, pushed_block_is_taken_near_the_tip_only) {
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
TEST(PushedBlocks, pushed_branch_counts_as_a_whole) {
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

}  // namespace
}  // namespace parley::test
