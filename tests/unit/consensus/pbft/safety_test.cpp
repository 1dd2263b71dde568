// Safety under lies: equivocation, replay, forgery, bad new-views, forks attempted with f liars,
// and the control that the checker sees a fork when there are more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/wire/messages.h"
#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/consensus/pbft/lone_replica.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Equivocation, two_proposals_commit_at_most_one_and_leave_evidence) {
    Cluster cluster({.scripted = {0}, .delay = milliseconds{50}});
    cluster.run_for(seconds{1});
    // It says these two things, and nothing else.
    const Bytes a = cluster.pre_prepare_message(0, 1, *cluster.make_block(1, 1), 0);
    const Bytes b = cluster.pre_prepare_message(0, 1, *cluster.make_block(1, 2), 0);
    cluster.submit({1, 2, 3});
    for (const Node node : {1U, 2U, 3U}) {
        ASSERT_TRUE(cluster.world().say(0, node, message::kEngineCommand, node == 1 ? a : b));
    }
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({1, 2, 3}) == 1;
        },
        seconds{20}));
    EXPECT_GE(cluster.view(1), 1U);
    EXPECT_THAT(cluster.violations(), IsEmpty());
    // Statuses brought the contradiction together.
    size_t witnesses = 0;
    for (const Node node : {1U, 2U, 3U}) {
        for (const Evidence& evidence : cluster.replica(node).evidence()) {
            ++witnesses;
            EXPECT_EQ(evidence.first.validator, 0);
            EXPECT_NE(evidence.first.digest, evidence.second.digest);
            EXPECT_EQ(evidence.first.view, evidence.second.view);
            EXPECT_EQ(evidence.first.height, evidence.second.height);
            EXPECT_EQ(evidence.first.type, evidence.second.type);
            // Offline: all that it takes is the genesis hash and the keys.
            EXPECT_TRUE(cluster.authenticator().verify(evidence.first));
            EXPECT_TRUE(cluster.authenticator().verify(evidence.second));
        }
        if (!cluster.replica(node).evidence().empty()) {
            EXPECT_THAT(cluster.info(node, "evidence"), HasSubstr("\"validator\":0"));
        }
    }
    EXPECT_GT(witnesses, 0U);
}

TEST(Equivocation, second_prepare_or_commit_of_a_replica_does_not_count) {
    for (const auto type : {MessageType::prepare, MessageType::commit}) {
        LoneReplica replica(1);
        const BlockRef block = replica.make_block(1);
        const BlockHash digest = block->header.hash();
        BlockHash other = digest;
        other.bytes()[0] ^= 1;
        replica.receive(0, replica.pre_prepare_message(0, 1, *block, 0));
        if (type == MessageType::commit) {
            for (const size_t validator : {2U, 3U})
                replica.receive(
                    0, replica.vote_message(MessageType::prepare, 0, 1, digest, validator));
            EXPECT_EQ(replica.info("committed"), "[1]");
        }
        const std::string field = type == MessageType::prepare ? "prepared" : "committed";
        const std::string before = replica.info(field);
        replica.receive(0, replica.vote_message(type, 0, 1, other, 3));
        replica.receive(0, replica.vote_message(type, 0, 1, digest, 3));
        if (type == MessageType::commit) {
            // The first counted, for nothing; the second is evidence.
            EXPECT_EQ(replica.info(field), before);
        }
        const auto& evidence = replica.replica().evidence();
        ASSERT_EQ(evidence.size(), 1U);
        EXPECT_EQ(evidence[0].first.digest, other);
        EXPECT_EQ(evidence[0].second.digest, digest);
        EXPECT_THAT(replica.blames(), IsEmpty());  // who hands on a contradiction is no liar
        // The same message a hundred times is one vote.
        for (int i = 0; i < 100; ++i)
            replica.receive(0, replica.vote_message(type, 0, 1, other, 3));
        EXPECT_EQ(replica.height(), 0U);
        EXPECT_EQ(evidence.size(), 1U);
    }
}

