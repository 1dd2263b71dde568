// Connector: which peers to dial, and when. Peers given by the user (-connect, -addnode, addnode)
// are reconnected indefinitely, with a delay that doubles with each failure; without -connect, free
// slots are filled with known addresses, one per network group: first anchors of the last run, then
// peers of full relay, then peers for blocks alone; after that, a feeler tests an address from time
// to time. It also decides which inbound
// connections are accepted. Core thread.
//
// Where the engine has messages, its peers are dialled again at the engine's pace, and two nodes
// that dial each other keep one connection: the one dialled by the process with the lower number
// (LinkId). Only the side that dialled the other one closes it, and only if both lead to the same
// host; so nobody can take a peer's place by repeating its number.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/addresses/address_manager.h"
#include "net/addresses/dns_seeding.h"
#include "net/peer/inbound_slots.h"
#include "net/peer/peer_table.h"

namespace parley {

class Connector {
 public:
    Connector(PeerTable& table, AddressManager& known);

    void start();
    /// Sets the peer's connection type. Empty: accepted; otherwise the reason for refusing it.
    std::string on_connected(Peer& peer, bool inbound, uint64_t dial);
    void on_dial_failed(uint64_t dial, const std::string& reason);
    /// `ready`: its handshake was complete.
    void on_closed(PeerId peer, bool ready);
    /// Dials everything that is due.
    void on_timer();
    /// In the host's time, like all times of dialling.
    std::optional<TimePoint> deadline() const;

    /// This process's number, for its LinkId; empty: the engine has no messages.
    std::optional<uint64_t> process() const { return process_; }
    /// The peer has sent its number.
    void on_process_known(const Peer& peer);

    /// False: all connections of this type are in use, or the text is no address.
    bool add_connection(const std::string& text, ConnectionType type);
    /// The block-relay-only peers.
    std::vector<NetAddress> anchors() const;
    AddNodeResult add_node(const std::string& text, AddNodeCommand command);
    void set_active(bool active);
    bool active() const { return active_; }
    std::vector<AddedNodeInfo> added_nodes() const;

 private:
    /// A connection that the user wants.
    struct Target {
        std::string text;  ///< as the user wrote it
        Endpoint endpoint;
        bool added = false;  ///< by -addnode or addnode: shown by getaddednodeinfo
        std::optional<uint64_t> dial;
        std::optional<PeerId> peer;
        int failures = 0;
        TimePoint next_try{};
    };
    struct PendingDial {
        Endpoint endpoint;
        ConnectionType type = ConnectionType::manual;
    };

    /// By -whitelist and -whitebind. REQUIRES: its type is set.
    Permissions permissions_of(const Peer& peer) const;
    uint64_t dial(const Endpoint& endpoint, ConnectionType type);
    void ask_seeds();
    void dial_targets();
    void dial_known();
    /// Connections of this type, and dials for one.
    size_t count(ConnectionType type) const;
    size_t wanted(ConnectionType type) const;
    /// The type of the next automatic connection; empty: none is due.
    std::optional<ConnectionType> next_type() const;
    std::optional<NetAddress> choose(ConnectionType type);
    bool automatic() const;
    bool suitable(const NetAddress& address) const;
    void failed(Target& target);
    /// A node at this host is alive: dials the targets there without delay.
    void on_host_alive(const std::string& host);
    Target* find_target(const Endpoint& endpoint);

    PeerTable& table_;
    AddressManager& known_;
    InboundSlots slots_;
    DnsSeeding seeding_;
    std::optional<uint64_t> process_;
    bool active_;
    bool started_ = false;
    uint64_t last_dial_ = 0;
    std::vector<Target> targets_;
    std::map<uint64_t, PendingDial> dials_;
    std::vector<NetAddress> anchors_;  ///< still to be dialled
    TimePoint next_automatic_{};
    TimePoint next_feeler_{};
};

}  // namespace parley
