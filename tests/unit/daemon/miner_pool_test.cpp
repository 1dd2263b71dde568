#include "node/daemon/workers/miner_pool.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <optional>
#include <thread>

#include "base/uint256.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

class Solutions final : public EventSink {
 public:
    void post(Event event) override {
        {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
        }
        arrived_.notify_all();
    }
    std::optional<event::SolutionFound> next(std::chrono::milliseconds wait = 20s) {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, wait, [this] { return !events_.empty(); }))
            return std::nullopt;
        auto event = std::get<event::SolutionFound>(events_.front());
        events_.pop_front();
        return event;
    }

 private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Event> events_;
};

// One nonce in 2^bits is a solution.
Hash256 target(int bits) {
    return (U256::max() >> bits).to_hash();
}

BlockHeader header(uint32_t time) {
    BlockHeader result;
    result.time = time;
    return result;
}

void expect_solution(const event::SolutionFound& solution, const Hash256& target) {
    EXPECT_LE(U256::from_hash(solution.header.hash()), U256::from_hash(target));
}

TEST(MinerPool, search_easy_target_finds_nonce_of_the_job) {
    Solutions solutions;
    MinerPool pool({.threads = 2}, solutions);
    for (uint32_t job = 1; job <= 20; ++job) {
        pool.search(job, header(job), target(12));
        const auto solution = solutions.next();
        ASSERT_TRUE(solution);
        EXPECT_EQ(solution->job, job);
        EXPECT_EQ(solution->header.time, job);
        expect_solution(*solution, target(12));
    }
    EXPECT_FALSE(solutions.next(20ms));  // one answer for each search
}

TEST(MinerPool, search_replaces_the_running_one) {
    Solutions solutions;
    MinerPool pool({.threads = 2}, solutions);
    pool.search(1, header(1), target(255));  // not in this life
    std::this_thread::sleep_for(20ms);
    pool.search(2, header(2), target(8));
    const auto solution = solutions.next();
    ASSERT_TRUE(solution);
    EXPECT_EQ(solution->job, 2u);
}

TEST(MinerPool, stop_search_ends_the_hashing) {
    Solutions solutions;
    MinerPool pool({.threads = 2}, solutions);
    pool.search(1, header(1), target(255));
    while (pool.hashes() == 0) std::this_thread::yield();
    pool.stop_search();
    // Running slices finish; after that, the count does not change.
    uint64_t last = 0;
    do {
        last = pool.hashes();
        std::this_thread::sleep_for(100ms);
    } while (pool.hashes() != last);
    EXPECT_FALSE(solutions.next(10ms));
}

// The rate is real hashing, held down: never more than its share of turns, however often the work
// changes. How close it comes from below is the machine's business, and printed.
TEST(MinerPool, rate_bounds_the_hashes_over_changing_searches) {
    for (const uint64_t rate : {uint64_t{1'000}, uint64_t{10'000}, uint64_t{200'000}}) {
        Solutions solutions;
        MinerPool pool({.threads = 2, .rate_max = rate}, solutions);
        const auto begin = std::chrono::steady_clock::now();
        for (uint32_t job = 1; job <= 30; ++job) {
            pool.search(job, header(job), target(255));
            std::this_thread::sleep_for(40ms);
        }
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
        const auto hashes = static_cast<double>(pool.hashes());
        const double expected = elapsed.count() * static_cast<double>(rate);
        std::printf("rate %llu: %.1f %% of it in %.2f s; reported %.0f/s\n",
                    static_cast<unsigned long long>(rate), 100 * hashes / expected, elapsed.count(),
                    pool.hashes_per_second());
        EXPECT_LE(hashes, expected + static_cast<double>(rate) * 0.006 + 2);
        EXPECT_GT(hashes, 0);
    }
}

TEST(MinerPool, search_while_paced_finds_solutions) {
    Solutions solutions;
    MinerPool pool({.threads = 1, .rate_max = 20'000}, solutions);
    for (uint32_t job = 1; job <= 10; ++job) {
        pool.search(job, header(job), target(8));
        const auto solution = solutions.next();
        ASSERT_TRUE(solution);
        EXPECT_EQ(solution->job, job);
        expect_solution(*solution, target(8));
    }
}

}  // namespace
}  // namespace parley
