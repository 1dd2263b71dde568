// Splits bytes into messages, and dispatches messages to the parts that handle them.
#include <algorithm>
#include <iterator>

#include "net/peer_manager_impl.h"

namespace parley {

namespace {

/// Limits for requests that wait for an unfinished reply: their number and their bytes. A peer
/// that exceeds them requests faster than it reads.
constexpr size_t kQueuedRequestsMax = 1'000;
constexpr size_t kQueuedRequestBytesMax = kPayloadSizeMax;

/// Reading and hashing so many bytes costs about as much as an elementary operation.
constexpr size_t kBytesPerOperation = 256;

/// The name under which bytes of unknown commands are counted, as in getpeerinfo.
constexpr std::string_view kOtherCommand = "*other*";

}  // namespace

const PeerManager::Impl::Command* PeerManager::Impl::find_command(std::string_view name) {
    static constexpr Command kCommands[] = {
        {"addr", &Impl::on_addr},
        {"addrv2", &Impl::on_addrv2},
        {"block", &Impl::on_block},
        {"engine", &Impl::on_engine},
        {"feefilter", &Impl::on_feefilter},
        {"filteradd", &Impl::on_filteradd, true},
        {"filterclear", &Impl::on_filterclear, true},
        {"filterload", &Impl::on_filterload, true},
        {"getaddr", &Impl::on_getaddr, true},
        {"getblocks", &Impl::on_getblocks, true},
        {"getcfcheckpt", &Impl::on_getcfcheckpt, true},
        {"getcfheaders", &Impl::on_getcfheaders, true},
        {"getcfilters", &Impl::on_getcfilters, true},
        {"getdata", &Impl::on_getdata, true},
        {"getheaders", &Impl::on_getheaders, true},
        {"headers", &Impl::on_headers},
        {"inv", &Impl::on_inv},
        {"linkid", &Impl::on_linkid},
        {"mempool", &Impl::on_mempool, true},
        {"notfound", &Impl::on_notfound},
        {"ping", &Impl::on_ping, true},
        {"pong", &Impl::on_pong},
        {"reject", nullptr},
        {"seal", &Impl::on_seal},
        {"sendaddrv2", nullptr},
        {"sendcmpct", nullptr},
        {"sendheaders", &Impl::on_sendheaders},
        {"tx", &Impl::on_tx},
        {"verack", nullptr},
        {"version", nullptr},
        {"wtxidrelay", nullptr},
    };
    const auto found = std::lower_bound(
        std::begin(kCommands), std::end(kCommands), name,
        [](const Command& command, std::string_view n) { return command.name < n; });
    return found != std::end(kCommands) && found->name == name ? found : nullptr;
}

void PeerManager::Impl::read(Unread& unread) {
    Peer* peer = table.find(unread.peer);
    ByteSpan data = ByteSpan{unread.data}.subspan(unread.offset);
    while (peer != nullptr && !peer->closing && !data.empty() && table.open_asks() == 0) {
        auto frame = peer->reader.read(data);
        if (!frame) {
            table.disconnect(*peer, frame.error() == FrameError::wrong_magic
                                        ? "header error: wrong message start"
                                        : "header error: message too large");
        } else if (*frame) {
            handle_frame(*peer, std::move(**frame));
        }
    }
    const bool readable = peer != nullptr && !peer->closing;
    unread.offset = readable ? unread.data.size() - data.size() : unread.data.size();
}

void PeerManager::Impl::handle_frame(Peer& peer, Frame frame) {
    const Command* command = find_command(frame.command);
    const std::string_view name = command != nullptr ? command->name : kOtherCommand;
    peer.bytes_received_per_message[std::string(name)] += frame.wire_size();
    table.work(1 + frame.wire_size() / kBytesPerOperation);
    if (!frame.intact) {
        table.drop_message(peer, "wrong checksum or command");
        return;
    }
    const PeerFlow& flow = peer.flow;
    const bool busy = flow.blocked || flow.serving() || !flow.requests.empty();
    if (busy && command != nullptr && command->is_request) {
        queue_request(peer, std::move(frame));
    } else {
        process(peer, frame);
    }
}

void PeerManager::Impl::queue_request(Peer& peer, Frame frame) {
    PeerFlow& flow = peer.flow;
    flow.request_bytes += frame.wire_size();
    flow.requests.push_back(std::move(frame));
    if (flow.requests.size() > kQueuedRequestsMax || flow.request_bytes > kQueuedRequestBytesMax)
        table.disconnect(peer, "it sends requests faster than it reads the replies");
}

void PeerManager::Impl::on_drained(Peer& peer) {
    table.on_drained(peer);
    serve(peer);
}

void PeerManager::Impl::serve(Peer& peer) {
    PeerFlow& flow = peer.flow;
    server.serve(peer);
    filter_server.serve(peer);
    while (!peer.closing && !flow.blocked && !flow.serving() && !flow.requests.empty()) {
        const Frame frame = std::move(flow.requests.front());
        flow.requests.pop_front();
        flow.request_bytes -= frame.wire_size();
        process(peer, frame);
    }
}

void PeerManager::Impl::process(Peer& peer, const Frame& frame) {
    table.log().debug(LogCategory::net, "received: {} ({} bytes) peer={}", frame.command,
                      frame.payload.size(), peer.id.value());
    switch (handshake.handle(peer, frame)) {
        case HandshakeResult::handled:
            return;
        case HandshakeResult::ready:
            on_ready(peer);
            return;
        case HandshakeResult::not_handled:
            break;
    }
    const Command* command = find_command(frame.command);
    if (command == nullptr) {
        table.log().debug(LogCategory::net, "Unknown message type \"{}\" from peer={}",
                          frame.command, peer.id.value());
    } else if (command->handler != nullptr) {
        (this->*command->handler)(peer, frame.payload);
    }
}

void PeerManager::Impl::on_ready(Peer& peer) {
    // Peers answer to what we prefer, so that this node's option decides how it hears of blocks.
    if (peer.handshake.common_version >= kSendHeadersVersion &&
        table.options().block_relay != BlockRelay::inv)
        table.send(peer, message::SendHeaders{});
    sync.on_ready(peer);
    addresses.on_ready(peer);
    relay.on_ready(peer);
    keep_alive.send_ping(peer);
    if (const auto process = connector.process(); process && peer.handshake.speaks_parley())
        table.send(peer, message::LinkId{*process});
    table.ask(net_output::PeerReady{peer.id, peer.handshake.speaks_parley()});
    if (peer.type == ConnectionType::feeler) table.disconnect(peer, "feeler connection completed");
}

// --- one function a message

void PeerManager::Impl::on_addr(Peer& peer, ByteSpan payload) {
    if (auto addr = table.decode_or_drop<message::Addr>(peer, payload))
        addresses.on_addresses(peer, addr->entries);
}

void PeerManager::Impl::on_addrv2(Peer& peer, ByteSpan payload) {
    if (auto addr = table.decode_or_drop<message::AddrV2>(peer, payload))
        addresses.on_addresses(peer, addr->entries);
}

void PeerManager::Impl::on_block(Peer& peer, ByteSpan payload) {
    sync.on_block(peer, payload);
}

void PeerManager::Impl::on_engine(Peer& peer, ByteSpan payload) {
    if (peer.handshake.speaks_parley())
        table.ask(net_output::EngineMessage{peer.id, to_bytes(payload)});
}

void PeerManager::Impl::on_feefilter(Peer& peer, ByteSpan payload) {
    relay.on_fee_filter(peer, payload);
}

void PeerManager::Impl::on_filteradd(Peer& peer, ByteSpan payload) {
    bloom_filters.on_filteradd(peer, payload);
}

void PeerManager::Impl::on_filterclear(Peer& peer, ByteSpan) {
    bloom_filters.on_filterclear(peer);
}

void PeerManager::Impl::on_filterload(Peer& peer, ByteSpan payload) {
    bloom_filters.on_filterload(peer, payload);
}

void PeerManager::Impl::on_getaddr(Peer& peer, ByteSpan) {
    addresses.on_getaddr(peer);
}

void PeerManager::Impl::on_getblocks(Peer& peer, ByteSpan payload) {
    server.on_getblocks(peer, payload);
}

void PeerManager::Impl::on_getcfcheckpt(Peer& peer, ByteSpan payload) {
    filter_server.on_getcfcheckpt(peer, payload);
}

void PeerManager::Impl::on_getcfheaders(Peer& peer, ByteSpan payload) {
    filter_server.on_getcfheaders(peer, payload);
}

void PeerManager::Impl::on_getcfilters(Peer& peer, ByteSpan payload) {
    filter_server.on_getcfilters(peer, payload);
}

void PeerManager::Impl::on_getdata(Peer& peer, ByteSpan payload) {
    server.on_getdata(peer, payload);
}

void PeerManager::Impl::on_getheaders(Peer& peer, ByteSpan payload) {
    server.on_getheaders(peer, payload);
}

void PeerManager::Impl::on_headers(Peer& peer, ByteSpan payload) {
    sync.on_headers(peer, payload);
}

void PeerManager::Impl::on_inv(Peer& peer, ByteSpan payload) {
    const auto inv = table.decode_or_drop<message::Inv>(peer, payload);
    if (!inv) return;
    std::vector<BlockHash> blocks;
    std::vector<GenTxid> transactions;
    for (const message::InvEntry& entry : inv->entries) {
        if (entry.is(InvType::block)) blocks.push_back(BlockHash{entry.hash});
        if (entry.is(InvType::transaction))
            transactions.push_back({GenTxid::Kind::txid, entry.hash});
        if (entry.is(InvType::wtxid)) transactions.push_back({GenTxid::Kind::wtxid, entry.hash});
    }
    if (!blocks.empty()) sync.on_announced(peer, blocks);
    relay.on_announced(peer, transactions);
}

void PeerManager::Impl::on_linkid(Peer& peer, ByteSpan payload) {
    const auto link = table.decode_or_drop<message::LinkId>(peer, payload);
    if (!link || !peer.handshake.speaks_parley() || peer.process != 0) return;
    peer.process = link->process;
    connector.on_process_known(peer);
}

void PeerManager::Impl::on_mempool(Peer& peer, ByteSpan) {
    server.on_mempool(peer);
}

void PeerManager::Impl::on_notfound(Peer& peer, ByteSpan payload) {
    const auto missing = table.decode_or_drop<message::NotFound>(peer, payload);
    if (!missing) return;
    for (const message::InvEntry& entry : missing->entries) {
        if (entry.is(InvType::block) || entry.is(InvType::witness_block)) {
            sync.on_not_found(peer, BlockHash{entry.hash});
        } else {
            const bool by_wtxid = entry.is(InvType::wtxid);
            relay.on_not_found(peer,
                               {by_wtxid ? GenTxid::Kind::wtxid : GenTxid::Kind::txid, entry.hash});
        }
    }
}

void PeerManager::Impl::on_ping(Peer& peer, ByteSpan payload) {
    keep_alive.on_ping(peer, payload);
}

void PeerManager::Impl::on_pong(Peer& peer, ByteSpan payload) {
    keep_alive.on_pong(peer, payload);
}

void PeerManager::Impl::on_seal(Peer& peer, ByteSpan payload) {
    if (peer.handshake.speaks_parley()) sync.on_seal(peer, payload);
}

void PeerManager::Impl::on_sendheaders(Peer& peer, ByteSpan) {
    peer.sync.prefers_headers = true;
}

void PeerManager::Impl::on_tx(Peer& peer, ByteSpan payload) {
    relay.on_transaction(peer, payload);
}

}  // namespace parley
