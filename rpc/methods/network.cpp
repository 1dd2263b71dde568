// Peers: connected peers, traffic, known addresses, and commands to connect and disconnect.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

double to_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

void write_bytes_per_message(JsonWriter& out, std::string_view name,
                             const std::map<std::string, uint64_t>& bytes) {
    out.field_object(name, [&] {
        for (const auto& [message, count] : bytes) out.field(message, count);
    });
}

/// Unix seconds; zero if the event never happened.
int64_t seconds_or_zero(const std::optional<TimePoint>& time) {
    return time ? to_unix_seconds(*time) : 0;
}

void write_peer_traffic(JsonWriter& out, const PeerInfo& peer) {
    out.field("lastsend", seconds_or_zero(peer.last_send));
    out.field("lastrecv", seconds_or_zero(peer.last_receive));
    out.field("last_transaction", seconds_or_zero(peer.last_transaction));
    out.field("last_block", seconds_or_zero(peer.last_block));
    out.field("bytessent", peer.bytes_sent);
    out.field("bytesrecv", peer.bytes_received);
    out.field("conntime", to_unix_seconds(peer.connected_at));
    out.field("timeoffset", peer.time_offset);
    if (peer.ping_time) out.field("pingtime", to_seconds(*peer.ping_time));
    if (peer.ping_min) out.field("minping", to_seconds(*peer.ping_min));
    if (peer.ping_wait) out.field("pingwait", to_seconds(*peer.ping_wait));
}

void write_peer(JsonWriter& out, const PeerInfo& peer) {
    const bool inbound = peer.connection_type == ConnectionType::inbound;
    const std::string address = to_string(peer.address);
    const std::string bound_address = to_string(peer.address_bind);
    out.object([&] {
        out.field("id", peer.id);
        out.field("addr", address);
        if (!bound_address.empty()) out.field("addrbind", bound_address);
        if (!peer.address_local.empty()) out.field("addrlocal", peer.address_local);
        out.field("network", network_name(peer.address));
        out.field("services", fmt::format("{:016x}", peer.services));
        out.field_values("servicesnames", service_names(peer.services));
        out.field("relaytxes", peer.relay_transactions);
        write_peer_traffic(out, peer);
        out.field("version", peer.version);
        out.field("subver", peer.user_agent);
        out.field("inbound", inbound);
        out.field("bip152_hb_to", false);
        out.field("bip152_hb_from", false);
        out.field("startingheight", peer.starting_height);
        out.field("presynced_headers", peer.presynced_headers);
        out.field("synced_headers", peer.synced_headers);
        out.field("synced_blocks", peer.synced_blocks);
        out.field_values("inflight", peer.heights_in_flight);
        out.field("addr_relay_enabled", peer.address_relay);
        out.field("addr_processed", peer.addresses_processed);
        out.field("addr_rate_limited", peer.addresses_rate_limited);
        out.field_values("permissions", peer.permissions.names());
        out.field("minfeefilter", Amount{peer.fee_filter});
        write_bytes_per_message(out, "bytessent_per_msg", peer.bytes_sent_per_message);
        write_bytes_per_message(out, "bytesrecv_per_msg", peer.bytes_received_per_message);
        out.field("connection_type", to_string(peer.connection_type == ConnectionType::address_fetch
                                                   ? ConnectionType::outbound_full_relay
                                                   : peer.connection_type));
        out.field("transport_protocol_type", "v1");
        out.field("session_id", "");
    });
}

void getpeerinfo(Call& call) {
    const auto peers = call.ask([](Node& node) { return node.peers().peer_infos(node.now()); });
    call.out().array([&] {
        for (const PeerInfo& peer : peers) write_peer(call.out(), peer);
    });
}

size_t connection_count(const PeerManager& peers) {
    return peers.peer_count(true) + peers.peer_count(false);
}

void getconnectioncount(Call& call) {
    call.out().value(call.ask([](Node& node) { return connection_count(node.peers()); }));
}

