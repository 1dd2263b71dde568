#include "net/peer/peer_table.h"

#include <utility>

#include "base/check.h"
#include "net/wire/ip_address.h"

namespace parley {

namespace {

/// Damaged or malformed messages tolerated per connection. A correct peer sends none, but the
/// developer of a client should be able to read our log before it is disconnected.
constexpr size_t kDroppedMessagesMax = 10;

// Message types not listed here count as inventory, which is the safe choice.
Reveals what_reveals(std::string_view command) {
    if (command == message::kEngineCommand) return Reveals::statement;
    if (command == message::Pong::kCommand) return Reveals::handled;
    for (const std::string_view harmless :
         {message::LinkId::kCommand, message::Version::kCommand, message::Verack::kCommand,
          message::WtxidRelay::kCommand, message::SendAddrV2::kCommand,
          message::SendHeaders::kCommand, message::FeeFilter::kCommand, message::Ping::kCommand,
          message::GetAddr::kCommand, message::Addr::kCommand, message::AddrV2::kCommand,
          message::GetData::kCommand, message::GetHeaders::kCommand, message::NotFound::kCommand}) {
        if (command == harmless) return Reveals::nothing;
    }
    return Reveals::inventory;
}

bool is_this_machine(const std::string& host) {
    const auto ip = IpAddress::parse(host);
    return host == "localhost" || (ip && ip->is_loopback());
}

}  // namespace

PeerTable::PeerTable(const NetOptions& options, const NetView& view, Random& random, LogSink& log)
    : options_(options),
      view_(view),
      random_(random),
      log_(log),
      bans_(random),
      upload_target_(options.upload_target_bytes) {}

Peer* PeerTable::find(PeerId id) {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second;
}

Peer& PeerTable::add(PeerId id) {
    const auto [position, added] = peers_.try_emplace(id, id, options_.magic, random_);
    CHECK(added);
    return position->second;
}

void PeerTable::send(Peer& peer, std::string_view command, ByteSpan payload) {
    if (peer.closing) return;
    send_frame(peer, command, encode_frame(options_.magic, command, payload));
}

void PeerTable::send_frame(Peer& peer, std::string_view command,
                           std::shared_ptr<const Bytes> frame) {
    if (peer.closing) return;
    const size_t size = frame->size();
    PeerFlow& flow = peer.flow;
    flow.unacknowledged += size;
    if (flow.unacknowledged > kSendBufferMax) {
        disconnect(peer, "it does not read what is sent to it");
        return;
    }
    bool notify = false;
    if (flow.blocked) {
        flow.behind_notify += size;
    } else if (flow.unacknowledged > kSendWindow) {
        notify = true;
        flow.blocked = true;
        flow.blocked_since = now_;
        flow.behind_notify = 0;
    }
    peer.bytes_sent += size;
    peer.bytes_sent_per_message[std::string(command)] += size;
    peer.liveness.last_send = now_;
    totals_.bytes_sent += size;
    upload_target_.sent(now_, size);
    log_.debug(LogCategory::net, "sending {} ({} bytes) peer={}", command,
               size - kMessageHeaderSize, peer.id.value());
    outputs_.push_back(net_output::Send{peer.id, std::move(frame), notify, what_reveals(command)});
}

void PeerTable::answered() {
    CHECK(open_asks_ > 0);
    --open_asks_;
}

void PeerTable::on_drained(Peer& peer) {
    peer.flow.unacknowledged = std::exchange(peer.flow.behind_notify, 0);
    peer.flow.blocked = false;
}

void PeerTable::dial(uint64_t number, const Endpoint& target) {
    log_.debug(LogCategory::net, "trying connection to {}", to_string(target));
    outputs_.push_back(net_output::Dial{number, target});
}

void PeerTable::disconnect(Peer& peer, std::string_view reason) {
    if (std::exchange(peer.closing, true)) return;
    log_.debug(LogCategory::net, "{}, disconnecting peer={}{}", reason, peer.id.value(),
               logged_address(peer));
    peer.flow = PeerFlow{};
    peer.relay.to_announce.clear();
    peer.relay.secret_from.reset();
    outputs_.push_back(net_output::Close{peer.id});
}

std::string PeerTable::logged_address(const Peer& peer) const {
    return options_.log_addresses ? ", peeraddr=" + to_string(peer.remote) : std::string{};
}

NetTotals PeerTable::totals() const {
    NetTotals totals = totals_;
    totals.upload_target = upload_target_.state(now_);
    return totals;
}

void PeerTable::punish(Peer& peer, std::string_view reason) {
    if (peer.closing) return;
    log_.info(LogCategory::net, "Misbehaving: peer={}{}: {}", peer.id.value(), logged_address(peer),
              reason);
    if (peer.permissions.no_ban) {
        log_.info(LogCategory::net, "Warning: not punishing noban peer {}!", peer.id.value());
        return;
    }
    if (peer.type != ConnectionType::manual && !is_this_machine(peer.remote.host))
        bans_.discourage(peer.remote.host);
    disconnect(peer, reason);
}

void PeerTable::drop_message(Peer& peer, std::string_view what) {
    log_.debug(LogCategory::net, "dropped a message from peer={}: {}", peer.id.value(), what);
    if (++peer.dropped_messages > kDroppedMessagesMax)
        punish(peer, "too many damaged or malformed messages");
}

void PeerTable::refuse(Peer& peer, std::string_view command, DecodeError error, ByteSpan payload) {
    if (error == DecodeError::oversize) {
        punish(peer, fmt::format("{} message size = {}", command, announced_count(payload)));
    } else {
        drop_message(peer, fmt::format("{} ({} bytes) is malformed{}", command, payload.size(),
                                       error == DecodeError::non_canonical
                                           ? ": non-canonical ReadCompactSize()"
                                           : ""));
    }
}

}  // namespace parley
