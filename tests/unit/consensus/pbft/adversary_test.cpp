// Each behaviour of adversary.h alone: it does what its name says, others notice what can be
// noticed, and one of four validators with it can neither stop the others nor make them disagree.
#include "tests/unit/consensus/pbft/adversary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Validator 0 is Byzantine: the primary of view 0.
class AdversaryTest : public ::testing::Test {
 protected:
    void corrupt(BehaviourRef behaviour) {
        cluster.run_for(seconds{1});
        cluster.distrust(0);
        adversary.corrupt(0, std::move(behaviour));
    }
    /// Every payment makes the correct validators get ahead.
    void decide(size_t payments) {
        for (size_t i = 0; i < payments; ++i) {
            const size_t target = cluster.lowest_height(correct) + 1;
            cluster.submit();
            ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(correct) >= target; },
                                          seconds{60}));
            cluster.run_for(seconds{1});
        }
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
    /// Whether somebody has proof that validator 0 signed twice.
    bool proven() {
        for (const Node node : correct) {
            if (!cluster.replica(node).evidence().empty()) return true;
        }
        return false;
    }
    std::vector<std::string> blames() {
        std::vector<std::string> all;
        for (const Node node : correct)
            all.insert(all.end(), cluster.blames(node).begin(), cluster.blames(node).end());
        return all;
    }

    std::vector<Node> correct{1, 2, 3};
    Cluster cluster{{.delay = milliseconds{20}}};
    Adversary adversary{cluster, 1};
};

TEST_F(AdversaryTest, silent_primary_is_replaced) {
    corrupt(make_silent());
    decide(3);
    EXPECT_GT(cluster.view(1), 0U);
    EXPECT_GT(adversary.interventions(), 0U);
}

TEST_F(AdversaryTest, dead_one_stays_dead) {
    corrupt(make_dead());
    cluster.run_for(seconds{1});
    EXPECT_FALSE(cluster.up(0));
    cluster.start(0);
    decide(3);
    EXPECT_FALSE(cluster.up(0));
}

TEST_F(AdversaryTest, equivocator_leaves_evidence) {
    corrupt(make_equivocator());
    decide(3);
    EXPECT_TRUE(proven());
}

TEST_F(AdversaryTest, conflicting_voter_leaves_evidence) {
    cluster.crash(1);
    corrupt(make_conflicting_voter());
    cluster.start(1);
    decide(3);
    EXPECT_GT(adversary.interventions(), 0U);
    EXPECT_TRUE(proven());
}

TEST_F(AdversaryTest, withholder_shows_the_only_certificate_two_views_later) {
    corrupt(make_withholder());
    cluster.crash(3);
    // No prepare reaches a correct validator, until the certificate has been shown.
    std::vector<NewView> reproposing;
    cluster.filter = [&, pass = cluster.filter](Node from, Node to, ByteSpan message) {
        const auto decoded = decode_message(message, cluster.network());
        const auto* vote = std::get_if<Vote>(&*decoded);
        const auto* start = std::get_if<NewView>(&*decoded);
        if (start != nullptr && start->reproposal) reproposing.push_back(*start);
        const bool prepare = vote != nullptr && vote->type == MessageType::prepare;
        return (to == 0 || !prepare || !reproposing.empty()) && pass(from, to, message);
    };
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.view(0) == 1; }, seconds{5}));
    EXPECT_THAT(reproposing, IsEmpty());
    ASSERT_TRUE(cluster.run_until([&] { return !reproposing.empty(); }, seconds{60}));
    EXPECT_EQ(reproposing.front().view, 2U);
    cluster.start(3);
    ASSERT_TRUE(
        cluster.run_until([&] { return cluster.lowest_height(correct) == 1; }, seconds{60}));
    EXPECT_EQ(cluster.tip(1).hash, reproposing.front().reproposal->digest);
    decide(2);
}

TEST_F(AdversaryTest, impatient_one_does_not_change_the_view) {
    corrupt(make_impatient());
    decide(5);
    EXPECT_EQ(cluster.view(1), 0U);
    EXPECT_GT(adversary.interventions(), 0U);
}

TEST_F(AdversaryTest, bad_new_views_are_left_behind) {
    cluster.run_for(seconds{1});
    cluster.distrust(1);
    adversary.corrupt(1, make_bad_new_views());
    correct = {0, 2, 3};
    // The block of view 0 is lost, and validator 1 is the primary of view 1.
    cluster.filter = [this, pass = cluster.filter](Node from, Node to, ByteSpan message) {
        const bool proposal = message[1] == static_cast<uint8_t>(MessageType::pre_prepare);
        return !(proposal && from == 0 && cluster.view(0) == 0) && pass(from, to, message);
    };
    decide(2);
    EXPECT_GT(adversary.interventions(), 0U);
    EXPECT_GT(cluster.view(2), 1U);
    EXPECT_THAT(cluster.info(2, "last_view_changes") + cluster.info(3, "last_view_changes"),
                HasSubstr("the new-view was bad"));
}

TEST_F(AdversaryTest, replayer_is_ignored) {
    corrupt(make_replayer());
    decide(5);
    EXPECT_GT(adversary.interventions(), 100U);
    EXPECT_EQ(cluster.view(1), 0U);
}

TEST_F(AdversaryTest, forger_is_blamed) {
    corrupt(make_forger());
    decide(8);
    EXPECT_THAT(blames(), Not(IsEmpty()));
}

TEST_F(AdversaryTest, view_spammer_does_not_change_the_view) {
    corrupt(make_view_spammer());
    decide(5);
    EXPECT_GT(adversary.interventions(), 100U);
    EXPECT_EQ(cluster.view(1), 0U);
}

TEST_F(AdversaryTest, censor_proposes_blocks_without_transactions) {
    corrupt(make_censor());
    decide(1);
    EXPECT_EQ(cluster.block(1, cluster.tip(1))->transactions.size(), 1U);
}

TEST_F(AdversaryTest, invalid_proposer_is_replaced) {
    corrupt(make_invalid_proposer());
    decide(3);
    EXPECT_GT(cluster.view(1), 0U);
    EXPECT_THAT(blames(), Not(IsEmpty()));
}

TEST_F(AdversaryTest, false_chain_is_blamed_and_not_followed) {
    corrupt(make_false_chain());
    decide(8);
    EXPECT_THAT(blames(), Not(IsEmpty()));
    cluster.run_for(seconds{60});
    EXPECT_EQ(cluster.tip(1).hash, cluster.tip(2).hash);
}

TEST_F(AdversaryTest, behaviours_of_one_validator_combine) {
    corrupt(make_view_spammer());
    adversary.corrupt(0, make_silent());
    decide(2);
    // The silence covers what the node sends; the spam is sent beside it.
    EXPECT_GT(cluster.view(1), 0U);
    EXPECT_GT(adversary.interventions(), 100U);
}

// The negative control of single signing, end to end: the same liar among the trusted.
TEST_F(AdversaryTest, trusted_equivocator_lets_the_vote_checker_fire) {
    cluster.run_for(seconds{1});
    adversary.corrupt(0, make_equivocator());
    cluster.submit();
    cluster.run_for(seconds{5});
    ASSERT_THAT(cluster.violations(), Not(IsEmpty()));
    EXPECT_THAT(cluster.violations().front(), HasSubstr("Validator 0 signed two digests"));
}

}  // namespace
}  // namespace parley::pbft::testing
