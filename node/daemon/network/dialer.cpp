#include "node/daemon/network/dialer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "net/wire/ip_address.h"

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// More addresses of one name could not be tried within a reasonable timeout.
constexpr size_t kResolvedAddressesMax = 8;
// For each answer of a proxy. Tor builds a circuit before it answers.
constexpr Duration kProxyAnswerTimeout = std::chrono::seconds{20};
// A router that has just started needs minutes to build its tunnels.
constexpr Duration kI2pTimeout = std::chrono::minutes{4};
constexpr size_t kCredentialSize = 16;

std::string random_text(Random& random) {
    Bytes bytes(kCredentialSize);
    random.fill(bytes);
    return to_hex(bytes);
}

}  // namespace

Dialer::Dialer(const Context& context, const Endpoint& target, Done done)
    : context_(context),
      target_(target),
      done_(std::move(done)),
      resolver_(context.io),
      socket_(context.io),
      timer_(context.io) {}

void Dialer::set_deadline(Duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (cancelled || !self->done_) return;
        if (self->current_.proxy.is_set() && !self->proxy_connected_)
            return self->proxy_failed("connection timed out");
        self->finish(Unexpected<std::string>("connection timed out"));
    });
}

void Dialer::start() {
    set_deadline(context_.timeout);
    const Route route = context_.proxies.route(target_.host);
    switch (route.kind) {
        case Route::Kind::refused:
            return finish(Unexpected(route.reason));
        case Route::Kind::look_up:
            return look_up();
        case Route::Kind::direct:
        case Route::Kind::proxied:
            attempts_.push_back({target_, route.proxy});
            return try_next("");
    }
}

void Dialer::look_up() {
    if (!context_.resolve_names)
        return finish(Unexpected<std::string>(target_.host + " is a name, which -dns=0 forbids to "
                                                             "look up"));
    resolver_.async_resolve(
        target_.host, std::to_string(target_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const error_code& error,
                                    const tcp::resolver::results_type& results) {
            if (!self->done_) return;
            if (error)
                return self->finish(Unexpected<std::string>("cannot resolve " + self->target_.host +
                                                            ": " + error.message()));
            for (const auto& result : results) {
                const Endpoint address{result.endpoint().address().to_string(), self->target_.port};
                const Route route = self->context_.proxies.route(address.host);
                const bool usable =
                    route.kind == Route::Kind::direct || route.kind == Route::Kind::proxied;
                if (usable && self->attempts_.size() < kResolvedAddressesMax)
                    self->attempts_.push_back({address, route.proxy});
            }
            std::reverse(self->attempts_.begin(), self->attempts_.end());
            self->try_next("no address");
        });
}

void Dialer::try_next(std::string last_reason) {
    if (!done_) return;
    if (attempts_.empty()) return finish(Unexpected<std::string>(std::move(last_reason)));
    current_ = std::move(attempts_.back());
    attempts_.pop_back();
    proxy_connected_ = false;
    error_code ignored;
    socket_.close(ignored);
    if (current_.proxy.is_set())
        find_proxy();
    else
        connect_directly();
}

void Dialer::connect_directly() {
    const Endpoint& target = current_.target;
    error_code error;
    const auto address = asio::ip::make_address(target.host, error);
    if (error) return try_next(error.message());
    if (const auto ip = IpAddress::parse(target.host)) current_.target.host = ip->to_string();
    socket_.async_connect(tcp::endpoint(address, target.port), [self = shared_from_this()](
                                                                   const error_code& failure) {
        if (!self->done_) return;
        if (failure) return self->try_next(failure.message());
        self->finish(Dialled{std::move(self->socket_), self->current_.target});
    });
}

