#include "node/daemon/published_chain.h"

#include <gtest/gtest.h>

#include "chain/rules/params.h"

namespace parley {
namespace {

BlockHash hash_of(uint8_t number) {
    BlockHash hash;
    hash.bytes()[0] = number;
    return hash;
}

std::shared_ptr<const BlockSummary> tip_of(uint8_t number) {
    BlockSummary summary;
    summary.hash = hash_of(number);
    return std::make_shared<const BlockSummary>(summary);
}

std::shared_ptr<const KnownBlock> block_of(uint8_t number, size_t script_size = 10) {
    KnownBlock block;
    block.summary.hash = hash_of(number);
    TransactionData data;
    data.outputs.push_back({Amount{1}, Script{Bytes(script_size)}});
    Block body;
    body.transactions.push_back(make_transaction(std::move(data)));
    block.block = std::make_shared<const Block>(std::move(body));
    return std::make_shared<const KnownBlock>(std::move(block));
}

TEST(PublishedChain, show_replaces_the_tip_and_old_snapshots_stay) {
    PublishedChain chain;
    EXPECT_EQ(chain.snapshot(), nullptr);
    chain.show(tip_of(1));
    const auto first = chain.snapshot();
    chain.show(tip_of(2));
    EXPECT_EQ(first->tip().hash, hash_of(1));
    EXPECT_EQ(chain.snapshot()->tip().hash, hash_of(2));
}

TEST(PublishedChain, keep_holds_a_block_until_the_next_tip) {
    PublishedChain chain;
    chain.show(tip_of(1));
    const auto block = block_of(9);
    chain.snapshot()->keep(hash_of(1), block);
    EXPECT_EQ(chain.snapshot()->find(hash_of(9)), block);
    EXPECT_EQ(chain.snapshot()->find(hash_of(8)), nullptr);
    chain.show(tip_of(2));
    EXPECT_EQ(chain.snapshot()->find(hash_of(9)), nullptr);
}

TEST(PublishedChain, find_serves_no_block_whose_file_is_gone) {
    PublishedChain chain;
    bool there = true;
    chain.set_file_check([&](uint32_t file) { return there && file == 0; });
    chain.show(tip_of(1));
    const auto block = block_of(9);
    chain.snapshot()->keep(hash_of(1), block);
    EXPECT_EQ(chain.snapshot()->find(hash_of(9)), block);
    there = false;
    EXPECT_EQ(chain.snapshot()->find(hash_of(9)), nullptr);
    there = true;
    EXPECT_EQ(chain.snapshot()->find(hash_of(9)), block);
}

TEST(PublishedChain, keep_refuses_another_tips_block_and_large_ones) {
    PublishedChain chain;
    chain.show(tip_of(1));
    const auto snapshot = chain.snapshot();
    snapshot->keep(hash_of(2), block_of(9));
    EXPECT_EQ(snapshot->find(hash_of(9)), nullptr);
    snapshot->keep(hash_of(1), block_of(9, 40'000));
    EXPECT_EQ(snapshot->find(hash_of(9)), nullptr);
}

TEST(PublishedChain, keep_is_bounded) {
    PublishedChain chain;
    chain.show(tip_of(1));
    const auto snapshot = chain.snapshot();
    size_t kept = 0;
    for (int i = 0; i < 200; ++i) snapshot->keep(hash_of(1), block_of(static_cast<uint8_t>(i)));
    for (int i = 0; i < 200; ++i)
        kept += snapshot->find(hash_of(static_cast<uint8_t>(i))) != nullptr;
    EXPECT_GT(kept, 0u);
    EXPECT_LE(kept, 32u);
    EXPECT_NE(snapshot->find(hash_of(199)), nullptr);
}

}  // namespace
}  // namespace parley
