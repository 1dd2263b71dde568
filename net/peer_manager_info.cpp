// Reports about peers: the const half of PeerManager.
#include <algorithm>

#include "net/peer_manager_impl.h"

namespace parley {

PeerInfo PeerManager::Impl::info(const Peer& peer, TimePoint now) const {
    PeerInfo info;
    info.id = peer.id;
    info.address = peer.remote;
    info.address_bind = peer.local;
    const NetOptions& options = table.options();
    const bool by_tor = peer.inbound() && std::ranges::find(options.onion_binds, peer.local) !=
                                              options.onion_binds.end();
    info.network = by_tor ? std::string(to_string(Network::onion))
                          : network_name(peer.remote, options.proxies.cjdns_reachable);
    info.connection_type = peer.type;
    info.handshake_done = peer.handshake.ready;
    const message::Version& theirs = peer.handshake.theirs;
    if (peer.handshake.version_received && theirs.receiver.port != 0)
        info.address_local =
            to_string(Endpoint{theirs.receiver.host.to_string(), theirs.receiver.port});
    info.services = theirs.services;
    info.relay_transactions = peer.relay.wanted;
    info.version = peer.handshake.version_received ? theirs.version : 0;
    info.user_agent = theirs.user_agent;
    info.starting_height = peer.handshake.version_received ? theirs.start_height : -1;
    info.time_offset = peer.handshake.time_offset;
    info.connected_at = peer.liveness.connected_at;
    info.last_send = peer.liveness.last_send;
    info.last_receive = peer.liveness.last_receive;
    info.last_transaction = peer.relay.last_transaction;
    info.last_block = peer.sync.last_block;
    info.bytes_sent = peer.bytes_sent;
    info.bytes_received = peer.bytes_received;
    info.bytes_sent_per_message = peer.bytes_sent_per_message;
    info.bytes_received_per_message = peer.bytes_received_per_message;
    info.ping_time = peer.liveness.ping_time;
    info.ping_min = peer.liveness.ping_min;
    if (peer.liveness.ping_nonce != 0) info.ping_wait = now - peer.liveness.ping_sent;
    if (const HeaderNode* best = peer.sync.best_known) {
        info.synced_headers = best->height.value();
        const HeaderNode& tip = table.index().tip();
        info.synced_blocks = fork_point(best, &tip)->height.value();
    }
    for (const HeaderNode* node : peer.sync.in_flight)
        info.heights_in_flight.push_back(node->height.value());
    info.address_relay = peer.addresses.enabled;
    info.addresses_processed = peer.addresses.processed;
    info.addresses_rate_limited = peer.addresses.rate_limited;
    info.fee_filter = peer.relay.fee_filter;
    info.permissions = peer.permissions;
    info.last_inv_sequence = peer.relay.sequence;
    info.inv_to_send = peer.relay.to_announce.size();
    return info;
}

std::vector<PeerInfo> PeerManager::peer_infos(TimePoint now) const {
    std::vector<PeerInfo> result;
    for (const auto& [id, peer] : impl_->table.peers()) {
        if (!peer.closing) result.push_back(impl_->info(peer, now));
    }
    return result;
}

std::vector<AddedNodeInfo> PeerManager::added_nodes() const {
    return impl_->connector.added_nodes();
}

std::vector<KnownAddress> PeerManager::known_addresses(size_t count_max) const {
    return impl_->addresses.known().list(count_max);
}

AddressTables PeerManager::address_tables() const {
    return impl_->addresses.known().tables();
}

std::vector<PlacedAddress> PeerManager::placed_addresses(bool tried) const {
    return impl_->addresses.known().placed(tried);
}

std::vector<NetAddress> PeerManager::anchors() const {
    return impl_->connector.anchors();
}

std::vector<BannedSubnet> PeerManager::bans(TimePoint now) const {
    return impl_->table.bans().list(now);
}

uint64_t PeerManager::work_done() const {
    return impl_->table.work_done() + impl_->relay.work_done();
}

NetTotals PeerManager::totals() const {
    return impl_->table.totals();
}

size_t PeerManager::peer_count(bool inbound) const {
    size_t count = 0;
    for (const auto& [id, peer] : impl_->table.peers())
        count += !peer.closing && peer.inbound() == inbound ? 1 : 0;
    return count;
}

size_t PeerManager::orphan_count() const {
    return impl_->relay.orphanage().size();
}

std::vector<OrphanInfo> PeerManager::orphans() const {
    std::vector<OrphanInfo> result;
    for (const Orphanage::Orphan& orphan : impl_->relay.orphanage().list()) {
        OrphanInfo info{orphan.transaction, {orphan.from}};
        info.from.insert(info.from.end(), orphan.others.begin(), orphan.others.end());
        std::ranges::sort(info.from);
        result.push_back(std::move(info));
    }
    return result;
}

std::set<Txid> PeerManager::unbroadcast() const {
    return impl_->initial_broadcast.waiting();
}

const NetOptions& PeerManager::options() const {
    return impl_->options;
}

ServiceFlags PeerManager::services() const {
    return impl_->table.services();
}

}  // namespace parley
