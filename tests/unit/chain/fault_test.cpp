// A machine that stops after any storage operation of a run of 200 blocks with five
// reorganisations: the start afterwards has the right coins, and goes on to the same end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/crypto/sha256.h"
#include "base/random.h"
#include "chain/coins_cache.h"
#include "tests/unit/chain/fault_disk.h"
#include "tests/unit/chain/test_chain.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

constexpr int32_t kBlocks = 200;
// Height of the tip that is left -> blocks that are disconnected.
const std::map<int32_t, int32_t> kReorganisations{{30, 1}, {70, 20}, {110, 3}, {150, 40}, {190, 7}};

ChainOptions small_options() {
    ChainOptions options;
    options.coins_flush_blocks = 23;
    options.activation_step_blocks = 8;
    return options;
}

Hash256 coins_hash(Chainstate& chain) {
    Sha256 hasher;
    for (const auto& [outpoint, coin] : all_coins(chain)) {
        Writer writer;
        writer.hash(outpoint.txid).le(outpoint.index).le(coin.height.value());
        writer.le(coin.output.value.value()).var_bytes(coin.output.script_pubkey.bytes());
        hasher.write(writer.data());
    }
    return hasher.finish();
}

class FaultTest : public ::testing::Test {
 protected:
    FaultTest() {
        chain_ = std::make_unique<TestChain>(regtest_params(), small_options(), disk_.store(0),
                                             disk_.store(1));
        note_tip();
        while ((*chain_)->tip().height < Height{kBlocks}) {
            add((*chain_)->tip());
            const auto found = kReorganisations.find((*chain_)->tip().height.value());
            if (found != kReorganisations.end()) reorganise(found->second);
        }
        (*chain_)->flush(Durability::synced);
        end_ = (*chain_)->tip().hash;
        end_hash_ = coins_hash(**chain_);
    }

    void note_tip() { reported_.emplace_back(disk_.operations().size(), (*chain_)->tip().hash); }

    const HeaderNode* add(const HeaderNode& parent) {
        BlockPlan plan;
        plan.extra_nonce = blocks_.size();
        if (parent.height >= Height{100}) {
            const auto spent = *(*chain_)->read_block(*parent.ancestor(parent.height - 99));
            plan.transactions = {
                spend_true({coinbase_outpoint(spent)}, Amount{kCoin}, 1 + blocks_.size() % 4)};
        }
        blocks_.push_back(chain_->build(parent, plan));
        bodies_[blocks_.back()->header.hash()] = blocks_.back();
        const auto result = chain_->accept(blocks_.back());
        EXPECT_EQ(result.state, BlockResult::State::accepted);
        chain_->activate();
        note_tip();
        return result.node;
    }

    void reorganise(int32_t depth) {
        const HeaderNode* node = (*chain_)->tip().ancestor((*chain_)->tip().height - depth);
        for (int32_t i = 0; i <= depth; ++i) node = add(*node);
        EXPECT_EQ(&(*chain_)->tip(), node);
    }

    // Of a chain that was synced straight to this tip.
    Hash256 straight_hash(const HeaderNode& tip) {
        const auto known = straight_.find(tip.hash);
        if (known != straight_.end()) return known->second;
        TestChain straight;
        for (Height height{1}; height <= tip.height; ++height)
            straight.accept(bodies_.at(tip.ancestor(height)->hash));
        straight.activate();
        EXPECT_EQ(straight->tip().hash, tip.hash);
        return straight_[tip.hash] = coins_hash(*straight);
    }

    void check(size_t count, FaultDisk::Stop stop, Random& random) {
        const auto image = disk_.image(count, stop, random);
        TestChain crashed(regtest_params(), small_options(), image[0], image[1]);
        ASSERT_FALSE(HasFailure()) << "it does not open";
        if (stop == FaultDisk::Stop::kill) {
            const HeaderNode* reported = &crashed->genesis();
            for (const auto& [operations, hash] : reported_) {
                if (operations <= count) reported = crashed->find(hash);
            }
            ASSERT_NE(reported, nullptr) << "a reported tip is lost";
            ASSERT_GE(*crashed->tip().score, *reported->score) << "the state went backwards";
        }
        ASSERT_EQ(coins_hash(*crashed), straight_hash(crashed->tip()));
        for (const auto& block : blocks_) {
            crashed.accept(block);
            crashed.activate();
        }
        ASSERT_EQ(crashed->tip().hash, end_);
        ASSERT_EQ(coins_hash(*crashed), end_hash_);
        ++points_;
    }