void write_networks(JsonWriter& out, const NetOptions& options) {
    out.field_array("networks", [&] {
        for (const char* name : {"ipv4", "ipv6", "onion", "i2p", "cjdns"}) {
            const std::string_view network{name};
            const bool reachable = (network == "ipv4" && options.dial_ipv4) ||
                                   (network == "ipv6" && options.dial_ipv6);
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

/// The bitcoind release whose interface this node implements; clients decide by it what they can
/// expect.
constexpr int kCompatibleVersion = 310'000;

void getnetworkinfo(Call& call) {
    JsonWriter& out = call.out();
    call.ask([&](Node& node) {
        const PeerManager& peers = node.peers();
        const NetOptions& options = peers.options();
        const MempoolOptions& relay = node.mempool().options();
        out.object([&] {
            out.field("version", kCompatibleVersion);
            out.field("subversion", options.user_agent);
            out.field("protocolversion", kProtocolVersion);
            out.field("localservices", fmt::format("{:016x}", options.services));
            out.field_values("localservicesnames", service_names(options.services));
            out.field("localrelay", !options.blocks_only);
            out.field("timeoffset", 0);
            out.field("networkactive", peers.network_active());
            out.field("connections", connection_count(peers));
            out.field("connections_in", peers.peer_count(true));
            out.field("connections_out", peers.peer_count(false));
            write_networks(out, options);
            out.field("relayfee", Amount{relay.min_relay_fee.value()});
            out.field("incrementalfee", Amount{relay.incremental_relay_fee.value()});
            out.field_array("localaddresses", [] {});
            out.field_values("warnings", node.warnings());
        });
    });
}

void getnettotals(Call& call) {
    TimePoint now;
    const NetTotals totals = call.ask([&](Node& node) {
        now = node.now();
        return node.peers().totals();
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("totalbytesrecv", totals.bytes_received);
        out.field("totalbytessent", totals.bytes_sent);
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
    call.ask([](Node& node) {
        node.command_peers([](PeerManager& peers, NetTime now) { peers.ping_all(now); });
    });
}

void addnode(Call& call) {
    const std::string address = call.string(0);
    const std::string command = call.string(1);
    if (command != "add" && command != "remove" && command != "onetry")
        fail(Code::misc, fmt::format("Invalid command \"{}\": must be add, remove or onetry\n{}",
                                     command, help_text(call.method())));
    if (call.boolean(2))
        fail(Code::invalid_parameter,
             "Error: v2transport requested but this node only supports the v1 transport; omit "
             "v2transport");
    using Command = AddNodeCommand;
    using Done = AddNodeResult;
    const Command action = command == "add"      ? Command::add
                           : command == "remove" ? Command::remove
                                                 : Command::one_try;
    switch (call.ask([&](Node& node) { return node.add_node(address, action); })) {
        case Done::done:
            return;
        case Done::already_added:
            fail(Code::node_already_added, "Error: Node already added");
        case Done::not_added:
            fail(Code::node_not_added,
                 "Error: Node could not be removed. It has not been added previously.");
        case Done::malformed:
            fail(Code::invalid_ip_or_subnet,
                 "node: \"" + address + "\" must have the form host, host:port or [ip6]:port");
    }
}

void disconnectnode(Call& call) {
    const std::string address = call.string(0);
    const bool by_address = !address.empty();
    const bool by_id = call.has(1);
    if (by_address == by_id)
        fail(Code::invalid_params, "Only one of address and nodeid should be provided.");
    const int64_t id = call.integer(1, 0);
    bool found = false;
    call.ask([&](Node& node) {
        node.command_peers([&](PeerManager& peers, NetTime now) {
            found = by_address
                        ? peers.disconnect(address, now)
                        : id >= 0 && peers.disconnect(PeerId{static_cast<uint64_t>(id)}, now);
        });
    });
    if (!found) fail(Code::node_not_connected, "Node not found in connected nodes");
}

void getaddednodeinfo(Call& call) {
    auto nodes = call.ask([](Node& node) { return node.peers().added_nodes(); });
    if (call.has(0)) {
        const std::string wanted = call.string(0);
        std::erase_if(nodes, [&](const AddedNodeInfo& node) { return node.added_node != wanted; });
        if (nodes.empty()) fail(Code::node_not_added, "Error: Node has not been added.");
    }
    JsonWriter& out = call.out();
    out.array([&] {
        for (const AddedNodeInfo& node : nodes) {
            out.object([&] {
                out.field("addednode", node.added_node);
                out.field("connected", node.connected_to.has_value());
                out.field_array("addresses", [&] {
                    if (!node.connected_to) return;
                    out.object([&] {
                        out.field("address", to_string(*node.connected_to));
                        out.field("connected", node.inbound ? "inbound" : "outbound");
                    });
                });
            });
        }
    });
}

/// Bounds the size of the reply; far more addresses than a client needs.
constexpr size_t kKnownAddressesMax = 10'000;

void getnodeaddresses(Call& call) {
    const int64_t count = call.integer(0, 1, INT32_MIN, INT32_MAX);
    if (count < 0) fail(Code::invalid_parameter, "Address count out of range");
    auto addresses =
        call.ask([](Node& node) { return node.peers().known_addresses(kKnownAddressesMax); });
    if (call.has(1)) {
        const std::string wanted = call.string(1);
        std::erase_if(addresses, [&](const KnownAddress& address) {
            const bool ipv6 = address.endpoint.host.find(':') != std::string::npos;
            return wanted != (ipv6 ? "ipv6" : "ipv4");
        });
    }
    if (count > 0 && addresses.size() > static_cast<size_t>(count))
        addresses.resize(static_cast<size_t>(count));
    JsonWriter& out = call.out();
    out.array([&] {
        for (const KnownAddress& address : addresses) {
            out.object([&] {
                out.field("time", address.last_seen);
                out.field("services", address.services);
                out.field("address", address.endpoint.host);
                out.field("port", address.endpoint.port);
                const bool ipv6 = address.endpoint.host.find(':') != std::string::npos;
                out.field("network", ipv6 ? "ipv6" : "ipv4");
            });
        }
    });
}

void setnetworkactive(Call& call) {
    const bool active = call.boolean(0);
    call.out().value(call.ask([&](Node& node) {
        node.command_peers(
            [active](PeerManager& peers, NetTime now) { peers.set_network_active(active, now); });
        return node.peers().network_active();
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
