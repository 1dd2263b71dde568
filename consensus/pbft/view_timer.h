// ViewTimer: how long a view may last without progress, and when it has lasted too long. When it
// has to run is decided in view_changer.h. Core thread only.
#pragma once

#include <optional>

#include "base/time.h"

namespace parley::pbft {

class ViewTimer {
 public:
    /// The first view may last `base`; each view that makes no progress doubles that, up to `max`
    /// (section 4.5.2).
    ViewTimer(Duration base, Duration max) : base_(base), max_(max) {}

    Duration timeout() const;
    /// Empty: it does not run.
    const std::optional<TimePoint>& deadline() const { return deadline_; }
    unsigned unsuccessful_views() const { return unsuccessful_views_; }

    /// A view is left without a decision.
    void view_failed();
    /// A height was decided.
    void succeeded();
    /// Starts it, unless it runs; or stops it.
    void run(bool running, TimePoint now);
    void stop() { deadline_.reset(); }

    /// Whether the time is over; it stops then. A timer that is read much too late tells of a
    /// process that stood still, not of the primary: it starts again, once, so that the input that
    /// waits is handled first.
    enum class Reading : uint8_t { running, restarted, expired };
    Reading read(TimePoint now);

 private:
    friend class ReplicaDigest;  // of tests: reads everything

    const Duration base_;
    const Duration max_;
    unsigned unsuccessful_views_ = 0;
    std::optional<TimePoint> deadline_;
    bool restarted_ = false;
};

}  // namespace parley::pbft
