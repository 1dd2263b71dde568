#include "base/crypto/keys.h"

#include <gtest/gtest.h>
#include <secp256k1.h>

#include <sstream>

#include "base/crypto/sha256.h"
#include "base/uint256.h"
#include "tests/unit/seed.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

// The order of the group, and the compressed generator.
const char* const kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const char* const kGenerator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const char* const kGeneratorY = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

Bytes hex(const std::string& text) {
    const auto bytes = from_hex(text);
    EXPECT_TRUE(bytes) << text;
    return bytes.value_or(Bytes{});
}

template <size_t size>
std::array<uint8_t, size> array_of(ByteSpan bytes) {
    std::array<uint8_t, size> result{};
    EXPECT_EQ(bytes.size(), size);
    std::copy_n(bytes.begin(), std::min(size, bytes.size()), result.begin());
    return result;
}

SecretKey secret_of(const std::string& text) {
    const auto key = SecretKey::from_bytes(hex(text));
    EXPECT_TRUE(key);
    return *key;
}

SecretKey secret_one() {
    return secret_of(std::string(63, '0') + "1");
}

// The DER form of two numbers, each with the bytes given.
Bytes der(ByteSpan r, ByteSpan s) {
    Bytes result{0x30, static_cast<uint8_t>(r.size() + s.size() + 4), 0x02,
                 static_cast<uint8_t>(r.size())};
    append(result, r);
    result.push_back(0x02);
    result.push_back(static_cast<uint8_t>(s.size()));
    append(result, s);
    return result;
}

// A number as DER wants it: no leading zeros, but one where the top bit would make it negative.
Bytes der_integer(ByteSpan digits) {
    while (digits.size() > 1 && digits[0] == 0) digits = digits.subspan(1);
    Bytes result;
    if (digits[0] & 0x80) result.push_back(0);
    append(result, digits);
    return result;
}

// order - s, big-endian: the other solution for S.
std::array<uint8_t, 32> negate(ByteSpan s) {
    const auto value = Hash256::from_string(to_hex(s));
    const auto order = Hash256::from_string(kOrder);
    const U256 result = U256::from_hash(*order) - U256::from_hash(*value);
    return array_of<32>(hex(result.to_hex()));
}

TEST(PublicKeyTest, secret_one_gives_the_generator) {
    EXPECT_EQ(to_hex(secret_one().public_key().bytes()), kGenerator);
    const PublicKey full = secret_one().public_key(false);
    EXPECT_EQ(to_hex(full.bytes()), std::string{"04"} + (kGenerator + 2) + kGeneratorY);
    EXPECT_TRUE(secret_one().public_key().compressed());
    EXPECT_FALSE(full.compressed());
    EXPECT_EQ(to_hex(full.x_only()), kGenerator + 2);
}

TEST(PublicKeyTest, parse_takes_all_serialised_forms_and_keeps_them) {
    const std::string x = kGenerator + 2;
    // The y coordinate is even: hybrid form 06.
    for (const std::string& text :
         {"02" + x, "03" + x, "04" + x + kGeneratorY, "06" + x + kGeneratorY}) {
        const auto key = PublicKey::parse(hex(text));
        ASSERT_TRUE(key) << text;
        EXPECT_EQ(to_hex(key->bytes()), text);
    }
}

TEST(PublicKeyTest, parse_refuses_wrong_prefix_size_parity_and_points_off_the_curve) {
    const std::string x = kGenerator + 2;
    const std::string off_curve_y = std::string{kGeneratorY}.substr(0, 63) + "9";
    for (const std::string& text :
         {std::string{}, std::string{"02"}, "00" + x, "05" + x, "04" + x, "02" + x + kGeneratorY,
          "02" + x + "00", "07" + x + kGeneratorY, "04" + x + off_curve_y, "02" + x.substr(2),
          "08" + x + kGeneratorY, "02" + std::string(64, 'f'), "02" + std::string(63, '0') + "5"}) {
        EXPECT_FALSE(PublicKey::parse(hex(text))) << text;
    }
}