TEST(Replay, of_other_view_height_chain_or_set_changes_nothing) {
    LoneReplica replica(1);
    replica.extend();
    const BlockHash digest = replica.make_block(1)->header.hash();
    const NetworkTag& network = replica.network();
    // Votes of height 1 in this height's place: the signature covers the height.
    for (const size_t validator : {2U, 3U}) {
        Vote vote = replica.make_vote(MessageType::commit, 0, 1, digest, validator);
        vote.height = 2;
        replica.receive(0, encode_vote(vote, network));
        vote = replica.make_vote(MessageType::commit, 0, 2, digest, validator);
        vote.view = 1;
        replica.receive(0, encode_vote(vote, network));
        vote = replica.make_vote(MessageType::prepare, 0, 2, digest, validator);
        vote.type = MessageType::commit;
        replica.receive(0, encode_vote(vote, network));
    }
    EXPECT_THAT(replica.blames(), SizeIs(6));
    // An old but genuine vote is nobody's fault.
    replica.receive(0, replica.vote_message(MessageType::commit, 0, 1, digest, 3));
    EXPECT_THAT(replica.blames(), SizeIs(6));
    // Another validator set, another chain: another tag, and with our tag a bad signature.
    const Committee foreign(5);
    const Vote theirs = foreign.make_vote(MessageType::commit, 0, 2, digest, 2);
    replica.receive(0, encode_vote(theirs, foreign.network()));
    replica.receive(0, encode_vote(theirs, network));
    const Authenticator other_chain(replica.authenticator().validators(), digest);
    Vote moved = replica.make_vote(MessageType::commit, 0, 2, digest, 2);
    moved.signature =
        replica.key(2).sign_compact(other_chain.signing_hash(MessageType::commit, 0, 2, digest));
    replica.receive(0, encode_vote(moved, network));
    EXPECT_THAT(replica.blames(), SizeIs(9));
    EXPECT_EQ(replica.info("committed"), "[]");
    EXPECT_EQ(replica.height(), 1U);
}

TEST(Replay, prepares_of_an_older_view_do_not_count_in_the_next) {
    Cluster cluster({.delay = milliseconds{50}});
    cluster.run_for(seconds{1});
    cluster.crash(0);
    cluster.submit();
    ASSERT_TRUE(cluster.run_until(
        [&] {
            return cluster.lowest_height({1, 2, 3}) == 1;
        },
        seconds{10}));
    ASSERT_EQ(cluster.view(2), 1U);
    // From here on it hears only what the test says in the name of 3.
    cluster.crash(1);
    cluster.partition({{0}});
    const BlockRef block = cluster.make_block(2, 1);
    const BlockHash digest = block->header.hash();
    cluster.inject(2, 3, cluster.pre_prepare_message(1, 2, *block, 1));
    cluster.inject(2, 3, cluster.vote_message(MessageType::prepare, 0, 2, digest, 3));
    EXPECT_EQ(cluster.info(2, "prepared"), "[1,2]");
    EXPECT_EQ(cluster.info(2, "committed"), "[]");
    cluster.inject(2, 3, cluster.vote_message(MessageType::prepare, 1, 2, digest, 3));
    EXPECT_EQ(cluster.info(2, "prepared"), "[1,2,3]");
    EXPECT_EQ(cluster.info(2, "committed"), "[2]");
}

TEST(Forgery, bad_messages_are_refused_and_their_sender_blamed) {
    LoneReplica replica(1);
    const NetworkTag& network = replica.network();
    const BlockRef block = replica.make_block(1);
    const BlockHash digest = block->header.hash();
    const Vote good = replica.make_vote(MessageType::prepare, 0, 1, digest, 2);
    std::vector<Bytes> bad;
    Vote vote = good;
    vote.signature[10] ^= 1;
    bad.push_back(encode_vote(vote, network));
    vote = good;
    vote.validator = 3;  // somebody else's signature
    bad.push_back(encode_vote(vote, network));
    vote = good;
    vote.validator = 4;  // nobody's
    bad.push_back(encode_vote(vote, network));
    vote = good;
    vote.validator = 65535;
    bad.push_back(encode_vote(vote, network));
    bad.push_back(replica.vote_message(MessageType::prepare, 0, 1, digest, 0));
    // A pre-prepare of a backup, one with another block, one with a cut block.
    bad.push_back(replica.pre_prepare_message(0, 1, *block, 2));
    const Vote first = replica.make_vote(MessageType::pre_prepare, 0, 1, digest, 0);
    bad.push_back(encode_pre_prepare(first, replica.make_block(2)->serialize(), network));
    Bytes cut = block->serialize();
    cut.pop_back();
    bad.push_back(encode_pre_prepare(first, cut, network));
    Bytes longer = block->serialize();
    longer.push_back(0);
    bad.push_back(encode_pre_prepare(first, longer, network));
    // Bytes.
    Bytes message = encode_vote(good, network);
    for (size_t size = 0; size < message.size(); ++size)
        bad.push_back(Bytes(message.begin(), message.begin() + static_cast<ptrdiff_t>(size)));
    message.push_back(0);
    bad.push_back(message);
    message = encode_vote(good, network);
    message[0] = 2;
    bad.push_back(message);
    message[0] = 1;
    message[1] = 0;
    bad.push_back(message);
    message[1] = 200;
    bad.push_back(message);
    bad.push_back(Bytes(kEngineMessageSizeMax + 1, 1));
    size_t count = 0;
    for (const Bytes& bytes : bad) {
        replica.receive(0, bytes);
        EXPECT_EQ(replica.blames().size(), ++count);
    }
    EXPECT_EQ(replica.info("prepared"), "[0]");  // the pre-prepare without its block is genuine
    EXPECT_EQ(replica.sent(MessageType::prepare), 0U);
    // And after all that it works.
    replica.receive(0, replica.pre_prepare_message(0, 1, *block, 0));
    EXPECT_EQ(replica.sent(MessageType::prepare), 1U);
}

