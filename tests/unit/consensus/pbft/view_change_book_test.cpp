// What view-changes imply, height by height, and what a new-view may be made of.
#include <gtest/gtest.h>

#include "consensus/pbft/view_change.h"
#include "tests/unit/consensus/pbft/committee.h"
#include "tests/unit/consensus/pbft/lone_replica.h"

namespace parley::pbft::testing {
namespace {

class ViewChangeBookTest : public ::testing::Test {
 protected:
    ViewChange at(View view, size_t validator, Sequence height) const {
        return committee.make_view_change(view, validator, FinalPoint{height, BlockHash{}, {}});
    }
    Committee committee{7};
    ViewChangeBook book{committee.authenticator().validators()};
};

TEST_F(ViewChangeBookTest, later_views_count_as_having_left_the_earlier_ones) {
    book.add(at(1, 0, 0));
    book.add(at(1, 1, 0));
    book.add(at(2, 1, 0));
    book.add(at(3, 2, 0));
    EXPECT_EQ(book.count(1), 1U);
    EXPECT_EQ(book.count_from(1), 3U);
    EXPECT_EQ(book.count_from(3), 1U);
    EXPECT_EQ(book.view_to_join(0), View{1});
    EXPECT_EQ(book.view_to_join(1), std::nullopt);  // two of seven, of which two may lie
}

TEST_F(ViewChangeBookTest, each_height_begins_without_those_of_the_height_before) {
    for (size_t validator = 0; validator < 3; ++validator) book.add(at(5, validator, 0));
    EXPECT_EQ(book.view_to_join(0), View{5});
    EXPECT_FALSE(book.is_news(at(5, 0, 0)));
    EXPECT_TRUE(book.is_news(at(1, 0, 1)));  // at the next height, all views are open
    book.add(at(1, 0, 1));
    EXPECT_FALSE(book.is_news(at(9, 0, 0)));
    EXPECT_EQ(book.count_from(0), 2U);
    book.begin_height(1);
    EXPECT_EQ(book.count_from(0), 1U);
    EXPECT_EQ(book.view_to_join(0), std::nullopt);
    EXPECT_EQ(book.all(1).size(), 1U);
}

class NewViewHeights : public ::testing::Test {
 protected:
    static ViewChange from(const LoneReplica& replica, size_t validator, const FinalPoint& point) {
        return replica.make_view_change(1, validator, point);
    }
    static Bytes new_view(const LoneReplica& replica, std::vector<ViewChange> view_changes) {
        NewView message{1, 1, std::move(view_changes), {}, {}};
        message.signature = replica.key(1).sign_compact(replica.authenticator().signing_hash(
            MessageType::new_view, 1, 0, content_digest(message)));
        return encode_new_view(message, replica.network());
    }
};

TEST_F(NewViewHeights, view_changes_of_different_heights_make_no_new_view) {
    LoneReplica replica(2);
    const FinalPoint genesis = replica.final_point();
    replica.extend();
    const Bytes mixed =
        new_view(replica, {from(replica, 0, replica.final_point()), from(replica, 1, genesis),
                           from(replica, 3, replica.final_point())});
    replica.receive(1, mixed);
    EXPECT_EQ(replica.info("view"), "0");
    ASSERT_EQ(replica.blames().size(), 1U);
    EXPECT_NE(replica.blames()[0].find("different heights"), std::string::npos);
}

TEST_F(NewViewHeights, of_an_earlier_height_admits_only_who_has_not_voted) {
    for (const bool votes : {false, true}) {
        LoneReplica replica(2);
        const FinalPoint genesis = replica.final_point();
        replica.extend();
        if (votes) {
            replica.receive(0, replica.pre_prepare_message(0, 2, *replica.make_block(1), 0));
            ASSERT_EQ(replica.sent(MessageType::prepare), 1U);
        }
        replica.receive(1, new_view(replica, {from(replica, 0, genesis), from(replica, 1, genesis),
                                              from(replica, 3, genesis)}));
        EXPECT_EQ(replica.view(), votes ? 0U : 1U);
    }
}

TEST_F(NewViewHeights, of_a_later_height_waits_for_that_height) {
    LoneReplica source(2);
    source.extend();
    const FinalPoint point = source.final_point();
    LoneReplica replica(2);
    replica.receive(1, new_view(replica, {from(replica, 0, point), from(replica, 1, point),
                                          from(replica, 3, point)}));
    EXPECT_EQ(replica.view(), 0U);
    EXPECT_EQ(replica.info("phase"), "\"catching up\"");
    replica.extend();  // the same block
    EXPECT_EQ(replica.tip().hash, source.tip().hash);
    EXPECT_EQ(replica.view(), 1U);
}

TEST(PreparedBlocks, are_kept_for_later_views_and_over_a_restart) {
    LoneReplica replica(3);
    const BlockRef first = replica.make_block(1);
    const auto fetched = [&](const BlockRef& block) {
        replica.pause(seconds{10});  // questions of one peer are answered at a bounded rate
        replica.clear_sent();
        replica.receive(2, encode_fetch(Fetch{block->header.hash()}, replica.network()));
        return replica.sent(MessageType::body) == 1 &&
               replica.last_sent(MessageType::body) ==
                   encode_body(block->serialize(), replica.network());
    };
    replica.receive(0, replica.pre_prepare_message(0, 1, *first, 0));
    ASSERT_EQ(replica.sent(MessageType::prepare), 1U);
    // Views 1 and 2 begin with nothing prepared as far as anybody says, and prepare other blocks.
    for (const size_t primary : {1U, 2U}) {
        std::vector<ViewChange> view_changes;
        for (const size_t each : {0U, 1U, 2U})
            view_changes.push_back(
                replica.make_view_change(primary, each, replica.genesis_point()));
        NewView start{primary, static_cast<ValidatorIndex>(primary), view_changes, {}, {}};
        start.signature = replica.key(primary).sign_compact(replica.authenticator().signing_hash(
            MessageType::new_view, primary, 0, content_digest(start)));
        replica.receive(primary, encode_new_view(start, replica.network()));
        ASSERT_EQ(replica.view(), primary);
        replica.clear_sent();
        replica.receive(primary, replica.pre_prepare_message(
                                     primary, 1, *replica.make_block(10 + primary), primary));
        ASSERT_EQ(replica.sent(MessageType::prepare), 1U);
    }
    EXPECT_TRUE(fetched(first));
    replica.restart_at(0);
    EXPECT_TRUE(fetched(first));
    EXPECT_EQ(replica.view(), 2U);
}

TEST(AlteredCopies, of_strangers_do_not_keep_the_genuine_block_out) {
    LoneReplica replica(1);
    const BlockRef genuine = replica.make_block(1);
    const auto altered = [&](uint8_t salt) {
        Block copy = *genuine;
        TransactionData coinbase = copy.transactions[0]->data();
        coinbase.inputs[0].witness = Witness{std::vector<Bytes>{Bytes{salt}}};
        copy.transactions[0] = make_transaction(coinbase);
        return copy;
    };
    for (size_t stranger = 10; stranger < 20; ++stranger) {
        const Block copy = altered(static_cast<uint8_t>(stranger));
        ASSERT_EQ(copy.header.hash(), genuine->header.hash());
        replica.receive(stranger, replica.pre_prepare_message(0, 1, copy, 0));
        EXPECT_EQ(replica.blames().size(), stranger - 9);
        replica.receive(stranger, replica.pre_prepare_message(0, 1, copy, 0));
        EXPECT_EQ(replica.blames().size(), stranger - 9) << "checked once for each sender";
    }
    EXPECT_EQ(replica.sent(MessageType::prepare), 0U);
    replica.receive(0, replica.pre_prepare_message(0, 1, *genuine, 0));
    EXPECT_EQ(replica.sent(MessageType::prepare), 1U);
}

}  // namespace
}  // namespace parley::pbft::testing
