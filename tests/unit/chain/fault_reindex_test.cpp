// A machine that stops after any storage operation of a reindexing: the start afterwards, which is
// not asked to reindex again, finds in the block files all that was in them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/chain/fault_history.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

using Image = RecordedDisk::Image;

// Small files, so that there are several, and old blocks among the ones to be read.
ChainOptions small_files() {
    ChainOptions options = FaultHistory::small_options();
    options.block_file_bytes_max = 8'000;
    return options;
}

class FaultReindex : public ::testing::Test {
 protected:
    FaultReindex() : history_(small_files()) {
        history_.grow_to(130, {{30, 1}, {70, 20}, {110, 3}});
        history_.finish();
    }

    // Runs the node over `image` with `options` until it has done its work, with a block that comes
    // before it has read any file.
    void run(const Image& image, const ChainOptions& options) {
        disk_ = std::make_unique<RecordedDisk>(image);
        TestChain chain(regtest_params(), options, disk_->store(0), disk_->store(1));
        ASSERT_FALSE(HasFailure()) << "it does not open";
        reported_ = {};
        early_ = chain.build(chain->index().genesis(), {.extra_nonce = 77'777});
        history_.know(early_);
        chain.add(early_);
        do {
            chain.activate();
            reported_.note(*disk_, chain);
        } while (chain->reindex_step(chain.now()));
        EXPECT_EQ(chain->index().tip().hash, history_.end());
        chain->flush(Durability::synced);
    }

    // Returns how often there was a reindexing to go on with.
    size_t stop_everywhere_and_start(const ChainOptions& options) {
        SeededRandom random(test_seed());
        size_t resumed = 0;
        const size_t points = stop_everywhere(
            *disk_, 0, kStops, random,
            [&](const Image& image, size_t count, RecordedDisk::Stop stop) {
                TestChain crashed(regtest_params(), options, image[0], image[1]);
                ASSERT_FALSE(HasFailure()) << "it does not open";
                if (stop == RecordedDisk::Stop::kill) reported_.expect(crashed, count);
                history_.expect_right_coins(crashed);
                resumed += crashed->reindexing();
                finish_reindex(crashed);
                ASSERT_EQ(crashed->index().tip().hash, history_.end())
                    << "blocks of the files are lost";
                history_.expect_right_coins(crashed);
                for (const auto& block : history_.blocks())
                    ASSERT_TRUE(crashed->read_block(*crashed->index().find(block->header.hash())));
                crashed.accept(early_);
                ASSERT_TRUE(crashed->read_block(*crashed->index().find(early_->header.hash())));
            });
        fmt::print("{} crash points, {} of them in a reindexing\n", points, resumed);
        return resumed;
    }

    FaultHistory history_;
    std::unique_ptr<RecordedDisk> disk_;
    BlockRef early_;
    ReportedTips reported_;
};

TEST_F(FaultReindex, stopped_anywhere_it_is_gone_on_with) {
    ChainOptions options = small_files();
    options.reindex = true;
    run({block_files_of(*history_.whole()[0]), std::make_shared<MemoryStorage>()}, options);
    EXPECT_GT(stop_everywhere_and_start(small_files()), 1'000u);
}

TEST_F(FaultReindex, of_the_coins_alone_stopped_anywhere_ends_with_the_right_coins) {
    ChainOptions options = small_files();
    options.reindex_chainstate = true;
    run({history_.whole()[0], std::make_shared<MemoryStorage>()}, options);
    EXPECT_EQ(stop_everywhere_and_start(small_files()), 0u);
}

}  // namespace
}  // namespace parley
