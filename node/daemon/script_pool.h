// ScriptPool: runs script checks on several threads (-par). The caller works too and waits for the
// rest. The verdict is the failure with the lowest position, whatever the number of threads and
// whatever a cache of signatures holds. Created by the daemon; verify_all is called by one thread,
// the core.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "chain/script_check.h"

namespace parley {

class ScriptPool final : public ScriptVerifier {
 public:
    /// `threads` counts the caller: 1 starts none. The others start with the first work for them.
    /// `cache` may be null; it must outlive the pool.
    explicit ScriptPool(unsigned threads, SignatureCache* cache = nullptr);
    ~ScriptPool() override;
    ScriptPool(const ScriptPool&) = delete;
    ScriptPool& operator=(const ScriptPool&) = delete;

    std::optional<ScriptFailure> verify_all(std::span<const ScriptCheck> checks) override;

 private:
    // What one call shares with the workers.
    struct Work {
        std::span<const ScriptCheck> checks;
        std::atomic<size_t> next{0};    // first position that nobody has taken
        std::atomic<size_t> failed{0};  // lowest failure so far; checks.size(): none
        std::mutex mutex;               // guards error
        ScriptError error = ScriptError::eval_false;
    };

    void start_workers();
    void run_worker();
    void verify(Work& work) const;

    const unsigned worker_count_;
    SignatureCache* const cache_;
    std::vector<std::thread> workers_;  // the caller's

    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable arrived_;
    std::condition_variable left_;
    Work* work_ = nullptr;
    uint64_t round_ = 0;
    unsigned working_ = 0;
    bool stop_ = false;
};

/// -par: 0 means one thread for each core, -n leaves n cores free. At least 1, at most 16.
unsigned script_threads(int par, unsigned cores);

}  // namespace parley
