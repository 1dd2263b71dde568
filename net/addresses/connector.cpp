#include "net/addresses/connector.h"

#include <algorithm>
#include <limits>

namespace parley {

namespace {

/// Automatic dials are made one at a time at this interval (as in bitcoind).
constexpr Duration kAutomaticInterval = std::chrono::milliseconds{500};
/// Interval if no suitable address is known.
constexpr Duration kAutomaticIdle = std::chrono::seconds{10};
/// Mean time between two feelers (bitcoind's FEELER_INTERVAL).
constexpr Duration kFeelerInterval = std::chrono::minutes{2};
/// With so many outbound peers, a failed dial says something about the address, and not about our
/// own connection to the network.
constexpr size_t kPeersThatProveTheNetwork = 2;
/// Limit of addnode targets: each causes repeated dial attempts.
constexpr size_t kTargetsMax = 1'000;
/// The shortest delay before an engine's peer is dialled again, whatever its timeout: a peer that
/// is down costs one packet each time.
constexpr Duration kEngineRedialMin = std::chrono::milliseconds{500};
/// Dials under way at once, of all kinds.
constexpr size_t kDialsMax = 1'000;

}  // namespace

Connector::Connector(PeerTable& table, AddressManager& known)
    : table_(table),
      known_(known),
      slots_(table),
      seeding_(table.options().dns_seeds, table.options().force_dns_seeds, table.random(),
               table.log()),
      active_(table.options().network_active),
      anchors_(table.options().anchors) {
    const NetOptions& options = table.options();
    if (options.engine_timeout > Duration{0})
        process_ = 1 + table.random().uniform(std::numeric_limits<uint64_t>::max() - 1);
    for (const Endpoint& endpoint : options.connect)
        targets_.push_back({to_string(endpoint), endpoint, false, {}, {}, 0, {}});
    for (const auto& [endpoint, text] : options.add_nodes) {
        if (find_target(endpoint) == nullptr)
            targets_.push_back(
                {text.empty() ? to_string(endpoint) : text, endpoint, true, {}, {}, 0, {}});
    }
}

void Connector::start() {
    started_ = true;
    seeding_.start(table_.host_now(), !table_.options().seed_nodes.empty());
    if (!active_) return;
    for (const Endpoint& endpoint : table_.options().seed_nodes) {
        if (!table_.options().connect_only) dial(endpoint, ConnectionType::address_fetch);
    }
    on_timer();
}

uint64_t Connector::dial(const Endpoint& endpoint, ConnectionType type) {
    const uint64_t number = ++last_dial_;
    dials_.emplace(number, PendingDial{endpoint, type});
    table_.dial(number, endpoint);
    return number;
}

Permissions Connector::permissions_of(const Peer& peer) const {
    const NetOptions& options = table_.options();
    Permissions implicit;
    implicit.no_ban = implicit.download = implicit.mempool = true;
    implicit.force_relay = options.whitelist_force_relay;
    implicit.relay = options.whitelist_relay || options.whitelist_force_relay;
    Permissions result;
    for (const WhitelistRule& rule : options.whitelist) {
        const bool direction =
            peer.inbound() ? rule.inbound : rule.outbound && peer.type == ConnectionType::manual;
        if (direction && rule.subnet.contains(peer.remote.host))
            result |= rule.implicit ? implicit : rule.permissions;
    }
    for (const WhitebindRule& rule : options.whitebinds) {
        if (peer.inbound() && rule.address == peer.local)
            result |= rule.implicit ? implicit : rule.permissions;
    }
    return result;
}

std::string Connector::on_connected(Peer& peer, bool inbound, uint64_t dial) {
    if (inbound) {
        peer.type = ConnectionType::inbound;
        peer.permissions = permissions_of(peer);
        if (!active_) return "networking is off";
        if (!peer.permissions.no_ban && table_.bans().is_banned(peer.remote.host, table_.now()))
            return "banned";
        const std::string refusal = slots_.admit(peer);
        if (refusal.empty()) on_host_alive(peer.remote.host);
        return refusal;
    }
    const auto pending = dials_.find(dial);
    if (pending == dials_.end()) return "nobody dialled it";
    peer.type = pending->second.type;
    peer.permissions = permissions_of(peer);
    dials_.erase(pending);
    for (Target& target : targets_) {
        if (target.dial != dial) continue;
        target.dial.reset();
        target.peer = peer.id;
    }
    return active_ ? std::string() : "networking is off";
}

void Connector::failed(Target& target) {
    const NetOptions& options = table_.options();
    Duration delay = options.reconnect_delay_min;
    for (int i = 0; i < target.failures && delay < options.reconnect_delay_max; ++i) delay *= 2;
    ++target.failures;
    delay = std::min(delay, options.reconnect_delay_max);
    // Whoever the engine waits for is back within about one of its timeouts.
    if (process_) delay = std::min(delay, std::max(options.engine_timeout, kEngineRedialMin));
    // Up to a quarter more, so that two nodes that dial each other do not stay in step.
    delay += Duration{static_cast<int64_t>(
        table_.random().uniform(static_cast<uint64_t>(delay.count()) / 4 + 1))};
    target.next_try = table_.host_now() + delay;
}

void Connector::on_dial_failed(uint64_t dial, const std::string& reason) {
    const auto pending = dials_.find(dial);
    if (pending == dials_.end()) return;
    table_.log().debug(LogCategory::net, "connection to {} failed: {}",
                       to_string(pending->second.endpoint), reason);
    dials_.erase(pending);
    for (Target& target : targets_) {
        if (target.dial != dial) continue;
        target.dial.reset();
        failed(target);
    }
}

void Connector::on_closed(PeerId peer, bool ready) {
    for (Target& target : targets_) {
        if (target.peer != peer) continue;
        target.peer.reset();
        if (ready) target.failures = 0;
        failed(target);
    }
}

void Connector::on_host_alive(const std::string& host) {
    if (!process_) return;
    for (Target& target : targets_) {
        if (target.endpoint.host != host || target.dial || target.peer) continue;
        target.failures = 0;
        target.next_try = table_.host_now();
    }
}

void Connector::on_process_known(const Peer& peer) {
    if (!process_ || peer.process == 0 || peer.process >= *process_) return;
    for (Target& target : targets_) {
        Peer* dialled = target.peer ? table_.find(*target.peer) : nullptr;
        if (dialled == nullptr || dialled->inbound() || dialled->process != peer.process) continue;
        for (const auto& [id, other] : table_.peers()) {
            if (!other.inbound() || !other.ready() || other.process != peer.process ||
                other.remote.host != dialled->remote.host)
                continue;
            target.peer = id;
            table_.disconnect(*dialled, "it has dialled this node, and one connection is enough");
            break;
        }
    }
}

void Connector::ask_seeds() {
    size_t peers = 0;
    for (const auto& [id, peer] : table_.peers())
        peers += peer.type == ConnectionType::outbound_full_relay && peer.ready() ? 1 : 0;
    while (const auto seed = seeding_.next(table_.host_now(), known_.size(), peers))
        dial({*seed, table_.options().default_port}, ConnectionType::address_fetch);
}

void Connector::dial_targets() {
    for (Target& target : targets_) {
        if (target.dial || target.peer || target.next_try > table_.host_now()) continue;
        if (dials_.size() < kDialsMax) {
            target.dial = dial(target.endpoint, ConnectionType::manual);
        } else {
            target.next_try = table_.host_now() + table_.options().reconnect_delay_max;
        }
    }
}

size_t Connector::count(ConnectionType type) const {
    size_t count = 0;
    for (const auto& [id, peer] : table_.peers()) count += peer.type == type ? 1 : 0;
    for (const auto& [number, pending] : dials_) count += pending.type == type ? 1 : 0;
    return count;
}

size_t Connector::wanted(ConnectionType type) const {
    const NetOptions& options = table_.options();
    const size_t full = std::min(options.outbound_max, options.connections_max);
    switch (type) {
        case ConnectionType::outbound_full_relay:
            return full;
        case ConnectionType::block_relay_only:
            return std::min(options.block_relay_max, options.connections_max - full);
        case ConnectionType::feeler:
            return full > 0 ? 1 : 0;
        case ConnectionType::inbound:
        case ConnectionType::manual:
        case ConnectionType::address_fetch:
            break;
    }
    return 0;
}

bool Connector::automatic() const {
    return active_ && started_ && !table_.options().connect_only &&
           (known_.size() > 0 || !anchors_.empty());
}

std::optional<ConnectionType> Connector::next_type() const {
    using enum ConnectionType;
    const bool room = count(block_relay_only) < wanted(block_relay_only);
    if (!anchors_.empty() && room) return block_relay_only;
    if (known_.size() == 0) return std::nullopt;
    if (count(outbound_full_relay) < wanted(outbound_full_relay)) return outbound_full_relay;
    if (room) return block_relay_only;
    if (count(feeler) < wanted(feeler)) return feeler;
    return std::nullopt;
}

bool Connector::suitable(const NetAddress& address) const {
    const NetOptions& options = table_.options();
    if (!options.reachable[address.host.network()]) return false;
    const std::string host = address.host.to_string();
    if (table_.bans().is_banned(host, table_.now()) || table_.bans().is_discouraged(host))
        return false;
    const Bytes group = address.host.group();
    const auto same = [&](const Endpoint& endpoint) {
        if (endpoint == Endpoint{host, address.port}) return true;
        const auto other = HostAddress::parse(endpoint.host, options.proxies.cjdns_reachable);
        // One peer per network group: the many addresses of an operator count as one.
        return address.host.is_routable() && other && other->group() == group;
    };
    return std::none_of(table_.peers().begin(), table_.peers().end(),
                        [&](const auto& entry) {
                            return !entry.second.inbound() && same(entry.second.remote);
                        }) &&
           std::none_of(dials_.begin(), dials_.end(),
                        [&](const auto& entry) { return same(entry.second.endpoint); });
}

std::optional<NetAddress> Connector::choose(ConnectionType type) {
    if (type == ConnectionType::block_relay_only && !anchors_.empty()) {
        const NetAddress anchor = anchors_.back();
        anchors_.pop_back();
        // Without its services, it was never heard of.
        if ((anchor.services & kServicesWanted) != kServicesWanted) return std::nullopt;
        table_.log().debug(LogCategory::net, "Trying to make an anchor connection to {}",
                           to_string(Endpoint{anchor.host.to_string(), anchor.port}));
        return suitable(anchor) ? std::optional{anchor} : std::nullopt;
    }
    const bool feeler = type == ConnectionType::feeler;
    if (feeler) {
        if (auto contested = known_.collision(table_.now()); contested && suitable(*contested))
            return contested;
    }
    return known_.select(feeler, table_.now(),
                         [&](const NetAddress& known) { return suitable(known); });
}

void Connector::dial_known() {
    if (!automatic() || next_automatic_ > table_.host_now()) return;
    const auto type = next_type();
    if (!type || (*type == ConnectionType::feeler && next_feeler_ > table_.host_now())) return;
    const bool from_anchor = *type == ConnectionType::block_relay_only && !anchors_.empty();
    const auto address = choose(*type);
    next_automatic_ =
        table_.host_now() + (address || from_anchor ? kAutomaticInterval : kAutomaticIdle);
    if (*type == ConnectionType::feeler) {
        const auto mean = static_cast<uint64_t>(kFeelerInterval.count());
        next_feeler_ =
            table_.host_now() + Duration{static_cast<int64_t>(table_.random().exponential(mean))};
    }
    if (!address) return;
    const size_t outbound = count(ConnectionType::outbound_full_relay);
    known_.attempted(address->host, address->port, outbound >= kPeersThatProveTheNetwork,
                     table_.now());
    dial(Endpoint{address->host.to_string(), address->port}, *type);
}

void Connector::on_timer() {
    if (!active_ || !started_) return;
    ask_seeds();
    dial_targets();
    dial_known();
}

std::optional<TimePoint> Connector::deadline() const {
    if (!active_ || !started_) return std::nullopt;
    std::optional<TimePoint> result = seeding_.deadline();
    if (automatic()) {
        if (const auto type = next_type()) {
            TimePoint next = next_automatic_;
            if (*type == ConnectionType::feeler) next = std::max(next_automatic_, next_feeler_);
            result = std::min(result.value_or(next), next);
        }
    }
    for (const Target& target : targets_) {
        if (!target.dial && !target.peer && (!result || target.next_try < *result))
            result = target.next_try;
    }
    return result;
}

Connector::Target* Connector::find_target(const Endpoint& endpoint) {
    const auto found = std::find_if(targets_.begin(), targets_.end(), [&](const Target& target) {
        return target.endpoint == endpoint;
    });
    return found == targets_.end() ? nullptr : &*found;
}

AddNodeResult Connector::add_node(const std::string& text, AddNodeCommand command) {
    const auto endpoint = parse_endpoint(text, table_.options().default_port);
    if (!endpoint) return AddNodeResult::malformed;
    Target* target = find_target(*endpoint);
    switch (command) {
        case AddNodeCommand::one_try:
            if (active_ && dials_.size() < kDialsMax) dial(*endpoint, ConnectionType::manual);
            return AddNodeResult::done;
        case AddNodeCommand::add:
            if (target != nullptr && target->added) return AddNodeResult::already_added;
            if (target != nullptr) {
                target->added = true;
                target->text = text;
                return AddNodeResult::done;
            }
            if (targets_.size() >= kTargetsMax) return AddNodeResult::malformed;
            targets_.push_back({text, *endpoint, true, {}, {}, 0, table_.host_now()});
            on_timer();
            return AddNodeResult::done;
        case AddNodeCommand::remove:
            if (target == nullptr || !target->added) return AddNodeResult::not_added;
            // As in bitcoind, an existing connection stays; it is just not renewed.
            std::erase_if(targets_, [&](const Target& t) { return t.endpoint == *endpoint; });
            return AddNodeResult::done;
    }
    return AddNodeResult::malformed;
}

bool Connector::add_connection(const std::string& text, ConnectionType type) {
    const auto endpoint = parse_endpoint(text, table_.options().default_port);
    // -seednode alone decides how many peers are asked for addresses.
    const size_t limit = type == ConnectionType::address_fetch ? kDialsMax : wanted(type);
    if (!endpoint || !active_ || count(type) >= limit) return false;
    dial(*endpoint, type);
    return true;
}

std::vector<NetAddress> Connector::anchors() const {
    std::vector<NetAddress> result;
    for (const auto& [id, peer] : table_.peers()) {
        const auto host =
            HostAddress::parse(peer.remote.host, table_.options().proxies.cjdns_reachable);
        if (peer.type == ConnectionType::block_relay_only && host)
            result.push_back({peer.handshake.theirs.services, *host, peer.remote.port});
    }
    return result;
}

void Connector::set_active(bool active) {
    active_ = active;
    for (Target& target : targets_) {
        target.failures = 0;
        target.next_try = table_.host_now();
    }
    on_timer();
}

std::vector<AddedNodeInfo> Connector::added_nodes() const {
    std::vector<AddedNodeInfo> result;
    for (const Target& target : targets_) {
        if (!target.added) continue;
        AddedNodeInfo info{target.text, std::nullopt, false};
        for (const auto& [id, peer] : table_.peers()) {
            const bool is_it = target.peer == id || peer.remote == target.endpoint;
            if (!is_it || peer.closing) continue;
            info.connected_to = peer.remote;
            info.inbound = peer.inbound();
            break;
        }
        result.push_back(std::move(info));
    }
    return result;
}

}  // namespace parley
