// Blocks for tests of chain/: real rules of proof of work, and blocks that pay to OP_TRUE. What
// accepts them is in test_chain.h; fuzz targets, which have no gtest, need no more than this.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "chain/primitives/coinbase.h"
#include "chain/rules/retarget.h"
#include "chain/state/chainstate.h"

namespace parley {

/// Proof of work, as plainly as it can be said.
class WorkRules : public HeaderRules {
 public:
    explicit WorkRules(const ChainParams& params) : params_(params) {}

    Expected<void, HeaderError> check_header(const BlockHeader& header,
                                             const BlockHash& hash) const override {
        if (!proof_of_work_met(hash, header.bits, params_.pow_limit))
            return Unexpected(HeaderError{"high-hash", "proof of work failed"});
        return {};
    }
    Expected<std::optional<Score>, HeaderError> verify_header(
        const BlockHeader& header, const BlockHash&, ByteSpan,
        const HeaderNode& parent) const override {
        if (header.bits != next_bits(parent, header.time))
            return Unexpected(HeaderError{"bad-diffbits", "incorrect proof of work"});
        if (!parent.score) return std::optional<Score>{};
        return std::optional<Score>{*parent.score + work_from_compact(header.bits)};
    }
    Score genesis_score(const BlockHeader& genesis) const override {
        return work_from_compact(genesis.bits);
    }
    uint32_t next_bits(const HeaderNode& parent, int64_t time) const override {
        return next_work_required(params_, parent, time);
    }

 private:
    const ChainParams& params_;
};

inline Script op_true() {
    return Script{Bytes{OP_TRUE}};
}

/// What a test changes in a block that is otherwise valid.
struct BlockPlan {
    std::vector<TransactionRef> transactions = {};
    Amount fees{0};
    uint64_t extra_nonce = 0;  ///< tells blocks of one parent apart
    int64_t time = 0;          ///< 0: a minute after the parent
    Script payout = op_true();
    bool commitment = true;
};

inline void solve(BlockHeader& header, const ChainParams& params) {
    while (!proof_of_work_met(header.hash(), header.bits, params.pow_limit)) ++header.nonce;
}

/// Recomputes the Merkle root and the proof of work of a block that was changed.
inline BlockRef resolve(Block block, const ChainParams& params) {
    block.header.merkle_root = block_merkle_root(block);
    solve(block.header, params);
    return std::make_shared<const Block>(std::move(block));
}

/// A block below `parent` that keeps every rule, but for what the plan breaks.
inline BlockRef build_block(const ChainParams& params, const HeaderRules& rules,
                            const HeaderNode& parent, const BlockPlan& plan = {}) {
    const Height height = parent.height + 1;
    const auto make = [&](std::optional<Hash256> commitment) {
        return make_coinbase({height, plan.payout, block_subsidy(params, height) + plan.fees,
                              plan.extra_nonce, commitment});
    };
    Block block;
    block.header.version = 0x20000000;
    block.header.previous = parent.hash;
    block.header.time = static_cast<uint32_t>(plan.time != 0 ? plan.time : parent.time() + 60);
    block.header.bits = rules.next_bits(parent, block.header.time);
    block.transactions.push_back(make(std::nullopt));
    block.transactions.insert(block.transactions.end(), plan.transactions.begin(),
                              plan.transactions.end());
    if (plan.commitment) block.transactions[0] = make(witness_commitment(block));
    return resolve(std::move(block), params);
}

/// Spends outputs that pay to OP_TRUE.
inline TransactionRef spend_true(const std::vector<OutPoint>& from, Amount value,
                                 size_t outputs = 1, uint32_t sequence = TxInput::kSequenceFinal) {
    TransactionData data;
    for (const auto& outpoint : from)
        data.inputs.push_back(TxInput{outpoint, Script{}, sequence, {}});
    for (size_t i = 0; i < outputs; ++i) data.outputs.push_back(TxOutput{value, op_true()});
    return make_transaction(std::move(data));
}

inline OutPoint coinbase_outpoint(const BlockRef& block) {
    return {block->transactions[0]->txid(), 0};
}

}  // namespace parley
