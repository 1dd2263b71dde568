#include "net/peer_manager.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/peer_manager_impl.h"
#include "net/sync/sync_rules.h"

namespace parley {

PeerManager::Impl::Impl(NetOptions net_options, NetBackend& backend, Random& random, LogSink& log)
    : options(std::move(net_options)),
      table(options, backend, random, log),
      handshake(table),
      download(table),
      sync(table, download),
      announcer(table),
      server(table),
      relay(table),
      addresses(table),
      keep_alive(table),
      connector(table, addresses.book()) {
    CHECK(options.validate().empty());
}

void PeerManager::Impl::finish_step() {
    sync.finish_step();
    relay.finish_step();
    announcer.finish_step();
}

void PeerManager::Impl::on_connected(PeerId id, const Endpoint& remote, const Endpoint& local,
                                     bool inbound, uint64_t dial) {
    Peer& peer = table.add(id);
    peer.remote = remote;
    peer.local = local;
    keep_alive.on_connected(peer);
    const std::string refusal = connector.on_connected(peer, inbound, dial);
    if (!refusal.empty()) {
        table.disconnect(peer, refusal);
        return;
    }
    handshake.begin(peer);
}

void PeerManager::Impl::on_closed(PeerId id, const std::string& reason) {
    Peer* peer = table.find(id);
    if (peer == nullptr) return;
    table.log().debug(LogCategory::net, "connection of peer={} closed: {}", id.value(), reason);
    const bool was_ready = peer->handshake.ready;
    peer->closing = true;
    sync.on_gone(*peer);
    relay.on_gone(*peer);
    table.remove(id);
    connector.on_closed(id, was_ready);
    if (was_ready) table.backend().peer_gone(id, table.now());
}

void PeerManager::Impl::on_timer() {
    keep_alive.on_timer();
    sync.on_timer();
    relay.on_timer();
    connector.on_timer();
}

PeerManager::PeerManager(NetOptions options, NetBackend& backend, Random& random, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), backend, random, log)) {}

PeerManager::~PeerManager() = default;

void PeerManager::start(TimePoint now) {
    impl_->step(now, [&] { impl_->connector.start(); });
}

void PeerManager::on_connected(PeerId peer, const Endpoint& remote, const Endpoint& local,
                               bool inbound, uint64_t dial, TimePoint now) {
    impl_->step(now, [&] { impl_->on_connected(peer, remote, local, inbound, dial); });
}

void PeerManager::on_dial_failed(uint64_t dial, const std::string& reason, TimePoint now) {
    impl_->step(now, [&] { impl_->connector.on_dial_failed(dial, reason); });
}

void PeerManager::on_received(PeerId id, ByteSpan data, TimePoint now) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return;
    impl_->step(now, [&] { impl_->on_received(*peer, data); });
}

void PeerManager::on_drained(PeerId id, TimePoint now) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return;
    impl_->step(now, [&] { impl_->on_drained(*peer); });
}

void PeerManager::on_closed(PeerId peer, const std::string& reason, TimePoint now) {
    impl_->step(now, [&] { impl_->on_closed(peer, reason); });
}

void PeerManager::on_timer(TimePoint now) {
    impl_->step(now, [&] { impl_->on_timer(); });
}

std::optional<TimePoint> PeerManager::next_deadline() const {
    std::optional<TimePoint> result;
    for (const auto& deadline : {impl_->keep_alive.deadline(), impl_->sync.deadline(),
                                 impl_->relay.deadline(), impl_->connector.deadline()}) {
        if (deadline && (!result || *deadline < *result)) result = deadline;
    }
    return result;
}

NetEffects PeerManager::take_effects() {
    return impl_->table.take_effects();
}

// --- news from the node

void PeerManager::announce_block(const HeaderNode& tip, bool own, TimePoint now) {
    impl_->step(now, [&] {
        impl_->relay.tip_changed(tip);
        impl_->sync.tip_changed();
        impl_->announcer.announce(tip, own);
    });
}

void PeerManager::block_connected(const Block& block, TimePoint now) {
    impl_->step(now, [&] { impl_->relay.block_connected(block); });
}

void PeerManager::block_rejected(const BlockHash& hash, const std::string& reason, TimePoint now) {
    impl_->step(now, [&] { impl_->sync.block_rejected(hash, reason); });
}

void PeerManager::announce_transaction(const RelayTransaction& transaction, TimePoint now) {
    impl_->step(now, [&] { impl_->relay.announce(transaction); });
}

void PeerManager::send_engine_message(PeerId id, ByteSpan message, TimePoint now) {
    impl_->step(now, [&] {
        Peer* peer = impl_->table.find(id);
        if (peer != nullptr && peer->ready())
            impl_->table.send(*peer, message::kEngineCommand, message);
    });
}

void PeerManager::broadcast_engine_message(ByteSpan message, TimePoint now) {
    impl_->step(now, [&] {
        const auto frame = encode_frame(impl_->options.magic, message::kEngineCommand, message);
        for (auto& [id, peer] : impl_->table.peers()) {
            if (peer.ready() && peer.handshake.speaks_parley())
                impl_->table.send_frame(peer, message::kEngineCommand, frame);
        }
    });
}

void PeerManager::punish(PeerId id, const std::string& reason, TimePoint now) {
    impl_->step(now, [&] {
        if (Peer* peer = impl_->table.find(id)) impl_->table.punish(*peer, reason);
    });
}

void PeerManager::request_headers(PeerId id, TimePoint now) {
    impl_->step(now, [&] {
        if (Peer* peer = impl_->table.find(id)) impl_->sync.request_headers(*peer);
    });
}

// --- requests from the user

PeerManager::AddNodeResult PeerManager::add_node(const std::string& target, AddNode command,
                                                 TimePoint now) {
    AddNodeResult result = AddNodeResult::malformed;
    impl_->step(now, [&] { result = impl_->connector.add_node(target, command); });
    return result;
}

bool PeerManager::disconnect(const std::string& address, TimePoint now) {
    for (const auto& [id, peer] : impl_->table.peers()) {
        if (!peer.closing && to_string(peer.remote) == address) return disconnect(id, now);
    }
    return false;
}

bool PeerManager::disconnect(PeerId id, TimePoint now) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return false;
    impl_->step(now, [&] { impl_->table.disconnect(*peer, "the user asked for it"); });
    return true;
}

void PeerManager::set_network_active(bool active, TimePoint now) {
    impl_->step(now, [&] {
        if (!active) {
            for (auto& [id, peer] : impl_->table.peers())
                impl_->table.disconnect(peer, "networking is off");
        }
        impl_->connector.set_active(active);
    });
}

bool PeerManager::network_active() const {
    return impl_->connector.active();
}

void PeerManager::ping_all(TimePoint now) {
    impl_->step(now, [&] {
        for (auto& [id, peer] : impl_->table.peers()) impl_->keep_alive.send_ping(peer);
    });
}

bool PeerManager::ban(const std::string& host, TimePoint until, TimePoint now) {
    if (until <= now) return impl_->table.bans().unban(host);
    impl_->step(now, [&] {
        impl_->table.bans().ban(host, now, until);
        for (auto& [id, peer] : impl_->table.peers()) {
            if (peer.remote.host == host) impl_->table.disconnect(peer, "banned by the user");
        }
    });
    return true;
}

void PeerManager::clear_bans() {
    impl_->table.bans().clear();
}

}  // namespace parley
