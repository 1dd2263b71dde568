#include "node/daemon/workers/script_pool.h"

#include <gtest/gtest.h>

#include <vector>

namespace parley {
namespace {

// A spend of a bare OP_TRUE, which is allowed, or of OP_RETURN, which never is.
ScriptCheck check(bool allowed) {
    TransactionData data;
    data.inputs.resize(1);
    const TxOutput spent{Amount{0}, Script{Bytes{static_cast<uint8_t>(allowed ? 0x51 : 0x6a)}}};
    return {std::make_shared<const SpendingTransaction>(make_transaction(std::move(data)),
                                                        std::vector{spent}),
            0, kVerifyNone};
}

TEST(ScriptPool, verify_all_reports_lowest_failure_for_any_number_of_threads) {
    for (const unsigned threads : {1u, 2u, 4u, 16u}) {
        ScriptPool pool(threads);
        EXPECT_FALSE(pool.verify_all({}));
        for (const size_t count : {size_t{1}, size_t{7}, size_t{100}, size_t{1000}}) {
            std::vector<ScriptCheck> checks(count, check(true));
            EXPECT_FALSE(pool.verify_all(checks)) << threads << " threads, " << count;
            for (const size_t lowest : {size_t{0}, count / 3, count - 1}) {
                auto failing = checks;
                for (size_t i = lowest; i < count; i += 5) failing[i] = check(false);
                const auto failure = pool.verify_all(failing);
                ASSERT_TRUE(failure);
                EXPECT_EQ(failure->check, lowest) << threads << " threads, " << count;
                EXPECT_EQ(failure->error, InlineScriptVerifier{}.verify_all(failing)->error);
            }
        }
    }
}

TEST(ScriptPool, runs_that_grow_side_by_side_have_verdicts_of_their_own) {
    for (const unsigned threads : {1u, 2u, 5u}) {
        ScriptPool pool(threads);
        for (size_t round = 0; round < 50; ++round) {
            const auto first = pool.begin();
            const auto second = pool.begin();
            auto third = pool.begin();
            for (size_t list = 0; list < 6; ++list) {
                first->add(std::vector(list * 5, check(true)));
                std::vector<ScriptCheck> checks(9, check(true));
                if (list >= 3) checks[round % 9] = check(false);
                second->add(std::move(checks));
                third->add(std::vector(20, check(false)));
            }
            if (round % 2 == 0) third.reset();  // whatever it was at
            EXPECT_FALSE(first->finish());
            const auto failure = second->finish();
            ASSERT_TRUE(failure);
            EXPECT_EQ(failure->check, 3 * 9 + round % 9);
            const auto worst = third ? third->finish() : std::nullopt;
            if (third) {
                ASSERT_TRUE(worst);
                EXPECT_EQ(worst->check, 0u);
            }
        }
    }
}

TEST(ScriptThreads, count_follows_par) {
    EXPECT_EQ(script_threads(0, 2), 2u);
    EXPECT_EQ(script_threads(1, 8), 1u);
    EXPECT_EQ(script_threads(-1, 8), 7u);
    EXPECT_EQ(script_threads(-9, 8), 1u);
    EXPECT_EQ(script_threads(0, 64), 16u);
    EXPECT_EQ(script_threads(99, 2), 16u);
}

}  // namespace
}  // namespace parley
