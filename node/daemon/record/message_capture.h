// MessageCapture: writes every message from and to peers to files, in bitcoind's format
// (-capturemessages): <directory>/<address>_<port>/msgs_recv.dat and msgs_sent.dat, which
// contrib/message-capture of bitcoind reads. A record: the time in microseconds (8 bytes), the
// command (12 bytes, padded with zeros), the payload's size (4 bytes), the payload; numbers are
// little-endian. The files grow without a bound, so this is for tests. A file that cannot be
// written ends the capture with a log line. Core thread only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/log.h"
#include "net/wire/framing.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class MessageCapture final : public NodeDriver {
 public:
    /// Borrows the node and the log.
    MessageCapture(NodeDriver& node, std::string directory, const NetworkMagic& magic,
                   LogSink& log);

    Effects handle(Event event, TimePoint now) override;
    std::optional<TimePoint> next_deadline() const override { return node_.next_deadline(); }

 private:
    struct Peer {
        std::string directory;
        // Empty: the stream cannot be read any more.
        std::optional<FrameReader> received;
        std::optional<FrameReader> sent;
    };

    void note(const Event& event, TimePoint now);
    void take(std::optional<FrameReader>& reader, ByteSpan bytes, const std::string& path,
              TimePoint now);
    bool append(const std::string& path, const Frame& frame, TimePoint now);

    NodeDriver& node_;
    const std::string directory_;
    const NetworkMagic magic_;
    LogSink& log_;
    std::map<PeerId, Peer> peers_;
    bool failed_ = false;
};

}  // namespace parley
