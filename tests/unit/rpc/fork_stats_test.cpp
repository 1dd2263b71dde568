// How often the chain forked, as a node with a fork tells it.
#include "rpc/node_control.h"
#include "tests/unit/node/test_node.h"

namespace parley::rpc::test {
namespace {

TEST(GetForkStats, staleBlocksAndReorganisations_areCounted) {
    TestNode node{NodeConfig{regtest_params()}};
    node.generate(3);
    const BlockRef rival = node.build();
    node.now += std::chrono::seconds{1};
    const BlockRef winner = node.build();
    ASSERT_NE(rival->header.hash(), winner->header.hash());
    ASSERT_EQ(node.submit(winner), "");
    ASSERT_EQ(node.submit(rival), "inconclusive");
    ForkStats stats;
    const auto read = [&](std::optional<uint32_t> heights) {
        node.call([&](Node& each) { stats = NodeControlImpl{each}.fork_stats(heights); });
    };
    read(std::nullopt);
    EXPECT_EQ(stats.first, Height{1});
    EXPECT_EQ(stats.last, Height{4});
    EXPECT_EQ(stats.main_chain_blocks, 4u);
    EXPECT_EQ(stats.forked_heights, 1u);
    EXPECT_EQ(stats.stale_blocks, 1u);
    EXPECT_TRUE(stats.reorganisations_by_depth.empty());
    read(1);
    EXPECT_EQ(stats.main_chain_blocks, 1u);
    EXPECT_EQ(stats.stale_blocks, 1u);

    // The rival gets a child: one reorganisation, one block deep, and the same rates.
    node.call([&](Node& each) { ASSERT_TRUE(each.invalidate_block(winner->header.hash())); });
    ASSERT_EQ(node->chain().tip().hash, rival->header.hash());
    node.generate(1);
    node.call([&](Node& each) { ASSERT_TRUE(each.reconsider_block(winner->header.hash())); });
    read(std::nullopt);
    EXPECT_EQ(stats.main_chain_blocks, 5u);
    EXPECT_EQ(stats.stale_blocks, 1u);
    EXPECT_EQ(stats.reorganisations_by_depth.at(1), 1u);
}

}  // namespace
}  // namespace parley::rpc::test
