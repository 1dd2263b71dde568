#include "net/wire/framing.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/crypto/sha256.h"

namespace parley {

namespace {

constexpr size_t kCommandOffset = 4;
constexpr size_t kLengthOffset = 16;
constexpr size_t kChecksumOffset = 20;
constexpr size_t kChecksumSize = 4;

std::array<uint8_t, kChecksumSize> checksum(ByteSpan payload) {
    const Hash256 hash = sha256d(payload);
    std::array<uint8_t, kChecksumSize> result{};
    std::copy_n(hash.data(), kChecksumSize, result.begin());
    return result;
}

/// Empty: a non-printable character, or non-zero bytes in the padding.
std::string parse_command(ByteSpan field) {
    const auto end = std::find(field.begin(), field.end(), uint8_t{0});
    const bool printable =
        std::all_of(field.begin(), end, [](uint8_t c) { return c >= 0x20 && c <= 0x7e; });
    const bool padded = std::all_of(end, field.end(), [](uint8_t c) { return c == 0; });
    return printable && padded ? std::string(field.begin(), end) : std::string();
}

}  // namespace

size_t FrameReader::payload_size() const {
    size_t size = 0;
    for (size_t i = 4; i-- > 0;) size = size << 8 | header_[kLengthOffset + i];
    return size;
}

std::optional<FrameError> FrameReader::check_header() const {
    // The magic is checked as soon as it has arrived, to reject other protocols early.
    const size_t known = std::min(header_size_, magic_.size());
    if (!std::equal(magic_.begin(), magic_.begin() + static_cast<std::ptrdiff_t>(known),
                    header_.begin()))
        return FrameError::wrong_magic;
    if (header_size_ == kMessageHeaderSize && payload_size() > kPayloadSizeMax)
        return FrameError::oversize;
    return std::nullopt;
}

Frame FrameReader::take_frame() {
    const ByteSpan header{header_};
    Frame frame;
    frame.command = parse_command(header.subspan(kCommandOffset, kCommandSizeMax));
    frame.payload = std::exchange(payload_, Bytes{});
    const auto sum = checksum(frame.payload);
    frame.intact = !frame.command.empty() &&
                   std::equal(sum.begin(), sum.end(), header_.begin() + kChecksumOffset);
    header_size_ = 0;
    return frame;
}

Expected<std::optional<Frame>, FrameError> FrameReader::read(ByteSpan& input) {
    if (header_size_ < kMessageHeaderSize) {
        const size_t taken = std::min(kMessageHeaderSize - header_size_, input.size());
        std::copy_n(input.begin(), taken,
                    header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
        header_size_ += taken;
        input = input.subspan(taken);
        if (const auto error = check_header()) return Unexpected(*error);
        if (header_size_ < kMessageHeaderSize) return std::optional<Frame>{};
    }
    const size_t taken = std::min(payload_size() - payload_.size(), input.size());
    append(payload_, input.first(taken));
    input = input.subspan(taken);
    if (payload_.size() < payload_size()) return std::optional<Frame>{};
    return std::optional<Frame>{take_frame()};
}

std::shared_ptr<const Bytes> encode_frame(const NetworkMagic& magic, std::string_view command,
                                          ByteSpan payload) {
    CHECK(!command.empty() && command.size() <= kCommandSizeMax);
    CHECK(payload.size() <= kPayloadSizeMax);
    auto bytes = std::make_shared<Bytes>();
    bytes->reserve(kMessageHeaderSize + payload.size());
    append(*bytes, magic);
    append(*bytes, as_bytes(command));
    bytes->resize(kLengthOffset);
    for (size_t i = 0; i < 4; ++i)
        bytes->push_back(static_cast<uint8_t>(payload.size() >> (8 * i) & 0xff));
    append(*bytes, checksum(payload));
    append(*bytes, payload);
    return bytes;
}

}  // namespace parley
