#include <gtest/gtest.h>

#include "base/random.h"
#include "chain/rules/params.h"
#include "chain/rules/retarget.h"
#include "chain/state/index/header_tree.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

U256 number(const char* hex) {
    std::string digits(64 - std::string_view{hex}.size(), '0');
    return U256::from_hash(*Hash256::from_string(digits + hex));
}

TEST(CompactTarget, known_values_decode) {
    EXPECT_EQ(*target_from_compact(0x1d00ffff), number("ffff") << 208);
    EXPECT_EQ(*target_from_compact(0x207fffff), number("7fffff") << 232);
    EXPECT_EQ(*target_from_compact(0x01120000), U256{0x12});
    EXPECT_EQ(*target_from_compact(0x02008000), U256{0x80});
    EXPECT_EQ(*target_from_compact(0x05009234), U256{0x92340000});
    EXPECT_EQ(*target_from_compact(0x04123456), U256{0x12345600});
    EXPECT_EQ(*target_from_compact(0x220000ff), number("ff") << 248);
    EXPECT_EQ(*target_from_compact(0x2100ffff), number("ffff") << 240);
}

TEST(CompactTarget, negative_zero_and_overflow_are_none) {
    for (const uint32_t bits :
         {0u, 0x00123456u, 0x01003456u, 0x02000056u, 0x03000000u, 0x01fedcbau, 0x04923456u,
          0x1d80ffffu, 0x22000100u, 0x21010000u, 0x23000001u, 0xff123456u}) {
        EXPECT_FALSE(target_from_compact(bits).has_value()) << std::hex << bits;
    }
}

TEST(CompactTarget, encoding_rounds_down_and_keeps_the_sign_bit_clear) {
    EXPECT_EQ(compact_from_target(U256{}), 0u);
    EXPECT_EQ(compact_from_target(U256{0x12}), 0x01120000u);
    EXPECT_EQ(compact_from_target(U256{0x80}), 0x02008000u);
    EXPECT_EQ(compact_from_target(U256{0x1234567890}), 0x05123456u);
    EXPECT_EQ(compact_from_target(U256{0x92340000}), 0x05009234u);
    EXPECT_EQ(compact_from_target(U256::max() >> 1), 0x207fffffu);
    EXPECT_EQ(compact_from_target(U256::max() >> 32), 0x1d00ffffu);
    EXPECT_EQ(compact_from_target(U256::max()), 0x2100ffffu);
}

TEST(CompactTarget, round_trip_of_random_targets_loses_only_low_bits) {
    SeededRandom random(test_seed());
    for (int i = 0; i < 20'000; ++i) {
        Hash256 raw;
        random.fill(raw.bytes());
        const U256 target = U256::from_hash(raw) >> static_cast<int>(random.uniform(256));
        const uint32_t bits = compact_from_target(target);
        if (target == U256{}) continue;
        const auto decoded = target_from_compact(bits);
        ASSERT_TRUE(decoded.has_value()) << target.to_hex();
        ASSERT_LE(*decoded, target);
        ASSERT_EQ(compact_from_target(*decoded), bits);
        // At least 15 bits are kept.
        ASSERT_GE(*decoded + (target >> 15), target) << target.to_hex();
    }
}

TEST(WorkFromCompact, is_the_expected_number_of_hashes) {
    EXPECT_EQ(work_from_compact(0x1d00ffff), U256{0x100010001});
    EXPECT_EQ(work_from_compact(0x207fffff), U256{2});
    EXPECT_EQ(work_from_compact(0), U256{});
    EXPECT_EQ(work_from_compact(0x01010000), U256{1} << 255);
}

TEST(Difficulty, is_one_at_the_main_chains_limit) {
    EXPECT_DOUBLE_EQ(difficulty(0x1d00ffff), 1.0);
    EXPECT_NEAR(difficulty(0x1b0404cb), 16307.420938523983, 1e-9);
    EXPECT_NEAR(difficulty(0x207fffff), 4.6565423739069247e-10, 1e-24);
    EXPECT_EQ(difficulty(0), 0.0);
}

TEST(Retarget, adjustments_of_the_main_chain_are_reproduced) {
    const U256 limit = main_params().pow_limit;
    constexpr int64_t kTwoWeeks = 14 * 24 * 60 * 60;
    // Heights 32,256 and 68,544, the upper and the lower clamp: cases of bitcoind's own tests.
    EXPECT_EQ(retarget(0x1d00ffff, 1262152739 - 1261130161, kTwoWeeks, limit), 0x1d00d86au);
    EXPECT_EQ(retarget(0x1d00ffff, 1233061996 - 1231006505, kTwoWeeks, limit), 0x1d00ffffu);
    EXPECT_EQ(retarget(0x1c05a3f4, 1279297671 - 1279008237, kTwoWeeks, limit), 0x1c0168fdu);
    EXPECT_EQ(retarget(0x1c387f6f, 1269211443 - 1263163443, kTwoWeeks, limit), 0x1d00e1fdu);
}

