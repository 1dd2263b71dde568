// HttpAuth: who may use the JSON-RPC server: addresses (-rpcallowip) and credentials (cookie,
// -rpcuser and -rpcpassword, -rpcauth). RpcCookie: the cookie file. Does not use sockets. Constant
// after construction, hence thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/random.h"
#include "net/wire/subnet.h"
#include "node/daemon/http/http_options.h"

namespace parley {

class HttpAuth {
 public:
    struct Problem {
        std::string sentence;   ///< names the option
        bool for_user = false;  ///< not for the log alone: bitcoind shows some on stderr
    };
    /// `cookie` is "__cookie__:<hex>", or empty if there is none.
    static Expected<HttpAuth, Problem> create(const HttpOptions& options,
                                              const std::string& cookie);

    bool allows_address(std::string_view address) const;

    /// The user name in the value of an Authorization header; empty: not authorised.
    std::optional<std::string> authorise(std::string_view authorization) const;
    /// The same, if it is the cookie's.
    std::optional<std::string> authorise_cookie(std::string_view authorization) const;

 private:
    struct Credentials {
        std::string user;
        std::string password;
        /// In constant time. `wanted`: "<user>:<password>"; empty: nobody's.
        bool equal(const std::string& wanted) const;
    };
    static std::optional<Credentials> parse(std::string_view authorization);

    struct Salted {
        std::string user;
        std::string salt;
        std::string hash;  // HMAC-SHA256 with the salt as its key, in hex
    };
    std::vector<Subnet> allowed_;
    std::string cookie_;    // "<user>:<password>", here and below; empty: none
    std::string password_;  // of -rpcuser and -rpcpassword
    std::vector<Salted> salted_;
};

/// The file from which local clients read the password. Removed by the destructor.
class RpcCookie {
 public:
    /// Writes a new cookie atomically. The error is a sentence.
    static Expected<RpcCookie, std::string> create(const std::string& path, unsigned permissions,
                                                   Random& secrets);
    RpcCookie(RpcCookie&& other) noexcept;
    RpcCookie& operator=(RpcCookie&&) = delete;
    ~RpcCookie();

    const std::string& text() const { return text_; }

 private:
    RpcCookie(std::string path, std::string text)
        : path_(std::move(path)), text_(std::move(text)) {}

    std::string path_;  // empty: moved from
    std::string text_;
};

}  // namespace parley
