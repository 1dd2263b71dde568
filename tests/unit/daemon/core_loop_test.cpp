#include "node/daemon/workers/core_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "node/block_summary.h"
#include "node/daemon/workers/step_watch.h"

namespace parley {
namespace {

// A node that runs functions of the test and records its events.
class FakeNode final : public NodeDriver {
 public:
    Effects handle(Event event, TimePoint now) override {
        EXPECT_GE(now, last_);
        last_ = now;
        if (const auto* invoke = std::get_if<event::Invoke>(&event)) {
            ++calls;
            Effects effects = before_complete;
            CommitId last;
            for (const Effect& each : effects) {
                if (const auto* persist = std::get_if<effect::Persist>(&each))
                    last = persist->commit;
            }
            effects.push_back(effect::Complete{invoke->id, last});
            return effects;
        }
        if (std::holds_alternative<event::TimerDue>(event)) {
            EXPECT_TRUE(deadline && *deadline <= now);
            deadline.reset();
            return on_timer;
        }
        if (const auto* received = std::get_if<event::Received>(&event))
            return {effect::Send{received->peer, std::make_shared<const Bytes>(received->data)}};
        return {};
    }
    std::optional<TimePoint> next_deadline() const override { return deadline; }

    int calls = 0;
    Effects before_complete;
    std::optional<TimePoint> deadline;
    Effects on_timer;

 private:
    TimePoint last_{};
};

class RecordingPorts final : public NetworkPort, public MinerPort {
 public:
    void send(PeerId peer, std::shared_ptr<const Bytes> data, bool) override {
        record("send " + std::to_string(peer.value()) + " " + std::to_string(data->size()));
    }
    void dial(uint64_t, const Endpoint& target) override { record("dial " + to_string(target)); }
    void close(PeerId peer) override { record("close " + std::to_string(peer.value())); }
    void consumed(PeerId peer, size_t bytes) override {
        record("consumed " + std::to_string(peer.value()) + " " + std::to_string(bytes));
    }
    void search(uint64_t job, const BlockHeader&, const Hash256&) override {
        record("search " + std::to_string(job));
    }
    void stop_search() override { record("stop_search"); }

    std::vector<std::string> taken() {
        const std::lock_guard lock(mutex_);
        return records_;
    }

    void record(std::string line) {
        const std::lock_guard lock(mutex_);
        records_.push_back(std::move(line));
    }

