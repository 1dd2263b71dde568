// Peers: who is connected, and whom to connect to.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

std::vector<std::string> service_names(uint64_t services) {
    std::vector<std::string> names;
    for (int bit = 0; bit < 64; ++bit) {
        if (!((services >> bit) & 1)) continue;
        switch (bit) {
            case 0:
                names.emplace_back("NETWORK");
                break;
            case 2:
                names.emplace_back("BLOOM");
                break;
            case 3:
                names.emplace_back("WITNESS");
                break;
            case 6:
                names.emplace_back("COMPACT_FILTERS");
                break;
            case 10:
                names.emplace_back("NETWORK_LIMITED");
                break;
            case 11:
                names.emplace_back("P2P_V2");
                break;
            case 24:
                names.emplace_back("PARLEY");
                break;
            default:
                names.push_back(fmt::format("UNKNOWN[2^{}]", bit));
        }
    }
    return names;
}

/// bitcoind's name for the network of "host:port".
std::string_view network_name(std::string_view address) {
    const std::string_view host = address.substr(0, address.rfind(':'));
    if (host.ends_with(".onion")) return "onion";
    if (host.starts_with('[')) {
        const bool local = host == "[::1]" || host.starts_with("[fe80:") ||
                           host.starts_with("[fc") || host.starts_with("[fd");
        return local ? "not_publicly_routable" : "ipv6";
    }
    int second = 0;
    if (host.starts_with("172."))
        std::from_chars(host.data() + 4, host.data() + host.size(), second);
    const bool local = host.starts_with("127.") || host.starts_with("10.") ||
                       host.starts_with("192.168.") || host.starts_with("169.254.") ||
                       host.starts_with("0.") || (second >= 16 && second <= 31);
    return local ? "not_publicly_routable" : "ipv4";
}

double to_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

void write_bytes_per_message(JsonWriter& out, std::string_view name,
                             const std::map<std::string, uint64_t>& bytes) {
    out.field_object(name, [&] {
        for (const auto& [message, count] : bytes) out.field(message, count);
    });
}

void write_peer_traffic(JsonWriter& out, const PeerSummary& peer) {
    out.field("lastsend", to_unix_seconds(peer.last_send));
    out.field("lastrecv", to_unix_seconds(peer.last_received));
    out.field("last_transaction", to_unix_seconds(peer.last_transaction));
    out.field("last_block", to_unix_seconds(peer.last_block));
    out.field("bytessent", peer.bytes_sent);
    out.field("bytesrecv", peer.bytes_received);
    out.field("conntime", to_unix_seconds(peer.connected_at));
    out.field("timeoffset", peer.time_offset_seconds);
    if (peer.ping_time) out.field("pingtime", to_seconds(*peer.ping_time));
    if (peer.ping_min) out.field("minping", to_seconds(*peer.ping_min));
    if (peer.ping_wait) out.field("pingwait", to_seconds(*peer.ping_wait));
}

void write_peer(JsonWriter& out, const PeerSummary& peer) {
    out.object([&] {
        out.field("id", peer.id);
        out.field("addr", peer.address);
        if (!peer.bound_address.empty()) out.field("addrbind", peer.bound_address);
        if (!peer.local_address.empty()) out.field("addrlocal", peer.local_address);
        out.field("network", network_name(peer.address));
        out.field("services", fmt::format("{:016x}", peer.services));
        out.field_values("servicesnames", service_names(peer.services));
        out.field("relaytxes", peer.relay_transactions);
        write_peer_traffic(out, peer);
        out.field("version", peer.version);
        out.field("subver", peer.user_agent);
        out.field("inbound", peer.inbound);
        out.field("bip152_hb_to", false);
        out.field("bip152_hb_from", false);
        out.field("startingheight", peer.starting_height);
        out.field("presynced_headers", peer.presynced_headers);
        out.field("synced_headers", peer.synced_headers);
        out.field("synced_blocks", peer.synced_blocks);
        out.field_values("inflight", peer.inflight);
        out.field("addr_relay_enabled", peer.addr_relay_enabled);
        out.field("addr_processed", peer.addr_processed);
        out.field("addr_rate_limited", peer.addr_rate_limited);
        out.field_values("permissions", peer.permissions);
        out.field("minfeefilter", peer.min_fee_filter);
        write_bytes_per_message(out, "bytessent_per_msg", peer.bytes_sent_per_message);
        write_bytes_per_message(out, "bytesrecv_per_msg", peer.bytes_received_per_message);
        out.field("connection_type", peer.inbound  ? "inbound"
                                     : peer.manual ? "manual"
                                                   : "outbound-full-relay");
        out.field("transport_protocol_type", "v1");
        out.field("session_id", "");
    });
}

