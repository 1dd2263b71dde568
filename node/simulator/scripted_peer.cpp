#include "node/simulator/scripted_peer.h"

#include "base/check.h"
#include "base/serialize.h"
#include "net/wire/messages.h"

namespace parley::sim {
namespace {

template <class Message>
Bytes payload_of(const Message& message) {
    Writer writer;
    message.write(writer);
    return writer.take();
}

}  // namespace

void ScriptedPeer::connected(PeerId peer, NodeIndex remote) {
    connections_.emplace(peer, Connection{remote, FrameReader(magic_)});
}

effect::Send ScriptedPeer::message(PeerId peer, std::string_view command, ByteSpan payload) const {
    return effect::Send{peer, encode_frame(magic_, command, payload)};
}

std::optional<PeerId> ScriptedPeer::connection(NodeIndex remote) const {
    for (auto it = connections_.rbegin(); it != connections_.rend(); ++it) {
        if (it->second.remote == remote && it->second.ready) return it->first;
    }
    return std::nullopt;
}

bool ScriptedPeer::answer(PeerId peer, Connection& connection, const Frame& frame, TimePoint now,
                          Effects& replies) const {
    if (frame.command == message::Version::kCommand) {
        message::Version version;
        version.services = services_;
        version.sender.services = services_;
        version.time = to_unix_seconds(now);
        version.user_agent = "/scripted/";
        version.relay = false;
        replies.push_back(message(peer, message::Version::kCommand, payload_of(version)));
        replies.push_back(message(peer, message::Verack::kCommand, {}));
        return true;
    }
    if (frame.command == message::Verack::kCommand) {
        connection.ready = true;
        return true;
    }
    if (frame.command == message::Ping::kCommand) {
        replies.push_back(message(peer, message::Pong::kCommand, frame.payload));
        return true;
    }
    return false;
}

Effects ScriptedPeer::received(const event::Received& received, TimePoint now) {
    Effects replies;
    const auto found = connections_.find(received.peer);
    CHECK(found != connections_.end());
    ByteSpan input = received.data;
    while (!input.empty()) {
        auto frame = found->second.reader.read(input);
        CHECK(frame);  // nodes send no damaged frames
        if (!*frame) break;
        if (answer(received.peer, found->second, **frame, now, replies)) continue;
        if (script_) script_(found->second.remote, (*frame)->command, (*frame)->payload);
    }
    return replies;
}

}  // namespace parley::sim
