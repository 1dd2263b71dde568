#include "net/addresses/address_relay.h"

#include <algorithm>

#include "base/crypto/sha256.h"

namespace parley {

namespace {

/// Addresses per second accepted from one peer, in millionths, and the burst size (bitcoind's
/// MAX_ADDR_RATE_PER_SECOND and MAX_ADDR_PROCESSING_TOKEN_BUCKET).
constexpr uint64_t kTokensPerSecondMicro = 100'000;
constexpr uint64_t kTokenMicro = 1'000'000;
constexpr uint64_t kTokensMaxMicro = 1'000 * kTokenMicro;
/// Only messages this short are relayed; longer ones are replies to getaddr.
constexpr size_t kGossipMax = 10;
constexpr int64_t kGossipAgeMax = 10 * 60;
constexpr size_t kGossipPeers = 2;
/// An address is at least this much older than its teller says (bitcoind's penalty), and this old
/// if what he says is not credible.
constexpr int64_t kHearsayPenalty = 2 * 60 * 60;
constexpr int64_t kIncredibleAge = 5 * 24 * 60 * 60;
constexpr int64_t kCredibleMin = 100'000'000;

/// The older message has no room for others.
bool fits_addr(const NetAddress& address) {
    const Network network = address.host.network();
    return network == Network::ipv4 || network == Network::ipv6;
}

Hash256 digest_of(const NetAddress& address) {
    Writer writer;
    write_host_v2(writer, address.host);
    writer.be(address.port);
    return sha256(writer.data());
}

}  // namespace

std::optional<HostAddress> AddressRelay::host_of(const Peer& peer) const {
    return HostAddress::parse(peer.remote.host, table_.options().proxies.cjdns_reachable);
}

void AddressRelay::on_ready(Peer& peer) {
    peer.addresses.tokens_at = table_.now();
    if (peer.inbound()) return;
    if (const auto host = host_of(peer)) {
        known_.set_services(*host, peer.remote.port, peer.handshake.theirs.services);
        known_.succeeded(*host, peer.remote.port, table_.now());
    }
    if (!peer.relays_addresses()) return;
    peer.addresses.enabled = true;
    peer.addresses.getaddr_sent = true;
    peer.addresses.tokens_micro += kTokensMaxMicro;  // the answer may be long
    table_.send(peer, message::GetAddr{});
}

void AddressRelay::on_gone(const Peer& peer) {
    if (peer.inbound() || !peer.handshake.ready) return;
    if (const auto host = host_of(peer)) known_.ended(*host, peer.remote.port, table_.now());
}

void AddressRelay::refill(Peer& peer) {
    PeerAddresses& state = peer.addresses;
    const Duration passed = std::max(table_.now() - state.tokens_at, Duration{0});
    state.tokens_at = table_.now();
    if (state.tokens_micro >= kTokensMaxMicro) return;
    const uint64_t seconds_max = kTokensMaxMicro / kTokensPerSecondMicro;
    const uint64_t micros =
        std::min<uint64_t>(static_cast<uint64_t>(passed.count()), seconds_max * 1'000'000);
    state.tokens_micro =
        std::min(kTokensMaxMicro, state.tokens_micro + micros * kTokensPerSecondMicro / 1'000'000);
}

bool AddressRelay::acceptable(const NetAddress& address) const {
    const bool routable = address.host.is_routable() || table_.options().accept_local_addresses;
    const Network network = address.host.network();
    const bool port = network == Network::i2p ? address.port == 0 : address.port != 0;
    return port && routable && (address.services & kServiceNetwork) != 0 &&
           !table_.bans().is_banned(address.host.to_string(), table_.now()) &&
           !table_.bans().is_discouraged(address.host.to_string());
}

void AddressRelay::on_addresses(Peer& peer, const std::vector<message::AddressEntry>& entries) {
    if (!peer.relays_addresses()) return;
    PeerAddresses& state = peer.addresses;
    state.enabled = true;
    refill(peer);
    const HostAddress source = host_of(peer).value_or(HostAddress{});
    const int64_t now = to_unix_seconds(table_.now());
    for (const message::AddressEntry& entry : entries) {
        if (state.tokens_micro >= kTokenMicro) {
            state.tokens_micro -= kTokenMicro;
        } else if (!peer.permissions.addresses) {
            ++state.rate_limited;
            continue;
        }
        ++state.processed;
        if (!acceptable(entry.address)) continue;
        const bool fresh = entry.time > now - kGossipAgeMax && entry.time <= now + kGossipAgeMax;
        const bool gossip = fresh && entries.size() <= kGossipMax;
        if (!table_.options().reachable[entry.address.host.network()]) {
            // Of no use here, but others may reach it.
            if (!passed_on_) passed_on_.emplace(kPassedOnMax, table_.random());
            if (gossip && passed_on_->insert(digest_of(entry.address))) pass_on(peer, entry, 1);
            continue;
        }
        const bool credible = entry.time > kCredibleMin && entry.time <= now + kGossipAgeMax;
        const bool news = known_.add(entry.address, credible ? entry.time : now - kIncredibleAge,
                                     source, kHearsayPenalty, table_.now()) != AddressNews::none;
        if (news && gossip) pass_on(peer, entry, kGossipPeers);
    }
    if (peer.type == ConnectionType::address_fetch && entries.size() > 1)
        table_.disconnect(peer, "addresses fetched");
}

void AddressRelay::pass_on(const Peer& from, const message::AddressEntry& entry, size_t count) {
    std::vector<Peer*> candidates;
    for (auto& [id, peer] : table_.peers()) {
        if (peer.ready() && peer.addresses.enabled && id != from.id &&
            (peer.handshake.address_v2 || fits_addr(entry.address)))
            candidates.push_back(&peer);
    }
    for (size_t i = 0; i < count && !candidates.empty(); ++i) {
        const size_t index = table_.random().uniform(candidates.size());
        send(*candidates[index], {entry});
        candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(index));
    }
}

void AddressRelay::on_getaddr(Peer& peer) {
    // Only inbound peers get a reply. Otherwise an attacker could plant addresses here and, by
    // asking on our outbound connections, find out which nodes are connected.
    if (!peer.inbound() || std::exchange(peer.addresses.getaddr_received, true)) return;
    peer.addresses.enabled = true;
    const size_t share = known_.size() * 23 / 100;  // percent of what is known, as bitcoind gives
    send(peer, known_.sample(std::min(kAddressesMax, share), table_.now()));
}

AddAddressResult AddressRelay::add_by_hand(const NetAddress& address, bool tried, TimePoint now) {
    using enum AddAddressResult;
    if (known_.add(address, to_unix_seconds(now), address.host, 0, now) != AddressNews::added)
        return not_added;
    if (!tried) return done;
    known_.attempted(address.host, address.port, false, now);
    return known_.succeeded(address.host, address.port, now) ? done : not_tried;
}

void AddressRelay::send(Peer& peer, std::vector<message::AddressEntry> entries) {
    if (!peer.handshake.address_v2)
        std::erase_if(entries, [](const auto& entry) { return !fits_addr(entry.address); });
    if (entries.empty()) return;
    if (peer.handshake.address_v2) {
        table_.send(peer, message::AddrV2{std::move(entries)});
    } else {
        table_.send(peer, message::Addr{std::move(entries)});
    }
}

}  // namespace parley
