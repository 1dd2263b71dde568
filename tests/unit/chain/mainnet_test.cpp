// Real blocks of the main chain, with their real difficulty and signatures.
#include <gtest/gtest.h>

#include "chain/rules/block_rules.h"
#include "tests/unit/chain/bzip2.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/vectors.h"

namespace parley {
namespace {

std::vector<BlockRef> parse_block_file(ByteSpan bytes, const ChainParams& params) {
    std::vector<BlockRef> blocks;
    Reader reader(bytes);
    while (reader.ok() && reader.left() != 0) {
        EXPECT_EQ(to_bytes(reader.bytes(4)), to_bytes(params.magic));
        Reader body(reader.bytes(reader.le<uint32_t>()));
        blocks.push_back(std::make_shared<const Block>(read_block(body)));
        EXPECT_TRUE(body.done());
    }
    EXPECT_TRUE(reader.done());
    return blocks;
}

// Height 170 spends the coinbase of block 9: the first payment there ever was.
constexpr int32_t kFirstPayment = 170;

TEST(MainChainVectors, first_blocks_are_valid_in_full) {
    const auto packed = read_vectors("mainnet_blocks_1-256.bz2");
    if (!packed) GTEST_SKIP() << "mainnet_blocks_1-256.bz2 not found: 255 blocks left out";
    TestChain chain(main_params());
    const auto blocks = parse_block_file(decompress(*packed, 1 << 20), chain.params());
    // The file starts behind genesis: with that, it is 256 blocks and ends at height 255.
    ASSERT_GT(blocks.size(), size_t{kFirstPayment});
    const Height last{static_cast<int32_t>(blocks.size())};
    size_t signatures = 0;
    for (const auto& block : blocks) {
        const auto update = chain.add(block);
        ASSERT_EQ(update.connected.size(), 1u);
        for (const auto& coins : update.connected[0].undo->spent) signatures += coins.size();
    }
    expect_cases("mainnet_blocks_1-256.bz2", static_cast<int>(blocks.size()), 255);
    std::printf("mainnet: %zu inputs verified\n", signatures);
    EXPECT_GT(signatures, 0u);
    EXPECT_EQ(chain->tip().height, last);
    EXPECT_EQ(chain->tip().hash, blocks.back()->header.hash());
    const auto coins = all_coins(*chain);
    Amount total{0};
    for (const auto& [outpoint, coin] : coins) total += coin.output.value;
    EXPECT_EQ(total, Amount{50 * kCoin * last.value()});
    chain.restart();
    EXPECT_EQ(chain->tip().height, last);
    EXPECT_EQ(all_coins(*chain), coins);
}

TEST(MainChainVectors, block_with_a_changed_signature_is_refused) {
    const auto packed = read_vectors("mainnet_blocks_1-256.bz2");
    if (!packed) GTEST_SKIP() << "mainnet_blocks_1-256.bz2 not found: 1 case left out";
    const ChainParams params = main_params();
    const WorkRules rules(params);
    const auto blocks = parse_block_file(decompress(*packed, 1 << 20), params);
    TestChain chain(main_params());
    for (int32_t i = 0; i + 1 < kFirstPayment; ++i) chain.add(blocks[static_cast<size_t>(i)]);

    const Block& original = *blocks[kFirstPayment - 1];
    ASSERT_EQ(original.transactions.size(), 2u);
    EXPECT_TRUE(chain->check_proposal(original, chain.now()));
    for (const size_t position : {size_t{10}, size_t{40}, size_t{60}}) {
        TransactionData data = original.transactions[1]->data();
        Bytes script = to_bytes(data.inputs[0].script_sig.bytes());
        script[position] ^= 1;
        data.inputs[0].script_sig = Script{script};
        Block changed = original;
        changed.transactions[1] = make_transaction(std::move(data));
        changed.header.merkle_root = block_merkle_root(changed);
        const auto verdict = chain->check_proposal(changed, chain.now());
        ASSERT_FALSE(verdict);
        const auto& error = std::get<BlockError>(verdict.error());
        EXPECT_EQ(error.reason,
                  "block-script-verify-flag-failed (Script evaluated without error but finished "
                  "with a false/empty top stack element)");
        EXPECT_EQ(error.kind, BlockErrorKind::invalid_block);
    }
}

TEST(MainChain, header_with_too_little_work_is_refused) {
    TestChain chain(main_params());
    BlockHeader header = chain.params().genesis->header;
    header.previous = chain.params().genesis_hash;
    header.time += 600;
    header.nonce = 0;
    const auto refused = chain->accept_header(header, {}, chain.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "high-hash");
}

TEST(MainChainVectors, one_megabyte_block_parses_and_has_its_merkle_root) {
    const auto raw = read_vectors("mainnet_block_413567.raw");
    if (!raw) GTEST_SKIP() << "mainnet_block_413567.raw not found: 1 block left out";
    Reader reader(as_bytes(*raw));
    const Block block = read_block(reader);
    ASSERT_TRUE(reader.done());
    EXPECT_EQ(block.header.hash().to_string(),
              "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069");
    EXPECT_TRUE(check_block(block));
    EXPECT_EQ(block.serialize(), to_bytes(as_bytes(*raw)));
    EXPECT_EQ(block.size(), raw->size());
}

}  // namespace
}  // namespace parley