void getpeerinfo(Call& call) {
    const auto peers = call.ask([](NodeControl& node) { return node.peers(); });
    call.out().array([&] {
        for (const PeerSummary& peer : peers) write_peer(call.out(), peer);
    });
}

uint32_t connection_count(const NetworkSummary& network) {
    return network.connections_in + network.connections_out;
}

void getconnectioncount(Call& call) {
    call.out().value(connection_count(call.ask([](NodeControl& node) { return node.network(); })));
}

void write_networks(JsonWriter& out) {
    out.field_array("networks", [&] {
        for (const char* name : {"ipv4", "ipv6", "onion", "i2p", "cjdns"}) {
            const bool reachable = std::string_view{name}.starts_with("ip");
            out.object([&] {
                out.field("name", name);
                out.field("limited", !reachable);
                out.field("reachable", reachable);
                out.field("proxy", "");
                out.field("proxy_randomize_credentials", false);
            });
        }
    });
}

/// The release of bitcoind whose behaviour clients may expect.
constexpr int kCompatibleVersion = 310'000;

void getnetworkinfo(Call& call) {
    MempoolSummary pool;
    std::vector<std::string> warnings;
    const NetworkSummary network = call.ask([&](NodeControl& node) {
        pool = node.mempool();
        warnings = node.chain().warnings;
        return node.network();
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("version", kCompatibleVersion);
        out.field("subversion", network.user_agent);
        out.field("protocolversion", network.protocol_version);
        out.field("localservices", fmt::format("{:016x}", network.local_services));
        out.field_values("localservicesnames", service_names(network.local_services));
        out.field("localrelay", network.relay_transactions);
        out.field("timeoffset", 0);
        out.field("networkactive", network.active);
        out.field("connections", connection_count(network));
        out.field("connections_in", network.connections_in);
        out.field("connections_out", network.connections_out);
        write_networks(out);
        out.field("relayfee", pool.min_relay_fee_rate);
        out.field("incrementalfee", pool.incremental_fee_rate);
        out.field_array("localaddresses", [&] {
            for (const auto& [address, port] : network.local_addresses) {
                out.object([&] {
                    out.field("address", address);
                    out.field("port", port);
                    out.field("score", 1);
                });
            }
        });
        out.field_values("warnings", warnings);
    });
}

