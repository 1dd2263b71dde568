#include "contrib/lab/rpc_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/encoding.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

constexpr int kTimeoutSeconds = 60;
// The server closes idle connections (-rpcservertimeout, 30 s), possibly while the next request is
// in transit. The client replaces an idle connection well before that, so that it never has to send
// a request twice.
constexpr auto kIdleMax = std::chrono::seconds{5};
constexpr size_t kReplySizeMax = size_t{256} << 20;  // far above every reply in a lab network

}  // namespace

RpcClient::RpcClient(uint16_t port, std::string cookie)
    : port_(port), authorisation_(base64_encode(as_bytes(cookie))) {}

RpcClient::~RpcClient() {
    disconnect();
}

void RpcClient::disconnect() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    buffer_.clear();
}

void RpcClient::connect() {
    const auto now = std::chrono::steady_clock::now();
    if (now - used_at_ > kIdleMax) disconnect();
    used_at_ = now;
    if (socket_ >= 0) return;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval timeout{kTimeoutSeconds, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const std::string reason = std::strerror(errno);
        disconnect();
        throw RpcFailure(0, "no connection to 127.0.0.1:" + std::to_string(port_) + ": " + reason);
    }
}

void RpcClient::send_all(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
        const ssize_t count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count <= 0)
            throw RpcFailure(0, std::string{"connection lost: "} + std::strerror(errno));
        sent += static_cast<size_t>(count);
    }
}

std::string RpcClient::receive_body() {
    const auto receive_more = [&] {
        char chunk[65536];
        const ssize_t count = ::recv(socket_, chunk, sizeof chunk, 0);
        if (count <= 0) throw RpcFailure(0, "connection lost before the reply was complete");
        buffer_.append(chunk, static_cast<size_t>(count));
    };
    size_t head_end = 0;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) receive_more();
    const std::string head = buffer_.substr(0, head_end);
    constexpr const char* kLength = "Content-Length: ";
    const size_t at = head.find(kLength);
    if (at == std::string::npos)
        throw RpcFailure(0, "reply without a length: " + head.substr(0, head.find('\r')));
    const size_t length = std::stoull(head.substr(at + std::strlen(kLength)));
    if (length > kReplySizeMax) throw RpcFailure(0, "reply too long");
    const size_t body_begin = head_end + 4;
    while (buffer_.size() < body_begin + length) receive_more();
    std::string body = buffer_.substr(body_begin, length);
    buffer_.erase(0, body_begin + length);
    return body;
}

rpc::Json RpcClient::call(const std::string& method, const std::string& parameters,
                          const std::string& wallet) {
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":)" + rpc::json_quote(method) +
                             R"(,"params":)" + parameters + "}";
    const std::string path = wallet.empty() ? "/" : "/wallet/" + wallet;
    const std::string request =
        "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " + authorisation_ +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    std::string text;
    try {
        connect();
        send_all(request);
        text = receive_body();
    } catch (const RpcFailure& failure) {
        disconnect();
        throw RpcFailure(failure.code(), method + ": " + failure.what());
    }
    const auto reply = rpc::parse_json(text);
    if (!reply) throw RpcFailure(0, method + ": the reply is not JSON: " + text.substr(0, 200));
    if (const rpc::Json* error = reply->find("error"); error != nullptr && !error->is_null()) {
        throw RpcFailure(static_cast<int>(to_integer(member(*error, "code"))),
                         method + ": " + member(*error, "message").string());
    }
    return member(*reply, "result");
}

const rpc::Json& member(const rpc::Json& object, const char* name) {
    const rpc::Json* found = object.find(name);
    if (found == nullptr) throw RpcFailure(0, std::string{"the reply has no member "} + name);
    return *found;
}

int64_t to_integer(const rpc::Json& number) {
    return std::stoll(number.number());
}

}  // namespace parley::lab
