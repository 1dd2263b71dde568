// What a replica signed survives any crash: the same bytes again, or none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "base/storage/memory_storage.h"
#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/consensus/pbft/lone_replica.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Durability, same_bytes_are_sent_again_after_a_crash) {
    Cluster cluster({.delay = milliseconds{50}});
    cluster.run_for(seconds{1});
    std::map<std::pair<Node, int>, std::set<Bytes>> seen;
    cluster.filter = [&](Node from, Node, ByteSpan message) {
        const auto type = static_cast<MessageType>(message[1]);
        if (type == MessageType::prepare || type == MessageType::commit)
            seen[{from, message[1]}].insert(to_bytes(message));
        return type != MessageType::commit;
    };
    cluster.submit();
    cluster.run_for(milliseconds{500});
    for (const Node node : kAll) cluster.crash(node);
    for (const Node node : kAll) cluster.start(node);
    cluster.connect();
    cluster.run_for(milliseconds{900});  // before the view changes
    size_t kinds = 0;
    for (const auto& [key, messages] : seen) {
        std::set<Bytes> own;
        for (const Bytes& message : messages) {
            const auto decoded = decode_message(message, cluster.authenticator().network());
            ASSERT_TRUE(decoded);
            if (std::get<Vote>(*decoded).validator == key.first) own.insert(message);
        }
        if (own.empty()) continue;
        EXPECT_EQ(own.size(), 1U) << "validator " << key.first << " type " << key.second;
        ++kinds;
    }
    EXPECT_EQ(kinds, 3U + 4U);  // three prepares, four commits
    cluster.filter = nullptr;
    EXPECT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{5}));
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(Durability, nothing_leaves_before_its_record_is_on_the_disk) {
    Cluster cluster({.delay = milliseconds{50}, .write_time = milliseconds{20}});
    cluster.run_for(seconds{1});
    const TimePoint begin = cluster.now();
    cluster.submit();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.lowest_height(kAll) == 1; }, seconds{5}));
    // Three delays and the write before each of the three sends.
    EXPECT_EQ(cluster.now() - begin, milliseconds{3 * 50 + 3 * 20});
}

TEST(Durability, all_crash_while_one_alone_holds_the_certificate_and_it_stays_down) {
    for (const Node holder : kAll) {
        Cluster cluster({.delay = milliseconds{50}});
        cluster.run_for(seconds{1});
        cluster.filter = [&](Node, Node to, ByteSpan message) {
            return to == holder || message[1] != static_cast<uint8_t>(MessageType::commit);
        };
        cluster.submit();
        ASSERT_TRUE(cluster.run_until([&] { return cluster.height(holder) == 1; }, seconds{1}));
        const BlockHash decided = cluster.tip(holder).hash;
        for (const Node node : kAll) cluster.crash(node);
        cluster.filter = nullptr;
        std::vector<Node> rest;
        for (const Node node : kAll) {
            if (node == holder) continue;
            rest.push_back(node);
            cluster.start(node);
            EXPECT_EQ(cluster.height(node), 0U);
        }
        cluster.submit(rest);
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(rest) == 1; }, seconds{20}))
            << holder;
        EXPECT_EQ(cluster.tip(rest[0]).hash, decided);
        cluster.start(holder);
        cluster.submit();
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(kAll) >= 2; }, seconds{20}))
            << holder;
        EXPECT_THAT(cluster.violations(), IsEmpty());
    }
}

class DamagedRecord : public ::testing::Test {
 protected:
    // A cluster that stopped with a prepared block and a change of view behind it.
    DamagedRecord() {
        cluster.run_for(seconds{1});
        cluster.filter = [](Node, Node, ByteSpan message) {
            const auto type = static_cast<MessageType>(message[1]);
            return type != MessageType::commit;
        };
        cluster.submit();
        cluster.run_for(milliseconds{2500});
        cluster.crash(1);
        load();
    }
    /// The engine's part of its disk, for a test to damage.
    void load() {
        WriteBatch batch;
        for (const auto& [key, value] : cluster.records(1)) batch.put(key, value);
        storage.commit(std::move(batch), Durability::synced);
    }
    void put(const Bytes& key, const Bytes& value) {
        WriteBatch batch;
        batch.put(key, value);
        storage.commit(std::move(batch), Durability::synced);
    }
    void erase(const Bytes& key) {
        WriteBatch batch;
        batch.erase(key);
        storage.commit(std::move(batch), Durability::synced);
    }
    Expected<std::unique_ptr<Engine>, std::string> open(std::optional<size_t> validator = 1) {
        return make_pbft_engine(cluster.engine_options(validator), cluster.params(), storage, log);
    }

