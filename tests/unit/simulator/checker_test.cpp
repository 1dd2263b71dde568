// The checkers must fire: each rule has a violation here that was made up.
#include <gtest/gtest.h>

#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

BlockHash block(uint8_t name) {
    std::array<uint8_t, 32> bytes{};
    bytes[0] = name;
    return BlockHash{bytes};
}

TEST(SafetyChecker, equal_claims_are_no_violation) {
    SafetyChecker checker;
    for (const NodeIndex node : {0u, 1u, 2u}) {
        checker.on_final(node, Height{1}, block(1));
        checker.on_final(node, Height{2}, block(2));
    }
    EXPECT_TRUE(checker.violations().empty());
    EXPECT_EQ(checker.final_heights(), 2u);
}

TEST(SafetyChecker, different_final_blocks_at_a_height_fire) {
    SafetyChecker checker;
    checker.on_final(0, Height{1}, block(1));
    checker.on_final(3, Height{1}, block(2));
    ASSERT_EQ(checker.violations().size(), 1u);
    EXPECT_NE(checker.violations()[0].find("Nodes 0 and 3 finalised different blocks at height 1"),
              std::string::npos);
}

TEST(SafetyChecker, finality_that_moves_back_fires) {
    SafetyChecker checker;
    checker.on_final(0, Height{5}, block(5));
    checker.on_final(0, Height{4}, block(4));
    EXPECT_EQ(checker.violations().size(), 1u);
}

TEST(SafetyChecker, power_cut_may_move_finality_back_but_not_to_another_block) {
    SafetyChecker checker;
    checker.on_final(0, Height{4}, block(4));
    checker.on_final(0, Height{5}, block(5));
    checker.on_setback(0);
    checker.on_final(0, Height{4}, block(4));
    EXPECT_TRUE(checker.violations().empty());
    checker.on_final(0, Height{5}, block(6));
    EXPECT_EQ(checker.violations().size(), 1u);
    checker.on_final(0, Height{4}, block(4));
    EXPECT_EQ(checker.violations().size(), 2u) << "the power was cut once only";
}

TEST(SafetyChecker, different_coins_after_one_block_fire) {
    SafetyChecker checker;
    const CoinsSummary one{block(1), 1, Amount{10}};
    const CoinsSummary other{block(2), 1, Amount{10}};
    checker.on_coins(0, block(7), one, Amount{10});
    checker.on_coins(1, block(7), one, Amount{10});
    EXPECT_TRUE(checker.violations().empty());
    checker.on_coins(2, block(7), other, Amount{10});
    EXPECT_EQ(checker.violations().size(), 1u);
}

TEST(SafetyChecker, more_coins_than_subsidies_fire) {
    SafetyChecker checker;
    checker.on_coins(0, block(7), CoinsSummary{block(1), 1, Amount{11}}, Amount{10});
    EXPECT_EQ(checker.violations().size(), 1u);
}

TEST(SafetyChecker, violations_are_bounded) {
    SafetyChecker checker;
    checker.on_final(0, Height{1}, block(1));
    for (NodeIndex node = 1; node < 2 * SafetyChecker::kViolationsMax; ++node)
        checker.on_final(node, Height{1}, block(2));
    EXPECT_EQ(checker.violations().size(), SafetyChecker::kViolationsMax);
}

// The same validators certify one block in one world and another block in a second, as a set with
// too many Byzantine validators would. Each world is consistent by itself; only the two together
// conflict.
TEST(SafetyChecker, conflicting_certified_chains_fire) {
    const Purse purse(2);
    SafetyChecker checker;
    for (const size_t pay : {0u, 1u}) {
        const Validators validators(purse.params(), 4);
        World world({.seed = 5 + pay});
        for (size_t i = 0; i < 4; ++i) world.add_node(validators.validator(i));
        world.connect_mesh();
        world.run_for(seconds{5});
        ASSERT_EQ(submit(world, 0, purse.pay(pay)), "");
        ASSERT_TRUE(world.run_until([&] { return all_reached(world, 1); }, seconds{10}));
        for (NodeIndex node = 0; node < 4; ++node)
            checker.check_finality(pay * 4 + node, world.node(node));
        EXPECT_EQ(checker.violations().empty(), pay == 0) << text(checker);
    }
}

}  // namespace
}  // namespace parley::sim