class Certificates : public ::testing::Test {
 protected:
    CommitCertificate certificate(View view, const std::vector<size_t>& signers) const {
        return replica.certificate(view, 1, digest, signers);
    }
    Expected<void, ProofError> verify(const CommitCertificate& certificate) const {
        return replica.authenticator().verify_commits(certificate, 1, digest);
    }
    void expect(const CommitCertificate& certificate, ProofError error) const {
        const auto result = verify(certificate);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error(), error);
    }

    LoneReplica replica{0};
    BlockRef block = replica.make_block(1);
    BlockHash digest = block->header.hash();
};

TEST_F(Certificates, quorum_of_one_view_holds_and_nothing_less) {
    EXPECT_TRUE(verify(certificate(3, {0, 1, 2})));
    EXPECT_TRUE(verify(certificate(0, {0, 1, 2, 3})));
    expect(certificate(0, {0, 1}), ProofError::no_quorum);
    expect(certificate(0, {0, 1, 1}), ProofError::unordered_signers);
    expect(certificate(0, {0, 2, 1}), ProofError::unordered_signers);
    CommitCertificate mixed = certificate(1, {0, 1, 2});
    mixed.commits[2] = certificate(2, {0, 1, 2}).commits[2];
    expect(mixed, ProofError::bad_signature);
    CommitCertificate stranger = certificate(0, {0, 1, 2});
    stranger.commits[2].validator = 4;
    expect(stranger, ProofError::not_a_member);
    CommitCertificate wrong_key = certificate(0, {0, 1, 2});
    wrong_key.commits[2].validator = 3;
    expect(wrong_key, ProofError::bad_signature);
    expect(CommitCertificate{kViewMax, certificate(0, {0, 1, 2}).commits}, ProofError::wrong_view);
    // Prepares are no commits.
    CommitCertificate prepares{0, {}};
    for (const size_t validator : {1U, 2U, 3U}) {
        const Vote vote = replica.make_vote(MessageType::prepare, 0, 1, digest, validator);
        prepares.commits.push_back(Endorsement{vote.validator, vote.signature});
    }
    expect(prepares, ProofError::bad_signature);
}

TEST_F(Certificates, header_with_seal_scores_one_more_than_its_parent) {
    const HeaderNode& genesis = replica.tip();
    const auto verify_header = [&](const BlockHeader& header, ByteSpan seal) {
        return replica.replica().verify_header(header, header.hash(), seal, genesis);
    };
    const Bytes seal = encode_seal(certificate(0, {0, 1, 3}));
    auto score = verify_header(block->header, seal);
    ASSERT_TRUE(score && *score);
    EXPECT_EQ(**score, Score{1});
    score = verify_header(block->header, {});
    ASSERT_TRUE(score);
    EXPECT_FALSE(*score);  // acceptable, not eligible

    for (size_t size = 1; size < seal.size(); ++size)
        EXPECT_FALSE(verify_header(block->header, ByteSpan(seal).first(size)));
    Bytes longer = seal;
    longer.push_back(0);
    EXPECT_FALSE(verify_header(block->header, longer));
    EXPECT_FALSE(verify_header(block->header, encode_seal(certificate(0, {0, 1}))));
    EXPECT_FALSE(verify_header(replica.make_block(2)->header, seal));
    BlockHeader header = block->header;
    header.nonce = 1;
    EXPECT_EQ(verify_header(header, {}).error().reason, "bad-nonce");
    header = block->header;
    header.bits = 0x1d00ffff;
    EXPECT_EQ(verify_header(header, {}).error().reason, "bad-diffbits");
    // The same certificate does not seal the block at another height.
    HeaderNode child;
    child.height = Height{1};
    child.score = Score{1};
    EXPECT_FALSE(replica.replica().verify_header(block->header, digest, seal, child));
    EXPECT_EQ(replica.replica().next_bits(genesis, 0), block->header.bits);
    EXPECT_EQ(replica.replica().genesis_score(genesis.header), Score{0});
}

