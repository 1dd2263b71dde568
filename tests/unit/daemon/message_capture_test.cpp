#include "node/daemon/record/message_capture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/serialize.h"
#include "chain/rules/params.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

/// Answers each Received with what it was told.
class ScriptedNode final : public NodeDriver {
 public:
    Effects answer;
    Effects handle(Event, TimePoint) override { return std::exchange(answer, {}); }
    std::optional<TimePoint> next_deadline() const override { return std::nullopt; }
};

struct Captured {
    uint64_t time_us = 0;
    std::string command;
    Bytes payload;
};

class MessageCaptureTest : public testing::Test {
 protected:
    std::vector<Captured> captured(const std::string& file) const {
        std::ifstream stream(directory_ / file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        std::vector<Captured> all;
        Reader reader(as_bytes(text));
        while (reader.left() > 0) {
            Captured each;
            each.time_us = reader.le<uint64_t>();
            const ByteSpan command = reader.bytes(12);
            each.command.assign(command.begin(), command.end());
            each.command.resize(each.command.find_last_not_of('\0') + 1);
            const ByteSpan payload = reader.bytes(reader.le<uint32_t>());
            each.payload.assign(payload.begin(), payload.end());
            all.push_back(std::move(each));
        }
        return all;
    }
    std::shared_ptr<const Bytes> frame(std::string_view command, const Bytes& payload) const {
        return encode_frame(regtest_params().magic, command, payload);
    }
    void receive(const Bytes& data) { capture_.handle(event::Received{kPeer, data}, kNow); }

    static constexpr PeerId kPeer{3};
    static constexpr TimePoint kNow = from_unix_seconds(1'700'000'000);
    TemporaryDirectory directory_;
    ScriptedNode node_;
    NullLog log_;
    MessageCapture capture_{node_, directory_.path(), regtest_params().magic, log_};
};

TEST_F(MessageCaptureTest, both_directions_are_written_by_peer) {
    capture_.handle(event::Connected{kPeer, *parse_endpoint("127.0.0.1:99", 1), {}, true, 0}, kNow);
    // Split anywhere, and two at once.
    Bytes stream = *frame("ping", {1, 2, 3});
    append(stream, *frame("verack", {}));
    receive({stream.begin(), stream.begin() + 20});
    node_.answer = {effect::Send{kPeer, frame("pong", {9}), false, {}}};
    receive({stream.begin() + 20, stream.end()});
    const auto received = captured("127.0.0.1_99/msgs_recv.dat");
    ASSERT_EQ(received.size(), 2u);
    EXPECT_EQ(received[0].command, "ping");
    EXPECT_EQ(received[0].payload, (Bytes{1, 2, 3}));
    EXPECT_EQ(received[0].time_us, 1'700'000'000'000'000u);
    EXPECT_EQ(received[1].command, "verack");
    EXPECT_TRUE(received[1].payload.empty());
    const auto sent = captured("127.0.0.1_99/msgs_sent.dat");
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].command, "pong");
    EXPECT_EQ(sent[0].payload, (Bytes{9}));
}

TEST_F(MessageCaptureTest, stream_that_is_no_protocol_ends_that_direction_only) {
    capture_.handle(event::Connected{kPeer, *parse_endpoint("[::1]:99", 1), {}, true, 0}, kNow);
    receive(Bytes(100, 7));
    receive(*frame("ping", {}));
    EXPECT_TRUE(captured("[__1]_99/msgs_recv.dat").empty());
    node_.answer = {effect::Send{kPeer, frame("pong", {}), false, {}}};
    receive({});
    EXPECT_EQ(captured("[__1]_99/msgs_sent.dat").size(), 1u);
    capture_.handle(event::Closed{kPeer, ""}, kNow);
    receive(*frame("ping", {}));  // of a peer that has left: nothing to write to
}

TEST_F(MessageCaptureTest, disk_that_fails_ends_the_capture_and_not_the_node) {
    std::ofstream(directory_ / "127.0.0.1_99") << "a file where a directory must be";
    capture_.handle(event::Connected{kPeer, *parse_endpoint("127.0.0.1:99", 1), {}, true, 0}, kNow);
    node_.answer = {effect::Send{kPeer, frame("pong", {}), false, {}}};
    EXPECT_EQ(capture_.handle(event::Received{kPeer, *frame("ping", {})}, kNow).size(), 1u);
    receive(*frame("ping", {}));
}

}  // namespace
}  // namespace parley
