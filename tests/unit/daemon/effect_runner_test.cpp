#include "node/daemon/workers/effect_runner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace parley {
namespace {

class EffectRunnerTest : public testing::Test {
 protected:
    static Effect send(uint64_t peer) { return effect::Send{PeerId{peer}, nullptr}; }
    static Effect written() { return effect::Persist{Durability::written}; }
    static Effect synced() { return effect::Persist{Durability::synced}; }

    std::vector<uint64_t> sent_;
    std::vector<Durability> barriers_;
    EffectRunner runner_{
        [this](Durability durability, uint64_t barrier) {
            barriers_.push_back(durability);
            EXPECT_EQ(barrier, barriers_.size());
        },
        [this](Effect&& effect) { sent_.push_back(std::get<effect::Send>(effect).peer.value()); }};
};

using Sent = std::vector<uint64_t>;

TEST_F(EffectRunnerTest, run_without_persist_carries_out_at_once) {
    runner_.run({send(1), send(2)});
    EXPECT_EQ(sent_, (Sent{1, 2}));
    EXPECT_TRUE(runner_.idle());
}

TEST_F(EffectRunnerTest, run_after_persist_holds_across_steps_until_reached) {
    runner_.run({send(1), written(), send(2)});
    runner_.run({send(3)});
    runner_.run({synced(), send(4)});
    runner_.run({send(5)});
    EXPECT_EQ(sent_, (Sent{1}));
    EXPECT_FALSE(runner_.idle());
    runner_.reached(1);
    EXPECT_EQ(sent_, (Sent{1, 2, 3}));
    runner_.reached(2);
    EXPECT_EQ(sent_, (Sent{1, 2, 3, 4, 5}));
    EXPECT_TRUE(runner_.idle());
    runner_.run({send(6)});
    EXPECT_EQ(sent_.back(), 6u);
}

TEST_F(EffectRunnerTest, run_adjacent_persists_become_one_barrier_of_the_strongest) {
    runner_.run({written(), synced(), written(), send(1), written(), written()});
    EXPECT_EQ(barriers_, (std::vector{Durability::synced, Durability::written}));
    runner_.reached(1);
    EXPECT_EQ(sent_, (Sent{1}));
    EXPECT_FALSE(runner_.idle());
    runner_.reached(2);
    EXPECT_TRUE(runner_.idle());
}

}  // namespace
}  // namespace parley
