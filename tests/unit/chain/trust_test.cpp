// What the user vouches for: -checkpoint, -assumevalid with -minimumchainwork.
#include <gtest/gtest.h>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

ChainOptions with_checkpoint(int32_t height, const BlockHash& hash) {
    ChainOptions options;
    options.checkpoints = {{Height{height}, hash}};
    return options;
}

// Two branches of a scratch chain from genesis: blocks 1 to `count` with different coinbases.
std::vector<BlockRef> blocks_of(int count, uint64_t extra_nonce) {
    TestChain scratch;
    const HeaderNode* node = scratch.extend(scratch->index().genesis(), count, extra_nonce);
    std::vector<BlockRef> blocks;
    for (; node->parent != nullptr; node = node->parent)
        blocks.push_back(*scratch->read_block(*node));
    std::reverse(blocks.begin(), blocks.end());
    return blocks;
}

TEST(Checkpoint, another_block_of_its_height_is_refused) {
    const auto good = blocks_of(6, 1);
    const auto bad = blocks_of(6, 2);
    TestChain chain(regtest_params(), with_checkpoint(3, good[2]->header.hash()));
    chain.add(bad[0]);
    chain.add(bad[1]);
    EXPECT_EQ(chain.verdict(bad[2]), "checkpoint mismatch");
    EXPECT_EQ(chain->index().tip().hash, bad[1]->header.hash()) << "not known to be wrong yet";
    EXPECT_EQ(chain.verdict(bad[3]), "prev-blk-not-found");
}

TEST(Checkpoint, once_known_it_wins_over_more_work_and_nothing_forks_below) {
    const auto good = blocks_of(6, 1);
    const auto bad = blocks_of(6, 2);
    TestChain chain(regtest_params(), with_checkpoint(3, good[2]->header.hash()));
    chain.add(bad[0]);
    chain.add(bad[1]);
    for (int i = 0; i < 2; ++i) chain.accept(good[static_cast<size_t>(i)]);
    EXPECT_EQ(chain.activate().connected.size(), 0u) << "a tie";
    ASSERT_TRUE(chain->accept_header(good[2]->header, {}, chain.now()));
    chain.activate();
    EXPECT_EQ(chain->index().tip().hash, good[1]->header.hash()) << "the other branch is out";
    EXPECT_EQ(chain.verdict(good[2]), "");
    EXPECT_EQ(chain->index().tip().height, Height{3});
    EXPECT_EQ(chain.verdict(bad[0]), "duplicate-invalid");
    const auto other = blocks_of(1, 3);
    EXPECT_EQ(chain.verdict(other[0]), "bad-fork-prior-to-checkpoint");
    EXPECT_EQ(chain.verdict(good[3]), "");
    BlockPlan plan;
    plan.extra_nonce = 9;
    EXPECT_EQ(chain.verdict(chain.build(*chain->index().at_height(Height{3}), plan)), "")
        << "forks above are free";
}

TEST(Checkpoint, it_and_what_is_before_cannot_be_invalidated) {
    const auto good = blocks_of(6, 1);
    TestChain chain(regtest_params(), with_checkpoint(3, good[2]->header.hash()));
    for (const auto& block : good) chain.add(block);
    for (const size_t i : {size_t{0}, size_t{2}}) {
        const auto refused = chain->invalidate(good[i]->header.hash());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, BlockErrorKind::conflicts_with_final);
    }
    EXPECT_TRUE(chain->invalidate(good[3]->header.hash()));
    chain.activate();
    EXPECT_EQ(chain->index().tip().height, Height{3});
}

TEST(Checkpoint, a_chain_that_contradicts_it_is_left_at_the_next_start) {
    const auto good = blocks_of(4, 1);
    const auto bad = blocks_of(6, 2);
    auto blocks = std::make_shared<MemoryStorage>();
    auto coins = std::make_shared<MemoryStorage>();
    {
        TestChain before(regtest_params(), {}, blocks, coins);
        for (const auto& block : bad) before.add(block);
        for (const auto& block : good) before.accept(block);
        before->flush(Durability::synced);
        EXPECT_EQ(before->index().tip().hash, bad.back()->header.hash());
    }
    TestChain after(regtest_params(), with_checkpoint(3, good[2]->header.hash()), blocks, coins);
    EXPECT_EQ(after->index().tip().hash, good.back()->header.hash());
}

TEST(Checkpoint, of_several_the_highest_that_is_known_counts) {
    const auto good = blocks_of(6, 1);
    ChainOptions options;
    options.checkpoints = {{Height{5}, good[4]->header.hash()},
                           {Height{2}, good[1]->header.hash()}};
    TestChain chain(regtest_params(), options);
    for (const auto& block : good) chain.add(block);
    for (int starts = 0; starts < 2; ++starts) {
        const auto refused = chain->invalidate(good[3]->header.hash());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, BlockErrorKind::conflicts_with_final);
        const auto fork =
            chain.build(*chain->index().at_height(Height{3}), BlockPlan{.extra_nonce = 9});
        EXPECT_EQ(chain.verdict(fork), "bad-fork-prior-to-checkpoint");
        chain.restart();  // all of them are known from the beginning
    }
}

// ---- -assumevalid

constexpr int32_t kBadHeight = 101;

