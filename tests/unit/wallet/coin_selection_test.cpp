// Coin selection: exact matches, change, and an exhaustive search over tiny sets as the judge.
#include "wallet/coin_selection.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr int64_t kInputWeight = 271;

std::vector<SelectionCoin> coins(const std::vector<int64_t>& values) {
    std::vector<SelectionCoin> list;
    for (size_t i = 0; i < values.size(); ++i) list.push_back({i, Amount{values[i]}, kInputWeight});
    return list;
}

SelectionRequest request(int64_t target, int64_t rate = 1000) {
    SelectionRequest request;
    request.target = Amount{target};
    request.fee_rate = FeeRate{rate};
    request.long_term_fee_rate = FeeRate{10'000};
    request.change_fee = fee_for(FeeRate{rate}, 31);
    request.change_spend_fee = input_fee(272, FeeRate{rate});
    request.change_min = Amount{294};
    return request;
}

std::vector<size_t> sorted(std::vector<size_t> ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
}

TEST(CoinSelectionTest, input_fee_rounds_up) {
    EXPECT_EQ(input_fee(272, FeeRate{1000}), Amount{68});
    EXPECT_EQ(input_fee(271, FeeRate{1000}), Amount{68});
    EXPECT_EQ(input_fee(271, FeeRate{0}), Amount{0});
}

TEST(CoinSelectionTest, select_exact_match_makes_no_change) {
    const auto result = select_coins(coins({50'000, 30'068, 20'068, 9'000}), request(50'000));
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->changeless);
    EXPECT_EQ(sorted(result->ids), (std::vector<size_t>{1, 2}));
}

TEST(CoinSelectionTest, select_too_little_is_empty) {
    EXPECT_FALSE(select_coins(coins({10'000, 20'000}), request(30'000)));
    EXPECT_FALSE(select_coins({}, request(1)));
    // A coin that costs more than it brings does not count.
    EXPECT_FALSE(select_coins(coins({60, 60, 60, 60}), request(100)));
}

TEST(CoinSelectionTest, select_one_coin_with_change_when_nothing_matches) {
    const auto result = select_coins(coins({1'000'000, 90'000, 80'000}), request(40'000, 20'000));
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->changeless);
    EXPECT_EQ(result->ids, std::vector<size_t>{2});
}

TEST(CoinSelectionTest, select_subtracted_fee_counts_full_values) {
    SelectionRequest all = request(30'000);
    all.subtract_fee = true;
    const auto result = select_coins(coins({10'000, 20'000}), all);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->ids.size(), 2u);
    EXPECT_TRUE(result->changeless);
}

TEST(CoinSelectionTest, select_many_equal_coins_ends_quickly) {
    const auto result =
        select_coins(coins(std::vector<int64_t>(2'000, 10'000)), request(5'000'123));
    ASSERT_TRUE(result);
    EXPECT_GE(result->value, Amount{5'000'123});
}

TEST(CoinSelectionTest, select_tiny_sets_agree_with_exhaustive_search) {
    SeededRandom random(test_seed());
    for (int round = 0; round < 2'000; ++round) {
        std::vector<int64_t> values;
        const size_t count = 1 + random.uniform(9);
        for (size_t i = 0; i < count; ++i)
            values.push_back(static_cast<int64_t>(100 + random.uniform(3'000)));
        const SelectionRequest wanted = request(static_cast<int64_t>(1 + random.uniform(6'000)),
                                                static_cast<int64_t>(100 + random.uniform(20'000)));
        const auto result = select_coins(coins(values), wanted);

        const int64_t fee = input_fee(kInputWeight, wanted.fee_rate).value();
        const int64_t extra = fee - input_fee(kInputWeight, wanted.long_term_fee_rate).value();
        const int64_t window = wanted.change_fee.value() + wanted.change_spend_fee.value();
        bool possible = false;
        std::optional<int64_t> best_changeless;
        for (uint32_t set = 1; set < (1u << count); ++set) {
            int64_t sum = 0;
            int64_t waste = 0;
            bool useful = true;
            for (size_t i = 0; i < count; ++i) {
                if ((set >> i & 1) == 0) continue;
                useful &= values[i] > fee;
                sum += values[i] - fee;
                waste += extra;
            }
            if (!useful || sum < wanted.target.value()) continue;
            possible = true;
            waste += sum - wanted.target.value();
            if (sum - wanted.target.value() <= window)
                best_changeless = std::min(best_changeless.value_or(waste), waste);
        }
        ASSERT_EQ(result.has_value(), possible);
        if (!result) continue;
        int64_t effective = 0;
        for (const size_t id : result->ids) effective += values[id] - fee;
        ASSERT_GE(effective, wanted.target.value());
        // Never worse than the best set without change, while each further coin costs something.
        if (best_changeless && extra >= 0) {
            ASSERT_LE(result->waste.value(), *best_changeless);
        }
    }
}

}  // namespace
}  // namespace parley
