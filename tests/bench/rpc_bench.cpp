// parley-bench-rpc: a load generator for JSON-RPC. One thread keeps a request in flight on each of
// N kept connections and prints the rate and the distribution of latencies. Usage:
//   parley-bench-rpc --port=P --cookie=FILE [--connections=N] [--seconds=S] METHOD [PARAMS]
//   parley-bench-rpc --echo=BYTES [--connections=N] [--seconds=S]
// PARAMS is a JSON array. Every answer must be HTTP 200: a fast error is not a result. The second
// form is the floor: the same exchange with a thread of its own that answers at once, without a
// look at the request, by so many bytes.
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
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/encoding.h"

namespace {

using Clock = std::chrono::steady_clock;

// The prefix of an error reply in JSON-RPC 2.0, whose HTTP status is 200.
constexpr std::string_view kErrorReply = R"({"jsonrpc":"2.0","error")";

struct Options {
    unsigned port = 0;
    unsigned echo_bytes = 0;  ///< 0: a node is asked
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
        } else if (argument.starts_with("--echo=")) {
            good = read_number(value, options.echo_bytes) && options.echo_bytes > 0;
        } else if (argument.starts_with("--cookie=")) {
            options.cookie_file = value;
        } else {
            good = !argument.starts_with("--");
            positional.emplace_back(argument);
        }
        if (!good) fail("bad argument " + std::string(argument));
    }
    if (options.echo_bytes > 0) positional = {"echo"};
    if (options.port == 0 && options.echo_bytes > 0) options.port = 1;  // chosen later
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

// Whether the whole reply has arrived. Fails if the reply is an error.
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

/// The floor: one thread that answers whatever comes with the same bytes.
class Echo {
 public:
    explicit Echo(size_t bytes)
        : reply_("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                 std::string(bytes, 'x')) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            listen(listener_, 64) != 0 ||
            getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            fail("cannot listen");
        port_ = ntohs(address.sin_port);
        watch(listener_);
        std::thread([this] { run(); }).detach();  // until the process ends
    }
    unsigned port() const { return port_; }

 private:
    void watch(int handle) {
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.fd = handle;
        epoll_ctl(poller_, EPOLL_CTL_ADD, handle, &interest);
    }
    void run() {
        std::array<epoll_event, 64> events{};
        std::vector<char> chunk(65536);
        while (true) {
            const int ready =
                epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i) {
                const int handle = events[static_cast<size_t>(i)].data.fd;
                if (handle == listener_) {
                    const int client = accept(listener_, nullptr, nullptr);
                    const int on = 1;
                    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    watch(client);
                } else if (read(handle, chunk.data(), chunk.size()) <= 0 ||
                           write(handle, reply_.data(), reply_.size()) < 0) {
                    close(handle);
                }
            }
        }
    }

    const std::string reply_;
    const int listener_ = socket(AF_INET, SOCK_STREAM, 0);
    const int poller_ = epoll_create1(0);
    unsigned port_ = 0;
};

/// Keeps one request in flight on each connection, and returns how long each exchange took.
std::vector<Clock::duration> exchange(std::vector<Connection>& connections,
                                      const std::string& request, int poller,
                                      std::chrono::seconds span) {
    std::vector<Clock::duration> latencies;
    auto now = Clock::now();
    const auto end = now + span;
    for (Connection& connection : connections) send_request(connection, request);
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
    return latencies;
}

}  // namespace

int main(int count, char** arguments) {
    Options options = parse(count, arguments);
    std::optional<Echo> echo;
    std::string request = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    if (options.echo_bytes > 0) {
        echo.emplace(options.echo_bytes);
        options.port = echo->port();
    } else {
        request = make_request(options);
    }
    const int poller = epoll_create1(0);
    std::vector<Connection> connections(options.connections);
    for (Connection& connection : connections) {
        connection.socket = open_socket(options.port);
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = &connection;
        epoll_ctl(poller, EPOLL_CTL_ADD, connection.socket, &interest);
    }
    const auto start = Clock::now();
    auto latencies = exchange(connections, request, poller, std::chrono::seconds(options.seconds));
    const double elapsed_s = milliseconds(Clock::now() - start) / 1000;
    std::sort(latencies.begin(), latencies.end());
    const auto percentile = [&](size_t percent) {
        return milliseconds(
            latencies[std::min(latencies.size() - 1, latencies.size() * percent / 100)]);
    };
    std::printf("%s, %u connections: %.0f calls/s, p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
                options.method.c_str(), options.connections,
                static_cast<double>(latencies.size()) / elapsed_s, percentile(50), percentile(99),
                milliseconds(latencies.back()));
    std::fflush(stdout);
    std::_Exit(0);  // the echo's thread does not end
}
