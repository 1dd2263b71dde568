// HttpAuth: who may use the JSON-RPC server: addresses (-rpcallowip) and credentials (cookie,
// -rpcuser and -rpcpassword, -rpcauth). RpcCookie: the cookie's file. No sockets here. Constant
// after construction, so thread-safe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/random.h"
#include "node/daemon/http/http_options.h"

namespace parley {

/// An address, IPv4 or IPv6, or a network of them.
class Subnet {
 public:
    /// "1.2.3.4", "1.2.3.0/24", "1.2.3.0/255.255.255.0", "::1", "fe80::/10".
    static std::optional<Subnet> parse(std::string_view text);
    /// `address` is numeric; false when it is none.
    bool contains(std::string_view address) const;

 private:
    using Address = std::array<uint8_t, 16>;  // IPv4 mapped into IPv6
    static std::optional<Address> parse_address(std::string_view text);

    Address network_{};
    Address mask_{};
};

class HttpAuth {
 public:
    /// `cookie` is "__cookie__:<hex>", or empty where a password was chosen. The error is a
    /// sentence that names the option.
    static Expected<HttpAuth, std::string> create(const HttpOptions& options,
                                                  const std::string& cookie);

    bool allows_address(std::string_view address) const;

    /// The user name of the value of an Authorization header; empty: not authorised.
    std::optional<std::string> authorise(std::string_view authorization) const;

 private:
    struct Salted {
        std::string user;
        std::string salt;
        std::string hash;  // HMAC-SHA256 with the salt as its key, in hex
    };
    std::vector<Subnet> allowed_;
    std::vector<std::string> plain_;  // "<user>:<password>"
    std::vector<Salted> salted_;
};

/// The file from which clients on this machine read their password. Gone with the object.
class RpcCookie {
 public:
    /// Writes a fresh one, whole or not at all. The error is a sentence.
    static Expected<RpcCookie, std::string> create(const std::string& path, unsigned permissions,
                                                   Random& secrets);
    RpcCookie(RpcCookie&& other) noexcept;
    RpcCookie& operator=(RpcCookie&&) = delete;
    ~RpcCookie();

    const std::string& text() const { return text_; }

 private:
    RpcCookie(std::string path, std::string text)
        : path_(std::move(path)), text_(std::move(text)) {}

    std::string path_;  // empty: moved away
    std::string text_;
};

}  // namespace parley