    Cluster cluster{{.delay = milliseconds{50}}};
    MemoryStorage storage;
    NullLog log;
};

TEST_F(DamagedRecord, every_flipped_byte_and_torn_tail_refuses_to_vote_and_says_so) {
    const auto intact = cluster.records(1);
    ASSERT_EQ(intact.size(), 3U);  // state, new-view, block
    ASSERT_TRUE(open());
    for (const auto& [key, value] : intact) {
        for (size_t i = 0; i < value.size(); ++i) {
            Bytes damaged = value;
            damaged[i] ^= 0x10;
            put(key, damaged);
            const auto engine = open();
            ASSERT_FALSE(engine) << to_hex(key) << " byte " << i;
            ASSERT_THAT(engine.error(),
                        AllOf(HasSubstr("must not vote"), HasSubstr("Do not move the record")));
            put(key, Bytes(value.begin(), value.begin() + static_cast<ptrdiff_t>(i)));
            ASSERT_FALSE(open()) << to_hex(key) << " torn at " << i;
        }
        erase(key);
        ASSERT_FALSE(open()) << to_hex(key) << " gone";
        put(key, value);
    }
    put(Bytes{kEngineKeyPrefix, 'x'}, Bytes(40));
    EXPECT_FALSE(open());
    erase(Bytes{kEngineKeyPrefix, 'x'});
    EXPECT_TRUE(open());
}

TEST_F(DamagedRecord, of_another_validator_or_network_is_refused) {
    const auto engine = open(2);
    ASSERT_FALSE(engine);
    EXPECT_THAT(engine.error(), HasSubstr("it is validator 1's, this is 2"));
    const Committee other(5);
    const auto foreign = make_pbft_engine(other.engine_options(1), other.params(), storage, log);
    ASSERT_FALSE(foreign);
    EXPECT_THAT(foreign.error(), HasSubstr("another chain or validator set"));
    // Without a key nothing is voted, so the record does not matter.
    EXPECT_TRUE(open(std::nullopt));
}

// A record of version 1, byte by byte: it lacks the byte of version 2 that says whether there is a
// new-view. Data directories with such records exist.
class FirstVersion : public ::testing::Test {
 protected:
    static Bytes with_checksum(Bytes payload) {
        append(payload, sha256(payload).span());
        return payload;
    }
    static Bytes key(char kind) { return {kEngineKeyPrefix, static_cast<uint8_t>(kind)}; }
    static Bytes block_key(const Block& block) {
        Bytes key_of_block = key('b');
        append(key_of_block, block.header.hash().span());
        return key_of_block;
    }
    /// The main record of validator 2 in `view`, which it has entered, with these votes.
    Bytes state(View view, const std::optional<Vote>& accepted,
                const std::optional<Vote>& prepare) const {
        Writer writer;
        writer.u8(1).bytes(plain.network()).hash(plain.authenticator().validators().id());
        writer.le(uint16_t{2}).le(uint64_t{view}).u8(1);
        for (const auto& vote : {accepted, prepare}) {
            writer.u8(vote ? 1 : 0);
            if (!vote) continue;
            writer.le(uint64_t{vote->view}).le(uint64_t{vote->height}).hash(vote->digest);
            writer.le(uint16_t{vote->validator}).bytes(vote->signature);
        }
        writer.u8(0).u8(0).u8(0);  // commit, prepared certificate, view-change
        return with_checksum(writer.take());
    }

    LoneReplica plain{2};
};

TEST_F(FirstVersion, of_a_vote_record_is_read_and_binds) {
    const BlockRef a = plain.make_block(1);
    const BlockRef b = plain.make_block(2);
    const Vote accepted = plain.make_vote(MessageType::pre_prepare, 0, 1, a->header.hash(), 0);
    const Vote prepare = plain.make_vote(MessageType::prepare, 0, 1, a->header.hash(), 2);
    LoneReplica replica(2, {.records = {{key('s'), state(0, accepted, prepare)},
                                        {block_key(*a), with_checksum(a->serialize())}}});
    replica.receive(0, replica.pre_prepare_message(0, 1, *b, 0));
    EXPECT_EQ(replica.sent(MessageType::prepare), 0U);
    // What it prepared is still on its way: two more prepares, and it commits to that.
    for (const size_t other : {1U, 3U})
        replica.receive(other,
                        replica.vote_message(MessageType::prepare, 0, 1, a->header.hash(), other));
    const Bytes commit = replica.last_sent(MessageType::commit);
    const auto decoded = decode_message(commit, replica.network());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Vote>(*decoded).digest, a->header.hash());
}

