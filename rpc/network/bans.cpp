// Banned addresses and networks: setban, listbanned, clearbanned.
#include <algorithm>
#include <vector>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

Subnet read_subnet(const std::string& text) {
    const auto subnet = Subnet::parse(text);
    if (!subnet) fail(Code::invalid_ip_or_subnet, "Error: Invalid IP/Subnet");
    return *subnet;
}

/// From the arguments bantime and absolute.
TimePoint ban_end(Node& node, int64_t time_s, bool absolute) {
    const TimePoint now = node.now();
    if (absolute && time_s < to_unix_seconds(now))
        fail(Code::invalid_parameter, "Error: Absolute timestamp is in the past");
    if (time_s <= 0) return now + node.peers().options().ban_time;
    // Longer bans end with the 32-bit time of block headers.
    const int64_t end_s =
        std::min<int64_t>(time_s, UINT32_MAX) + (absolute ? 0 : to_unix_seconds(now));
    return from_unix_seconds(std::min<int64_t>(end_s, UINT32_MAX));
}

/// Asked by the host in the order in which it stores the lists.
void store_bans(Call& call) {
    call.host().store_bans(
        [&] { return call.ask([](Node& node) { return node.peers().bans(node.now()); }); });
}

void remove_ban(Node& node, const Subnet& subnet) {
    bool found = false;
    node.command_peers([&](PeerManager& peers, NetTime) { found = peers.unban(subnet); });
    if (!found)
        fail(Code::invalid_ip_or_subnet,
             "Error: Unban failed. Requested address/subnet was not previously manually banned.");
}

void setban(Call& call) {
    const std::string command = call.string(1);
    if (command != "add" && command != "remove") fail(Code::misc, help_text(call.method()));
    const std::string text = call.string(0);
    const Subnet subnet = read_subnet(text);
    const bool single = text.find('/') == std::string::npos;
    const std::string canonical = subnet.to_string();
    const std::string_view address = std::string_view{canonical}.substr(0, canonical.find('/'));
    const int64_t time_s = call.long_integer(2);
    const bool absolute = call.boolean(3);
    call.ask([&](Node& node) {
        if (command == "remove") return remove_ban(node, subnet);
        // An address in a banned network is banned already; a wider network is not.
        const bool known =
            std::ranges::any_of(node.peers().bans(node.now()), [&](const BannedSubnet& ban) {
                return ban.subnet == subnet || (single && ban.subnet.contains(address));
            });
        if (known) fail(Code::node_already_added, "Error: IP/Subnet already banned");
        const TimePoint end = ban_end(node, time_s, absolute);
        node.command_peers([&](PeerManager& peers, NetTime now) { peers.ban(subnet, end, now); });
    });
    store_bans(call);
}

void listbanned(Call& call) {
    TimePoint now;
    const auto bans = call.ask([&](Node& node) {
        now = node.now();
        return node.peers().bans(now);
    });
    JsonWriter& out = call.out();
    out.array([&] {
        for (const BannedSubnet& ban : bans) {
            const int64_t created = to_unix_seconds(ban.created);
            const int64_t until = to_unix_seconds(ban.until);
            out.object([&] {
                out.field("address", ban.subnet.to_string());
                out.field("ban_created", created);
                out.field("banned_until", until);
                out.field("ban_duration", until - created);
                out.field("time_remaining", until - to_unix_seconds(now));
            });
        }
    });
}

void clearbanned(Call& call) {
    call.ask([](Node& node) {
        node.command_peers([](PeerManager& peers, NetTime) { peers.clear_bans(); });
    });
    store_bans(call);
}

}  // namespace

std::vector<Method> ban_methods() {
    using enum ParameterType;
    return {
        {.name = "setban",
         .category = "network",
         .description =
             "Bans an address or a network of addresses, or removes its ban. Connections to "
             "what is banned are closed; bans are kept over a restart.",
         .parameters = {{"subnet", string, true, "",
                         "The address, or a network such as 192.168.0.0/24"},
                        {"command", string, true, "", "add or remove"},
                        {"bantime", number, false, "0",
                         "How long the ban lasts in seconds, or, with absolute, when it ends; 0: "
                         "as long as -bantime says"},
                        {"absolute", boolean, false, "false",
                         "Whether bantime is a time in Unix seconds"}},
         .result = "null    (json null)",
         .example = "\"192.168.0.0/24\" add 86400",
         .handler = &setban},
        {.name = "listbanned",
         .category = "network",
         .description = "Lists all manually banned addresses and networks.",
         .parameters = {},
         .result = "[{address, ban_created, banned_until, ban_duration, time_remaining},...]"
                   "    (json array)",
         .example = "",
         .handler = &listbanned},
        {.name = "clearbanned",
         .category = "network",
         .description = "Clears all banned addresses and networks.",
         .parameters = {},
         .result = "null    (json null)",
         .example = "",
         .handler = &clearbanned},
    };
}

}  // namespace parley::rpc
