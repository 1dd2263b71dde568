// Random schedules: loss, duplicates, reordering, slow disks, crashes at writes, partitions, twins
// (equivocating validators), all drawn from one seed; first faults and a check of safety after
// every step, then a healed network in which the correct ones must finish, though f may stay dead
// or two-faced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/unit/consensus/pbft/cluster.h"
#include "tests/unit/seed.h"

namespace parley::pbft::testing {
namespace {

using Node = Cluster::Node;

struct Outcome {
    std::string problem;  ///< empty: safe and live
    size_t height = 0;
    View view = 0;
    size_t crashes = 0;
};

struct Schedule {
    explicit Schedule(uint64_t world_seed)
        : seed(world_seed), random(SeededRandom::stream(world_seed, 0, "schedule")) {
        options.validators = 4 + random.uniform(4);
        faults = (options.validators - 1) / 3;
        options.seed = seed;
        options.delay = milliseconds{5 + static_cast<int64_t>(random.uniform(60))};
        options.jitter = milliseconds{static_cast<int64_t>(random.uniform(200))};
        options.write_time = milliseconds{static_cast<int64_t>(random.uniform(20))};
        options.drop_percent = static_cast<unsigned>(random.uniform(20));
        options.duplicate_percent = static_cast<unsigned>(random.uniform(30));
        options.base_timeout = seconds{1};
        options.timeout_max = seconds{8};
        // In a third of the worlds f validators are two-faced for good.
        twins = random.uniform(3) == 0 ? faults : 0;
        for (size_t i = 0; i < twins; ++i) options.extra.push_back(i);
        if (random.uniform(4) == 0) options.empty_block_period = seconds{3};
    }

    sim::Crash how() { return random.uniform(2) == 0 ? sim::Crash::kill : sim::Crash::power_cut; }

    // One fault, or the end of one.
    void shake(Cluster& cluster) {
        const size_t n = options.validators;
        const Node victim = random.uniform(cluster.size());
        switch (random.uniform(8)) {
            case 0:
                if (cluster.up(victim)) cluster.world().crash(victim, how());
                break;
            case 1:
            case 2:
                for (Node node = 0; node < cluster.size(); ++node) {
                    if (!cluster.up(node)) cluster.start(node);
                }
                break;
            case 3:
                if (cluster.up(victim)) {
                    cluster.world().crash_at_commit(victim, 1 + random.uniform(6),
                                                    random.uniform(2) == 0
                                                        ? sim::CommitPoint::unfinished
                                                        : sim::CommitPoint::synced,
                                                    how());
                }
                break;
            case 4: {
                std::set<Node> left, right;
                for (Node node = 0; node < cluster.size(); ++node)
                    (random.uniform(2) == 0 ? left : right).insert(node);
                cluster.partition({left, right});
                break;
            }
            case 5: {  // each side has its own face of the liars
                std::set<Node> left, right;
                for (Node node = 0; node < cluster.size(); ++node) {
                    const bool second = node >= n;
                    const bool first = node < twins;
                    ((second || (!first && random.uniform(2) == 0)) ? right : left).insert(node);
                }
                cluster.partition({left, right});
                break;
            }
            default:
                cluster.partition({});
        }
    }

    // The network is good from now on. f validators stay faulty: dead for good, or two-faced, or
    // correct again.
    void heal(Cluster& cluster, std::vector<Node>& correct, Outcome& outcome) {
        cluster.partition({});
        std::set<Node> dead;
        const uint64_t kind = random.uniform(3);
        if (kind == 0) {
            for (size_t i = 0; i < faults; ++i) {
                // The twins are faulty already.
                Node victim = i;
                while (i >= twins && (victim < twins || dead.contains(victim)))
                    victim = random.uniform(options.validators);
                dead.insert(victim);
                std::erase(correct, victim);
                if (i < twins) dead.insert(options.validators + i);
            }
        } else if (kind == 1) {
            for (size_t i = 0; i < twins; ++i) dead.insert(options.validators + i);
        }
        for (Node node = 0; node < cluster.size(); ++node) {
            if (cluster.up(node)) {
                cluster.world().crash_at_commit(node, 0, sim::CommitPoint::synced);
                if (dead.contains(node)) cluster.crash(node);
            } else {
                ++outcome.crashes;
                if (!dead.contains(node)) cluster.start(node);
            }
        }
    }

    Outcome run() {
        Cluster cluster(options);
        std::vector<Node> correct;
        for (Node node = twins; node < options.validators; ++node) correct.push_back(node);
        for (size_t i = 0; i < twins; ++i) {
            cluster.distrust(i);
            cluster.distrust(options.validators + i);
        }
        Outcome outcome;
        for (int round = 0; round < 12; ++round) {
            shake(cluster);
            if (random.uniform(3) != 0) cluster.submit();
            cluster.run_for(milliseconds{static_cast<int64_t>(random.uniform(4000))});
        }
        heal(cluster, correct, outcome);
        cluster.submit();
        size_t highest = 0;
        for (const Node node : correct) highest = std::max(highest, cluster.height(node));
        const bool live = cluster.run_until(
            [&] { return cluster.lowest_height(correct) > highest; }, seconds{120});
        outcome.height = cluster.lowest_height(correct);
        outcome.view = cluster.view(correct[0]);
        if (!live && outcome.problem.empty()) outcome.problem = "no progress after healing";
        const std::vector<std::string> violations = cluster.violations();
        if (!violations.empty()) outcome.problem = violations.front();
        return outcome;
    }

    uint64_t seed;
    SeededRandom random;
    ClusterOptions options;
    size_t faults = 0;
    size_t twins = 0;
};

TEST(RandomSchedules, stay_safe_and_become_live) {
    const uint64_t base = test_seed();
    const char* wanted = std::getenv("PARLEY_SCHEDULES");
    const uint64_t count = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
    size_t heights = 0, crashes = 0;
    View views = 0;
    for (uint64_t i = 0; i < count; ++i) {
        const Outcome outcome = Schedule(base + i).run();
        ASSERT_EQ(outcome.problem, "")
            << "seed " << base + i << ", replay with PARLEY_TEST_SEED=" << base + i
            << " PARLEY_SCHEDULES=1 --gtest_filter=RandomSchedules.*";
        heights += outcome.height;
        crashes += outcome.crashes;
        views += outcome.view;
    }
    std::printf("%llu schedules: %zu blocks, %llu views, %zu crashes\n",
                static_cast<unsigned long long>(count), heights,
                static_cast<unsigned long long>(views), crashes);
    // The faults were real: views changed and nodes crashed.
    if (count >= 100) {
        EXPECT_GT(views, count / 2);
        EXPECT_GT(crashes, count / 10);
    }
}

TEST(RandomSchedules, equal_seeds_give_equal_runs) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        const Outcome first = Schedule(seed).run();
        const Outcome second = Schedule(seed).run();
        EXPECT_EQ(first.height, second.height);
        EXPECT_EQ(first.view, second.view);
        EXPECT_EQ(first.crashes, second.crashes);
    }
}

}  // namespace
}  // namespace parley::pbft::testing
