#include "net/wire/framing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "station.h"

namespace parley::test {
namespace {

constexpr NetworkMagic kRegtest{0xfa, 0xbf, 0xb5, 0xda};
constexpr NetworkMagic kMain{0xf9, 0xbe, 0xb4, 0xd9};

std::vector<Frame> read_all(FrameReader& reader, ByteSpan bytes) {
    std::vector<Frame> frames;
    while (!bytes.empty()) {
        auto frame = reader.read(bytes);
        if (!frame || !*frame) break;
        frames.push_back(std::move(**frame));
    }
    return frames;
}

TEST(Framing, verack_encodes_as_documented) {
    // The example of the protocol documentation, with the main network's magic.
    const auto expected = from_hex("f9beb4d976657261636b000000000000000000005df6e0e2");
    EXPECT_EQ(*encode_frame(kMain, "verack", {}), *expected);
}

TEST(Framing, verack_decodes_as_documented) {
    FrameReader reader(kMain);
    const auto bytes = from_hex("f9beb4d976657261636b000000000000000000005df6e0e2");
    const auto frames = read_all(reader, *bytes);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].command, "verack");
    EXPECT_TRUE(frames[0].payload.empty());
    EXPECT_TRUE(frames[0].intact);
}

RC_GTEST_PROP(Framing, stream_cut_anywhere_gives_the_same_messages,
              (const std::vector<Bytes>& payloads, uint64_t seed)) {
    Bytes stream;
    for (const Bytes& payload : payloads) append(stream, raw_message("tx", payload));
    FrameReader reader(kRegtest);
    SeededRandom random(seed);
    std::vector<Frame> frames;
    for (ByteSpan rest{stream}; !rest.empty();) {
        const size_t size = 1 + random.uniform(std::min<size_t>(rest.size(), 40));
        for (Frame& frame : read_all(reader, rest.first(size))) frames.push_back(std::move(frame));
        rest = rest.subspan(size);
    }
    RC_ASSERT(frames.size() == payloads.size());
    for (size_t i = 0; i < frames.size(); ++i) {
        RC_ASSERT(frames[i].payload == payloads[i]);
        RC_ASSERT(frames[i].intact);
    }
    RC_ASSERT(reader.buffered() == 0u);
}

TEST(Framing, wrong_magic_fails_at_its_first_byte) {
    FrameReader reader(kRegtest);
    const Bytes bytes{'G'};
    ByteSpan input{bytes};
    const auto result = reader.read(input);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), FrameError::wrong_magic);
}

TEST(Framing, length_over_4000000_fails_before_the_payload) {
    Bytes header = raw_message("block", {});
    const uint32_t size = 4'000'001;
    for (size_t i = 0; i < 4; ++i) header[16 + i] = uint8_t(size >> (8 * i) & 0xff);
    FrameReader reader(kRegtest);
    ByteSpan input{header};
    const auto result = reader.read(input);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), FrameError::oversize);
}

TEST(Framing, length_of_exactly_4000000_passes_and_reserves_nothing) {
    Bytes header = raw_message("block", {});
    const uint32_t size = 4'000'000;
    for (size_t i = 0; i < 4; ++i) header[16 + i] = uint8_t(size >> (8 * i) & 0xff);
    FrameReader reader(kRegtest);
    ByteSpan input{header};
    const auto result = reader.read(input);
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(result->has_value());
    EXPECT_EQ(reader.buffered(), 24u);  // only what came
}

TEST(Framing, bad_checksum_or_command_is_not_intact_and_the_stream_goes_on) {
    Bytes damaged = raw_message("ping", Bytes(8));
    damaged[20] ^= 1;
    Bytes control = raw_message("pi\x01g", Bytes(8));
    Bytes padded = raw_message("ping", Bytes(8));
    padded[4 + 11] = 'x';  // behind the zero that ends the command
    Bytes stream;
    for (const Bytes& part : {damaged, control, padded, raw_message("pong", Bytes(8))})
        append(stream, part);
    FrameReader reader(kRegtest);
    const auto frames = read_all(reader, stream);
    ASSERT_EQ(frames.size(), 4u);
    EXPECT_FALSE(frames[0].intact);
    EXPECT_FALSE(frames[1].intact);
    EXPECT_FALSE(frames[2].intact);
    EXPECT_TRUE(frames[3].intact);
    EXPECT_EQ(frames[3].command, "pong");
}

}  // namespace
}  // namespace parley::test
