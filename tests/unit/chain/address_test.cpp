#include "chain/primitives/address.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "chain/rules/params.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

// Which of our parameters has the address formats of a chain in the vectors (testnets and regtest
// share the Base58 versions, but not the Bech32 prefix).
std::optional<ChainParams> params_of(std::string_view chain, bool bech32) {
    if (chain == "main") return main_params();
    if (chain == "regtest") return regtest_params();
    if (bech32) {
        ChainParams params = regtest_params();
        params.address_prefixes.bech32 = "tb";
        return params;
    }
    return regtest_params();
}

TEST(KeyIoVectors, valid_ones_decode_and_encode) {
    const auto text = read_vectors("key_io_valid.json");
    if (!text) GTEST_SKIP() << "key_io_valid.json not found: 27 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        const std::string encoded{row.at(0).get_string().value()};
        const auto payload = from_hex(row.at(1).get_string().value());
        const auto meta = row.at(2);
        const bool bech32 = encoded.starts_with("tb1") || encoded.starts_with("TB1");
        const auto params = params_of(meta["chain"].get_string().value(), bech32);
        ASSERT_TRUE(params.has_value());
        ++cases;
        if (meta["isPrivkey"].get_bool().value()) {
            const auto key = decode_secret_key(params->address_prefixes, encoded);
            ASSERT_TRUE(key.has_value()) << encoded;
            EXPECT_EQ(to_bytes(key->key.bytes()), *payload);
            EXPECT_EQ(key->compressed, meta["isCompressed"].get_bool().value());
            EXPECT_EQ(encode_secret_key(params->address_prefixes, *key), encoded);
            EXPECT_FALSE(decode_address(params->address_prefixes, encoded)) << encoded;
            continue;
        }
        const auto script = decode_address(params->address_prefixes, encoded);
        ASSERT_TRUE(script.has_value()) << encoded;
        EXPECT_EQ(*script, Script{*payload});
        EXPECT_EQ(encode_address(params->address_prefixes, *script), encoded);
        EXPECT_FALSE(decode_secret_key(params->address_prefixes, encoded)) << encoded;
    }
    expect_cases("key_io_valid.json", cases, 27);
}

TEST(KeyIoVectors, invalid_ones_are_refused_on_every_chain) {
    const auto text = read_vectors("key_io_invalid.json");
    if (!text) GTEST_SKIP() << "key_io_invalid.json not found: 70 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    ChainParams test = regtest_params();
    test.address_prefixes.bech32 = "tb";
    for (const auto row : parser.parse(*text).get_array()) {
        const std::string encoded{row.at(0).get_string().value()};
        for (const auto& params : {main_params(), regtest_params(), test}) {
            EXPECT_FALSE(decode_address(params.address_prefixes, encoded)) << encoded;
            EXPECT_FALSE(decode_secret_key(params.address_prefixes, encoded)) << encoded;
        }
        ++cases;
    }
    expect_cases("key_io_invalid.json", cases, 70);
}

TEST(Address, other_chain_names_the_reason) {
    const Script script = p2wpkh_script(Hash160{7});
    const std::string main_address = encode_address(main_params().address_prefixes, script);
    EXPECT_EQ(main_address.substr(0, 3), "bc1");
    EXPECT_EQ(decode_address(regtest_params().address_prefixes, main_address).error(),
              AddressError::bech32_prefix);
    const std::string base58 =
        encode_address(main_params().address_prefixes, p2pkh_script(Hash160{7}));
    EXPECT_EQ(base58[0], '1');
    EXPECT_EQ(decode_address(regtest_params().address_prefixes, base58).error(),
              AddressError::base58_version);
    std::string broken = main_address;
    broken.back() = broken.back() == 'q' ? 'p' : 'q';
    EXPECT_EQ(decode_address(main_params().address_prefixes, broken).error(),
              AddressError::bech32_checksum);
    EXPECT_EQ(decode_address(main_params().address_prefixes, "").error(), AddressError::encoding);
}

TEST(Address, every_witness_version_round_trips) {
    for (int version = 0; version <= 16; ++version) {
        for (const size_t size : {2u, 20u, 32u, 40u}) {
            const Script script = witness_script(version, Bytes(size, 0xa5));
            const std::string address = encode_address(regtest_params().address_prefixes, script);
            if (version == 0 && size != 20 && size != 32) {
                EXPECT_EQ(address, "");
                continue;
            }
            const auto decoded = decode_address(regtest_params().address_prefixes, address);
            ASSERT_TRUE(decoded.has_value()) << version << " " << size;
            EXPECT_EQ(*decoded, script);
        }
    }
}

TEST(Address, scripts_without_address_give_an_empty_text) {
    for (const Bytes& bytes : {Bytes{}, Bytes{OP_TRUE}, Bytes{OP_RETURN, 1, 1}})
        EXPECT_EQ(encode_address(main_params().address_prefixes, Script{bytes}), "");
}

}  // namespace
}  // namespace parley
