// Framing of the peer protocol: magic, command, length, checksum, payload. FrameReader cuts
// messages out of a byte stream that arrives in pieces; it holds at most one unfinished message,
// and never more memory than the bytes that have really arrived (times two). It knows nothing of
// payloads. Used by PeerManager and by tests; one reader a connection, not thread-safe.
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

/// The stream cannot be followed any further.
enum class FrameError : uint8_t { wrong_magic, oversize };

struct Frame {
    std::string command;
    Bytes payload;
    /// The checksum matches the payload, and the command is printable ASCII padded with zeros.
    /// bitcoind drops a message where this fails, and keeps the peer.
    bool intact = false;

    size_t wire_size() const { return kMessageHeaderSize + payload.size(); }
};

class FrameReader {
 public:
    explicit FrameReader(const NetworkMagic& magic) : magic_(magic) {}

    /// Takes bytes from the front of `input`, up to the end of the first complete message. Empty:
    /// all of the input was taken, and the message is not complete yet. After an error the reader
    /// must not be used any more.
    Expected<std::optional<Frame>, FrameError> read(ByteSpan& input);

    /// Bytes of the unfinished message that are held.
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

/// REQUIRES: 1 to 12 characters of command, a payload of at most kPayloadSizeMax bytes.
std::shared_ptr<const Bytes> encode_frame(const NetworkMagic& magic, std::string_view command,
                                          ByteSpan payload);

}  // namespace parley
