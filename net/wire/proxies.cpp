#include "net/wire/proxies.h"

#include "net/wire/ip_address.h"

namespace parley {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

}  // namespace

std::string_view Proxy::unix_path() const {
    const std::string_view text = address;
    return text.starts_with(kUnixPrefix) ? text.substr(kUnixPrefix.size()) : std::string_view{};
}

Route Proxies::route(std::string_view host) const {
    using enum Route::Kind;
    const auto network = network_of(host, cjdns_reachable);
    if (network && networks[*network].is_set()) return {proxied, networks[*network]};
    if (network == Network::i2p)
        return {refused, {}, std::string(host) + " needs an I2P router; give one with -i2psam"};
    if (network == Network::onion)
        return {refused, {}, std::string(host) + " needs a proxy of Tor; give one with -onion"};
    if (network || IpAddress::parse(host.substr(0, host.find('%')))) return {direct};
    if (names.is_set()) return {proxied, names};
    return {look_up};
}

}  // namespace parley
