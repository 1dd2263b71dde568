#include "node/daemon/workers/script_pool.h"

#include <pthread.h>

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

// Waking a thread costs as much as verifying a few signatures, so the caller does small work
// itself.
constexpr size_t kParallelChecksMin = 8;
// Checks per share: small enough to distribute the last ones evenly, large enough to avoid
// contention.
constexpr size_t kShare = 4;
// bitcoind's limit: beyond it the threads wait for memory, not for each other.
constexpr unsigned kThreadsMax = 16;

}  // namespace

unsigned script_threads(int par, unsigned cores) {
    const int wanted = par > 0 ? par : static_cast<int>(std::min(cores, kThreadsMax)) + par;
    return static_cast<unsigned>(std::clamp(wanted, 1, static_cast<int>(kThreadsMax)));
}

// Shares are taken in order of position, and no share below the lowest failure is skipped. When all
// work is done, the recorded failure is therefore the one with the lowest position.
class ScriptPool::Run final : public ScriptRun {
 public:
    explicit Run(ScriptPool& pool) : pool_(pool) {
        const std::lock_guard lock(pool_.mutex_);
        pool_.runs_.push_back(this);
    }
    ~Run() override {
        std::unique_lock lock(pool_.mutex_);
        taken_ = count_;
        leave(lock);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void add(std::vector<ScriptCheck> checks) override {
        if (checks.empty()) return;
        {
            const std::lock_guard lock(pool_.mutex_);
            count_ += checks.size();
            lists_.push_back(std::move(checks));
            if (pool_.worker_count_ == 0 || count_ < kParallelChecksMin) return;
        }
        pool_.start_workers();
        pool_.arrived_.notify_all();
    }

    std::optional<ScriptFailure> finish() override {
        std::unique_lock lock(pool_.mutex_);
        pool_.work_for(*this, lock);
        leave(lock);
        return failure_;
    }

    // The functions below require the pool's mutex.

    bool has_work() const { return taken_ < count_ && (!failure_ || taken_ < failure_->check); }
    // REQUIRES: has_work().
    Share take() {
        if (taken_ == list_first_ + lists_[list_].size()) list_first_ += lists_[list_++].size();
        const std::span<const ScriptCheck> list = lists_[list_];
        const size_t offset = taken_ - list_first_;
        const Share share{list.subspan(offset, std::min(kShare, list.size() - offset)), taken_};
        taken_ += share.checks.size();
        ++working_;
        return share;
    }
    void give_back(const std::optional<ScriptFailure>& failure) {
        if (failure && (!failure_ || failure->check < failure_->check)) failure_ = failure;
        if (--working_ == 0) pool_.left_.notify_all();
    }

 private:
    void leave(std::unique_lock<std::mutex>& lock) {
        pool_.left_.wait(lock, [this] { return working_ == 0; });
        std::erase(pool_.runs_, this);
    }

    ScriptPool& pool_;
    std::deque<std::vector<ScriptCheck>> lists_;  // elements do not move
    size_t count_ = 0;
    size_t taken_ = 0;       // number of checks that threads have taken
    size_t list_ = 0;        // the next check is in this list, or first in the following list
    size_t list_first_ = 0;  // position of that list's first check
    unsigned working_ = 0;
    std::optional<ScriptFailure> failure_;
};

ScriptPool::ScriptPool(unsigned threads, SignatureCache* signatures, ScriptCache* scripts)
    : worker_count_(std::max(threads, 1u) - 1), signatures_(signatures), scripts_(scripts) {}

ScriptPool::~ScriptPool() {
    {
        const std::lock_guard lock(mutex_);
        CHECK(runs_.empty());
        stop_ = true;
    }
    arrived_.notify_all();
    for (auto& worker : workers_) worker.join();
}

std::unique_ptr<ScriptRun> ScriptPool::begin() {
    return std::make_unique<Run>(*this);
}

void ScriptPool::start_workers() {
    while (workers_.size() < worker_count_) workers_.emplace_back([this] { run_worker(); });
}

ScriptPool::Run* ScriptPool::run_with_work() const {
    const auto found =
        std::find_if(runs_.begin(), runs_.end(), [](const Run* run) { return run->has_work(); });
    return found == runs_.end() ? nullptr : *found;
}

void ScriptPool::run_worker() {
    ::pthread_setname_np(::pthread_self(), "scriptch");
    std::unique_lock lock(mutex_);
    while (true) {
        Run* run = nullptr;
        arrived_.wait(lock, [&] { return stop_ || (run = run_with_work()) != nullptr; });
        if (stop_) return;
        work_for(*run, lock);
    }
}

void ScriptPool::work_for(Run& run, std::unique_lock<std::mutex>& lock) {
    while (run.has_work()) {
        const Share share = run.take();
        lock.unlock();
        std::optional<ScriptFailure> failure;
        for (size_t i = 0; i < share.checks.size() && !failure; ++i) {
            const ScriptCheck& check = share.checks[i];
            if (const auto error = run_script_check(check, signatures_))
                failure = {share.first + i, *error, check.spending, check.input};
        }
        lock.lock();
        run.give_back(failure);
    }
}

}  // namespace parley
