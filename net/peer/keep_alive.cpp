#include "net/peer/keep_alive.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace parley {
namespace {

constexpr std::string_view kPingTimeout = "ping timeout";

}  // namespace

void KeepAlive::on_connected(Peer& peer) {
    peer.liveness.connected_at = table_.now();
    peer.liveness.next_ping = table_.now();  // the first with the handshake's end
}

void KeepAlive::send_ping(Peer& peer) {
    if (!peer.ready()) return;
    PeerLiveness& state = peer.liveness;
    do {
        state.ping_nonce = table_.random().next();
    } while (state.ping_nonce == 0);
    state.ping_sent = table_.now();
    state.next_ping = table_.now() + table_.options().ping_interval;
    table_.send(peer, message::Ping{state.ping_nonce});
}

void KeepAlive::on_ping(Peer& peer, ByteSpan payload) {
    const auto ping = table_.decode_or_drop<message::Ping>(peer, payload);
    if (ping) table_.send(peer, message::Pong{ping->nonce});
}

void KeepAlive::on_pong(Peer& peer, ByteSpan payload) {
    const auto pong = decode<message::Pong>(payload);
    PeerLiveness& state = peer.liveness;
    const uint64_t expected = state.ping_nonce;
    const uint64_t nonce = pong ? pong->nonce : 0;
    std::string_view problem;
    if (!pong)
        problem = "Short payload";
    else if (expected == 0)
        problem = "Unsolicited pong without ping";
    else if (nonce == 0)
        problem = "Nonce zero";
    else if (nonce != expected)
        problem = "Nonce mismatch";
    // A peer that does not repeat the nonce cannot be measured, but it lives.
    if (!pong || nonce == 0 || nonce == expected) state.ping_nonce = 0;
    if (!problem.empty()) {
        table_.log().debug(LogCategory::net,
                           "pong peer={}: {}, {:x} expected, {:x} received, {} bytes",
                           peer.id.value(), problem, expected, nonce, payload.size());
        return;
    }
    const Duration time = std::max(table_.now() - state.ping_sent, Duration{0});
    state.ping_time = time;
    state.ping_min = std::min(state.ping_min.value_or(time), time);
}

KeepAlive::Limit KeepAlive::next_limit(const Peer& peer) const {
    const NetOptions& options = table_.options();
    const PeerLiveness& state = peer.liveness;
    if (!peer.handshake.ready)
        return {state.connected_at + options.handshake_timeout, "version handshake timeout"};
    const auto last_receive = state.last_receive.value_or(state.connected_at);
    Limit limit{last_receive + options.inactivity_timeout, "nothing received for too long"};
    const auto consider = [&](TimePoint since, std::string_view reason) {
        if (since + options.inactivity_timeout < limit.time)
            limit = {since + options.inactivity_timeout, reason};
    };
    if (state.ping_nonce != 0) consider(state.ping_sent, kPingTimeout);
    if (peer.flow.blocked) consider(peer.flow.blocked_since, "it does not read what is sent");
    // As in bitcoind, -peertimeout is the least time that any peer has.
    limit.time = std::max(limit.time, state.connected_at + options.handshake_timeout);
    return limit;
}

void KeepAlive::on_timer() {
    for (auto& [id, peer] : table_.peers()) {
        if (peer.closing) continue;
        const Limit limit = next_limit(peer);
        if (limit.time <= table_.now()) {
            const std::chrono::duration<double> waited = table_.now() - peer.liveness.ping_sent;
            table_.disconnect(peer, limit.reason == kPingTimeout
                                        ? fmt::format("ping timeout: {:.6f}s", waited.count())
                                        : std::string{limit.reason});
        } else if (peer.ready() && peer.liveness.ping_nonce == 0 &&
                   peer.liveness.next_ping <= table_.now()) {
            send_ping(peer);
        }
    }
}

std::optional<TimePoint> KeepAlive::deadline() const {
    std::optional<TimePoint> result;
    const auto consider = [&](TimePoint time) {
        if (!result || time < *result) result = time;
    };
    for (const auto& [id, peer] : table_.peers()) {
        if (peer.closing) continue;
        consider(next_limit(peer).time);
        if (peer.ready() && peer.liveness.ping_nonce == 0) consider(peer.liveness.next_ping);
    }
    return result;
}

}  // namespace parley
