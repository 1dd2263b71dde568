// Step: one input being handled, and the outputs that it leads to. What carries a signature leaves
// only with the token that VoteLog::record() returned: sending it without does not compile. Core
// thread only.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "base/time.h"
#include "consensus/engine.h"
#include "consensus/pbft/messages.h"

namespace parley::pbft {

class VoteLog;

/// Says that the record of everything that this replica has signed is on the disk, or on its way
/// there before what follows. Only VoteLog makes one.
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

    // ---- statements, which carry signatures
    void broadcast(const Vote& vote, const Recorded&);  ///< a prepare or a commit
    void broadcast(const PrePrepare& message, const Recorded&);
    void broadcast(const ViewChange& message, const Recorded&);
    void broadcast(const NewView& message, const Recorded&);
    void send(PeerId peer, const Vote& vote, const Recorded&);
    void send(PeerId peer, const PrePrepare& message, const Recorded&);
    void send(PeerId peer, const ViewChange& message, const Recorded&);
    void send(PeerId peer, const NewView& message, const Recorded&);

    // ---- messages without a signature of the sender
    void broadcast(const Status& status);
    void send(PeerId peer, const Status& status);
    void send(PeerId peer, const Fetch& fetch);
    void send(PeerId peer, const Body& body);

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
    void broadcast(Bytes message);
    void send(PeerId peer, Bytes message);

    const NetworkTag& network_;
    EngineOutputs outputs_;
};

}  // namespace parley::pbft
