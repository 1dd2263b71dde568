#include "node/daemon/workers/core_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "node/daemon/system/wiped_memory.h"

namespace parley {
namespace {

// Waits use the steady clock, but deadlines are times of the system clock, which can be set.
// Checking again at this interval bounds the delay of a timer after such a change.
constexpr Duration kWaitMax = std::chrono::seconds(10);

// Maximum delay of a timer under a continuous stream of events.
constexpr Duration kLateMax = std::chrono::milliseconds(10);

}  // namespace

void CoreLoop::post(Event event) {
    put(std::move(event));
}

void CoreLoop::storage_failed(const StorageError& error) {
    put(StorageFailed{error.message});
}

void CoreLoop::request_stop() {
    put(StopRequested{});
}

void CoreLoop::put(Message message) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        queue_.push_back(std::move(message));
    }
    arrived_.notify_one();
}

bool CoreLoop::call(event::Cause cause, std::function<void(Node&)> call) {
    const auto waiting = std::make_shared<Call>();
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return false;
        const uint64_t id = ++last_call_;
        calls_.emplace(id, waiting);
        queue_.push_back(Event{event::Invoke{id, std::move(call), std::move(cause)}});
    }
    arrived_.notify_one();
    waiting->ended.wait(false, std::memory_order_acquire);
    return waiting->done;
}

void CoreLoop::end_call(uint64_t id, bool done) {
    std::shared_ptr<Call> call;
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(id);
        CHECK(found != calls_.end());
        call = std::move(found->second);
        calls_.erase(found);
    }
    call->done = done;
    call->ended.store(true, std::memory_order_release);
    call->ended.notify_one();
}

void CoreLoop::end() {
    std::unordered_map<uint64_t, std::shared_ptr<Call>> calls;
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        queue_.clear();
        calls.swap(calls_);
    }
    for (const auto& [id, call] : calls) {
        call->ended.store(true, std::memory_order_release);
        call->ended.notify_one();
    }
}

// The node's time never goes backwards and never stops. If the system clock is set back, time
// continues at the pace of the steady clock until the system clock has caught up.
TimePoint CoreLoop::now() {
    const auto steady = std::chrono::steady_clock::now();
    const auto system = TimePoint{
        std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
    const auto continued = last_now_ + std::chrono::duration_cast<Duration>(steady - last_steady_);
    if (system >= last_now_) {
        last_now_ = system;
        last_steady_ = steady;
    } else if (continued > last_now_) {
        last_now_ = continued;
        last_steady_ = steady;
    }
    return last_now_;
}

std::deque<CoreLoop::Message> CoreLoop::take(std::optional<TimePoint> deadline) {
    std::deque<Message> messages;
    const Duration wait =
        deadline ? std::clamp(*deadline - now(), Duration::zero(), kWaitMax) : kWaitMax;
    std::unique_lock lock(mutex_);
    if (queue_.empty()) arrived_.wait_for(lock, wait, [this] { return !queue_.empty(); });
    messages.swap(queue_);
    return messages;
}

bool CoreLoop::has_messages() {
    const std::lock_guard lock(mutex_);
    return !queue_.empty();
}

std::string CoreLoop::run(const Ports& ports, Effects start) {
    EffectRunner runner(
        [&](Durability durability, CommitId commit) {
            ports.barrier(durability, [this, commit] { put(BarrierReached{commit}); });
        },
        [&](Effect&& effect) {
            if (!failed_) carry_out(ports, std::move(effect));
        });
    runner.run(std::move(start));
    // After Shutdown, effects that were already held back still run: the reply to `stop` is one of
    // them.
    while (!failed_ && !(stopping_ && runner.idle())) {
        const auto deadline = stopping_ ? std::nullopt : ports.node.next_deadline();
        for (Message& message : take(deadline)) {
            if (failed_) break;
            handle(ports, runner, message);
        }
        if (stopping_ || failed_) continue;
        // An immediate deadline waits until the queued events are handled, because each of them may
        // move it.
        const auto due = ports.node.next_deadline();
        if (due && *due + (has_messages() ? kLateMax : Duration::zero()) <= now())
            step(ports, runner, event::TimerDue{});
    }
    end();
    return error_;
}

void CoreLoop::handle(const Ports& ports, EffectRunner& runner, Message& message) {
    if (auto* event = std::get_if<Event>(&message)) {
        if (stopping_) return;
        std::optional<WipedMemory> wiped;  // a client's call may handle private keys
        if (std::holds_alternative<event::Invoke>(*event)) wiped.emplace();
        step(ports, runner, std::move(*event));
    } else if (const auto* barrier = std::get_if<BarrierReached>(&message)) {
        runner.reached(barrier->commit);
    } else if (const auto* failure = std::get_if<StorageFailed>(&message)) {
        failed_ = true;
        error_ = failure->error;
    } else {
        stopping_ = true;
    }
}

void CoreLoop::step(const Ports& ports, EffectRunner& runner, Event event) {
    std::optional<std::pair<PeerId, size_t>> received;
    std::optional<PeerId> closed;
    if (const auto* bytes = std::get_if<event::Received>(&event))
        received.emplace(bytes->peer, bytes->data.size());
    if (const auto* end = std::get_if<event::Closed>(&event)) closed = end->peer;
    runner.run(ports.node.handle(std::move(event), now()));
    if (received) ports.network.consumed(received->first, received->second);
    // Must come after messages to the same peer that still wait for the disk.
    if (closed) runner.run({effect::Close{*closed}});
}

void CoreLoop::carry_out(const Ports& ports, Effect&& effect) {
    if (auto* send = std::get_if<effect::Send>(&effect)) {
        ports.network.send(send->peer, std::move(send->data), send->notify);
    } else if (const auto* dial = std::get_if<effect::Dial>(&effect)) {
        ports.network.dial(dial->dial, dial->target);
    } else if (const auto* close = std::get_if<effect::Close>(&effect)) {
        ports.network.close(close->peer);
    } else if (const auto* search = std::get_if<effect::SearchNonce>(&effect)) {
        ports.miner.search(search->job, search->header, search->target);
    } else if (std::holds_alternative<effect::StopSearch>(effect)) {
        ports.miner.stop_search();
    } else if (auto* changed = std::get_if<effect::TipChanged>(&effect)) {
        ports.show_tip(std::move(changed->tip));
    } else if (const auto* notify = std::get_if<effect::Notify>(&effect)) {
        ports.notify(notify->notice);
    } else if (const auto* complete = std::get_if<effect::Complete>(&effect)) {
        end_call(complete->id, true);
    } else if (const auto* shutdown = std::get_if<effect::Shutdown>(&effect)) {
        stopping_ = true;
        if (error_.empty()) error_ = shutdown->error;
    } else {
        CHECK(false);  // EffectRunner handles Persist
    }
}

}  // namespace parley
