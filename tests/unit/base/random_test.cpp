#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "tests/unit/seed.h"

namespace parley {
namespace {

// Yields the numbers that it was given.
class Scripted final : public Random {
 public:
    explicit Scripted(std::vector<uint64_t> numbers) : numbers_(std::move(numbers)) {}
    uint64_t next() override { return numbers_.at(used_++); }
    size_t used() const { return used_; }

 private:
    std::vector<uint64_t> numbers_;
    size_t used_ = 0;
};

constexpr uint64_t kMax = ~uint64_t{0};

TEST(SeededRandomTest, output_is_that_of_the_published_generators) {
    // xoshiro256** over four words of SplitMix64, restated.
    uint64_t mix = 42;
    const auto split_mix = [&mix] {
        uint64_t z = mix += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    };
    uint64_t s[4];
    for (auto& word : s) word = split_mix();
    const auto rotate = [](uint64_t x, int k) { return x << k | x >> (64 - k); };
    SeededRandom random{42};
    for (int round = 0; round < 100; ++round) {
        const uint64_t expected = rotate(s[1] * 5, 7) * 9;
        const uint64_t t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        ASSERT_EQ(random.next(), expected);
    }
}

TEST(SeededRandomTest, first_words_of_seed_zero_are_split_mix_s_known_ones) {
    // SplitMix64's first output for seed 0 is e220a8397b1dcdaf; the second word of the state
    // decides the first result.
    EXPECT_EQ(SeededRandom{0}.next(), 0x99ec5f36cb75f2b4u);
}

TEST(SeededRandomTest, streams_differ_by_seed_node_and_purpose_and_repeat) {
    std::set<uint64_t> firsts;
    int streams = 0;
    for (uint64_t seed = 0; seed < 10; ++seed) {
        for (uint64_t node = 0; node < 100; ++node) {
            for (const char* purpose : {"", "net", "ten", "mining"}) {
                firsts.insert(SeededRandom::stream(seed, node, purpose).next());
                ++streams;
            }
        }
    }
    EXPECT_EQ(firsts.size(), static_cast<size_t>(streams));
    EXPECT_EQ(SeededRandom::stream(1, 2, "net").next(), SeededRandom::stream(1, 2, "net").next());
}

TEST(UniformTest, bound_of_one_is_zero_and_results_stay_below_the_bound) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    EXPECT_EQ(random.uniform(1), 0u);
    for (int round = 0; round < 1000; ++round) {
        const uint64_t bound = std::max<uint64_t>(1, random.next() >> random.uniform(64));
        ASSERT_LT(random.uniform(bound), bound) << seed;
    }
}

TEST(UniformTest, draws_that_would_bias_are_thrown_away) {
    // 2^64 modulo 3 is 1: of all 2^64 words exactly one, zero, must be drawn again.
    Scripted random{{0, kMax}};
    EXPECT_EQ(random.uniform(3), 2u);
    EXPECT_EQ(random.used(), 2u);
    Scripted unbiased{{1}};
    EXPECT_EQ(unbiased.uniform(3), 0u);
    EXPECT_EQ(unbiased.used(), 1u);
    Scripted power_of_two{{0}};
    EXPECT_EQ(power_of_two.uniform(uint64_t{1} << 63), 0u);
    EXPECT_EQ(power_of_two.used(), 1u);
}

TEST(UniformTest, counts_of_each_value_are_near_their_mean) {
    SeededRandom random{12345};  // fixed: a law of large numbers has outliers
    constexpr int kDraws = 70'000;
    constexpr int kBound = 7;
    std::array<int, kBound> counts{};
    for (int i = 0; i < kDraws; ++i) ++counts[random.uniform(kBound)];
    double chi_square = 0;
    for (const int count : counts)
        chi_square += std::pow(count - kDraws / kBound, 2) / (kDraws / kBound);
    EXPECT_LT(chi_square, 22.46) << "exceeded once in a thousand with six degrees of freedom";
}

TEST(UniformDeathTest, bound_of_zero_is_refused) {
    EXPECT_DEATH((void)SeededRandom{1}.uniform(0), "CHECK");
}

TEST(ExponentialTest, exact_points_of_the_logarithm_match) {
    constexpr uint64_t kMean = 1'000'000'000'000;
    const auto of = [](uint64_t word) { return Scripted{{word}}.exponential(kMean); };
    // The upper 63 bits, plus one, over 2^63, are the uniform number.
    EXPECT_EQ(of(kMax), 0u) << "-ln 1";
    EXPECT_EQ(of((uint64_t{1} << 63) - 2), 693'147'180'559u) << "ln 2";
    EXPECT_EQ(of((uint64_t{1} << 62) - 2), 1'386'294'361'119u) << "2 ln 2";
    EXPECT_EQ(of(0), 43'668'272'375'276u) << "63 ln 2, the largest";
}

TEST(ExponentialTest, agrees_with_the_mathematical_library) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    constexpr uint64_t kMean = 600'000'000'000;
    for (int round = 0; round < 2000; ++round) {
        const uint64_t word = random.next() >> random.uniform(63);  // the far tail too
        const double uniform = std::ldexp(static_cast<double>((word >> 1) + 1), -63);
        const double expected = -std::log(uniform) * static_cast<double>(kMean);
        const auto drawn = static_cast<double>(Scripted{{word}}.exponential(kMean));
        ASSERT_NEAR(drawn, expected, 1 + expected * 1e-12) << "seed " << seed;
    }
}

TEST(ExponentialTest, law_of_many_draws_is_exponential) {
    SeededRandom random{2024};  // fixed: a law of large numbers has outliers
    constexpr int kDraws = 100'000;
    constexpr double kMean = 600e6;
    std::vector<double> draws(kDraws);
    for (auto& draw : draws) draw = static_cast<double>(random.exponential(600'000'000)) / kMean;
    std::sort(draws.begin(), draws.end());
    // Kolmogorov-Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand.
    double distance = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double cumulative = 1 - std::exp(-draws[static_cast<size_t>(i)]);
        distance = std::max(
            {distance, cumulative - i / double{kDraws}, (i + 1) / double{kDraws} - cumulative});
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(double{kDraws}));
    double sum = 0;
    double squares = 0;
    for (const double draw : draws) {
        sum += draw;
        squares += draw * draw;
    }
    EXPECT_NEAR(sum / kDraws, 1, 0.015);
    EXPECT_NEAR(squares / kDraws, 2, 0.1) << "variance equals the square of the mean";
}

TEST(ExponentialTest, mean_of_zero_is_always_zero) {
    EXPECT_EQ(SeededRandom{5}.exponential(0), 0u);
    EXPECT_EQ(Scripted{{0}}.exponential(0), 0u);
}

TEST(FillTest, bytes_come_from_words_little_endian_and_no_more_than_asked) {
    Scripted random{{0x0807060504030201, 0xffffffffffff0a09}};
    Bytes bytes(12, 0xee);
    random.fill(MutableByteSpan{bytes}.first(10));
    EXPECT_EQ(to_hex(bytes), "0102030405060708090aeeee");
    EXPECT_EQ(random.used(), 2u);
    random.fill({});
    EXPECT_EQ(random.used(), 2u);
}

}  // namespace
}  // namespace parley
