// Methods for tests of networks: connections of a given type, addresses by hand, any message.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "net/addresses/address_tables.h"
#include "net/wire/protocol.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Empty: there is no such type that a user may ask for.
std::optional<ConnectionType> outbound_type(std::string_view name) {
    using enum ConnectionType;
    for (const ConnectionType type :
         {outbound_full_relay, block_relay_only, address_fetch, feeler}) {
        if (name == to_string(type)) return type;
    }
    return std::nullopt;
}

void addconnection(Call& call) {
    if (call.params().name != "regtest")
        fail(Code::misc, "addconnection is for regression testing (-regtest mode) only.");
    const std::string address = call.string(0);
    const std::string name = call.string(1);
    const auto type = outbound_type(name);
    if (!type)
        fail(Code::invalid_parameter,
             "connection_type must be outbound-full-relay, block-relay-only, addr-fetch or feeler");
    if (call.boolean(2))
        fail(Code::invalid_parameter,
             "Error: Adding v2transport connections requires -v2transport init flag to be set.");
    bool dialled = false;
    call.ask([&](Node& node) {
        node.command_peers([&](PeerManager& peers, NetTime now) {
            dialled = peers.add_connection(address, *type, now);
        });
    });
    if (!dialled)
        fail(Code::node_capacity, "Error: Already at capacity for specified connection type.");
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("address", address);
        out.field("connection_type", name);
    });
}

void sendmsgtopeer(Call& call) {
    const auto peer = static_cast<uint64_t>(call.integer(0, 0, 0, INT64_MAX));
    const std::string command = call.string(1);
    if (command.empty()) fail(Code::invalid_parameter, "Error: msg_type is empty");
    if (command.size() > kCommandSizeMax)
        fail(Code::invalid_parameter,
             fmt::format("Error: msg_type too long, max length is {}", kCommandSizeMax));
    const auto payload = from_hex(call.string(2));
    if (!payload) fail(Code::invalid_parameter, "Error parsing input for msg");
    bool sent = false;
    call.ask([&](Node& node) {
        node.command_peers([&](PeerManager& peers, NetTime now) {
            sent = peers.send_message(PeerId{peer}, command, *payload, now);
        });
    });
    if (!sent) fail(Code::misc, "Error: Could not send message to peer");
    call.out().object([] {});
}

void mockscheduler(Call& call) {
    if (call.params().name != "regtest")
        fail(Code::misc, "mockscheduler is for regression testing (-regtest mode) only");
    constexpr int64_t kSecondsMax = 3600;
    const int64_t seconds = call.long_integer(0);
    if (seconds <= 0 || seconds > kSecondsMax)
        fail(Code::misc, "delta_time must be between 1 and 3600 seconds (1 hr)");
    call.ask([&](Node& node) {
        node.command_peers([&](PeerManager& peers, NetTime) {
            peers.advance_schedule(std::chrono::seconds{seconds});
        });
    });
    call.host().advance_schedules(std::chrono::seconds{seconds});
    call.out().null();
}

void write_table(JsonWriter& out, std::string_view name, const std::vector<PlacedAddress>& table) {
    out.field_object(name, [&] {
        for (const PlacedAddress& placed : table) {
            const AddressRecord& record = placed.record;
            out.field_object(fmt::format("{}/{}", placed.bucket, placed.position), [&] {
                out.field("address", record.address.host.to_string());
                out.field("port", record.address.port);
                out.field("network", to_string(record.address.host.network()));
                out.field("services", record.address.services);
                out.field("time", record.seen);
                out.field("source", record.source.to_string());
                out.field("source_network", to_string(record.source.network()));
            });
        }
    });
}

void getrawaddrman(Call& call) {
    const auto tables = call.ask([](Node& node) {
        return std::pair{node.peers().placed_addresses(false), node.peers().placed_addresses(true)};
    });
    JsonWriter& out = call.out();
    out.object([&] {
        write_table(out, "new", tables.first);
        write_table(out, "tried", tables.second);
    });
}

void addpeeraddress(Call& call) {
    const bool cjdns =
        call.ask([](Node& node) { return node.peers().options().proxies.cjdns_reachable; });
    const auto host = HostAddress::parse(call.string(0), cjdns);
    if (!host) fail(Code::invalid_ip_or_subnet, "Invalid IP address");
    const auto port = static_cast<uint16_t>(call.integer(1, 0, 1, UINT16_MAX));
    const bool tried = call.boolean(2, false);
    const NetAddress address{kServiceNetwork | kServiceWitness, *host, port};
    const AddAddressResult result = call.ask([&](Node& node) {
        AddAddressResult added{};
        node.command_peers([&](PeerManager& peers, NetTime time) {
            added = peers.add_address(address, tried, time.now);
        });
        return added;
    });
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("success", result == AddAddressResult::done);
        if (result == AddAddressResult::not_added) out.field("error", "failed-adding-to-new");
        if (result == AddAddressResult::not_tried) out.field("error", "failed-adding-to-tried");
    });
}

}  // namespace

std::vector<Method> network_test_methods() {
    using enum ParameterType;
    return {
        {.name = "mockscheduler",
         .category = "control",
         .description =
             "Make what this node does from time to time due earlier, such as announcing "
             "its own transactions again. Available on regtest only.",
         .parameters = {{"delta_time", number, true, "", "Seconds, at most 3600."}},
         .result = "null",
         .example = "900",
         .handler = &mockscheduler,
         .hidden = true},
        {.name = "addconnection",
         .category = "network",
         .description = "Open an outbound connection of the given type, within the limit of its "
                        "type. Available on regtest only.",
         .parameters = {{"address", string, true, "", "The IP address and port to connect to."},
                        {"connection_type", string, true, "",
                         "outbound-full-relay, block-relay-only, addr-fetch or feeler."},
                        {"v2transport", boolean, true, "",
                         "This node speaks the v1 transport only."}},
         .result = "{address, connection_type}    (json object)",
         .example = "\"192.168.0.6:8333\" \"outbound-full-relay\"",
         .handler = &addconnection,
         .hidden = true},
        {.name = "sendmsgtopeer",
         .category = "network",
         .description = "Send a message to a peer. For tests.",
         .parameters = {{"peer_id", number, true, "", "The peer to send the message to."},
                        {"msg_type", string, true, "", "The message type."},
                        {"msg", hex, true, "", "The serialized message body, in hex."}},
         .result = "{}    (empty json object)",
         .example = "0 \"addr\" \"ffffff\"",
         .handler = &sendmsgtopeer,
         .hidden = true},
        {.name = "addpeeraddress",
         .category = "network",
         .description = "Add the address of a potential peer to the known addresses. For tests.",
         .parameters = {{"address", string, true, "", "The IP address of the peer."},
                        {"port", number, true, "", "The port of the peer."},
                        {"tried", boolean, false, "false",
                         "If true, attempt to add it to the table of tried addresses."}},
         .result = "{success, error}    (json object)",
         .example = "\"1.2.3.4\" 8333 true",
         .handler = &addpeeraddress,
         .hidden = true},
        {.name = "getrawaddrman",
         .category = "network",
         .description = "Return the tables of known addresses: each with its bucket and position.",
         .parameters = {},
         .result = "{new: {bucket/position: {address, port, network, services, time, source, "
                   "source_network},...}, tried: {...}}    (json object)",
         .example = "",
         .handler = &getrawaddrman,
         .hidden = true},
    };
}

}  // namespace parley::rpc
