#include "net/peer/net_options.h"

namespace parley {

namespace {

/// More would need more file descriptors than a process usually has.
constexpr size_t kConnectionsMax = 10'000;

}  // namespace

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
    if (connections_max > kConnectionsMax)
        return "-maxconnections must be at most " + std::to_string(kConnectionsMax) + ".";
    if (user_agent.size() > kUserAgentSizeMax)
        return "-uacomment makes the user agent longer than " + std::to_string(kUserAgentSizeMax) +
               " characters: shorten it.";
    if (handshake_timeout <= zero) return "-peertimeout must be a positive number of seconds.";
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
