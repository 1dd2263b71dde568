// Packages: a child pays for its parents, and what its transactions are told.
#include "tests/unit/mempool/mempool_fixture.h"

namespace parley {
namespace {

using Result = PackageResult;

class MempoolPackageTest : public MempoolTest {
 protected:
    Result submit(std::vector<TransactionRef> transactions,
                  std::optional<FeeRate> fee_rate_max = {}) {
        const auto result = driver.submit_package({std::move(transactions), fee_rate_max}, kNow);
        EXPECT_TRUE(result);
        return *result;
    }
    TransactionRef parent_paying(int64_t fee) { return make_transaction(payment(fee)); }
    /// Spends the first output of each parent.
    TransactionRef child_of(const std::vector<TransactionRef>& parents, int64_t fee) {
        std::vector<OutPoint> inputs;
        int64_t value = -fee;
        for (const TransactionRef& parent : parents) {
            inputs.push_back({parent->txid(), 0});
            value += parent->outputs()[0].value.value();
        }
        return make_transaction(spend(inputs, {Amount{value}}));
    }
    static std::string error(const Result& result, const TransactionRef& transaction) {
        const auto* reject = std::get_if<TxReject>(&result.verdicts.at(transaction->wtxid()));
        return reject != nullptr ? reject->to_string() : "";
    }
};

TEST_F(MempoolPackageTest, submit_child_pays_for_parents_without_fee) {
    const auto free = parent_paying(0);
    const auto paying = parent_paying(5'000);
    const auto child = child_of({free, paying}, 20'000);
    const Result result = submit({free, paying, child});
    EXPECT_FALSE(result.problem);
    EXPECT_EQ(pool.size(), 3u);
    const auto& of_paying = std::get<AcceptInfo>(result.verdicts.at(paying->wtxid()));
    EXPECT_EQ(of_paying.effective_includes, std::vector{paying->wtxid()});
    // What pays for itself is not counted again.
    const auto& of_free = std::get<AcceptInfo>(result.verdicts.at(free->wtxid()));
    EXPECT_EQ(of_free.effective_includes, (std::vector{free->wtxid(), child->wtxid()}));
    EXPECT_EQ(of_free.effective_fee_rate,
              fee_rate_of(Amount{20'000}, free->virtual_size() + child->virtual_size()));
}

TEST_F(MempoolPackageTest, submit_child_that_pays_too_little_for_both_changes_nothing) {
    const auto parent = parent_paying(0);
    const auto child = child_of({parent}, 15);
    const Result result = submit({parent, child});
    EXPECT_EQ(result.problem->to_string(), "transaction failed");
    EXPECT_TRUE(error(result, parent).starts_with("min relay fee not met, 0 < "));
    EXPECT_TRUE(error(result, child).starts_with("min relay fee not met, 15 < "));
    EXPECT_EQ(pool.size(), 0u);
}

TEST_F(MempoolPackageTest, submit_invalid_child_leaves_the_valid_parent_in) {
    const auto parent = parent_paying(5'000);
    const auto child = child_of({parent}, -1);
    const Result result = submit({parent, child});
    EXPECT_EQ(result.problem->to_string(), "transaction failed");
    EXPECT_TRUE(error(result, child).starts_with("bad-txns-in-belowout"));
    EXPECT_EQ(error(result, parent), "");
    EXPECT_TRUE(pool.contains(parent->txid()));
}

TEST_F(MempoolPackageTest, submit_again_says_that_it_is_there) {
    const auto parent = parent_paying(0);
    const auto child = child_of({parent}, 20'000);
    submit({parent, child});
    const Result again = submit({parent, child});
    EXPECT_FALSE(again.problem);
    EXPECT_EQ(std::get<Result::InMempool>(again.verdicts.at(parent->wtxid())).fee, Amount{0});
    TransactionData other = parent->data();
    other.inputs[0].witness = Witness{std::vector<Bytes>{Bytes{1, 2, 3}}};
    const auto twin = make_transaction(other);
    ASSERT_EQ(twin->txid(), parent->txid());
    ASSERT_NE(twin->wtxid(), parent->wtxid());
    const Result with_twin = submit({twin, child});
    EXPECT_EQ(std::get<Result::OtherWitness>(with_twin.verdicts.at(twin->wtxid())).wtxid,
              parent->wtxid());
}

TEST_F(MempoolPackageTest, submit_two_replace_what_one_alone_could_not) {
    const auto coin = chain.add_coin(Amount{kCoin});
    const auto original = submit_ok(spend({coin}, {Amount{kCoin - 3'000}}));
    const auto parent = make_transaction(spend({coin}, {Amount{kCoin - 200}}));
    const auto poor = child_of({parent}, 2'000);
    EXPECT_EQ(submit({parent, poor}).problem->reason,
              "package RBF failed: insufficient anti-DoS fees");
    EXPECT_TRUE(pool.contains(original->txid()));
    const auto rich = child_of({parent}, 20'000);
    const Result result = submit({parent, rich});
    EXPECT_FALSE(result.problem) << result.problem->to_string();
    const auto& info = std::get<AcceptInfo>(result.verdicts.at(parent->wtxid()));
    ASSERT_EQ(info.replaced.size(), 1u);
    EXPECT_EQ(info.replaced[0]->txid(), original->txid());
    EXPECT_EQ(pool.size(), 2u);
}

TEST_F(MempoolPackageTest, submit_dust_of_a_free_parent_must_be_spent_by_the_child) {
    TransactionData data = payment(0);
    data.outputs.push_back({Amount{0}, key_script(7)});
    const auto parent = make_transaction(data);
    const auto leaving = child_of({parent}, 20'000);
    const Result refused = submit({parent, leaving});
    EXPECT_EQ(refused.problem->to_string(), "unspent-dust");
    EXPECT_TRUE(error(refused, leaving).starts_with("missing-ephemeral-spends, tx "));
    EXPECT_EQ(pool.size(), 0u);
    const auto spending = make_transaction(
        spend({{parent->txid(), 0}, {parent->txid(), 1}}, {Amount{kCoin - 20'000}}));
    EXPECT_FALSE(submit({parent, spending}).problem);
    // The dust of a parent that is in the mempool must be spent as well.
    pool.prioritise(parent->txid(), Amount{0});
    const auto rival = make_transaction(spend({{parent->txid(), 0}}, {Amount{kCoin - 90'000}}));
    EXPECT_TRUE(refusal(rival).starts_with("missing-ephemeral-spends, tx "));
}

TEST_F(MempoolPackageTest, submit_refuses_what_pays_more_than_the_client_allows) {
    const auto parent = parent_paying(1'000'000);
    const Result result = submit({parent}, FeeRate{100'000});
    EXPECT_EQ(error(result, parent), "max feerate exceeded");
    EXPECT_EQ(pool.size(), 0u);
}

TEST_F(MempoolPackageTest, submit_lists_that_are_no_package_have_no_verdicts) {
    const auto parent = parent_paying(1'000);
    const auto child = child_of({parent}, 1'000);
    EXPECT_EQ(submit({child, parent}).problem->reason, "package-not-sorted");
    EXPECT_EQ(submit({parent, parent_paying(1'000)}).problem->reason,
              "package-not-child-with-parents");
    EXPECT_TRUE(submit({parent, parent}).verdicts.empty());
    EXPECT_EQ(pool.size(), 0u);
}

TEST_F(MempoolPackageTest, submit_version_3_child_with_two_parents_violates_its_rules) {
    std::vector<TransactionRef> package;
    for (int i = 0; i < 2; ++i) {
        TransactionData data = payment(0);
        data.version = 3;
        package.push_back(make_transaction(data));
    }
    TransactionData child = child_of(package, 50'000)->data();
    child.version = 3;
    package.push_back(make_transaction(child));
    const Result result = submit(package);
    EXPECT_EQ(result.problem->reason, "TRUC-violation");
    EXPECT_TRUE(result.problem->detail.ends_with("would have too many ancestors"));
}

TEST_F(MempoolPackageTest, test_accept_clusters_are_counted_one_by_one) {
    // Each of two chains has 63 entries; a child of each is allowed, a child of both is not.
    std::vector<OutPoint> ends;
    for (int chain_number = 0; chain_number < 2; ++chain_number) {
        OutPoint last = chain.add_coin(Amount{kCoin});
        for (int i = 0; i < 63; ++i)
            last = {submit_ok(spend({last}, {Amount{kCoin - 1000 * (i + 1)}}))->txid(), 0};
        ends.push_back(last);
    }
    const auto left = make_transaction(spend({ends[0]}, {Amount{kCoin / 2}}));
    const auto right = make_transaction(spend({ends[1]}, {Amount{kCoin / 2}}));
    EXPECT_FALSE(pool.test_accept({left, right}, kNow)->problem);
    const auto below = child_of({left, right}, 5'000);
    EXPECT_EQ(pool.test_accept({left, right, below}, kNow)->problem->reason, "too-large-cluster");
}

}  // namespace
}  // namespace parley
