#include "node/daemon/network/transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "node/daemon/network/connection.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {
namespace {

using namespace std::chrono_literals;

// Keeps the events of one Transport for the test to take.
class Mailbox final : public EventSink {
 public:
    void post(Event event) override {
        {
            const std::lock_guard lock(mutex_);
            events_.push_back(std::move(event));
        }
        arrived_.notify_all();
    }
    std::optional<Event> next(Duration wait = 10s) {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, wait, [this] { return !events_.empty(); }))
            return std::nullopt;
        Event event = std::move(events_.front());
        events_.pop_front();
        return event;
    }
    // Fails the test where another event comes, or none.
    template <class T>
    T expect(Duration wait = 10s) {
        const auto event = next(wait);
        if (event && std::holds_alternative<T>(*event)) return std::get<T>(*event);
        ADD_FAILURE() << "expected another event than "
                      << (event ? std::to_string(event->index()) : "none");
        return {};
    }
    Bytes expect_bytes(size_t count) {
        Bytes result;
        while (result.size() < count) {
            const auto received = expect<event::Received>();
            if (received.data.empty()) break;
            append(result, received.data);
        }
        return result;
    }

 private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Event> events_;
};

std::shared_ptr<const Bytes> bytes(std::string_view text) {
    return std::make_shared<const Bytes>(to_bytes(as_bytes(text)));
}

