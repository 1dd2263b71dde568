// CoreLoop: the core thread, on which the node runs. It takes events from the transport, the miners
// and RPC threads through one queue, keeps the node's timer, and carries out effects once what they
// wait for is durable (EffectRunner). It does not use sockets or files.
//
// run() is called by the thread that becomes the core thread; post, call, storage_failed and
// request_stop by any other.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "base/time.h"
#include "node/event.h"
#include "node/host/effect_runner.h"

namespace parley {

/// Where the host's other threads post events for the node.
class EventSink {
 public:
    virtual ~EventSink() = default;
    virtual void post(Event event) = 0;
};

/// The node as the loop sees it.
class NodeDriver {
 public:
    virtual ~NodeDriver() = default;
    virtual Effects handle(Event event, TimePoint now) = 0;
    virtual std::optional<TimePoint> next_deadline() const = 0;
};

/// The transport as the loop sees it. Thread-safe; calls about unknown peers do nothing.
class NetworkPort {
 public:
    virtual ~NetworkPort() = default;
    virtual void send(PeerId peer, std::shared_ptr<const Bytes> data, bool notify) = 0;
    virtual void dial(uint64_t dial, const Endpoint& target) = 0;
    /// Also acknowledges Closed, once everything before it has been carried out: the peer's last
    /// bytes may still have caused a reply.
    virtual void close(PeerId peer) = 0;
    /// The node has processed this many bytes of the peer's Received events.
    virtual void consumed(PeerId peer, size_t bytes) = 0;
};

/// The miners as the loop sees them. Thread-safe.
class MinerPort {
 public:
    virtual ~MinerPort() = default;
    virtual void search(uint64_t job, const BlockHeader& header, const Hash256& target) = 0;
    virtual void stop_search() = 0;
};

/// The storage as the loop sees it: StorageThread::barrier.
using StoragePort = std::function<void(Durability, std::function<void()> done)>;

/// The readers on other threads as the loop sees them: PublishedChain::show.
using ReaderPort = std::function<void(std::shared_ptr<const BlockSummary> tip)>;

/// What tells subscribers outside: ZmqPublisher.
using NoticePort = std::function<void(const Notice&)>;

class CoreLoop final : public EventSink {
 public:
    struct Ports {
        NodeDriver& node;
        NetworkPort& network;
        MinerPort& miner;
        StoragePort barrier;
        ReaderPort show_tip;
        NoticePort notify = [](const Notice&) {};
    };

    CoreLoop() = default;
    CoreLoop(const CoreLoop&) = delete;
    CoreLoop& operator=(const CoreLoop&) = delete;

    void post(Event event) override;

    /// Runs `call` inside a step of the node, and returns true once that step's effects before its
    /// Complete are durable. False: the loop has ended or is ending, and nothing is promised.
    bool call(event::Cause cause, std::function<void(Node&)> call);

    /// Ends the loop with the error: no further effect is carried out.
    void storage_failed(const StorageError& error);

    /// Ends the loop after all pending effects are carried out (SIGTERM).
    void request_stop();

    /// Runs until the node shuts down, request_stop or storage_failed. First carries out `start`,
    /// the effects of Node::start(). Returns the error to print; empty: a clean end. Called once.
    std::string run(const Ports& ports, Effects start);

    /// Releases all callers of call() and refuses further ones. run() does this at its end; call it
    /// if start-up failed before run().
    void end();

 private:
    struct BarrierReached {
        CommitId commit;
    };
    struct StorageFailed {
        std::string error;
    };
    struct StopRequested {};
    using Message = std::variant<Event, BarrierReached, StorageFailed, StopRequested>;
    struct Call {
        std::atomic<bool> ended{false};
        bool done = false;  // before `ended`
    };

    void put(Message message);
    /// Waits for messages, at most until `deadline`.
    bool has_messages();
    std::deque<Message> take(std::optional<TimePoint> deadline);
    void handle(const Ports& ports, EffectRunner& runner, Message& message);
    void step(const Ports& ports, EffectRunner& runner, Event event);
    void carry_out(const Ports& ports, Effect&& effect);
    void end_call(uint64_t id, bool done);
    TimePoint now();

    // Core thread only:
    bool stopping_ = false;  ///< no further events; effects that wait are still carried out
    bool failed_ = false;    ///< no further effects
    std::string error_;
    TimePoint last_now_{};
    std::chrono::steady_clock::time_point last_steady_{};

    std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable arrived_;
    std::deque<Message> queue_;  // bounded by its producers: see Transport, HttpServer, MinerPool
    std::unordered_map<uint64_t, std::shared_ptr<Call>> calls_;
    uint64_t last_call_ = 0;
    bool ended_ = false;
};

}  // namespace parley
