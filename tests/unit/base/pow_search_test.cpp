#include "base/crypto/pow_search.h"

#include <gtest/gtest.h>

#include <array>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "base/uint256.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

using Header = std::array<uint8_t, 80>;
constexpr uint32_t kLastNonce = 0xffffffff;

// The block that every Bitcoin node starts from, byte by byte as on the wire.
Header genesis_header() {
    const auto bytes = from_hex(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27a"
        "c72c3e67768f"
        "617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    Header header{};
    EXPECT_EQ(bytes->size(), header.size());
    std::copy(bytes->begin(), bytes->end(), header.begin());
    return header;
}
constexpr uint32_t kGenesisNonce = 2083236893;

U256 hash_with_nonce(Header header, uint32_t nonce) {
    for (size_t i = 0; i < 4; ++i) header[76 + i] = static_cast<uint8_t>(nonce >> (8 * i));
    return U256::from_hash(sha256d(header));
}

// The definition of a search, in its plainest form.
std::optional<uint32_t> naive_search(const Header& header, const U256& target, uint32_t first,
                                     uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        const auto nonce = static_cast<uint32_t>(first + i);
        if (hash_with_nonce(header, nonce) <= target) return nonce;
    }
    return std::nullopt;
}

Header random_header(Random& random) {
    Header header{};
    random.fill(header);
    return header;
}

class PowSearchTest : public testing::TestWithParam<PowSearchKernel> {
 protected:
    std::optional<uint32_t> search(const Header& header, const U256& target, uint32_t first,
                                   uint64_t count) {
        return GetParam().search(header, target.to_hash(), first, count);
    }
};

TEST_P(PowSearchTest, genesis_block_finds_its_nonce) {
    const U256 target = U256{0xffff} << 208;
    const Header header = genesis_header();
    EXPECT_EQ(search(header, target, kGenesisNonce - 100'003, 200'000), kGenesisNonce);
    EXPECT_EQ(search(header, target, kGenesisNonce, 1), kGenesisNonce);
    EXPECT_EQ(search(header, target, kGenesisNonce - 4096, 4096), std::nullopt);
    EXPECT_EQ(search(header, target, kGenesisNonce + 1, 4096), std::nullopt);
}

TEST_P(PowSearchTest, random_headers_and_targets_give_what_the_definition_gives) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (int round = 0; round < 300; ++round) {
        const Header header = random_header(random);
        // From targets that every second nonce meets to such as few of a thousand do.
        const U256 target = U256::max() >> static_cast<int>(1 + random.uniform(12));
        const uint64_t count = random.uniform(200);
        const auto first = static_cast<uint32_t>(random.uniform((uint64_t{1} << 32) - count + 1));
        ASSERT_EQ(search(header, target, first, count), naive_search(header, target, first, count))
            << "seed " << seed << " round " << round;
    }
}

TEST_P(PowSearchTest, target_equal_to_the_hash_is_met_and_one_less_is_not) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (uint32_t position = 0; position < 40; ++position) {
        // The lowest hash of forty: a target below it by one is met by none of them.
        const Header header = random_header(random);
        const uint32_t first = 1000 + position;
        uint32_t best = first;
        for (uint32_t nonce = first; nonce < first + 40; ++nonce) {
            if (hash_with_nonce(header, nonce) < hash_with_nonce(header, best)) best = nonce;
        }
        const U256 lowest = hash_with_nonce(header, best);
        ASSERT_EQ(search(header, lowest, first, 40), best) << "seed " << seed;
        ASSERT_EQ(search(header, lowest - U256{1}, first, 40), std::nullopt) << "seed " << seed;
    }
}

