#include "consensus/pbft/view_timer.h"

#include <algorithm>

namespace parley::pbft {

Duration ViewTimer::timeout() const {
    Duration result = base_;
    for (unsigned i = 0; i < unsuccessful_views_ && result < max_; ++i) result *= 2;
    return std::min(result, max_);
}

void ViewTimer::view_failed() {
    ++unsuccessful_views_;
    deadline_.reset();
}

void ViewTimer::succeeded() {
    unsuccessful_views_ = 0;
    restarted_ = false;
    deadline_.reset();
}

void ViewTimer::run(bool running, TimePoint now) {
    if (!running) {
        deadline_.reset();
    } else if (!deadline_) {
        deadline_ = now + timeout();
    }
}

ViewTimer::Reading ViewTimer::read(TimePoint now) {
    if (!deadline_ || now < *deadline_) return Reading::running;
    const bool late = now - *deadline_ > base_ / 4;
    deadline_.reset();
    if (!late || restarted_) {
        restarted_ = false;
        return Reading::expired;
    }
    restarted_ = true;
    deadline_ = now + timeout();
    return Reading::restarted;
}

}  // namespace parley::pbft
