#include "chain/primitives/coinbase.h"

#include <algorithm>
#include <array>

#include "base/crypto/sha256.h"

namespace parley {
namespace {

// BIP141: OP_RETURN, a push of 36 bytes, four bytes of magic, 32 bytes of commitment.
constexpr std::array<uint8_t, 6> kCommitmentHeader{OP_RETURN, 0x24, 0xaa, 0x21, 0xa9, 0xed};
constexpr size_t kCommitmentScriptSizeMin = kCommitmentHeader.size() + Hash256::kSize;

}  // namespace

Bytes coinbase_height_push(Height height) {
    return to_bytes(ScriptBuilder{}.push_number(height.value()).build().bytes());
}

Script witness_commitment_script(const Hash256& commitment) {
    Bytes bytes(kCommitmentHeader.begin(), kCommitmentHeader.end());
    append(bytes, commitment.span());
    return Script{std::move(bytes)};
}

Hash256 witness_commitment(const Block& block, const Hash256& reserved_value) {
    Writer writer(2 * Hash256::kSize);
    writer.hash(block_witness_merkle_root(block)).hash(reserved_value);
    return sha256d(writer.data());
}

std::optional<size_t> witness_commitment_position(const Transaction& coinbase) {
    std::optional<size_t> position;
    for (size_t i = 0; i < coinbase.outputs().size(); ++i) {
        const ByteSpan script = coinbase.outputs()[i].script_pubkey.bytes();
        if (script.size() >= kCommitmentScriptSizeMin &&
            std::equal(kCommitmentHeader.begin(), kCommitmentHeader.end(), script.begin())) {
            position = i;
        }
    }
    return position;
}

BlockRef with_reserved_value(const BlockRef& block) {
    if (block->transactions.empty()) return block;
    const Transaction& coinbase = *block->transactions[0];
    if (!coinbase.is_coinbase() || coinbase.has_witness() || !witness_commitment_position(coinbase))
        return block;
    TransactionData data = coinbase.data();
    data.inputs[0].witness = {Bytes(Hash256::kSize, 0)};
    auto completed = std::make_shared<Block>(*block);
    completed->transactions[0] = make_transaction(std::move(data));
    return completed;
}

TransactionRef make_coinbase(const CoinbaseRequest& request) {
    TransactionData data;
    // Like bitcoind's miner, locks the coinbase to the previous block, so that it cannot be mined
    // earlier (and cannot repeat an older coinbase); a sequence below final enables the locktime.
    data.locktime = static_cast<uint32_t>(std::max(request.height.value() - 1, 0));
    TxInput input;
    input.sequence = TxInput::kSequenceFinal - 1;
    Writer script;
    script.bytes(coinbase_height_push(request.height));
    // A coinbase script needs at least two bytes, and the push of a height up to 16 is only one.
    constexpr Height kOneByteHeightMax{16};
    if (request.extra_nonce)
        // Always nine bytes: the size must not change while a miner increments the number.
        script.u8(sizeof(uint64_t)).le(*request.extra_nonce);
    else if (request.height <= kOneByteHeightMax)
        script.u8(OP_0);
    input.script_sig = Script{script.take()};
    if (request.commitment) input.witness = {Bytes(Hash256::kSize, 0)};
    data.inputs.push_back(std::move(input));
    data.outputs.push_back(TxOutput{request.value, request.payout});
    if (request.commitment) {
        data.outputs.push_back(TxOutput{Amount{0}, witness_commitment_script(*request.commitment)});
    }
    return make_transaction(std::move(data));
}

}  // namespace parley
