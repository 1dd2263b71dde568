// Transactions: announcement, request, orphans, filters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

message::Inv inv_of(InvType type, const Hash256& hash) {
    message::Inv inv;
    inv.entries.push_back(message::InvEntry::of(type, hash));
    return inv;
}

/// Whether the one entry of the one getdata names this.
bool asks_for(Station& station, PeerId peer, InvType type, const Hash256& hash) {
    const auto requests = station.take<message::GetData>(peer);
    return requests.size() == 1 && requests[0].entries.size() == 1 &&
           requests[0].entries[0] == message::InvEntry::of(type, hash);
}

TEST(Relay, transaction_spreads_over_a_line_of_nodes) {
    const sim::Purse purse(1);
    sim::World world({.latency = sim::LatencyTable::uniform(milliseconds{1})});
    for (int i = 0; i < 5; ++i) world.add_node(sim::pow_node(purse.params(), 0));
    for (size_t i = 0; i + 1 < 5; ++i) world.connect(i, i + 1);
    sim::mine(world, 0, 1);  // out of the initial download
    world.run_for(seconds{1});
    const TransactionRef transaction = purse.pay(0);
    ASSERT_EQ(sim::submit(world, 0, transaction), "");
    world.run_for(seconds{5});
    for (size_t i = 0; i < 5; ++i) EXPECT_TRUE(sim::waiting(world, i, transaction)) << i;
    // Each node was handed the transaction's body once.
    EXPECT_EQ(world.sent_by_command().at("tx").messages, 4u);
}

TEST(Relay, mempools_agree_after_a_partition) {
    const sim::Purse purse(8);
    sim::World world({.latency = sim::LatencyTable::uniform(milliseconds{1})});
    for (int i = 0; i < 2; ++i) world.add_node(sim::pow_node(purse.params(), 0));
    world.connect(0, 1);
    sim::mine(world, 0, 1);
    world.run_for(seconds{1});
    world.partition({{0}, {1}});
    world.reset_connections(0, 1);
    for (size_t i = 0; i < 8; ++i) ASSERT_EQ(sim::submit(world, i % 2, purse.pay(i)), "");
    world.run_for(seconds{2});
    EXPECT_EQ(world.node(0).mempool().size(), 4u);
    world.heal();
    world.run_for(seconds{10});  // dials of the partition's time end after five
    EXPECT_EQ(world.node(0).mempool().size(), 8u);
    EXPECT_EQ(world.node(1).mempool().size(), 8u);
}

TEST(Relay, announcement_uses_what_was_negotiated) {
    Station station;
    const PeerId modern = station.ready_peer(true);
    const PeerId old = station.ready_peer(true, Station::default_version(), false);
    message::Version no_relay = Station::default_version();
    no_relay.relay = false;
    const PeerId deaf = station.ready_peer(true, no_relay);
    const TransactionRef transaction = make_spend(coin(1), 1, true);
    station.backend.add_transaction(transaction);
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(modern),
                ElementsAre(inv_of(InvType::wtxid, transaction->wtxid())));
    EXPECT_THAT(station.take<message::Inv>(old),
                ElementsAre(inv_of(InvType::transaction, transaction->txid())));
    EXPECT_THAT(station.take<message::Inv>(deaf), IsEmpty());
}

TEST(Relay, announcer_does_not_hear_its_own_announcement) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const TransactionRef transaction = make_spend(coin(1), 1);
    station.send(peer, message::Tx{transaction->data()});
    EXPECT_NE(station.backend.find_transaction(GenTxid::of(transaction->txid())), nullptr);
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
}

