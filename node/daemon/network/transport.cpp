#include "node/daemon/network/transport.h"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <variant>

#include "node/daemon/network/connection.h"
#include "node/daemon/network/dialer.h"
#include "node/daemon/system/os_random.h"

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Bytes per read from a socket. Also bounds the work for one peer before the io thread serves
// others.
constexpr size_t kReadBytesMax = 64 << 10;
// Delay after a failed accept, for example without free descriptors: an immediate retry would spin.
constexpr auto kAcceptRetryDelay = std::chrono::seconds(1);
// Inbound connections beyond the node's slots: newcomers and those that are being closed.
constexpr size_t kInboundHeadroom = 32;

Endpoint to_endpoint(const tcp::endpoint& endpoint) {
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(),
                endpoint.port()};
    return {address.to_string(), endpoint.port()};
}

// Empty for the socket of a proxy that is not reached by TCP.
Endpoint to_endpoint(const asio::generic::stream_protocol::endpoint& endpoint) {
    tcp::endpoint result;
    const int family = endpoint.protocol().family();
    if ((family != AF_INET && family != AF_INET6) || endpoint.size() > result.capacity()) return {};
    std::memcpy(result.data(), endpoint.data(), endpoint.size());
    result.resize(endpoint.size());
    return to_endpoint(result);
}

std::string bind_error(const Endpoint& endpoint, const error_code& error) {
    if (error == asio::error::address_in_use)
        return fmt::format(
            "Unable to bind to {} on this computer. Parley is probably already running. Choose "
            "another port with -port, or -listen=0.",
            to_string(endpoint));
    return fmt::format("Unable to bind to {} on this computer ({}). Check -bind and -port.",
                       to_string(endpoint), error.message());
}

}  // namespace

class Transport::Impl {
 public:
    Impl(TransportOptions options, EventSink& sink, LogSink& log)
        : options_(std::move(options)),
          sink_(sink),
          log_(log),
          scratch_(kReadBytesMax),
          context_{sink_,
                   scratch_,
                   input_,
                   options_.link_delay,
                   options_.unacknowledged_max,
                   [this](PeerId peer) { connections_.erase(peer); }},
          health_(log),
          dial_context_{io_,
                        options_.proxies,
                        health_,
                        i2p_,
                        random_,
                        options_.dial_timeout,
                        options_.resolve_names} {}

    Expected<void, std::string> listen();
    std::vector<Endpoint> listening() const;
    void start();
    void stop();

    struct Send {
        PeerId peer;
        std::shared_ptr<const Bytes> data;
        bool notify;
        Connection::SteadyTime time;
    };
    struct Dial {
        uint64_t dial;
        Endpoint target;
    };
    struct Close {
        PeerId peer;
    };
    struct Consumed {
        PeerId peer;
        size_t bytes;
    };
    using Command = std::variant<Send, Dial, Close, Consumed>;
    void put(Command command);

 private:
    struct Listener {
        explicit Listener(asio::io_context& io) : acceptor(io), retry(io) {}
        tcp::acceptor acceptor;
        asio::steady_timer retry;
    };

    Expected<void, std::string> listen_on(const Endpoint& endpoint, bool required);
    void accept(Listener& listener);
    void run_commands();
    void run(Command& command);
    std::shared_ptr<Connection> find(PeerId peer);
    void add(StreamSocket socket, bool inbound, uint64_t dial, const Endpoint& remote);
    size_t inbound_count() const;
    bool end_lingering();

    const TransportOptions options_;
    EventSink& sink_;
    LogSink& log_;
    asio::io_context io_{1};
    std::thread thread_;

    // io thread only (before start: the owner's):
    Bytes scratch_;
    InputShares input_;
    const Connection::Context context_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::map<PeerId, std::shared_ptr<Connection>> connections_;
    ProxyHealth health_;
    std::shared_ptr<I2pSam> i2p_;
    OsRandom random_{true};
    const Dialer::Context dial_context_;
    std::map<uint64_t, std::shared_ptr<Dialer>> dialers_;
    PeerId next_peer_{0};

    std::mutex mutex_;
    // Guarded by mutex_:
    std::vector<Command> commands_;  // bounded by the core's speed: the io thread only forwards
};

Expected<void, std::string> Transport::Impl::listen() {
    if (!options_.listening) return {};
    for (const auto* binds : {&options_.binds, &options_.onion_binds}) {
        for (const Endpoint& endpoint : *binds) {
            if (auto done = listen_on(endpoint, true); !done) return done;
        }
    }
    if (!options_.listen_on_all || !options_.binds.empty()) return {};
    if (auto done = listen_on({"::", options_.default_port}, false); !done) return done;
    return listen_on({"0.0.0.0", options_.default_port}, true);
}

