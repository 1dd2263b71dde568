// Peer: the state of one connection, grouped by the part of the protocol that maintains it. Plain
// state without behaviour; owned by PeerTable, changed only by the parts of PeerManager. Core
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/peer_id.h"
#include "base/time.h"
#include "chain/rules/header_node.h"
#include "net/filters/bloom_filter.h"
#include "net/filters/filter_request.h"
#include "net/peer/net_view.h"
#include "net/peer/peer_info.h"
#include "net/peer/permissions.h"
#include "net/peer/recent_set.h"
#include "net/wire/framing.h"
#include "net/wire/messages.h"

namespace parley {

/// Transaction hashes remembered as known to a peer. At most twice this many, at eight bytes each.
inline constexpr size_t kKnownTransactionsMax = 20'000;

/// The outcome of the version exchange (Handshake).
struct PeerHandshake {
    bool version_sent = false;
    bool version_received = false;
    bool ready = false;     ///< version and verack received: all messages allowed
    uint64_t nonce = 0;     ///< ours, to detect a connection to ourselves
    ServiceFlags ours = 0;  ///< what we offer to this peer
    message::Version theirs;
    int32_t common_version = 0;
    int64_t time_offset = 0;  ///< seconds
    bool wtxid_relay = false;
    bool address_v2 = false;

    bool offers_bloom() const { return (ours & kServiceBloom) != 0; }
    bool speaks_parley() const { return (theirs.services & kServiceParley) != 0; }
    bool has_blocks() const {
        return (theirs.services & (kServiceNetwork | kServiceNetworkLimited)) != 0;
    }
    bool has_witnesses() const { return (theirs.services & kServiceWitness) != 0; }
};

/// The transactions of which a `mempool` message is still to be told (InventoryServer).
struct MempoolReply {
    std::vector<RelayTransaction> transactions;
    size_t next = 0;
};

/// What the transport has accepted, and the requests waiting until it has drained (PeerTable,
/// InventoryServer, FilterServer).
struct PeerFlow {
    size_t unacknowledged = 0;  ///< bytes sent since the transport last drained
    size_t behind_notify = 0;   ///< those after the message with `notify`
    bool blocked = false;       ///< waiting for Drained: large replies are held back
    TimePoint blocked_since{};
    std::deque<message::InvEntry> getdata;   ///< being served, in order
    std::unique_ptr<MempoolReply> mempool;   ///< being sent; null: none
    std::vector<message::InvEntry> missing;  ///< those not found so far
    std::unique_ptr<FilterRequest> filters;  ///< being served; null: none
    std::deque<Frame> requests;              ///< requests received during an unfinished one
    size_t request_bytes = 0;

    /// Whether an earlier request is still being served.
    bool serving() const { return !getdata.empty() || filters || mempool; }
};

/// Pings and the time of last activity (KeepAlive).
struct PeerLiveness {
    TimePoint connected_at{};
    Duration handshake_time{0};  ///< from the connection to verack: one or two round trips
    std::optional<TimePoint> last_send;
    std::optional<TimePoint> last_receive;
    TimePoint next_ping{};
    uint64_t ping_nonce = 0;  ///< 0: no ping is unanswered
    TimePoint ping_sent{};
    std::optional<Duration> ping_time;
    std::optional<Duration> ping_min;
};

/// Headers and blocks (ChainSync, BlockAnnouncer, InventoryServer).
struct PeerSync {
    const HeaderNode* best_known = nullptr;  ///< best header that the peer is known to have
    const HeaderNode* last_common =
        nullptr;  ///< last block of its branch that we have, with all before it
    const HeaderNode* header_sent = nullptr;  ///< best header that we announced to it
    BlockHash unknown_block;                  ///< announced, but its header is unknown
    BlockHash announced_tip;                  ///< last tip announced by inv
    bool prefers_headers = false;             ///< it sent sendheaders (BIP130)
    bool answers_headers = false;             ///< it sent at least one `headers`
    bool announcement_pending = false;        ///< check again whether it has our tip

