// Descriptors: parsing, derived scripts, and conversion to text.
#include "wallet/descriptor/descriptor.h"

#include <gtest/gtest.h>

#include "base/crypto/hash.h"
#include "chain/primitives/address.h"
#include "chain/rules/params.h"

namespace parley {
namespace {

constexpr std::string_view kPublic =
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
constexpr std::string_view kXprv =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtR"
    "BeJ"
    "gk33yuGBxrMPHi";
constexpr std::string_view kXpub =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7"
    "usU"
    "DFdp6W1EGMcet8";

class DescriptorTest : public testing::Test {
 protected:
    Descriptor good(const std::string& text) {
        auto parsed = Descriptor::parse(text, params, false);
        EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error());
        return parsed.value();
    }
    std::string bad(const std::string& text, bool require_checksum = false) {
        const auto parsed = Descriptor::parse(text, params, require_checksum);
        EXPECT_FALSE(parsed) << text;
        return parsed ? "" : parsed.error();
    }
    std::string address(const Descriptor& descriptor, uint32_t position = 0) {
        return encode_address(params.address_prefixes, descriptor.scripts(position).at(0));
    }
    static std::string call(std::string_view function, std::string_view inner) {
        return std::string{function} + "(" + std::string{inner} + ")";
    }

    ChainParams params = main_params();
};

TEST_F(DescriptorTest, parse_constant_key_makes_the_known_addresses) {
    EXPECT_EQ(address(good(call("wpkh", kPublic))), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
    EXPECT_EQ(address(good(call("pkh", kPublic))), "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH");
    EXPECT_EQ(good(call("pk", kPublic)).scripts(0)[0].size(), 35u);
    const auto combo = good(call("combo", kPublic)).scripts(0);
    ASSERT_EQ(combo.size(), 4u);
    EXPECT_TRUE(match_p2pk(combo[0]) && match_p2pkh(combo[1]) && match_p2wpkh(combo[2]));
    EXPECT_EQ(combo[3], p2sh_script(hash160(combo[2].bytes())));
    EXPECT_FALSE(good(call("wpkh", kPublic)).has_secret());
}

TEST_F(DescriptorTest, parse_wif_knows_the_secret_and_hides_it) {
    const Descriptor descriptor =
        good("wpkh(KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn)");  // the number 1
    EXPECT_TRUE(descriptor.has_secret());
    EXPECT_EQ(descriptor.to_string(params).substr(0, 71), call("wpkh", kPublic).substr(0, 71));
    EXPECT_EQ(descriptor.to_string(params, KeyForm::secret).substr(0, 59),
              "wpkh(KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn)#");
    ASSERT_TRUE(descriptor.derive_key(0)->secret);
    EXPECT_EQ(descriptor.id(params), good(call("wpkh", kPublic)).id(params));
    EXPECT_EQ(bad("wpkh(5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss)"),
              "wpkh(): Uncompressed keys are not allowed");
    good("pkh(5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss)");
}

TEST_F(DescriptorTest, parse_range_derives_each_position) {
    const Descriptor secret = good(call("wpkh", std::string{kXprv} + "/0h/1/*"));
    EXPECT_TRUE(secret.is_range());
    EXPECT_NE(secret.scripts(0), secret.scripts(1));
    const auto key = secret.derive_key(5);
    ASSERT_TRUE(key && key->secret);
    EXPECT_EQ(key->secret->public_key(), key->public_key);
    EXPECT_EQ(to_string(key->origin.path), "0h/1/5");
    EXPECT_EQ(to_hex(key->origin.fingerprint), "3442193e");
    // Its public form derives the same, and says where the key comes from.
    const std::string text = secret.to_string(params);
    EXPECT_TRUE(
        text.starts_with("wpkh([3442193e/0h]xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRK"
                         "fDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw/"
                         "1/*)#"))
        << text;
    const Descriptor known = good(text);
    EXPECT_FALSE(known.has_secret());
    for (const uint32_t position : {0u, 1u, 500u})
        EXPECT_EQ(known.scripts(position), secret.scripts(position));
    EXPECT_EQ(known.derive_key(5)->origin, key->origin);
    EXPECT_EQ(known.id(params), secret.id(params));
}

TEST_F(DescriptorTest, parse_hardened_needs_the_secret) {
    const Descriptor descriptor = good(call("pkh", std::string{kXprv} + "/*h"));
    EXPECT_EQ(to_string(descriptor.derive_key(3)->origin.path), "3h");
    // Without it, the text is valid, but no script can be derived.
    EXPECT_TRUE(good(call("pkh", std::string{kXpub} + "/*h")).scripts(0).empty());
    EXPECT_TRUE(good(call("pkh", std::string{kXpub} + "/0h/*")).scripts(0).empty());
}

TEST_F(DescriptorTest, to_string_keeps_the_marks_of_hardened_steps) {
    const std::string inner = "[d34db33f/44'/0']" + std::string{kXpub} + "/1/*";
    EXPECT_EQ(good(call("pkh", inner)).to_string(params).substr(0, inner.size() + 6),
              "pkh(" + inner + ")#");
    const std::string other = "[d34db33f/44h/0h]" + std::string{kXpub} + "/1/*";
    EXPECT_EQ(good(call("pkh", inner)).id(params), good(call("pkh", other)).id(params));
}

TEST_F(DescriptorTest, parse_addr_and_raw_are_watched_only) {
    const Descriptor addr = good("addr(1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH)");
    EXPECT_FALSE(addr.is_solvable());
    EXPECT_EQ(address(addr), "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH");
    EXPECT_EQ(good("raw(51)").scripts(0)[0], Script{Bytes{0x51}});
    EXPECT_EQ(bad("addr(nonsense)"), "Address is not valid");
    EXPECT_EQ(bad("raw(5)"), "Raw script is not hex");
}

TEST_F(DescriptorTest, checksum_is_bip380s) {
    EXPECT_EQ(good("raw(deadbeef)#89f8spxm").to_string(params), "raw(deadbeef)#89f8spxm");
    EXPECT_EQ(bad("raw(deadbeef)", true), "Missing checksum");
    EXPECT_EQ(bad("raw(deadbeef)#"), "Expected 8 character checksum, not 0 characters");
    EXPECT_EQ(bad("raw(deadbeef)#89f8spxmx"), "Expected 8 character checksum, not 9 characters");
    EXPECT_EQ(bad("raw(dedbeef)#89f8spxm").substr(0, 41),
              "Provided checksum '89f8spxm' does not mat");
    EXPECT_EQ(bad("raw(deadbeef)##9f8spxm"), "Multiple '#' symbols");
    EXPECT_EQ(bad("raw(Ü)"), "Invalid characters in payload");
}

TEST_F(DescriptorTest, parse_hostile_texts_are_refused) {
    for (const std::string& text :
         {std::string{""}, std::string{"wpkh"}, std::string{"wpkh("}, std::string{"wpkh()"},
          std::string{"()"}, call("wpkh", "[0123456]" + std::string{kPublic}),
          call("wpkh", "[01234567" + std::string{kPublic}),
          call("wpkh", "[01234567/]" + std::string{kPublic}),
          call("wpkh", std::string{kPublic} + "/0"), call("wpkh", std::string{kXpub} + "/"),
          call("wpkh", std::string{kXpub} + "/1*"), call("wpkh", std::string{kXpub} + "/*/*"),
          call("wpkh", std::string{kXpub} + "/2147483648"), call("wpkh", std::string(66, '0')),
          std::string(20'000, '(')}) {
        bad(text);
    }
    EXPECT_EQ(bad("tr(" + std::string{kPublic} + "," + std::string(129, '{')),
              "'tr(" + std::string{kPublic} + "," + std::string(129, '{') +
                  "' is not a valid descriptor function");
    EXPECT_EQ(bad("tr(" + std::string{kPublic} + "," + std::string(129, '{') + "pk(" +
                  std::string{kPublic} + ")" + std::string(129, '}') + ")"),
              "tr() supports at most 128 nesting levels");
}

}  // namespace
}  // namespace parley
