#include "base/crypto/muhash.h"

#include <gtest/gtest.h>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

// 32 bytes: the number, then zeros.
Bytes member(uint8_t number) {
    Bytes bytes(32, 0);
    bytes[0] = number;
    return bytes;
}

TEST(MuHash3072, known_answer_of_other_implementations) {
    MuHash3072 hash;
    hash.insert(member(0)).insert(member(1)).remove(member(2));
    EXPECT_EQ(hash.digest().to_string(),
              "10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863");
}

TEST(MuHash3072, empty_set_is_the_number_one) {
    Bytes one(384, 0);
    one[0] = 1;
    EXPECT_EQ(MuHash3072{}.digest(), sha256(one));
}

TEST(MuHash3072, order_does_not_count_and_removal_undoes) {
    SeededRandom random(test_seed());
    for (int round = 0; round < 10; ++round) {
        std::vector<Bytes> members(8);
        for (Bytes& each : members) {
            each.resize(1 + random.uniform(100));
            random.fill(each);
        }
        MuHash3072 forward;
        MuHash3072 backward;
        for (const Bytes& each : members) forward.insert(each);
        for (size_t i = members.size(); i-- > 0;) backward.insert(members[i]);
        const Hash256 all = forward.digest();
        EXPECT_EQ(backward.digest(), all);
        forward.insert(member(7));
        EXPECT_NE(forward.digest(), all);
        forward.remove(member(7));
        EXPECT_EQ(forward.digest(), all);
        // Removed before it came: a debt.
        MuHash3072 debt;
        debt.remove(members[0]);
        for (const Bytes& each : members) debt.insert(each);
        MuHash3072 without;
        for (size_t i = 1; i < members.size(); ++i) without.insert(members[i]);
        EXPECT_EQ(debt.digest(), without.digest());
        MuHash3072 first;
        first.insert(members[0]);
        EXPECT_EQ((without *= first).digest(), all);
        EXPECT_EQ((without /= first).digest(), debt.digest());
        EXPECT_EQ((forward /= forward).digest(), MuHash3072{}.digest());
        if (round > 0) continue;  // digests take long
        // Goes on where it was.
        auto later = MuHash3072::parse(debt.serialize());
        ASSERT_TRUE(later.has_value());
        EXPECT_EQ(later->digest(), debt.digest());
        EXPECT_EQ(later->insert(members[0]).digest(), all);
    }
}

TEST(MuHash3072, parse_refuses_what_no_set_is) {
    const Bytes one = MuHash3072{}.serialize();
    ASSERT_EQ(one.size(), 768u);
    EXPECT_FALSE(MuHash3072::parse(ByteSpan{one}.first(767)));
    EXPECT_FALSE(MuHash3072::parse(Bytes(768, 0))) << "zero has no inverse";
    // The modulus itself is zero, too: 2^3072 - 1103717.
    Bytes modulus(384, 0xff);
    modulus[0] = 0x9b;
    modulus[1] = 0x28;
    modulus[2] = 0xef;
    Bytes numbers = one;
    std::copy(modulus.begin(), modulus.end(), numbers.begin() + 384);
    EXPECT_FALSE(MuHash3072::parse(numbers));
    numbers[384] += 1;
    EXPECT_TRUE(MuHash3072::parse(numbers));
}

}  // namespace
}  // namespace parley
