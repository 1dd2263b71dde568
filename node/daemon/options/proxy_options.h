// The options that say over which networks peers are reached: -proxy, -onion, -proxyrandomize,
// -onlynet, -cjdnsreachable; and what a proxy changes about other options. Called once at the
// start.
#pragma once

#include <string>
#include <vector>

#include "net/peer/net_options.h"
#include "node/daemon/options/option_reader.h"

namespace parley {

void read_networks(OptionReader& reader, NetOptions& net);

/// -bind without =onion, and -bind=...=onion; see TransportOptions. `port`: of those that name
/// none; onion ones have the next one.
struct PeerBinds {
    std::vector<Endpoint> binds;
    std::vector<Endpoint> onion_binds;
};
PeerBinds read_peer_binds(OptionReader& reader, uint16_t port);

/// A proxy is set, and the user does not say whether to listen: who hides behind a proxy should not
/// be found by a connection to this machine.
bool proxy_stops_listening(OptionReader& reader);

/// Sentences for the log.
std::vector<std::string> proxy_notes(OptionReader& reader);

}  // namespace parley
