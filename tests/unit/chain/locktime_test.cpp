#include "chain/rules/locktime.h"

#include <gtest/gtest.h>

#include "chain/state/index/header_tree.h"

namespace parley {
namespace {

TransactionData with(uint32_t locktime, uint32_t sequence, int32_t version = 2) {
    TransactionData data;
    data.version = version;
    data.inputs.resize(1);
    data.inputs[0].sequence = sequence;
    data.locktime = locktime;
    return data;
}

TEST(IsFinal, height_and_time_locks_open_just_behind_their_value) {
    constexpr uint32_t kOpen = 0;
    EXPECT_TRUE(is_final(with(0, kOpen), Height{0}, 0));
    EXPECT_FALSE(is_final(with(10, kOpen), Height{10}, 1'600'000'000));
    EXPECT_TRUE(is_final(with(10, kOpen), Height{11}, 0));
    EXPECT_FALSE(is_final(with(499'999'999, kOpen), Height{499'999'999}, 1'600'000'000));
    EXPECT_FALSE(is_final(with(500'000'000, kOpen), Height{600'000'000}, 500'000'000));
    EXPECT_TRUE(is_final(with(500'000'000, kOpen), Height{0}, 500'000'001));
}

TEST(IsFinal, final_sequences_switch_the_lock_off) {
    EXPECT_TRUE(is_final(with(1000, 0xffffffff), Height{1}, 0));
    EXPECT_FALSE(is_final(with(1000, 0xfffffffe), Height{1}, 0));
    TransactionData mixed = with(1000, 0xffffffff);
    mixed.inputs.push_back(TxInput{OutPoint{}, Script{}, 0, {}});
    EXPECT_FALSE(is_final(mixed, Height{1}, 0));
}

// A chain with a block every `spacing_s` seconds, but that of height `late`, which is a second
// later.
HeaderTree straight_tree(int32_t height, uint32_t spacing_s = 600, int32_t late = -1) {
    constexpr uint32_t kStart = 1'000'000;
    BlockHeader header;
    header.time = kStart;
    HeaderTree tree(header);
    const HeaderNode* node = &tree.genesis();
    for (int32_t i = 1; i <= height; ++i) {
        BlockHeader next;
        next.previous = node->hash;
        next.time = kStart + static_cast<uint32_t>(i) * spacing_s + (i == late ? 1 : 0);
        node = &tree.add(next, next.hash(), *node);
    }
    return tree;
}

TEST(SequenceLocks, height_lock_opens_after_so_many_blocks) {
    const HeaderTree tree = straight_tree(50);
    const auto* parent = tree.at_height(Height{50})[0];
    const std::vector<Height> coin{Height{40}};
    // The next block is 51: 11 above the coin.
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, 11), coin, *parent), *parent));
    EXPECT_FALSE(sequence_locks_met(sequence_locks(with(0, 12), coin, *parent), *parent));
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, 12, 1), coin, *parent), *parent))
        << "version 1 has no relative locks";
    EXPECT_FALSE(sequence_locks_met(sequence_locks(with(0, 12, -1), coin, *parent), *parent))
        << "versions are compared unsigned";
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, 12 | 1u << 31), coin, *parent), *parent));
    // Bits between the mask and the type flag mean nothing.
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, 11 | 1u << 20), coin, *parent), *parent));
    // A coin that is not in a block yet.
    const std::vector<Height> unconfirmed{Height{51}};
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, 0), unconfirmed, *parent), *parent));
    EXPECT_FALSE(sequence_locks_met(sequence_locks(with(0, 1), unconfirmed, *parent), *parent));
}

TEST(SequenceLocks, time_lock_counts_from_the_median_time_before_the_coin) {
    const HeaderTree tree = straight_tree(50);
    const auto* parent = tree.at_height(Height{50})[0];
    const std::vector<Height> coin{Height{40}};
    // Median times: 5 blocks back from each; between block 39 and block 50 lie 6,600 s.
    constexpr uint32_t kTime = 1u << 22;
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, kTime | 12), coin, *parent), *parent));
    EXPECT_FALSE(sequence_locks_met(sequence_locks(with(0, kTime | 13), coin, *parent), *parent));
    const std::vector<Height> first{Height{0}};
    EXPECT_TRUE(sequence_locks_met(sequence_locks(with(0, kTime), first, *parent), *parent));
}

TEST(SequenceLocks, time_lock_opens_to_the_second) {
    constexpr uint32_t kTime = 1u << 22;
    const std::vector<Height> coin{Height{40}};
    const auto met = [&](const HeaderTree& tree, uint32_t units) {
        const auto* parent = tree.at_height(Height{50})[0];
        return sequence_locks_met(sequence_locks(with(0, kTime | units), coin, *parent), *parent);
    };
    // Blocks as far apart as a unit: exactly 11 of them have passed.
    const HeaderTree exact = straight_tree(50, 512);
    EXPECT_TRUE(met(exact, 11));
    EXPECT_FALSE(met(exact, 12));
    // The median of block 39 is the time of block 34: now a second is missing.
    const HeaderTree short_of_it = straight_tree(50, 512, 34);
    EXPECT_FALSE(met(short_of_it, 11));
    EXPECT_TRUE(met(short_of_it, 10));
}

TEST(SequenceLocks, the_strictest_input_decides) {
    const HeaderTree tree = straight_tree(50);
    const auto* parent = tree.at_height(Height{50})[0];
    TransactionData data = with(0, 1);
    data.inputs.push_back(TxInput{OutPoint{}, Script{}, 12, {}});
    const std::vector<Height> coins{Height{1}, Height{40}};
    EXPECT_FALSE(sequence_locks_met(sequence_locks(data, coins, *parent), *parent));
    const std::vector<Height> older{Height{1}, Height{39}};
    EXPECT_TRUE(sequence_locks_met(sequence_locks(data, older, *parent), *parent));
}

TEST(SequenceLocks, the_strictest_input_decides_wherever_it_stands) {
    const HeaderTree tree = straight_tree(50);
    const auto* parent = tree.at_height(Height{50})[0];
    const std::vector<Height> coins(3, Height{40});
    constexpr uint32_t kTime = 1u << 22;
    for (const uint32_t type : {0u, kTime}) {
        for (size_t strictest = 0; strictest < coins.size(); ++strictest) {
            TransactionData data = with(0, type | 1);
            data.inputs.resize(coins.size(), data.inputs[0]);
            EXPECT_TRUE(sequence_locks_met(sequence_locks(data, coins, *parent), *parent));
            data.inputs[strictest].sequence = type | 20;
            EXPECT_FALSE(sequence_locks_met(sequence_locks(data, coins, *parent), *parent));
        }
    }
}

}  // namespace
}  // namespace parley
