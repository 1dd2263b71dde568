// PeerManager: the whole peer protocol of one node as a state machine: handshake, synchronisation,
// relay, addresses, misbehaviour. Inputs in, outputs out; it calls nobody. It is not a transport
// (the host owns sockets), not a judge of blocks or transactions (it asks, by its outputs, and is
// answered by inputs), and it reads no clock: every input carries the time, and next_deadline()
// says when it wants a TimerDue.
//
// Messages are read one after another. A message that needs a verdict (headers, a block, a
// transaction, an engine message) leaves an ask among the outputs, and the bytes behind it wait
// until the ask is answered. What a step has made possible (announcements, requests) is done when
// no ask is open any more.
//
// Called by node/ on the core thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/peer_id.h"
#include "base/random.h"
#include "base/time.h"
#include "net/peer/net_input.h"
#include "net/peer/net_options.h"
#include "net/peer/net_output.h"
#include "net/peer/net_view.h"
#include "net/peer/peer_info.h"

namespace parley {

// Wide because it is the whole of a subsystem: the protocol, the user's commands, the reports.
class PeerManager {
 public:
    /// Everything passed by reference must outlive the PeerManager. REQUIRES: options.validate() is
    /// empty.
    PeerManager(NetOptions options, const NetView& view, Random& random, LogSink& log);
    ~PeerManager();
    PeerManager(const PeerManager&) = delete;
    PeerManager& operator=(const PeerManager&) = delete;

    /// The outputs are in order. Those of earlier commands of the user come first.
    NetOutputs handle(NetInput input, TimePoint now);
    /// Empty: nothing is due ever.
    std::optional<TimePoint> next_deadline() const;

    // --- commands of the user (RPC); what they lead to is among the outputs of take_outputs()

    /// addnode. `target` is host, host:port or [host]:port.
    AddNodeResult add_node(const std::string& target, AddNodeCommand command, TimePoint now);
    /// disconnectnode by address ("host:port") or by id. False: no such peer.
    bool disconnect(const std::string& address, TimePoint now);
    bool disconnect(PeerId peer, TimePoint now);
    /// setnetworkactive: false closes every connection and dials no more.
    void set_network_active(bool active, TimePoint now);
    /// ping: every peer, at once.
    void ping_all(TimePoint now);
    /// setban for a single host; `until` in the past removes. False: there was none to remove.
    bool ban(const std::string& host, TimePoint until, TimePoint now);
    void clear_bans();
    NetOutputs take_outputs();

    // --- reports

    bool network_active() const;
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
