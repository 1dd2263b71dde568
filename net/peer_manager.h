// PeerManager: the whole peer protocol of one node as a state machine. Bytes and connection events
// in, NetEffects out; handshake, synchronisation, relay, addresses, misbehaviour. It is not a
// transport (the host owns sockets), not a judge of blocks or transactions (NetBackend is), and it
// reads no clock: every event carries the time, and next_deadline() says when to call on_timer().
//
// Called by node/ on the core thread. After each call, the caller takes the effects; they are in
// order. Functions marked "re-entrant" may also be called from inside a NetBackend call: they only
// queue work and append effects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "net/net_backend.h"
#include "net/peer/net_options.h"
#include "net/peer/peer_info.h"
#include "net/wire/endpoint.h"

namespace parley {

namespace net_effect {

/// Whole messages. With `notify`, the host answers on_drained when they are in the operating
/// system's hands.
struct SendBytes {
    PeerId peer;
    std::shared_ptr<const Bytes> data;
    bool notify = false;
};
/// Answered by on_connected or on_dial_failed with the same number.
struct Dial {
    uint64_t dial = 0;
    Endpoint target;
};
/// After what was sent before. Answered by on_closed.
struct Close {
    PeerId peer;
};

}  // namespace net_effect

using NetEffect = std::variant<net_effect::SendBytes, net_effect::Dial, net_effect::Close>;
using NetEffects = std::vector<NetEffect>;

class PeerManager {
 public:
    /// Everything passed by reference must outlive the PeerManager. REQUIRES: options.validate() is
    /// empty.
    PeerManager(NetOptions options, NetBackend& backend, Random& random, LogSink& log);
    ~PeerManager();
    PeerManager(const PeerManager&) = delete;
    PeerManager& operator=(const PeerManager&) = delete;

    // --- events from the host

    /// Once, when the node is ready to talk: dials what the options name.
    void start(TimePoint now);
    void on_connected(PeerId peer, const Endpoint& remote, const Endpoint& local, bool inbound,
                      uint64_t dial, TimePoint now);
    void on_dial_failed(uint64_t dial, const std::string& reason, TimePoint now);
    void on_received(PeerId peer, ByteSpan data, TimePoint now);
    void on_drained(PeerId peer, TimePoint now);
    void on_closed(PeerId peer, const std::string& reason, TimePoint now);
    void on_timer(TimePoint now);

    /// When on_timer wants to be called next; empty: nothing is due ever.
    std::optional<TimePoint> next_deadline() const;
    /// Hands over, and forgets, the effects since the last call. Re-entrant.
    NetEffects take_effects();

    // --- news from the node; all re-entrant

    /// The active tip changed. `own`: this node made the block (mined, or published by its engine),
    /// so it is pushed to the peers that lack it; otherwise headers or an inv announce it.
    void announce_block(const HeaderNode& tip, bool own, TimePoint now);
    /// A block entered the active chain: its transactions need not be fetched any more, and orphans
    /// may have found their parents. Call before announce_block.
    void block_connected(const Block& block, TimePoint now);
    /// A block that was accepted turned out invalid when it was connected: its sender pays.
    void block_rejected(const BlockHash& hash, const std::string& reason, TimePoint now);
    /// A transaction entered the mempool, from wherever.
    void announce_transaction(const RelayTransaction& transaction, TimePoint now);
    /// An engine message to one peer; dropped when that peer is gone.
    void send_engine_message(PeerId peer, ByteSpan message, TimePoint now);
    /// To every peer that speaks the engine.
    void broadcast_engine_message(ByteSpan message, TimePoint now);
    /// The peer did what no correct peer does (the engine's Blame): disconnected, and its host
    /// discouraged.
    void punish(PeerId peer, const std::string& reason, TimePoint now);
    /// Asks the peer for headers beyond our tip (the engine's CatchUp).
    void request_headers(PeerId peer, TimePoint now);

    // --- requests from the user (RPC)

    enum class AddNode : uint8_t { add, remove, one_try };
    enum class AddNodeResult : uint8_t { done, already_added, not_added, malformed };
    /// addnode. `target` is host, host:port or [host]:port.
    AddNodeResult add_node(const std::string& target, AddNode command, TimePoint now);
    /// disconnectnode by address ("host:port") or by id. False: no such peer.
    bool disconnect(const std::string& address, TimePoint now);
    bool disconnect(PeerId peer, TimePoint now);
    /// setnetworkactive: false closes every connection and dials no more.
    void set_network_active(bool active, TimePoint now);
    bool network_active() const;
    /// ping: every peer, at once.
    void ping_all(TimePoint now);
    /// setban for a single host; `until` in the past removes. False: there was none to remove.
    bool ban(const std::string& host, TimePoint until, TimePoint now);
    void clear_bans();

    // --- reports

    std::vector<PeerInfo> peer_infos(TimePoint now) const;  ///< by ascending id
    std::vector<AddedNodeInfo> added_nodes() const;
    std::vector<KnownAddress> known_addresses(size_t count_max) const;
    std::vector<BannedHost> bans(TimePoint now) const;
    NetTotals totals() const;
    size_t peer_count(bool inbound) const;  ///< connections, with or without finished handshake
    size_t orphan_count() const;
    const NetOptions& options() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
