// FaultHistory: a run of blocks with spends and reorganisations over a RecordedDisk, what was
// reported in it, and what any start on a crashed disk must come to. For tests of chain/ only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "tests/unit/chain/recorded_disk.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {

inline constexpr RecordedDisk::Stop kStops[] = {
    RecordedDisk::Stop::kill, RecordedDisk::Stop::power_least, RecordedDisk::Stop::power_some};

inline const char* stop_name(RecordedDisk::Stop stop) {
    switch (stop) {
        case RecordedDisk::Stop::kill:
            return "kill";
        case RecordedDisk::Stop::power_least:
            return "power_least";
        case RecordedDisk::Stop::power_some:
            return "power_some";
    }
    return "";
}

inline Hash256 coins_hash(Chainstate& chain) {
    Sha256 hasher;
    for (const auto& [outpoint, coin] : all_coins(chain)) {
        Writer writer;
        writer.hash(outpoint.txid).le(outpoint.index).le(coin.height.value());
        writer.le(coin.output.value.value()).var_bytes(coin.output.script_pubkey.bytes());
        hasher.write(writer.data());
    }
    return hasher.finish();
}

/// Stops the machine after each operation from the one numbered `first` on, in each of these ways,
/// and hands on what is there then. Returns the number of stops; ends at the first failure.
template <typename Check>
size_t stop_everywhere(const RecordedDisk& disk, size_t first,
                       std::span<const RecordedDisk::Stop> stops, Random& random,
                       const Check& check) {
    size_t points = 0;
    for (const auto stop : stops) {
        for (size_t count = first; count <= disk.operations().size(); ++count) {
            SCOPED_TRACE(fmt::format("{} after {} of {} operations", stop_name(stop), count,
                                     disk.operations().size()));
            check(disk.image(count, stop, random), count, stop);
            ++points;
            if (::testing::Test::HasFailure()) return points;
        }
    }
    return points;
}

/// What the node has told others: a kill takes none of it back.
class ReportedTips {
 public:
    void note(const RecordedDisk& disk, TestChain& chain) {
        tips_.emplace_back(disk.operations().size(), chain->index().tip().hash);
    }

    /// The start after a stop behind `count` operations.
    void expect(TestChain& crashed, size_t count) const {
        const HeaderNode* reported = &crashed->index().genesis();
        for (const auto& [operations, hash] : tips_) {
            if (operations <= count) reported = crashed->index().find(hash);
        }
        ASSERT_NE(reported, nullptr) << "a reported tip is lost";
        ASSERT_GE(*crashed->index().tip().score, *reported->score) << "the state went backwards";
    }

 private:
    std::vector<std::pair<size_t, BlockHash>> tips_;  // operations until then, tip
};

class FaultHistory {
 public:
    /// Height of the tip that is left -> blocks that are disconnected.
    using Reorganisations = std::map<int32_t, int32_t>;

    /// Few flushes of the coins, and activations of more than one step.
    static ChainOptions small_options() {
        ChainOptions options;
        options.coins_write_interval_blocks = 23;
        options.activation_step_blocks = 8;
        return options;
    }

    explicit FaultHistory(ChainOptions options = small_options())
        : options_(std::move(options)),
          chain_(regtest_params(), options_, disk_.store(0), disk_.store(1)) {
        reported_.note(disk_, chain_);
    }

    void grow_to(int32_t height, const Reorganisations& reorganisations = {}) {
        while (chain_->index().tip().height < Height{height}) {
            add(chain_->index().tip());
            const auto found = reorganisations.find(chain_->index().tip().height.value());
            if (found != reorganisations.end()) reorganise(found->second);
        }
    }

    const HeaderNode* add(const HeaderNode& parent) {
        BlockPlan plan;
        plan.extra_nonce = blocks_.size();
        if (parent.height >= Height{100}) {
            const auto& spent = bodies_.at(parent.ancestor(parent.height - 99)->hash);
            plan.transactions = {
                spend_true({coinbase_outpoint(spent)}, Amount{kCoin}, 1 + blocks_.size() % 4)};
        }
        blocks_.push_back(chain_.build(parent, plan));
        know(blocks_.back());
        const auto result = chain_.accept(blocks_.back());
        EXPECT_EQ(result.state, BlockResult::State::accepted);
        chain_.activate();
        reported_.note(disk_, chain_);
        return result.node;
    }

    /// A block from elsewhere, which may be part of the chain for a while.
    void know(const BlockRef& block) { bodies_[block->header.hash()] = block; }

    void reorganise(int32_t depth) {
        const HeaderNode* node =
            chain_->index().tip().ancestor(chain_->index().tip().height - depth);
        for (int32_t i = 0; i <= depth; ++i) node = add(*node);
        EXPECT_EQ(&chain_->index().tip(), node);
    }

    /// Ends the run: everything is synced, and this is what any other way must lead to.
    void finish() {
        chain_->flush(Durability::synced);
        end_ = chain_->index().tip().hash;
        end_hash_ = coins_hash(*chain_);
    }

    RecordedDisk& disk() { return disk_; }
    TestChain& chain() { return chain_; }
    const ChainOptions& options() const { return options_; }
    const std::vector<BlockRef>& blocks() const { return blocks_; }
    const BlockHash& end() const { return end_; }

    /// Everything that the disk was told.
    RecordedDisk::Image whole() const {
        SeededRandom unused(1);
        return disk_.image(disk_.operations().size(), RecordedDisk::Stop::kill, unused);
    }

    /// Of a chain that was synced straight to this tip.
    Hash256 straight_hash(const HeaderNode& tip) {
        const auto known = straight_.find(tip.hash);
        if (known != straight_.end()) return known->second;
        TestChain straight;
        for (Height height{1}; height <= tip.height; ++height)
            straight.accept(bodies_.at(tip.ancestor(height)->hash));
        straight.activate();
        EXPECT_EQ(straight->index().tip().hash, tip.hash);
        return straight_[tip.hash] = coins_hash(*straight);
    }

    void expect_reported(TestChain& crashed, size_t count) const {
        reported_.expect(crashed, count);
    }

    void expect_right_coins(TestChain& crashed) {
        ASSERT_EQ(coins_hash(*crashed), straight_hash(crashed->index().tip()));
    }

    void expect_same_end(TestChain& crashed) {
        for (const auto& block : blocks_) {
            crashed.accept(block);
            crashed.activate();
        }
        ASSERT_EQ(crashed->index().tip().hash, end_);
        ASSERT_EQ(coins_hash(*crashed), end_hash_);
    }

 private:
    const ChainOptions options_;
    RecordedDisk disk_;
    TestChain chain_;
    std::vector<BlockRef> blocks_;  // in the order of their arrival
    std::map<BlockHash, BlockRef> bodies_ = {
        {chain_.params().genesis_hash, chain_.params().genesis}};
    ReportedTips reported_;
    std::map<BlockHash, Hash256> straight_;
    BlockHash end_;
    Hash256 end_hash_;
};

}  // namespace parley
