// MempoolTest: a mempool above a fake chain of 300 blocks. For tests only.
#pragma once

#include <gtest/gtest.h>

#include "mempool/mempool.h"
#include "tests/unit/mempool/fake_chain.h"

namespace parley {

inline constexpr TimePoint kNow = from_unix_seconds(1'700'000'000);

/// REQUIRES: the transaction was refused.
inline const TxReject& reject_of(const Expected<AcceptInfo, TxFailure>& result) {
    return std::get<TxReject>(result.error());
}

/// A mempool's inputs as calls, and what they changed.
struct MempoolDriver {
    explicit MempoolDriver(Mempool& mempool) : pool(mempool) {}

    Expected<AcceptInfo, TxFailure> submit(const TransactionRef& transaction, TimePoint now) {
        for (MempoolOutput& output : pool.handle(mempool_input::Submit{transaction}, now)) {
            if (auto* judged = std::get_if<mempool_output::Judged>(&output))
                return std::move(judged->verdict);
            changes.push_back(std::get<mempool_output::Changed>(std::move(output)));
        }
        ADD_FAILURE() << "no verdict";
        return Unexpected(TxFailure{TxReject{}});
    }
    Expected<PackageResult, StorageError> submit_package(mempool_input::SubmitPackage package,
                                                         TimePoint now) {
        for (MempoolOutput& output : pool.handle(std::move(package), now)) {
            if (auto* judged = std::get_if<mempool_output::PackageJudged>(&output))
                return std::move(judged->result);
            if (auto* failed = std::get_if<mempool_output::Failed>(&output))
                return Unexpected(failed->error);
            changes.push_back(std::get<mempool_output::Changed>(std::move(output)));
        }
        ADD_FAILURE() << "no verdict";
        return PackageResult{};
    }
    Expected<void, StorageError> move_chain(std::vector<BlockRef> disconnected,
                                            std::vector<BlockRef> connected, TimePoint now) {
        mempool_input::ChainMoved moved{std::move(disconnected), std::move(connected)};
        for (MempoolOutput& output : pool.handle(std::move(moved), now)) {
            if (auto* failed = std::get_if<mempool_output::Failed>(&output))
                return Unexpected(failed->error);
            changes.push_back(std::get<mempool_output::Changed>(std::move(output)));
        }
        return {};
    }
    Expected<AcceptInfo, TxFailure> test_accept(const TransactionRef& transaction, TimePoint now) {
        auto answers = pool.test_accept({transaction}, now);
        if (!answers) return Unexpected(TxFailure{std::move(answers.error())});
        const auto& verdict = answers->verdicts.at(transaction->wtxid());
        if (!verdict) return Unexpected(TxFailure{verdict.error()});
        return *verdict;
    }
    std::vector<mempool_output::Changed> take_changes() { return std::exchange(changes, {}); }

    Mempool& pool;
    std::vector<mempool_output::Changed> changes;
};

class MempoolTest : public testing::Test {
 protected:
    explicit MempoolTest(MempoolOptions options = {})
        : pool(options, params, chain, verifier, log) {}
    ~MempoolTest() override { pool.check_consistency(); }

    /// Spends a fresh coin of one bitcoin and pays that fee.
    TransactionData payment(int64_t fee) {
        return spend({chain.add_coin(Amount{kCoin})}, {Amount{kCoin - fee}});
    }
    TransactionRef submit_ok(TransactionData data) {
        auto transaction = make_transaction(std::move(data));
        const auto result = driver.submit(transaction, kNow);
        EXPECT_TRUE(result) << reject_of(result).to_string();
        return transaction;
    }
    std::string refusal(TransactionData data) { return refusal(make_transaction(std::move(data))); }
    std::string refusal(const TransactionRef& transaction) {
        const auto tested = driver.test_accept(transaction, kNow);
        const auto result = driver.submit(transaction, kNow);
        EXPECT_EQ(tested.has_value(), result.has_value());
        if (result) return "accepted";
        EXPECT_EQ(reject_of(tested).to_string(), reject_of(result).to_string());
        return reject_of(result).to_string();
    }
    std::vector<mempool_output::Changed::Kind> change_kinds() {
        std::vector<mempool_output::Changed::Kind> kinds;
        for (const auto& change : driver.take_changes()) kinds.push_back(change.kind);
        return kinds;
    }
    void mine(std::vector<TransactionRef> transactions) {
        const auto block = block_of(std::move(transactions), ++blocks_mined);
        chain.connect(block);
        ASSERT_TRUE(driver.move_chain({}, {block}, kNow));
    }

    /// The tip leaves; another block joins in the same move.
    void reorganise_to(std::vector<TransactionRef> transactions) {
        const auto left = chain.disconnect();
        const auto block = block_of(std::move(transactions), ++blocks_mined);
        chain.connect(block);
        ASSERT_TRUE(driver.move_chain({left}, {block}, kNow));
    }

    ChainParams params = regtest_params();
    FakeChain chain{300};
    ObedientVerifier verifier;
    NullLog log;
    Mempool pool;
    MempoolDriver driver{pool};
    uint64_t blocks_mined = 0;
};

}  // namespace parley
