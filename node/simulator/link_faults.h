// LinkFaults: the faults of the link from one node to another, in one direction. FaultyLinks: draws
// what happens to each piece of data handed to a link. The links carry TCP: bytes of one connection
// are never reordered, duplicated or dropped. So a lost segment appears as a delay, until the
// sender gives up.
//
// It models neither congestion control nor latency (latency_table.h).
//
// Owned by a World; one thread. A world without faults only calls active().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "base/random.h"
#include "base/time.h"

namespace parley::sim {

/// Index of a node in its world.
using NodeIndex = size_t;

struct LinkFaults {
    /// Share of segments that are lost, in millionths. Each loss costs a retransmission timeout,
    /// which doubles; after kRetransmissionsMax consecutive losses the sender's side of the
    /// connection times out, and the other side learns nothing.
    uint32_t loss_ppm = 0;
    /// The sender queues what exceeds this rate. 0: unlimited.
    uint64_t bytes_per_second = 0;
    /// Share of pieces, in millionths, that reset their connection.
    uint32_t reset_ppm = 0;
    /// Each connection takes its own path, longer by up to this: data on two connections between
    /// the same nodes is reordered.
    Duration path_spread_max{0};
    /// Share of dials, in millionths, whose first segment arrives twice: the other side sees a
    /// second connection, which is reset one round trip later.
    uint32_t duplicate_dial_ppm = 0;

    bool operator==(const LinkFaults&) const = default;
};

/// Linux's values: minimum timeout, maximum timeout, and net.ipv4.tcp_retries2. All retransmissions
/// take about a quarter of an hour.
inline constexpr Duration kRetransmissionTimeoutMin = std::chrono::milliseconds{200};
inline constexpr Duration kRetransmissionTimeoutMax = std::chrono::seconds{120};
inline constexpr int kRetransmissionsMax = 15;
/// Payload of a TCP segment in an Ethernet frame (1500 bytes with two headers of 20).
inline constexpr size_t kSegmentBytes = 1460;

class FaultyLinks {
 public:
    FaultyLinks(uint64_t seed, const LinkFaults& all);

    /// False: no faults are set, and no other function needs to be called.
    bool active() const { return active_; }

    /// Default for all links without their own faults.
    void set(const LinkFaults& all);
    void set(NodeIndex from, NodeIndex to, const LinkFaults& faults);
    /// Data sent from now on arrives no earlier than `until`.
    void clog(NodeIndex from, NodeIndex to, TimePoint until);

    struct Passage {
        enum class Fate : uint8_t { arrives, reset, timed_out };
        Fate fate = Fate::arrives;
        TimePoint sent{};      ///< when the last byte left the sender or, if timed_out, it gave up
        TimePoint earliest{};  ///< arrival without the link's latency
        TimePoint not_before{};  ///< lower bound of the arrival: the end of a clog
    };
    /// The passage of a piece handed over at `now`; `bytes` may be 0 (a segment without payload).
    Passage pass(NodeIndex from, NodeIndex to, size_t bytes, TimePoint now);
    /// Additional delay of a new connection's path.
    Duration draw_path(NodeIndex from, NodeIndex to);
    bool draw_duplicate_dial(NodeIndex from, NodeIndex to);

 private:
    struct Link {
        TimePoint busy_until{};
        TimePoint clogged_until{};
    };
    const LinkFaults& faults(NodeIndex from, NodeIndex to) const;
    bool drawn(uint32_t ppm) { return ppm != 0 && random_.uniform(1'000'000) < ppm; }
    Duration retransmissions(uint32_t loss_ppm, size_t bytes);

    bool active_ = false;
    LinkFaults all_;
    std::map<std::pair<NodeIndex, NodeIndex>, LinkFaults> own_;
    std::map<std::pair<NodeIndex, NodeIndex>, Link> links_;
    SeededRandom random_;
};

}  // namespace parley::sim
