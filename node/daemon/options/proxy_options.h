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

/// The user does not say whether to listen, and a proxy is set or the peers are chosen: who hides
/// behind a proxy should not be found by a connection to this machine.
bool stops_listening(OptionReader& reader);

/// Whether the DNS seeds are asked for addresses, if there are any.
bool seeds_by_dns(OptionReader& reader);

/// What options imply for others: sentences for the log.
std::vector<std::string> network_notes(OptionReader& reader);

}  // namespace parley
