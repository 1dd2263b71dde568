#include "chain/script/sighash.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "tests/unit/vectors.h"

namespace parley {
namespace {

TransactionData parse(std::string_view text) {
    const auto bytes = from_hex(text);
    Reader reader(*bytes);
    auto transaction = read_transaction(reader);
    EXPECT_TRUE(reader.done());
    return transaction;
}

TEST(SighashVectors, all_match) {
    const auto text = read_vectors("sighash.json");
    if (!text) GTEST_SKIP() << "sighash.json not found: 270 cases left out";
    simdjson::dom::parser parser;
    int cases = 0;
    for (const auto row : parser.parse(*text).get_array()) {
        if (row.get_array().size() < 5) continue;
        const auto transaction = parse(row.at(0).get_string());
        const auto script = from_hex(row.at(1).get_string().value());
        const auto input = static_cast<size_t>(row.at(2).get_int64().value());
        const auto type = static_cast<uint32_t>(row.at(3).get_int64().value());
        EXPECT_EQ(legacy_signature_hash(transaction, input, *script, type).to_string(),
                  row.at(4).get_string().value());
        ++cases;
    }
    expect_cases("sighash.json", cases, 270);
}

// The P2WPKH example of BIP143.
TEST(WitnessV0SignatureHash, bip143_example_matches_with_and_without_shared_parts) {
    const auto transaction = parse(
        "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffff"
        "ffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202c"
        "b206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143b"
        "de42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000");
    const auto bip_code = from_hex("76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac");
    const Amount amount{600'000'000};
    const SighashParts parts = sighash_parts(transaction);
    EXPECT_EQ(to_hex(parts.prevouts.span()),
              "96b827c8483d4e9b96712b6713a7b68d6e8003a781feba36c31143470b4efd37");
    EXPECT_EQ(to_hex(parts.sequences.span()),
              "52b0a642eea2fb7ae638c36f6252b6750293dbe574a806984b8e4d8548339a3b");
    EXPECT_EQ(to_hex(parts.outputs.span()),
              "863ef3e1a92afbfdb97f31ad0fc7683ee943e9abcf2501590ff8f6551f47e5e5");
    const auto hash =
        witness_v0_signature_hash(transaction, 1, *bip_code, amount, kSighashAll, &parts);
    EXPECT_EQ(to_hex(hash.span()),
              "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670");
    EXPECT_EQ(witness_v0_signature_hash(transaction, 1, *bip_code, amount, kSighashAll), hash);
    EXPECT_NE(witness_v0_signature_hash(transaction, 1, *bip_code, Amount{1}, kSighashAll), hash);
    for (const uint32_t type : {2u, 3u, 0x81u, 0x82u, 0x83u, 0u, 0xffu}) {
        EXPECT_EQ(witness_v0_signature_hash(transaction, 1, *bip_code, amount, type, &parts),
                  witness_v0_signature_hash(transaction, 1, *bip_code, amount, type))
            << type;
    }
}

TEST(LegacySignatureHash, single_without_output_is_one) {
    TransactionData transaction;
    transaction.inputs.resize(2);
    transaction.outputs.resize(1);
    const auto one = "0000000000000000000000000000000000000000000000000000000000000001";
    // Also with ANYONECANPAY, and with bits that mean nothing.
    for (const uint32_t type : {0x03u, 0x83u, 0x23u, 0x43u, 0x103u})
        EXPECT_EQ(legacy_signature_hash(transaction, 1, {}, type).to_string(), one) << type;
    EXPECT_EQ(legacy_signature_hash(transaction, 2, {}, kSighashAll).to_string(), one);
    EXPECT_NE(legacy_signature_hash(transaction, 0, {}, kSighashSingle).to_string(), one);
}

}  // namespace
}  // namespace parley
