#include "chain/rules/params_genesis.h"

#include "base/check.h"

namespace parley {
namespace {

constexpr std::string_view kGenesisKey =
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51e"
    "c112de5c384df7ba0b8d578a4c702b6bf11d5f";

// The compact target of the main chain, the number 4 (as a one-byte push, not OP_4) and a text.
Script genesis_script_sig(std::string_view headline) {
    Writer writer;
    writer.u8(4).le(uint32_t{0x1d00ffff}).u8(1).u8(4);
    writer.bytes(ScriptBuilder{}.push(as_bytes(headline)).build().bytes());
    return Script{writer.take()};
}

}  // namespace

Bytes bytes_of_hex(std::string_view text) {
    auto bytes = from_hex(text);
    CHECK(bytes.has_value());
    return std::move(*bytes);
}

BlockHash hash_of_hex(std::string_view text) {
    const auto hash = BlockHash::from_string(text);
    CHECK(hash.has_value());
    return *hash;
}

TxOutput satoshi_output() {
    return {Amount{50 * kCoin},
            ScriptBuilder{}.push(bytes_of_hex(kGenesisKey)).op(OP_CHECKSIG).build()};
}

BlockRef make_genesis(std::string_view headline, std::vector<TxOutput> outputs, uint32_t time,
                      uint32_t bits, uint32_t nonce) {
    TransactionData coinbase;
    coinbase.version = 1;
    coinbase.inputs.push_back(
        TxInput{OutPoint{}, genesis_script_sig(headline), TxInput::kSequenceFinal, {}});
    coinbase.outputs = std::move(outputs);
    Block block;
    block.transactions.push_back(make_transaction(std::move(coinbase)));
    block.header.version = 1;
    block.header.merkle_root = block_merkle_root(block);
    block.header.time = time;
    block.header.bits = bits;
    block.header.nonce = nonce;
    return std::make_shared<const Block>(std::move(block));
}

void set_genesis(ChainParams& params, BlockRef genesis) {
    params.genesis = std::move(genesis);
    params.genesis_hash = params.genesis->header.hash();
    params.start_bits = params.genesis->header.bits;
}

Deployment test_dummy(int64_t start_time) {
    Deployment deployment;
    deployment.name = "testdummy";
    deployment.bit = 28;
    deployment.start_time = start_time;
    return deployment;
}

}  // namespace parley