// Multiplication by repeated addition in 320 bits, division by subtraction of shifts: slow and
// plain. Little-endian limbs of 32 bits.
using Wide = std::array<uint64_t, 10>;

Wide wide_product(const U256& value, uint64_t factor) {
    const Hash256 raw = value.to_hash();
    Wide result{};
    uint64_t carry = 0;
    for (size_t i = 0; i < result.size(); ++i) {
        uint64_t limb = 0;
        for (size_t b = 0; i < 8 && b < 4; ++b) limb |= uint64_t{raw.bytes()[4 * i + b]} << (8 * b);
        const uint64_t sum = limb * factor + carry;
        result[i] = sum & 0xffffffff;
        carry = sum >> 32;
    }
    return result;
}

// The quotient, or the limit where that is smaller.
U256 wide_quotient(const Wide& dividend, uint64_t divisor, const U256& limit) {
    Wide quotient{};
    uint64_t rest = 0;
    for (size_t i = dividend.size(); i-- > 0;) {
        rest = rest << 32 | dividend[i];
        quotient[i] = rest / divisor;
        rest %= divisor;
    }
    if (quotient[8] != 0 || quotient[9] != 0) return limit;
    Hash256 raw;
    for (size_t i = 0; i < 32; ++i)
        raw.bytes()[i] = static_cast<uint8_t>(quotient[i / 4] >> (8 * (i % 4)));
    const U256 result = U256::from_hash(raw);
    return result < limit ? result : limit;
}

TEST(Retarget, agrees_with_a_naive_version_on_random_inputs) {
    SeededRandom random(test_seed());
    const U256 limits[] = {U256::max() >> 1, U256::max() >> 32};
    for (int i = 0; i < 20'000; ++i) {
        const U256 limit = limits[random.uniform(2)];
        Hash256 raw;
        random.fill(raw.bytes());
        const U256 draw = (U256::from_hash(raw) >> static_cast<int>(random.uniform(200)));
        const uint32_t bits = compact_from_target(draw < limit ? draw : limit);
        const auto target_span = static_cast<int64_t>(4 + random.uniform(2'000'000));
        const auto actual_span = static_cast<int64_t>(random.uniform(10'000'000)) - 1'000;
        const int64_t clamped = std::min(std::max(actual_span, target_span / 4), target_span * 4);
        const U256 expected =
            wide_quotient(wide_product(*target_from_compact(bits), static_cast<uint64_t>(clamped)),
                          static_cast<uint64_t>(target_span), limit);
        const uint32_t result = retarget(bits, actual_span, target_span, limit);
        // Near the limit of regtest the product passes 256 bits; the quotient may then be short of
        // the exact one by what the early division drops, which is below the mantissa's last bit.
        const uint32_t exact = compact_from_target(expected);
        ASSERT_LE(result, exact) << std::hex << bits;
        ASSERT_GE(result + 1, exact) << std::hex << bits;
        if (limit == limits[1]) {
            ASSERT_EQ(result, exact) << std::hex << bits;
        }
    }
}

// A straight tree with given spacings.
class Chain {
 public:
    explicit Chain(const ChainParams& params) : params_(params), tree_(params.genesis->header) {
        tip_ = &tree_.genesis();
    }
    void grow(int count, int64_t spacing_s) {
        for (int i = 0; i < count; ++i) {
            BlockHeader header;
            header.previous = tip_->hash;
            header.time = static_cast<uint32_t>(tip_->time() + spacing_s);
            header.bits = next_work_required(params_, *tip_, header.time);
            tip_ = &tree_.add(header, header.hash(), *tip_);
        }
    }
    uint32_t next(int64_t after_s) const {
        return next_work_required(params_, *tip_, tip_->time() + after_s);
    }
    const HeaderNode& tip() const { return *tip_; }

 private:
    const ChainParams& params_;
    HeaderTree tree_;
    const HeaderNode* tip_ = nullptr;
};

