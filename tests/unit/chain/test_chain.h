// A chainstate over memory for the tests of chain/: the blocks of test_blocks.h, and helpers to
// mine, to feed and to restart. Not a node: no engine, no mempool.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/storage/memory_storage.h"
#include "tests/unit/chain/test_blocks.h"

namespace parley {

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
    const Chainstate* operator->() const { return chain_.get(); }
    const ChainParams& params() const { return *params_; }
    const HeaderRules& rules() const { return *rules_; }

    TimePoint now() const { return from_unix_seconds(2'000'000'000); }

    BlockRef build(const HeaderNode& parent, const BlockPlan& plan = {}) {
        return build_block(*params_, *rules_, parent, plan);
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
        extend(chain_->index().tip(), count);
        activate();
        return chain_->index().tip();
    }

    /// Of the best chain; empty: spent, or never there.
    std::optional<Coin> coin(const OutPoint& outpoint) const {
        return chain_->coins().coin(outpoint).value();
    }

    BlockRef block(Height height) {
        return *chain_->read_block(*chain_->index().at_height(height));
    }

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
