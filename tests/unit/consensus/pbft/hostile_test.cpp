// Hostile validators: impossible numbers, bad new-views, floods of view-changes, false statuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "net/wire/messages.h"
#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/consensus/pbft/lone_replica.h"
#include "tests/unit/seed.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A node that has dropped the liar for its last message dials it again first.
void say_again_and_again(Cluster& cluster, Node liar, Node to, const Bytes& message) {
    if (cluster.world().say(liar, to, message::kEngineCommand, message)) return;
    cluster.connect();
    ASSERT_TRUE(cluster.world().say(liar, to, message::kEngineCommand, message));
}

TEST(SequenceLimits, heights_outside_the_watermarks_are_dropped) {
    LoneReplica replica(1);
    replica.extend();
    replica.extend();
    EXPECT_EQ(replica.info("watermarks"), "[2,6]");
    const BlockRef block = replica.make_block(1);
    const BlockHash digest = block->header.hash();
    for (const Sequence height :
         {Sequence{0}, Sequence{1}, Sequence{2}, Sequence{7}, Sequence{1} << 63,
          std::numeric_limits<Sequence>::max(), std::numeric_limits<Sequence>::max() - 2}) {
        replica.receive(0, replica.pre_prepare_message(0, height, *block, 0));
        for (const auto type : {MessageType::prepare, MessageType::commit}) {
            for (const size_t validator : {2U, 3U})
                replica.receive(0, replica.vote_message(type, 0, height, digest, validator));
        }
    }
    EXPECT_EQ(replica.info("proposal"), "null");
    EXPECT_EQ(replica.info("height"), "3");
    EXPECT_THAT(replica.blames(), IsEmpty());
    EXPECT_EQ(replica.sent(), 0U);
    replica.receive(0, replica.pre_prepare_message(0, 3, *block, 0));
    EXPECT_EQ(replica.sent(MessageType::prepare), 1U);
    EXPECT_EQ(replica.view(), 0U);
}

TEST(SequenceLimits, honest_replicas_do_not_chase_a_liars_view) {
    LoneReplica replica(1);
    const FinalPoint genesis = replica.genesis_point();
    const auto view_change = [&](View view, size_t validator) {
        return encode_view_change(replica.make_view_change(view, validator, genesis),
                                  replica.network());
    };
    const std::vector<View> views{
        1, 7, View{1} << 40, kViewMax - 1, kViewMax, std::numeric_limits<View>::max()};
    for (const View view : views) {
        replica.receive(3, view_change(view, 3));
        replica.receive(3, replica.vote_message(MessageType::prepare, view, 1, BlockHash{}, 3));
        replica.receive(3, replica.status_message(view, genesis));
        EXPECT_EQ(replica.view(), 0U);
    }
    EXPECT_EQ(replica.info("phase"), "\"idle\"");
    EXPECT_GE(replica.blames().size(), 6U);  // three messages of each of the two impossible views
    // With a correct replica that complains too, the smaller view is joined, not the liar's.
    replica.receive(2, view_change(1, 2));
    EXPECT_EQ(replica.view(), 1U);
}

class BadNewView : public ::testing::Test {
 protected:
    // Validator 0 is silent, 1 is the liar that view 1 belongs to, 2 and 3 are correct: both have
    // prepared a block in view 0 that nobody committed.
    BadNewView() {
        cluster.run_for(seconds{1});
        cluster.distrust(1);
        cluster.filter = [this](Node from, Node, ByteSpan message) {
            const auto type = static_cast<MessageType>(message[1]);
            if (type == MessageType::view_change && from != 1) changes.push_back(to_bytes(message));
            return type != MessageType::commit && type != MessageType::new_view;
        };
        cluster.submit();
        cluster.run_until([&] { return !cluster.info(2, "proposal").empty(); }, seconds{1});
        cluster.run_for(milliseconds{400});
        prepared = cluster.info(2, "proposal");
        cluster.crash(0);
        cluster.run_until([&] { return cluster.view(2) == 1 && cluster.view(3) == 1; }, seconds{5});
        cluster.run_for(milliseconds{200});
        for (const Bytes& bytes : changes) {
            const auto decoded = decode_message(bytes, network);
            const auto& change = std::get<ViewChange>(*decoded);
            if (change.view == 1) known[change.validator] = change;
        }
        known[1] = cluster.make_view_change(1, 1, cluster.genesis_point());
        // 0's complaint never came; the liar can use its key here, since f = 1 covers only one.
        honest = {known.at(1), known.at(2), known.at(3)};
    }

