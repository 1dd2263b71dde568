// Connections that the user asks for: to open, to close, to ping.
#include <fmt/format.h>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

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

/// Why the block is not to be fetched, in bitcoind's words; empty: it may be.
std::string fetch_problem(const Chainstate& chain, const HeaderNode* header) {
    if (header == nullptr) return "Block header missing";
    // A block above the tip would keep its file from being pruned until the chain is there.
    if (chain.prune_state().enabled && header->height > chain.index().tip().height)
        return "In prune mode, only blocks that the node has already synced previously can be "
               "fetched from a peer";
    return header->has_body() || header->parent == nullptr ? "Block already downloaded" : "";
}

void getblockfrompeer(Call& call) {
    const BlockHash hash = call.block_hash(0);
    const auto peer = static_cast<uint64_t>(call.long_integer(1));  // a negative one is no peer's
    const std::string problem = call.ask([&](Node& node) {
        const HeaderNode* header = node.chain().index().find(hash);
        std::string found = fetch_problem(node.chain(), header);
        if (!found.empty()) return found;
        node.command_peers([&](PeerManager& peers, NetTime now) {
            found = peers.fetch_block(*header, PeerId{peer}, now);
        });
        return found;
    });
    if (!problem.empty()) fail(Code::misc, problem);
    call.out().object([] {});
}

void disconnectnode(Call& call) {
    const std::string address = call.string(0);
    const bool by_id = call.has(1);
    const bool by_address = !by_id && call.has(0);
    if (!by_address && (!by_id || !address.empty()))
        fail(Code::invalid_params, "Only one of address and nodeid should be provided.");
    const int64_t id = call.long_integer(1);
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

void setnetworkactive(Call& call) {
    const bool active = call.boolean(0);
    call.out().value(call.ask([&](Node& node) {
        node.command_peers(
            [active](PeerManager& peers, NetTime now) { peers.set_network_active(active, now); });
        return node.peers().network_active();
    }));
}

}  // namespace

std::vector<Method> connection_methods() {
    using enum ParameterType;
    return {
        {.name = "getaddednodeinfo",
         .category = "network",
         .description = "Returns information about the given added node, or all added nodes.",
         .parameters = {{"node", string, false, "all nodes",
                         "If provided, return information about "
                         "this specific node only."}},
         .result = "[{addednode, connected, addresses},...]    (json array)",
         .example = "\"192.168.0.201\"",
         .handler = &getaddednodeinfo},
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
        {.name = "getblockfrompeer",
         .category = "blockchain",
         .description =
             "Requests a block, of which the header is known, from a peer. The block may "
             "arrive later, or never.",
         .parameters = {{"blockhash", hex, true, "", "The block to fetch"},
                        {"peer_id", number, true, "",
                         "The peer to fetch it from (see getpeerinfo for peer IDs)"}},
         .result = "{}    (empty json object)",
         .example = "\"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09\" 0",
         .handler = &getblockfrompeer},
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

}  // namespace parley::rpc
