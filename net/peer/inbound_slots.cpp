#include "net/peer/inbound_slots.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/crypto/hash.h"
#include "net/wire/ip_address.h"

namespace parley {
namespace {

// Numbers of protected peers, as in bitcoind: an attacker would have to excel in each of these at
// once to push out all honest peers.
constexpr size_t kProtectedByGroup = 4;
constexpr size_t kProtectedByPing = 8;
constexpr size_t kProtectedByTransactions = 4;
constexpr size_t kProtectedBlocksOnly = 8;
constexpr size_t kProtectedByBlocks = 4;

using Candidates = std::vector<EvictionCandidate>;

// Takes the `count` candidates that come first by `before`, of those that `eligible` accepts.
template <class Before, class Eligible>
void protect(Candidates& candidates, size_t count, Before before, Eligible eligible) {
    const auto eligible_end = std::stable_partition(candidates.begin(), candidates.end(), eligible);
    const auto last = candidates.begin() + std::min(static_cast<std::ptrdiff_t>(count),
                                                    eligible_end - candidates.begin());
    std::partial_sort(candidates.begin(), last, eligible_end, before);
    candidates.erase(candidates.begin(), last);
}

template <class Before>
void protect(Candidates& candidates, size_t count, Before before) {
    protect(candidates, count, before, [](const EvictionCandidate&) { return true; });
}

bool older(const EvictionCandidate& a, const EvictionCandidate& b) {
    return std::pair(a.connected_at, a.id) < std::pair(b.connected_at, b.id);
}

// Youngest connection of the group with the most of them; of equal groups, of that with the
// youngest connection.
PeerId youngest_of_largest_group(const Candidates& candidates) {
    std::map<uint64_t, Candidates> groups;
    for (const EvictionCandidate& candidate : candidates)
        groups[candidate.group].push_back(candidate);
    const EvictionCandidate* chosen = nullptr;
    size_t chosen_size = 0;
    for (const auto& [group, members] : groups) {
        const auto& youngest = *std::max_element(members.begin(), members.end(), older);
        if (chosen != nullptr && (members.size() < chosen_size ||
                                  (members.size() == chosen_size && older(youngest, *chosen))))
            continue;
        chosen = &youngest;
        chosen_size = members.size();
    }
    return chosen->id;
}

}  // namespace

std::optional<PeerId> select_evicted(Candidates candidates) {
    using C = EvictionCandidate;
    protect(candidates, kProtectedByGroup,
            [](const C& a, const C& b) { return a.group > b.group; });
    const auto ping = [](const C& c) { return c.ping_min.value_or(Duration::max()); };
    protect(candidates, kProtectedByPing,
            [&](const C& a, const C& b) { return ping(a) < ping(b); });
    protect(
        candidates, kProtectedByTransactions,
        [](const C& a, const C& b) { return a.last_transaction > b.last_transaction; },
        [](const C& c) { return c.last_transaction.has_value(); });
    protect(
        candidates, kProtectedBlocksOnly,
        [](const C& a, const C& b) { return a.last_block > b.last_block; },
        [](const C& c) { return !c.relays_transactions && c.last_block.has_value(); });
    protect(
        candidates, kProtectedByBlocks,
        [](const C& a, const C& b) { return a.last_block > b.last_block; },
        [](const C& c) { return c.last_block.has_value(); });
    protect(candidates, candidates.size() / 2, older);
    if (candidates.empty()) return std::nullopt;
    if (std::any_of(candidates.begin(), candidates.end(), [](const C& c) { return c.discouraged; }))
        std::erase_if(candidates, [](const C& c) { return !c.discouraged; });
    return youngest_of_largest_group(candidates);
}

InboundSlots::InboundSlots(PeerTable& table)
    : table_(table), key0_(table.random().next()), key1_(table.random().next()) {}

std::string InboundSlots::admit(const Peer& newcomer) {
    if (Peer* excess = half_open(newcomer, kHandshakesPerHostMax))
        table_.disconnect(*excess, "its host has too many connections without a handshake");
    const auto inbound = std::count_if(
        table_.peers().begin(), table_.peers().end(),
        [](const auto& entry) { return entry.second.inbound() && !entry.second.closing; });
    const auto count = static_cast<size_t>(inbound);  // the newcomer included
    const size_t slots = table_.options().inbound_max();
    // The last slot is reserved for hosts that have not misbehaved.
    if (count >= slots && !newcomer.permissions.no_ban &&
        table_.bans().is_discouraged(newcomer.remote.host))
        return "discouraged";
    if (count <= slots) return {};
    if (slots == 0) return "there are no inbound slots";
    Peer* evicted = half_open(newcomer, 1);
    if (evicted == nullptr) {
        const auto id = least_useful(newcomer);
        if (!id) return "all inbound slots are taken";
        evicted = table_.find(*id);
    }
    table_.disconnect(*evicted, "evicted to make room for a new connection");
    return {};
}

Peer* InboundSlots::half_open(const Peer& newcomer, size_t least) {
    struct Host {
        Peer* oldest = nullptr;
        size_t count = 0;
    };
    std::map<std::string, Host> hosts;
    const Host* most = nullptr;
    for (auto& [id, peer] : table_.peers()) {  // in order of their age
        if (!peer.inbound() || peer.closing || peer.handshake.ready || id == newcomer.id) continue;
        Host& host = hosts[peer.remote.host];
        if (host.oldest == nullptr) host.oldest = &peer;
        ++host.count;
        if (most == nullptr || host.count > most->count) most = &host;
    }
    return most == nullptr || most->count < least ? nullptr : most->oldest;
}

std::optional<PeerId> InboundSlots::least_useful(const Peer& newcomer) const {
    std::vector<EvictionCandidate> candidates;
    for (const auto& [id, peer] : table_.peers()) {
        if (!peer.inbound() || peer.closing || peer.permissions.no_ban || id == newcomer.id)
            continue;
        candidates.push_back({.id = id,
                              .connected_at = peer.liveness.connected_at,
                              .ping_min = peer.liveness.ping_min,
                              .last_block = peer.sync.last_block,
                              .last_transaction = peer.relay.last_transaction,
                              .relays_transactions = peer.relay.wanted,
                              .discouraged = table_.bans().is_discouraged(peer.remote.host),
                              .group = group_of(peer)});
    }
    return select_evicted(std::move(candidates));
}

uint64_t InboundSlots::group_of(const Peer& peer) const {
    const auto host = HostAddress::parse(peer.remote.host, false);
    return siphash24(key0_, key1_, host ? host->group() : to_bytes(as_bytes(peer.remote.host)));
}

}  // namespace parley