    NewView make(std::vector<ViewChange> view_changes, std::optional<BlockHash> digest,
                 Sequence height = 1, View view = 1, size_t signer = 1) const {
        NewView message{view, static_cast<ValidatorIndex>(signer), std::move(view_changes), {}, {}};
        if (digest) {
            const Vote vote =
                cluster.make_vote(MessageType::pre_prepare, view, height, *digest, signer);
            message.reproposal = Reproposal{height, *digest, vote.signature};
        }
        resign(message, signer);
        return message;
    }
    void resign(NewView& message, size_t signer = 1) const {
        message.signature = cluster.key(signer).sign_compact(cluster.authenticator().signing_hash(
            MessageType::new_view, message.view,
            message.reproposal ? message.reproposal->height : 0, content_digest(message)));
    }
    void expect_refused(const NewView& message, NewViewError error) const {
        const auto result = verify_new_view(message, cluster.authenticator());
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error(), error) << to_string(result.error());
    }
    BlockHash digest() const { return known.at(2).prepared->digest; }

    Cluster cluster{{.delay = milliseconds{50}}};
    const NetworkTag network = cluster.network();
    std::vector<Bytes> changes;
    std::map<ValidatorIndex, ViewChange> known;
    std::vector<ViewChange> honest;
    std::string prepared;
};

TEST_F(BadNewView, each_kind_is_refused) {
    ASSERT_TRUE(known.at(2).prepared);
    EXPECT_EQ("\"" + digest().to_string() + "\"", prepared);
    const auto good = verify_new_view(make(honest, digest()), cluster.authenticator());
    ASSERT_TRUE(good) << to_string(good.error());
    EXPECT_EQ(good->digest, digest());
    EXPECT_EQ(good->base, cluster.genesis_point());

    BlockHash invented = digest();
    invented.bytes()[5] ^= 1;
    expect_refused(make(honest, std::nullopt), NewViewError::wrong_reproposal);  // omits it
    expect_refused(make(honest, invented), NewViewError::wrong_reproposal);
    expect_refused(make(honest, digest(), 2), NewViewError::wrong_reproposal);
    expect_refused(make({known.at(2), known.at(3)}, digest()), NewViewError::no_quorum);
    expect_refused(make({known.at(1), known.at(2), known.at(2)}, digest()),
                   NewViewError::duplicate_validator);
    expect_refused(make({known.at(1), known.at(3), known.at(2)}, digest()),
                   NewViewError::duplicate_validator);
    expect_refused(make(honest, digest(), 1, 2, 2), NewViewError::wrong_view);  // stale votes
    expect_refused(make(honest, digest(), 1, 1, 2), NewViewError::not_primary);
    NewView message = make(honest, digest());
    message.signature[3] ^= 1;
    expect_refused(message, NewViewError::bad_signature);
    message = make(honest, digest());
    message.reproposal->signature[3] ^= 1;
    resign(message);
    expect_refused(message, NewViewError::wrong_reproposal);
    // A view-change that somebody else signed, one that was altered, one of nobody.
    message = make(honest, digest());
    message.view_changes[1].signature = known.at(3).signature;
    resign(message);
    expect_refused(message, NewViewError::bad_view_change);
    message = make(honest, std::nullopt);
    for (auto& change : message.view_changes) change.prepared.reset();
    resign(message);
    expect_refused(message, NewViewError::bad_view_change);
    message = make(honest, digest());
    message.view_changes[2].validator = 9;
    resign(message);
    expect_refused(message, NewViewError::bad_view_change);
}

