// StepWatch: a NodeDriver around another one that logs steps which keep the core thread busy for
// long. Meanwhile no peer and no client is served, so each such line names something to mend. Core
// thread only.
#pragma once

#include <chrono>

#include "base/log.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class StepWatch final : public NodeDriver {
 public:
    static constexpr std::chrono::steady_clock::duration kSlowStep = std::chrono::seconds(1);

    /// Borrows both.
    StepWatch(NodeDriver& node, LogSink& log, std::chrono::steady_clock::duration slow = kSlowStep)
        : node_(node), log_(log), slow_(slow) {}

    Effects handle(Event event, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override { return node_.next_deadline(); }

 private:
    NodeDriver& node_;
    LogSink& log_;
    const std::chrono::steady_clock::duration slow_;
};

}  // namespace parley
