// Step: the handling of one input, and its outputs. A signed message can only be sent with the
// token that VoteLog::record() returned: sending it without does not compile. Core thread only.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "base/time.h"
#include "consensus/engine.h"
#include "consensus/pbft/messages/messages.h"

namespace parley::pbft {

class VoteLog;

/// Proof that everything this replica has signed is recorded durably before any later output leaves
/// the node. Only VoteLog creates one.
class Recorded {
 public:
    Recorded(Recorded&&) = default;
    Recorded& operator=(Recorded&&) = default;
    Recorded(const Recorded&) = delete;
    Recorded& operator=(const Recorded&) = delete;

 private:
    friend class VoteLog;
    Recorded() = default;
};

class Step {
 public:
    Step(TimePoint time, const NetworkTag& network) : now(time), network_(network) {}

    const TimePoint now;

    // ---- signed statements
    /// A prepare or a commit.
    void broadcast(const Vote& vote, const Recorded&) { broadcast(encode_vote(vote, network_)); }
    void broadcast(const PrePrepare& message, const Recorded&) {
        broadcast(encode_pre_prepare(message.vote, message.block, network_));
    }
    void broadcast(const ViewChange& message, const Recorded&) {
        broadcast(encode_view_change(message, network_));
    }
    void broadcast(const NewView& message, const Recorded&) {
        broadcast(encode_new_view(message, network_));
    }
    void send(PeerId peer, const Vote& vote, const Recorded&) {
        send(peer, encode_vote(vote, network_));
    }
    void send(PeerId peer, const PrePrepare& message, const Recorded&) {
        send(peer, encode_pre_prepare(message.vote, message.block, network_));
    }
    void send(PeerId peer, const ViewChange& message, const Recorded&) {
        send(peer, encode_view_change(message, network_));
    }
    void send(PeerId peer, const NewView& message, const Recorded&) {
        send(peer, encode_new_view(message, network_));
    }

    // ---- messages that the sender does not sign
    void broadcast(const Status& status) { broadcast(encode_status(status, network_)); }
    void send(PeerId peer, const Status& status) { send(peer, encode_status(status, network_)); }
    void send(PeerId peer, const Fetch& fetch) { send(peer, encode_fetch(fetch, network_)); }
    void send(PeerId peer, const Body& body) { send(peer, encode_body(body.block, network_)); }

    /// A message that others signed, to all peers but its sender.
    void pass_on(PeerId from, ByteSpan message) {
        outputs_.emplace_back(engine_output::Broadcast{to_bytes(message), from});
    }

    // ---- other outputs
    template <class Kind, class... Args>
    void emit(Args&&... args) {
        static_assert(!std::is_same_v<Kind, engine_output::SendMessage> &&
                          !std::is_same_v<Kind, engine_output::Broadcast>,
                      "messages leave by send() and broadcast()");
        outputs_.emplace_back(std::in_place_type<Kind>, std::forward<Args>(args)...);
    }
    size_t output_count() const { return outputs_.size(); }
    EngineOutputs take_outputs() { return std::move(outputs_); }

 private:
    void broadcast(Bytes message) {
        outputs_.emplace_back(engine_output::Broadcast{std::move(message), kNoPeer});
    }
    void send(PeerId peer, Bytes message) {
        outputs_.emplace_back(engine_output::SendMessage{peer, std::move(message)});
    }

    const NetworkTag& network_;
    EngineOutputs outputs_;
};

}  // namespace parley::pbft
