#include "net/peer_manager.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "net/peer_manager_impl.h"
#include "net/sync/peer_headers.h"

namespace parley {

PeerManager::Impl::Impl(NetOptions net_options, const NetView& view, Random& random, LogSink& log)
    : options(std::move(net_options)),
      table(options, view, random, log),
      initial_broadcast(view, random, log),
      handshake(table),
      download(table),
      sync(table, download),
      announcer(table),
      server(table, initial_broadcast, unfinished),
      filter_server(table, unfinished),
      bloom_filters(table),
      relay(table, initial_broadcast),
      addresses(table),
      keep_alive(table),
      connector(table, addresses.known()) {
    CHECK(options.validate().empty());
    for (const BannedSubnet& ban : options.bans) table.bans().ban(ban);
}

// --- from the host

void PeerManager::Impl::handle(net_input::Started&) {
    if (options.known_addresses != nullptr)
        addresses.known().restore(*options.known_addresses, table.now());
    connector.start();
}

void PeerManager::Impl::handle(net_input::Connected& input) {
    Peer& peer = table.add(input.peer);
    peer.remote = std::move(input.remote);
    peer.local = std::move(input.local);
    keep_alive.on_connected(peer);
    const std::string refusal = connector.on_connected(peer, input.inbound, input.dial);
    if (!refusal.empty()) {
        table.disconnect(peer, refusal);
        return;
    }
    handshake.begin(peer);
}

void PeerManager::Impl::handle(net_input::DialFailed& input) {
    connector.on_dial_failed(input.dial, input.reason);
}

void PeerManager::Impl::handle(net_input::Received& input) {
    Peer* peer = table.find(input.peer);
    if (peer == nullptr || peer->closing) return;
    peer->bytes_received += input.data.size();
    table.received(input.data.size());
    peer->liveness.last_receive = table.now();
    unread_.push_back({input.peer, std::move(input.data)});
}

void PeerManager::Impl::handle(net_input::Drained& input) {
    Peer* peer = table.find(input.peer);
    if (peer != nullptr && !peer->closing) on_drained(*peer);
}

void PeerManager::Impl::handle(net_input::Closed& input) {
    Peer* peer = table.find(input.peer);
    if (peer == nullptr) return;
    table.log().debug(LogCategory::net, "connection of peer={} closed: {}", input.peer.value(),
                      input.reason);
    const bool was_ready = peer->handshake.ready;
    peer->closing = true;
    sync.on_gone(*peer);
    relay.on_gone(*peer);
    addresses.on_gone(*peer);
    table.remove(input.peer);
    connector.on_closed(input.peer, was_ready);
    if (was_ready) table.tell(net_output::PeerGone{input.peer});
}

void PeerManager::Impl::handle(net_input::TimerDue&) {
    table.work(table.peers().size());
    if (const auto id = unfinished.take()) {
        Peer* peer = table.find(*id);
        if (peer != nullptr && !peer->closing) serve(*peer);
    }
    keep_alive.on_timer();
    sync.on_timer();
    relay.on_timer();
    connector.on_timer();
}

// --- answers

void PeerManager::Impl::handle(net_input::HeadersJudged& input) {
    table.answered();
    sync.on_headers_judged(input);
}

void PeerManager::Impl::handle(net_input::BlockJudged& input) {
    table.answered();
    sync.on_block_judged(std::move(input));
}

void PeerManager::Impl::handle(net_input::TransactionJudged& input) {
    table.answered();
    relay.on_transaction_judged(input);
}

void PeerManager::Impl::handle(net_input::PackageJudged& input) {
    table.answered();
    relay.on_package_judged(input);
}

void PeerManager::Impl::handle(net_input::EngineDone&) {
    table.answered();
}

// --- news of the chain and the mempool

void PeerManager::Impl::handle(net_input::BlockConnected& input) {
    relay.block_connected(*input.block);
}

void PeerManager::Impl::handle(net_input::TipChanged& input) {
    relay.tip_changed(*input.tip);
    sync.tip_changed();
    announcer.announce(*input.tip, input.own);
}

void PeerManager::Impl::handle(net_input::BlockRejected& input) {
    sync.block_rejected(input.hash, input.reason);
}

void PeerManager::Impl::handle(net_input::BackgroundValidated&) {
    sync.request_more();
}

void PeerManager::Impl::handle(net_input::TransactionAdded& input) {
    relay.announce(input.transaction);
}

void PeerManager::Impl::handle(net_input::TransactionSubmitted& input) {
    initial_broadcast.add(input.txid, table.now());
}

// --- from the engine

void PeerManager::Impl::handle(net_input::SendEngineMessage& input) {
    Peer* peer = table.find(input.peer);
    if (peer != nullptr && peer->ready()) table.send(*peer, message::kEngineCommand, input.message);
}

void PeerManager::Impl::handle(net_input::BroadcastEngineMessage& input) {
    const auto frame = encode_frame(options.magic, message::kEngineCommand, input.message);
    for (auto& [id, peer] : table.peers()) {
        if (id != input.except && peer.ready() && peer.handshake.speaks_parley())
            table.send_frame(peer, message::kEngineCommand, frame);
    }
}

void PeerManager::Impl::handle(net_input::Punish& input) {
    if (Peer* peer = table.find(input.peer)) table.punish(*peer, input.reason);
}

void PeerManager::Impl::handle(net_input::RequestHeaders& input) {
    if (Peer* peer = table.find(input.peer)) sync.request_headers(*peer);
}

void PeerManager::Impl::advance() {
    while (table.open_asks() == 0 && !unread_.empty()) {
        read(unread_.front());
        if (unread_.front().offset == unread_.front().data.size()) unread_.pop_front();
    }
    if (table.open_asks() == 0) relay.adopt_orphans();
    if (table.open_asks() != 0) return;
    sync.finish_step();
    relay.finish_step();
    announcer.finish_step();
}

// --- PeerManager

PeerManager::PeerManager(NetOptions options, const NetView& view, Random& random, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), view, random, log)) {}

