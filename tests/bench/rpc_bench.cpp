// parley-bench-rpc: a load generator for JSON-RPC. One thread keeps a request in flight on each of
// N kept connections and prints the rate and the distribution of latencies. Usage:
//   parley-bench-rpc --port=P --cookie=FILE [--connections=N] [--seconds=S] METHOD [PARAMS]
// PARAMS is a JSON array. Every answer must be HTTP 200: a fast error is not a result.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"

namespace {

using Clock = std::chrono::steady_clock;

// How an error begins in version 2.0, which answers 200 to it.
constexpr std::string_view kErrorReply = R"({"jsonrpc":"2.0","error")";

struct Options {
    unsigned port = 0;
    unsigned connections = 1;
    unsigned seconds = 3;
    std::string cookie_file;
    std::string method;
    std::string parameters = "[]";
};

[[noreturn]] void fail(const std::string& sentence) {
    std::fprintf(stderr, "parley-bench-rpc: %s\n", sentence.c_str());
    std::exit(1);
}

struct Connection {
    int socket = -1;
    std::string received;
    Clock::time_point sent;
};

bool read_number(std::string_view text, unsigned& value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

Options parse(int count, char** arguments) {
    Options options;
    std::vector<std::string> positional;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        const auto value = argument.substr(std::min(argument.find('=') + 1, argument.size()));
        bool good = true;
        if (argument.starts_with("--port=")) {
            good = read_number(value, options.port);
        } else if (argument.starts_with("--connections=")) {
            good = read_number(value, options.connections) && options.connections > 0;
        } else if (argument.starts_with("--seconds=")) {
            good = read_number(value, options.seconds) && options.seconds > 0;
        } else if (argument.starts_with("--cookie=")) {
            options.cookie_file = value;
        } else {
            good = !argument.starts_with("--");
            positional.emplace_back(argument);
        }
        if (!good) fail("bad argument " + std::string(argument));
    }
    if (positional.empty() || positional.size() > 2 || options.port == 0 || options.port > 65535)
        fail("--port=P --cookie=FILE [--connections=N] [--seconds=S] METHOD [PARAMS]");
    options.method = positional[0];
    if (positional.size() == 2) options.parameters = positional[1];
    return options;
}

std::string make_request(const Options& options) {
    std::ifstream file(options.cookie_file);
    std::string credentials;
    if (!std::getline(file, credentials)) fail("cannot read the cookie " + options.cookie_file);
    const auto* bytes = reinterpret_cast<const uint8_t*>(credentials.data());
    const std::string token = parley::base64_encode(parley::ByteSpan(bytes, credentials.size()));
    const std::string body = R"({"jsonrpc":"2.0","id":1,"method":")" + options.method +
                             R"(","params":)" + options.parameters + "}";
    return "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " + token +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

int open_socket(unsigned port) {
    const int handle = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (handle < 0 || connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail("cannot connect to port " + std::to_string(port));
    const int on = 1;
    setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return handle;
}

void send_request(Connection& connection, const std::string& request) {
    connection.sent = Clock::now();
    // A request is smaller than any socket buffer, and nothing else is in flight.
    if (write(connection.socket, request.data(), request.size()) !=
        static_cast<ssize_t>(request.size()))
        fail("the node does not take the request");
}

// Whether the whole answer is there. Fails when it is not a success.
bool is_complete(const std::string& answer) {
    const size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    if (!answer.starts_with("HTTP/1.1 200")) fail("the node answers " + answer.substr(0, 400));
    std::string lower = answer.substr(0, head);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    constexpr std::string_view kLength = "content-length:";
    const size_t field = lower.find(kLength);
    if (field == std::string::npos) fail("an answer without Content-Length");
    const size_t size = std::strtoul(lower.c_str() + field + kLength.size(), nullptr, 10);
    if (answer.size() < head + 4 + size) return false;
    if (answer.compare(head + 4, kErrorReply.size(), kErrorReply) == 0)
        fail("the node answers " + answer.substr(head + 4, 400));
    return true;
}

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = parse(count, arguments);
    const std::string request = make_request(options);
    const int poller = epoll_create1(0);
    std::vector<Connection> connections(options.connections);
    for (Connection& connection : connections) {
        connection.socket = open_socket(options.port);
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = &connection;
        epoll_ctl(poller, EPOLL_CTL_ADD, connection.socket, &interest);
    }

    std::vector<Clock::duration> latencies;
    const auto start = Clock::now();
    const auto end = start + std::chrono::seconds(options.seconds);
    for (Connection& connection : connections) send_request(connection, request);
    auto now = start;
    std::array<epoll_event, 64> events{};
    std::vector<char> chunk(65536);
    while (now < end) {
        const int ready = epoll_wait(poller, events.data(), static_cast<int>(events.size()), 5000);
        if (ready <= 0) fail("no answer within 5 s");
        for (int i = 0; i < ready; ++i) {
            auto& connection = *static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
            const ssize_t size = read(connection.socket, chunk.data(), chunk.size());
            if (size <= 0) fail("the node closed the connection");
            connection.received.append(chunk.data(), static_cast<size_t>(size));
            if (!is_complete(connection.received)) continue;
            connection.received.clear();
            now = Clock::now();
            latencies.push_back(now - connection.sent);
            send_request(connection, request);
        }
    }
    const double elapsed_s = milliseconds(now - start) / 1000;
    for (const Connection& connection : connections) close(connection.socket);
    close(poller);

    std::sort(latencies.begin(), latencies.end());
    const auto percentile = [&](size_t percent) {
        return milliseconds(
            latencies[std::min(latencies.size() - 1, latencies.size() * percent / 100)]);
    };
    std::printf("%s, %u connections: %.0f calls/s, p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
                options.method.c_str(), options.connections,
                static_cast<double>(latencies.size()) / elapsed_s, percentile(50), percentile(99),
                milliseconds(latencies.back()));
    return 0;
}
