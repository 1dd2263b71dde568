// A chain whose coins cannot be read, at every position: the mempool says nothing about any
// transaction, and takes it as soon as they can be.
#include "tests/unit/mempool/mempool_fixture.h"

namespace parley {
namespace {

class MempoolFaultTest : public MempoolTest {
 protected:
    // `work` returns what failed, or nothing. Every read fails once; then none. Returns their
    // number.
    template <class Work>
    size_t fail_every_read(const Work& work) {
        for (size_t position = 1;; ++position) {
            SCOPED_TRACE(position);
            driver.take_changes();
            const size_t size = pool.size();
            chain.reads = 0;
            chain.fails_at = position;
            const std::optional<StorageError> failed = work();
            chain.fails_at = 0;
            EXPECT_EQ(failed.has_value(), chain.reads >= position);
            if (!failed || HasFailure()) return position - 1;
            EXPECT_EQ(failed->message, "disk on fire");
            EXPECT_TRUE(driver.take_changes().empty());
            EXPECT_EQ(pool.size(), size);
        }
    }
    static std::optional<StorageError> failure_of(const Expected<AcceptInfo, TxFailure>& result) {
        if (result) return std::nullopt;
        const auto* failed = std::get_if<StorageError>(&result.error());
        return failed != nullptr ? std::optional{*failed} : std::nullopt;
    }
    TransactionRef payment_of(size_t inputs) {
        std::vector<OutPoint> coins;
        for (size_t i = 0; i < inputs; ++i) coins.push_back(chain.add_coin(Amount{kCoin}));
        return make_transaction(spend(coins, {Amount{kCoin / 2}, Amount{kCoin / 3}}));
    }
};

TEST_F(MempoolFaultTest, submitted_transaction_is_neither_taken_nor_refused) {
    const auto transaction = payment_of(3);
    EXPECT_EQ(fail_every_read([&] { return failure_of(driver.test_accept(transaction, kNow)); }),
              3u);
    EXPECT_EQ(fail_every_read([&] { return failure_of(driver.submit(transaction, kNow)); }), 3u);
    EXPECT_TRUE(pool.contains(transaction->txid()));
}

TEST_F(MempoolFaultTest, replacement_leaves_the_replaced_where_they_are) {
    const auto original = submit_ok(payment(1'000));
    auto data = original->data();
    data.outputs[0].value = Amount{kCoin - 10'000};
    data.inputs.push_back(payment_of(1)->data().inputs[0]);
    const auto replacement = make_transaction(std::move(data));
    EXPECT_EQ(fail_every_read([&] {
                  EXPECT_TRUE(pool.contains(original->txid()));
                  return failure_of(driver.submit(replacement, kNow));
              }),
              2u);
    EXPECT_FALSE(pool.contains(original->txid()));
}

TEST_F(MempoolFaultTest, transaction_without_its_coins_is_not_called_an_orphan) {
    const auto transaction = payment_of(2);
    chain.erase_coin(transaction->inputs()[1].prevout);
    // Two inputs; then its own outputs, which may be in the chain already.
    std::optional<TxReject> reject;
    EXPECT_EQ(fail_every_read([&] {
                  const auto result = driver.submit(transaction, kNow);
                  if (!failure_of(result)) reject = reject_of(result);
                  return failure_of(result);
              }),
              4u);
    EXPECT_EQ(reject.value().kind, TxRejectKind::missing_inputs);
}

TEST_F(MempoolFaultTest, package_gets_no_answer_for_any_of_its_transactions) {
    const auto parent = payment_of(2);
    const auto child = make_transaction(
        spend({{parent->txid(), 0}, chain.add_coin(Amount{kCoin})}, {Amount{kCoin}}));
    EXPECT_EQ(fail_every_read([&]() -> std::optional<StorageError> {
                  const auto answers = pool.test_accept({parent, child}, kNow);
                  if (!answers) return answers.error();
                  EXPECT_EQ(answers->verdicts.size(), 2u);
                  EXPECT_FALSE(answers->problem);
                  return std::nullopt;
              }),
              3u);
}

TEST_F(MempoolFaultTest, reorganisation_drops_nothing_by_a_coin_that_could_not_be_read) {
    // One that comes back from its block, its child in the pool, and one that waits for a height.
    const auto parent = payment_of(2);
    auto timed = payment(1'000);
    timed.locktime = 1;
    timed.inputs[0].sequence = 0;
    size_t reads = 0;
    for (size_t position = 1;; ++position) {
        SCOPED_TRACE(position);
        FakeChain other = chain;
        Mempool fresh({}, params, other, verifier, log);
        other.connect(block_of({parent}, 1));
        MempoolDriver fresh_driver{fresh};
        ASSERT_TRUE(fresh_driver.move_chain({}, {block_of({parent}, 1)}, kNow));
        const auto child = make_transaction(spend({{parent->txid(), 0}}, {Amount{kCoin / 4}}));
        ASSERT_TRUE(fresh_driver.submit(child, kNow));
        const auto waiting = make_transaction(timed);
        ASSERT_TRUE(fresh_driver.submit(waiting, kNow));
        fresh_driver.take_changes();
        const BlockRef left = other.disconnect();
        other.reads = 0;
        other.fails_at = position;
        const auto updated = fresh_driver.move_chain({left}, {}, kNow);
        EXPECT_TRUE(fresh.contains(child->txid()));
        EXPECT_TRUE(fresh.contains(waiting->txid()));
        for (const auto& change : fresh_driver.take_changes()) EXPECT_FALSE(change.removal());
        EXPECT_EQ(updated.has_value(), other.reads < position);
        if (updated || HasFailure()) break;
        EXPECT_EQ(updated.error().message, "disk on fire");
        reads = position;
    }
    EXPECT_EQ(reads, 3u) << "two of the parent's coins, and that of the one that waits";
}

}  // namespace
}  // namespace parley
