#include "node/daemon/workers/step_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley {
namespace {

// What a step is about. Cheap to make, because every step makes one.
class StepSubject {
 public:
    explicit StepSubject(const Event& event) {
        if (const auto* received = std::get_if<event::Received>(&event)) {
            what_ = "bytes of peers";
            peer_ = received->peer;
            bytes_ = received->data.size();
        } else if (const auto* invoke = std::get_if<event::Invoke>(&event)) {
            what_ = "blocks of a file";
            if (const auto* part = std::get_if<event::RequestPart>(&invoke->cause))
                request_ = part->request;
        } else {
            what_ = std::holds_alternative<event::TimerDue>(event) ? "timers" : "a new connection";
        }
    }
    std::string_view kind() const { return request_ ? std::string_view{request_->method} : what_; }
    std::string text() const {
        if (request_) return "the request " + request_->method;
        if (bytes_ > 0) return fmt::format("{} bytes from peer={}", bytes_, peer_.value());
        return what_;
    }

 private:
    const char* what_ = "";
    std::shared_ptr<const Request> request_;
    PeerId peer_;
    size_t bytes_ = 0;
};

}  // namespace

StepWatch::~StepWatch() {
    const auto milliseconds = [](std::chrono::steady_clock::duration duration) {
        return std::chrono::duration<double, std::milli>(duration).count();
    };
    for (const auto& [kind, steps] : steps_)
        log_.debug(LogCategory::general,
                   "Core thread: {} steps for {}, {:.1f} ms, the longest {:.3f} ms", steps.count,
                   kind, milliseconds(steps.total), milliseconds(steps.longest));
}

Effects StepWatch::handle(Event event, TimePoint now) {
    const StepSubject subject(event);
    const auto begin = std::chrono::steady_clock::now();
    Effects effects = node_.handle(std::move(event), now);
    const auto duration = std::chrono::steady_clock::now() - begin;
    auto found = steps_.find(subject.kind());
    if (found == steps_.end()) found = steps_.emplace(subject.kind(), Steps{}).first;
    Steps& steps = found->second;
    ++steps.count;
    steps.total += duration;
    steps.longest = std::max(steps.longest, duration);
    if (duration >= slow_)
        log_.warning(LogCategory::general, "The core thread was busy for {:.1f} s with {}",
                     std::chrono::duration<double>(duration).count(), subject.text());
    return effects;
}

}  // namespace parley