class TransportTest : public testing::Test {
 protected:
    explicit TransportTest(TransportOptions options = {}) : options_(std::move(options)) {
        options_.binds = {{"127.0.0.1", 0}};
    }
    void start() {
        server_ = std::make_unique<Transport>(options_, server_events_, log_);
        ASSERT_TRUE(server_->listen());
        address_ = server_->listening().at(0);
        server_->start();
        TransportOptions dialing = options_;
        dialing.listening = false;
        client_ = std::make_unique<Transport>(dialing, client_events_, log_);
        ASSERT_TRUE(client_->listen());
        client_->start();
    }
    // Both ends of a new connection.
    std::pair<PeerId, PeerId> connect() {
        client_->dial(9, address_);
        const auto out = client_events_.expect<event::Connected>();
        const auto in = server_events_.expect<event::Connected>();
        EXPECT_EQ(out.dial, 9u);
        EXPECT_FALSE(out.inbound);
        EXPECT_TRUE(in.inbound);
        EXPECT_EQ(out.remote, address_);
        EXPECT_EQ(out.local, in.remote);
        return {out.peer, in.peer};
    }
    // A foreign end, driven by hand.
    UniqueFd raw_connection() {
        UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(address_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return fd;
    }

    NullLog log_;
    TransportOptions options_;
    Mailbox server_events_;
    Mailbox client_events_;
    Endpoint address_;
    std::unique_ptr<Transport> server_;
    std::unique_ptr<Transport> client_;
};

TEST_F(TransportTest, send_both_ways_arrives_in_order_and_drains) {
    start();
    const auto [out, in] = connect();
    client_->send(out, bytes("hello "), false);
    client_->send(out, bytes("world"), true);
    EXPECT_EQ(as_text(server_events_.expect_bytes(11)), "hello world");
    EXPECT_EQ(client_events_.expect<event::Drained>().peer, out);
    server_->send(in, bytes("and back"), false);
    EXPECT_EQ(as_text(client_events_.expect_bytes(8)), "and back");
    client_->send(PeerId{77}, bytes("nobody"), true);  // unknown: nothing happens
}

TEST_F(TransportTest, close_sends_what_was_queued_then_tells_both_ends) {
    start();
    const auto [out, in] = connect();
    const std::string large(3 << 20, 'x');
    client_->send(out, bytes(large), false);
    client_->close(out);
    size_t received = 0;
    while (received < large.size()) {
        const auto event = server_events_.expect<event::Received>();
        ASSERT_FALSE(event.data.empty());
        received += event.data.size();
        server_->consumed(in, event.data.size());
    }
    EXPECT_EQ(server_events_.expect<event::Closed>().peer, in);
    EXPECT_EQ(client_events_.expect<event::Closed>().peer, out);
    EXPECT_FALSE(client_events_.next(50ms));
}

TEST_F(TransportTest, half_closed_peer_still_gets_its_answer) {
    start();
    const UniqueFd raw = raw_connection();
    const PeerId peer = server_events_.expect<event::Connected>().peer;
    ASSERT_EQ(::write(raw.get(), "ask", 3), 3);
    ASSERT_EQ(::shutdown(raw.get(), SHUT_WR), 0);
    EXPECT_EQ(as_text(server_events_.expect_bytes(3)), "ask");
    server_events_.expect<event::Closed>();
    server_->send(peer, bytes("answer"), false);  // the core had not seen Closed yet
    server_->close(peer);
    std::string answer(16, '\0');
    size_t count = 0;
    for (ssize_t n = 1; n > 0; count += static_cast<size_t>(n))
        n = ::read(raw.get(), answer.data() + count, answer.size() - count);
    EXPECT_EQ(answer.substr(0, count), "answer");
    EXPECT_FALSE(server_events_.next(50ms));
}

TEST_F(TransportTest, received_unconsumed_bytes_stop_the_reading) {
    start();
    const auto [out, in] = connect();
    constexpr size_t kTotal = 16 << 20;
    client_->send(out, std::make_shared<const Bytes>(kTotal), false);
    size_t received = 0;
    while (const auto event = server_events_.next(300ms))
        received += std::get<event::Received>(*event).data.size();
    EXPECT_LE(received, (1u << 20) + (64u << 10));
    EXPECT_GT(received, 0u);
    size_t consumed = received;
    server_->consumed(in, received);
    while (consumed < kTotal) {
        const auto event = server_events_.expect<event::Received>();
        ASSERT_FALSE(event.data.empty());
        consumed += event.data.size();
        server_->consumed(in, event.data.size());
    }
    EXPECT_EQ(consumed, kTotal);
}

// What all peers together have in the core's queue is what a newcomer waits for, so it must not
// grow with their number.
TEST(InputShares, peers_with_waiting_bytes_divide_what_one_alone_may_have) {
    InputShares shares;
    EXPECT_EQ(shares.share(), InputShares::kBytesMax);
    std::vector<size_t> waiting(100, 0);
    for (size_t& each : waiting) shares.change(each, 5);
    EXPECT_EQ(shares.share(), InputShares::kBytesMax / 100);
    for (size_t& each : waiting) shares.change(each, 9);  // more bytes, as many peers
    EXPECT_EQ(shares.share(), InputShares::kBytesMax / 100);
    std::vector<size_t> many(1'000, 0);
    for (size_t& each : many) shares.change(each, 1);
    EXPECT_EQ(shares.share(), InputShares::kBytesMin);
    for (size_t& each : many) shares.change(each, 0);
    for (size_t& each : waiting) shares.change(each, 0);
    EXPECT_EQ(shares.share(), InputShares::kBytesMax);
}

TEST_F(TransportTest, send_to_peer_that_never_reads_closes_it) {
    start();
    const auto [out, in] = connect();
    const auto block = std::make_shared<const Bytes>(4 << 20);
    for (int i = 0; i < 30; ++i) client_->send(out, block, false);
    const auto closed = client_events_.expect<event::Closed>();
    EXPECT_EQ(closed.peer, out);
    EXPECT_NE(closed.reason.find("does not read"), std::string::npos);
}

TEST_F(TransportTest, dial_refused_unresolvable_and_numeric_ipv6_report_failure) {
    start();
    const uint16_t unused = address_.port;
    server_->stop();
    server_.reset();
    client_->dial(1, {"127.0.0.1", unused});
    EXPECT_EQ(client_events_.expect<event::DialFailed>().dial, 1u);
    client_->dial(2, {"name.invalid", unused});
    EXPECT_EQ(client_events_.expect<event::DialFailed>().dial, 2u);
    client_->dial(3, {"::1", unused});
    EXPECT_EQ(client_events_.expect<event::DialFailed>().dial, 3u);
}

TEST_F(TransportTest, dial_by_name_connects) {
    start();
    client_->dial(5, {"localhost", address_.port});
    EXPECT_EQ(client_events_.expect<event::Connected>().remote.host, "127.0.0.1");
}

TEST_F(TransportTest, listen_port_in_use_says_so) {
    start();
    TransportOptions options;
    options.binds = {address_};
    Transport second(options, client_events_, log_);
    const auto result = second.listen();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().find("Unable to bind to " + to_string(address_)), std::string::npos);
    EXPECT_NE(result.error().find("already running"), std::string::npos);
}

TEST_F(TransportTest, inbound_beyond_limit_closed_unseen) {
    options_.inbound_max = 1;
    start();
    const UniqueFd first = raw_connection();
    server_events_.expect<event::Connected>();
    const UniqueFd second = raw_connection();
    char byte = 0;
    EXPECT_LE(::read(second.get(), &byte, 1), 0);
    EXPECT_FALSE(server_events_.next(20ms));
}

TEST_F(TransportTest, link_delay_holds_every_byte_and_keeps_the_order) {
    options_.link_delay = 60ms;
    start();
    const auto [out, in] = connect();
    const auto begin = std::chrono::steady_clock::now();
    client_->send(out, bytes("first "), false);
    std::this_thread::sleep_for(20ms);
    client_->send(out, bytes("second"), true);
    client_->close(out);
    EXPECT_EQ(as_text(server_events_.expect_bytes(6)), "first ");
    // A lower bound holds on any machine.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 60ms);
    EXPECT_EQ(as_text(server_events_.expect_bytes(6)), "second");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 80ms);
    client_events_.expect<event::Drained>();
    client_events_.expect<event::Closed>();
    server_events_.expect<event::Closed>();
    (void)in;
}

}  // namespace
}  // namespace parley
