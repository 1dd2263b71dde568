// Each rule of VoteChecker fires, and only where it should.
#include "tests/unit/consensus/pbft/vote_checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::pbft::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class VoteCheckerTest : public ::testing::Test {
 protected:
    VoteCheckerTest() {
        for (size_t node = 0; node < 4; ++node) checker.trust(node, node);
        b.bytes()[0] = 1;
    }
    Bytes prepare(const BlockHash& digest, size_t validator, View view = 0) const {
        return committee.vote_message(MessageType::prepare, view, 1, digest, validator);
    }

    Committee committee{4};
    VoteChecker checker{committee};
    BlockHash a, b;
};

TEST_F(VoteCheckerTest, second_digest_of_a_correct_node_is_a_violation) {
    checker.on_message(2, prepare(a, 2));
    checker.on_message(2, prepare(a, 2));
    checker.on_message(2, prepare(b, 2, 1));
    EXPECT_THAT(checker.violations(), IsEmpty());
    checker.on_message(2, prepare(b, 2));
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("2 signed two digests in view 0")));
}

TEST_F(VoteCheckerTest, view_changes_and_proposals_count_as_votes_do) {
    const auto view_change = [&](const std::optional<PreparedCertificate>& prepared) {
        return encode_view_change(
            committee.make_view_change(1, 2, committee.genesis_point(), prepared),
            committee.network());
    };
    checker.on_message(2, view_change({}));
    checker.on_message(2, view_change(PreparedCertificate{0, 1, a, {}, {}}));
    EXPECT_THAT(checker.violations(), SizeIs(1));
    NewView start{2, 2, {}, Reproposal{1, a, {}}, {}};
    checker.on_message(2, encode_new_view(start, committee.network()));
    EXPECT_THAT(checker.violations(), SizeIs(1));
    start.reproposal->digest = b;  // another new-view, and another proposal
    checker.on_message(2, encode_new_view(start, committee.network()));
    EXPECT_THAT(checker.violations(), SizeIs(3));
}

TEST_F(VoteCheckerTest, two_new_views_of_one_view_are_a_violation_at_one_height_only) {
    const auto new_view = [&](Sequence final_height, const BlockHash& digest) {
        const ViewChange change = committee.make_view_change(2, 2, {final_height, digest, {}});
        return encode_new_view(NewView{2, 2, {change}, {}, {}}, committee.network());
    };
    checker.on_message(2, new_view(0, a));
    checker.on_message(2, new_view(1, a));
    EXPECT_THAT(checker.violations(), IsEmpty());
    checker.on_message(2, new_view(1, b));
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("in view 2 at height 2")));
}

TEST_F(VoteCheckerTest, what_a_node_relays_or_a_liar_signs_is_no_violation) {
    checker.on_message(1, prepare(a, 2));
    checker.on_message(1, prepare(b, 2));
    checker.distrust(2);
    checker.on_message(2, prepare(a, 2));
    checker.on_message(2, prepare(b, 2));
    checker.on_message(2, Bytes{1, 2, 3});
    EXPECT_THAT(checker.violations(), IsEmpty());
}

TEST_F(VoteCheckerTest, undecodable_message_of_a_correct_node_is_a_violation) {
    checker.on_message(3, Bytes{1, 2, 3});
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("cannot be decoded")));
}

TEST_F(VoteCheckerTest, block_without_a_quorum_of_commits_is_a_violation) {
    HeaderNode genesis;
    HeaderNode block;
    block.parent = &genesis;
    block.height = Height{1};
    block.hash = a;
    block.seal = encode_seal(committee.certificate(0, 1, a, {0, 1, 2}));
    checker.on_block(block);
    EXPECT_THAT(checker.violations(), IsEmpty());
    block.hash = b;
    block.seal = encode_seal(committee.certificate(0, 1, b, {0, 1}));
    checker.on_block(block);
    EXPECT_THAT(checker.violations(), ElementsAre(HasSubstr("no valid certificate")));
}

}  // namespace
}  // namespace parley::pbft::testing
