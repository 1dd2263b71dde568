#include "node/daemon/http/http_server.h"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "node/daemon/http/http_connection.h"
#include "node/daemon/system/wiped_memory.h"

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kSweepInterval = std::chrono::seconds(1);
constexpr auto kHttpRetryDelay = std::chrono::seconds(1);
// Largest request that the watching thread answers itself while other connections wait; parsing
// takes a fraction of a millisecond.
constexpr size_t kQuickBodyBytesMax = 64 << 10;
// Time limit for sending pending replies at shutdown.
constexpr auto kStopTimeout = std::chrono::seconds(5);

std::string http_bind_error(const Endpoint& endpoint, const error_code& error) {
    if (error == asio::error::address_in_use)
        return fmt::format(
            "Unable to bind to {} for JSON-RPC on this computer: another process uses it. Stop "
            "that, or choose another -rpcport.",
            to_string(endpoint));
    return fmt::format("Unable to bind to {} for JSON-RPC ({}). Check -rpcbind and -rpcport.",
                       to_string(endpoint), error.message());
}

}  // namespace

struct HttpServer::Impl final : HttpConnection::Owner {
    Impl(HttpOptions http_options, HttpAuth http_auth, Handler http_handler, LogSink& log_sink)
        : options(std::move(http_options)),
          http_auth_(std::move(http_auth)),
          handler(std::move(http_handler)),
          log(log_sink) {}

    Expected<void, std::string> listen();
    Expected<bool, std::string> listen_on(const Endpoint& endpoint);
    void start();
    void stop();

    Admission admit(const std::shared_ptr<HttpConnection>& connection) override;
    void finished() override;
    bool stopping() const override { return stopping_.load(std::memory_order_acquire); }
    const HttpAuth& auth() const override { return http_auth_; }
    GuessLimiter& guesses() override { return guess_limiter; }
    bool rest() const override { return options.rest; }
    void wrong_password(const std::string& peer) override {
        log.warning(LogCategory::general, "ThreadRPCServer incorrect password attempt from {}",
                    peer);
    }
    rpc::HttpReply handle(const rpc::HttpRequest& request) override {
        if (request.body.size() > kQuickBodyBytesMax) about_to_wait();
        return handler(request);
    }

    struct Listener {
        explicit Listener(asio::io_context& io) : acceptor(io), retry(io) {}
        tcp::acceptor acceptor;
        asio::steady_timer retry;
    };
    void accept(Listener& listener);
    void add(tcp::socket socket);
    bool make_room();
    void sweep();
    void add_thread();
    void run_thread();
    void about_to_wait();

    const HttpOptions options;
    const HttpAuth http_auth_;
    GuessLimiter guess_limiter;
    const Handler handler;
    LogSink& log;
    asio::io_context io;
    asio::steady_timer sweep_timer{io};
    std::vector<std::unique_ptr<Listener>> listeners;
    std::atomic<bool> stopping_{false};
    std::atomic<std::thread::id>
        watcher{};  // the thread that watches the sockets; changed only under the mutex

    std::mutex mutex;
    // Guarded by mutex:
    std::condition_variable watcher_left;
    std::vector<std::thread> threads;
    size_t idle = 0;     // threads that wait to be the watcher
    bool ended = false;  // nothing is left to watch
    unsigned executing = 0;
    std::deque<std::shared_ptr<HttpConnection>> waiting;
    std::list<std::weak_ptr<HttpConnection>> connections;
};

Expected<void, std::string> HttpServer::Impl::listen() {
    bool any = false;
    for (const Endpoint& endpoint : options.binds) {
        auto done = listen_on(endpoint);
        if (!done) return Unexpected(done.error());
        any |= *done;
    }
    if (!any)
        return Unexpected(std::string(
            "Unable to start HTTP server: none of its addresses can be used. Check -rpcbind."));
    return {};
}

