// What is learned from blocks about fees: which transactions count, and what the estimates say.
#include "mempool/fees/fee_estimator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <vector>

namespace parley {
namespace {

Txid number(uint32_t value) {
    Txid txid;
    for (size_t i = 0; i < 4; ++i) txid.bytes()[i] = static_cast<uint8_t>(value >> (8 * i));
    return txid;
}

/// A chain whose blocks confirm what the test says.
class FeeEstimatorTest : public testing::Test {
 protected:
    FeeEstimatorTest() { mine({}); }

    Txid arrive(int64_t rate) {
        const Txid txid = number(++count_);
        estimator.entered(txid, Height{height}, FeeRate{rate});
        return txid;
    }
    void mine(const std::vector<Txid>& confirmed) {
        estimator.block_connected(Height{++height}, confirmed);
    }
    /// Blocks that each confirm `each` transactions that came since the block before.
    void mine_prompt(int blocks, int each, int64_t rate) {
        for (int block = 0; block < blocks; ++block) {
            std::vector<Txid> txids;
            for (int i = 0; i < each; ++i) txids.push_back(arrive(rate));
            mine(txids);
        }
    }

    FeeEstimator estimator;
    int32_t height = 100;

 private:
    uint32_t count_ = 0;
};

TEST_F(FeeEstimatorTest, smart_without_experience_has_no_rate) {
    EXPECT_FALSE(estimator.smart(6, false).rate);
    mine_prompt(1, 100, 5000);
    EXPECT_FALSE(estimator.smart(6, false).rate);
}

TEST_F(FeeEstimatorTest, smart_after_thirty_blocks_of_eight_payments_has_a_rate) {
    mine_prompt(30, 8, 5000);
    const auto estimate = estimator.smart(2, false);
    ASSERT_TRUE(estimate.rate);
    EXPECT_EQ(estimate.rate->value(), 5000);
    EXPECT_EQ(estimate.target, 2);
    EXPECT_EQ(estimator.smart(1, false).target, 2);
    // Twice as many blocks of experience are needed: 29 blocks since the first that counts.
    EXPECT_EQ(estimator.smart(1008, false).target, 14);
}

TEST_F(FeeEstimatorTest, smart_asks_more_for_an_earlier_block) {
    // The cheap ones wait for eight blocks, the dear ones for one.
    std::vector<std::vector<Txid>> cheap;
    for (int block = 0; block < 200; ++block) {
        std::vector<Txid> txids;
        for (int i = 0; i < 10; ++i) txids.push_back(arrive(20'000));
        auto& waiting = cheap.emplace_back();
        for (int i = 0; i < 10; ++i) waiting.push_back(arrive(1'000));
        if (cheap.size() > 8)
            txids.insert(txids.end(), cheap[cheap.size() - 9].begin(),
                         cheap[cheap.size() - 9].end());
        mine(txids);
    }
    ASSERT_TRUE(estimator.smart(2, false).rate);
    EXPECT_EQ(estimator.smart(2, false).rate->value(), 20'000);
    EXPECT_EQ(estimator.smart(20, false).rate->value(), 1'000);
    EXPECT_GE(estimator.smart(20, true).rate->value(), 1'000);
}

TEST_F(FeeEstimatorTest, smart_conservative_remembers_longer) {
    mine_prompt(400, 5, 50'000);
    mine_prompt(40, 5, 2'000);
    const auto economical = estimator.smart(6, false);
    const auto conservative = estimator.smart(6, true);
    ASSERT_TRUE(economical.rate && conservative.rate);
    EXPECT_LE(economical.rate->value(), conservative.rate->value());
}

TEST_F(FeeEstimatorTest, raw_counts_what_waits_and_what_left) {
    mine_prompt(20, 10, 10'000);
    for (int i = 0; i < 400; ++i) arrive(3'000);
    std::vector<Txid> given_up;
    for (int i = 0; i < 50; ++i) given_up.push_back(arrive(3'000));
    mine_prompt(5, 10, 10'000);
    for (const Txid& txid : given_up) estimator.left(txid);
    const auto found = estimator.raw(2, 0.95, FeeHorizon::short_term);
    EXPECT_NEAR(found.rate, 10'000, 1e-6);
    EXPECT_GT(found.pass.start, 9'000);
    EXPECT_GE(found.pass.end, 10'000);
    EXPECT_NEAR(found.pass.within_target, found.pass.total_confirmed, 1e-9);
    EXPECT_EQ(found.pass.in_mempool, 0);
    EXPECT_EQ(found.fail.in_mempool, 400);
    EXPECT_EQ(found.fail.left_mempool, 50);
    EXPECT_EQ(found.fail.start, 0);
}

TEST_F(FeeEstimatorTest, encode_keeps_what_was_learnt) {
    mine_prompt(30, 8, 5000);
    const Txid waits = arrive(3000);
    const Bytes kept = estimator.encode(false);
    const FeeEstimator again{kept};
    EXPECT_FALSE(again.empty());
    for (const int32_t target : {2, 6, 12}) {
        for (const bool conservative : {false, true}) {
            EXPECT_EQ(again.smart(target, conservative).rate,
                      estimator.smart(target, conservative).rate);
            EXPECT_EQ(again.smart(target, conservative).target,
                      estimator.smart(target, conservative).target);
        }
    }
    EXPECT_EQ(again.encode(false), kept) << "this run has seen less than the earlier one";
    mine_prompt(2, 0, 1);
    EXPECT_NE(estimator.encode(true), estimator.encode(false)) << "what waits counts as left";
    estimator.left(waits);
    EXPECT_EQ(estimator.encode(true), estimator.encode(false));
}

TEST_F(FeeEstimatorTest, encode_has_the_form_of_bitcoinds_file) {
    mine_prompt(3, 1, 5000);
    const Bytes bytes = estimator.encode(false);
    Reader reader{bytes};
    EXPECT_EQ(reader.le<int32_t>(), 309'900);
    EXPECT_EQ(reader.le<int32_t>(), height) << "best seen";
    EXPECT_EQ(reader.le<int32_t>(), height - 2) << "first that taught something";
    EXPECT_EQ(reader.le<int32_t>(), height);
    const size_t buckets = reader.compact_size();
    EXPECT_EQ(buckets, 237u);
    for (size_t i = 0; i < buckets; ++i) reader.le<uint64_t>();
    for (const auto& [decay, scale, periods] :
         {std::tuple{0.9952, 2u, 24u}, {0.962, 1u, 12u}, {0.99931, 24u, 42u}}) {
        EXPECT_EQ(std::bit_cast<double>(reader.le<uint64_t>()), decay);
        EXPECT_EQ(reader.le<uint32_t>(), scale);
        for (int list = 0; list < 2; ++list) reader.bytes(8 * reader.compact_size());
        for (int matrix = 0; matrix < 2; ++matrix) {
            EXPECT_EQ(reader.compact_size(), periods);
            for (size_t i = 0; i < periods; ++i) reader.bytes(8 * reader.compact_size());
        }
    }
    EXPECT_TRUE(reader.done());
}

TEST_F(FeeEstimatorTest, damaged_file_teaches_nothing) {
    mine_prompt(30, 8, 5000);
    const Bytes kept = estimator.encode(false);
    const Bytes nothing = FeeEstimator{}.encode(false);
    const auto expect_nothing = [&](const Bytes& damaged) {
        const FeeEstimator again{damaged};
        EXPECT_TRUE(again.empty());
        EXPECT_EQ(again.encode(false), nothing);
    };
    for (const size_t size : {size_t{1}, size_t{4}, size_t{20}, kept.size() / 2, kept.size() - 1})
        expect_nothing(Bytes(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(size)));
    for (const size_t at : {size_t{0}, size_t{7}, size_t{11}, size_t{16}, size_t{25}}) {
        Bytes damaged = kept;
        damaged[at] ^= 0xff;
        expect_nothing(damaged);
    }
    Bytes endless = kept;
    std::fill(endless.end() - 8, endless.end(), uint8_t{0xff});  // not a number
    expect_nothing(endless);
}

TEST_F(FeeEstimatorTest, transaction_on_another_tip_does_not_count) {
    for (int block = 0; block < 40; ++block) {
        std::vector<Txid> txids;
        for (uint32_t i = 0; i < 10; ++i) {
            txids.push_back(number(1'000'000 + static_cast<uint32_t>(block) * 100 + i));
            estimator.entered(txids.back(), Height{height - 1}, FeeRate{5000});
        }
        mine(txids);
    }
    EXPECT_FALSE(estimator.smart(2, false).rate);
    EXPECT_EQ(estimator.raw(2, 0.5, FeeHorizon::short_term).rate, -1);
}

TEST_F(FeeEstimatorTest, block_of_a_reorganisation_teaches_nothing) {
    mine_prompt(30, 8, 5000);
    const auto before = estimator.raw(2, 0.5, FeeHorizon::short_term);
    const Txid txid = arrive(9'000);
    estimator.block_connected(Height{height - 1}, std::vector{txid});
    const auto after = estimator.raw(2, 0.5, FeeHorizon::short_term);
    EXPECT_EQ(after.pass.total_confirmed, before.pass.total_confirmed);
    estimator.left(txid);  // it is not watched any more
    EXPECT_EQ(estimator.raw(2, 0.5, FeeHorizon::short_term).fail.left_mempool,
              before.fail.left_mempool);
}

TEST(FeeBucketsTest, of_puts_a_rate_below_its_upper_bound) {
    const FeeBuckets buckets;
    for (const int64_t rate : {0, 1, 99, 100, 101, 5'000, 9'999'999, 20'000'000}) {
        const size_t bucket = buckets.of(FeeRate{rate});
        EXPECT_LE(static_cast<double>(rate), buckets.upper(bucket)) << rate;
        EXPECT_TRUE(bucket == 0 || static_cast<double>(rate) > buckets.lower(bucket)) << rate;
    }
    EXPECT_EQ(buckets.of(FeeRate{100}), 0u);
    EXPECT_EQ(buckets.of(FeeRate{1'000'000'000}), buckets.count() - 1);
}

}  // namespace
}  // namespace parley
