// ScriptedPeer: a participant of a World without a node behind it, for peers that do what no node
// does: a Byzantine validator, a stranger that floods. It accepts connections, keeps the handshake
// and answers pings, so that a node takes it for a Parley node; everything else that it receives
// goes to its script, and it sends only what the script has World::say() send.
//
// It has no disk, no clock and no timers (World::at() serves), and does not dial: nodes dial it.
//
// Made by World::add_scripted_peer(); confined to the world's thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/peer_id.h"
#include "net/peer/net_options.h"
#include "net/wire/framing.h"
#include "net/wire/protocol.h"
#include "node/effect.h"
#include "node/event.h"
#include "node/simulator/link_faults.h"

namespace parley::sim {

/// Called with each message that is not part of the handshake or a ping. It may call any function
/// of the world that does not run it.
using MessageHandler =
    std::function<void(NodeIndex from, std::string_view command, ByteSpan payload)>;

class ScriptedPeer {
 public:
    /// Of the options, the magic and the services count. Without a script it only listens.
    ScriptedPeer(const NetOptions& options, MessageHandler script)
        : magic_(options.magic), services_(options.services), script_(std::move(script)) {}

    /// A connection with that node's machine is established, by the node.
    void connected(PeerId peer, NodeIndex remote);
    /// What it replies by itself; the script has been called.
    Effects received(const event::Received& received, TimePoint now);
    void closed(PeerId peer) { connections_.erase(peer); }

    /// The newest connection with that node on which the handshake is complete.
    std::optional<PeerId> connection(NodeIndex remote) const;
    /// The message for a connection.
    effect::Send message(PeerId peer, std::string_view command, ByteSpan payload) const;

 private:
    struct Connection {
        NodeIndex remote = 0;
        FrameReader reader;
        bool ready = false;
    };
    /// False: it is the script's.
    bool answer(PeerId peer, Connection& connection, const Frame& frame, TimePoint now,
                Effects& replies) const;

    const NetworkMagic magic_;
    const ServiceFlags services_;
    const MessageHandler script_;
    std::map<PeerId, Connection> connections_;
};

}  // namespace parley::sim