TEST_F(FirstVersion, of_a_later_view_needs_its_new_view) {
    NewView start{.view = 1, .validator = 1, .view_changes = {}, .reproposal = {}, .signature = {}};
    for (const size_t validator : {0U, 1U, 3U})
        start.view_changes.push_back(plain.make_view_change(1, validator, plain.genesis_point()));
    start.signature = plain.key(1).sign_compact(
        plain.authenticator().signing_hash(MessageType::new_view, 1, 0, content_digest(start)));
    const Bytes record = state(1, std::nullopt, std::nullopt);
    const LoneReplica replica(
        2, {.records = {{key('s'), record},
                        {key('n'), with_checksum(encode_new_view(start, plain.network()))}}});
    EXPECT_EQ(replica.view(), 1U);
    EXPECT_EQ(replica.info("phase"), "\"idle\"");

    MemoryStorage storage;
    NullLog log;
    WriteBatch batch;
    batch.put(key('s'), record);
    storage.commit(std::move(batch), Durability::synced);
    const auto engine = make_pbft_engine(plain.engine_options(2), plain.params(), storage, log);
    ASSERT_FALSE(engine);
    EXPECT_THAT(engine.error(), HasSubstr("the new-view of its view is missing"));
}

TEST(Durability, finalised_blocks_leave_the_record) {
    Cluster cluster({.delay = milliseconds{10}});
    for (size_t height = 1; height <= 20; ++height) {
        cluster.submit();
        ASSERT_TRUE(
            cluster.run_until([&] { return cluster.lowest_height(kAll) == height; }, seconds{5}));
    }
    const auto records = cluster.records(2);
    EXPECT_FALSE(records.empty());
    EXPECT_LE(std::count_if(records.begin(), records.end(),
                            [](const auto& record) { return record.first.at(1) == 'b'; }),
              1);
}

TEST(Durability, replica_that_lost_its_record_does_not_contradict_what_it_hears_of_itself) {
    LoneReplica replica(2);
    const BlockRef a = replica.make_block(1);
    const BlockRef b = replica.make_block(2);
    // Peers hand it a prepare of its own for a that it does not remember.
    replica.receive(1, replica.vote_message(MessageType::prepare, 0, 1, a->header.hash(), 2));
    EXPECT_EQ(replica.info("phase"), "\"halted\"");
    EXPECT_THAT(replica.replica().warnings(),
                ElementsAre(HasSubstr("The key of validator 2 has signed a vote for height 1")));
    replica.receive(1, replica.pre_prepare_message(0, 1, *b, 0));
    replica.demand(1);
    replica.run_for(seconds{60});
    EXPECT_EQ(replica.sent(MessageType::prepare), 0U);
    EXPECT_EQ(replica.sent(MessageType::view_change), 0U);
    // It says so once, and follows the chain.
    EXPECT_EQ(std::ranges::count_if(
                  replica.warnings(),
                  [](const std::string& line) { return line.starts_with("The key of"); }),
              1);
    replica.extend();
    EXPECT_EQ(replica.info("height"), "2");
    EXPECT_EQ(replica.info("phase"), "\"halted\"");
}

// Validator 2 has voted at height 1 in view 0, and left it for view 1.
class OwnKey : public ::testing::Test {
 protected:
    OwnKey() {
        replica.receive(0, replica.pre_prepare_message(0, 1, *a, 0));
        replica.receive(1, replica.vote_message(MessageType::prepare, 0, 1, a->header.hash(), 1));
        EXPECT_EQ(replica.sent(MessageType::commit), 1U);
        replica.demand(1);
        replica.run_for(seconds{3});
        EXPECT_EQ(replica.view(), 1U);
    }
    void hear(MessageType type, View view, Sequence height, const BlockHash& digest) {
        replica.receive(1, replica.vote_message(type, view, height, digest, 2));
    }
    void hear_view_change(View view) {
        replica.receive(1,
                        encode_view_change(replica.make_view_change(view, 2, replica.final_point()),
                                           replica.network()));
    }
    bool halted() const { return replica.info("phase") == "\"halted\""; }

    LoneReplica replica{2};
    const BlockRef a = replica.make_block(1);
    const BlockRef b = replica.make_block(2);
};

