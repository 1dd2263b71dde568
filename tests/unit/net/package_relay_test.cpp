// Relay of a parent that pays too little alone with a child that pays for it, and the first
// broadcast of a user's own transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station.h"

namespace parley::test {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

message::Inv inv_of(const Transaction& transaction) {
    message::Inv inv;
    inv.entries.push_back(message::InvEntry::of(InvType::wtxid, transaction.wtxid()));
    return inv;
}

message::GetData request_of(InvType type, const Hash256& hash) {
    message::GetData request;
    request.entries.push_back(message::InvEntry::of(type, hash));
    return request;
}

struct Family {
    TransactionRef parent = make_spend(coin(1), 1, true);
    TransactionRef child = make_spend(parent->txid(), 2, true);
};

class PackageRelay : public testing::Test {
 protected:
    PackageRelay() {
        station.backend.add_coin(coin(1));
        station.backend.underpaid.insert(family.parent->txid());
    }
    bool in_mempool(const TransactionRef& transaction) const {
        return station.backend.find_transaction(GenTxid::of(transaction->wtxid())) != nullptr;
    }

    Station station;
    const Family family;
};

TEST_F(PackageRelay, orphan_pays_for_the_parent_that_comes_after_it) {
    const PeerId peer = station.ready_peer();
    station.send(peer, message::Tx{family.child->data()});
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_TRUE(in_mempool(family.parent));
    EXPECT_TRUE(in_mempool(family.child));
    EXPECT_EQ(station.backend.submitted_packages, 1u);
    EXPECT_EQ(station.manager.orphan_count(), 0u);
}

TEST_F(PackageRelay, parent_that_failed_alone_is_asked_for_again_by_its_orphan) {
    const PeerId peer = station.ready_peer();
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_FALSE(in_mempool(family.parent));
    station.take_sent(peer);
    // Not because somebody announces it.
    station.send(peer, inv_of(*family.parent));
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
    station.send(peer, message::Tx{family.child->data()});
    EXPECT_THAT(station.take<message::GetData>(peer),
                ElementsAre(request_of(InvType::witness_transaction, family.parent->txid())));
    const size_t alone = station.backend.submitted_transactions;
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_TRUE(in_mempool(family.parent));
    EXPECT_TRUE(in_mempool(family.child));
    EXPECT_EQ(station.backend.submitted_transactions, alone);
}

TEST_F(PackageRelay, child_of_another_peer_does_not_count) {
    const PeerId peer = station.ready_peer();
    const PeerId other = station.ready_peer();
    station.send(other, message::Tx{family.child->data()});
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_EQ(station.backend.submitted_packages, 0u);
    // It does as soon as the peer has announced it.
    station.send(peer, inv_of(*family.child));
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_TRUE(in_mempool(family.child));
}

TEST_F(PackageRelay, pair_that_failed_is_not_judged_again_before_the_next_block) {
    const PeerId peer = station.ready_peer();
    station.backend.underpaid.insert(family.child->txid());
    station.send(peer, message::Tx{family.child->data()});
    for (int i = 0; i < 3; ++i) station.send(peer, message::Tx{family.parent->data()});
    EXPECT_EQ(station.backend.submitted_packages, 1u);
    // Another child of the same parent is another pair.
    const TransactionRef rich = make_spend(family.parent->txid(), 3, true);
    station.send(peer, message::Tx{rich->data()});
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_EQ(station.backend.submitted_packages, 2u);
    EXPECT_TRUE(in_mempool(rich));
}

TEST_F(PackageRelay, invalid_child_is_rejected_for_good) {
    const PeerId peer = station.ready_peer();
    station.backend.refused.insert(family.child->txid());
    station.send(peer, message::Tx{family.child->data()});
    station.send(peer, message::Tx{family.parent->data()});
    EXPECT_EQ(station.manager.orphan_count(), 0u);
    station.take_sent(peer);
    station.send(peer, inv_of(*family.child));
    EXPECT_THAT(station.take<message::GetData>(peer), IsEmpty());
}

TEST_F(PackageRelay, orphan_stays_while_a_peer_that_has_announced_it_stays) {
    const PeerId first = station.ready_peer();
    const PeerId second = station.ready_peer();
    station.send(first, message::Tx{family.child->data()});
    station.take_sent(second);
    station.send(second, inv_of(*family.child));
    const auto orphans = station.manager.orphans();
    ASSERT_THAT(orphans, SizeIs(1));
    EXPECT_THAT(orphans[0].from, ElementsAre(first, second));
    station.close(first);
    ASSERT_THAT(station.manager.orphans(), SizeIs(1));
    EXPECT_THAT(station.manager.orphans()[0].from, ElementsAre(second));
    station.close(second);
    EXPECT_EQ(station.manager.orphan_count(), 0u);
}

class InitialBroadcastOfOwn : public testing::Test {
 protected:
    /// In the mempool, by a user.
    InitialBroadcastOfOwn() {
        station.backend.add_transaction(own);
        station.collect();
        station.step(net_input::TransactionSubmitted{own->txid()});
    }
    bool waits() const { return station.manager.unbroadcast().contains(own->txid()); }

    const TransactionRef own = make_spend(coin(1), 1, true);
    Station station;
};

TEST_F(InitialBroadcastOfOwn, repeats_until_a_peer_asks) {
    EXPECT_TRUE(waits());
    const PeerId peer = station.ready_peer();
    station.advance(minutes{9});
    EXPECT_THAT(station.take<message::Inv>(peer), IsEmpty());
    station.advance(minutes{7});
    EXPECT_THAT(station.take<message::Inv>(peer), ElementsAre(inv_of(*own)));
    EXPECT_TRUE(waits());
    station.send(peer, request_of(InvType::wtxid, own->wtxid()));
    EXPECT_FALSE(waits());
    const PeerId late = station.ready_peer();
    station.advance(minutes{16});
    EXPECT_THAT(station.take<message::Inv>(late), IsEmpty());
}

TEST_F(InitialBroadcastOfOwn, comes_earlier_when_the_schedule_advances) {
    const PeerId peer = station.ready_peer();
    station.manager.advance_schedule(minutes{15});
    station.advance(minutes{1});
    EXPECT_THAT(station.take<message::Inv>(peer), ElementsAre(inv_of(*own)));
}

TEST_F(InitialBroadcastOfOwn, ends_when_the_transaction_is_gone) {
    station.backend.remove_transaction(own);
    EXPECT_FALSE(waits());
}

TEST(NewPeer, only_a_node_of_this_kind_is_told_of_the_whole_mempool) {
    Station station;
    const TransactionRef waiting = make_spend(coin(1), 1, true);
    station.backend.add_transaction(waiting);
    station.collect();
    message::Version parley = Station::default_version();
    parley.services |= kServiceParley;
    const PeerId kin = station.ready_peer(true, parley);
    const PeerId other = station.ready_peer();
    station.advance(minutes{1});
    EXPECT_THAT(station.take<message::Inv>(kin), ElementsAre(inv_of(*waiting)));
    EXPECT_THAT(station.take<message::Inv>(other), IsEmpty());
}

}  // namespace
}  // namespace parley::test
