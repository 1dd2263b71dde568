// FakeChain: headers and coins kept by hand, for tests of the mempool; blocks are not checked.
// Helpers that make standard-looking transactions. For tests only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/check.h"
#include "chain/primitives/block.h"
#include "chain/rules/params.h"
#include "chain/script/script_cache.h"
#include "chain/script/script_check.h"
#include "mempool/chain_context.h"

namespace parley {

inline Script key_script(uint8_t number) {
    Hash160 hash{};
    hash.fill(number);
    return p2wpkh_script(hash);
}

/// Accepts every script, but for the transactions in `refused`.
class ObedientVerifier final : public ScriptVerifier {
 public:
    std::unique_ptr<ScriptRun> begin() override { return std::make_unique<Run>(*this); }
    ScriptCache* cache() override { return scripts; }
    Txid refused;
    ScriptCache* scripts = nullptr;

 private:
    class Run final : public ScriptRun {
     public:
        explicit Run(const ObedientVerifier& verifier) : verifier_(verifier) {}
        void add(std::vector<ScriptCheck> checks) override {
            for (const ScriptCheck& check : checks) {
                const bool refused = check.spending->transaction().txid() == verifier_.refused;
                if (refused && !failure_) {
                    failure_ = {count_, ScriptError::eval_false, check.spending, check.input};
                }
                ++count_;
            }
        }
        std::optional<ScriptFailure> finish() override { return failure_; }

     private:
        const ObedientVerifier& verifier_;
        size_t count_ = 0;
        std::optional<ScriptFailure> failure_;
    };
};

class FakeChain final : public ChainContext, public CoinsView {
 public:
    static constexpr int64_t kSpacing_s = 600;

    explicit FakeChain(int32_t height) {
        for (int32_t i = 0; i <= height; ++i) grow();
    }

    const HeaderNode& tip() const override { return nodes_.back(); }
    const CoinsView& coins() const override { return *this; }
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override {
        for (size_t i = 0; i < outpoints.size(); ++i) {
            if (++reads == fails_at)
                return Unexpected(StorageError{StorageError::Code::io, "disk on fire"});
            const auto found = coins_.find(outpoints[i]);
            if (found != coins_.end()) visit(i, found->second);
        }
        return {};
    }
    mutable size_t reads = 0;
    size_t fails_at = 0;  ///< the read that fails; the first is 1, 0: none

    /// A coin from nowhere.
    OutPoint add_coin(Amount value, Height height = Height{1}, bool coinbase = false,
                      const Script& script = key_script(1)) {
        Hash256 id;
        const uint64_t number = ++coins_made_;
        std::memcpy(id.bytes().data(), &number, sizeof number);
        const OutPoint outpoint{Txid{id}, 0};
        coins_[outpoint] = {{value, script}, height, coinbase};
        return outpoint;
    }
    void erase_coin(const OutPoint& outpoint) { coins_.erase(outpoint); }

    void connect(const BlockRef& block) {
        grow();
        Undo undo;
        for (const auto& transaction : block->transactions) {
            for (const auto& input : transaction->inputs()) {
                if (input.prevout.is_null()) continue;
                const auto it = coins_.find(input.prevout);
                CHECK(it != coins_.end());
                undo.emplace_back(*it);
                coins_.erase(it);
            }
            for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
                coins_[{transaction->txid(), i}] = {transaction->outputs()[i], tip().height,
                                                    transaction->is_coinbase()};
        }
        blocks_.push_back({block, std::move(undo)});
    }

    BlockRef disconnect() {
        auto [block, undo] = std::move(blocks_.back());
        blocks_.pop_back();
        for (const auto& [outpoint, coin] : undo) coins_[outpoint] = coin;
        for (const auto& transaction : block->transactions) {
            for (uint32_t i = 0; i < transaction->outputs().size(); ++i)
                coins_.erase({transaction->txid(), i});
        }
        nodes_.pop_back();
        return block;
    }

    size_t blocks() const { return blocks_.size(); }
    const std::map<OutPoint, Coin>& all_coins() const { return coins_; }

 private:
    using Undo = std::vector<std::pair<OutPoint, Coin>>;

    void grow() {
        HeaderNode node;
        node.height = Height{static_cast<int32_t>(nodes_.size())};
        node.header.time = static_cast<uint32_t>(1'600'000'000 + kSpacing_s * node.height.value());
        node.parent = nodes_.empty() ? nullptr : &nodes_.back();
        nodes_.push_back(node);
    }

    std::deque<HeaderNode> nodes_;
    std::map<OutPoint, Coin> coins_;
    std::vector<std::pair<BlockRef, Undo>> blocks_;
    uint64_t coins_made_ = 0;
};

/// One output for each amount, and a witness of a usual P2WPKH spend's size.
inline TransactionData spend(const std::vector<OutPoint>& inputs,
                             const std::vector<Amount>& amounts) {
    TransactionData data;
    for (const OutPoint& outpoint : inputs) {
        TxInput input;
        input.prevout = outpoint;
        input.witness = {Bytes(71, 0x30), Bytes(33, 0x02)};
        data.inputs.push_back(input);
    }
    uint8_t number = 2;
    for (const Amount amount : amounts) data.outputs.push_back({amount, key_script(number++)});
    return data;
}

inline BlockRef block_of(std::vector<TransactionRef> transactions, uint64_t unique) {
    TransactionData coinbase;
    coinbase.inputs.resize(1);
    coinbase.inputs[0].script_sig =
        ScriptBuilder{}.push_number(static_cast<int64_t>(unique)).build();
    coinbase.outputs.push_back({Amount{50 * kCoin}, key_script(9)});
    Block block;
    block.transactions.push_back(make_transaction(std::move(coinbase)));
    for (auto& transaction : transactions) block.transactions.push_back(std::move(transaction));
    return std::make_shared<const Block>(std::move(block));
}

}  // namespace parley
