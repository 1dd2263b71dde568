#include "chain/rules/params.h"

#include <gtest/gtest.h>

#include "chain/primitives/address.h"
#include "chain/rules/retarget.h"

namespace parley {
namespace {

TEST(ChainParams, main_genesis_has_the_known_hash_and_root) {
    const ChainParams params = main_params();
    EXPECT_EQ(params.genesis_hash.to_string(),
              "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    EXPECT_EQ(params.genesis->header.merkle_root.to_string(),
              "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b");
    EXPECT_EQ(params.genesis->header.merkle_root, block_merkle_root(*params.genesis));
    EXPECT_TRUE(proof_of_work_met(params.genesis_hash, 0x1d00ffff, params.pow_limit));
    EXPECT_EQ(params.genesis->size(), 285u);
}

TEST(ChainParams, regtest_genesis_has_the_known_hash) {
    const ChainParams params = regtest_params();
    EXPECT_EQ(params.genesis_hash.to_string(),
              "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206");
    EXPECT_TRUE(proof_of_work_met(params.genesis_hash, 0x207fffff, params.pow_limit));
}

TEST(ChainParams, every_chain_has_the_known_genesis_and_magic) {
    struct Case {
        const char* name;
        const char* genesis;
        std::array<uint8_t, 4> magic;
        int p2p_port;
        int rpc_port;
    };
    const Case cases[] = {
        {"main",
         "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
         {0xf9, 0xbe, 0xb4, 0xd9},
         8333,
         8332},
        {"test",
         "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
         {0x0b, 0x11, 0x09, 0x07},
         18333,
         18332},
        {"testnet4",
         "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
         {0x1c, 0x16, 0x3f, 0x28},
         48333,
         48332},
        {"signet",
         "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
         {0x0a, 0x03, 0xcf, 0x40},
         38333,
         38332},
        {"regtest",
         "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
         {0xfa, 0xbf, 0xb5, 0xda},
         18444,
         18443},
    };
    for (const auto& expected : cases) {
        const ChainName* chain = find_chain_name(expected.name);
        ASSERT_NE(chain, nullptr) << expected.name;
        const ChainParams params = chain->params();
        EXPECT_EQ(params.name, expected.name);
        EXPECT_EQ(params.genesis_hash.to_string(), expected.genesis);
        EXPECT_EQ(params.magic, expected.magic) << expected.name;
        EXPECT_EQ(params.p2p_port, expected.p2p_port);
        EXPECT_EQ(params.rpc_port, expected.rpc_port);
        EXPECT_TRUE(proof_of_work_met(params.genesis_hash, params.start_bits, params.pow_limit));
        EXPECT_EQ(params.genesis->header.merkle_root, block_merkle_root(*params.genesis));
        EXPECT_EQ(params.public_network, params.name != "regtest");
        EXPECT_EQ(params.bip94, params.name == "testnet4");
        EXPECT_EQ(params.signet_challenge.has_value(), params.name == "signet");
    }
    EXPECT_EQ(testnet4_params().genesis->header.merkle_root.to_string(),
              "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e");
    EXPECT_EQ(find_chain_name("testnet"), nullptr);
}

TEST(ChainParams, another_signet_challenge_gives_another_magic) {
    const ChainParams params = signet_params(Script{Bytes{OP_TRUE}});
    EXPECT_EQ(params.genesis_hash, signet_params().genesis_hash);
    EXPECT_NE(params.magic, signet_params().magic);
    EXPECT_EQ(params.minimum_chain_work, U256{});
    EXPECT_TRUE(params.assume_valid.is_zero());
}

TEST(ChainParams, labnet_genesis_follows_from_the_options) {
    const LabnetOptions plain;
    LabnetOptions harder;
    harder.start_bits = 0x1f00ffff;
    LabnetOptions paying;
    paying.genesis_outputs = {TxOutput{Amount{5 * kCoin}, Script{Bytes{OP_TRUE}}}};
    const auto hash = [](const LabnetOptions& options) {
        return labnet_params(options).genesis_hash;
    };
    EXPECT_EQ(hash(plain), hash(plain));
    EXPECT_NE(hash(plain), hash(harder));
    EXPECT_NE(hash(plain), hash(paying));
    EXPECT_FALSE(labnet_params(plain).genesis_coins_spendable);
    const ChainParams params = labnet_params(paying);
    EXPECT_TRUE(params.genesis_coins_spendable);
    EXPECT_EQ(params.genesis->transactions[0]->outputs(), paying.genesis_outputs);
    EXPECT_EQ(labnet_params(harder).start_bits, 0x1f00ffffu);
    EXPECT_EQ(labnet_params(harder).genesis->header.bits, 0x1f00ffffu);
}

TEST(LabnetOptions, validate_bad_value_names_the_option) {
    const auto complaint = [](auto change) {
        LabnetOptions options;
        change(options);
        return options.validate();
    };
    EXPECT_EQ(LabnetOptions{}.validate(), "");
    EXPECT_NE(complaint([](auto& o) { o.target_spacing_s = 0; }).find("-powtargetspacing"),
              std::string::npos);
    EXPECT_NE(
        complaint([](auto& o) { o.retarget_interval_blocks = 2; }).find("-powretargetinterval"),
        std::string::npos);
    for (const uint32_t bits : {0x20800000u, 0x21000001u, 0u, 0x2100ffffu, 0x1d800000u}) {
        EXPECT_NE(complaint([&](auto& o) { o.start_bits = bits; }).find("-powstartbits"),
                  std::string::npos)
            << bits;
    }
    EXPECT_NE(complaint([](auto& o) {
                  o.genesis_outputs.assign(2, TxOutput{kMaxMoney, Script{}});
              }).find("21,000,000"),
              std::string::npos);
}

TEST(LabnetOptions, parse_genesis_output_takes_address_and_amount) {
    const Script script = p2wpkh_script(Hash160{1, 2, 3});
    const std::string address = encode_address(regtest_params().address_prefixes, script);
    ASSERT_FALSE(address.empty());
    const auto output = parse_genesis_output(address + ":12.5");
    ASSERT_TRUE(output.has_value());
    EXPECT_EQ(output->value, Amount{1'250'000'000});
    EXPECT_EQ(output->script_pubkey, script);
    EXPECT_FALSE(parse_genesis_output(address));
    EXPECT_FALSE(parse_genesis_output(address + ":"));
    EXPECT_FALSE(parse_genesis_output(address + ":-1"));
    EXPECT_FALSE(parse_genesis_output(address + ":21000001"));
    EXPECT_FALSE(parse_genesis_output("nonsense:1"));
}

TEST(BlockSubsidy, halves_at_each_interval_and_ends_at_zero) {
    const ChainParams params = main_params();
    EXPECT_EQ(block_subsidy(params, Height{0}), Amount{5'000'000'000});
    EXPECT_EQ(block_subsidy(params, Height{209'999}), Amount{5'000'000'000});
    EXPECT_EQ(block_subsidy(params, Height{210'000}), Amount{2'500'000'000});
    EXPECT_EQ(block_subsidy(params, Height{6'929'999}), Amount{1});
    EXPECT_EQ(block_subsidy(params, Height{6'930'000}), Amount{0});
    EXPECT_EQ(block_subsidy(params, Height{64 * 210'000}), Amount{0});
    EXPECT_EQ(block_subsidy(params, Height{2'000'000'000}), Amount{0});
    EXPECT_EQ(block_subsidy(regtest_params(), Height{150}), Amount{2'500'000'000});
    Amount total{0};
    for (int32_t height = 0; height < 33 * 210'000; height += 1000)
        total += Amount{1000 * block_subsidy(params, Height{height}).value()};
    EXPECT_EQ(total, Amount{2'099'999'997'690'000});
}

}  // namespace
}  // namespace parley
