// Known addresses of nodes, to which no connection needs to exist.
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

/// Bounds the size of the reply; far more addresses than a client needs.
constexpr size_t kKnownAddressesMax = 10'000;

void getnodeaddresses(Call& call) {
    const int64_t count = call.integer(0, 1);
    if (count < 0) fail(Code::invalid_parameter, "Address count out of range");
    auto addresses =
        call.ask([](Node& node) { return node.peers().known_addresses(kKnownAddressesMax); });
    if (call.has(1)) {
        const auto wanted = parse_network(call.string(1));
        if (!wanted)
            fail(Code::invalid_parameter,
                 fmt::format("Network not recognized: {}", call.string(1)));
        std::erase_if(addresses,
                      [&](const KnownAddress& address) { return address.network != *wanted; });
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
                out.field("network", to_string(address.network));
            });
        }
    });
}

/// How many addresses of one network are known.
struct AddressCount {
    int64_t untried = 0;
    int64_t tried = 0;
};

void getaddrmaninfo(Call& call) {
    PerNetwork<AddressCount> counts;
    AddressCount all;
    for (const KnownAddress& address :
         call.ask([](Node& node) { return node.peers().known_addresses(kKnownAddressesMax); })) {
        for (AddressCount* count : {&counts[address.network], &all})
            ++(address.tried ? count->tried : count->untried);
    }
    JsonWriter& out = call.out();
    const auto write = [&](std::string_view name, const AddressCount& count) {
        out.field_object(name, [&] {
            out.field("new", count.untried);
            out.field("tried", count.tried);
            out.field("total", count.untried + count.tried);
        });
    };
    out.object([&] {
        for (const Network network : kNetworks) write(to_string(network), counts[network]);
        write("all_networks", all);
    });
}

}  // namespace

std::vector<Method> address_methods() {
    using enum ParameterType;
    return {
        {.name = "getaddrmaninfo",
         .category = "network",
         .description = "Returns how many addresses of nodes are known: new ones, and those to "
                        "which a connection has succeeded.",
         .parameters = {},
         .result = "{network: {new, tried, total},..., all_networks: {new, tried, total}}"
                   "    (json object)",
         .example = "",
         .handler = &getaddrmaninfo},
        {.name = "getnodeaddresses",
         .category = "network",
         .description = "Return known addresses of peers.",
         .parameters =
             {{"count", number, false, "1",
               "The maximum number of addresses to return. Specify 0 to return all known "
               "addresses."},
              {"network", string, false, "all networks",
               "Return only addresses of the specified network: ipv4, ipv6, onion, i2p or cjdns."}},
         .result = "[{time, services, address, port, network},...]    (json array)",
         .example = "8",
         .handler = &getnodeaddresses},
    };
}

}  // namespace parley::rpc
