// A primary that ignores a transaction loses its view; one that has no room for it does not, and
// one replica's complaint changes nothing.
#include "consensus/pbft/censorship_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/consensus/pbft/adversary.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimePoint kStart = from_unix_seconds(1'700'000'000);
constexpr int64_t kRoom = 1'000'000;

TransactionRef numbered(uint32_t number) {
    TransactionData data;
    data.inputs.resize(1);
    data.outputs.resize(1);
    data.locktime = number;
    return make_transaction(std::move(data));
}

Block block_of(const std::vector<TransactionRef>& transactions) {
    Block block;
    block.transactions = {numbered(1'000'000)};  // the coinbase
    block.transactions.insert(block.transactions.end(), transactions.begin(), transactions.end());
    return block;
}

class CensorshipWatchTest : public ::testing::Test {
 protected:
    void waiting(const std::vector<TransactionRef>& transactions, int64_t room = kRoom) {
        std::vector<WaitingTransaction> oldest;
        for (const TransactionRef& each : transactions) oldest.push_back({each->txid(), room});
        watch.waiting(oldest, now);
    }
    void decide(size_t count, const std::vector<TransactionRef>& transactions = {}) {
        for (size_t i = 0; i < count; ++i) watch.decided(block_of(transactions));
    }
    /// The ignored transaction; null: none.
    Txid complaint() {
        const auto& found = watch.complain(now);
        return found ? found->txid : Txid{};
    }

    TimePoint now = kStart;
    const TransactionRef a = numbered(1);
    const TransactionRef b = numbered(2);
    CensorshipWatch watch{seconds{2}};
};

TEST_F(CensorshipWatchTest, three_blocks_and_the_base_timeout_make_a_complaint) {
    waiting({a});
    decide(2);
    now += seconds{60};
    EXPECT_EQ(complaint(), Txid{});
    decide(1);
    EXPECT_EQ(complaint(), a->txid());
    EXPECT_EQ(watch.complaint()->blocks, 3U);
}

