// A chainstate over memory for the tests of chain/: real rules of proof of work, blocks that pay to
// OP_TRUE, and helpers to mine, to feed and to restart. Not a node: no engine, no mempool.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/memory_storage.h"
#include "chain/chainstate.h"
#include "chain/coinbase.h"
#include "chain/compact_target.h"
#include "chain/retarget.h"

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

class TestChain {
 public:
    explicit TestChain(ChainParams params = regtest_params(), ChainOptions options = {})
        : TestChain(std::move(params), std::move(options), std::make_shared<MemoryStorage>(),
                    std::make_shared<MemoryStorage>()) {}

    TestChain(ChainParams params, ChainOptions options, std::shared_ptr<Storage> blocks,
              std::shared_ptr<Storage> coins)
        : params_(std::make_unique<ChainParams>(std::move(params))),
          rules_(std::make_unique<WorkRules>(*params_)),
          options_(std::move(options)),
          blocks_(std::move(blocks)),
          coins_(std::move(coins)) {
        restart();
    }

    /// Forgets everything that is not in the stores.
    void restart() {
        chain_.reset();
        auto opened =
            Chainstate::open(*params_, *rules_, *blocks_, *coins_, verifier_, log_, options_);
        EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error());
        if (opened) chain_ = std::move(*opened);
        while (chain_ && chain_->activate_best_chain().more) {
        }
    }

    Chainstate& operator*() { return *chain_; }
    Chainstate* operator->() { return chain_.get(); }
    const ChainParams& params() const { return *params_; }

    TimePoint now() const { return from_unix_seconds(2'000'000'000); }

    BlockRef build(const HeaderNode& parent, const BlockPlan& plan = {}) {
        const Height height = parent.height + 1;
        const auto make = [&](std::optional<Hash256> commitment) {
            return make_coinbase({height, plan.payout, block_subsidy(*params_, height) + plan.fees,
                                  plan.extra_nonce, commitment});
        };
        Block block;
        block.header.version = 0x20000000;
        block.header.previous = parent.hash;
        block.header.time = static_cast<uint32_t>(plan.time != 0 ? plan.time : parent.time() + 60);
        block.header.bits = rules_->next_bits(parent, block.header.time);
        block.transactions.push_back(make(std::nullopt));
        block.transactions.insert(block.transactions.end(), plan.transactions.begin(),
                                  plan.transactions.end());
        if (plan.commitment) block.transactions[0] = make(witness_commitment(block));
        return resolve(std::move(block), *params_);
    }

    BlockResult accept(const BlockRef& block) { return chain_->accept_block(block, {}, now()); }

    /// Accepts a block, which must be all right until then, and activates.
    ChainUpdate add(const BlockRef& block) {
        const auto result = accept(block);
        EXPECT_EQ(result.state, BlockResult::State::accepted)
            << (result.error ? result.error->to_string() : "");
        return activate();
    }

    /// All steps in one.
    ChainUpdate activate() {
        ChainUpdate total;
        while (true) {
            auto update = chain_->activate_best_chain();
            for (auto& step : update.disconnected) total.disconnected.push_back(std::move(step));
            for (auto& step : update.connected) total.connected.push_back(std::move(step));
            for (auto& invalid : update.invalid) total.invalid.push_back(std::move(invalid));
            if (!update.more) return total;
        }
    }

    /// `count` blocks on top of `parent`, accepted but not activated; the last one's node.
    const HeaderNode* extend(const HeaderNode& parent, int count, uint64_t extra_nonce = 0) {
        const HeaderNode* node = &parent;
        for (int i = 0; i < count; ++i) {
            BlockPlan plan;
            plan.extra_nonce = extra_nonce;
            const auto result = accept(build(*node, plan));
            EXPECT_EQ(result.state, BlockResult::State::accepted)
                << (result.error ? result.error->to_string() : "");
            if (result.node == nullptr) return node;
            node = result.node;
        }
        return node;
    }

    const HeaderNode& mine(int count = 1) {
        extend(chain_->tip(), count);
        activate();
        return chain_->tip();
    }

    BlockRef block(Height height) { return *chain_->read_block(*chain_->at_height(height)); }

    /// The reject reason of a block: at accept_block or when it is connected; empty: all right.
    std::string verdict(const BlockRef& block) {
        const auto result = accept(block);
        if (result.error) return result.error->reason;
        const auto update = activate();
        return update.invalid.empty() ? std::string{} : update.invalid[0].error.reason;
    }

 private:
    std::unique_ptr<ChainParams> params_;
    std::unique_ptr<WorkRules> rules_;
    ChainOptions options_;
    std::shared_ptr<Storage> blocks_;
    std::shared_ptr<Storage> coins_;
    InlineScriptVerifier verifier_;
    NullLog log_;
    std::unique_ptr<Chainstate> chain_;
};

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

/// All coins as they are in the store, by outpoint.
inline std::vector<std::pair<OutPoint, Coin>> all_coins(Chainstate& chain) {
    std::vector<std::pair<OutPoint, Coin>> coins;
    const auto scanned = chain.for_each_coin([&](const OutPoint& outpoint, const Coin& coin) {
        coins.emplace_back(outpoint, coin);
        return true;
    });
    EXPECT_TRUE(scanned.has_value());
    return coins;
}

/// What is left of a data directory after -reindex has removed the rest.
inline std::shared_ptr<MemoryStorage> block_files_of(const Storage& storage) {
    auto files = std::make_shared<MemoryStorage>();
    WriteBatch batch;
    for (uint32_t number = 0; *storage.file_size({FileId::Kind::block, number}) != 0; ++number) {
        const FileId file{FileId::Kind::block, number};
        batch.write_file(file, 0, *storage.read_file(file, 0, *storage.file_size(file)));
    }
    files->commit(std::move(batch), Durability::synced);
    return files;
}

/// All that a reindexing has left to do.
inline void finish_reindex(TestChain& chain) {
    int steps = 0;
    while (chain->reindex_step(chain.now())) {
        chain.activate();
        ASSERT_LT(++steps, 1'000);
    }
    chain.activate();
    EXPECT_FALSE(chain->reindexing());
}

}  // namespace parley
