// InboundSlots: which inbound connection gives way when a new one arrives and all slots are taken.
// Whoever fills the slots must not shut others out, and must not choose who leaves. Called by
// Connector. Core thread.
//
// First come connections that have not completed their handshake, from the host that has most of
// them. Otherwise the rules are bitcoind's: some peers are protected by what is hard to fake (the
// network group under a secret key, the lowest latencies, the last new blocks and transactions),
// half of the rest by the age of their connection; of those left, the youngest connection of the
// largest network group leaves. Manual and outbound connections never do, nor do peers with the
// permission noban.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "net/peer/peer_table.h"

namespace parley {

/// Connections of one host that have not completed their handshake. More close the oldest of them
/// even while slots are free: they cost a descriptor each, and an honest host needs few.
inline constexpr size_t kHandshakesPerHostMax = 64;

/// What the choice depends on, of one inbound peer.
struct EvictionCandidate {
    PeerId id;
    TimePoint connected_at{};
    std::optional<Duration> ping_min;
    std::optional<TimePoint> last_block;
    std::optional<TimePoint> last_transaction;
    bool relays_transactions = true;
    bool discouraged = false;  ///< its host misbehaved before
    uint64_t group = 0;        ///< hash of its network group under a secret key
};

/// The peer to evict. Empty: all are protected.
std::optional<PeerId> select_evicted(std::vector<EvictionCandidate> candidates);

class InboundSlots {
 public:
    explicit InboundSlots(PeerTable& table);

    /// A new inbound peer: closes the connection that gives way to it, if any. Empty: it may stay;
    /// otherwise the reason for refusing it.
    std::string admit(const Peer& newcomer);

 private:
    /// Oldest connection without a complete handshake, of the host with the most of them. `least`:
    /// only a host that has at least this many.
    Peer* half_open(const Peer& newcomer, size_t least);
    std::optional<PeerId> least_useful(const Peer& newcomer) const;
    uint64_t group_of(const Peer& peer) const;

    PeerTable& table_;
    const uint64_t key0_;
    const uint64_t key1_;
};

}  // namespace parley
