#include "node/daemon/workers/miner_pool.h"

#include <pthread.h>

#include <algorithm>

#include "base/crypto/pow_search.h"

namespace parley {
namespace {

constexpr uint64_t kNonces = uint64_t{1} << 32;
// Hashes between two checks for new work: 6 ms of one core at 22 MH/s, so that the lock is rarely
// taken.
constexpr uint64_t kSliceMax = uint64_t{1} << 17;
// With -genrate, the approximate duration of a slice, which is also the time resolution of finding
// a block.
constexpr auto kPacedSliceTime = std::chrono::milliseconds(5);
// Limit for making up slices that were missed because the machine was busy: a node that was
// suspended for an hour must not hash at full speed for an hour.
constexpr auto kCatchUpMax = std::chrono::seconds(1);
// The measured rate covers about twice this time.
constexpr std::chrono::steady_clock::duration kMeasureTime = std::chrono::seconds(10);

}  // namespace

MinerPool::MinerPool(MinerPoolOptions options, EventSink& sink) : options_(options), sink_(sink) {}

MinerPool::~MinerPool() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        ++generation_;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void MinerPool::search(uint64_t job, const BlockHeader& header, const Hash256& target) {
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (!searching_) {
            // Slices do not accumulate while there is no work.
            next_turn_ = std::max(next_turn_, now);
            measured_from_ = now;
        }
        searching_ = true;
        ++generation_;
        job_ = job;
        header_ = header.serialize();
        target_ = target;
        next_nonce_ = 0;
        tried_ = 0;
    }
    changed_.notify_all();
    while (threads_.size() < options_.threads) threads_.emplace_back([this] { run(); });
}

void MinerPool::stop_search() {
    {
        const std::lock_guard lock(mutex_);
        if (searching_) measure(std::chrono::steady_clock::now());
        searching_ = false;
        ++generation_;
    }
    changed_.notify_all();
}

void MinerPool::run() {
    ::pthread_setname_np(::pthread_self(), "miner");
    Slice slice;
    while (take(slice)) search_slice(slice);
}

// Waits for work and for this thread's next slice. False: the pool is stopping.
bool MinerPool::take(Slice& slice) {
    std::unique_lock lock(mutex_);
    const auto has_work = [this] { return stop_ || (searching_ && next_nonce_ < kNonces); };
    changed_.wait(lock, has_work);
    uint64_t count = kSliceMax;
    if (options_.rate_max > 0) {
        const auto slice_ns = std::chrono::nanoseconds(kPacedSliceTime).count();
        count = std::clamp<uint64_t>(
            options_.rate_max * static_cast<uint64_t>(slice_ns) / 1'000'000'000, 1, kSliceMax);
        wait_for_turn(lock);
        changed_.wait(lock, has_work);
        // Integer arithmetic; the rounding error is below a nanosecond per slice.
        next_turn_ += std::chrono::nanoseconds(count * 1'000'000'000 / options_.rate_max);
    }
    if (stop_) return false;
    slice.generation = generation_.load(std::memory_order_relaxed);
    slice.job = job_;
    slice.header = header_;
    slice.target = target_;
    slice.first = static_cast<uint32_t>(next_nonce_);
    slice.count = std::min(count, kNonces - next_nonce_);
    next_nonce_ += slice.count;
    return true;
}

// The slice is taken after the wait, so that nothing is lost if the work changes during the wait.
void MinerPool::wait_for_turn(std::unique_lock<std::mutex>& lock) {
    next_turn_ = std::max(next_turn_, std::chrono::steady_clock::now() - kCatchUpMax);
    while (!stop_ && std::chrono::steady_clock::now() < next_turn_) {
        const auto turn = next_turn_;  // another thread may advance it
        changed_.wait_until(lock, turn);
    }
}

void MinerPool::search_slice(const Slice& slice) {
    // A search that was replaced in the meantime is abandoned at once.
    if (slice.generation != generation_.load(std::memory_order_relaxed)) return;
    const auto found = search_nonce(slice.header, slice.target, slice.first, slice.count);
    const uint64_t tried = found ? *found - slice.first + 1 : slice.count;
    hashes_.fetch_add(tried, std::memory_order_relaxed);

    bool exhausted = false;
    {
        const std::lock_guard lock(mutex_);
        measured_hashes_ += static_cast<double>(tried);
        const auto now = std::chrono::steady_clock::now();
        if (searching_ && now - measured_from_ > std::chrono::milliseconds(100)) measure(now);
        if (slice.generation != generation_.load(std::memory_order_relaxed)) return;
        tried_ += tried;
        exhausted = !found && tried_ == kNonces;
        if (found || exhausted) {
            measure(now);
            searching_ = false;  // other threads stop this search after their current slice
            ++generation_;
        }
    }
    if (found) {
        Reader reader(slice.header);
        BlockHeader header = read_block_header(reader);
        header.nonce = *found;
        sink_.post(event::SolutionFound{slice.job, header});
    } else if (exhausted) {
        sink_.post(event::SearchExhausted{slice.job});
    }
}

// REQUIRES: the lock, and that a search ran since measured_from_.
void MinerPool::measure(SteadyTime now) {
    measured_time_ += now - measured_from_;
    measured_from_ = now;
    if (measured_time_ > 2 * kMeasureTime) {
        measured_time_ /= 2;
        measured_hashes_ /= 2;
    }
}

double MinerPool::hashes_per_second() const {
    const std::lock_guard lock(mutex_);
    auto time = measured_time_;
    if (searching_) time += std::chrono::steady_clock::now() - measured_from_;
    if (time < std::chrono::seconds(1)) return 0;
    return measured_hashes_ / std::chrono::duration<double>(time).count();
}

}  // namespace parley