TEST_F(OwnKey, own_messages_that_come_back_are_harmless) {
    hear(MessageType::prepare, 0, 1, a->header.hash());
    hear(MessageType::commit, 0, 1, a->header.hash());
    replica.receive(1, replica.last_sent(MessageType::view_change));
    EXPECT_FALSE(halted());
    replica.restart_at(0);
    hear(MessageType::commit, 0, 1, a->header.hash());
    replica.receive(1, replica.last_sent(MessageType::view_change));
    EXPECT_FALSE(halted());
    EXPECT_THAT(replica.replica().warnings(), IsEmpty());
}

TEST_F(OwnKey, other_digest_of_the_same_view_halts) {
    hear(MessageType::commit, 0, 1, b->header.hash());
    EXPECT_TRUE(halted());
    EXPECT_NE(replica.info("evidence"), "[]");
}

TEST_F(OwnKey, vote_of_a_later_view_halts) {
    hear(MessageType::commit, 1, 1, a->header.hash());
    EXPECT_TRUE(halted());
}

TEST_F(OwnKey, vote_for_a_later_height_halts) {
    hear(MessageType::prepare, 0, 2, b->header.hash());
    EXPECT_TRUE(halted());
}

TEST_F(OwnKey, view_change_to_a_later_view_halts) {
    hear_view_change(2);
    EXPECT_TRUE(halted());
}

TEST_F(OwnKey, view_change_with_other_content_halts) {
    hear_view_change(1);  // without the certificate of what it prepared
    EXPECT_TRUE(halted());
}

TEST(OwnKeyForged, bad_signature_is_blamed_and_does_not_halt) {
    LoneReplica replica(2);
    Vote vote = replica.make_vote(MessageType::prepare, 0, 1, BlockHash{}, 2);
    vote.signature[5] ^= 1;
    replica.receive(1, encode_vote(vote, replica.network()));
    ViewChange view_change = replica.make_view_change(1, 2, replica.final_point());
    view_change.signature[5] ^= 1;
    replica.receive(1, encode_view_change(view_change, replica.network()));
    EXPECT_EQ(replica.info("halted"), "null");
    EXPECT_EQ(replica.blames().size(), 2U);
}

TEST(Durability, second_process_with_a_key_stops_voting_and_follows) {
    Cluster cluster({.extra = {3}, .twins_hear_each_other = true, .delay = milliseconds{50}});
    cluster.distrust(3);
    cluster.distrust(4);
    // Proposals are lost to the second process: it hears votes that it has not signed.
    cluster.filter = [](Node, Node to, ByteSpan message) {
        return to != 4 || message[1] != static_cast<uint8_t>(MessageType::pre_prepare);
    };
    for (size_t height = 1; height <= 3; ++height) {
        cluster.submit();
        ASSERT_TRUE(cluster.run_until(
            [&] {
                return cluster.lowest_height({0, 1, 2, 3, 4}) == height;
            },
            seconds{20}));
    }
    EXPECT_EQ(cluster.info(4, "phase"), "\"halted\"");
    EXPECT_THAT(cluster.info(4, "halted"), HasSubstr("another process votes with the same key"));
    EXPECT_THAT(cluster.replica(4).warnings(), ElementsAre(HasSubstr("has stopped voting")));
    for (const Node node : kAll) EXPECT_EQ(cluster.info(node, "halted"), "null");
    EXPECT_THAT(cluster.violations(), IsEmpty());
}

TEST(Durability, chain_without_a_record_refuses_to_start_unless_told_that_the_key_is_new) {
    LoneReplica replica(2);
    EXPECT_EQ(replica.problem_without_record(false), "");  // a new network
    replica.extend();
    EXPECT_THAT(replica.problem_without_record(false),
                AllOf(HasSubstr("1 blocks, but no record of the votes of validator 2"),
                      HasSubstr("-pbftnewrecord")));
    EXPECT_EQ(replica.problem_without_record(true), "");
    // With its record, which exists from the first start on although it has not voted.
    replica.restart_at(1);
    EXPECT_EQ(replica.replica().start_problem(replica.tip()), std::nullopt);
}

TEST(Durability, follower_needs_no_record) {
    LoneReplica replica(2);
    replica.extend();
    const MemoryStorage empty;
    NullLog log;
    const auto engine =
        make_pbft_engine(replica.engine_options(std::nullopt), replica.params(), empty, log);
    ASSERT_TRUE(engine);
    EXPECT_EQ((*engine)->start_problem(replica.tip()), std::nullopt);
}

}  // namespace
}  // namespace parley::pbft::testing
