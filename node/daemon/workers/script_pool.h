// ScriptPool: runs script checks on several threads (-par). Worker threads start on a run's checks
// as soon as they are added; the caller of finish() helps and waits for the rest. The verdict is
// the failure with the lowest position, whatever the number of threads and the content of the
// caches. Created by the daemon; runs are created, filled and finished by one thread, the core
// thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "chain/script/script_check.h"

namespace parley {

class ScriptPool final : public ScriptVerifier {
 public:
    /// `threads` includes the caller: 1 starts none. Workers are started with the first work for
    /// them. The caches may be null; they must outlive the pool.
    explicit ScriptPool(unsigned threads, SignatureCache* signatures = nullptr,
                        ScriptCache* scripts = nullptr);
    ~ScriptPool() override;
    ScriptPool(const ScriptPool&) = delete;
    ScriptPool& operator=(const ScriptPool&) = delete;

    std::unique_ptr<ScriptRun> begin() override;
    ScriptCache* cache() override { return scripts_; }

 private:
    class Run;
    // A range of checks taken by one thread.
    struct Share {
        std::span<const ScriptCheck> checks;
        size_t first = 0;
    };

    void start_workers();
    void run_worker();
    // The oldest run with checks that no thread has taken; or null.
    Run* run_with_work() const;  // REQUIRES: mutex_ is held
    // Takes shares of the run until none are left. `lock` holds mutex_ on entry and return.
    void work_for(Run& run, std::unique_lock<std::mutex>& lock);

    const unsigned worker_count_;
    SignatureCache* const signatures_;
    ScriptCache* const scripts_;
    std::vector<std::thread> workers_;  // the caller's

    std::mutex mutex_;
    // Guarded by mutex_, like the state of all runs:
    std::condition_variable arrived_;
    std::condition_variable left_;
    std::vector<Run*> runs_;
    bool stop_ = false;
};

/// -par: 0 means one thread per core, -n leaves n cores free. At least 1, at most 16.
unsigned script_threads(int par, unsigned cores);

}  // namespace parley