TEST(PublicKeyTest, tweak_of_public_and_secret_key_agree) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (int round = 0; round < 20; ++round) {
        const SecretKey secret = SecretKey::generate(random);
        const auto tweak = array_of<32>(SecretKey::generate(random).bytes());
        for (const bool compressed : {true, false}) {
            const auto tweaked = secret.public_key(compressed).tweak_add(tweak);
            ASSERT_TRUE(tweaked);
            EXPECT_EQ(*tweaked, secret.tweak_add(tweak)->public_key(compressed)) << "seed " << seed;
        }
    }
}

TEST(PublicKeyTest, tweak_that_cancels_the_key_or_exceeds_the_order_is_refused) {
    const SecretKey secret = secret_of(std::string(62, '0') + "77");
    const auto opposite = negate(secret.bytes());
    EXPECT_FALSE(secret.tweak_add(opposite));
    EXPECT_FALSE(secret.public_key().tweak_add(opposite));
    EXPECT_FALSE(secret.tweak_add(array_of<32>(hex(kOrder))));
    EXPECT_FALSE(secret.public_key().tweak_add(array_of<32>(hex(kOrder))));
    EXPECT_EQ(secret.tweak_add({}), secret);
}

TEST(SecretKeyTest, from_bytes_takes_one_to_order_minus_one) {
    U256 largest = U256::from_hash(*Hash256::from_string(kOrder)) - U256{1};
    EXPECT_TRUE(SecretKey::from_bytes(hex(std::string(63, '0') + "1")));
    EXPECT_TRUE(SecretKey::from_bytes(hex(largest.to_hex())));
    EXPECT_FALSE(SecretKey::from_bytes(hex(kOrder)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(32, 0)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(32, 0xff)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(31, 1)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(33, 1)));
    EXPECT_FALSE(SecretKey::from_bytes({}));
}

TEST(SecretKeyTest, generate_passes_over_values_outside_the_group) {
    class Scripted final : public Random {
     public:
        uint64_t next() override { return ++calls_ <= 4 ? ~uint64_t{0} : calls_ <= 8 ? 0 : 5; }

     private:
        int calls_ = 0;
    };
    Scripted random;  // all ones, then all zeros, then something valid
    EXPECT_EQ(to_hex(SecretKey::generate(random).bytes()),
              "0500000000000000050000000000000005000000000000000500000000000000");
}

TEST(EcdsaTest, rfc6979_vectors_over_secp256k1_match) {
    struct Case {
        const char* secret;
        const char* message;
        const char* signature;
    };
    for (const auto& [secret, message, signature] : {
             Case{"0000000000000000000000000000000000000000000000000000000000000001",
                  "Satoshi Nakamoto",
                  "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
                  "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
             Case{"0000000000000000000000000000000000000000000000000000000000000001",
                  "All those moments will be lost in time, like tears in rain. Time to die...",
                  "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
                  "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"},
         }) {
        const SecretKey key = secret_of(secret);
        const Hash256 hash = sha256(as_bytes(message));
        EXPECT_EQ(to_hex(key.sign_compact(hash)), signature);
        EXPECT_TRUE(verify_compact(key.public_key(), hash, key.sign_compact(hash)));
    }
}

// Restates the grinding with the library alone: no additional data first, then a counter from 1 in
// its first four bytes.
Bytes grind(const SecretKey& key, const Hash256& message) {
    secp256k1_context* context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    secp256k1_ecdsa_signature signature;
    std::array<uint8_t, 64> compact{};
    for (uint32_t counter = 0;; ++counter) {
        std::array<uint8_t, 32> data{static_cast<uint8_t>(counter)};
        EXPECT_LT(counter, 256u);
        EXPECT_EQ(secp256k1_ecdsa_sign(context, &signature, message.data(), key.bytes().data(),
                                       nullptr, counter == 0 ? nullptr : data.data()),
                  1);
        secp256k1_ecdsa_signature_serialize_compact(context, compact.data(), &signature);
        if (compact[0] < 0x80) break;
    }
    secp256k1_context_destroy(context);
    const ByteSpan span{compact};
    return der(der_integer(span.first(32)), der_integer(span.last(32)));
}

TEST(EcdsaTest, der_signatures_have_low_r_low_s_and_verify) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (int round = 0; round < 60; ++round) {
        const SecretKey key = SecretKey::generate(random);
        Hash256 message;
        random.fill(message.bytes());
        const Bytes signature = key.sign_der(message);
        EXPECT_LE(signature.size(), 70u) << "seed " << seed;
        EXPECT_EQ(signature, grind(key, message)) << "seed " << seed;
        EXPECT_EQ(signature, key.sign_der(message));
        EXPECT_TRUE(verify_ecdsa(key.public_key().bytes(), message, signature)) << "seed " << seed;
        EXPECT_TRUE(verify_ecdsa(key.public_key(false).bytes(), message, signature));
        message.bytes()[random.uniform(32)] ^= 1;
        EXPECT_FALSE(verify_ecdsa(key.public_key().bytes(), message, signature)) << "seed " << seed;
    }
}