    void check_every_point(FaultDisk::Stop stop) {
        SeededRandom random(test_seed());
        const size_t operations = disk_.operations().size();
        ASSERT_GT(operations, 1'000u);
        for (size_t count = 0; count <= operations; ++count) {
            SCOPED_TRACE(fmt::format("after {} of {} operations", count, operations));
            check(count, stop, random);
            if (HasFailure()) return;
        }
        fmt::print("{} crash points, {} blocks, {} reorganisations\n", points_, blocks_.size(),
                   kReorganisations.size());
    }

    FaultDisk disk_;
    std::unique_ptr<TestChain> chain_;
    std::vector<BlockRef> blocks_;  // in the order of their arrival
    std::map<BlockHash, BlockRef> bodies_;
    std::vector<std::pair<size_t, BlockHash>> reported_;  // operations until then, tip
    std::map<BlockHash, Hash256> straight_;
    BlockHash end_;
    Hash256 end_hash_;
    size_t points_ = 0;
};

TEST_F(FaultTest, killed_after_every_operation_nothing_is_lost) {
    check_every_point(FaultDisk::Stop::kill);
}

TEST_F(FaultTest, power_cut_after_every_operation_leaves_the_right_coins) {
    check_every_point(FaultDisk::Stop::power_least);
}

// Records may be there without the blocks that they point to, and blocks without records.
TEST_F(FaultTest, power_cut_that_leaves_some_of_the_writes_leaves_the_right_coins) {
    check_every_point(FaultDisk::Stop::power_some);
}

// Each leaves the last hundred blocks for others, so that coins that were written, or not, go.
TEST(Reorganisation, sixteen_of_a_hundred_blocks_leave_the_coins_of_a_straight_sync) {
    ChainOptions options;
    options.coins_flush_blocks = 50;
    TestChain chain(regtest_params(), options);
    uint64_t number = 0;
    const auto add = [&](const HeaderNode& parent) {
        BlockPlan plan;
        plan.extra_nonce = ++number;
        if (parent.height >= Height{100}) {
            const auto spent = *chain->read_block(*parent.ancestor(parent.height - 99));
            plan.transactions = {
                spend_true({coinbase_outpoint(spent)}, Amount{kCoin}, 1 + number % 4)};
        }
        return chain.accept(chain.build(parent, plan)).node;
    };
    for (int i = 0; i < 250; ++i) {
        add(chain->tip());
        chain.activate();
    }
    for (int i = 0; i < 16; ++i) {
        const HeaderNode* node = chain->tip().ancestor(chain->tip().height - 100);
        for (int32_t j = 0; j < 101; ++j) node = add(*node);
        const auto update = chain.activate();
        ASSERT_EQ(update.disconnected.size(), 100u);
        ASSERT_EQ(&chain->tip(), node);
    }
    TestChain straight;
    for (Height height{1}; height <= chain->tip().height; ++height)
        straight.accept(chain.block(height));
    straight.activate();
    ASSERT_EQ(straight->tip().hash, chain->tip().hash);
    EXPECT_EQ(coins_hash(*straight), coins_hash(*chain));
    chain.restart();
    EXPECT_EQ(coins_hash(*straight), coins_hash(*chain));
}

// The negative control: a store that loses a synced write must be noticed.
TEST_F(FaultTest, coins_store_that_lost_a_synced_batch_is_noticed) {
    SeededRandom random(1);
    const auto image = disk_.image(disk_.operations().size(), FaultDisk::Stop::kill, random);
    std::optional<Bytes> first;
    ASSERT_TRUE(image[1]->scan(Bytes{kCoinKeyPrefix}, [&](ByteSpan key, ByteSpan) {
        first = to_bytes(key);
        return false;
    }));
    WriteBatch loss;
    loss.erase(*first);
    image[1]->commit(std::move(loss), Durability::written);
    TestChain crashed(regtest_params(), small_options(), image[0], image[1]);
    EXPECT_NE(coins_hash(*crashed), end_hash_);
}

}  // namespace
}  // namespace parley
