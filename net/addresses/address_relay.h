// AddressRelay: `addr`, `addrv2` (BIP155) and `getaddr`. Received addresses are rate-limited by a
// token bucket and added to the known ones; a few fresh ones are relayed to two peers; getaddr is
// answered once per connection, and only to inbound peers. Core thread.
#pragma once

#include "net/addresses/address_manager.h"
#include "net/peer/peer_table.h"
#include "net/peer/recent_set.h"

namespace parley {

class AddressRelay {
 public:
    explicit AddressRelay(PeerTable& table) : table_(table), known_(table.random()) {}

    void on_ready(Peer& peer);
    void on_gone(const Peer& peer);
    void on_addresses(Peer& peer, const std::vector<message::AddressEntry>& entries);
    void on_getaddr(Peer& peer);
    AddAddressResult add_by_hand(const NetAddress& address, bool tried, TimePoint now);

    AddressManager& known() { return known_; }
    const AddressManager& known() const { return known_; }

 private:
    void refill(Peer& peer);
    bool acceptable(const NetAddress& address) const;
    /// To so many peers.
    void pass_on(const Peer& from, const message::AddressEntry& entry, size_t count);
    std::optional<HostAddress> host_of(const Peer& peer) const;
    void send(Peer& peer, std::vector<message::AddressEntry> entries);

    /// More would not be passed on in a day, at the rate at which peers may send addresses.
    static constexpr size_t kPassedOnMax = 10'000;

    PeerTable& table_;
    AddressManager known_;
    std::optional<RecentSet> passed_on_;  ///< addresses that are not kept here; empty: none yet
};

}  // namespace parley
