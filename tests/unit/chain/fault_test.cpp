// A machine that stops after any storage operation of a run of 200 blocks with five
// reorganisations, or of random ones: the start afterwards has the right coins, and goes on to the
// same end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "chain/state/coins_cache.h"
#include "tests/unit/chain/fault_history.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

const FaultHistory::Reorganisations kReorganisations{
    {30, 1}, {70, 20}, {110, 3}, {150, 40}, {190, 7}};

class FaultTest : public ::testing::Test {
 protected:
    FaultTest() {
        history_.grow_to(200, kReorganisations);
        history_.finish();
    }

    void check_every_point(RecordedDisk::Stop stop) {
        SeededRandom random(test_seed());
        ASSERT_GT(history_.disk().operations().size(), 1'000u);
        const RecordedDisk::Stop stops[] = {stop};
        const auto check = [&](const RecordedDisk::Image& image, size_t count, RecordedDisk::Stop) {
            TestChain crashed(regtest_params(), history_.options(), image[0], image[1]);
            ASSERT_FALSE(HasFailure()) << "it does not open";
            if (stop == RecordedDisk::Stop::kill) history_.expect_reported(crashed, count);
            history_.expect_right_coins(crashed);
            history_.expect_same_end(crashed);
        };
        const size_t points = stop_everywhere(history_.disk(), 0, stops, random, check);
        fmt::print("{} crash points, {} blocks, {} reorganisations\n", points,
                   history_.blocks().size(), kReorganisations.size());
    }

    FaultHistory history_;
};

TEST_F(FaultTest, killed_after_every_operation_nothing_is_lost) {
    check_every_point(RecordedDisk::Stop::kill);
}

TEST_F(FaultTest, power_cut_after_every_operation_leaves_the_right_coins) {
    check_every_point(RecordedDisk::Stop::power_least);
}

// Records may be there without the blocks that they point to, and blocks without records.
TEST_F(FaultTest, power_cut_that_leaves_some_of_the_writes_leaves_the_right_coins) {
    check_every_point(RecordedDisk::Stop::power_some);
}

// Each leaves the last hundred blocks for others, so that coins that were written, or not, go.
TEST(Reorganisation, sixteen_of_a_hundred_blocks_leave_the_coins_of_a_straight_sync) {
    ChainOptions options;
    options.coins_write_interval_blocks = 50;
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
        add(chain->index().tip());
        chain.activate();
    }
    for (int i = 0; i < 16; ++i) {
        const HeaderNode* node = chain->index().tip().ancestor(chain->index().tip().height - 100);
        for (int32_t j = 0; j < 101; ++j) node = add(*node);
        const auto update = chain.activate();
        ASSERT_EQ(update.disconnected.size(), 100u);
        ASSERT_EQ(&chain->index().tip(), node);
    }
    TestChain straight;
    for (Height height{1}; height <= chain->index().tip().height; ++height)
        straight.accept(chain.block(height));
    straight.activate();
    ASSERT_EQ(straight->index().tip().hash, chain->index().tip().hash);
    EXPECT_EQ(coins_hash(*straight), coins_hash(*chain));
    chain.restart();
    EXPECT_EQ(coins_hash(*straight), coins_hash(*chain));
}

// The negative control: a store that loses a synced write must be noticed.
TEST_F(FaultTest, coins_store_that_lost_a_synced_batch_is_noticed) {
    const auto image = history_.whole();
    std::optional<Bytes> first;
    ASSERT_TRUE(image[1]->scan(Bytes{kCoinsKeys[0].coin}, [&](ByteSpan key, ByteSpan) {
        first = to_bytes(key);
        return false;
    }));
    WriteBatch loss;
    loss.erase(*first);
    image[1]->commit(std::move(loss), Durability::written);
    TestChain crashed(regtest_params(), history_.options(), image[0], image[1]);
    EXPECT_NE(coins_hash(*crashed), history_.straight_hash(crashed->index().tip()));
}

TEST_F(FaultTest, coins_store_that_is_lost_is_rebuilt_from_the_blocks) {
    TestChain rebuilt(regtest_params(), history_.options(), history_.whole()[0],
                      std::make_shared<MemoryStorage>());
    EXPECT_EQ(rebuilt->index().tip().hash, history_.end());
    history_.expect_right_coins(rebuilt);
}

// Short branches at random heights, so that crashes meet more patterns of them.
TEST(RandomFault, machine_that_stops_anywhere_among_random_branches_leaves_the_right_coins) {
    constexpr int kPoints = 200;
    SeededRandom random(test_seed());
    FaultHistory::Reorganisations branches;
    for (int32_t height = 105; height < 150; ++height) {
        if (random.uniform(3) == 0) branches[height] = 1 + static_cast<int32_t>(random.uniform(4));
    }
    FaultHistory history;
    history.grow_to(150, branches);
    history.finish();
    const size_t operations = history.disk().operations().size();
    for (int i = 0; i < kPoints; ++i) {
        const size_t count = random.uniform(operations + 1);
        const auto stop = kStops[random.uniform(std::size(kStops))];
        SCOPED_TRACE(fmt::format("{} after {} of {}", stop_name(stop), count, operations));
        const auto image = history.disk().image(count, stop, random);
        TestChain crashed(regtest_params(), history.options(), image[0], image[1]);
        ASSERT_FALSE(::testing::Test::HasFailure()) << "it does not open";
        history.expect_right_coins(crashed);
        history.expect_same_end(crashed);
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace parley