TEST_P(PowSearchTest, every_position_and_length_around_the_lanes_finds_the_only_hit) {
    SeededRandom random{7};
    const Header header = random_header(random);
    constexpr uint32_t kFirst = 500;
    for (uint64_t count = 1; count <= 50; ++count) {
        uint32_t best = kFirst;
        for (uint32_t nonce = kFirst; nonce < kFirst + count; ++nonce) {
            if (hash_with_nonce(header, nonce) < hash_with_nonce(header, best)) best = nonce;
        }
        const U256 target = hash_with_nonce(header, best);
        // Slide the range so that the hit lies at each of its positions.
        for (uint32_t shift = 0; shift < count && shift <= best - kFirst; ++shift) {
            ASSERT_EQ(search(header, target, kFirst + shift, count - shift), best)
                << "count " << count << " shift " << shift;
        }
    }
}

TEST_P(PowSearchTest, empty_range_finds_nothing_even_when_all_would_do) {
    EXPECT_EQ(search(genesis_header(), U256::max(), 0, 0), std::nullopt);
    EXPECT_EQ(search(genesis_header(), U256::max(), kLastNonce, 0), std::nullopt);
}

TEST_P(PowSearchTest, range_of_one_tests_that_nonce) {
    EXPECT_EQ(search(genesis_header(), U256::max(), 12345, 1), 12345u);
    EXPECT_EQ(search(genesis_header(), U256{}, 12345, 1), std::nullopt);
}

TEST_P(PowSearchTest, first_and_last_nonce_of_all_are_reached) {
    const Header header = genesis_header();
    EXPECT_EQ(search(header, U256::max(), 0, uint64_t{1} << 32), 0u);
    EXPECT_EQ(search(header, U256::max(), kLastNonce, 1), kLastNonce);
    EXPECT_EQ(search(header, hash_with_nonce(header, 0), 0, 1), 0u);
    for (uint64_t count = 1; count <= 40; ++count) {
        const auto first = static_cast<uint32_t>((uint64_t{1} << 32) - count);
        const U256 target = hash_with_nonce(header, kLastNonce);
        ASSERT_EQ(search(header, target, first, count), naive_search(header, target, first, count))
            << count;
    }
}

TEST_P(PowSearchTest, easiest_target_returns_the_first_nonce_every_time) {
    for (uint32_t first = 0; first < 40; ++first) {
        ASSERT_EQ(search(genesis_header(), U256::max(), first, 1000), first);
    }
}

TEST_P(PowSearchTest, nonce_in_the_given_header_does_not_matter) {
    Header header = genesis_header();
    header[76] = header[77] = header[78] = header[79] = 0xee;
    EXPECT_EQ(search(header, U256{0xffff} << 208, kGenesisNonce - 64, 100), kGenesisNonce);
}

using PowSearchDeathTest = PowSearchTest;

TEST_P(PowSearchDeathTest, range_that_wraps_is_refused) {
    EXPECT_DEATH((void)search(genesis_header(), U256{}, kLastNonce, 2), "CHECK|check");
}

std::string kernel_name(const testing::TestParamInfo<PowSearchKernel>& info) {
    return std::string{info.param.name};
}

INSTANTIATE_TEST_SUITE_P(kernels, PowSearchTest,
                         testing::ValuesIn(pow_search_kernels().begin(),
                                           pow_search_kernels().end()),
                         kernel_name);
INSTANTIATE_TEST_SUITE_P(kernels, PowSearchDeathTest,
                         testing::ValuesIn(pow_search_kernels().begin(),
                                           pow_search_kernels().end()),
                         kernel_name);

TEST(PowSearchDispatchTest, kernels_end_with_the_portable_one_and_the_first_is_in_use) {
    ASSERT_FALSE(pow_search_kernels().empty());
    EXPECT_EQ(pow_search_kernels().back().name, "portable");
    EXPECT_EQ(pow_search_kernels().front().name, pow_search_implementation());
    EXPECT_EQ(
        search_nonce(genesis_header(), (U256{0xffff} << 208).to_hash(), kGenesisNonce - 33, 66),
        kGenesisNonce);
}

}  // namespace
}  // namespace parley
