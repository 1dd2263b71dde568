// Reports about peers: connected peers, traffic, networks.
#include <fmt/format.h>

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
    out.object([&] {
        out.field("id", peer.id);
        out.field("addr", address);
        // Empty for a connection through the local socket of a proxy.
        if (!peer.address_bind.host.empty()) out.field("addrbind", to_string(peer.address_bind));
        if (!peer.address_local.empty()) out.field("addrlocal", peer.address_local);
        out.field("network", peer.network);
        out.field("services", fmt::format("{:016x}", peer.services));
        out.field_values("servicesnames", service_names(peer.services));
        out.field("relaytxes", peer.relay_transactions);
        out.field("last_inv_sequence", peer.last_inv_sequence);
        out.field("inv_to_send", peer.inv_to_send);
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
        out.field("connection_type", to_string(peer.connection_type));
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
        for (const Network network : kNetworks) {
            const Proxy& proxy = options.proxies.networks[network];
            out.object([&] {
                out.field("name", to_string(network));
                out.field("limited", !options.reachable[network]);
                out.field("reachable", options.reachable[network]);
                out.field("proxy", proxy.address);
                out.field("proxy_randomize_credentials",
                          proxy.is_set() && proxy.randomize_credentials);
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
            out.field("localservices", fmt::format("{:016x}", peers.services()));
            out.field_values("localservicesnames", service_names(peers.services()));
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
            const UploadTargetState& upload = totals.upload_target;
            out.field("timeframe",
                      std::chrono::floor<std::chrono::seconds>(UploadTarget::kCycle).count());
            out.field("target", upload.target);
            out.field("target_reached", upload.reached);
            out.field("serve_historical_blocks", upload.serves_old_blocks);
            out.field("bytes_left_in_cycle", upload.bytes_left);
            out.field("time_left_in_cycle",
                      std::chrono::floor<std::chrono::seconds>(upload.time_left).count());
        });
    });
}

}  // namespace

std::vector<Method> network_methods() {
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
    };
}

}  // namespace parley::rpc
