#include "node/daemon/storage/storage_thread.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <iterator>

#include "base/check.h"
#include "node/daemon/system/wiped_memory.h"

namespace parley {
namespace {

// Limit of committed bytes that are not yet written: eight full blocks with their undo data and
// coins. Beyond it, the core waits, to bound the memory.
constexpr size_t kQueuedBytesMax = 64 << 20;
// Memory overhead of a small commit: keys in maps, and list nodes.
constexpr size_t kQueuedJobsMax = 1 << 16;
// Size limit of one LevelDB batch, which is built in memory.
constexpr size_t kRunBytesMax = 4 << 20;

}  // namespace

StorageThread::StorageThread(ErrorHandler on_error, std::chrono::milliseconds sync_delay)
    : on_error_(std::move(on_error)), sync_delay_(sync_delay), thread_([this] { run(); }) {}

StorageThread::~StorageThread() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_one();
    thread_.join();
}

void StorageThread::commit(CommitTarget& target, CommitId commit,
                           std::shared_ptr<const WriteBatch> batch, size_t bytes,
                           Durability durability) {
    push(Commit{&target, commit, std::move(batch), bytes, durability});
}

void StorageThread::barrier(Durability durability, std::function<void()> done) {
    push(Barrier{durability, std::move(done)});
}

void StorageThread::detach(CommitTarget& target) {
    std::promise<void> done;
    push(Detach{&target, [&done] { done.set_value(); }});
    done.get_future().wait();
}

void StorageThread::push(Job job) {
    const auto* commit = std::get_if<Commit>(&job);
    const size_t bytes = commit != nullptr ? commit->bytes : 0;
    {
        std::unique_lock lock(mutex_);
        if (commit != nullptr) {
            // The limit is checked without the new commit, so that a commit larger than the limit
            // can pass.
            room_.wait(lock, [this] {
                return (queued_bytes_ < kQueuedBytesMax && queue_.size() < kQueuedJobsMax) ||
                       failed();
            });
            if (failed()) return;  // after a failure, nothing more is written; the node stops
        }
        queued_bytes_ += bytes;
        queue_.push_back(std::move(job));
    }
    work_.notify_one();
}

void StorageThread::run() {
    ::pthread_setname_np(::pthread_self(), "storage");
    const WipedMemory wiped;  // wallets' records hold private keys
    std::vector<Job> jobs;
    while (true) {
        size_t bytes = 0;
        {
            std::unique_lock lock(mutex_);
            const auto has_work = [this] { return stop_ || !queue_.empty(); };
            if (unsynced_.empty())
                work_.wait(lock, has_work);
            else
                work_.wait_until(lock, sync_due_, has_work);
            if (stop_ && queue_.empty()) return;
            jobs.assign(std::make_move_iterator(queue_.begin()),
                        std::make_move_iterator(queue_.end()));
            queue_.clear();
            bytes = queued_bytes_;
        }
        process(jobs);
        jobs.clear();
        if (!unsynced_.empty() && std::chrono::steady_clock::now() >= sync_due_) sync_all(nullptr);
        {
            // Subtracted last, because the bytes count until they are written.
            const std::lock_guard lock(mutex_);
            queued_bytes_ -= bytes;
        }
        room_.notify_one();
    }
}

void StorageThread::process(std::vector<Job>& jobs) {
    for (size_t i = 0; i < jobs.size();) {
        if (std::holds_alternative<Commit>(jobs[i])) {
            i = write_run(jobs, i);
        } else if (auto* barrier = std::get_if<Barrier>(&jobs[i])) {
            if (barrier->durability == Durability::synced) sync_all(nullptr);
            if (!failed()) barrier->done();
            ++i;
        } else {
            auto& detach = std::get<Detach>(jobs[i]);
            const auto found = std::find(unsynced_.begin(), unsynced_.end(), detach.target);
            if (found != unsynced_.end()) {
                apply(*detach.target, {}, true);
                std::erase(unsynced_, detach.target);
            }
            detach.done();
            ++i;
        }
    }
}

// Starting at `first`, writes all commits that can share one write, and completes the barriers
// among them. Returns the position after the last of these commits. A run of synced commits
// includes the unsynced commits that follow it. A run of unsynced commits ends before the first
// synced one, so that its barriers do not wait for an unnecessary sync.
size_t StorageThread::write_run(const std::vector<Job>& jobs, size_t first) {
    const auto& head = std::get<Commit>(jobs[first]);
    const bool sync = head.durability == Durability::synced;
    std::vector<const WriteBatch*> batches;
    CommitId last = head.id;
    size_t bytes = 0;
    size_t end = first;
    for (; end < jobs.size(); ++end) {
        if (const auto* barrier = std::get_if<Barrier>(&jobs[end])) {
            if (barrier->durability == Durability::synced && !sync) break;
            continue;
        }
        const auto* commit = std::get_if<Commit>(&jobs[end]);
        if (commit == nullptr || commit->target != head.target) break;
        if (commit->durability == Durability::synced && !sync) break;
        if (!batches.empty() && bytes + commit->bytes > kRunBytesMax) break;
        bytes += commit->bytes;
        batches.push_back(commit->batch.get());
        last = commit->id;
    }
    if (sync) sync_all(head.target);
    if (!apply(*head.target, batches, sync)) return end;
    if (sync) {
        std::erase(unsynced_, head.target);
    } else {
        mark_unsynced(head.target);
    }
    head.target->on_written(last);
    for (size_t i = first; i < end; ++i) {
        if (const auto* barrier = std::get_if<Barrier>(&jobs[i])) barrier->done();
    }
    return end;
}

void StorageThread::sync_all(const CommitTarget* except) {
    for (CommitTarget* target : unsynced_) {
        if (target != except && !apply(*target, {}, true)) break;
    }
    // Also cleared after a failure, because a failed sync is never retried.
    std::erase_if(unsynced_, [except](CommitTarget* target) { return target != except; });
}

void StorageThread::mark_unsynced(CommitTarget* target) {
    if (unsynced_.empty()) sync_due_ = std::chrono::steady_clock::now() + sync_delay_;
    if (std::find(unsynced_.begin(), unsynced_.end(), target) == unsynced_.end())
        unsynced_.push_back(target);
}

bool StorageThread::apply(CommitTarget& target, std::span<const WriteBatch* const> batches,
                          bool sync) {
    if (failed()) return false;
    const auto result = target.apply(batches, sync);
    if (result) return true;
    {
        const std::lock_guard lock(mutex_);
        failed_.store(true, std::memory_order_release);
    }
    room_.notify_one();
    on_error_(result.error());
    return false;
}

}  // namespace parley