TEST_F(BadNewView, liars_own_view_change_with_a_forged_certificate_is_refused) {
    // An invented block "prepared" in view 0, in the liar's own (validly signed) view-change.
    BlockHash invented = digest();
    invented.bytes()[5] ^= 1;
    PreparedCertificate forged = *known.at(2).prepared;
    forged.digest = invented;
    const auto with = [&](const PreparedCertificate& certificate, FinalPoint point) {
        std::vector<ViewChange> list = honest;
        list[0] = cluster.make_view_change(1, 1, point, certificate);
        return make(list, certificate.digest);
    };
    expect_refused(with(forged, cluster.genesis_point()), NewViewError::bad_view_change);
    // A genuine certificate with too few prepares, with one twice, with the primary's.
    PreparedCertificate few = *known.at(2).prepared;
    few.prepares.resize(1);
    expect_refused(with(few, cluster.genesis_point()), NewViewError::bad_view_change);
    PreparedCertificate twice = *known.at(2).prepared;
    twice.prepares[1] = twice.prepares[0];
    expect_refused(with(twice, cluster.genesis_point()), NewViewError::bad_view_change);
    PreparedCertificate by_primary = *known.at(2).prepared;
    by_primary.prepares[0].validator = 0;
    expect_refused(with(by_primary, cluster.genesis_point()), NewViewError::bad_view_change);
    // Of the view that is being entered, or of a height that is not the next.
    PreparedCertificate early = *known.at(2).prepared;
    early.view = 1;
    expect_refused(with(early, cluster.genesis_point()), NewViewError::bad_view_change);
    PreparedCertificate far = *known.at(2).prepared;
    far.height = 2;
    expect_refused(with(far, cluster.genesis_point()), NewViewError::bad_view_change);
    // A final block that nobody sealed would cut off what was prepared.
    std::vector<ViewChange> list = honest;
    list[0] = cluster.make_view_change(1, 1, FinalPoint{1, invented, {}});
    expect_refused(make(list, std::nullopt), NewViewError::bad_view_change);
    CommitCertificate commits{0, {}};
    for (const size_t validator : {0U, 1U}) {
        const Vote vote = cluster.make_vote(MessageType::commit, 0, 1, invented, validator);
        commits.commits.push_back(Endorsement{vote.validator, vote.signature});
    }
    list[0] = cluster.make_view_change(1, 1, FinalPoint{1, invented, encode_seal(commits)});
    expect_refused(make(list, std::nullopt), NewViewError::bad_view_change);
}

TEST_F(BadNewView, replicas_leave_for_the_next_view_and_commit_there) {
    ASSERT_EQ(cluster.view(2), 1U);
    const Bytes bad = encode_new_view(make(honest, std::nullopt), network);
    cluster.inject(2, 1, bad);
    cluster.inject(3, 1, bad);
    cluster.crash(1);  // it says nothing more
    EXPECT_EQ(cluster.view(2), 2U);
    EXPECT_THAT(cluster.blames(2).back(), HasSubstr("bad new-view"));
    EXPECT_THAT(cluster.info(2, "last_view_changes"), HasSubstr("the new-view was bad"));
    cluster.filter = nullptr;
    cluster.start(0);
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({0, 2, 3}) == 1;
        },
        seconds{10}));
    EXPECT_EQ(cluster.tip(2).hash, known.at(2).prepared->digest);
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST_F(BadNewView, forged_one_from_a_stranger_does_not_make_anybody_leave) {
    NewView forged = make(honest, std::nullopt);
    forged.signature[3] ^= 1;
    // Signed by another, and signed by nobody; each costs its sender the connection.
    const size_t blames = cluster.blames(2).size();
    cluster.inject(2, 1, encode_new_view(make(honest, std::nullopt, 1, 1, 2), network));
    cluster.inject(2, 3, encode_new_view(forged, network));
    EXPECT_THAT(cluster.blames(2), SizeIs(blames + 2));
    EXPECT_EQ(cluster.view(2), 1U);
}

TEST(Spam, view_changes_of_f_do_not_slow_ordering) {
    const auto decide = [](bool spam) {
        Cluster cluster({.scripted = {3}, .delay = milliseconds{20}});
        cluster.run_for(seconds{1});
        const TimePoint begin = cluster.now();
        View view = 1;
        for (size_t height = 1; height <= 20; ++height) {
            cluster.submit();
            for (int i = 0; spam && i < 20; ++i) {
                const Bytes message =
                    encode_view_change(cluster.make_view_change(view++, 3, cluster.genesis_point()),
                                       cluster.network());
                for (const Node node : {0U, 1U, 2U}) {
                    EXPECT_TRUE(cluster.world().say(3, node, message::kEngineCommand, message));
                }
            }
            EXPECT_TRUE(cluster.run_until(
                [&] {
                    return cluster.lowest_height({0, 1, 2}) == height;
                },
                seconds{5}));
        }
        for (const Node node : {0U, 1U, 2U}) EXPECT_EQ(cluster.view(node), 0U);
        return cluster.now() - begin;
    };
    EXPECT_EQ(decide(true), decide(false));
}

