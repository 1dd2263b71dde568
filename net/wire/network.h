// Network: the networks in which a node can have an address, as BIP155 and the RPC name them. A
// value for each of them is a PerNetwork. Thread-safe: values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley {

enum class Network : uint8_t { ipv4, ipv6, onion, i2p, cjdns };

/// In the order in which the RPC lists them.
inline constexpr std::array kNetworks{Network::ipv4, Network::ipv6, Network::onion, Network::i2p,
                                      Network::cjdns};

std::string_view to_string(Network network);
/// "onion", in small or capital letters. Empty: no network.
std::optional<Network> parse_network(std::string_view name);

/// The network to which a host belongs: a numeric address, or a name under .onion or .b32.i2p.
/// Empty: an address that means something on this machine or in a private network only, or a name
/// that must be looked up. `cjdns`: fc00::/8 is the network of CJDNS, and not private.
std::optional<Network> network_of(std::string_view host, bool cjdns);

template <class T>
class PerNetwork {
 public:
    PerNetwork() : values_() {}
    T& operator[](Network network) { return values_[static_cast<size_t>(network)]; }
    const T& operator[](Network network) const { return values_[static_cast<size_t>(network)]; }
    bool operator==(const PerNetwork&) const = default;

 private:
    std::array<T, kNetworks.size()> values_;
};

}  // namespace parley
