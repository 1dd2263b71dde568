#include "node/daemon/http/http_auth.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/bytes.h"
#include "base/crypto/hash.h"
#include "base/encoding.h"
#include "node/daemon/system/system_error.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

// No valid credentials are longer.
constexpr size_t kAuthorizationMax = 4096;

}  // namespace

Expected<HttpAuth, HttpAuth::Problem> HttpAuth::create(const HttpOptions& options,
                                                       const std::string& cookie) {
    HttpAuth auth;
    for (const char* local : {"127.0.0.0/8", "::1"}) auth.allowed_.push_back(*Subnet::parse(local));
    for (const std::string& text : options.allowed) {
        const auto subnet = Subnet::parse(text);
        if (!subnet)
            return Unexpected(Problem{
                fmt::format(
                    "Invalid -rpcallowip subnet specification: {}. Valid values are a single IP "
                    "(e.g. 1.2.3.4), a network/netmask (e.g. 1.2.3.4/255.255.255.0), a "
                    "network/CIDR (e.g. 1.2.3.4/24), all ipv4 (0.0.0.0/0), or all ipv6 (::/0). "
                    "RFC4193 is allowed only if -cjdnsreachable=0.",
                    text),
                true});
        auth.allowed_.push_back(*subnet);
    }
    auth.cookie_ = cookie;
    if (!options.password.empty()) auth.password_ = options.user + ":" + options.password;
    for (const std::string& text : options.auth) {
        const auto colon = text.find(':');
        const auto dollar = text.find('$', colon == std::string::npos ? 0 : colon);
        // As in bitcoind, a digest of another form is one that no password has.
        if (colon == std::string::npos || dollar == std::string::npos ||
            text.find(':', colon + 1) != std::string::npos ||
            text.find('$', dollar + 1) != std::string::npos)
            return Unexpected(
                Problem{"Invalid -rpcauth argument. Give it as <user>:<salt>$<64 hex digits>."});
        auth.salted_.push_back({text.substr(0, colon), text.substr(colon + 1, dollar - colon - 1),
                                text.substr(dollar + 1)});
    }
    return auth;
}

bool HttpAuth::allows_address(std::string_view address) const {
    return std::ranges::any_of(
        allowed_, [address](const Subnet& subnet) { return subnet.contains(address); });
}

bool HttpAuth::Credentials::equal(const std::string& wanted) const {
    const std::string own = user + ":" + password;
    return equal_constant_time(as_bytes(own), as_bytes(wanted));
}

std::optional<HttpAuth::Credentials> HttpAuth::parse(std::string_view authorization) {
    if (authorization.size() > kAuthorizationMax || !authorization.starts_with("Basic "))
        return std::nullopt;
    authorization.remove_prefix(6);
    const auto trimmed = authorization.substr(0, authorization.find_last_not_of(' ') + 1);
    const auto decoded = base64_decode(trimmed);
    if (!decoded) return std::nullopt;
    const std::string_view text = as_text(*decoded);
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return Credentials{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::optional<std::string> HttpAuth::authorise_cookie(std::string_view authorization) const {
    const auto given = parse(authorization);
    if (!given || !given->equal(cookie_)) return std::nullopt;
    return given->user;
}

std::optional<std::string> HttpAuth::authorise(std::string_view authorization) const {
    const auto given = parse(authorization);
    if (!given) return std::nullopt;
    bool authorised = given->equal(cookie_);
    authorised |= given->equal(password_);
    for (const Salted& salted : salted_) {
        const Hash256 hash = hmac_sha256(as_bytes(salted.salt), as_bytes(given->password));
        authorised |= equal_constant_time(as_bytes(salted.user), as_bytes(given->user)) &&
                      equal_constant_time(as_bytes(salted.hash), as_bytes(to_hex(hash.span())));
    }
    return authorised ? std::optional{given->user} : std::nullopt;
}

Expected<RpcCookie, std::string> RpcCookie::create(const std::string& path, unsigned permissions,
                                                   Random& secrets) {
    std::array<uint8_t, 32> secret{};
    secrets.fill(secret);
    std::string text = "__cookie__:" + to_hex(secret);
    const std::string temporary = path + ".tmp";
    ::unlink(temporary.c_str());
    {
        // O_EXCL: never writes into an existing file, which could have wider permissions.
        const UniqueFd fd{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        if (!fd.valid())
            return Unexpected(system_error_sentence("write the cookie", temporary, errno));
        const bool written =
            ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
            ::fchmod(fd.get(), permissions) == 0;
        if (!written)
            return Unexpected(system_error_sentence("write the cookie", temporary, errno));
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        return Unexpected(system_error_sentence("write the cookie", path, errno));
    return RpcCookie(path, std::move(text));
}

RpcCookie::RpcCookie(RpcCookie&& other) noexcept
    : path_(std::move(other.path_)), text_(std::move(other.text_)) {
    other.path_.clear();
}

RpcCookie::~RpcCookie() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace parley
