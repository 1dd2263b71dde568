#include "node/simulator/link_faults.h"

#include <algorithm>

namespace parley::sim {
namespace {

/// Sum of all retransmission timeouts of one segment, after which the sender gives up.
constexpr Duration kGiveUpAfter = [] {
    Duration sum{0};
    Duration timeout = kRetransmissionTimeoutMin;
    for (int i = 0; i <= kRetransmissionsMax; ++i) {
        sum += timeout;
        timeout = std::min(timeout * 2, kRetransmissionTimeoutMax);
    }
    return sum;
}();

}  // namespace

FaultyLinks::FaultyLinks(uint64_t seed, const LinkFaults& all)
    : random_(SeededRandom::stream(seed, 0, "links")) {
    set(all);
}

void FaultyLinks::set(const LinkFaults& all) {
    all_ = all;
    active_ = active_ || all != LinkFaults{};
}

void FaultyLinks::set(NodeIndex from, NodeIndex to, const LinkFaults& faults) {
    own_[{from, to}] = faults;
    active_ = true;
}

void FaultyLinks::clog(NodeIndex from, NodeIndex to, TimePoint until) {
    TimePoint& clogged_until = links_[{from, to}].clogged_until;
    clogged_until = std::max(clogged_until, until);
    active_ = true;
}

const LinkFaults& FaultyLinks::faults(NodeIndex from, NodeIndex to) const {
    const auto found = own_.find({from, to});
    return found == own_.end() ? all_ : found->second;
}

FaultyLinks::Passage FaultyLinks::pass(NodeIndex from, NodeIndex to, size_t bytes, TimePoint now) {
    const LinkFaults& its = faults(from, to);
    Link& link = links_[{from, to}];
    Passage passage{Passage::Fate::arrives, now, now, link.clogged_until};
    if (drawn(its.reset_ppm)) {
        passage.fate = Passage::Fate::reset;
        return passage;
    }
    if (its.bytes_per_second != 0) {
        const uint64_t microseconds = uint64_t{bytes} * 1'000'000 / its.bytes_per_second;
        link.busy_until =
            std::max(link.busy_until, now) + Duration{static_cast<int64_t>(microseconds)};
        passage.sent = link.busy_until;
    }
    const Duration late = retransmissions(its.loss_ppm, bytes);
    passage.earliest = passage.sent + late;
    if (late >= kGiveUpAfter) {
        passage.fate = Passage::Fate::timed_out;
        passage.sent = passage.earliest;
    }
    return passage;
}

/// The delay of the segment that needs the most retransmissions; the others are retransmitted in
/// the meantime and wait for it.
Duration FaultyLinks::retransmissions(uint32_t loss_ppm, size_t bytes) {
    Duration longest{0};
    if (loss_ppm == 0) return longest;
    const size_t segments = std::max<size_t>(1, (bytes + kSegmentBytes - 1) / kSegmentBytes);
    for (size_t i = 0; i < segments; ++i) {
        Duration late{0};
        Duration timeout = kRetransmissionTimeoutMin;
        for (int lost = 0; lost <= kRetransmissionsMax && drawn(loss_ppm); ++lost) {
            late += timeout;
            timeout = std::min(timeout * 2, kRetransmissionTimeoutMax);
        }
        longest = std::max(longest, late);
    }
    return longest;
}

Duration FaultyLinks::draw_path(NodeIndex from, NodeIndex to) {
    const Duration most = faults(from, to).path_spread_max;
    if (most == Duration{0}) return most;
    return Duration{static_cast<int64_t>(random_.uniform(static_cast<uint64_t>(most.count()) + 1))};
}

bool FaultyLinks::draw_duplicate_dial(NodeIndex from, NodeIndex to) {
    return drawn(faults(from, to).duplicate_dial_ppm);
}

}  // namespace parley::sim
