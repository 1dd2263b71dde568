#include "net/peer/net_options.h"

#include <algorithm>

#include "base/option_row.h"

namespace parley {
namespace {

constexpr OptionWord kBlockRelays[] = {{"own", static_cast<int64_t>(BlockRelay::own)},
                                       {"push", static_cast<int64_t>(BlockRelay::push)},
                                       {"headers", static_cast<int64_t>(BlockRelay::headers)},
                                       {"inv", static_cast<int64_t>(BlockRelay::inv)}};

constexpr OptionUnit kNetworkProxyUnit{"<addr>[:<port>]|unix:<path>[=<network>]"};
constexpr OptionUnit kPeer{"<addr>[:<port>]"};
constexpr OptionUnit kProxyUnit{"<addr>[:<port>]|unix:<path>"};
constexpr std::string_view kUploadTargetHelp =
    "Send at most this many MiB to peers in 24 hours, then no blocks older than a week; the "
    "letters "
    "stand for thousands and powers of 1024 bytes; 0: no limit (default: 0)";
constexpr std::string_view kBloomHelp =
    "Let peers filter blocks and transactions by bloom filters (BIP37), and answer their mempool "
    "messages (default: {default})";
constexpr std::string_view kCompactFiltersHelp =
    "Serve compact block filters to peers (BIP157). Needs -blockfilterindex (default: {default})";
constexpr std::string_view kWhitelistHelp =
    "Give permissions to peers of this address or network: bloomfilter, noban, forcerelay, relay, "
    "mempool, download, addr, all, separated by commas; with `in` or `out`, to inbound or to "
    "manual "
    "connections (default: inbound). Without a list: noban, mempool and what -whitelistrelay and "
    "-whitelistforcerelay say; may be repeated";

constexpr std::string_view kCjdnsHelp =
    "This machine is connected to CJDNS, whose addresses are in fc00::/8 (default: "
    "0)";

constexpr std::string_view kI2pHelp =
    "Reach peers of the I2P network through the router on this address, by its SAM protocol; "
    "inbound connections over I2P are not accepted (default: none)";
constexpr std::string_view kOnionHelp =
    "Reach peers of the Tor network (.onion) through this SOCKS5 proxy; -noonion: "
    "not at all (default: what -proxy says)";

constexpr std::string_view kProxyHelp =
    "Connect to peers through this SOCKS5 proxy only, which also looks their names "
    "up; with =ipv4, =ipv6, =onion or =cjdns, only to peers of this network; "
    "addresses of private networks are always dialled directly; may be repeated";

constexpr std::string_view kSeedsHelp =
    "Ask the DNS seeds of a public network for addresses of peers when few are known (default: 1, "
    "or 0 with -connect or -maxconnections=0)";
constexpr std::string_view kForceSeedsHelp =
    "Ask the DNS seeds even if addresses are known (default: {default})";
constexpr std::string_view kSeedNodeHelp =
    "Connect to this peer to get addresses of other peers, then disconnect; may be repeated";
constexpr std::string_view kRandomizeHelp =
    "Use credentials of its own for each connection to a proxy, so that Tor isolates "
    "the connections from each other (default: 1)";

constexpr std::string_view kOnlyNetHelp =
    "Make automatic outbound connections only to this network: ipv4, ipv6, onion, i2p or cjdns; "
    "inbound connections and those of -addnode and -connect are not affected; may be "
    "repeated";

}  // namespace

OptionRows<NetOptions> NetOptions::rows() {
    using O = NetOptions;
    using enum OutOfRange;
    static constexpr auto kRows = option_rows(
        OptionGroup::connection,
        option<O>("addnode", kPeer,
                  "Connect to this peer and reconnect when the connection ends; may be repeated",
                  {.network_only = true}),
        option<&O::ban_time>("bantime", kSeconds,
                             "How long a ban of setban lasts if the command does not say it "
                             "(default: {default})",
                             {.min = 1, .below = use_default}),
        option<&O::block_relay>(
            "blockrelay", OptionUnit{"<how>"},
            "How new blocks are passed on: headers or inv announce them; push sends the whole "
            "block to Parley nodes, own does so for blocks of this node only (default: {default})",
            {.words = kBlockRelays}),
        option<&O::blocks_only>(
            "blocksonly", kFlag,
            "Do not relay transactions or accept them from peers (default: {default})"),
        option<O>("cjdnsreachable", kFlag, kCjdnsHelp),
        option<O>(
            "connect", kPeer,
            "Connect only to this peer; -connect=0 disables automatic connections; may be repeated",
            {.network_only = true}),
        option<O>("i2psam", kPeer, kI2pHelp),
        // A process usually has too few file descriptors for more.
        option<&O::connections_max>(
            "maxconnections", kCount, "Maximum number of connections to peers (default: {default})",
            {.max = 10'000,
             .above = clamp,
             .refusal_below = "-maxconnections must be greater or equal than zero"}),
        option<O>("maxuploadtarget", OptionUnit{"<n>[k|K|m|M|g|G|t|T]"}, kUploadTargetHelp),
        option<&O::log_addresses>("logips", kFlag,
                                  "Name the addresses of peers in the log (default: {default})",
                                  {.group = OptionGroup::debug}),
        option<&O::network_active>("networkactive", kFlag,
                                   "Enable all peer-to-peer network activity (default: {default})"),
        option<&O::serve_compact_filters>("peerblockfilters", kFlag, kCompactFiltersHelp),
        option<&O::serve_bloom_filters>("peerbloomfilters", kFlag, kBloomHelp),
        option<&O::handshake_timeout>(
            "peertimeout", kSeconds,
            "Disconnect a peer that has not completed the handshake after this time; no silent "
            "peer "
            "earlier (default: {default})",
            {.min = 1, .refusal = "peertimeout must be a positive integer."}),
        option<O>("onion", kProxyUnit, kOnionHelp),
        option<O>("onlynet", OptionUnit{"<net>"}, kOnlyNetHelp),
        option<O>("proxy", kNetworkProxyUnit, kProxyHelp),
        option<O>("proxyrandomize", kFlag, kRandomizeHelp), option<O>("dnsseed", kFlag, kSeedsHelp),
        option<&O::force_dns_seeds>("forcednsseed", kFlag, kForceSeedsHelp),
        option<O>("seednode", kPeer, kSeedNodeHelp),
        option<O>(
            "whitebind", OptionUnit{"<[permissions@]addr:port>"},
            "Listen on this address, too, and give its peers permissions, as -whitelist does; "
            "may be repeated"),
        option<O>("whitelist", OptionUnit{"<[permissions@]network>"}, kWhitelistHelp),
        option<&O::whitelist_force_relay>(
            "whitelistforcerelay", kFlag,
            "Permission forcerelay for peers with default permissions: announce their transactions "
            "even if they are not new (default: {default})"),
        option<&O::whitelist_relay>(
            "whitelistrelay", kFlag,
            "Permission relay for peers with default permissions: accept their transactions even "
            "with -blocksonly (default: {default})"),
        option<O>("uacomment", OptionUnit{"<text>"},
                  "Add a comment to the user agent; may be repeated"));
    return kRows;
}

PerNetwork<bool> NetOptions::only_internet() {
    PerNetwork<bool> result;
    result[Network::ipv4] = result[Network::ipv6] = true;
    return result;
}

size_t NetOptions::inbound_max() const {
    constexpr size_t kFeelers = 1;
    return connections_max - std::min(outbound_max + block_relay_max + kFeelers, connections_max);
}

void NetOptions::set_public_network_delays() {
    trickle_outbound = std::chrono::seconds{2};
    trickle_inbound = std::chrono::seconds{5};
    request_delay_inbound = std::chrono::seconds{2};
    request_delay_overloaded = std::chrono::seconds{2};
    transaction_timeout = std::chrono::seconds{60};
    block_timeout = std::chrono::seconds{60};
    headers_timeout = std::chrono::seconds{120};
    announce_mempool_to_new_peers = false;
    reconnect_delay_max = std::chrono::minutes{5};
}

std::string NetOptions::validate() const {
    const Duration zero{0};
    if (auto problem = out_of_range(*this)) return *problem;
    if (user_agent.size() > kUserAgentSizeMax)
        return "Total length of network version string (" + std::to_string(user_agent.size()) +
               ") exceeds maximum length (" + std::to_string(kUserAgentSizeMax) +
               "). Reduce the number or size of uacomments.";
    if (ping_interval <= zero || inactivity_timeout <= ping_interval)
        return "The ping interval must be positive, and the inactivity timeout longer than the "
               "ping interval.";
    if (reconnect_delay_min <= zero || reconnect_delay_max < reconnect_delay_min)
        return "The reconnect delays must be positive, and the maximum must not be below the "
               "minimum.";
    if (engine_timeout < zero) return "The engine's timeout must not be negative.";
    if (trickle_outbound < zero || trickle_inbound < zero || request_delay_inbound < zero ||
        request_delay_overloaded < zero)
        return "Relay delays must not be negative.";
    if (transaction_timeout <= zero || block_timeout <= zero || headers_timeout <= zero ||
        anti_entropy_interval <= zero)
        return "Request timeouts and the anti-entropy interval must be positive.";
    if (blocks_in_flight_per_peer == 0 || blocks_in_flight_per_peer > 1024)
        return "Blocks in flight per peer must be between 1 and 1024.";
    return {};
}

}  // namespace parley
