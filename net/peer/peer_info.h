// PeerInfo and related reports: the values shown by getpeerinfo, getaddednodeinfo, getnettotals,
// getnodeaddresses and listbanned. Copies; unknown times and durations are empty.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/peer_id.h"
#include "base/time.h"
#include "chain/primitives/ids.h"
#include "chain/primitives/transaction.h"
#include "net/peer/permissions.h"
#include "net/peer/upload_target.h"
#include "net/wire/endpoint.h"
#include "net/wire/network.h"
#include "net/wire/protocol.h"
#include "net/wire/subnet.h"

namespace parley {

/// An automatic peer is one of full relay, one for blocks alone, whose connection is not visible
/// through what it relays, or a feeler, which only tests an address.
enum class ConnectionType : uint8_t {
    inbound,
    manual,
    outbound_full_relay,
    block_relay_only,
    address_fetch,
    feeler,
};

/// bitcoind's names: "inbound", "outbound-full-relay", "block-relay-only" and so on.
const char* to_string(ConnectionType type);

/// getpeerinfo's `network`: "ipv4", "onion", "not_publicly_routable". `cjdns`: as for network_of().
std::string network_name(const Endpoint& endpoint, bool cjdns);

struct PeerInfo {
    PeerId id;
    Endpoint address;
    Endpoint address_bind;
    std::string network;        ///< network_name()
    std::string address_local;  ///< our address as the peer sees it; empty: unknown
    ConnectionType connection_type = ConnectionType::inbound;
    bool handshake_done = false;
    ServiceFlags services = 0;
    bool relay_transactions = false;
    TimePoint connected_at{};
    std::optional<TimePoint> last_send;
    std::optional<TimePoint> last_receive;
    std::optional<TimePoint> last_transaction;  ///< last novel transaction from this peer
    std::optional<TimePoint> last_block;        ///< last novel block from this peer
    uint64_t bytes_sent = 0;
    uint64_t bytes_received = 0;
    std::map<std::string, uint64_t> bytes_sent_per_message;
    std::map<std::string, uint64_t> bytes_received_per_message;  ///< "*other*" for unknown commands
    int64_t time_offset = 0;  ///< seconds, peer's clock minus ours at the handshake
    std::optional<Duration> ping_time;
    std::optional<Duration> ping_min;
    std::optional<Duration> ping_wait;  ///< of an unanswered ping
    int32_t version = 0;
    std::string user_agent;
    int32_t starting_height = -1;
    int32_t presynced_headers = -1;
    int32_t synced_headers = -1;  ///< last header in common; -1: none yet
    int32_t synced_blocks = -1;   ///< last block in common; -1: none yet
    std::vector<int32_t> heights_in_flight;
    bool address_relay = false;
    uint64_t addresses_processed = 0;
    uint64_t addresses_rate_limited = 0;
    int64_t fee_filter = 0;          ///< the peer's minimum, sat/kvB
    uint64_t last_inv_sequence = 0;  ///< the mempool's at the last announcement
    size_t inv_to_send = 0;          ///< transactions queued for announcement
    Permissions permissions;
};

struct AddedNodeInfo {
    std::string added_node;  ///< as the user wrote it
    std::optional<Endpoint> connected_to;
    bool inbound = false;
};

/// addnode.
enum class AddNodeCommand : uint8_t { add, remove, one_try };
enum class AddNodeResult : uint8_t { done, already_added, not_added, malformed };

/// addpeeraddress.
enum class AddAddressResult : uint8_t { done, not_added, not_tried };

struct KnownAddress {
    Endpoint endpoint;
    Network network = Network::ipv4;
    ServiceFlags services = 0;
    int64_t last_seen = 0;  ///< Unix seconds
    bool tried = false;     ///< a connection has succeeded
};

/// getorphantxs.
struct OrphanInfo {
    TransactionRef transaction;
    std::vector<PeerId> from;  ///< ascending
};

struct BannedSubnet {
    Subnet subnet;
    TimePoint created{};
    TimePoint until{};
};

struct NetTotals {
    uint64_t bytes_received = 0;
    uint64_t bytes_sent = 0;
    UploadTargetState upload_target;
};

}  // namespace parley
