// The inside of PeerManager: the parts of the protocol and the dispatch of messages to them. Seen
// by peer_manager*.cpp only. Core thread.
#pragma once

#include <string_view>

#include "net/addresses/address_relay.h"
#include "net/addresses/connector.h"
#include "net/peer/handshake.h"
#include "net/peer/keep_alive.h"
#include "net/peer/peer_table.h"
#include "net/peer_manager.h"
#include "net/relay/transaction_relay.h"
#include "net/sync/block_announcer.h"
#include "net/sync/block_download.h"
#include "net/sync/chain_sync.h"
#include "net/sync/inventory_server.h"

namespace parley {

class PeerManager::Impl {
 public:
    Impl(NetOptions net_options, NetBackend& backend, Random& random, LogSink& log);

    /// Runs one call from outside. When the outermost one is done, the work that it made possible
    /// is done too; calls from inside a NetBackend call only queue.
    template <class Function>
    void step(TimePoint now, Function&& function) {
        table.set_now(now);
        ++depth;
        function();
        if (depth == 1) finish_step();
        --depth;
    }

    void on_connected(PeerId id, const Endpoint& remote, const Endpoint& local, bool inbound,
                      uint64_t dial);
    void on_received(Peer& peer, ByteSpan data);
    void on_drained(Peer& peer);
    void on_closed(PeerId id, const std::string& reason);
    void on_timer();
    PeerInfo info(const Peer& peer, TimePoint now) const;

    const NetOptions options;
    PeerTable table;
    Handshake handshake;
    BlockDownload download;
    ChainSync sync;
    BlockAnnouncer announcer;
    InventoryServer server;
    TransactionRelay relay;
    AddressRelay addresses;
    KeepAlive keep_alive;
    Connector connector;
    int depth = 0;

 private:
    using Handler = void (Impl::*)(Peer&, ByteSpan);
    struct Command {
        std::string_view name;
        Handler handler;          ///< null: understood, and nothing to do
        bool is_request = false;  ///< waits behind an unfinished getdata
    };
    static const Command* find_command(std::string_view name);

    void finish_step();
    void handle_frame(Peer& peer, Frame frame);
    void process(Peer& peer, const Frame& frame);
    void queue_request(Peer& peer, Frame frame);
    void on_ready(Peer& peer);

    void on_addr(Peer& peer, ByteSpan payload);
    void on_addrv2(Peer& peer, ByteSpan payload);
    void on_block(Peer& peer, ByteSpan payload);
    void on_engine(Peer& peer, ByteSpan payload);
    void on_feefilter(Peer& peer, ByteSpan payload);
    void on_getaddr(Peer& peer, ByteSpan payload);
    void on_getblocks(Peer& peer, ByteSpan payload);
    void on_getdata(Peer& peer, ByteSpan payload);
    void on_getheaders(Peer& peer, ByteSpan payload);
    void on_headers(Peer& peer, ByteSpan payload);
    void on_inv(Peer& peer, ByteSpan payload);
    void on_mempool(Peer& peer, ByteSpan payload);
    void on_notfound(Peer& peer, ByteSpan payload);
    void on_ping(Peer& peer, ByteSpan payload);
    void on_pong(Peer& peer, ByteSpan payload);
    void on_seal(Peer& peer, ByteSpan payload);
    void on_sendheaders(Peer& peer, ByteSpan payload);
    void on_tx(Peer& peer, ByteSpan payload);
    void on_unserved(Peer& peer, ByteSpan payload);
};

}  // namespace parley