TEST(Spam, random_signed_garbage_keeps_memory_bounded_and_ordering_alive) {
    Cluster cluster({.scripted = {3}, .delay = milliseconds{20}});
    cluster.run_for(seconds{1});
    SeededRandom random(11);
    for (size_t height = 1; height <= 5; ++height) {
        for (int i = 0; i < 300; ++i) {
            BlockHash digest;
            random.fill(digest.bytes());
            const View view = random.uniform(6);
            const auto type = static_cast<MessageType>(1 + random.uniform(3));
            const Vote vote = cluster.make_vote(type, view, height + random.uniform(6), digest, 3);
            const Bytes message = type == MessageType::pre_prepare
                                      ? encode_pre_prepare(vote, {}, cluster.network())
                                      : encode_vote(vote, cluster.network());
            for (const Node node : {0U, 1U, 2U}) say_again_and_again(cluster, 3, node, message);
        }
        cluster.submit();
        ASSERT_TRUE(cluster.run_until(
            [&] {
                return cluster.lowest_height({0, 1, 2}) == height;
            },
            seconds{5}));
        EXPECT_EQ(cluster.view(0), 0U);
        EXPECT_LE(cluster.replica(0).evidence().size(), 64U);
    }
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(Spam, altered_copies_of_real_messages_change_nothing) {
    const uint64_t seed = test_seed();
    SeededRandom random(seed);
    // The last node is a stranger with a scripted peer's freedom, and no validator's place.
    Cluster cluster({.extra = {kObserver},
                     .scripted = {4},
                     .seed = seed,
                     .delay = milliseconds{20},
                     .drop_percent = 10});
    std::vector<Bytes> seen;
    cluster.filter = [&](Node from, Node, ByteSpan message) {
        if (from == 4) return true;
        if (seen.size() < 500)
            seen.push_back(to_bytes(message));
        else
            seen[random.uniform(seen.size())] = to_bytes(message);
        return true;
    };
    for (size_t height = 1; height <= 8; ++height) {
        if (height == 4) cluster.crash(cluster.view(1) % 4);  // a change of view among them
        for (int i = 0; i < 200 && !seen.empty(); ++i) {
            Bytes message = seen[random.uniform(seen.size())];
            for (uint64_t changes = random.uniform(3); changes > 0; --changes)
                message[random.uniform(message.size())] = static_cast<uint8_t>(random.next());
            if (random.uniform(4) == 0) message.resize(random.uniform(message.size()));
            const Node to = random.uniform(4);
            if (cluster.up(to)) say_again_and_again(cluster, 4, to, message);
        }
        cluster.submit();
        std::vector<Node> up;
        for (const Node node : kAll) {
            if (cluster.up(node)) up.push_back(node);
        }
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(up) >= height; }, seconds{60}));
    }
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(Status, false_claims_are_blamed_and_do_not_stop_voting) {
    LoneReplica replica(1);
    replica.receive(3, replica.status_message(0, {1'000'000, BlockHash{}, Bytes{1, 2, 3}}));
    const BlockRef block = replica.make_block(1);
    const BlockHash digest = block->header.hash();
    const CommitCertificate one_signer = replica.certificate(0, 1, digest, {3, 3, 3});
    replica.receive(3, replica.status_message(0, {1, digest, encode_seal(one_signer)}));
    EXPECT_THAT(replica.blames(), SizeIs(2));
    EXPECT_EQ(replica.catch_ups(), 0U);
    replica.receive(0, replica.pre_prepare_message(0, 1, *block, 0));
    EXPECT_EQ(replica.sent(MessageType::prepare), 1U);
}

TEST(Status, repeated_questions_of_one_peer_are_answered_at_a_bounded_rate) {
    LoneReplica replica(1);
    replica.extend();
    replica.run_for(seconds{1});
    replica.clear_sent();
    for (int i = 0; i < 1000; ++i)
        replica.receive(3, replica.status_message(0, replica.genesis_point()));
    EXPECT_EQ(replica.sent(), 1U);
}

}  // namespace
}  // namespace parley::pbft::testing
