#include "consensus/pbft/report/attendance.h"

namespace parley::pbft {

void Attendance::heard(ValidatorIndex validator, Sequence height, TimePoint now) {
    Last& last = last_[validator];
    if (height < last.height) return;
    last = Last{height, now};
}

std::vector<Attendance::Absent> Attendance::absent(Sequence final_height, size_t quorum) const {
    std::vector<Absent> result;
    for (size_t i = 0; i < last_.size(); ++i) {
        if (last_[i].height >= final_height) continue;
        result.push_back(Absent{static_cast<ValidatorIndex>(i), last_[i].height, last_[i].when});
    }
    if (last_.size() - result.size() < quorum) result.clear();
    return result;
}

}  // namespace parley::pbft
