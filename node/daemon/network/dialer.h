// Dialer: one attempt to connect to an endpoint: directly, through a SOCKS5 proxy, or after its
// name was looked up, to each of its addresses in turn; as Proxies::route() says. It gives up after
// a timeout. Owned by the Transport and by its own pending operations; io thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "net/wire/endpoint.h"
#include "net/wire/proxies.h"
#include "node/daemon/network/i2p_sam.h"
#include "node/daemon/network/proxy_health.h"
#include "node/daemon/network/socks5.h"
#include "node/daemon/network/stream_socket.h"

namespace parley {

class Dialer final : public std::enable_shared_from_this<Dialer> {
 public:
    /// Constant, but for what it refers to.
    struct Context {
        boost::asio::io_context& io;
        const Proxies& proxies;
        ProxyHealth& health;
        std::shared_ptr<I2pSam>& i2p;  ///< made by the first dial that needs it
        Random& random;                ///< for credentials
        Duration timeout;              ///< for looking up and connecting, to a proxy or to a target
        bool resolve_names;            ///< otherwise no name is looked up
    };
    struct Dialled {
        StreamSocket socket;
        Endpoint remote;  ///< the peer, even if the socket leads to a proxy
    };
    /// Called once; not called if the Dialer is destroyed with its io_context.
    using Done = std::function<void(Expected<Dialled, std::string>)>;

    Dialer(const Context& context, const Endpoint& target, Done done);

    void start();

 private:
    /// One way to the target.
    struct Attempt {
        Endpoint target;
        Proxy proxy;  ///< not set: directly
    };

    void look_up();
    void try_next(std::string last_reason);
    void connect_directly();
    void find_proxy();
    void connect_to_proxy(const boost::asio::generic::stream_protocol::endpoint& address);
    void connect_over_i2p(const boost::asio::generic::stream_protocol::endpoint& router);
    void start_handshake();
    void send_to_proxy(Bytes data);
    void read_from_proxy();
    void attempt_failed(std::string reason);
    void proxy_failed(const std::string& reason);
    void set_deadline(Duration timeout);
    void finish(Expected<Dialled, std::string> result);

    const Context& context_;
    const Endpoint target_;
    Done done_;
    boost::asio::ip::tcp::resolver resolver_;
    StreamSocket socket_;
    boost::asio::steady_timer timer_;
    std::vector<Attempt> attempts_;  ///< still to try, in reverse order
    // Of the current attempt, if it goes through a proxy:
    Attempt current_;
    std::optional<Socks5Handshake> handshake_;
    Bytes buffer_;
    bool proxy_connected_ = false;
};

}  // namespace parley
