// The implementation of PeerManager: the parts of the protocol, and the dispatch of messages to
// them. Included by peer_manager*.cpp only. Core thread.
#pragma once

#include <deque>
#include <string_view>

#include "net/addresses/address_relay.h"
#include "net/addresses/connector.h"
#include "net/filters/bloom_filters.h"
#include "net/filters/filter_server.h"
#include "net/peer/handshake.h"
#include "net/peer/keep_alive.h"
#include "net/peer/peer_table.h"
#include "net/peer_manager.h"
#include "net/relay/initial_broadcast.h"
#include "net/relay/transaction_relay.h"
#include "net/sync/block_announcer.h"
#include "net/sync/block_download.h"
#include "net/sync/chain_sync.h"
#include "net/sync/inventory_server.h"

namespace parley {

class PeerManager::Impl {
 public:
    Impl(NetOptions net_options, const NetView& view, Random& random, LogSink& log);

    // peer_manager.cpp: one function per input
    void handle(net_input::Started& input);
    void handle(net_input::Connected& input);
    void handle(net_input::DialFailed& input);
    void handle(net_input::Received& input);
    void handle(net_input::Drained& input);
    void handle(net_input::Closed& input);
    void handle(net_input::TimerDue& input);
    void handle(net_input::HeadersJudged& input);
    void handle(net_input::BlockJudged& input);
    void handle(net_input::TransactionJudged& input);
    void handle(net_input::PackageJudged& input);
    void handle(net_input::EngineDone& input);
    void handle(net_input::BlockConnected& input);
    void handle(net_input::TipChanged& input);
    void handle(net_input::BlockRejected& input);
    void handle(net_input::BackgroundValidated& input);
    void handle(net_input::TransactionAdded& input);
    void handle(net_input::TransactionSubmitted& input);
    void handle(net_input::SendEngineMessage& input);
    void handle(net_input::BroadcastEngineMessage& input);
    void handle(net_input::Punish& input);
    void handle(net_input::RequestHeaders& input);
    /// Reads waiting messages, then sends what has become possible, as long as no ask is open.
    void advance();

    PeerInfo info(const Peer& peer, TimePoint now) const;

    const NetOptions options;
    PeerTable table;
    InitialBroadcast initial_broadcast;
    Handshake handshake;
    BlockDownload download;
    ChainSync sync;
    BlockAnnouncer announcer;
    UnfinishedReplies unfinished;
    InventoryServer server;
    FilterServer filter_server;
    BloomFilters bloom_filters;
    TransactionRelay relay;
    AddressRelay addresses;
    KeepAlive keep_alive;
    Connector connector;

 private:
    using Handler = void (Impl::*)(Peer&, ByteSpan);
    struct Command {
        std::string_view name;
        Handler handler;          ///< null: known, and ignored
        bool is_request = false;  ///< waits for an unfinished reply
    };
    static const Command* find_command(std::string_view name);

    /// Received bytes that are not split into messages yet.
    struct Unread {
        PeerId peer;
        Bytes data;
        size_t offset = 0;
    };

    void read(Unread& unread);
    void on_drained(Peer& peer);
    /// Continues what is being served, then the requests that wait for its end.
    void serve(Peer& peer);
    void handle_frame(Peer& peer, Frame frame);
    void process(Peer& peer, const Frame& frame);
    void queue_request(Peer& peer, Frame frame);
    void on_ready(Peer& peer);

    void on_addr(Peer& peer, ByteSpan payload);
    void on_addrv2(Peer& peer, ByteSpan payload);
    void on_block(Peer& peer, ByteSpan payload);
    void on_engine(Peer& peer, ByteSpan payload);
    void on_feefilter(Peer& peer, ByteSpan payload);
    void on_filteradd(Peer& peer, ByteSpan payload);
    void on_filterclear(Peer& peer, ByteSpan payload);
    void on_filterload(Peer& peer, ByteSpan payload);
    void on_getaddr(Peer& peer, ByteSpan payload);
    void on_getblocks(Peer& peer, ByteSpan payload);
    void on_getcfcheckpt(Peer& peer, ByteSpan payload);
    void on_getcfheaders(Peer& peer, ByteSpan payload);
    void on_getcfilters(Peer& peer, ByteSpan payload);
    void on_getdata(Peer& peer, ByteSpan payload);
    void on_getheaders(Peer& peer, ByteSpan payload);
    void on_headers(Peer& peer, ByteSpan payload);
    void on_inv(Peer& peer, ByteSpan payload);
    void on_linkid(Peer& peer, ByteSpan payload);
    void on_mempool(Peer& peer, ByteSpan payload);
    void on_notfound(Peer& peer, ByteSpan payload);
    void on_ping(Peer& peer, ByteSpan payload);
    void on_pong(Peer& peer, ByteSpan payload);
    void on_seal(Peer& peer, ByteSpan payload);
    void on_sendheaders(Peer& peer, ByteSpan payload);
    void on_tx(Peer& peer, ByteSpan payload);

    std::deque<Unread> unread_;  ///< bounded by the host, which waits until bytes are consumed
};

}  // namespace parley
