// Attendance: when each validator was last heard to vote, for the operator's report. It decides
// nothing. Owned by the replica; core thread only.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "consensus/pbft/messages/types.h"

namespace parley::pbft {

class Attendance {
 public:
    struct Absent {
        ValidatorIndex validator = 0;
        Sequence height = 0;             ///< of its last vote; 0: none since the start
        std::optional<TimePoint> since;  ///< when that was heard; empty: none since the start
    };

    explicit Attendance(size_t validators) : last_(validators) {}

    /// A vote whose signature was verified, or one of our own.
    void heard(ValidatorIndex validator, Sequence height, TimePoint now);
    Sequence last_height(ValidatorIndex validator) const { return last_[validator].height; }

    /// Who has not voted on the block at `final_height`, in ascending order. Empty unless a quorum
    /// was heard to vote on it: a replica that received the block otherwise knows nothing.
    std::vector<Absent> absent(Sequence final_height, size_t quorum) const;

 private:
    struct Last {
        Sequence height = 0;
        std::optional<TimePoint> when;
    };
    std::vector<Last> last_;
};

}  // namespace parley::pbft
