// PeerManager: the peer protocol of one node as a state machine: handshake, synchronisation, relay,
// addresses, misbehaviour. It takes inputs and returns outputs, and calls nobody. It is not a
// transport (the host owns the sockets), does not judge blocks or transactions (its outputs ask,
// inputs answer), and reads no clock: every input carries the time, and next_deadline() says when a
// TimerDue is needed.
//
// Messages of a peer are read one at a time. A message that needs a verdict (headers, a block, a
// transaction, an engine message) outputs an ask, and the bytes after it wait until the ask is
// answered. Announcements and requests that a step has made possible are sent once no ask is open.
//
// Called by node/ on the core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "net/addresses/address_tables.h"

#include "net/peer/net_input.h"
#include "net/peer/net_options.h"
#include "net/peer/net_output.h"
#include "net/peer/net_view.h"
#include "net/peer/peer_info.h"

namespace parley {

/// The time of an input. setmocktime changes `now`, which everything follows except dialling: a
/// peer is redialled while a mocked clock stands, as with bitcoind.
struct NetTime {
    NetTime(TimePoint both) : now(both), host(both) {}
    NetTime(TimePoint mocked, TimePoint of_host) : now(mocked), host(of_host) {}

    TimePoint now;
    TimePoint host;
};

// Wide because it is a whole subsystem: the protocol, the user's commands, the reports.
class PeerManager {
 public:
    /// All references must outlive the PeerManager. REQUIRES: options.validate() is empty.
    PeerManager(NetOptions options, const NetView& view, Random& random, LogSink& log);
    ~PeerManager();
    PeerManager(const PeerManager&) = delete;
    PeerManager& operator=(const PeerManager&) = delete;

    /// Outputs are in order; those of earlier user commands come first.
    NetOutputs handle(NetInput input, NetTime time);
    /// Empty: no timer is needed. Only while time is not mocked.
    std::optional<TimePoint> next_deadline() const;
    /// The next dial alone, in the host's time; empty: none. A TimerDue is needed then.
    std::optional<TimePoint> dial_deadline() const;

    // --- user commands (RPC); take_outputs() returns their outputs

    /// addnode. `target` is host, host:port or [host]:port.
    AddNodeResult add_node(const std::string& target, AddNodeCommand command, NetTime time);
    /// addconnection, for tests. False: all connections of this type are in use, or it is no
    /// address.
    bool add_connection(const std::string& target, ConnectionType type, NetTime time);
    /// sendmsgtopeer, for tests. False: no such peer. REQUIRES: a command of 1 to kCommandSizeMax
    /// characters.
    bool send_message(PeerId peer, const std::string& command, ByteSpan payload, NetTime time);
    /// getblockfrompeer. The problem in bitcoind's words; empty: requested. REQUIRES: a block of
    /// the header tree.
    std::string fetch_block(const HeaderNode& node, PeerId peer, NetTime time);
    /// addpeeraddress, for tests.
    AddAddressResult add_address(const NetAddress& address, bool tried, TimePoint now);
    /// disconnectnode by address ("host:port") or by id. False: no such peer.
    bool disconnect(const std::string& address, NetTime time);
    bool disconnect(PeerId peer, NetTime time);
    /// setnetworkactive. False closes every connection and stops dialling.
    void set_network_active(bool active, NetTime time);
    /// ping. Pings every peer at once.
    void ping_all(NetTime time);
    /// mockscheduler: what is done from time to time, whatever the peers do, is due this much
    /// earlier.
    void advance_schedule(Duration duration);
    /// setban. Closes the connections to the banned hosts.
    void ban(const Subnet& subnet, TimePoint until, NetTime time);
    /// False: exactly this subnet was not banned.
    bool unban(const Subnet& subnet);
    void clear_bans();
    NetOutputs take_outputs();

    // --- reports

    bool network_active() const;
    std::vector<PeerInfo> peer_infos(TimePoint now) const;  ///< by ascending id
    std::vector<AddedNodeInfo> added_nodes() const;
    std::vector<KnownAddress> known_addresses(size_t count_max) const;
    /// What peers.dat keeps, and what getrawaddrman shows.
    AddressTables address_tables() const;
    std::vector<PlacedAddress> placed_addresses(bool tried) const;
    /// What anchors.dat keeps: block-relay-only peers, to be dialled first by the next run.
    std::vector<NetAddress> anchors() const;
    std::vector<BannedSubnet> bans(TimePoint now) const;
    NetTotals totals() const;
    /// Elementary operations so far, for tests of what an input may cost.
    uint64_t work_done() const;
    size_t peer_count(bool inbound) const;  ///< includes unfinished handshakes
    size_t orphan_count() const;
    std::vector<OrphanInfo> orphans() const;  ///< by wtxid
    /// See InitialBroadcast.
    std::set<Txid> unbroadcast() const;
    const NetOptions& options() const;
    /// What this node offers now (localservices).
    ServiceFlags services() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley
