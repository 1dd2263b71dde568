#include "node/daemon/record/message_capture.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/serialize.h"

namespace parley {
namespace {

constexpr size_t kCommandSize = 12;

}  // namespace

MessageCapture::MessageCapture(NodeDriver& node, std::string directory, const NetworkMagic& magic,
                               LogSink& log)
    : node_(node), directory_(std::move(directory)), magic_(magic), log_(log) {}

Effects MessageCapture::handle(Event event, TimePoint now) {
    note(event, now);
    const auto* closed = std::get_if<event::Closed>(&event);
    const std::optional<PeerId> left = closed ? std::optional{closed->peer} : std::nullopt;
    Effects effects = node_.handle(std::move(event), now);
    for (const Effect& effect : effects) {
        const auto* send = std::get_if<effect::Send>(&effect);
        const auto peer = send ? peers_.find(send->peer) : peers_.end();
        if (peer == peers_.end()) continue;
        take(peer->second.sent, *send->data, peer->second.directory + "/msgs_sent.dat", now);
    }
    if (left) peers_.erase(*left);
    return effects;
}

void MessageCapture::note(const Event& event, TimePoint now) {
    if (failed_) return;
    if (const auto* connected = std::get_if<event::Connected>(&event)) {
        std::string name = to_string(connected->remote);
        std::ranges::replace(name, ':', '_');
        Peer& peer = peers_[connected->peer];
        peer.directory = directory_ + "/" + name;
        peer.received.emplace(magic_);
        peer.sent.emplace(magic_);
        std::error_code error;
        std::filesystem::create_directories(peer.directory, error);
    } else if (const auto* received = std::get_if<event::Received>(&event)) {
        const auto peer = peers_.find(received->peer);
        if (peer == peers_.end()) return;
        take(peer->second.received, received->data, peer->second.directory + "/msgs_recv.dat", now);
    }
}

void MessageCapture::take(std::optional<FrameReader>& reader, ByteSpan bytes,
                          const std::string& path, TimePoint now) {
    while (reader && !bytes.empty() && !failed_) {
        const auto frame = reader->read(bytes);
        if (!frame) {
            reader.reset();
            return;
        }
        if (!*frame || !(*frame)->intact) continue;
        if (append(path, **frame, now)) continue;
        failed_ = true;
        peers_.clear();
        log_.error(LogCategory::net, "{} cannot be written. No more messages are captured.", path);
        return;
    }
}

bool MessageCapture::append(const std::string& path, const Frame& frame, TimePoint now) {
    Writer writer;
    writer.le(static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count()));
    std::string command = frame.command;
    command.resize(kCommandSize, '\0');
    writer.bytes(as_bytes(command));
    writer.le(static_cast<uint32_t>(frame.payload.size())).bytes(frame.payload);
    const Bytes record = writer.take();
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(record.data()),
               static_cast<std::streamsize>(record.size()));
    file.flush();
    return file.good();
}

}  // namespace parley
