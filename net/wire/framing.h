// Framing of the peer protocol: magic, command, length, checksum, payload. FrameReader extracts
// messages from a byte stream that arrives in pieces. It holds at most one incomplete message, and
// at most twice the memory of the bytes received. It does not interpret payloads. Used by
// PeerManager and by tests; one reader per connection, not thread-safe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "net/wire/protocol.h"

namespace parley {

/// The stream is unusable from here on.
enum class FrameError : uint8_t { wrong_magic, oversize };

struct Frame {
    std::string command;
    Bytes payload;
    /// The checksum matches the payload, and the command is printable ASCII padded with zeros. Like
    /// bitcoind, the node drops a message that is not intact and keeps the peer.
    bool intact = false;

    size_t wire_size() const { return kMessageHeaderSize + payload.size(); }
};

class FrameReader {
 public:
    explicit FrameReader(const NetworkMagic& magic) : magic_(magic) {}

    /// Consumes bytes from the front of `input`, up to the end of the first complete message.
    /// Empty: all of the input was consumed, and the message is incomplete. The reader must not be
    /// used after an error.
    Expected<std::optional<Frame>, FrameError> read(ByteSpan& input);

    /// Bytes held of the incomplete message.
    size_t buffered() const { return header_size_ + payload_.size(); }

 private:
    size_t payload_size() const;
    std::optional<FrameError> check_header() const;
    Frame take_frame();

    NetworkMagic magic_;
    std::array<uint8_t, kMessageHeaderSize> header_{};
    size_t header_size_ = 0;
    Bytes payload_;
};

/// REQUIRES: a command of 1 to 12 characters, a payload of at most kPayloadSizeMax bytes.
std::shared_ptr<const Bytes> encode_frame(const NetworkMagic& magic, std::string_view command,
                                          ByteSpan payload);

}  // namespace parley
