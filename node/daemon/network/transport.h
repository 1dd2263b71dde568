// Transport: the node's TCP connections, on one io thread. It knows bytes and connections, no
// message of the protocol. The core asks for things through NetworkPort; what happens is posted to
// an EventSink.
//
// Bounds: a peer whose bytes the core has not consumed is read no further; a peer that does not
// take what is sent to it is closed; inbound connections above the limit are closed at once.
// Connections are closed gently: what was sent before goes out first, then the end of the stream,
// then whatever the other side still had under way is dropped.
//
// All public functions are thread-safe, except listen, start and stop: the thread that owns it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/option_row.h"
#include "base/time.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

struct TransportOptions {
    /// -bind: numeric addresses. With `listening` and none given: every IPv4 and IPv6 address of
    /// this machine. Port 0: the system chooses.
    std::vector<Endpoint> binds;
    uint16_t default_port = 18444;  ///< of the addresses when there is no -bind
    bool listening = true;
    size_t inbound_max = 114;  ///< -maxconnections less what the node dials itself
    Duration dial_timeout = std::chrono::seconds{5};  ///< -timeout: for resolving and connecting
    /// -testlinkdelay: every byte leaves so much later, in order, on each connection. 0: at once.
    Duration link_delay{0};

    static std::span<const OptionRow<TransportOptions>> rows();
};

class Transport final : public NetworkPort {
 public:
    Transport(TransportOptions options, EventSink& sink, LogSink& log);
    ~Transport() override;

    /// Binds. The error is a sentence for the user.
    Expected<void, std::string> listen();
    /// Where it listens, with the ports that the system chose.
    std::vector<Endpoint> listening() const;

    void start();
    /// Closes everything; no event is posted any more.
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