Expected<void, std::string> Transport::Impl::listen_on(const Endpoint& endpoint, bool required) {
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (error)
        return Unexpected(fmt::format("Cannot resolve -bind address: '{}'. Give a numeric address.",
                                      endpoint.host));
    auto listener = std::make_unique<Listener>(io_);
    auto& acceptor = listener->acceptor;
    const tcp::endpoint local(address, endpoint.port);
    acceptor.open(local.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(local, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        // A machine without IPv6 is not an error unless -bind asks for IPv6.
        if (!required && error != asio::error::address_in_use) return {};
        return Unexpected(bind_error(endpoint, error));
    }
    log_.info(LogCategory::general, "Bound to {}",
              to_string(to_endpoint(acceptor.local_endpoint())));
    listeners_.push_back(std::move(listener));
    return {};
}

std::vector<Endpoint> Transport::Impl::listening() const {
    std::vector<Endpoint> result;
    for (const auto& listener : listeners_)
        result.push_back(to_endpoint(listener->acceptor.local_endpoint()));
    return result;
}

void Transport::Impl::start() {
    for (const auto& listener : listeners_) accept(*listener);
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "net");  // bitcoind's name, and its line
        log_.info(LogCategory::general, "net thread start");
        const auto work = asio::make_work_guard(io_);
        io_.run();
    });
}

void Transport::Impl::stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
    for (const auto& [peer, connection] : connections_) connection->abandon();
    connections_.clear();
    dialers_.clear();
    i2p_.reset();
    listeners_.clear();
}

void Transport::Impl::accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](const error_code& error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (error) {
            log_.warning(LogCategory::net, "Accepting a connection failed: {}", error.message());
            listener.retry.expires_after(kAcceptRetryDelay);
            listener.retry.async_wait([this, &listener](const error_code& cancelled) {
                if (!cancelled) accept(listener);
            });
            return;
        }
        if (inbound_count() < options_.inbound_max || end_lingering()) {
            error_code gone;
            const tcp::endpoint remote = socket.remote_endpoint(gone);
            if (!gone) add(std::move(socket), true, 0, to_endpoint(remote));
        } else {
            log_.debug(LogCategory::net,
                       "connection dropped: limit of {} inbound connections reached",
                       options_.inbound_max);
        }
        accept(listener);
    });
}

size_t Transport::Impl::inbound_count() const {
    size_t count = 0;
    for (const auto& [peer, connection] : connections_) count += connection->inbound() ? 1 : 0;
    return count;
}

// Makes room for a new connection. False: none is lingering.
bool Transport::Impl::end_lingering() {
    for (const auto& [peer, connection] : connections_) {
        if (!connection->inbound() || !connection->lingering()) continue;
        const auto ending = connection;  // end() erases it
        ending->end();
        return true;
    }
    return false;
}

void Transport::Impl::add(StreamSocket socket, bool inbound, uint64_t dial,
                          const Endpoint& remote) {
    error_code ignored;
    const Endpoint local = to_endpoint(socket.local_endpoint(ignored));
    const PeerId peer = next_peer_;
    ++next_peer_;
    const auto connection =
        std::make_shared<Connection>(peer, inbound, std::move(socket), context_);
    connections_.emplace(peer, connection);
    sink_.post(event::Connected{peer, remote, local, inbound, dial});
    connection->start();
}

void Transport::Impl::put(Command command) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = commands_.empty();
        commands_.push_back(std::move(command));
    }
    if (first) asio::post(io_, [this] { run_commands(); });
}

void Transport::Impl::run_commands() {
    std::vector<Command> commands;
    {
        const std::lock_guard lock(mutex_);
        commands.swap(commands_);
    }
    for (Command& command : commands) run(command);
}

std::shared_ptr<Connection> Transport::Impl::find(PeerId peer) {
    const auto found = connections_.find(peer);
    return found == connections_.end() ? nullptr : found->second;
}

void Transport::Impl::run(Command& command) {
    if (auto* send = std::get_if<Send>(&command)) {
        if (const auto connection = find(send->peer))
            connection->send(std::move(send->data), send->notify, send->time);
    } else if (const auto* dial = std::get_if<Dial>(&command)) {
        const auto dialer = std::make_shared<Dialer>(
            dial_context_, dial->target,
            [this, id = dial->dial](Expected<Dialer::Dialled, std::string> result) {
                dialers_.erase(id);
                if (result)
                    add(std::move(result->socket), false, id, result->remote);
                else
                    sink_.post(event::DialFailed{id, result.error()});
            });
        dialers_[dial->dial] = dialer;
        dialer->start();
    } else if (const auto* close = std::get_if<Close>(&command)) {
        if (const auto connection = find(close->peer)) connection->close();
    } else {
        const auto& consumed = std::get<Consumed>(command);
        if (const auto connection = find(consumed.peer)) connection->consumed(consumed.bytes);
    }
}

size_t transport_inbound_max(const NetOptions& net) {
    return net.inbound_max() + kInboundHeadroom;
}

Transport::Transport(TransportOptions options, EventSink& sink, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), sink, log)) {}

Transport::~Transport() {
    stop();
}

Expected<void, std::string> Transport::listen() {
    return impl_->listen();
}

std::vector<Endpoint> Transport::listening() const {
    return impl_->listening();
}

void Transport::start() {
    impl_->start();
}

void Transport::stop() {
    impl_->stop();
}

void Transport::send(PeerId peer, std::shared_ptr<const Bytes> data, bool notify) {
    impl_->put(Impl::Send{peer, std::move(data), notify, std::chrono::steady_clock::now()});
}

void Transport::dial(uint64_t dial, const Endpoint& target) {
    impl_->put(Impl::Dial{dial, target});
}

void Transport::close(PeerId peer) {
    impl_->put(Impl::Close{peer});
}

void Transport::consumed(PeerId peer, size_t bytes) {
    impl_->put(Impl::Consumed{peer, bytes});
}

}  // namespace parley