TEST_F(CensorshipWatchTest, blocks_in_quick_succession_are_no_reason_before_the_base_timeout) {
    waiting({a});
    decide(100);
    now += milliseconds{1'999};
    EXPECT_EQ(complaint(), Txid{});
    now += milliseconds{1};
    EXPECT_EQ(complaint(), a->txid());
}

TEST_F(CensorshipWatchTest, a_short_base_timeout_leaves_time_for_relay) {
    CensorshipWatch quick{milliseconds{10}};
    quick.waiting({{a->txid(), kRoom}}, now);
    for (int i = 0; i < 10; ++i) quick.decided(block_of({}));
    EXPECT_FALSE(quick.complain(now + milliseconds{999}));
    EXPECT_TRUE(quick.complain(now + seconds{1}));
}

TEST_F(CensorshipWatchTest, only_blocks_with_room_count) {
    const int64_t weight = block_of({}).weight().value();
    waiting({a}, weight - 1);
    decide(10);
    now += seconds{60};
    EXPECT_EQ(complaint(), Txid{});
    waiting({a}, weight);
    decide(3);
    EXPECT_EQ(complaint(), a->txid());
}

TEST_F(CensorshipWatchTest, what_is_ordered_is_not_ignored) {
    waiting({a, b});
    decide(3);
    now += seconds{2};
    decide(1, {b, a});
    EXPECT_EQ(complaint(), Txid{});
    EXPECT_TRUE(watch.empty());
}

TEST_F(CensorshipWatchTest, what_no_longer_waits_is_forgotten) {
    waiting({a, b});
    decide(3);
    now += seconds{2};
    waiting({b});  // `a` was replaced
    EXPECT_EQ(complaint(), b->txid());
    waiting({a});
    EXPECT_EQ(complaint(), Txid{});
    decide(3);
    EXPECT_EQ(complaint(), Txid{});  // it waits anew
}

TEST_F(CensorshipWatchTest, a_new_primary_is_innocent) {
    watch.in_view(0, now);
    waiting({a});
    decide(3);
    now += seconds{2};
    watch.in_view(0, now);
    EXPECT_EQ(complaint(), a->txid());
    watch.in_view(1, now);
    EXPECT_EQ(complaint(), Txid{});
    decide(3);
    EXPECT_EQ(complaint(), Txid{});
    now += seconds{4};  // the second complaint about it takes twice as long
    EXPECT_EQ(complaint(), a->txid());
}

TEST_F(CensorshipWatchTest, each_complaint_about_a_transaction_doubles_the_wait) {
    waiting({a});
    std::vector<int64_t> complaints;
    for (int second = 0; second < 200; ++second, now += seconds{1}) {
        decide(3);
        const bool lasted = watch.complaint().has_value();
        if (complaint() == a->txid() && !lasted) complaints.push_back(second);
    }
    EXPECT_THAT(complaints, ::testing::ElementsAre(2, 6, 14, 30, 62, 126));
}

TEST_F(CensorshipWatchTest, another_transaction_does_not_wait_longer_because_of_that) {
    waiting({a});
    decide(3);
    now += seconds{2};
    EXPECT_EQ(complaint(), a->txid());
    now += seconds{2};
    waiting({a, b});
    decide(3);
    now += seconds{2};
    EXPECT_EQ(complaint(), a->txid());  // twice two seconds
    now += seconds{2};
    decide(3);
    EXPECT_EQ(complaint(), Txid{});
    now += seconds{2};
    EXPECT_EQ(complaint(), b->txid());
}

TEST_F(CensorshipWatchTest, a_complaint_lasts_for_one_wait_or_until_the_transaction_is_ordered) {
    waiting({a, b});
    decide(3);
    now += seconds{2};
    EXPECT_EQ(complaint(), a->txid());
    now += milliseconds{1'999};
    decide(1);
    EXPECT_EQ(complaint(), a->txid());
    now += milliseconds{1};
    EXPECT_EQ(complaint(), Txid{});
    now += seconds{2};
    decide(2);
    EXPECT_EQ(complaint(), a->txid());
    decide(1, {a});
    EXPECT_EQ(complaint(), Txid{});
}

TEST_F(CensorshipWatchTest, watches_a_bounded_number_of_the_oldest) {
    std::vector<TransactionRef> many;
    for (uint32_t i = 10; i < 1000; ++i) many.push_back(numbered(i));
    waiting(many);
    decide(3);
    now += seconds{2};
    decide(1, {many.begin(), many.begin() + CensorshipWatch::kWatchedMax});
    EXPECT_TRUE(watch.empty());
    EXPECT_EQ(complaint(), Txid{});
}

/// The first primaries are censors, or have not heard of a transaction.
class CensorshipTest : public ::testing::Test {
 protected:
    void make(ClusterOptions options, std::vector<Node> censors,
              const std::function<BehaviourRef()>& behaviour = make_censor) {
        const size_t count = options.validators;
        cluster = std::make_unique<Cluster>(std::move(options));
        adversary = std::make_unique<Adversary>(*cluster, 1);
        for (Node node = 0; node < count; ++node) {
            if (std::ranges::find(censors, node) == censors.end()) correct.push_back(node);
        }
        for (const Node node : censors) {
            cluster->distrust(node);
            adversary->corrupt(node, behaviour());
        }
    }
    bool run_until_confirmed(const TransactionRef& payment, Duration limit) {
        return cluster->run_until([&] { return cluster->confirmed(correct, payment); }, limit,
                                  milliseconds{10});
    }
    size_t complaints(Node node) const {
        const std::string changes = cluster->info(node, "last_view_changes");
        size_t count = 0;
        for (size_t at = changes.find("censorship"); at != std::string::npos;
             at = changes.find("censorship", at + 1))
            ++count;
        return count;
    }

    std::vector<Node> correct;
    std::unique_ptr<Cluster> cluster;
    std::unique_ptr<Adversary> adversary;
};

TEST_F(CensorshipTest, primary_of_empty_blocks_loses_its_view) {
    make({}, {0});
    const TransactionRef payment = cluster->submit();
    cluster->run_for(milliseconds{1'500});
    EXPECT_GT(cluster->height(1), 5U);  // it does order blocks
    EXPECT_EQ(cluster->view(1), 0U);
    ASSERT_TRUE(run_until_confirmed(payment, seconds{5}));
    for (const Node node : correct) EXPECT_EQ(cluster->view(node), 1U);
    const std::string changes = cluster->info(1, "last_view_changes");
    EXPECT_THAT(changes, HasSubstr(R"("cause":"censorship")"));
    EXPECT_THAT(changes, HasSubstr("validator 0 has not ordered transaction " +
                                   payment->txid().to_string()));
    EXPECT_THAT(cluster->violations(), IsEmpty());
}

TEST_F(CensorshipTest, primary_that_orders_everything_else_loses_its_view) {
    TransactionRef victim;
    make({}, {0}, [&] {
        return make_censor_of([&](const Transaction& each) {
            return victim != nullptr && each.txid() == victim->txid();
        });
    });
    std::vector<TransactionRef> others;
    for (int i = 0; i < 10; ++i) {
        (i == 2 ? victim : others.emplace_back()) = cluster->submit();
        cluster->run_for(milliseconds{180});
    }
    cluster->run_for(milliseconds{400});
    EXPECT_EQ(cluster->view(1), 0U);
    for (const TransactionRef& other : others) EXPECT_TRUE(cluster->confirmed({1, 2}, other));
    EXPECT_FALSE(cluster->confirmed({1}, victim));
    ASSERT_TRUE(run_until_confirmed(victim, seconds{5}));
    for (const Node node : correct) EXPECT_EQ(cluster->view(node), 1U);
    EXPECT_GT(complaints(1) + complaints(2) + complaints(3), 1U);
    EXPECT_THAT(cluster->violations(), IsEmpty());
}

TEST_F(CensorshipTest, empty_blocks_with_a_period_do_not_keep_the_view) {
    make({.empty_block_period = seconds{1}}, {});
    correct = {1, 2, 3};
    const TransactionRef payment = cluster->submit({1, 2, 3});
    ASSERT_TRUE(run_until_confirmed(payment, seconds{10}));
    EXPECT_EQ(cluster->view(1), 1U);
    EXPECT_GE(cluster->height(1), 3U);
}

TEST_F(CensorshipTest, two_censors_of_seven_are_both_replaced) {
    make({.validators = 7}, {0, 1});
    const TransactionRef payment = cluster->submit();
    ASSERT_TRUE(run_until_confirmed(payment, seconds{20}));
    for (const Node node : correct) EXPECT_EQ(cluster->view(node), 2U);
    EXPECT_THAT(cluster->violations(), IsEmpty());
}

TEST_F(CensorshipTest, censor_that_never_is_the_primary_changes_nothing) {
    make({}, {3});
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(run_until_confirmed(cluster->submit(), seconds{1}));
    EXPECT_EQ(cluster->view(1), 0U);
}

TEST_F(CensorshipTest, one_complaint_alone_changes_no_view_and_becomes_rare) {
    make({.empty_block_period = seconds{1}}, {});
    cluster->submit({3});
    size_t complaining = 0;  // seconds
    for (int second = 0; second < 120; ++second) {
        cluster->run_for(seconds{1});
        complaining += cluster->info(3, "complaint") == "null" ? 0 : 1;
    }
    EXPECT_GT(complaints(3), 1U);
    EXPECT_GT(complaining, 4U);
    EXPECT_LT(complaining, 30U);
    EXPECT_GT(cluster->lowest_height({0, 1, 2, 3}), 100U);
    for (const Node node : {0U, 1U, 2U}) {
        EXPECT_EQ(cluster->view(node), 0U);
        EXPECT_EQ(cluster->info(node, "last_view_changes"), "[]");
    }
    EXPECT_THAT(cluster->violations(), IsEmpty());
}

// The negative control: twelve payments fill a block, and all others pay more.
TEST_F(CensorshipTest, full_blocks_are_no_reason) {
    make({.delay = milliseconds{100},
          .base_timeout = seconds{1},
          .block_weight_max = 13'600,
          .payments = 100},
         {});
    correct = {0, 1, 2, 3};
    TransactionRef cheap;
    for (size_t number = 0; number < 100; ++number) {
        const TransactionRef payment = cluster->coins().pay(number, number == 1 ? 200 : 2'000);
        if (number == 1) cheap = payment;
        for (const Node node : correct) EXPECT_EQ(sim::submit(cluster->world(), node, payment), "");
    }
    cluster->run_for(seconds{2});
    EXPECT_GE(cluster->lowest_height(correct), 5U);
    EXPECT_FALSE(cluster->confirmed({1}, cheap));
    ASSERT_TRUE(run_until_confirmed(cheap, seconds{5}));
    for (const Node node : correct) EXPECT_EQ(cluster->info(node, "last_view_changes"), "[]");
}

// The same, but the blocks of this primary are not full.
TEST_F(CensorshipTest, small_blocks_with_room_are_a_reason) {
    make({.delay = milliseconds{100}, .base_timeout = seconds{1}, .block_weight_max = 13'600}, {0});
    const TransactionRef payment = cluster->submit();
    ASSERT_TRUE(run_until_confirmed(payment, seconds{5}));
    EXPECT_GT(complaints(1) + complaints(2) + complaints(3), 1U);
}

}  // namespace
}  // namespace parley::pbft::testing
