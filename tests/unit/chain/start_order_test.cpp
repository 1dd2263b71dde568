// What a start writes first: the blocks are on the disk for certain before coins that stand for
// them are written.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/chain/recorded_disk.h"
#include "tests/unit/chain/test_chain.h"

namespace parley {
namespace {

using Kind = RecordedDisk::Operation::Kind;

TEST(Start, blocks_are_synced_before_coins_are_written_on_the_way_to_the_tip) {
    RecordedDisk disk;
    const auto blocks = disk.store(0);
    const auto coins = disk.store(1);
    {
        ChainOptions options;
        options.coins_write_interval_blocks = 1'000'000;  // no coin is written
        TestChain chain(regtest_params(), options, blocks, coins);
        chain.mine(40);
    }
    const auto begin = static_cast<ptrdiff_t>(disk.operations().size());
    ChainOptions options;
    options.coins_write_interval_blocks = 16;
    const TestChain again(regtest_params(), options, blocks, coins);
    const auto first = disk.operations().begin() + begin;
    const auto end = disk.operations().end();
    const auto written = std::find_if(first, end, [](const RecordedDisk::Operation& operation) {
        return operation.kind == Kind::keys && operation.store == 1;
    });
    ASSERT_NE(written, end) << "coins are written on the way";
    EXPECT_TRUE(std::any_of(first, written, [](const RecordedDisk::Operation& operation) {
        return operation.kind == Kind::sync;
    }));
}

}  // namespace
}  // namespace parley
