// UploadTarget: -maxuploadtarget, how much this node sends to its peers in a day. Whoever serves
// blocks asks here. Part of the target is kept for new blocks: as many as the rest of the day can
// bring, each as large as a block can be. A target of zero is no limit. Not thread-safe.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace parley {

/// getnettotals: "uploadtarget".
struct UploadTargetState {
    uint64_t target = 0;  ///< bytes in a cycle; 0: no limit
    bool reached = false;
    bool serves_old_blocks = true;
    uint64_t bytes_left = 0;
    Duration time_left{0};
};

class UploadTarget {
 public:
    static constexpr Duration kCycle = std::chrono::hours{24};

    explicit UploadTarget(uint64_t target_bytes) : target_(target_bytes) {}

    void sent(TimePoint now, uint64_t bytes);
    bool reached(TimePoint now) const { return state(now).reached; }
    /// Blocks that are older than a week are not served any more.
    bool refuses_old_blocks(TimePoint now) const { return !state(now).serves_old_blocks; }
    UploadTargetState state(TimePoint now) const;

 private:
    uint64_t target_;
    uint64_t sent_ = 0;
    TimePoint cycle_start_{};
    bool started_ = false;  ///< something was sent
};

}  // namespace parley