TEST(Relay, fee_filter_holds_back_cheap_transactions) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.send(peer, message::FeeFilter{5'000});
    station.send(peer, message::FeeFilter{-1});  // nonsense changes nothing
    station.backend.add_transaction(make_spend(coin(1), 1), 4'999);
    const TransactionRef enough = make_spend(coin(2), 1);
    station.backend.add_transaction(enough, 5'000);
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(peer),
                ElementsAre(inv_of(InvType::wtxid, enough->wtxid())));
    EXPECT_EQ(station.manager.peer_infos(station.now).at(0).fee_filter, 5'000);
}

TEST(Relay, own_fee_filter_is_told_and_raised_during_download) {
    Station station;
    station.backend.downloading = true;
    const PeerId peer = station.connect(true);
    station.send(peer, Station::default_version());
    station.send(peer, message::Verack{});
    EXPECT_THAT(station.take<message::FeeFilter>(peer),
                ElementsAre(message::FeeFilter{2'100'000'000'000'000}));
    station.backend.downloading = false;
    station.backend.mine(1);
    EXPECT_THAT(station.take<message::FeeFilter>(peer), ElementsAre(message::FeeFilter{100}));
}

TEST(Relay, mempool_is_announced_to_a_node_that_ends_its_initial_download) {
    Station station;
    station.backend.mine(1);
    const TransactionRef transaction = make_spend(coin(1), 1);
    station.backend.add_transaction(transaction);
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId peer = station.ready_peer(true, parley);
    station.send(peer, message::FeeFilter{2'100'000'000'000'000});
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
    station.send(peer, message::FeeFilter{100});
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(peer),
                ElementsAre(inv_of(InvType::wtxid, transaction->wtxid())));
}

TEST(Relay, transaction_that_left_the_mempool_is_not_announced) {
    Station station;
    const PeerId peer = station.ready_peer();
    station.step(net_input::TransactionAdded{{coin(9), Wtxid{}, 1000}});
    station.advance(seconds{3});
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
}

TEST(Relay, announced_transaction_is_asked_of_one_peer_at_a_time) {
    Station station;
    const PeerId first = station.ready_peer();
    const PeerId second = station.ready_peer(true, Station::default_version(), false);
    const TransactionRef transaction = make_spend(coin(1), 1);  // wtxid == txid
    station.send(first, inv_of(InvType::wtxid, transaction->wtxid()));
    EXPECT_TRUE(asks_for(station, first, InvType::wtxid, transaction->wtxid()));
    station.send(first, inv_of(InvType::wtxid, transaction->wtxid()));
    EXPECT_THAT(station.take<message::GetData>(first), IsEmpty());
    (void)second;
}

size_t entries_of(const std::vector<message::GetData>& requests) {
    size_t count = 0;
    for (const message::GetData& request : requests) count += request.entries.size();
    return count;
}

TEST(Relay, large_inv_is_taken_up_in_portions_and_delays_nobody) {
    constexpr size_t kEntries = 5'000;
    Station station;
    const PeerId loud[] = {station.ready_peer(), station.ready_peer()};
    const PeerId quiet = station.ready_peer();
    uint32_t number = 0;
    for (const PeerId peer : loud) {
        message::Inv inv;
        for (size_t i = 0; i < kEntries; ++i) {
            Hash256 hash;
            for (size_t byte = 0; byte < 4; ++byte)
                hash.bytes()[byte] = static_cast<uint8_t>(number >> 8 * byte);
            inv.entries.push_back(message::InvEntry::of(InvType::wtxid, hash));
            ++number;
        }
        station.send(peer, inv);
    }
    const size_t first = entries_of(station.take<message::GetData>(loud[0]));
    EXPECT_GT(first, 0u);
    EXPECT_LT(first, kEntries / 5);
    const Wtxid wtxid = make_spend(coin(1), 1)->wtxid();
    station.send(quiet, inv_of(InvType::wtxid, wtxid));
    EXPECT_TRUE(asks_for(station, quiet, InvType::wtxid, wtxid));
    // A second inv waits behind the first one, and no peer has more waiting than is remembered.
    message::Inv more;
    more.entries.assign(50'000, message::InvEntry::of(InvType::wtxid, wtxid));
    station.send(loud[1], more);
    size_t total = first;
    // A peer with many unanswered requests is asked a little later.
    for (int steps = 0; steps < 200; ++steps) {
        station.advance(milliseconds{10});
        for (const PeerId peer : loud) total += entries_of(station.take<message::GetData>(peer));
    }
    EXPECT_EQ(total, 2 * kEntries);
}

TEST(Relay, silent_peer_loses_the_request_to_the_next_announcer) {
    Station station;
    const PeerId first = station.ready_peer();
    const PeerId second = station.ready_peer();
    const Wtxid wtxid = make_spend(coin(1), 1)->wtxid();
    station.send(first, inv_of(InvType::wtxid, wtxid));
    station.send(second, inv_of(InvType::wtxid, wtxid));
    EXPECT_TRUE(asks_for(station, first, InvType::wtxid, wtxid));
    EXPECT_THAT(station.take<message::GetData>(second), IsEmpty());
    station.advance(milliseconds{4'999});
    EXPECT_THAT(station.take<message::GetData>(second), IsEmpty());
    station.advance(milliseconds{1});
    EXPECT_TRUE(asks_for(station, second, InvType::wtxid, wtxid));
}

TEST(Relay, notfound_and_disconnection_pass_the_request_on_at_once) {
    Station station;
    const PeerId peers[] = {station.ready_peer(), station.ready_peer(), station.ready_peer()};
    const Wtxid wtxid = make_spend(coin(1), 1)->wtxid();
    for (const PeerId peer : peers) station.send(peer, inv_of(InvType::wtxid, wtxid));
    EXPECT_TRUE(asks_for(station, peers[0], InvType::wtxid, wtxid));
    message::NotFound not_found;
    not_found.entries = inv_of(InvType::wtxid, wtxid).entries;
    const PeerId stranger = station.ready_peer();
    station.send(stranger, not_found);  // it did not announce it
    EXPECT_THAT(station.take<message::GetData>(peers[1]), IsEmpty());
    EXPECT_THAT(station.take<message::GetData>(peers[2]), IsEmpty());
    station.send(peers[0], not_found);
    const bool second = asks_for(station, peers[1], InvType::wtxid, wtxid);
    EXPECT_NE(second, asks_for(station, peers[2], InvType::wtxid, wtxid));
    station.close(peers[second ? 1 : 2]);
    EXPECT_TRUE(asks_for(station, peers[second ? 2 : 1], InvType::wtxid, wtxid));
}

TEST(Relay, rejected_transaction_is_not_asked_for_again_until_the_tip_changes) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const PeerId other = station.ready_peer();
    const TransactionRef bad = make_spend(coin(1), 1);
    station.backend.refused.insert(bad->txid());
    station.send(peer, message::Tx{bad->data()});
    EXPECT_EQ(station.backend.submitted_transactions, 1u);
    EXPECT_FALSE(station.closed(peer));
    station.send(other, inv_of(InvType::wtxid, bad->wtxid()));
    EXPECT_THAT(station.take<message::GetData>(other), IsEmpty());
    station.send(other, message::Tx{bad->data()});
    EXPECT_EQ(station.backend.submitted_transactions, 1u);
    station.backend.mine(1);
    station.take_sent(other);
    station.send(other, inv_of(InvType::wtxid, bad->wtxid()));
    EXPECT_TRUE(asks_for(station, other, InvType::wtxid, bad->wtxid()));
}

// A node that dials us announces its mempool while we still fetch the blocks, and never again.
TEST(Relay, transaction_refused_as_premature_is_asked_for_again_once_missing_blocks_are_there) {
    for (const bool by_wtxid : {true, false}) {
        Station station;
        station.backend.add_coin(coin(1));
        const PeerId peer = station.ready_peer(true, Station::default_version(), by_wtxid);
        const BlockRef first = make_block(station.backend.active_tip().header, 1, 5);
        const BlockRef second = make_block(first->header, 2, 5);
        station.send(peer, message::Headers{{first->header, second->header}});
        const TransactionRef early = make_spend(coin(1), 1);
        const Hash256 id = by_wtxid ? static_cast<const Hash256&>(early->wtxid()) : early->txid();
        const InvType type = by_wtxid ? InvType::wtxid : InvType::witness_transaction;
        const InvType announced = by_wtxid ? InvType::wtxid : InvType::transaction;
        station.backend.premature.insert(early->txid());
        station.take_sent(peer);
        station.send(peer, inv_of(announced, id));
        ASSERT_TRUE(asks_for(station, peer, type, id));
        station.send(peer, message::Tx{early->data()});
        ASSERT_EQ(station.backend.submitted_transactions, 1u);
        station.send_raw(peer, "block", first->serialize());
        EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty()) << "one block still misses";
        station.backend.premature.clear();
        station.send_raw(peer, "block", second->serialize());
        ASSERT_EQ(station.backend.active_tip().height, Height{2});
        EXPECT_TRUE(asks_for(station, peer, type, id));
    }
}

TEST(Relay, premature_transaction_is_not_asked_for_again_by_a_node_that_lacks_no_block) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const TransactionRef early = make_spend(coin(1), 1);
    station.backend.premature.insert(early->txid());
    station.send(peer, message::Tx{early->data()});
    ASSERT_EQ(station.backend.submitted_transactions, 1u);
    station.backend.mine(1);
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
}

TEST(Relay, what_is_announced_during_the_initial_download_is_asked_for_after_it) {
    Station station;
    station.backend.downloading = true;
    const PeerId peer = station.ready_peer();
    const TransactionRef transaction = make_spend(coin(1), 1);
    station.send(peer, inv_of(InvType::wtxid, transaction->wtxid()));
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
    station.backend.downloading = false;
    station.backend.mine(1);
    EXPECT_TRUE(asks_for(station, peer, InvType::wtxid, transaction->wtxid()));
}

// Otherwise, an attacker could suppress a transaction by sending it without its witness first.
TEST(Relay, transaction_that_came_without_its_witness_is_still_asked_for_and_no_obstacle) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const PeerId old = station.ready_peer(true, Station::default_version(), false);
    const TransactionRef whole = make_spend(coin(1), 1, true);
    const TransactionRef stripped = make_spend(coin(1), 1, false);
    ASSERT_EQ(stripped->wtxid(), Wtxid{static_cast<const Hash256&>(whole->txid())});
    station.backend.need_witness.insert(whole->txid());
    station.send(peer, message::Tx{stripped->data()});
    EXPECT_EQ(station.backend.submitted_transactions, 1u);
    station.send(peer, message::Tx{make_spend(whole->txid(), 2)->data()});
    EXPECT_EQ(station.manager.orphan_count(), 1u);
    station.send(old, inv_of(InvType::transaction, whole->txid()));
    EXPECT_TRUE(asks_for(station, peer, InvType::witness_transaction, whole->txid()) ||
                asks_for(station, old, InvType::witness_transaction, whole->txid()));
    station.send(old, message::Tx{whole->data()});
    EXPECT_THAT(station.backend.relay_transactions(), SizeIs(2));
}

TEST(Relay, confirmed_transaction_is_not_asked_for) {
    Station station;
    const PeerId peer = station.ready_peer();
    const BlockRef block = make_block(station.backend.active_tip().header, 1, 5);
    station.send_raw(peer, "block", block->serialize());
    ASSERT_EQ(station.backend.active_tip().height, Height{1});
    station.take_sent(peer);
    station.send(peer, inv_of(InvType::wtxid, block->transactions[0]->wtxid()));
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
}

TEST(Relay, orphan_waits_for_its_parents) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const TransactionRef parent = make_spend(coin(1), 1, true);
    const TransactionRef child = make_spend(parent->txid(), 2);
    const TransactionRef grandchild = make_spend(child->txid(), 3);
    station.send(peer, message::Tx{grandchild->data()});
    EXPECT_TRUE(asks_for(station, peer, InvType::witness_transaction, child->txid()));
    station.send(peer, message::Tx{child->data()});
    EXPECT_TRUE(asks_for(station, peer, InvType::witness_transaction, parent->txid()));
    EXPECT_EQ(station.manager.orphan_count(), 2u);
    station.send(peer, message::Tx{parent->data()});
    EXPECT_EQ(station.manager.orphan_count(), 0u);
    EXPECT_THAT(station.backend.relay_transactions(), SizeIs(3));
}

TEST(Relay, orphan_is_adopted_when_a_block_or_the_user_brings_its_parent) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const TransactionRef parent = make_spend(coin(1), 1);
    const TransactionRef child = make_spend(parent->txid(), 2);
    station.send(peer, message::Tx{child->data()});
    ASSERT_EQ(station.manager.orphan_count(), 1u);
    station.backend.add_transaction(parent);
    station.collect();
    EXPECT_EQ(station.manager.orphan_count(), 0u);
    const BlockRef block = make_block(station.backend.active_tip().header, 1, 5);
    const TransactionRef spend = make_spend(block->transactions[0]->txid(), 3);
    station.send(peer, message::Tx{spend->data()});
    ASSERT_EQ(station.manager.orphan_count(), 1u);
    station.send_raw(peer, "block", block->serialize());
    EXPECT_EQ(station.manager.orphan_count(), 0u);
    EXPECT_NE(station.backend.find_transaction(GenTxid::of(spend->txid())), nullptr);
}

TEST(Relay, orphan_of_a_rejected_parent_is_rejected_and_others_expire) {
    Station station;
    station.backend.add_coin(coin(1));
    const PeerId peer = station.ready_peer();
    const TransactionRef parent = make_spend(coin(1), 1);
    station.backend.refused.insert(parent->txid());
    station.send(peer, message::Tx{parent->data()});
    station.send(peer, message::Tx{make_spend(parent->txid(), 2)->data()});
    EXPECT_EQ(station.manager.orphan_count(), 0u);
    station.send(peer, message::Tx{make_spend(coin(7), 2)->data()});
    EXPECT_EQ(station.manager.orphan_count(), 1u);
    station.advance(minutes{19});
    EXPECT_EQ(station.manager.orphan_count(), 1u);
    station.advance(minutes{1});
    EXPECT_EQ(station.manager.orphan_count(), 0u);
}

TEST(Relay, blocks_only_refuses_transactions) {
    NetOptions options;
    options.blocks_only = true;
    {
        Station station(options);
        const PeerId peer = station.ready_peer();
        station.send(peer, inv_of(InvType::wtxid, Hash256{}));
        EXPECT_TRUE(station.closed(peer));
    }
    Station station(options);
    const PeerId peer = station.connect(true);
    station.send(peer, Station::default_version());
    const auto versions = station.take<message::Version>(peer);
    ASSERT_EQ(versions.size(), 1u);
    EXPECT_FALSE(versions[0].relay);
    station.send(peer, message::Verack{});
    station.send(peer, message::Tx{make_spend(coin(1), 1)->data()});
    EXPECT_TRUE(station.closed(peer));
}

TEST(Relay, getdata_serves_mempool_in_the_form_that_was_asked) {
    Station station;
    const PeerId peer = station.ready_peer();
    const TransactionRef transaction = make_spend(coin(1), 1, true);
    station.backend.add_transaction(transaction);
    station.advance(seconds{3});  // until it is announced
    station.take_sent(peer);
    message::GetData request;
    request.entries = {message::InvEntry::of(InvType::wtxid, transaction->wtxid()),
                       message::InvEntry::of(InvType::witness_transaction, transaction->txid()),
                       message::InvEntry::of(InvType::transaction, transaction->txid()),
                       message::InvEntry::of(InvType::transaction, coin(3))};
    station.send(peer, request);
    const auto sent = station.take_sent(peer);
    ASSERT_EQ(sent.size(), 4u);
    EXPECT_EQ(sent[0].payload, transaction->serialize());
    EXPECT_EQ(sent[1].payload, transaction->serialize());
    EXPECT_EQ(sent[2].payload, transaction->serialize(WitnessEncoding::without));
    EXPECT_EQ(sent[3].command, "notfound");
    EXPECT_EQ(sent[3].payload.size(), 37u);
}

TEST(Relay, mempool_message_is_answered_where_it_is_served) {
    NetOptions options;
    options.services |= 1u << 2;  // NODE_BLOOM
    Station station(options);
    const PeerId peer = station.ready_peer();
    for (uint8_t i = 1; i <= 3; ++i) station.backend.add_transaction(make_spend(coin(i), i));
    station.send_raw(peer, "mempool");
    const auto answers = station.take<message::Inv>(peer);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].entries.size(), 3u);
}

// Otherwise, spies could learn by asking all nodes which one had a transaction first.
TEST(Relay, transaction_is_not_served_before_it_is_announced) {
    Station station;
    const PeerId peer = station.ready_peer();
    const auto serves = [&](const TransactionRef& transaction) {
        message::GetData request;
        request.entries.push_back(message::InvEntry::of(InvType::wtxid, transaction->wtxid()));
        station.take_sent(peer);
        station.send(peer, request);
        const auto commands = station.take_commands(peer);
        EXPECT_THAT(commands, testing::Contains(testing::AnyOf("tx", "notfound")));
        return std::ranges::count(commands, "tx") == 1;
    };
    const TransactionRef first = make_spend(coin(1), 1);
    const TransactionRef second = make_spend(coin(2), 1);
    const TransactionRef returned = make_spend(coin(3), 1);
    station.backend.add_transaction(first);
    station.collect();
    EXPECT_FALSE(serves(first));
    station.backend.return_transaction(returned);
    station.collect();
    EXPECT_TRUE(serves(returned)) << "everybody knows it from the block";
    station.advance(seconds{3});
    EXPECT_TRUE(serves(first));
    station.backend.add_transaction(second);
    station.collect();
    EXPECT_FALSE(serves(second));
    EXPECT_TRUE(serves(first));
    station.advance(seconds{3});
    EXPECT_TRUE(serves(second));
}

TEST(Relay, public_network_delays_pass_validation) {
    NetOptions options;
    options.set_public_network_delays();
    EXPECT_EQ(options.validate(), "");
    EXPECT_EQ(options.trickle_outbound, seconds{2});
    options.connections_max = 1'000'000;
    EXPECT_THAT(options.validate(), testing::HasSubstr("-maxconnections"));
}

}  // namespace
}  // namespace parley::test
