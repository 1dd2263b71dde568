// A machine that stops while block files are removed: what the index knows is there afterwards, and
// what it does not know is gone. And a reindexing does not lose to pruning what it has yet to read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "tests/unit/chain/fault_history.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

using Image = RecordedDisk::Image;

// Some thirty blocks to a file.
ChainOptions pruning() {
    ChainOptions options = FaultHistory::small_options();
    options.prune = true;
    options.prune_after_height = 100;
    options.block_file_bytes_max = 8'000;
    return options;
}

// Whole blocks in every file that the index knows, and no other files.
void expect_files_as_indexed(TestChain& chain, const Storage& blocks) {
    std::set<uint32_t> known;
    uint32_t last = 0;
    for (Height height{1}; height <= chain->index().height_max(); ++height) {
        for (const HeaderNode* node : chain->index().all_at_height(height)) {
            if (!node->has_body()) continue;
            known.insert(node->block_position.file);
            last = std::max(last, node->block_position.file);
            ASSERT_TRUE(chain->read_block(*node));
        }
    }
    for (uint32_t number = 0; number < last; ++number) {
        if (known.contains(number)) continue;
        EXPECT_EQ(blocks.file_size({FileId::Kind::block, number}).value(), 0u) << number;
        EXPECT_EQ(blocks.file_size({FileId::Kind::undo, number}).value(), 0u) << number;
    }
}

TEST(FaultPrune, stopped_anywhere_the_files_are_those_of_the_index) {
    SeededRandom random(test_seed());
    FaultHistory history(pruning());
    history.grow_to(345);
    const size_t first = history.disk().operations().size();
    const Height pruned_first = history.chain()->prune(Height{345});
    ASSERT_GT(pruned_first, Height{0});
    history.reorganise(3);
    history.grow_to(375);
    const Height pruned = history.chain()->prune(Height{375});
    ASSERT_GT(pruned, pruned_first);
    history.add(history.chain()->index().tip());
    history.finish();
    size_t removals = 0;
    for (const auto& operation : history.disk().operations())
        removals += operation.kind == RecordedDisk::Operation::Kind::remove_file;
    ASSERT_GE(removals, 4u);
    const size_t points = stop_everywhere(
        history.disk(), first, kStops, random,
        [&](const Image& image, size_t count, RecordedDisk::Stop stop) {
            TestChain crashed(regtest_params(), history.options(), image[0], image[1]);
            ASSERT_FALSE(::testing::Test::HasFailure()) << "it does not open";
            if (stop == RecordedDisk::Stop::kill) history.expect_reported(crashed, count);
            history.expect_right_coins(crashed);
            expect_files_as_indexed(crashed, *image[0]);
            history.expect_same_end(crashed);
            crashed->prune(Height{375});
            EXPECT_EQ(crashed->prune_state().pruned_to, pruned);
        });
    fmt::print("{} crash points, {} files removed\n", points, removals);
}

TEST(FaultPrune, reindexing_reads_every_file_before_one_is_removed) {
    constexpr int kPoints = 150;
    SeededRandom random(test_seed());
    ChainOptions options = pruning();
    FaultHistory history(options);
    history.grow_to(345);
    history.finish();
    options.prune_target_bytes = 30'000;
    ChainOptions reindex = options;
    reindex.reindex = true;
    RecordedDisk disk({block_files_of(*history.whole()[0]), std::make_shared<MemoryStorage>()});
    const auto finish = [&](TestChain& chain) {
        while (chain->reindex_step(chain.now())) {
            chain.activate();
            EXPECT_FALSE(chain->prune_state().pruned_to);
        }
        chain.activate();
        EXPECT_EQ(chain->index().tip().hash, history.end());
        EXPECT_TRUE(chain->prune_state().pruned_to.has_value());
        EXPECT_EQ(chain->verify(4, 288).value().problem, "");
    };
    TestChain chain(regtest_params(), reindex, disk.store(0), disk.store(1));
    finish_reindex(chain);
    const size_t operations = disk.operations().size();
    finish(chain);
    for (int i = 0; i < kPoints && !::testing::Test::HasFailure(); ++i) {
        const size_t count = random.uniform(operations);
        const auto stop = kStops[random.uniform(std::size(kStops))];
        SCOPED_TRACE(fmt::format("{} after {} of {}", stop_name(stop), count, operations));
        const auto image = disk.image(count, stop, random);
        TestChain crashed(regtest_params(), options, image[0], image[1]);
        ASSERT_FALSE(::testing::Test::HasFailure()) << "it does not open";
        finish(crashed);
    }
}

}  // namespace
}  // namespace parley
