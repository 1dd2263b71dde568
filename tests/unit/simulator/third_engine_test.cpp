// An engine that the product does not know runs a network: nothing outside consensus/ depends on
// which engine it is.
#include <gtest/gtest.h>

#include "tests/unit/consensus/fixed_signer_engine.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

class ThirdEngine : public testing::Test {
 protected:
    ThirdEngine() {
        checker_.watch(world_);
        for (NodeIndex index = 0; index < 4; ++index) {
            NodeSpec spec{NodeConfig{purse_.params()}};
            spec.config.engine = index == 0 ? fixed_signer_choice(public_key_, key_)
                                            : fixed_signer_choice(public_key_);
            world_.add_node(std::move(spec));
        }
        world_.connect_mesh();
        world_.run_for(seconds{5});  // handshakes
    }

    bool confirmed_everywhere(size_t payment) {
        for (NodeIndex index = 0; index < world_.size(); ++index) {
            if (!confirmed(world_, index, purse_.pay(payment))) return false;
        }
        return true;
    }

    SeededRandom random_{77};
    const SecretKey key_ = SecretKey::generate(random_);
    const PublicKey public_key_ = key_.public_key();
    const Purse purse_{3};
    SafetyChecker checker_;
    World world_{{.seed = 51, .latency = LatencyTable::uniform(milliseconds{20})}};
};

TEST_F(ThirdEngine, payments_are_sealed_and_final_on_all_nodes) {
    for (size_t payment = 0; payment < 3; ++payment) {
        ASSERT_EQ(submit(world_, payment + 1, purse_.pay(payment)), "");
        ASSERT_TRUE(world_.run_until([&] { return confirmed_everywhere(payment); }, seconds{30}));
    }
    EXPECT_TRUE(one_tip(world_));
    EXPECT_EQ(height(world_, 0), 3);
    for (NodeIndex index = 0; index < world_.size(); ++index) {
        const Chainstate& chain = world_.node(index).chain();
        EXPECT_EQ(world_.node(index).engine().name(), "signer");
        EXPECT_EQ(chain.finalized().hash, chain.tip().hash);
        EXPECT_EQ(*chain.tip().score, Score{3});
        EXPECT_EQ(chain.tip().seal.size(), 64u);
    }
    checker_.check_coins(world_);
    EXPECT_EQ(text(checker_), "");
}

TEST_F(ThirdEngine, a_node_that_was_away_catches_up_and_the_signer_goes_on_after_a_crash) {
    world_.crash(3);
    ASSERT_EQ(submit(world_, 1, purse_.pay(0)), "");
    ASSERT_TRUE(world_.run_until([&] { return all_reached(world_, 1); }, seconds{30}));
    world_.restart(3);
    ASSERT_TRUE(world_.run_until([&] { return confirmed_everywhere(0); }, minutes{5}));

    world_.crash(0);
    ASSERT_EQ(submit(world_, 2, purse_.pay(1)), "");
    world_.run_for(minutes{1});
    EXPECT_EQ(height(world_, 2), 1) << "nobody else can seal";
    world_.restart(0);
    world_.run_for(seconds{30});
    ASSERT_EQ(submit(world_, 0, purse_.pay(2)), "");
    ASSERT_TRUE(world_.run_until([&] { return all_reached(world_, 2); }, minutes{5}));
    ASSERT_TRUE(world_.run_until([&] { return one_tip(world_); }, minutes{1}));
    EXPECT_EQ(text(checker_), "");
}

TEST_F(ThirdEngine, a_seal_of_another_key_is_refused) {
    ASSERT_EQ(submit(world_, 1, purse_.pay(0)), "");
    ASSERT_TRUE(world_.run_until([&] { return all_reached(world_, 1); }, seconds{30}));
    const HeaderNode& block = tip(world_, 1);
    const Engine& engine = world_.node(1).engine();
    const auto good = engine.verify_header(block.header, block.hash, block.seal, *block.parent);
    ASSERT_TRUE(good);
    EXPECT_EQ(**good, Score{1});
    const auto forged = SecretKey::generate(random_).sign_compact(block.hash);
    EXPECT_FALSE(engine.verify_header(block.header, block.hash, forged, *block.parent));
}

}  // namespace
}  // namespace parley::sim
