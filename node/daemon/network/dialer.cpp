#include "node/daemon/network/dialer.h"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// More addresses of one name could not be tried within a reasonable timeout.
constexpr size_t kResolvedAddressesMax = 8;

}  // namespace

Dialer::Dialer(asio::io_context& io, const Endpoint& target, Duration timeout, bool resolve_names,
               Done done)
    : target_(target),
      timeout_(timeout),
      resolve_names_(resolve_names),
      done_(std::move(done)),
      resolver_(io),
      socket_(io),
      timer_(io) {}

void Dialer::start() {
    timer_.expires_after(timeout_);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->finish(Unexpected<std::string>("connection timed out"));
    });
    error_code error;
    const auto address = asio::ip::make_address(target_.host, error);
    if (error) return resolve();
    addresses_.emplace_back(address, target_.port);
    try_next("");
}

void Dialer::resolve() {
    if (!resolve_names_)
        return finish(Unexpected<std::string>(target_.host + " is a name, which -dns=0 forbids to "
                                                             "look up"));
    resolver_.async_resolve(
        target_.host, std::to_string(target_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const error_code& error,
                                    const tcp::resolver::results_type& results) {
            if (error)
                return self->finish(Unexpected<std::string>("cannot resolve " + self->target_.host +
                                                            ": " + error.message()));
            for (const auto& result : results) {
                if (self->addresses_.size() < kResolvedAddressesMax)
                    self->addresses_.push_back(result.endpoint());
            }
            std::reverse(self->addresses_.begin(), self->addresses_.end());
            self->try_next("no address");
        });
}

void Dialer::try_next(std::string last_reason) {
    if (!done_) return;
    if (addresses_.empty()) return finish(Unexpected<std::string>(std::move(last_reason)));
    const tcp::endpoint address = addresses_.back();
    addresses_.pop_back();
    error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(address, [self = shared_from_this()](const error_code& error) {
        if (!self->done_) return;
        if (error) return self->try_next(error.message());
        self->finish(std::move(self->socket_));
    });
}

void Dialer::finish(Expected<tcp::socket, std::string> result) {
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
