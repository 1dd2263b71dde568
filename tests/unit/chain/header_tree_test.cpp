#include "chain/state/index/header_tree.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

BlockHeader child_of(const HeaderNode& parent, uint32_t nonce) {
    BlockHeader header;
    header.previous = parent.hash;
    header.time = parent.header.time + 1;
    header.nonce = nonce;
    return header;
}

HeaderNode& grow(HeaderTree& tree, const HeaderNode& parent, uint32_t nonce = 0) {
    const BlockHeader header = child_of(parent, nonce);
    return tree.add(header, header.hash(), parent);
}

const HeaderNode* naive_ancestor(const HeaderNode* node, Height target) {
    while (node->height > target) node = node->parent;
    return node;
}

const HeaderNode* naive_fork(const HeaderNode* a, const HeaderNode* b) {
    while (a != b) {
        if (a->height >= b->height) {
            a = a->parent;
        } else {
            b = b->parent;
        }
    }
    return a;
}

TEST(HeaderTree, random_tree_agrees_with_naive_walks) {
    SeededRandom random(test_seed());
    HeaderTree tree(BlockHeader{});
    std::vector<const HeaderNode*> nodes{&tree.genesis()};
    for (uint32_t i = 1; i < 3'000; ++i) {
        // Mostly near the newest, so that there are long branches.
        const size_t back = random.uniform(10) == 0
                                ? random.uniform(nodes.size())
                                : std::min<size_t>(random.uniform(3), nodes.size() - 1);
        nodes.push_back(&grow(tree, *nodes[nodes.size() - 1 - back], i));
    }
    EXPECT_EQ(tree.size(), nodes.size());
    for (int i = 0; i < 5'000; ++i) {
        const auto* a = nodes[random.uniform(nodes.size())];
        const auto* b = nodes[random.uniform(nodes.size())];
        ASSERT_EQ(fork_point(a, b), naive_fork(a, b));
        const Height target{
            static_cast<int32_t>(random.uniform(static_cast<uint64_t>(a->height.value()) + 1))};
        ASSERT_EQ(a->ancestor(target), naive_ancestor(a, target));
        ASSERT_EQ(tree.find(a->hash), a);
    }
    size_t listed = 0;
    for (Height height{0}; height <= tree.height_max(); ++height) {
        for (const auto* node : tree.at_height(height)) ASSERT_EQ(node->height, height);
        listed += tree.at_height(height).size();
    }
    EXPECT_EQ(listed, nodes.size());
    EXPECT_TRUE(tree.at_height(tree.height_max() + 1).empty());
    EXPECT_TRUE(tree.at_height(Height{-1}).empty());
}

TEST(HeaderTree, descendants_are_visited_once_below_their_parents) {
    HeaderTree tree(BlockHeader{});
    const HeaderNode& a = grow(tree, tree.genesis(), 1);
    const HeaderNode& b = grow(tree, tree.genesis(), 2);
    const HeaderNode& aa = grow(tree, a, 3);
    const HeaderNode& ab = grow(tree, a, 4);
    const HeaderNode& aab = grow(tree, aa, 5);
    std::vector<const HeaderNode*> seen;
    tree.for_each_descendant(a, [&](HeaderNode& node) {
        seen.push_back(&node);
        return true;
    });
    EXPECT_EQ(seen.size(), 3u);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &b), 0);
    EXPECT_LT(std::find(seen.begin(), seen.end(), &aa), std::find(seen.begin(), seen.end(), &aab));
    seen.clear();
    tree.for_each_descendant(a, [&](HeaderNode& node) {
        seen.push_back(&node);
        return &node != &aa;
    });
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &aab), 0);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), &ab), 1);
}

TEST(HeaderNode, ancestor_takes_few_jumps) {
    HeaderTree tree(BlockHeader{});
    const HeaderNode* node = &tree.genesis();
    for (int i = 0; i < 50'000; ++i) node = &grow(tree, *node);
    // The walk of ancestor(), counted.
    for (const int32_t target : {0, 1, 2, 777, 25'000, 49'000, 49'999}) {
        int jumps = 0;
        const HeaderNode* walk = node;
        while (walk->height > Height{target}) {
            walk = walk->skip != nullptr && walk->skip->height >= Height{target} ? walk->skip
                                                                                 : walk->parent;
            ++jumps;
        }
        EXPECT_EQ(walk, node->ancestor(Height{target}));
        EXPECT_LT(jumps, 50) << target;
    }
}

TEST(HeaderNode, median_time_past_is_the_middle_of_eleven) {
    BlockHeader genesis;
    genesis.time = 100;
    HeaderTree tree(genesis);
    EXPECT_EQ(tree.genesis().median_time_past(), 100);
    const HeaderNode* node = &tree.genesis();
    const auto add = [&](uint32_t time) {
        BlockHeader header = child_of(*node, 0);
        header.time = time;
        node = &tree.add(header, header.hash(), *node);
    };
    add(300);
    EXPECT_EQ(node->median_time_past(), 300) << "the upper of two middles";
    add(200);
    EXPECT_EQ(node->median_time_past(), 200);
    for (const uint32_t time : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) add(time);
    // 100, 300, 200 and 1 to 8: the sixth of eleven is 6.
    EXPECT_EQ(node->median_time_past(), 6);
    add(1000);  // 100 leaves the window
    EXPECT_EQ(node->median_time_past(), 6);
    add(1000);  // 300 leaves
    EXPECT_EQ(node->median_time_past(), 6);
    add(1000);  // 200 leaves
    EXPECT_EQ(node->median_time_past(), 6);
    add(1000);  // 1 leaves
    EXPECT_EQ(node->median_time_past(), 7);
}

TEST(HeaderTreeDeathTest, wrong_parent_and_repeated_header_are_our_own_bugs) {
    HeaderTree tree(BlockHeader{});
    const HeaderNode& a = grow(tree, tree.genesis(), 1);
    const BlockHeader header = child_of(a, 2);
    EXPECT_DEATH(tree.add(header, header.hash(), tree.genesis()), "previous");
    EXPECT_DEATH(tree.add(a.header, a.hash, tree.genesis()), "inserted");
}

TEST(HeaderTreeDeathTest, node_of_another_tree_cannot_be_edited) {
    HeaderTree tree(BlockHeader{});
    HeaderTree other(BlockHeader{});
    const HeaderNode& node = grow(tree, tree.genesis(), 1);
    tree.edit(node).transactions = 7;
    EXPECT_EQ(node.transactions, 7u);
    EXPECT_DEATH(other.edit(node), "number");
    EXPECT_DEATH(other.edit(tree.genesis()), "own");
}

}  // namespace
}  // namespace parley
