// Transport: the node's TCP connections, on one io thread. It handles bytes and connections, and
// knows no message of the protocol. The core makes requests through NetworkPort; events are posted
// to an EventSink.
//
// Bounds: it stops reading from a peer whose bytes the core has not consumed; it closes a peer that
// does not read what is sent; it closes inbound connections above the limit at once. Connections
// are closed gracefully: data sent before goes out first, then the end of the stream; data still
// arriving is discarded.
//
// All public functions are thread-safe, except listen, start and stop, which only the owner's
// thread may call.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/option_rows.h"
#include "base/time.h"
#include "net/peer/net_options.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

struct TransportOptions {
    /// -bind: numeric addresses. Port 0: chosen by the system.
    std::vector<Endpoint> binds;
    std::vector<Endpoint> onion_binds;  ///< the same, for what Tor sends: NetOptions
    bool listen_on_all = true;          ///< on all IPv4 and IPv6 addresses of this machine
    uint16_t default_port = 18444;      ///< of those
    bool listening = true;
    bool resolve_names = true;                        ///< -dns: look names of peers up
    Proxies proxies;                                  ///< of NetOptions
    size_t inbound_max = 149;                         ///< transport_inbound_max()
    Duration dial_timeout = std::chrono::seconds{5};  ///< -timeout: for resolving and connecting
    /// A connection ends when nothing that was sent is acknowledged for this long; idle ones are
    /// probed. Zero: only the system's own limits (many minutes).
    Duration unacknowledged_max{0};
    /// -testlinkdelay: delays all sent bytes by this, in order, on each connection. 0: none.
    Duration link_delay{0};

    static OptionRows<TransportOptions> rows();
};

/// Inbound connections that the transport accepts: more than the node keeps, because the node
/// evicts one to make room for another, and closing takes a moment.
size_t transport_inbound_max(const NetOptions& net);

class Transport final : public NetworkPort {
 public:
    Transport(TransportOptions options, EventSink& sink, LogSink& log);
    ~Transport() override;

    /// Binds the sockets. The error is a sentence for the user.
    Expected<void, std::string> listen();
    /// The listening addresses, with the ports chosen by the system.
    std::vector<Endpoint> listening() const;

    void start();
    /// Closes everything; posts no further events.
    void stop();

    void send(PeerId peer, std::shared_ptr<const Bytes> data, bool notify) override;
    void dial(uint64_t dial, const Endpoint& target) override;
    void close(PeerId peer) override;
    void consumed(PeerId peer, size_t bytes) override;

 private:
    class Impl;
    const std::unique_ptr<Impl> impl_;
};

}  // namespace parley
