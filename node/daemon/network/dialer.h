// Dialer: one attempt to connect to an endpoint: resolves its name, tries the addresses in turn,
// and gives up after a timeout. Owned by the Transport and by its own pending operations; io thread
// only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/time.h"
#include "net/wire/endpoint.h"

namespace parley {

class Dialer final : public std::enable_shared_from_this<Dialer> {
 public:
    /// Called once, with the connected socket or the reason for the failure; not called if the
    /// Dialer is destroyed with its io_context.
    using Done = std::function<void(Expected<boost::asio::ip::tcp::socket, std::string>)>;

    /// `resolve_names`: otherwise only a numeric target can be reached.
    Dialer(boost::asio::io_context& io, const Endpoint& target, Duration timeout,
           bool resolve_names, Done done);

    void start();

 private:
    void resolve();
    void try_next(std::string last_reason);
    void finish(Expected<boost::asio::ip::tcp::socket, std::string> result);

    const Endpoint target_;
    const Duration timeout_;
    const bool resolve_names_;
    Done done_;
    boost::asio::ip::tcp::resolver resolver_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    std::vector<boost::asio::ip::tcp::endpoint> addresses_;  // still to try, in reverse order
};

}  // namespace parley
