// LinkFaults: what can go wrong between two nodes, in one direction; and FaultyLinks, which draws
// what happens to each piece that is handed to a link. TCP runs over these links: bytes of one
// connection are never reordered, duplicated or left out. So a lost segment is a delay, until the
// sender gives up.
//
// What it is not: a model of congestion control, or of latency (latency_table.h).
//
// Owned by a World; one thread. A world without faults asks it for active() only.
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
    /// Of segments, in millionths. Each loss costs a retransmission timeout, which doubles; after
    /// kRetransmissionsMax in a row the sender's side of the connection times out, and the other
    /// side hears nothing.
    uint32_t loss_ppm = 0;
    /// The sender queues what exceeds it. 0: unlimited.
    uint64_t bytes_per_second = 0;
    /// Of pieces handed to the link, in millionths: those that reset their connection.
    uint32_t reset_ppm = 0;
    /// Each connection takes a path of its own, up to so much longer: what two connections carry
    /// between the same nodes is reordered.
    Duration path_spread_max{0};
    /// Of dials, in millionths: those whose first segment arrives twice, so that the other side
    /// sees a second connection, which is reset one round trip later.
    uint32_t duplicate_dial_ppm = 0;

    bool operator==(const LinkFaults&) const = default;
};

/// As Linux: the smallest timeout, the largest, and net.ipv4.tcp_retries2. All in a row take about
/// a quarter of an hour.
inline constexpr Duration kRetransmissionTimeoutMin = std::chrono::milliseconds{200};
inline constexpr Duration kRetransmissionTimeoutMax = std::chrono::seconds{120};
inline constexpr int kRetransmissionsMax = 15;
/// Payload of a TCP segment in an Ethernet frame (1500 bytes with two headers of 20).
inline constexpr size_t kSegmentBytes = 1460;

class FaultyLinks {
 public:
    FaultyLinks(uint64_t seed, const LinkFaults& all);

    /// False: nothing can go wrong, and nothing here needs to be asked.
    bool active() const { return active_; }

    /// Of every link that has no faults of its own.
    void set(const LinkFaults& all);
    void set(NodeIndex from, NodeIndex to, const LinkFaults& faults);
    /// Nothing that is sent from now on arrives before `until`.
    void clog(NodeIndex from, NodeIndex to, TimePoint until);

    struct Passage {
        enum class Fate : uint8_t { arrives, reset, timed_out };
        Fate fate = Fate::arrives;
        TimePoint sent{};        ///< the last byte left the sender; timed_out: it gave up
        TimePoint earliest{};    ///< arrival without the link's latency
        TimePoint not_before{};  ///< arrival in any case: the end of a clog
    };
    /// Of a piece that is handed over at `now`; `bytes` may be 0 (a segment without payload).
    Passage pass(NodeIndex from, NodeIndex to, size_t bytes, TimePoint now);
    /// How much longer the path of a new connection is.
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
