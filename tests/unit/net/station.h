// Station: one PeerManager with peers that the test plays by hand. What the node sends is cut into
// messages; the wire format is restated here, so that a mistake in net/framing cannot hide itself.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "fake_backend.h"
#include "net/peer_manager.h"
#include "net/wire/messages.h"

namespace parley::test {

inline constexpr TimePoint kStart = from_unix_seconds(1'800'000'000);

struct Sent {
    std::string command;
    Bytes payload;
};

/// A whole message with regtest's magic, written by hand.
Bytes raw_message(const std::string& command, ByteSpan payload);

template <class Message>
Bytes raw_message(const Message& message) {
    return raw_message(std::string(Message::kCommand), encode(message));
}

class Station {
 public:
    explicit Station(NetOptions options = {}, bool sealed = false, uint64_t seed = 1);

    /// A connection without any message.
    PeerId connect(bool inbound = true, const std::string& host = "10.0.0.1", uint64_t dial = 0);
    /// With the whole handshake; what it made the node send is forgotten. `dial`: of the Dial that
    /// the node made, for an outbound peer.
    PeerId ready_peer(bool inbound = true, message::Version version = default_version(),
                      bool wtxid_relay = true, const std::string& host = "10.0.0.1",
                      uint64_t dial = 0);
    static message::Version default_version();

    void receive(PeerId peer, ByteSpan bytes);
    template <class Message>
    void send(PeerId peer, const Message& message) {
        receive(peer, raw_message(message));
    }
    void send_raw(PeerId peer, const std::string& command, ByteSpan payload = {}) {
        receive(peer, raw_message(command, payload));
    }

    /// Lets time pass; timers run when they are due.
    void advance(Duration duration);

    /// What was sent to the peer since the last call.
    std::vector<Sent> take_sent(PeerId peer);
    /// Of these, the messages of one kind.
    template <class Message>
    std::vector<Message> take(PeerId peer) {
        std::vector<Message> result;
        for (const Sent& sent : take_sent(peer)) {
            if (sent.command != Message::kCommand) continue;
            auto decoded = decode<Message>(sent.payload);
            if (decoded) result.push_back(std::move(*decoded));
        }
        return result;
    }
    std::vector<std::string> take_commands(PeerId peer);

    bool closed(PeerId peer);
    /// The host's answer to a Close, or the other side's end.
    void close(PeerId peer);
    void drained(PeerId peer);
    std::vector<net_output::Dial> take_dials();
    void step(NetInput input);
    /// Hands over what the test did to the backend or the manager, and sorts what they want.
    void collect();

    FakeBackend backend;
    SeededRandom random;
    NullLog log;
    PeerManager manager;
    TimePoint now = kStart;
    std::map<PeerId, size_t> notifies;  ///< `notify` flags that were seen
    std::map<PeerId, size_t> bytes_sent;

 private:
    void sort(NetOutputs outputs);

    std::map<PeerId, Bytes> streams_;
    std::map<PeerId, bool> closed_;
    std::vector<net_output::Dial> dials_;
    std::map<uint64_t, uint16_t> dialled_ports_;
    uint64_t next_peer_ = 1;
};

}  // namespace parley::test