class LaxDerTest : public testing::Test {
 protected:
    bool verifies(const Bytes& signature) {
        return verify_ecdsa(key_.bytes(), message_, signature);
    }

    const PublicKey key_ = secret_one().public_key();
    const Hash256 message_ = sha256(as_bytes("Satoshi Nakamoto"));
    const Bytes r_ =
        hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8");  // needs a leading
                                                                                  // zero
    const Bytes s_ = hex("2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    const Bytes strict_ = der(der_integer(r_), s_);
};

TEST_F(LaxDerTest, strict_form_verifies) {
    EXPECT_TRUE(verifies(strict_));
}

TEST_F(LaxDerTest, historic_liberties_verify) {
    Bytes trailing = strict_;
    append(trailing, as_bytes("anything"));
    Bytes wrong_outer_length = strict_;
    wrong_outer_length[1] = 0x01;
    Bytes padded_r(5, 0);
    append(padded_r, r_);
    Bytes long_outer{0x30, 0x82, 0xff, 0xff};
    append(long_outer, ByteSpan{strict_}.subspan(2));
    Bytes long_inner{0x30, 0x00, 0x02, 0x84, 0x00, 0x00, 0x00, 0x20};
    append(long_inner, r_);
    append(long_inner, hex("028120"));
    append(long_inner, s_);
    EXPECT_TRUE(verifies(trailing));
    EXPECT_TRUE(verifies(wrong_outer_length));
    EXPECT_TRUE(verifies(der(r_, s_))) << "a negative R counts as positive";
    EXPECT_TRUE(verifies(der(padded_r, s_)));
    EXPECT_TRUE(verifies(long_outer));
    EXPECT_TRUE(verifies(long_inner));
}

TEST_F(LaxDerTest, high_s_verifies_here_and_not_in_compact_form) {
    const auto high = negate(s_);
    EXPECT_TRUE(verifies(der(der_integer(r_), der_integer(high))));
    std::array<uint8_t, 64> compact;
    std::copy(r_.begin(), r_.end(), compact.begin());
    std::copy(s_.begin(), s_.end(), compact.begin() + 32);
    EXPECT_TRUE(verify_compact(key_, message_, compact));
    std::copy(high.begin(), high.end(), compact.begin() + 32);
    EXPECT_FALSE(verify_compact(key_, message_, compact));
}

TEST_F(LaxDerTest, every_truncation_fails) {
    for (size_t size = 0; size < strict_.size(); ++size) {
        EXPECT_FALSE(
            verifies(Bytes(strict_.begin(), strict_.begin() + static_cast<ptrdiff_t>(size))))
            << size;
    }
}

TEST_F(LaxDerTest, wrong_tags_lengths_and_numbers_fail) {
    for (const size_t tag_at : {size_t{0}, size_t{2}, size_t{4} + 33}) {
        Bytes wrong = strict_;
        wrong[tag_at] ^= 1;
        EXPECT_FALSE(verifies(wrong)) << tag_at;
    }
    const Bytes order = hex(kOrder);
    EXPECT_FALSE(verifies(der({}, {})));
    EXPECT_FALSE(verifies(der(Bytes(40, 0xff), s_))) << "too large for 32 bytes";
    EXPECT_FALSE(verifies(der(r_, Bytes(33, 0xff))));
    EXPECT_FALSE(verifies(der(r_, order)));
    EXPECT_FALSE(verifies(der(Bytes{0}, s_)));
    EXPECT_FALSE(verifies(der(r_, Bytes{0})));
    EXPECT_FALSE(verifies(hex("30ff02ff")));
    EXPECT_FALSE(verifies(hex("3000028901010101010101010102"))) << "a length of nine bytes";
    EXPECT_FALSE(verifies(hex("30000284ffffffff0202"))) << "a length past the end";
}

TEST_F(LaxDerTest, any_bytes_are_survived) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    for (int round = 0; round < 2000; ++round) {
        Bytes mutated = strict_;
        for (uint64_t changes = 1 + random.uniform(4); changes > 0; --changes) {
            mutated[random.uniform(mutated.size())] = static_cast<uint8_t>(random.next());
        }
        mutated.resize(random.uniform(mutated.size() + 1));
        const bool valid = verifies(mutated);
        EXPECT_FALSE(valid && mutated.size() < 64) << "no room for two numbers; seed " << seed;
    }
}

