#include "node/daemon/http/http_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

// The largest replies are a few blocks in hex; a server that sends more is broken.
constexpr size_t kReplyBytesMax = size_t{1} << 30;

UniqueFd connect_to(const HttpClientRequest& request, std::string& problem) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error =
        ::getaddrinfo(request.host.c_str(), std::to_string(request.port).c_str(), &hints, &found);
    if (error != 0) {
        problem = fmt::format("Could not resolve host: {}", request.host);
        return {};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
        UniqueFd fd{::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (fd.valid() && request.timeout.count() > 0) {
            const timeval limit{request.timeout.count(), 0};
            ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        }
        if (fd.valid() && ::connect(fd.get(), address->ai_addr, address->ai_addrlen) == 0)
            return fd;
        problem = "Could not connect to the server";
    }
    return {};
}

bool send_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t count = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        data.remove_prefix(static_cast<size_t>(count));
    }
    return true;
}

// The value of a header; names are compared case-insensitively.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        const auto end = std::min(head.find("\r\n"), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 2, head.size()));
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            std::string_view value = line.substr(name.size() + 1);
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            return value;
        }
    }
    return std::nullopt;
}

std::optional<size_t> to_size(std::string_view text) {
    size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    return value;
}

// Reads until `complete` returns true or the peer closes. False: the connection failed.
template <class Complete>
bool receive(int fd, std::string& data, Complete complete) {
    char chunk[64 << 10];
    while (!complete()) {
        const ssize_t count = ::recv(fd, chunk, sizeof chunk, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        data.append(chunk, static_cast<size_t>(count));
        if (data.size() > kReplyBytesMax) return false;
    }
    return true;
}

}  // namespace

HttpClientReply http_post(const HttpClientRequest& request) {
    using State = HttpClientReply::State;
    std::string problem;
    const UniqueFd fd = connect_to(request, problem);
    if (!fd.valid())
        return {State::unreachable, 0,
                fmt::format("Error while attempting to communicate with server {}:{} ({})",
                            request.host, request.port, problem)};
    std::string head = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n",
        request.path, request.host, request.body.size());
    if (!request.authorization.empty())
        head += fmt::format("Authorization: {}\r\n", request.authorization);
    head += "\r\n";
    // The server may reply and close before it has read the whole request; the reply is still
    // valid.
    const bool sent = send_all(fd.get(), head) && send_all(fd.get(), request.body);
    const int send_error = errno;

    std::string data;
    size_t body_begin = std::string::npos;
    const auto has_head = [&] {
        const auto end = data.find("\r\n\r\n");
        if (end != std::string::npos) body_begin = end + 4;
        return end != std::string::npos;
    };
    if (!receive(fd.get(), data, has_head) || !data.starts_with("HTTP/1.") || data.size() < 12)
        return {State::broken, 0,
                sent ? "the server closed the connection or timed out"
                     : std::string(std::strerror(send_error))};
    const std::string_view reply_head = std::string_view(data).substr(0, body_begin);
    const int status = static_cast<int>(to_size(std::string_view(data).substr(9, 3)).value_or(500));
    const auto length = header(reply_head, "Content-Length");
    const auto size = length ? to_size(*length) : std::nullopt;
    if (size) {
        if (!receive(fd.get(), data, [&] { return data.size() - body_begin >= *size; }))
            return {State::broken, status, "the reply is truncated"};
        return {State::answered, status, data.substr(body_begin, *size)};
    }
    if (status != 204) receive(fd.get(), data, [] { return false; });
    return {State::answered, status, data.substr(body_begin)};
}

}  // namespace parley