void getnettotals(Call& call) {
    TimePoint now;
    const NetworkSummary network = call.ask([&](NodeControl& node) {
        now = node.chain().now;
        return node.network();
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("totalbytesrecv", network.bytes_received);
        out.field("totalbytessent", network.bytes_sent);
        out.field("timemillis",
                  std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count());
        out.field_object("uploadtarget", [&] {
            out.field("timeframe", 86'400);
            out.field("target", 0);
            out.field("target_reached", false);
            out.field("serve_historical_blocks", true);
            out.field("bytes_left_in_cycle", 0);
            out.field("time_left_in_cycle", 0);
        });
    });
}

void ping(Call& call) {
    call.ask([](NodeControl& node) { node.ping_peers(); });
}

void addnode(Call& call) {
    const std::string address = call.string(0);
    const std::string command = call.string(1);
    if (command != "add" && command != "remove" && command != "onetry")
        fail(Code::misc, fmt::format("Invalid command \"{}\": it must be add, remove or onetry\n{}",
                                     command, help_text(call.method())));
    if (call.boolean(2))
        fail(Code::invalid_parameter,
             "Error: v2transport requested but this node speaks the v1 "
             "transport only; leave v2transport out");
    const AddNodeAction action = command == "add"      ? AddNodeAction::add
                                 : command == "remove" ? AddNodeAction::remove
                                                       : AddNodeAction::onetry;
    call.ask([&](NodeControl& node) { unwrap(node.add_node(address, action)); });
}

void disconnectnode(Call& call) {
    const std::string address = call.string(0);
    const bool by_address = !address.empty();
    const bool by_id = call.has(1);
    if (by_address == by_id)
        fail(Code::invalid_params, "Only one of address and nodeid should be provided.");
    const int64_t id = call.integer(1, 0);
    call.ask([&](NodeControl& node) {
        if (by_address)
            unwrap(node.disconnect_node(address));
        else if (id < 0)
            fail(Code::node_not_connected, "Node not found in connected nodes");
        else
            unwrap(node.disconnect_node(PeerId{static_cast<uint64_t>(id)}));
    });
}

void getaddednodeinfo(Call& call) {
    auto nodes = call.ask([](NodeControl& node) { return node.added_nodes(); });
    if (call.has(0)) {
        const std::string wanted = call.string(0);
        std::erase_if(nodes, [&](const AddedNode& node) { return node.address != wanted; });
        if (nodes.empty()) fail(Code::node_not_added, "Error: Node has not been added.");
    }
    JsonWriter& out = call.out();
    out.array([&] {
        for (const AddedNode& node : nodes) {
            out.object([&] {
                out.field("addednode", node.address);
                out.field("connected", node.connection.has_value());
                out.field_array("addresses", [&] {
                    if (!node.connection) return;
                    out.object([&] {
                        out.field("address", node.connection->first);
                        out.field("connected", node.connection->second ? "inbound" : "outbound");
                    });
                });
            });
        }
    });
}

void getnodeaddresses(Call& call) {
    const int64_t count = call.integer(0, 1, INT32_MIN, INT32_MAX);
    if (count < 0) fail(Code::invalid_parameter, "Address count out of range");
    auto addresses = call.ask([](NodeControl& node) { return node.known_addresses(); });
    if (call.has(1)) {
        const std::string wanted = call.string(1);
        std::erase_if(addresses, [&](const KnownAddress& address) {
            const bool ipv6 = address.host.find(':') != std::string::npos;
            return wanted != (ipv6 ? "ipv6" : "ipv4");
        });
    }
    if (count > 0 && addresses.size() > static_cast<size_t>(count))
        addresses.resize(static_cast<size_t>(count));
    JsonWriter& out = call.out();
    out.array([&] {
        for (const KnownAddress& address : addresses) {
            out.object([&] {
                out.field("time", to_unix_seconds(address.last_seen));
                out.field("services", address.services);
                out.field("address", address.host);
                out.field("port", address.port);
                const bool ipv6 = address.host.find(':') != std::string::npos;
                out.field("network", ipv6 ? "ipv6" : "ipv4");
            });
        }
    });
}

void setnetworkactive(Call& call) {
    const bool active = call.boolean(0);
    call.out().value(call.ask([&](NodeControl& node) {
        node.set_network_active(active);
        return node.network().active;
    }));
}

std::vector<Method> network_view_methods() {
    using enum ParameterType;
    return {
        {.name = "getpeerinfo",
         .category = "network",
         .description = "Returns data about each connected network peer as a json array of "
                        "objects.",
         .parameters = {},
         .result = "[{id, addr, network, services, version, subver, inbound, ...},...]"
                   "    (json array)",
         .example = "",
         .handler = &getpeerinfo},
        {.name = "getconnectioncount",
         .category = "network",
         .description = "Returns the number of connections to other nodes.",
         .parameters = {},
         .result = "n    (numeric) The connection count",
         .example = "",
         .handler = &getconnectioncount},
        {.name = "getnetworkinfo",
         .category = "network",
         .description = "Returns an object containing various state info regarding P2P networking.",
         .parameters = {},
         .result = "{version, subversion, protocolversion, connections, networks, relayfee, ...}"
                   "    (json object)",
         .example = "",
         .handler = &getnetworkinfo},
        {.name = "getnettotals",
         .category = "network",
         .description = "Returns information about network traffic, including bytes in, bytes out, "
                        "and current system time.",
         .parameters = {},
         .result = "{totalbytesrecv, totalbytessent, timemillis, uploadtarget}    (json object)",
         .example = "",
         .handler = &getnettotals},
        {.name = "getaddednodeinfo",
         .category = "network",
         .description = "Returns information about the given added node, or all added nodes.",
         .parameters = {{"node", string, false, "all nodes",
                         "If provided, return information about "
                         "this specific node only."}},
         .result = "[{addednode, connected, addresses},...]    (json array)",
         .example = "\"192.168.0.201\"",
         .handler = &getaddednodeinfo},
        {.name = "getnodeaddresses",
         .category = "network",
         .description = "Return known addresses of peers.",
         .parameters = {{"count", number, false, "1",
                         "The maximum number of addresses to return. Specify 0 to return all known "
                         "addresses."},
                        {"network", string, false, "all networks",
                         "Return only addresses of the specified network: ipv4 or ipv6."}},
         .result = "[{time, services, address, port, network},...]    (json array)",
         .example = "8",
         .handler = &getnodeaddresses},
    };
}

std::vector<Method> network_control_methods() {
    using enum ParameterType;
    return {
        {.name = "ping",
         .category = "network",
         .description = "Requests that a ping be sent to all other nodes, to measure ping time.\n"
                        "Results are provided in getpeerinfo.",
         .parameters = {},
         .result = "null    (json null)",
         .example = "",
         .handler = &ping},
        {.name = "addnode",
         .category = "network",
         .description = "Attempts to add or remove a node from the addnode list.\nOr try a "
                        "connection to a node once.",
         .parameters = {{"node", string, true, "", "The address of the peer to connect to"},
                        {"command", string, true, "",
                         "'add' to add a node to the list, 'remove' to remove a node from the "
                         "list, 'onetry' to try a connection to the node once"},
                        {"v2transport", boolean, false, "false",
                         "Attempt to connect using BIP324 v2 transport protocol"}},
         .result = "null    (json null)",
         .example = "\"192.168.0.6:8333\" \"onetry\"",
         .handler = &addnode},
        {.name = "disconnectnode",
         .category = "network",
         .description =
             "Immediately disconnects from the specified peer node.\nStrictly one out of "
             "'address' and 'nodeid' can be provided to identify the node.",
         .parameters = {{"address", string, false, "fallback to nodeid",
                         "The IP address/port of the node"},
                        {"nodeid", number, false, "fallback to address",
                         "The node ID (see getpeerinfo for node IDs)"}},
         .result = "null    (json null)",
         .example = "\"\" 1",
         .handler = &disconnectnode},
        {.name = "setnetworkactive",
         .category = "network",
         .description = "Disable/enable all p2p network activity.",
         .parameters = {{"state", boolean, true, "",
                         "true to enable networking, false to disable"}},
         .result = "bool    (boolean) The value that was passed in",
         .example = "false",
         .handler = &setnetworkactive},
    };
}

}  // namespace

std::vector<Method> network_methods() {
    std::vector<Method> methods = network_view_methods();
    const auto more = network_control_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
