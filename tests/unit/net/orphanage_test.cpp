// The bounds of the orphanage, and who is evicted.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <set>
#include <vector>

#include "net/relay/orphanage.h"
#include "station.h"

namespace parley::test {
namespace {

using std::chrono::minutes;

Txid parent_number(uint32_t number) {
    Txid txid;
    for (size_t i = 0; i < 4; ++i) txid.bytes()[i] = uint8_t(number >> (8 * i));
    return txid;
}

/// Spends `inputs` outputs of one parent. Each input has a weight of 164.
TransactionRef orphan(uint32_t parent, size_t inputs, uint32_t salt) {
    TransactionData data;
    data.inputs.resize(inputs);
    for (size_t i = 0; i < inputs; ++i)
        data.inputs[i].prevout = {parent_number(parent), static_cast<uint32_t>(i)};
    data.outputs.push_back({Amount{1000}, Script{{OP_TRUE}}});
    data.locktime = salt;
    return make_transaction(std::move(data));
}

TEST(Orphanage, many_inputs_count_as_effort) {
    Orphanage orphanage;
    // Each fits into the weight reserved for its peer.
    for (uint32_t i = 0; i < 40; ++i) orphanage.add(orphan(i, 2'300, i), PeerId{i + 1}, kStart);
    EXPECT_LE(orphanage.effort(), 3'000);
    EXPECT_EQ(orphanage.size(), 12u);                                       // 231 each
    EXPECT_FALSE(orphanage.add(orphan(50, 2'500, 0), PeerId{50}, kStart));  // 410,000
}

TEST(Orphanage, flood_evicts_only_the_orphans_of_those_who_flood) {
    Orphanage orphanage;
    const TransactionRef honest[] = {orphan(1'000'000, 2, 1), orphan(1'000'001, 20, 2)};
    for (const TransactionRef& each : honest) ASSERT_TRUE(orphanage.add(each, PeerId{1}, kStart));
    for (uint32_t i = 0; i < 3'000; ++i)
        orphanage.add(orphan(i, 1 + i % 100, i), PeerId{2 + i % 20}, kStart);
    for (const TransactionRef& each : honest) EXPECT_TRUE(orphanage.contains(each->wtxid()));
    EXPECT_LE(orphanage.effort(), 3'000);
    EXPECT_LE(orphanage.weight(), 404'000 * 21);
    for (uint64_t peer = 2; peer < 22; ++peer) orphanage.peer_gone(PeerId{peer});
    EXPECT_EQ(orphanage.size(), 2u);
    EXPECT_LE(orphanage.weight(), 404'000);
}

TEST(Orphanage, arrived_parent_makes_children_ready_once_and_the_oldest_first) {
    Orphanage orphanage;
    const TransactionRef first = orphan(1, 3, 1);
    const TransactionRef second = orphan(1, 1, 2);
    const TransactionRef other = orphan(2, 1, 3);
    for (const TransactionRef& each : {first, second, other})
        ASSERT_TRUE(orphanage.add(each, PeerId{1}, kStart));
    EXPECT_FALSE(orphanage.has_ready());
    orphanage.parent_arrived(parent_number(1));
    orphanage.parent_arrived(parent_number(1));
    orphanage.parent_arrived(parent_number(3));
    EXPECT_EQ(orphanage.take_ready()->transaction, first);
    EXPECT_EQ(orphanage.take_ready()->transaction, second);
    EXPECT_FALSE(orphanage.take_ready().has_value());
    EXPECT_EQ(orphanage.size(), 1u);
}

RC_GTEST_PROP(Orphanage, sums_agree_with_its_contents_and_bounds_hold, ()) {
    Orphanage orphanage;
    struct Known {
        TransactionRef transaction;
        PeerId from;
    };
    std::vector<Known> known;
    TimePoint now = kStart;
    const uint32_t steps = *rc::gen::inRange<uint32_t>(1, 40);
    for (uint32_t i = 0; i < steps; ++i) {
        const PeerId peer{*rc::gen::inRange<uint64_t>(1, 6)};
        switch (*rc::gen::inRange(0, 8)) {
            case 0:
                orphanage.peer_gone(peer);
                break;
            case 1:
                now += minutes{*rc::gen::inRange(0, 15)};
                orphanage.expire(now);
                break;
            case 2:
                orphanage.parent_arrived(parent_number(*rc::gen::inRange<uint32_t>(0, 4)));
                break;
            case 3:
                orphanage.take_ready();
                break;
            default: {
                const auto inputs = *rc::gen::element<size_t>(1, 5, 300, 1'200);
                const auto made = orphan(*rc::gen::inRange<uint32_t>(0, 4), inputs, i);
                if (orphanage.add(made, peer, now)) known.push_back({made, peer});
            }
        }
        int64_t weight = 0;
        int64_t effort = 0;
        size_t count = 0;
        std::set<PeerId> peers;
        for (const Known& each : known) {
            if (!orphanage.contains(each.transaction->wtxid())) continue;
            ++count;
            weight += each.transaction->weight().value();
            effort += 1 + static_cast<int64_t>(each.transaction->inputs().size()) / 10;
            peers.insert(each.from);
        }
        RC_ASSERT(orphanage.size() == count);
        RC_ASSERT(orphanage.weight() == weight);
        RC_ASSERT(orphanage.effort() == effort);
        RC_ASSERT(effort <= 3'000);
        RC_ASSERT(weight <= 404'000 * static_cast<int64_t>(peers.size()));
    }
    for (uint64_t peer = 1; peer < 6; ++peer) orphanage.peer_gone(PeerId{peer});
    RC_ASSERT(orphanage.size() == 0u);
    RC_ASSERT(orphanage.weight() == 0);
    RC_ASSERT(!orphanage.has_ready());
    RC_ASSERT(!orphanage.deadline().has_value());
}

}  // namespace
}  // namespace parley::test
