// StepWatch: a NodeDriver around another one that logs steps which keep the core thread busy for
// long. Meanwhile no peer and no client is served, so each such line names something to mend. At
// its end it logs, with -loglevel=debug, the longest step of each kind: tests/bench/steps.py prints
// them. Core thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/log.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class StepWatch final : public NodeDriver {
 public:
    static constexpr std::chrono::steady_clock::duration kSlowStep = std::chrono::seconds(1);

    /// Borrows both.
    StepWatch(NodeDriver& node, LogSink& log, std::chrono::steady_clock::duration slow = kSlowStep)
        : node_(node), log_(log), slow_(slow) {}
    ~StepWatch() override;

    Effects handle(Event event, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override { return node_.next_deadline(); }

 private:
    NodeDriver& node_;
    LogSink& log_;
    const std::chrono::steady_clock::duration slow_;

    struct Steps {
        uint64_t count = 0;
        std::chrono::steady_clock::duration total{0};
        std::chrono::steady_clock::duration longest{0};
    };
    /// By kind: a request's kind is its method, so there are no more of them than methods.
    std::map<std::string, Steps, std::less<>> steps_;
};

}  // namespace parley