// False: the machine does not support this address family, which is not an error.
Expected<bool, std::string> HttpServer::Impl::listen_on(const Endpoint& endpoint) {
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (error)
        return Unexpected(
            fmt::format("Cannot resolve -rpcbind address: '{}'. Give a numeric "
                        "address.",
                        endpoint.host));
    auto listener = std::make_unique<Listener>(io);
    auto& acceptor = listener->acceptor;
    const tcp::endpoint local(address, endpoint.port);
    acceptor.open(local.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(local, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_family_not_supported ||
        error == boost::system::errc::address_not_available) {
        log.warning(LogCategory::general, "JSON-RPC cannot listen on {}: {}", to_string(endpoint),
                    error.message());
        return false;
    }
    if (error) return Unexpected(http_bind_error(endpoint, error));
    listeners.push_back(std::move(listener));
    return true;
}

void HttpServer::Impl::start() {
    for (const auto& listener : listeners) accept(*listener);
    sweep();
    const std::lock_guard lock(mutex);
    add_thread();
}

// REQUIRES: the lock.
void HttpServer::Impl::add_thread() {
    threads.emplace_back([this, number = threads.size()] {
        ::pthread_setname_np(::pthread_self(), fmt::format("httpworker.{}", number).c_str());
        const WipedMemory wiped;  // requests and replies may hold private keys
        run_thread();
    });
}

void HttpServer::Impl::run_thread() {
    const auto self = std::this_thread::get_id();
    std::unique_lock lock(mutex);
    while (true) {
        ++idle;
        watcher_left.wait(lock, [this] { return ended || watcher.load() == std::thread::id{}; });
        --idle;
        if (ended) return;
        watcher = self;
        lock.unlock();
        while (!io.stopped() && watcher.load(std::memory_order_relaxed) == self) io.run_one();
        lock.lock();
        if (!io.stopped()) continue;
        ended = true;
        watcher_left.notify_all();
        return;
    }
}

void HttpServer::Impl::about_to_wait() {
    if (watcher.load(std::memory_order_relaxed) != std::this_thread::get_id()) return;
    const std::lock_guard lock(mutex);
    // stop() is joining the current threads; this thread returns.
    if (idle == 0 && stopping()) return;
    watcher = std::thread::id{};
    if (idle > 0) {
        watcher_left.notify_one();
        return;
    }
    try {
        add_thread();
    } catch (const std::system_error& error) {
        // This thread keeps the sockets: other clients wait until it has answered.
        watcher = std::this_thread::get_id();
        log.warning(LogCategory::http, "Cannot start another thread for HTTP requests: {}",
                    error.what());
    }
}

HttpConnection::Owner::Admission HttpServer::Impl::admit(
    const std::shared_ptr<HttpConnection>& connection) {
    const std::lock_guard lock(mutex);
    if (executing < options.threads) {
        ++executing;
        return Admission::run;
    }
    if (waiting.size() >= options.work_queue_max) {
        log.warning(LogCategory::http,
                    "Request rejected because http work queue depth exceeded, it can be increased "
                    "with the -rpcworkqueue= setting");
        return Admission::refused;
    }
    waiting.push_back(connection);
    return Admission::wait;
}

void HttpServer::Impl::finished() {
    std::shared_ptr<HttpConnection> next;
    {
        const std::lock_guard lock(mutex);
        if (waiting.empty()) {
            --executing;
            return;
        }
        next = std::move(waiting.front());
        waiting.pop_front();
    }
    next->post_execute();
}

void HttpServer::Impl::accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](const error_code& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted || stopping()) return;
        if (error) {
            log.warning(LogCategory::http, "Accepting a connection failed: {}", error.message());
            listener.retry.expires_after(kHttpRetryDelay);
            listener.retry.async_wait([this, &listener](const error_code& cancelled) {
                if (!cancelled) accept(listener);
            });
            return;
        }
        add(std::move(socket));
        accept(listener);
    });
}

void HttpServer::Impl::add(tcp::socket socket) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    std::shared_ptr<HttpConnection> connection;
    {
        const std::lock_guard lock(mutex);
        connections.remove_if([](const auto& old) { return old.expired(); });
        if (connections.size() >= options.connections_max && !make_room()) {
            log.debug(LogCategory::http, "connection from {} closed: all {} are in use",
                      remote.address().to_string(), options.connections_max);
            return;
        }
        connection = std::make_shared<HttpConnection>(std::move(socket), remote, *this);
        connections.push_back(connection);
    }
    connection->start();
}

// Closes the connection that has waited longest for its client; clients that have shown no valid
// credentials come first. False: none waits. REQUIRES: the lock.
bool HttpServer::Impl::make_room() {
    using Rank = std::pair<bool, HttpConnection::Clock::time_point>;
    std::optional<Rank> first;
    std::shared_ptr<HttpConnection> victim;
    for (const auto& weak : connections) {
        auto connection = weak.lock();
        const auto since = connection ? connection->waiting_since() : std::nullopt;
        if (!since) continue;
        const Rank rank{connection->authorised(), *since};
        if (first && rank >= *first) continue;
        first = rank;
        victim = std::move(connection);
    }
    if (!victim) return false;
    victim->close_if_waiting_since(first->second);
    connections.remove_if([&](const auto& weak) { return weak.lock() == victim; });
    return true;
}

// Closes connections whose client has not sent or read anything for too long. Deadlines are checked
// here once a second, so that requests need no timers.
void HttpServer::Impl::sweep() {
    sweep_timer.expires_after(kSweepInterval);
    sweep_timer.async_wait([this](const error_code& cancelled) {
        if (cancelled || stopping()) return;
        const auto limit = HttpConnection::Clock::now() - options.timeout;
        {
            const std::lock_guard lock(mutex);
            for (const auto& weak : connections) {
                if (const auto connection = weak.lock()) connection->close_if_waiting_since(limit);
            }
        }
        sweep();
    });
}

void HttpServer::Impl::stop() {
    if (stopping_.exchange(true)) return;
    asio::post(io, [this] {
        error_code ignored;
        for (const auto& listener : listeners) {
            listener->acceptor.close(ignored);
            listener->retry.cancel();
        }
        sweep_timer.cancel();
        const std::lock_guard lock(mutex);
        for (const auto& weak : connections) {
            if (const auto connection = weak.lock()) connection->close_when_idle();
        }
    });
    std::vector<std::thread> ending;
    {
        const std::lock_guard lock(mutex);
        ending.swap(threads);
    }
    if (ending.empty()) return;  // never started
    // The threads end when no work is left.
    const auto limit = std::chrono::steady_clock::now() + kStopTimeout;
    while (!io.stopped() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    io.stop();
    for (auto& thread : ending) thread.join();
}

HttpServer::HttpServer(HttpOptions options, HttpAuth auth, Handler handler, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(auth), std::move(handler), log)) {}

HttpServer::~HttpServer() {
    stop();
}

Expected<void, std::string> HttpServer::listen() {
    return impl_->listen();
}

std::vector<Endpoint> HttpServer::listening() const {
    std::vector<Endpoint> result;
    for (const auto& listener : impl_->listeners) {
        const auto local = listener->acceptor.local_endpoint();
        result.push_back({local.address().to_string(), local.port()});
    }
    return result;
}

void HttpServer::start() {
    impl_->start();
}

void HttpServer::about_to_wait() {
    impl_->about_to_wait();
}

void HttpServer::stop() {
    impl_->stop();
}

}  // namespace parley