// Block 101 breaks a script rule; `above` more lie on it.
class AssumeValid : public ::testing::Test {
 protected:
    static void SetUpTestSuite() {
        TestChain scratch;
        const HeaderNode* node = scratch.extend(scratch->index().genesis(), kBadHeight - 1);
        const BlockRef first = *scratch->read_block(*node->ancestor(Height{1}));
        TransactionData paying = spend_true({coinbase_outpoint(first)}, Amount{5})->data();
        paying.outputs[0].script_pubkey = Script{Bytes{OP_0}};
        const auto paid = make_transaction(std::move(paying));
        BlockPlan plan;
        plan.transactions = {paid, spend_true({OutPoint{paid->txid(), 0}}, Amount{5})};
        const auto bad = scratch.build(*node, plan);
        node = scratch.accept(bad).node;
        // A block of this target is worth ten minutes: 2,016 of them are two weeks.
        node = scratch.extend(*node, 2'017);
        blocks = new std::vector<BlockRef>;
        for (; node->parent != nullptr; node = node->parent)
            blocks->push_back(*scratch->read_block(*node));
        std::reverse(blocks->begin(), blocks->end());
    }
    static void TearDownTestSuite() {
        delete blocks;
        blocks = nullptr;
    }
    // The tip's height after `above` blocks on the bad one.
    static int32_t height_after(int32_t above, ChainOptions options) {
        TestChain chain(regtest_params(), std::move(options));
        for (int32_t i = 0; i < kBadHeight + above; ++i)
            chain->accept_block(blocks->at(static_cast<size_t>(i)), {}, chain.now());
        chain.activate();
        return chain->index().tip().height.value();
    }
    static BlockHash hash_at(int32_t height) {
        return blocks->at(static_cast<size_t>(height) - 1)->header.hash();
    }
    static ChainOptions assuming(const BlockHash& hash, uint64_t minimum_score = 0) {
        ChainOptions options;
        options.assume_valid = hash;
        options.minimum_score = Score{minimum_score};
        return options;
    }

    static inline std::vector<BlockRef>* blocks = nullptr;
};

TEST_F(AssumeValid, scripts_are_run_by_default) {
    EXPECT_EQ(height_after(2'017, {}), kBadHeight - 1);
}

TEST_F(AssumeValid, buried_ancestors_of_the_block_are_believed) {
    EXPECT_EQ(height_after(2'017, assuming(hash_at(kBadHeight))), kBadHeight + 2'017);
    EXPECT_EQ(height_after(2'017, assuming(hash_at(kBadHeight + 50))), kBadHeight + 2'017);
}

TEST_F(AssumeValid, two_weeks_of_work_must_lie_above) {
    EXPECT_EQ(height_after(2'016, assuming(hash_at(kBadHeight))), kBadHeight - 1);
}

TEST_F(AssumeValid, blocks_above_it_are_checked) {
    EXPECT_EQ(height_after(2'017, assuming(hash_at(kBadHeight - 1))), kBadHeight - 1);
}

TEST_F(AssumeValid, blocks_beside_it_are_checked) {
    TestChain scratch;
    for (int32_t i = 0; i < kBadHeight - 1; ++i) scratch.accept(blocks->at(static_cast<size_t>(i)));
    scratch.activate();
    const auto beside = scratch.build(scratch->index().tip(), BlockPlan{.extra_nonce = 5});
    TestChain chain(regtest_params(), assuming(beside->header.hash()));
    for (int32_t i = 0; i < kBadHeight - 1; ++i) chain.accept(blocks->at(static_cast<size_t>(i)));
    chain.accept(beside);
    for (size_t i = kBadHeight - 1; i < blocks->size(); ++i) chain.accept(blocks->at(i));
    chain.activate();
    EXPECT_EQ(chain->index().tip().hash, beside->header.hash());
}

TEST_F(AssumeValid, blocks_beside_the_best_header_are_checked) {
    TestChain other;
    other.extend(other->index().genesis(), static_cast<int>(blocks->size()) + 1, 7);
    TestChain chain(regtest_params(), assuming(hash_at(kBadHeight)));
    for (const auto& block : *blocks) chain.accept(block);
    for (Height height{1}; height <= other->index().height_max(); ++height) {
        const BlockHeader& header = other->index().all_at_height(height)[0]->header;
        ASSERT_TRUE(chain->accept_header(header, {}, chain.now()));
    }
    chain.activate();
    EXPECT_EQ(chain->index().tip().height, Height{kBadHeight - 1});
}

TEST_F(AssumeValid, an_unknown_hash_means_nothing) {
    EXPECT_EQ(height_after(2'017, assuming(BlockHash{Hash256{{1}}})), kBadHeight - 1);
}

TEST_F(AssumeValid, the_chain_must_have_the_minimum_work) {
    // Two hashes a block, genesis included.
    const auto all = static_cast<uint64_t>(2 * (1 + kBadHeight + 2'017));
    EXPECT_EQ(height_after(2'017, assuming(hash_at(kBadHeight), all)), kBadHeight + 2'017);
    EXPECT_EQ(height_after(2'017, assuming(hash_at(kBadHeight), all + 1)), kBadHeight - 1);
}

}  // namespace
}  // namespace parley
