// Seeded swarms: each seed draws its own mix of power cuts, kills, partitions, clogged and broken
// connections, loss, narrow links, jitter and skewed clocks.
// While the faults last, nothing unsafe may happen; after they end, everybody must converge. The
// first seed is fresh on every run and printed; PARLEY_TEST_SEED replays it, PARLEY_TEST_SCALE=1000
// runs ten times as many.
#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/seed.h"
#include "tests/unit/simulator/test_world.h"

namespace parley::sim {
namespace {

struct Swarm {
    SeededRandom random;
    World& world;
    size_t faulty;  ///< nodes [0, faulty) may crash and be cut off

    Duration up_to(Duration most) {
        return Duration{
            static_cast<int64_t>(random.uniform(static_cast<uint64_t>(most.count()) + 1))};
    }

    void fault() {
        const NodeIndex node = random.uniform(faulty);
        const NodeIndex other = (node + 1 + random.uniform(world.size() - 1)) % world.size();
        switch (random.uniform(7)) {
            case 0:
                if (world.running(node))
                    world.crash(node, random.uniform(4) == 0 ? Crash::kill : Crash::power_cut);
                break;
            case 1:
            case 2:
                if (!world.running(node)) world.restart(node);
                break;
            case 3: {
                std::vector<std::vector<NodeIndex>> groups(2);
                for (NodeIndex each = 0; each < world.size(); ++each)
                    groups[random.uniform(2)].push_back(each);
                world.partition(groups);
                break;
            }
            case 4:
                world.clog(node, other, up_to(seconds{10}));
                break;
            case 5:
                world.reset_connections(node, other);
                break;
            default:
                world.heal();
        }
    }
    void end_faults() {
        world.heal();
        world.set_link_faults({});
        for (NodeIndex node = 0; node < world.size(); ++node) {
            if (!world.running(node)) world.restart(node);
        }
    }
    /// To any node that runs; refused where its coin is spent already.
    void pay(const TransactionRef& transaction) {
        const NodeIndex node = random.uniform(world.size());
        if (world.running(node)) submit(world, node, transaction);
    }
};

WorldOptions drawn_options(uint64_t seed) {
    auto random = SeededRandom::stream(seed, 0, "swarm options");
    WorldOptions options;
    options.seed = seed;
    options.latency =
        LatencyTable::uniform(Duration{static_cast<int64_t>(1'000 + random.uniform(150'000))});
    options.jitter_max = Duration{static_cast<int64_t>(random.uniform(100'000))};
    options.sync_delay = Duration{static_cast<int64_t>(random.uniform(30'000))};
    if (random.uniform(2) == 0) {
        options.link_faults = {.loss_ppm = static_cast<uint32_t>(random.uniform(50'000)),
                               .bytes_per_second = 20'000 + random.uniform(200'000),
                               .reset_ppm = static_cast<uint32_t>(random.uniform(2'000)),
                               .path_spread_max = milliseconds{100},
                               .duplicate_dial_ppm = 100'000};
    }
    return options;
}

Duration drawn_skew(uint64_t seed, uint64_t node) {
    auto random = SeededRandom::stream(seed, node, "swarm skew");
    return seconds{static_cast<int64_t>(random.uniform(40))};
}

/// How many heights were finalised.
size_t run_pbft(uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    constexpr size_t kCoins = 40;
    const Purse purse(kCoins);
    auto random = SeededRandom::stream(seed, 1, "swarm");
    const size_t count = 4 + random.uniform(4);
    const Validators validators(purse.params(), count);
    SafetyChecker checker;
    World world(drawn_options(seed));
    checker.watch(world);
    for (size_t i = 0; i < count; ++i) {
        NodeSpec spec = validators.validator(i);
        spec.clock_offset = drawn_skew(seed, i);
        world.add_node(std::move(spec));
    }
    world.add_node(validators.follower());
    world.connect_mesh();
    world.run_for(seconds{2});
    Swarm swarm{random, world, count};
    // The last coins are kept for the time after the faults.
    for (size_t paid = 0; paid < kCoins - 2;) {
        if (swarm.random.uniform(2) == 0) swarm.fault();
        swarm.pay(purse.pay(paid++));
        world.run_for(swarm.up_to(seconds{6}));
    }
    swarm.end_faults();
    world.run_for(minutes{2});  // redials, and the capped timeouts of the views that were lost
    const TransactionRef last = purse.pay(kCoins - 1);
    EXPECT_EQ(submit(world, swarm.random.uniform(count), last), "");
    const auto done = [&] {
        for (NodeIndex node = 0; node < world.size(); ++node) {
            if (!confirmed(world, node, last)) return false;
        }
        return one_tip(world);
    };
    EXPECT_TRUE(world.run_until(done, minutes{5}, milliseconds{100}));
    checker.check_coins(world);
    EXPECT_EQ(text(checker), "");
    return checker.final_heights();
}

/// Blocks that at least one node had to disconnect.
uint64_t run_pow(uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    constexpr size_t kCoins = 40;
    const Purse purse(kCoins);
    auto random = SeededRandom::stream(seed, 2, "swarm");
    WorldOptions options = drawn_options(seed);
    options.block_interval = seconds{static_cast<int64_t>(2 + random.uniform(20))};
    World world(std::move(options));
    const size_t count = 4 + random.uniform(5);
    for (size_t i = 0; i < count; ++i) {
        NodeSpec spec = pow_node(purse.params(), static_cast<uint32_t>(1'000'000 / count));
        spec.clock_offset = drawn_skew(seed, i);
        world.add_node(std::move(spec));
    }
    world.connect_random(2);
    Swarm swarm{random, world, count};
    for (size_t paid = 0; paid < kCoins;) {
        if (swarm.random.uniform(2) == 0) swarm.fault();
        swarm.pay(purse.pay(paid++));
        world.run_for(swarm.up_to(seconds{40}));
    }
    swarm.end_faults();
    world.run_for(minutes{3});
    const auto settled = [&] { return one_tip(world) && height(world, 0) > 0; };
    EXPECT_TRUE(world.run_until(settled, world.options().block_interval * 6, milliseconds{100}));
    SafetyChecker checker;
    checker.check_coins(world);
    for (NodeIndex node = 0; node < world.size(); ++node)
        world.node(node).mempool().check_consistency();
    EXPECT_EQ(text(checker), "");
    uint64_t reorganised = 0;
    for (NodeIndex node = 0; node < world.size(); ++node) {
        for (const auto& [depth, times] : reorganisations(world, node))
            reorganised += depth * times;
    }
    return reorganised;
}

TEST(Swarm, pbft_stays_safe_under_faults_and_converges_after_them) {
    const uint64_t seed = test_seed();
    const int runs = scaled(20, 3);
    size_t heights = 0;
    for (int i = 0; i < runs; ++i) heights += run_pbft(seed + static_cast<uint64_t>(i));
    // Faults that stop everything would prove nothing: on average, a good part of 40 payments.
    EXPECT_GT(heights, static_cast<size_t>(runs) * 5);
    std::printf("%zu heights finalised in %d runs\n", heights, runs);
}

TEST(Swarm, pow_converges_after_faults) {
    const uint64_t seed = test_seed();
    const int runs = scaled(20, 3);
    uint64_t reorganised = 0;
    for (int i = 0; i < runs; ++i) reorganised += run_pow(seed + static_cast<uint64_t>(i));
    EXPECT_GT(reorganised, static_cast<uint64_t>(runs));
    std::printf("%llu blocks disconnected in %d runs\n",
                static_cast<unsigned long long>(reorganised), runs);
}

}  // namespace
}  // namespace parley::sim
