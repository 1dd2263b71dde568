// A disk that fails one read, at every position of what reads coins: there is no verdict about any
// block, and a start on a good disk goes on.
#include <gtest/gtest.h>

#include "tests/unit/chain/faulty_reads.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

class FaultReadTest : public ::testing::Test {
 protected:
    FaultReadTest() {
        // BIP30 is looked at in every block.
        params_.activation.bip34 = Height{1'000};
        TestChain chain(params_, {}, blocks_, coins_);
        chain.mine(103);
        BlockPlan plan;
        plan.transactions = {spend_true({first_coin(chain, 1)}, Amount{7}, 3)};
        chain.add(chain.build(chain->index().tip(), plan));
        split_ = plan.transactions[0]->txid();
        chain->flush(Durability::synced);
    }

    static OutPoint first_coin(TestChain& chain, int32_t height) {
        return coinbase_outpoint(chain.block(Height{height}));
    }

    // Five inputs, one of which the block makes itself, and five outputs, the coinbase's among
    // them.
    BlockRef spending_block(TestChain& chain) const {
        BlockPlan plan;
        plan.transactions = {spend_true({{split_, 0}, first_coin(chain, 2)}, Amount{5}, 2),
                             spend_true({{split_, 1}, {split_, 2}}, Amount{6})};
        plan.transactions.push_back(spend_true({{plan.transactions[0]->txid(), 1}}, Amount{1}));
        return chain.build(chain->index().tip(), plan);
    }
    static constexpr size_t kInputsFromStore = 4;
    static constexpr size_t kOutputs = 5;

    // Does the work on cold caches, once for each of its reads, which fails, and once without a
    // failure. `work` says itself what it expects; `after` comes with a start on a good disk.
    template <class Work, class After>
    size_t fail_every_read(const Work& work, const After& after) {
        for (size_t position = 1;; ++position) {
            SCOPED_TRACE(position);
            ReadFault fault;
            MemoryStorage blocks = *blocks_;
            MemoryStorage coins = *coins_;
            TestChain chain(params_, {}, std::make_shared<FaultyReads>(blocks, fault),
                            std::make_shared<FaultyReads>(coins, fault));
            work(
                chain, [&] { fault.fail_at(position); }, fault);
            const bool failed = fault.fired();
            fault.fail_at(0);
            chain->flush(Durability::synced);
            chain.restart();
            after(chain);
            chain.mine();
            EXPECT_FALSE(chain->failure());
            if (!failed || HasFailure()) return position - 1;
        }
    }

    ChainParams params_ = regtest_params();
    std::shared_ptr<MemoryStorage> blocks_ = std::make_shared<MemoryStorage>();
    std::shared_ptr<MemoryStorage> coins_ = std::make_shared<MemoryStorage>();
    Txid split_;
};

void expect_on_fire(TestChain& chain, const std::string& message = "disk on fire") {
    ASSERT_TRUE(chain->failure().has_value());
    EXPECT_EQ(chain->failure()->message, message);
}

TEST_F(FaultReadTest, proposal_is_not_judged) {
    const auto judge = [&](TestChain& chain, const auto& begin, const ReadFault& fault,
                           const std::string& reason) {
        BlockRef block = spending_block(chain);
        if (!reason.empty()) {
            BlockPlan plan;
            plan.transactions = {spend_true({{split_, 0}, {split_, 9}}, Amount{1})};
            block = chain.build(chain->index().tip(), plan);
        }
        begin();
        const auto checked = chain->check_proposal(*block, chain.now());
        EXPECT_EQ(chain->index().find(block->header.hash()), nullptr);
        if (fault.fired()) {
            ASSERT_FALSE(checked);
            ASSERT_TRUE(std::holds_alternative<StorageError>(checked.error()));
            expect_on_fire(chain);
        } else if (reason.empty()) {
            EXPECT_TRUE(checked);
        } else {
            EXPECT_EQ(std::get<BlockError>(checked.error()).reason, reason);
        }
    };
    const auto nothing = [](TestChain&) {};
    EXPECT_EQ(fail_every_read([&](TestChain& chain, const auto& begin,
                                  const ReadFault& fault) { judge(chain, begin, fault, ""); },
                              nothing),
              kInputsFromStore + kOutputs);
    EXPECT_EQ(fail_every_read(
                  [&](TestChain& chain, const auto& begin, const ReadFault& fault) {
                      judge(chain, begin, fault, "bad-txns-inputs-missingorspent");
                  },
                  nothing),
              4u)
        << "two inputs, an output, the coinbase's";
}

TEST_F(FaultReadTest, block_is_not_invalid_and_joins_after_a_start) {
    BlockHash hash;
    const size_t reads = fail_every_read(
        [&](TestChain& chain, const auto& begin, const ReadFault& fault) {
            const BlockRef block = spending_block(chain);
            hash = block->header.hash();
            const BlockHash tip = chain->index().tip().hash;
            ASSERT_EQ(chain.accept(block).state, BlockResult::State::accepted);
            begin();
            const auto update = chain->activate_best_chain();
            EXPECT_TRUE(update.invalid.empty());
            EXPECT_EQ(update.changed(), !fault.fired());
            if (!fault.fired()) return;
            expect_on_fire(chain);
            EXPECT_EQ(chain->index().find(hash)->status, BlockStatus::stored);
            EXPECT_EQ(chain->index().tip().hash, tip);
        },
        [&](TestChain& chain) { EXPECT_EQ(chain->index().tip().hash, hash); });
    EXPECT_EQ(reads, kInputsFromStore + kOutputs);
}

TEST_F(FaultReadTest, repetition_is_not_overlooked) {
    // The block repeats a coinbase whose coin the store has.
    const auto repetition = [&](TestChain& chain) {
        Block block = *chain.build(chain->index().tip(), BlockPlan{.commitment = false});
        block.transactions[0] = chain.block(Height{50})->transactions[0];
        return resolve(std::move(block), chain.params());
    };
    const size_t reads = fail_every_read(
        [&](TestChain& chain, const auto& begin, const ReadFault& fault) {
            const BlockRef block = repetition(chain);
            ASSERT_EQ(chain.accept(block).state, BlockResult::State::accepted);
            begin();
            const auto update = chain->activate_best_chain();
            EXPECT_FALSE(update.changed());
            EXPECT_EQ(update.invalid.empty(), fault.fired());
            if (fault.fired()) {
                expect_on_fire(chain);
            } else {
                ASSERT_EQ(update.invalid.size(), 1u);
                EXPECT_EQ(update.invalid[0].error.reason, "bad-txns-BIP30");
            }
        },
        [](TestChain& chain) { EXPECT_EQ(chain->index().tip().height, Height{104}); });
    EXPECT_EQ(reads, 1u);
}

TEST_F(FaultReadTest, block_that_leaves_stays_the_tip) {
    BlockHash tip;
    const size_t reads = fail_every_read(
        [&](TestChain& chain, const auto& begin, const ReadFault& fault) {
            tip = chain->index().tip().hash;
            ASSERT_TRUE(chain->invalidate(tip));
            begin();
            const auto update = chain->activate_best_chain();
            EXPECT_TRUE(update.invalid.empty());
            EXPECT_EQ(update.changed(), !fault.fired());
            if (!fault.fired()) return;
            expect_on_fire(chain, "Failed to disconnect block.");
            EXPECT_EQ(chain->index().tip().hash, tip);
        },
        [&](TestChain& chain) { EXPECT_EQ(chain->index().tip().height, Height{103}); });
    EXPECT_GE(reads, 7u) << "body, undo data, four outputs, an input";
}

TEST_F(FaultReadTest, stored_blocks_are_not_called_damaged) {
    const size_t reads = fail_every_read(
        [&](TestChain& chain, const auto& begin, const ReadFault& fault) {
            begin();
            const auto result = chain->verify(4, 3);
            ASSERT_EQ(result.has_value(), !fault.fired());
            if (result) {
                EXPECT_EQ(result->problem, "");
            } else {
                EXPECT_EQ(result.error().message, "disk on fire");
            }
        },
        [](TestChain&) {});
    EXPECT_GE(reads, 9u) << "each body twice, undo data, coins";
}

}  // namespace
}  // namespace parley
