#include "net/peer/handshake.h"

#include <algorithm>

namespace parley {

namespace {

/// Keeps the characters that bitcoind allows in logs and replies.
std::string sanitized(const std::string& text) {
    constexpr std::string_view kHarmless = " .,;-_/:?@()";
    std::string result;
    std::copy_if(text.begin(), text.end(), std::back_inserter(result), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kHarmless.find(c) != std::string_view::npos;
    });
    return result;
}

}  // namespace

void Handshake::begin(Peer& peer) {
    peer.handshake.nonce = table_.random().next();
    peer.handshake.ours = table_.services();
    if (peer.permissions.bloom_filter) peer.handshake.ours |= kServiceBloom;
    if (!peer.inbound()) send_version(peer);
}

void Handshake::send_version(Peer& peer) {
    const NetOptions& options = table_.options();
    message::Version version;
    version.services = peer.handshake.ours;
    version.time = to_unix_seconds(table_.now());
    if (const auto ip = IpAddress::parse(peer.remote.host))
        version.receiver = NetAddress{0, *ip, peer.remote.port};
    version.sender.services = peer.handshake.ours;
    version.nonce = peer.handshake.nonce;
    version.user_agent = options.user_agent;
    version.start_height = table_.index().tip().height.value();
    version.relay = !options.blocks_only && !peer.blocks_only();
    peer.handshake.version_sent = true;
    table_.send(peer, version);
}

HandshakeResult Handshake::handle(Peer& peer, const Frame& frame) {
    if (frame.command == message::Version::kCommand) {
        on_version(peer, frame.payload);
        return HandshakeResult::handled;
    }
    if (!peer.handshake.version_received) {
        table_.log().debug(LogCategory::net,
                           "non-version message before version handshake. "
                           "Message \"{}\" from peer={}",
                           frame.command, peer.id.value());
        return HandshakeResult::handled;
    }
    if (frame.command == message::Verack::kCommand) return on_verack(peer);
    const bool wtxid_relay = frame.command == message::WtxidRelay::kCommand;
    if (wtxid_relay || frame.command == message::SendAddrV2::kCommand) {
        if (peer.handshake.ready) {
            table_.disconnect(peer, frame.command + " received after verack");
        } else if (!wtxid_relay) {
            peer.handshake.address_v2 = true;
        } else if (peer.handshake.common_version >= kWtxidRelayVersion) {
            peer.handshake.wtxid_relay = true;
        }
        return HandshakeResult::handled;
    }
    if (!peer.handshake.ready) {
        table_.log().debug(LogCategory::net,
                           "Unsupported message \"{}\" prior to verack from peer={}", frame.command,
                           peer.id.value());
        return HandshakeResult::handled;
    }
    return HandshakeResult::not_handled;
}

void Handshake::on_version(Peer& peer, ByteSpan payload) {
    if (peer.handshake.version_received) {
        table_.log().debug(LogCategory::net, "redundant version message from peer={}",
                           peer.id.value());
        return;
    }
    auto theirs = table_.decode_or_drop<message::Version>(peer, payload);
    if (!theirs) return;
    if (const std::string reason = refuse_reason(peer, *theirs); !reason.empty()) {
        table_.disconnect(peer, reason);
        return;
    }
    PeerHandshake& handshake = peer.handshake;
    handshake.version_received = true;
    handshake.theirs = std::move(*theirs);
    peer.relay.wanted = handshake.theirs.relay && !peer.blocks_only();
    const bool may_want = handshake.theirs.relay || handshake.offers_bloom();
    // As in bitcoind: before the first announcement, it is that of an empty mempool.
    if (may_want && !peer.blocks_only()) peer.relay.sequence = 1;
    handshake.theirs.user_agent = sanitized(handshake.theirs.user_agent);
    handshake.common_version = std::min(kProtocolVersion, handshake.theirs.version);
    // Saturates: a peer may claim any time at all.
    constexpr int64_t kOffsetMax = INT32_MAX;
    const int64_t ours = to_unix_seconds(table_.now());
    const int64_t time = std::clamp(handshake.theirs.time, ours - kOffsetMax, ours + kOffsetMax);
    handshake.time_offset = time - ours;
    if (!handshake.version_sent) send_version(peer);
    if (handshake.common_version >= kWtxidRelayVersion) {
        table_.send(peer, message::WtxidRelay{});
        table_.send(peer, message::SendAddrV2{});
    }
    table_.send(peer, message::Verack{});
}

bool Handshake::is_own_nonce(uint64_t nonce) const {
    return std::any_of(table_.peers().begin(), table_.peers().end(), [&](const auto& entry) {
        const Peer& other = entry.second;
        return !other.inbound() && !other.handshake.ready && other.handshake.nonce == nonce;
    });
}

std::string Handshake::refuse_reason(const Peer& peer, const message::Version& theirs) const {
    if (theirs.version < kProtocolVersionMin)
        return fmt::format("using obsolete version {}", theirs.version);
    if (peer.inbound() && theirs.nonce != 0 && is_own_nonce(theirs.nonce))
        return "connected to self";
    const bool automatic = peer.type == ConnectionType::outbound_full_relay ||
                           peer.type == ConnectionType::block_relay_only;
    if (automatic && (theirs.services & kServicesWanted) != kServicesWanted)
        return fmt::format("does not offer the expected services ({:08x} offered, {:08x} expected)",
                           theirs.services, kServicesWanted);
    return {};
}

HandshakeResult Handshake::on_verack(Peer& peer) {
    if (peer.handshake.ready) {
        table_.log().debug(LogCategory::net, "ignoring redundant verack message from peer={}",
                           peer.id.value());
        return HandshakeResult::handled;
    }
    peer.handshake.ready = true;
    peer.liveness.handshake_time = table_.now() - peer.liveness.connected_at;
    table_.log().info(LogCategory::net, "New {} peer connected: version: {}, blocks={}, peer={}{}",
                      to_string(peer.type), peer.handshake.theirs.version,
                      peer.handshake.theirs.start_height, peer.id.value(),
                      table_.logged_address(peer));
    return HandshakeResult::ready;
}

}  // namespace parley
