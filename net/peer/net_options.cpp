#include "net/peer/net_options.h"

#include "base/option_row.h"

namespace parley {

OptionRows<NetOptions> NetOptions::rows() {
    using O = NetOptions;
    using enum OutOfRange;
    constexpr OptionUnit kPeer{"<addr>[:<port>]"};
    static constexpr auto kRows = option_rows(
        OptionGroup::connection,
        option<O>("addnode", kPeer, "Dial this peer and keep the connection; may be repeated",
                  {.network_only = true}),
        option<&O::blocks_only>(
            "blocksonly", kFlag,
            "Neither relay transactions nor accept them from peers (default: {default})"),
        option<O>("connect", kPeer, "Dial only these peers; -connect=0 dials none; may be repeated",
                  {.network_only = true}),
        // More would need more file descriptors than a process usually has.
        option<&O::connections_max>(
            "maxconnections", kCount, "Connections at most (default: {default})",
            {.max = 10'000,
             .above = clamp,
             .refusal_below = "-maxconnections must be greater or equal than zero"}),
        option<&O::network_active>("networkactive", kFlag,
                                   "Talk to peers at all (default: {default})"),
        option<&O::serve_mempool_message>("peerbloomfilters", kFlag,
                                          "Answer the mempool message (default: {default})"),
        option<&O::handshake_timeout>(
            "peertimeout", kSeconds, "Time for a peer's handshake (default: {default})",
            {.min = 1, .refusal = "peertimeout must be a positive integer."}),
        option<O>("onlynet", OptionUnit{"<net>"},
                  "Make automatic connections only to this network, ipv4 or ipv6; connections from "
                  "outside and those of -addnode and -connect are not affected; may be repeated"),
        option<O>("seednode", kPeer, "Ask this peer once for addresses; may be repeated"),
        option<O>("uacomment", OptionUnit{"<text>"},
                  "Add a comment to the user agent; may be repeated"));
    return kRows;
}

void NetOptions::set_public_network_delays() {
    trickle_outbound = std::chrono::seconds{2};
    trickle_inbound = std::chrono::seconds{5};
    request_delay_inbound = std::chrono::seconds{2};
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
        return "-uacomment makes the user agent longer than " + std::to_string(kUserAgentSizeMax) +
               " characters: shorten it.";
    if (ping_interval <= zero || inactivity_timeout <= ping_interval)
        return "The inactivity timeout must be longer than the ping interval, and both positive.";
    if (reconnect_delay_min <= zero || reconnect_delay_max < reconnect_delay_min)
        return "The reconnect delays must be positive, and the maximum not below the minimum.";
    if (trickle_outbound < zero || trickle_inbound < zero || request_delay_inbound < zero)
        return "Relay delays must not be negative.";
    if (transaction_timeout <= zero || block_timeout <= zero || headers_timeout <= zero ||
        anti_entropy_interval <= zero)
        return "Request timeouts and the anti-entropy interval must be positive.";
    if (blocks_in_flight_per_peer == 0 || blocks_in_flight_per_peer > 1024)
        return "Blocks in flight per peer must be between 1 and 1024.";
    return {};
}

}  // namespace parley