 private:
    std::mutex mutex_;
    std::vector<std::string> records_;
};

using Lines = std::vector<std::string>;

TimePoint system_now() {
    return TimePoint{
        std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

class CoreLoopTest : public testing::Test {
 protected:
    // Barriers are held until the test lets them go.
    CoreLoop::Ports ports() {
        return {node_, ports_, ports_,
                [this](Durability, std::function<void()> done) {
                    const std::lock_guard lock(mutex_);
                    if (hold_barriers_)
                        barriers_.push_back(std::move(done));
                    else
                        done();
                },
                [this](std::shared_ptr<const BlockSummary> tip) {
                    ports_.record("tip " + std::to_string(tip->height.value()));
                }};
    }
    void start(Effects effects = {}) {
        core_ = std::thread([this, effects] { error_ = loop_.run(ports(), effects); });
    }
    std::string join() {
        core_.join();
        return error_;
    }
    void wait_for_barriers(size_t count) {
        while (true) {
            {
                const std::lock_guard lock(mutex_);
                if (barriers_.size() >= count) return;
            }
            std::this_thread::yield();
        }
    }

    FakeNode node_;
    RecordingPorts ports_;
    CoreLoop loop_;
    std::thread core_;
    std::string error_;
    std::mutex mutex_;
    bool hold_barriers_ = false;
    std::vector<std::function<void()>> barriers_;
};

TEST_F(CoreLoopTest, run_carries_out_start_effects_and_echoes_events) {
    loop_.post(event::Received{PeerId{7}, Bytes(3)});
    loop_.post(event::Closed{PeerId{7}, "gone"});
    start({effect::Dial{1, {"127.0.0.1", 5}}, effect::SearchNonce{4, {}, {}}});
    EXPECT_TRUE(loop_.call({}, [](Node&) {}));
    loop_.request_stop();
    EXPECT_EQ(join(), "");
    EXPECT_EQ(ports_.taken(),
              (Lines{"dial 127.0.0.1:5", "search 4", "send 7 3", "consumed 7 3", "close 7"}));
}

TEST_F(CoreLoopTest, call_returns_only_after_the_barrier_before_its_complete) {
    hold_barriers_ = true;
    node_.before_complete = {effect::Persist{CommitId{1}, Durability::synced}};
    start();
    std::atomic<bool> returned{false};
    std::thread client([&] {
        EXPECT_TRUE(loop_.call({}, [](Node&) {}));
        returned = true;
    });
    wait_for_barriers(1);
    EXPECT_FALSE(returned);
    barriers_.front()();
    client.join();
    loop_.request_stop();
    join();
}

TEST_F(CoreLoopTest, readers_learn_of_a_tip_behind_its_barrier_and_before_the_reply) {
    hold_barriers_ = true;
    BlockSummary tip;
    tip.height = Height{7};
    node_.before_complete = {
        effect::Persist{CommitId{1}, Durability::written},
        effect::TipChanged{std::make_shared<const BlockSummary>(tip), CommitId{1}}};
    start();
    Lines at_reply;
    std::thread client([&] {
        EXPECT_TRUE(loop_.call({}, [](Node&) {}));
        at_reply = ports_.taken();
    });
    wait_for_barriers(1);
    EXPECT_EQ(ports_.taken(), Lines{});
    barriers_.front()();
    client.join();
    EXPECT_EQ(at_reply, Lines{"tip 7"});
    loop_.request_stop();
    join();
}

TEST_F(CoreLoopTest, shutdown_effect_finishes_held_effects_then_ends) {
    hold_barriers_ = true;
    node_.before_complete = {
        effect::Shutdown{}, effect::Persist{CommitId{1}, Durability::synced},
        effect::Send{PeerId{2}, std::make_shared<const Bytes>(5), false, CommitId{1}}};
    start();
    bool done = false;
    std::thread client([&] { done = loop_.call({}, [](Node&) {}); });
    wait_for_barriers(1);
    EXPECT_TRUE(ports_.taken().empty());
    loop_.post(event::Received{PeerId{1}, Bytes(1)});  // too late: not handled
    barriers_.front()();
    client.join();
    EXPECT_TRUE(done);
    EXPECT_EQ(join(), "");
    EXPECT_EQ(ports_.taken(), (Lines{"send 2 5"}));
}

TEST_F(CoreLoopTest, storage_failed_ends_with_the_error_and_lets_nothing_out) {
    hold_barriers_ = true;
    node_.before_complete = {effect::Persist{CommitId{1}, Durability::synced},
                             effect::Send{PeerId{1}, nullptr, false, CommitId{1}}};
    start();
    bool done = true;
    std::thread client([&] { done = loop_.call({}, [](Node&) {}); });
    wait_for_barriers(1);
    loop_.storage_failed({StorageError::Code::io, "disk full"});
    EXPECT_EQ(join(), "disk full");
    client.join();
    EXPECT_FALSE(done);
    EXPECT_TRUE(ports_.taken().empty());
    EXPECT_FALSE(
        loop_.call({}, [](Node&) {}));  // the loop has ended, so the call is refused at once
}

TEST_F(CoreLoopTest, deadline_reached_makes_timer_due) {
    node_.deadline = system_now() + std::chrono::milliseconds(20);
    node_.on_timer = {effect::Shutdown{"time is up"}};
    start();
    EXPECT_EQ(join(), "time is up");
}

TEST_F(CoreLoopTest, deadline_reached_is_noticed_under_a_stream_of_events) {
    node_.deadline = system_now() + std::chrono::milliseconds(20);
    node_.on_timer = {effect::Shutdown{"time is up"}};
    start();
    std::atomic<bool> ended{false};
    std::thread flood([&] {
        while (!ended) loop_.post(event::Drained{PeerId{1}});
    });
    EXPECT_EQ(join(), "time is up");
    ended = true;
    flood.join();
}

TEST_F(CoreLoopTest, end_without_run_releases_callers) {
    std::thread client([this] { EXPECT_FALSE(loop_.call({}, [](Node&) {})); });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    loop_.end();
    client.join();
}

TEST_F(CoreLoopTest, call_from_many_threads_each_runs_once) {
    start();
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([this] {
            for (int k = 0; k < 500; ++k) EXPECT_TRUE(loop_.call({}, [](Node&) {}));
        });
    }
    for (auto& client : clients) client.join();
    loop_.request_stop();
    join();
    EXPECT_EQ(node_.calls, 8 * 500);
}

TEST(StepWatch, slow_step_is_logged_with_its_subject_and_passed_on) {
    FakeNode node;
    class Lines final : public LogSink {
     public:
        bool enabled(LogCategory, LogLevel) const override { return true; }
        void write(LogCategory, LogLevel level, std::string_view line) override {
            (level == LogLevel::warning ? text : summary) += std::string(line) + "\n";
        }
        std::string text;
        std::string summary;
    } log;
    const auto request = std::make_shared<const Request>(Request{"listunspent", "[]", "/"});
    StepWatch slow(node, log, std::chrono::seconds(0));  // every step counts as slow
    EXPECT_EQ(slow.handle(event::Received{PeerId{7}, Bytes(3)}, TimePoint{}).size(), 1u);
    slow.handle(event::Invoke{1, {}, event::RequestPart{request}}, TimePoint{});
    EXPECT_NE(log.text.find("busy for 0.0 s with 3 bytes from peer=7\n"), std::string::npos);
    EXPECT_NE(log.text.find("with the request listunspent\n"), std::string::npos);
    log.text.clear();
    {
        StepWatch patient(node, log, std::chrono::hours(1));
        for (int i = 0; i < 3; ++i)
            patient.handle(event::Received{PeerId{7}, Bytes(3)}, TimePoint{});
        patient.handle(event::Invoke{1, {}, event::RequestPart{request}}, TimePoint{});
        EXPECT_EQ(log.summary, "");
    }
    EXPECT_EQ(log.text, "");
    EXPECT_NE(log.summary.find("Core thread: 3 steps for bytes of peers, "), std::string::npos);
    EXPECT_NE(log.summary.find("Core thread: 1 steps for listunspent, "), std::string::npos);
}

}  // namespace
}  // namespace parley