TEST(Quorum, any_two_share_f_plus_one_and_the_correct_ones_suffice) {
    for (size_t n = 1; n <= kValidatorsMax; ++n) {
        SeededRandom random(n);
        std::vector<PublicKey> keys;
        for (size_t i = 0; i < n; ++i) keys.push_back(SecretKey::generate(random).public_key());
        const auto set = ValidatorSet::create(keys);
        ASSERT_TRUE(set);
        const size_t f = (n - 1) / 3;
        EXPECT_EQ(set->faults(), f);
        EXPECT_GE(2 * set->quorum(), n + f + 1) << n;
        EXPECT_LT(2 * (set->quorum() - 1), n + f + 1) << n;  // and no more than it takes
        EXPECT_LE(set->quorum(), n - f) << n;
    }
}

// Every validator of the first f is two nodes with one key; the others are split in two halves, and
// each half sees its own twins. With f twins no half can decide against the other.
Cluster::Node twin_world(size_t n, size_t liars, uint64_t seed, bool& forked, std::string& report) {
    ClusterOptions options{.validators = n};
    for (size_t i = 0; i < liars; ++i) options.extra.push_back(i);
    options.seed = seed;
    options.delay = milliseconds{20};
    options.jitter = milliseconds{40};
    // Short, so that a round of two seconds has two changes of view.
    options.base_timeout = milliseconds{500};
    options.timeout_max = seconds{4};
    Cluster cluster(options);
    SeededRandom random(seed);
    for (size_t i = 0; i < liars; ++i) {
        cluster.distrust(i);
        cluster.distrust(n + i);
    }
    for (int round = 0; round < 4; ++round) {
        std::set<Node> left, right;
        for (size_t i = 0; i < liars; ++i) {
            left.insert(i);
            right.insert(n + i);
        }
        for (size_t i = liars; i < n; ++i) (random.uniform(2) == 0 ? left : right).insert(i);
        if (seed == 0) {  // the even split, with which more than f liars succeed at once
            left.clear();
            right.clear();
            for (size_t i = 0; i < liars; ++i) {
                left.insert(i);
                right.insert(n + i);
            }
            for (size_t i = liars; i < n; ++i) (i % 2 == 0 ? left : right).insert(i);
        }
        cluster.partition({left, right});
        std::vector<Node> left_nodes(left.begin(), left.end());
        std::vector<Node> right_nodes(right.begin(), right.end());
        cluster.submit(left_nodes);
        cluster.submit(right_nodes);
        cluster.run_for(milliseconds{1750});
    }
    const std::vector<std::string> violations = cluster.violations();
    forked = std::any_of(violations.begin(), violations.end(), [](const std::string& text) {
        return text.find("finalised different blocks") != std::string::npos;
    });
    report = violations.empty() ? "" : violations.front();
    size_t height = 0;
    for (size_t i = liars; i < n; ++i) height = std::max(height, cluster.height(i));
    return height;
}

TEST(Forks, f_equivocating_validators_never_fork_any_size) {
    for (const size_t n : {4U, 5U, 6U, 7U, 8U, 9U, 10U, 13U}) {
        for (uint64_t seed = 0; seed < 4; ++seed) {
            bool forked = false;
            std::string report;
            twin_world(n, (n - 1) / 3, seed, forked, report);
            EXPECT_FALSE(forked) << "n " << n << " seed " << seed;
            EXPECT_EQ(report, "") << "n " << n << " seed " << seed;
        }
    }
}

TEST(Forks, more_than_f_equivocators_are_seen_by_the_checker) {
    bool forked = false;
    std::string report;
    twin_world(4, 2, 0, forked, report);
    EXPECT_TRUE(forked) << "a checker that cannot fire proves nothing";
}

}  // namespace
}  // namespace parley::pbft::testing
