#include "net/peer/upload_target.h"

#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr Duration kBlockInterval = std::chrono::minutes{10};
// No weight unit is less than a byte.
constexpr auto kBlockBytesMax = static_cast<uint64_t>(kBlockWeightMax.value());

}  // namespace

void UploadTarget::sent(TimePoint now, uint64_t bytes) {
    if (!started_ || now > cycle_start_ + kCycle) {
        started_ = true;
        cycle_start_ = now;
        sent_ = 0;
    }
    sent_ += bytes;
}

UploadTargetState UploadTarget::state(TimePoint now) const {
    UploadTargetState state{.target = target_};
    if (target_ == 0) return state;
    const TimePoint end = cycle_start_ + kCycle;
    if (!started_)
        state.time_left = kCycle;
    else if (now < end)
        state.time_left = end - now;
    state.bytes_left = sent_ >= target_ ? 0 : target_ - sent_;
    state.reached = state.bytes_left == 0;
    const auto blocks_to_come = static_cast<uint64_t>(state.time_left / kBlockInterval);
    state.serves_old_blocks = state.bytes_left > blocks_to_come * kBlockBytesMax;
    return state;
}

}  // namespace parley