PeerManager::~PeerManager() = default;

NetOutputs PeerManager::handle(NetInput input, NetTime time) {
    impl_->table.set_now(time.now, time.host);
    // The answers to our asks continue the step that asked.
    if (impl_->table.open_asks() == 0) impl_->relay.begin_step();
    std::visit([this](auto& each) { impl_->handle(each); }, input);
    impl_->advance();
    return impl_->table.take_outputs();
}

std::optional<TimePoint> PeerManager::next_deadline() const {
    if (!impl_->unfinished.empty()) return TimePoint{};
    std::optional<TimePoint> result;
    for (const auto& deadline : {impl_->keep_alive.deadline(), impl_->sync.deadline(),
                                 impl_->relay.deadline(), impl_->connector.deadline()}) {
        if (deadline && (!result || *deadline < *result)) result = deadline;
    }
    return result;
}

std::optional<TimePoint> PeerManager::dial_deadline() const {
    // Work that is left from an earlier step waits for no clock.
    if (next_deadline() == TimePoint{}) return TimePoint{};
    return impl_->connector.deadline();
}

NetOutputs PeerManager::take_outputs() {
    return impl_->table.take_outputs();
}

// --- commands of the user

AddNodeResult PeerManager::add_node(const std::string& target, AddNodeCommand command,
                                    NetTime time) {
    impl_->table.set_now(time.now, time.host);
    return impl_->connector.add_node(target, command);
}

bool PeerManager::add_connection(const std::string& target, ConnectionType type, NetTime time) {
    impl_->table.set_now(time.now, time.host);
    return impl_->connector.add_connection(target, type);
}

bool PeerManager::send_message(PeerId id, const std::string& command, ByteSpan payload,
                               NetTime time) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return false;
    impl_->table.set_now(time.now, time.host);
    impl_->table.send(*peer, command, payload);
    return true;
}

std::string PeerManager::fetch_block(const HeaderNode& node, PeerId id, NetTime time) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return "Peer does not exist";
    impl_->table.set_now(time.now, time.host);
    return impl_->download.fetch(*peer, node);
}

AddAddressResult PeerManager::add_address(const NetAddress& address, bool tried, TimePoint now) {
    return impl_->addresses.add_by_hand(address, tried, now);
}

bool PeerManager::disconnect(const std::string& address, NetTime time) {
    for (const auto& [id, peer] : impl_->table.peers()) {
        if (!peer.closing && to_string(peer.remote) == address) return disconnect(id, time);
    }
    return false;
}

bool PeerManager::disconnect(PeerId id, NetTime time) {
    Peer* peer = impl_->table.find(id);
    if (peer == nullptr || peer->closing) return false;
    impl_->table.set_now(time.now, time.host);
    impl_->table.disconnect(*peer, "the user asked for it");
    return true;
}

void PeerManager::set_network_active(bool active, NetTime time) {
    impl_->table.set_now(time.now, time.host);
    if (!active) {
        for (auto& [id, peer] : impl_->table.peers())
            impl_->table.disconnect(peer, "networking is off");
    }
    impl_->connector.set_active(active);
}

bool PeerManager::network_active() const {
    return impl_->connector.active();
}

void PeerManager::ping_all(NetTime time) {
    impl_->table.set_now(time.now, time.host);
    for (auto& [id, peer] : impl_->table.peers()) impl_->keep_alive.send_ping(peer);
}

void PeerManager::advance_schedule(Duration duration) {
    impl_->initial_broadcast.advance(duration);
}

void PeerManager::ban(const Subnet& subnet, TimePoint until, NetTime time) {
    impl_->table.set_now(time.now, time.host);
    impl_->table.bans().ban({subnet, time.now, until});
    for (auto& [id, peer] : impl_->table.peers()) {
        if (subnet.contains(peer.remote.host)) impl_->table.disconnect(peer, "banned by the user");
    }
}

bool PeerManager::unban(const Subnet& subnet) {
    return impl_->table.bans().unban(subnet);
}

void PeerManager::clear_bans() {
    impl_->table.bans().clear();
}

}  // namespace parley
