#include "tests/blocks/full_blocks.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

bool is_case(const FullBlock& block) {
    return !block.name.starts_with("setup-") && !block.name.starts_with("long-");
}

TEST(FullBlocks, every_block_has_its_verdict_and_leaves_its_tip) {
    TestChain chain;
    ASSERT_EQ(to_unix_seconds(chain.now()), kFullBlocksNow);
    const auto blocks = full_blocks();
    std::set<std::string> names;
    size_t cases = 0;
    for (const FullBlock& each : blocks) {
        ASSERT_TRUE(names.insert(each.name).second) << each.name;
        // Over the wire it comes as bytes.
        const Bytes bytes = each.block->serialize();
        Reader reader(bytes);
        const auto block = std::make_shared<const Block>(read_block(reader));
        ASSERT_TRUE(reader.done()) << each.name;
        EXPECT_EQ(chain.verdict(block), each.verdict) << each.name;
        ASSERT_EQ(chain->index().tip().hash, each.tip) << each.name;
        cases += is_case(each) ? 1 : 0;
    }
    std::printf("%zu blocks, %zu of them named cases\n", blocks.size(), cases);
    EXPECT_GE(cases, 100u);
    const auto before = all_coins(*chain);
    chain->flush(Durability::written);
    chain.restart();
    EXPECT_EQ(chain->index().tip().hash, blocks.back().tip);
    EXPECT_EQ(all_coins(*chain), before);
}

}  // namespace
}  // namespace parley