TEST(NextWorkRequired, changes_only_at_the_interval) {
    LabnetOptions options;
    options.start_bits = 0x1e00ffff;
    options.retarget_interval_blocks = 10;
    options.target_spacing_s = 100;
    const ChainParams params = labnet_params(options);
    Chain chain(params);
    for (int i = 1; i < 10; ++i) {
        chain.grow(1, 50);
        EXPECT_EQ(chain.tip().header.bits, 0x1e00ffffu) << i;
    }
    // Blocks 1 to 9: 400 s, where nine spacings of 100 s are the measure.
    EXPECT_EQ(chain.next(50), retarget(0x1e00ffff, 400, 900, params.pow_limit));
    chain.grow(1, 50);
    const uint32_t second = chain.tip().header.bits;
    EXPECT_LT(*target_from_compact(second), *target_from_compact(0x1e00ffff));
    chain.grow(9, 100);
    // Blocks 10 to 19: 900 s against ten spacings: Bitcoin's well-known off-by-one.
    EXPECT_EQ(chain.next(100), retarget(second, 900, 1000, params.pow_limit));
}

TEST(NextWorkRequired, first_period_of_labnet_ignores_the_age_of_genesis) {
    LabnetOptions options;
    options.start_bits = 0x1e00ffff;
    options.retarget_interval_blocks = 4;
    options.target_spacing_s = 10;
    const ChainParams params = labnet_params(options);
    Chain chain(params);
    chain.grow(1, 400'000'000);  // years after the constant time of genesis
    chain.grow(2, 10);
    EXPECT_EQ(chain.next(10), retarget(0x1e00ffff, 20, 30, params.pow_limit));
    EXPECT_NE(chain.next(10), retarget(0x1e00ffff, 400'000'020, 40, params.pow_limit));
}

TEST(NextWorkRequired, regtest_never_changes) {
    const ChainParams params = regtest_params();
    Chain chain(params);
    chain.grow(300, 1);
    EXPECT_EQ(chain.tip().header.bits, 0x207fffffu);
}

TEST(NextWorkRequired, minimum_difficulty_after_a_pause_does_not_stick) {
    ChainParams params = main_params();
    params.allow_min_difficulty = true;
    params.start_bits = 0x1c00ffff;
    Block genesis = *params.genesis;
    genesis.header.bits = 0x1c00ffff;
    params.genesis = std::make_shared<const Block>(genesis);
    Chain chain(params);
    chain.grow(5, 600);
    EXPECT_EQ(chain.next(1200), 0x1c00ffffu);
    EXPECT_EQ(chain.next(1201), 0x1d00ffffu);
    chain.grow(1, 1201);
    EXPECT_EQ(chain.tip().header.bits, 0x1d00ffffu);
    EXPECT_EQ(chain.next(600), 0x1c00ffffu) << "back to the last regular target";
}

TEST(NextWorkRequired, bip94_adjusts_the_target_of_the_periods_first_block) {
    ChainParams params = testnet4_params();
    params.retarget_interval_blocks = 10;
    Block genesis = *params.genesis;
    genesis.header.bits = 0x1c00ffff;
    params.genesis = std::make_shared<const Block>(genesis);
    Chain chain(params);
    chain.grow(8, 600);
    chain.grow(1, 1201);
    EXPECT_EQ(chain.tip().header.bits, 0x1d00ffffu) << "the 20-minute rule";
    const int64_t took = 8 * 600 + 1201;
    EXPECT_EQ(chain.next(1), retarget(0x1c00ffff, took, 6000, params.pow_limit));
    EXPECT_EQ(chain.next(1201), retarget(0x1c00ffff, took, 6000, params.pow_limit))
        << "no exception for the first block of a period";
    params.bip94 = false;
    EXPECT_EQ(chain.next(1), 0x1d00ffffu) << "testnet3 takes the last block's";
}

TEST(ProofOfWorkMet, target_must_be_valid_within_the_limit_and_not_exceeded) {
    const U256 limit = main_params().pow_limit;
    const auto hash_of = [](const U256& value) { return BlockHash{value.to_hash()}; };
    const U256 target = *target_from_compact(0x1c00ffff);
    EXPECT_TRUE(proof_of_work_met(hash_of(target), 0x1c00ffff, limit));
    EXPECT_FALSE(proof_of_work_met(hash_of(target + U256{1}), 0x1c00ffff, limit));
    EXPECT_FALSE(proof_of_work_met(hash_of(U256{}), 0x1d010000, limit)) << "above the limit";
    EXPECT_FALSE(proof_of_work_met(hash_of(U256{}), 0x1c80ffff, limit)) << "negative";
    EXPECT_FALSE(proof_of_work_met(hash_of(U256{}), 0, limit));
}

}  // namespace
}  // namespace parley