TEST_F(LaxDerTest, key_forms_verify_and_broken_keys_do_not) {
    const std::string coordinates = std::string{kGenerator + 2} + kGeneratorY;
    EXPECT_TRUE(verify_ecdsa(hex("06" + coordinates), message_, strict_)) << "hybrid";
    EXPECT_FALSE(verify_ecdsa(hex("07" + coordinates), message_, strict_))
        << "hybrid of the wrong parity";
    EXPECT_FALSE(verify_ecdsa(hex("03" + coordinates.substr(0, 64)), message_, strict_));
    EXPECT_FALSE(verify_ecdsa({}, message_, strict_));
    EXPECT_FALSE(verify_ecdsa(Bytes(33, 2), message_, Bytes{}));
}

TEST(CompactTest, empty_key_never_verifies) {
    EXPECT_FALSE(verify_compact(PublicKey{}, Hash256{}, secret_one().sign_compact(Hash256{})));
}

TEST(Bip340Vectors, all_match) {
    const auto text = read_vectors("bip340_schnorr.csv");
    if (!text) GTEST_SKIP() << "bip340_schnorr.csv not found: 19 cases left out";
    std::istringstream lines{*text};
    std::string line;
    std::getline(lines, line);  // the names of the columns
    int cases = 0;
    while (std::getline(lines, line)) {
        std::array<std::string, 7> column;
        std::istringstream columns{line};
        for (auto& field : column) std::getline(columns, field, ',');
        const auto& [index, secret, key, auxiliary, message, signature, verdict] = column;
        ++cases;
        EXPECT_EQ(verify_schnorr(array_of<32>(hex(key)), hex(message), hex(signature)),
                  verdict == "TRUE")
            << index;
        // Signing is for 32-byte messages only.
        if (secret.empty() || message.size() != 64) continue;
        const SecretKey signer = secret_of(secret);
        EXPECT_EQ(
            signer.sign_schnorr(Hash256::from_bytes(hex(message)), array_of<32>(hex(auxiliary))),
            array_of<64>(hex(signature)))
            << index;
        EXPECT_EQ(signer.public_key().x_only(), array_of<32>(hex(key))) << index;
    }
    expect_cases("bip340_schnorr.csv", cases, 19);
}

TEST(SchnorrTest, signature_of_another_size_or_message_fails) {
    const SecretKey key = secret_one();
    const Hash256 message = sha256(as_bytes("one"));
    const auto signature = key.sign_schnorr(message, {});
    const auto x = key.public_key().x_only();
    EXPECT_TRUE(verify_schnorr(x, message.span(), signature));
    EXPECT_FALSE(verify_schnorr(x, sha256(as_bytes("two")).span(), signature));
    EXPECT_FALSE(verify_schnorr(x, message.span(), ByteSpan{signature}.first(63)));
    EXPECT_FALSE(verify_schnorr(x, message.span(), Bytes(65, 1)));
    EXPECT_FALSE(verify_schnorr(x, message.span(), {}));
    EXPECT_FALSE(verify_schnorr(Bytes(32, 0), message.span(), signature))
        << "zero is no x coordinate on the curve";
}

}  // namespace
}  // namespace parley