    int repeated_questions = 0;                 ///< getheaders sent without waiting for a reply
    std::optional<TimePoint> headers_deadline;  ///< of the unanswered getheaders
    bool more_headers = false;                  ///< it has more than it has sent so far
    size_t weak_headers = 0;                    ///< from it on branches no better than ours
    TimePoint next_probe{};                     ///< of anti-entropy

    std::vector<const HeaderNode*> in_flight;  ///< in order of request
    TimePoint block_deadline{};                ///< meaningful while something is in flight
    uint64_t bytes_at_deadline_start = 0;      ///< total received at that time, to detect progress
    int deadline_extensions = 0;
    TimePoint resting_until{};   ///< after a timeout, prefer others; epoch: no
    int timeouts = 0;            ///< consecutive, without a block in between
    message::Seal pending_seal;  ///< for the block or the headers that follow
    BlockHash continue_at;       ///< last hash of a full reply to getblocks (hashContinue)
    std::optional<TimePoint> last_block;
};

/// Transactions (TransactionRelay).
struct PeerRelay {
    explicit PeerRelay(Random& random) : known(kKnownTransactionsMax, random) {}

    bool wanted = false;                 ///< the peer wants to hear of transactions
    std::unique_ptr<BloomFilter> bloom;  ///< of these only; null: of all
    RecentSet known;                     ///< txids or wtxids announced by or to the peer
    std::deque<RelayTransaction> to_announce;
    /// The arrival of the first of these that is not from a disconnected block. Until it was
    /// announced, this and later ones are not served: what a peer may ask for tells nothing about
    /// when a transaction arrived, so not where it came from.
    std::optional<int64_t> secret_from;
    std::optional<TimePoint> next_announcement;
    uint64_t sequence = 0;         ///< of the mempool, at the last announcement
    int64_t fee_filter = 0;        ///< sat/kvB: the peer's minimum
    int64_t fee_filter_sent = -1;  ///< sat/kvB; -1: none yet
    TimePoint next_fee_filter{};
    std::optional<TimePoint> last_transaction;

    void announce_later(const RelayTransaction& transaction) {
        to_announce.push_back(transaction);
        if (!secret_from && transaction.arrival > 0) secret_from = transaction.arrival;
    }
    /// After some of to_announce were announced.
    void find_secret() {
        secret_from.reset();
        for (const RelayTransaction& each : to_announce) {
            if (each.arrival > 0) {
                secret_from = each.arrival;
                break;
            }
        }
    }
};

/// Addresses (AddressRelay).
struct PeerAddresses {
    bool enabled = false;  ///< takes part in address relay
    bool getaddr_sent = false;
    bool getaddr_received = false;
    uint64_t tokens_micro = 1'000'000;  ///< of the token bucket, in millionths of an address
    TimePoint tokens_at{};
    uint64_t processed = 0;
    uint64_t rate_limited = 0;
};

struct Peer {
    Peer(PeerId peer_id, const NetworkMagic& magic, Random& random)
        : id(peer_id), reader(magic), relay(random) {}

    PeerId id;
    Endpoint remote;
    Endpoint local;
    ConnectionType type = ConnectionType::inbound;
    bool closing = false;  ///< being closed: nothing is read or sent
    FrameReader reader;
    uint64_t process = 0;         ///< of its linkid; 0: it sent none
    size_t dropped_messages = 0;  ///< damaged or malformed messages

    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
    std::map<std::string, uint64_t> bytes_sent_per_message;
    std::map<std::string, uint64_t> bytes_received_per_message;  ///< keys: the commands we know

    Permissions permissions;
    PeerHandshake handshake;
    PeerFlow flow;
    PeerLiveness liveness;
    PeerSync sync;
    PeerRelay relay;
    PeerAddresses addresses;

    bool inbound() const { return type == ConnectionType::inbound; }
    /// Neither announces transactions nor takes them.
    bool blocks_only() const {
        return type == ConnectionType::block_relay_only || type == ConnectionType::feeler;
    }
    bool relays_addresses() const { return type != ConnectionType::block_relay_only; }
    bool ready() const { return handshake.ready && !closing; }
};

}  // namespace parley
