#include "base/crypto/sha256.h"

#include <gtest/gtest.h>

#include "base/crypto/cpu_features.h"
#include "base/crypto/sha256_kernels.h"
#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

std::string hex_of(const Hash256& hash) {
    return to_hex(hash.span());
}

Bytes random_bytes(Random& random, size_t size) {
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
}

TEST(Sha256Test, fips_vectors_match) {
    EXPECT_EQ(hex_of(sha256({})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_of(sha256(as_bytes("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_of(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(
        hex_of(sha256(as_bytes("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                               "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"))),
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    EXPECT_EQ(hex_of(sha256(Bytes(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, written_in_any_pieces_result_same) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (size_t size = 0; size < 260; ++size) {
        const Bytes data = random_bytes(random, size);
        Sha256 hasher;
        for (ByteSpan left = data; !left.empty();) {
            const size_t piece = static_cast<size_t>(random.uniform(left.size() + 1));
            hasher.write(left.first(piece));
            left = left.subspan(piece);
        }
        ASSERT_EQ(hasher.finish(), sha256(data)) << "seed " << seed << " size " << size;
    }
}

TEST(Sha256Test, midstate_goes_on_where_the_hasher_stood) {
    EXPECT_EQ(Sha256{}.midstate(), kSha256Initial);
    const Bytes data(128, 0x77);
    Sha256State state = Sha256{}.write(ByteSpan{data}.first(64)).midstate();
    sha256_kernels::compress_portable(state.data(), data.data() + 64, 1);
    EXPECT_EQ(Sha256{}.write(data).midstate(), state);
}

TEST(Sha256DeathTest, midstate_inside_a_block_is_refused) {
    EXPECT_DEATH((void)Sha256{}.write(Bytes(63, 0)).midstate(), "CHECK");
}

TEST(Sha256dTest, genesis_header_gives_the_genesis_hash) {
    const auto header = from_hex(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27a"
        "c7"
        "2c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    EXPECT_EQ(sha256d(*header).to_string(),
              "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    EXPECT_EQ(hex_of(sha256d(as_bytes("hello"))),
              "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50");
}

TEST(TaggedHashTest, is_the_definition_of_bip340) {
    const Hash256 tag = sha256(as_bytes("BIP0340/challenge"));
    Bytes input = to_bytes(tag.span());
    append(input, tag.span());
    append(input, as_bytes("data"));
    EXPECT_EQ(tagged_hash("BIP0340/challenge", as_bytes("data")), sha256(input));
    EXPECT_NE(tagged_hash("BIP0340/challenge", as_bytes("data")),
              tagged_hash("BIP0340/nonce", as_bytes("data")));
}

TEST(Sha256d64Test, any_count_equals_one_at_a_time_and_touches_nothing_else) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    constexpr uint8_t kUntouched = 0xa5;
    for (size_t count = 0; count <= 70; ++count) {
        const Bytes input = random_bytes(random, count * 64);
        Bytes output(count * 32 + 64, kUntouched);
        sha256d_64(output.data(), input.data(), count);
        for (size_t i = 0; i < count; ++i) {
            const Hash256 expected = sha256d(ByteSpan{input}.subspan(64 * i, 64));
            ASSERT_EQ(to_hex(ByteSpan{output}.subspan(32 * i, 32)), hex_of(expected))
                << "seed " << seed << " count " << count << " item " << i;
        }
        EXPECT_EQ(ByteSpan{output}.subspan(count * 32).size(), 64u);
        for (size_t i = count * 32; i < output.size(); ++i)
            ASSERT_EQ(output[i], kUntouched) << count;

        Bytes in_place = input;
        sha256d_64(in_place.data(), in_place.data(), count);
        in_place.resize(count * 32);
        output.resize(count * 32);
        ASSERT_EQ(in_place, output) << "seed " << seed << " count " << count;
    }
}

struct DoubleHashKernel {
    const char* name;
    size_t lanes;
    sha256_kernels::DoubleHash run;
};

std::vector<DoubleHashKernel> double_hash_kernels() {
    std::vector<DoubleHashKernel> kernels{{"portable", 1, sha256_kernels::double_hash_portable}};
#if defined(__x86_64__)
    if (cpu_features().sha_ni) {
        kernels.push_back({"sha_ni", 1, sha256_kernels::double_hash_sha_ni});
        kernels.push_back({"sha_ni_x2", 2, sha256_kernels::double_hash_sha_ni_x2});
    }
    if (cpu_features().avx2) kernels.push_back({"avx2_x8", 8, sha256_kernels::double_hash_avx2});
    if (cpu_features().avx512)
        kernels.push_back({"avx512_x16", 16, sha256_kernels::double_hash_avx512});
#endif
    return kernels;
}

class DoubleHashTest : public testing::TestWithParam<DoubleHashKernel> {};

TEST_P(DoubleHashTest, random_inputs_at_any_alignment_equal_two_plain_hashes) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    const auto [name, lanes, run] = GetParam();
    for (size_t shift = 0; shift < 64; ++shift) {
        const Bytes input = random_bytes(random, shift + lanes * 64);
        Bytes output(shift + lanes * 32);
        run(output.data() + shift, input.data() + shift);
        for (size_t i = 0; i < lanes; ++i) {
            const Hash256 expected = sha256d(ByteSpan{input}.subspan(shift + 64 * i, 64));
            ASSERT_EQ(to_hex(ByteSpan{output}.subspan(shift + 32 * i, 32)), hex_of(expected))
                << "seed " << seed << " lane " << i;
        }
    }
}

TEST_P(DoubleHashTest, extreme_words_equal_two_plain_hashes) {
    const auto [name, lanes, run] = GetParam();
    for (const uint8_t fill : {uint8_t{0x00}, uint8_t{0xff}, uint8_t{0x80}, uint8_t{0x7f}}) {
        Bytes data(lanes * 64, fill);
        const Hash256 expected = sha256d(Bytes(64, fill));
        run(data.data(), data.data());  // in place
        for (size_t i = 0; i < lanes; ++i) {
            ASSERT_EQ(to_hex(ByteSpan{data}.subspan(32 * i, 32)), hex_of(expected)) << int{fill};
        }
    }
}

INSTANTIATE_TEST_SUITE_P(kernels, DoubleHashTest, testing::ValuesIn(double_hash_kernels()),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST(CompressTest, sha_extensions_equal_the_portable_function_on_any_state_and_block_count) {
#if defined(__x86_64__)
    if (!cpu_features().sha_ni) GTEST_SKIP() << "no SHA extensions: 200 comparisons left out";
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (int round = 0; round < 200; ++round) {
        const size_t blocks = static_cast<size_t>(random.uniform(6));
        const Bytes data = random_bytes(random, blocks * 64);
        Sha256State expected;
        for (auto& word : expected) word = static_cast<uint32_t>(random.next());
        Sha256State state = expected;
        sha256_kernels::compress_portable(expected.data(), data.data(), blocks);
        sha256_kernels::compress_sha_ni(state.data(), data.data(), blocks);
        ASSERT_EQ(state, expected) << "seed " << seed << " blocks " << blocks;
    }
#else
    GTEST_SKIP() << "not an x86-64 processor: 200 comparisons left out";
#endif
}

TEST(Sha256ImplementationTest, name_is_one_of_those_documented) {
    const std::string_view name = sha256_implementation();
    EXPECT_TRUE(name == "sha_ni+avx512" || name == "sha_ni" || name == "avx512" || name == "avx2" ||
                name == "portable")
        << name;
}

}  // namespace
}  // namespace parley
