#include "base/uint256.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr int kRounds = 500;

// Any length in bits with the same likelihood: carries, small and full numbers all occur.
U256 random_number(Random& random) {
    Hash256 hash;
    random.fill(hash.bytes());
    return U256::from_hash(hash) >> static_cast<int>(random.uniform(257));
}

U256 number(const char* digits) {
    return U256::from_hash(*Hash256::from_string(digits));
}

// Schoolbook, bit by bit: shares no code with the operators for factors and divisors.
U256 slow_product(U256 a, U256 b) {
    U256 result;
    for (; b != U256{}; b >>= 1, a <<= 1) {
        if (b.low64() & 1) result += a;
    }
    return result;
}

class U256Test : public testing::Test {
 protected:
    const uint64_t seed_ = test_seed();
    SeededRandom random_{seed_};
};

TEST_F(U256Test, hash_is_read_little_endian) {
    Hash256 hash;
    hash.bytes()[0] = 1;
    EXPECT_EQ(U256::from_hash(hash), U256{1});
    hash.bytes()[31] = 0x80;
    EXPECT_EQ(U256::from_hash(hash), (U256{1} << 255) + U256{1});
    EXPECT_EQ(U256{0x1234}.to_hex(), std::string(60, '0') + "1234");
    for (int round = 0; round < kRounds; ++round) {
        random_.fill(hash.bytes());
        ASSERT_EQ(U256::from_hash(hash).to_hash(), hash) << seed_;
    }
}

TEST_F(U256Test, carries_cross_every_limb) {
    EXPECT_EQ(U256::max() + U256{1}, U256{});
    EXPECT_EQ(U256{} - U256{1}, U256::max());
    EXPECT_EQ(~U256{}, U256::max());
    for (const int bits : {64, 128, 192}) {
        const U256 power = U256{1} << bits;
        EXPECT_EQ((power - U256{1}) + U256{1}, power);
        EXPECT_EQ((power - U256{1}).bit_length(), bits);
    }
    EXPECT_EQ(U256{~uint64_t{0}} * ~uint64_t{0},
              number("00000000000000000000000000000000fffffffffffffffe0000000000000001"));
}

TEST_F(U256Test, addition_and_subtraction_undo_each_other) {
    for (int round = 0; round < kRounds; ++round) {
        const U256 a = random_number(random_);
        const U256 b = random_number(random_);
        ASSERT_EQ(a + b - b, a) << seed_;
        ASSERT_EQ(a - b + b, a) << seed_;
        ASSERT_EQ(a + b, b + a) << seed_;
        ASSERT_EQ(a + ~a, U256::max()) << seed_;
        ASSERT_EQ(a - a, U256{}) << seed_;
    }
}

TEST_F(U256Test, multiplication_equals_the_schoolbook) {
    for (int round = 0; round < kRounds; ++round) {
        const U256 a = random_number(random_);
        const uint64_t b = random_.next() >> random_.uniform(64);
        ASSERT_EQ(a * b, slow_product(a, U256{b})) << seed_;
    }
    EXPECT_EQ(U256::max() * 0, U256{});
}

TEST_F(U256Test, division_leaves_less_than_the_divisor) {
    for (int round = 0; round < kRounds; ++round) {
        const U256 a = random_number(random_);
        U256 b = random_number(random_);
        if (b == U256{}) b = U256{1};
        const U256 quotient = a / b;
        const U256 rest = a - slow_product(quotient, b);
        ASSERT_LT(rest, b) << seed_ << ' ' << a.to_hex() << " / " << b.to_hex();
        ASSERT_LE(quotient, a) << seed_;
    }
    EXPECT_EQ(U256::max() / U256::max(), U256{1});
    EXPECT_EQ(U256::max() / U256{1}, U256::max());
    EXPECT_EQ((U256::max() - U256{1}) / U256::max(), U256{});
    EXPECT_EQ(U256{} / U256{7}, U256{});
}

TEST_F(U256Test, shifts_move_single_bits_and_drop_those_beyond_the_ends) {
    for (int from = 0; from < 256; ++from) {
        for (int by = 0; by <= 256; ++by) {
            const U256 bit = U256{1} << from;
            ASSERT_EQ((bit << by).bit_length(), from + by < 256 ? from + by + 1 : 0)
                << from << ' ' << by;
            ASSERT_EQ((bit >> by).bit_length(), from >= by ? from - by + 1 : 0)
                << from << ' ' << by;
        }
    }
    EXPECT_EQ(U256::max() << 1000, U256{});
    EXPECT_EQ(U256::max() >> 1000, U256{});
}

TEST_F(U256Test, shifts_equal_powers_of_two) {
    for (int round = 0; round < kRounds; ++round) {
        const U256 a = random_number(random_);
        const int bits = static_cast<int>(random_.uniform(64));
        ASSERT_EQ(a << bits, a * (uint64_t{1} << bits)) << seed_;
        ASSERT_EQ(a >> bits, a / U256{uint64_t{1} << bits}) << seed_;
    }
}

TEST_F(U256Test, order_is_that_of_the_digits) {
    for (int round = 0; round < kRounds; ++round) {
        const U256 a = random_number(random_);
        const U256 b = random_number(random_);
        ASSERT_EQ(a <=> b, a.to_hex() <=> b.to_hex()) << seed_;
    }
    EXPECT_LT(U256{~uint64_t{0}}, U256{1} << 64);
}

TEST_F(U256Test, double_is_close_and_exact_for_powers) {
    for (int bits = 0; bits < 256; ++bits)
        EXPECT_EQ((U256{1} << bits).to_double(), std::ldexp(1.0, bits));
    EXPECT_EQ(U256{}.to_double(), 0.0);
    EXPECT_DOUBLE_EQ(U256::max().to_double(), std::ldexp(1.0, 256));
}

TEST(U256DeathTest, division_by_zero_and_negative_shifts_are_refused) {
    EXPECT_DEATH((void)(U256{1} / U256{}), "CHECK");
    EXPECT_DEATH((void)(U256{1} << -1), "CHECK");
    EXPECT_DEATH((void)(U256{1} >> -1), "CHECK");
}

}  // namespace
}  // namespace parley
