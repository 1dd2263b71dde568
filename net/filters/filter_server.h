// FilterServer: replies to the requests of BIP157 from the filter index (-peerblockfilters). Reads
// a limited number of filters in a step, and sends them as far as the send window allows; the rest
// of a request waits, and the peer's later requests wait behind it. Core thread.
#pragma once

#include <memory>

#include "net/filters/filter_messages.h"
#include "net/peer/peer_table.h"
#include "net/peer/unfinished_replies.h"

namespace parley {

class FilterServer {
 public:
    FilterServer(PeerTable& table, UnfinishedReplies& unfinished)
        : table_(table), unfinished_(unfinished) {}

    void on_getcfilters(Peer& peer, ByteSpan payload);
    void on_getcfheaders(Peer& peer, ByteSpan payload);
    void on_getcfcheckpt(Peer& peer, ByteSpan payload);
    /// Continues an interrupted reply.
    void serve(Peer& peer);

 private:
    /// Null: the peer may not ask for that, and was disconnected.
    const HeaderNode* find_stop(Peer& peer, uint8_t type, const BlockHash& stop);
    bool check_range(Peer& peer, uint32_t start, const HeaderNode& stop, int64_t count_max);
    void begin(Peer& peer, FilterRequest request);
    /// Reads one filter, which may complete the reply. False: the index does not have it.
    bool advance(Peer& peer, FilterRequest& request);
    void send_collected(Peer& peer, FilterRequest& request);

    PeerTable& table_;
    UnfinishedReplies& unfinished_;
};

}  // namespace parley