// The proxy itself may be given by name; only that name is ever looked up here.
void Dialer::find_proxy() {
    if (const auto path = current_.proxy.unix_path(); !path.empty())
        return connect_to_proxy(asio::local::stream_protocol::endpoint(std::string(path)));
    const auto proxy = parse_endpoint(current_.proxy.address, 0);
    if (!proxy) return proxy_failed("it has no address");
    error_code error;
    const auto address = asio::ip::make_address(proxy->host, error);
    if (!error) return connect_to_proxy(tcp::endpoint(address, proxy->port));
    if (!context_.resolve_names)
        return proxy_failed("it has a name, which -dns=0 forbids to look up");
    resolver_.async_resolve(
        proxy->host, std::to_string(proxy->port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const error_code& failure,
                                    const tcp::resolver::results_type& found) {
            if (!self->done_) return;
            if (failure || found.empty())
                return self->proxy_failed("cannot resolve it: " + failure.message());
            self->connect_to_proxy(found.begin()->endpoint());
        });
}

// An I2P router looks like a proxy to the user, but speaks another protocol.
void Dialer::connect_over_i2p(const asio::generic::stream_protocol::endpoint& router) {
    set_deadline(kI2pTimeout);
    if (!context_.i2p)
        context_.i2p = std::make_shared<I2pSam>(context_.io, context_.random, router);
    context_.i2p->connect(
        current_.target.host,
        [self = shared_from_this()](Expected<StreamSocket, I2pSam::Failure> socket) {
            if (!self->done_) return;
            if (!socket && socket.error().of_router)
                return self->proxy_failed(socket.error().reason);
            self->proxy_connected_ = true;
            if (!socket) return self->attempt_failed(socket.error().reason);
            self->context_.health.works(self->current_.proxy.address);
            self->finish(Dialled{std::move(*socket), self->current_.target});
        });
}

void Dialer::connect_to_proxy(const asio::generic::stream_protocol::endpoint& address) {
    if (network_of(current_.target.host, false) == Network::i2p) return connect_over_i2p(address);
    socket_.async_connect(address, [self = shared_from_this()](const error_code& error) {
        if (!self->done_) return;
        if (error) return self->proxy_failed(error.message());
        self->proxy_connected_ = true;
        self->start_handshake();
    });
}

void Dialer::start_handshake() {
    std::optional<Socks5Credentials> credentials;
    if (current_.proxy.randomize_credentials)
        credentials = Socks5Credentials{random_text(context_.random), random_text(context_.random)};
    handshake_.emplace(current_.target, std::move(credentials));
    send_to_proxy(handshake_->greeting());
}

void Dialer::send_to_proxy(Bytes data) {
    set_deadline(kProxyAnswerTimeout);
    buffer_ = std::move(data);
    asio::async_write(socket_, asio::buffer(buffer_),
                      [self = shared_from_this()](const error_code& error, size_t) {
                          if (!self->done_) return;
                          if (error) return self->attempt_failed(error.message());
                          self->read_from_proxy();
                      });
}

void Dialer::read_from_proxy() {
    if (handshake_->wanted() == 0) {
        context_.health.works(current_.proxy.address);
        return finish(Dialled{std::move(socket_), current_.target});
    }
    buffer_.resize(handshake_->wanted());
    socket_.async_read_some(
        asio::buffer(buffer_), [self = shared_from_this()](const error_code& error, size_t count) {
            if (!self->done_) return;
            if (error) return self->attempt_failed(error.message());
            auto answer = self->handshake_->receive(ByteSpan{self->buffer_}.first(count));
            if (!answer) return self->attempt_failed(answer.error());
            if (answer->empty())
                self->read_from_proxy();
            else
                self->send_to_proxy(std::move(*answer));
        });
}

void Dialer::attempt_failed(std::string reason) {
    try_next(fmt::format("proxy {}: {}", current_.proxy.address, std::move(reason)));
}

void Dialer::proxy_failed(const std::string& reason) {
    context_.health.failed(current_.proxy.address, reason);
    finish(Unexpected(fmt::format("proxy {}: {}", current_.proxy.address, reason)));
}

void Dialer::finish(Expected<Dialled, std::string> result) {
    if (!done_) return;
    const Done done = std::exchange(done_, nullptr);
    timer_.cancel();
    resolver_.cancel();
    if (!result) {
        error_code ignored;
        socket_.close(ignored);
    }
    done(std::move(result));
}

}  // namespace parley
