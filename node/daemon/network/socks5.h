// Socks5Handshake: what a client says to a SOCKS5 proxy to be connected to a target (RFC 1928, with
// the user names and passwords of RFC 1929), as a state machine over bytes. It has no socket; the
// Dialer reads and writes for it. The target is always given as a name, so that nothing is looked
// up on this side of the proxy. It never asks for a byte beyond the handshake: those are the
// peer's. Not thread-safe.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/expected.h"
#include "net/wire/endpoint.h"

namespace parley {

/// Up to 255 bytes each, not empty.
struct Socks5Credentials {
    std::string user;
    std::string password;
};

class Socks5Handshake {
 public:
    /// With credentials, the proxy chooses whether to ask for them. REQUIRES: the host's name has 1
    /// to 255 bytes.
    Socks5Handshake(Endpoint target, std::optional<Socks5Credentials> credentials);

    /// The first bytes to send.
    Bytes greeting() const;
    /// How many bytes can be read now; 0: the handshake is complete.
    size_t wanted() const { return need_ - received_.size(); }
    /// Takes bytes from the proxy, in fragments of any size; returns what is to be sent, which may
    /// be nothing. After an error, the connection is of no use. REQUIRES: at most wanted() bytes.
    Expected<Bytes, std::string> receive(ByteSpan bytes);

 private:
    enum class State : uint8_t { method, authentication, reply, name_size, address, complete };

    Expected<Bytes, std::string> step();
    Expected<Bytes, std::string> on_method();
    Expected<Bytes, std::string> on_reply();
    void expect(State state, size_t bytes);
    Bytes request() const;

    const Endpoint target_;
    const std::optional<Socks5Credentials> credentials_;
    State state_ = State::method;
    Bytes received_;  ///< of this step
    size_t need_ = 0;
};

}  // namespace parley
