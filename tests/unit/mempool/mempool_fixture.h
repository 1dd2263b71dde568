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
        const auto result = pool.submit(transaction, kNow);
        EXPECT_TRUE(result) << reject_of(result).to_string();
        return transaction;
    }
    std::string refusal(TransactionData data) { return refusal(make_transaction(std::move(data))); }
    std::string refusal(const TransactionRef& transaction) {
        const auto tested = pool.test_accept(transaction, kNow);
        const auto result = pool.submit(transaction, kNow);
        EXPECT_EQ(tested.has_value(), result.has_value());
        if (result) return "accepted";
        EXPECT_EQ(reject_of(tested).to_string(), reject_of(result).to_string());
        return reject_of(result).to_string();
    }
    std::vector<MempoolChange::Kind> change_kinds() {
        std::vector<MempoolChange::Kind> kinds;
        for (const auto& change : pool.take_changes()) kinds.push_back(change.kind);
        return kinds;
    }
    void mine(std::vector<TransactionRef> transactions) {
        const auto block = block_of(std::move(transactions), ++blocks_mined);
        chain.connect(block);
        pool.block_connected(*block);
        ASSERT_TRUE(pool.chain_updated(kNow));
    }

    ChainParams params = regtest_params();
    FakeChain chain{300};
    ObedientVerifier verifier;
    NullLog log;
    Mempool pool;
    uint64_t blocks_mined = 0;
};

}  // namespace parley
