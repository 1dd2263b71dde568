#include "chain/primitives/amount.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

TEST(Amount, to_string_has_eight_decimals_and_no_exponent) {
    EXPECT_EQ(to_string(Amount{0}), "0.00000000");
    EXPECT_EQ(to_string(Amount{282}), "0.00000282");
    EXPECT_EQ(to_string(Amount{-100'000'000}), "-1.00000000");
    EXPECT_EQ(to_string(Amount{-1}), "-0.00000001");
    EXPECT_EQ(to_string(kMaxMoney), "21000000.00000000");
    EXPECT_EQ(to_string(Amount{std::numeric_limits<int64_t>::min()}), "-92233720368.54775808");
}

TEST(Amount, parse_takes_exact_numbers_in_every_json_form) {
    const auto satoshi = [](std::string_view text) { return parse_amount(text)->value(); };
    EXPECT_EQ(satoshi("0"), 0);
    EXPECT_EQ(satoshi("-0"), 0);
    EXPECT_EQ(satoshi("1"), 100'000'000);
    EXPECT_EQ(satoshi("0.00000001"), 1);
    EXPECT_EQ(satoshi("0.000000010000"), 1);
    EXPECT_EQ(satoshi("1e-8"), 1);
    EXPECT_EQ(satoshi("0.1E+1"), 100'000'000);
    EXPECT_EQ(satoshi("-12.34567890"), -1'234'567'890);
    EXPECT_EQ(satoshi("0e1000"), 0);
    EXPECT_EQ(satoshi("92233720368.54775807"), std::numeric_limits<int64_t>::max());
}

TEST(Amount, parse_malformed_imprecise_or_huge_is_empty) {
    for (const char* text : {"",
                             "-",
                             "+1",
                             "01",
                             "1.",
                             ".5",
                             "1e",
                             "1e+",
                             "0x1",
                             " 1",
                             "1 ",
                             "1,0",
                             "--1",
                             "1.2.3",
                             "nan",
                             "0.000000001",
                             "1e-9",
                             "92233720368.54775808",
                             "1e100",
                             "1e1001",
                             "1e99999999999999999999",
                             "123456789012345678901234567890",
                             "1e-"}) {
        EXPECT_FALSE(parse_amount(text).has_value()) << '"' << text << '"';
    }
}

TEST(Amount, parse_inverts_to_string_on_random_amounts) {
    SeededRandom random(test_seed());
    for (int i = 0; i < 10'000; ++i) {
        const Amount amount{static_cast<int64_t>(random.next()) >> random.uniform(63)};
        const auto parsed = parse_amount(to_string(amount));
        if (amount == Amount{std::numeric_limits<int64_t>::min()}) continue;
        ASSERT_TRUE(parsed.has_value()) << to_string(amount);
        ASSERT_EQ(*parsed, amount);
    }
}

TEST(Amount, money_range_excludes_negative_and_beyond_the_supply) {
    EXPECT_TRUE(money_range(Amount{0}));
    EXPECT_TRUE(money_range(Amount{2'100'000'000'000'000}));
    EXPECT_FALSE(money_range(Amount{2'100'000'000'000'001}));
    EXPECT_FALSE(money_range(Amount{-1}));
}

}  // namespace
}  // namespace parley
