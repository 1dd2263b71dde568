// StorageThread: the only thread that writes and syncs, for all stores of a node, in commit order.
// It is not a store: the CommitTarget carries out a commit.
//
// Guarantees:
// - A commit is written after every earlier one of any store.
// - When a synced commit is on disk, so is every earlier commit of every store.
// - A barrier's callback runs when every commit before it has reached the barrier's durability.
// - Consecutive synced commits of one store share one sync (group commit).
// - Commits that were only written are synced some seconds later, which limits the loss in a power
//   cut.
// - After the first error nothing more is written, no barrier is answered, and the error handler is
//   called once: after a failed fsync the state of the disk is unknown.
//
// commit, barrier and detach are called by the core thread; the callbacks run on the storage
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "base/storage/storage.h"

namespace parley {

/// A store as the storage thread sees it.
class CommitTarget {
 public:
    virtual ~CommitTarget() = default;

    /// Writes the batches in order. With `sync`, they and everything written before are on disk
    /// when it returns; `batches` may then be empty.
    virtual Expected<void, StorageError> apply(std::span<const WriteBatch* const> batches,
                                               bool sync) = 0;
    /// Every commit up to this one is written: reads find it in the store.
    virtual void on_written(CommitId commit) = 0;
};

class StorageThread {
 public:
    using ErrorHandler = std::function<void(const StorageError&)>;

    /// `sync_delay`: how long a written commit may wait to be synced.
    explicit StorageThread(ErrorHandler on_error,
                           std::chrono::milliseconds sync_delay = std::chrono::seconds(5));
    /// Writes what is queued (unless it failed), then ends the thread. REQUIRES: no store is
    /// attached.
    ~StorageThread();
    StorageThread(const StorageThread&) = delete;
    StorageThread& operator=(const StorageThread&) = delete;

    /// Blocks while the queue is full.
    void commit(CommitTarget& target, CommitId commit, std::shared_ptr<const WriteBatch> batch,
                size_t bytes, Durability durability);
    void barrier(Durability durability, std::function<void()> done);
    /// Returns when every commit of `target` is synced (or the thread has failed); from then on the
    /// thread does not use `target`.
    void detach(CommitTarget& target);

    bool failed() const { return failed_.load(std::memory_order_acquire); }

 private:
    struct Commit {
        CommitTarget* target;
        CommitId id;
        std::shared_ptr<const WriteBatch> batch;
        size_t bytes;
        Durability durability;
    };
    struct Barrier {
        Durability durability;
        std::function<void()> done;
    };
    struct Detach {
        CommitTarget* target;
        std::function<void()> done;
    };
    using Job = std::variant<Commit, Barrier, Detach>;

    void push(Job job);
    void run();
    void process(std::vector<Job>& jobs);
    size_t write_run(const std::vector<Job>& jobs, size_t first);
    void sync_all(const CommitTarget* except);
    void mark_unsynced(CommitTarget* target);
    bool apply(CommitTarget& target, std::span<const WriteBatch* const> batches, bool sync);

    const ErrorHandler on_error_;
    const std::chrono::milliseconds sync_delay_;
    std::atomic<bool> failed_{false};

    // Storage thread only: stores with unsynced writes, oldest first.
    std::vector<CommitTarget*> unsynced_;
    std::chrono::steady_clock::time_point sync_due_;  // unused if there are none

    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable work_;
    std::condition_variable room_;
    std::deque<Job> queue_;
    size_t queued_bytes_ = 0;
    bool stop_ = false;

    std::thread thread_;  // last: it uses everything above
};

}  // namespace parley
