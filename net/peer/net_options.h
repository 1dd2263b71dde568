// NetOptions: everything about peers that the user or a test can choose. Aggregated by
// node::Config, constant after construction of the PeerManager. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/option_rows.h"
#include "base/time.h"
#include "base/uint256.h"
#include "net/peer/peer_info.h"
#include "net/peer/permissions.h"
#include "net/wire/endpoint.h"
#include "net/wire/messages.h"
#include "net/wire/network.h"
#include "net/wire/protocol.h"
#include "net/wire/proxies.h"

namespace parley {

struct AddressTables;

/// How blocks spread (-blockrelay). A block reaches the next node after one trip if it is pushed,
/// after three if it is announced.
enum class BlockRelay : uint8_t {
    own,      ///< own blocks are pushed to Parley nodes; other blocks are announced by `headers`
    push,     ///< each new tip is pushed to Parley nodes
    headers,  ///< each new tip is announced by `headers` (BIP130)
    inv,      ///< each new tip is announced by `inv` and fetched without asking for headers
};

/// A value of -addnode.
struct AddedNode {
    Endpoint endpoint;
    std::string text{};  ///< as the user wrote it; empty: like the endpoint
};

struct NetOptions {
    NetworkMagic magic{0xfa, 0xbf, 0xb5, 0xda};  ///< regtest's; the chain parameters give it
    uint16_t default_port = 18444;               ///< for targets that name none
    /// A node that prunes takes kServiceNetwork away.
    ServiceFlags services =
        kServiceNetwork | kServiceNetworkLimited | kServiceWitness | kServiceParley;
    std::string user_agent = "/Satoshi:31.0.0/Parley:0.1.0/";
    /// The engine keeps a seal beside each block: `seal` goes ahead of `block` and of `headers`,
    /// and headers carry no score of their own.
    bool sealed_blocks = false;
    /// How long the engine waits for its peers before it acts; connections to them are renewed at
    /// this pace. Zero: the engine has no messages.
    Duration engine_timeout{0};
    /// -minimumchainwork: blocks of a branch with less are not asked for.
    U256 minimum_score;

    bool network_active = true;          ///< -networkactive
    size_t connections_max = 125;        ///< -maxconnections: inbound and automatic outbound peers
    size_t outbound_max = 8;             ///< automatic outbound peers of full relay
    size_t block_relay_max = 2;          ///< automatic outbound peers for blocks alone
    bool connect_only = false;           ///< -connect was given (also as -connect=0)
    std::vector<Endpoint> connect;       ///< -connect: the only outbound peers
    std::vector<AddedNode> add_nodes;    ///< -addnode: kept connected, beside the others
    std::vector<Endpoint> seed_nodes;    ///< -seednode: asked once for addresses
    std::vector<std::string> dns_seeds;  ///< -dnsseed: names of nodes to ask for addresses
    bool force_dns_seeds = false;        ///< -forcednsseed: whatever is known
    /// Networks that automatic outbound connections may use: -onlynet, and what can be reached.
    PerNetwork<bool> reachable = only_internet();
    Proxies proxies;                        ///< -proxy, -onion; for the host that dials
    std::vector<WhitelistRule> whitelist;   ///< -whitelist
    std::vector<WhitebindRule> whitebinds;  ///< -whitebind: listening addresses of the host
    /// -bind=...=onion: what comes in there was sent by Tor on this machine.
    std::vector<Endpoint> onion_binds;
    bool whitelist_relay = true;         ///< -whitelistrelay
    bool whitelist_force_relay = false;  ///< -whitelistforcerelay
    bool blocks_only = false;            ///< -blocksonly: neither asks for nor accepts transactions
    BlockRelay block_relay = BlockRelay::own;
    uint64_t upload_target_bytes = 0;     ///< -maxuploadtarget: in a day; 0: no limit
    bool log_addresses = false;           ///< -logips: lines about a peer name its address
    bool serve_bloom_filters = false;     ///< -peerbloomfilters; `services` says so to peers
    bool serve_compact_filters = false;   ///< -peerblockfilters; `services` says so to peers
    bool accept_local_addresses = false;  ///< addresses outside the public ranges are gossiped

    std::shared_ptr<const AddressTables> known_addresses;  ///< of earlier runs; null: none
    std::vector<NetAddress> anchors;  ///< of the last run: dialled first, as block-relay-only peers
    std::vector<BannedSubnet> bans;   ///< of earlier runs; expired ones are dropped
    Duration ban_time = std::chrono::hours{24};  ///< -bantime: of bans without a time of their own

    Duration handshake_timeout = std::chrono::seconds{60};  ///< -peertimeout
    Duration ping_interval = std::chrono::minutes{2};
    Duration inactivity_timeout = std::chrono::minutes{20};         ///< also for an unanswered ping
    Duration reconnect_delay_min = std::chrono::milliseconds{500};  ///< doubles with each failure
    Duration reconnect_delay_max = std::chrono::seconds{60};

    /// Mean delays between two announcements of transactions to a peer (Poisson). bitcoind: 2 s
    /// outbound, 5 s inbound; set_public_network_delays() gives those.
    Duration trickle_outbound = std::chrono::milliseconds{100};
    Duration trickle_inbound = std::chrono::milliseconds{100};
    /// How much later a transaction is asked of an inbound peer (bitcoind: 2 s).
    Duration request_delay_inbound = std::chrono::milliseconds{0};
    /// How much later a transaction is asked of a peer with many unanswered requests (bitcoind:
    /// 2 s), so that a peer that answers none cannot delay what others have.
    Duration request_delay_overloaded = std::chrono::milliseconds{100};
    /// After this long, another peer is asked for the transaction (bitcoind: 60 s).
    Duration transaction_timeout = std::chrono::seconds{5};
    /// Waiting transactions are announced to a new peer, so that a healed partition has one
    /// mempool.
    bool announce_mempool_to_new_peers = true;

    /// Without any requested block for this long, a peer's requests move to another.
    Duration block_timeout = std::chrono::seconds{10};
    Duration headers_timeout = std::chrono::seconds{5};
    size_t blocks_in_flight_per_peer = 16;
    /// Every so often each peer is asked for headers beyond our tip, and told our tip: two nodes
    /// converge after any loss.
    Duration anti_entropy_interval = std::chrono::seconds{30};

    static PerNetwork<bool> only_internet();

    /// Inbound slots: what the automatic outbound peers leave of -maxconnections.
    size_t inbound_max() const;

    /// bitcoind's patience, for networks of strangers.
    void set_public_network_delays();

    static OptionRows<NetOptions> rows();
    /// Empty: usable; else one sentence that names the option.
    std::string validate() const;
};

}  // namespace parley
