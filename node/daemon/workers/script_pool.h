// ScriptPool: runs script checks on several threads (-par). The others start on a run's checks as
// soon as they are added; the caller of finish() works too and waits for the rest. The verdict is
// the failure with the lowest position, whatever the number of threads and whatever a cache of
// signatures holds. Created by the daemon; runs are made, filled and finished by one thread, the
// core.
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
    /// `threads` counts the caller: 1 starts none. The others start with the first work for them.
    /// The caches may be null; they must outlive the pool.
    explicit ScriptPool(unsigned threads, SignatureCache* signatures = nullptr,
                        ScriptCache* scripts = nullptr);
    ~ScriptPool() override;
    ScriptPool(const ScriptPool&) = delete;
    ScriptPool& operator=(const ScriptPool&) = delete;

    std::unique_ptr<ScriptRun> begin() override;
    ScriptCache* cache() override { return scripts_; }

 private:
    class Run;
    // Some checks that one thread has taken, and where in the run they stand.
    struct Share {
        std::span<const ScriptCheck> checks;
        size_t first = 0;
    };

    void start_workers();
    void run_worker();
    // The first run, in the order of their beginning, that has checks nobody has taken; or null.
    Run* run_with_work() const;  // REQUIRES: mutex_ is held
    // Takes shares of the run until there are none. `lock` holds mutex_ on entry and return.
    void work_for(Run& run, std::unique_lock<std::mutex>& lock);

    const unsigned worker_count_;
    SignatureCache* const signatures_;
    ScriptCache* const scripts_;
    std::vector<std::thread> workers_;  // the caller's

    std::mutex mutex_;
    // Guarded by mutex_, as all that a run holds:
    std::condition_variable arrived_;
    std::condition_variable left_;
    std::vector<Run*> runs_;
    bool stop_ = false;
};

/// -par: 0 means one thread for each core, -n leaves n cores free. At least 1, at most 16.
unsigned script_threads(int par, unsigned cores);

}  // namespace parley
