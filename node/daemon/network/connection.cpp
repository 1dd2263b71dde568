#include "node/daemon/network/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <chrono>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Limit of bytes that wait to be sent to one peer. The node paces its large replies (Drained), so
// only a peer that does not read at all reaches the limit.
constexpr size_t kQueuedBytesMax = 32 << 20;
// Buffers per gathering write; more would not make the system call cheaper.
constexpr size_t kBuffersPerWriteMax = 64;
// Time limit for sending pending bytes to a peer that is being disconnected.
constexpr auto kEndTimeout = std::chrono::seconds(5);
// After our end of the stream, input is discarded for this time. An immediate close could cause a
// TCP reset, which would destroy the last bytes in transit.
constexpr auto kLingerTimeout = std::chrono::seconds(1);

// Without this, the system sends lost data again at intervals that double, for a quarter of an
// hour: after a break of thirty seconds, a connection carries nothing for half a minute more. A
// process that stands still acknowledges all the same, so it does not lose its connections.
// Where the system does not know an option, its own limits stay.
void limit_silence(StreamSocket& socket, Duration limit) {
    const auto set = [&](int level, int name, int64_t value) {
        const auto number = static_cast<int>(value);
        ::setsockopt(socket.native_handle(), level, name, &number, sizeof(number));
    };
    const int64_t milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
    const int64_t probe_seconds = std::max<int64_t>(1, milliseconds / 2000);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, probe_seconds);
    set(IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
}

}  // namespace

Connection::Connection(PeerId id, bool inbound, StreamSocket socket, const Context& context)
    : id_(id),
      inbound_(inbound),
      context_(context),
      socket_(std::move(socket)),
      delay_timer_(socket_.get_executor()),
      end_timer_(socket_.get_executor()) {}

void Connection::start() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (context_.unacknowledged_max > Duration::zero())
        limit_silence(socket_, context_.unacknowledged_max);
    read();
}

void Connection::read() {
    if (reading_ || input_ended_ || closing_ || ended_) return;
    if (unconsumed_bytes_ >= context_.input.share()) return;
    reading_ = true;
    // Waits until the socket is readable and then reads into a shared buffer, so that connections
    // need no buffers of their own.
    socket_.async_wait(StreamSocket::wait_read,
                       [self = shared_from_this()](const error_code& error) {
                           self->reading_ = false;
                           if (!self->ended_) self->on_readable(error);
                       });
}

void Connection::on_readable(const error_code& wait_error) {
    if (finished_) return discard_input();
    if (closing_) return;
    error_code error = wait_error;
    size_t count = 0;
    const size_t count_max = std::min(context_.scratch.size(), context_.input.share());
    if (!error) count = socket_.read_some(asio::buffer(context_.scratch.data(), count_max), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return read();
    if (!error) {
        context_.input.change(unconsumed_bytes_, unconsumed_bytes_ + count);
        context_.sink.post(event::Received{id_, to_bytes(context_.scratch.first(count))});
        return read();
    }
    input_ended_ = true;
    if (error == asio::error::eof) {
        // The core may still reply to the last bytes, so it closes the connection after it has
        // handled the end of the stream.
        report_closed("closed by the other side");
    } else {
        report_closed(error.message());
        end();
    }
}

void Connection::consumed(size_t bytes) {
    context_.input.change(unconsumed_bytes_,
                          unconsumed_bytes_ - std::min(bytes, unconsumed_bytes_));
    read();
}

void Connection::send(std::shared_ptr<const Bytes> data, bool notify, SteadyTime now) {
    if (closing_ || ended_) return;
    if (queued_bytes_ + data->size() > kQueuedBytesMax && !queue_.empty()) {
        report_closed("does not read what is sent to it");
        return end();
    }
    queued_bytes_ += data->size();
    queue_.push_back({std::move(data), notify, now + context_.link_delay});
    write();
}

void Connection::write() {
    if (writing_ || ended_) return;
    if (queue_.empty()) {
        if (closing_) finish();
        return;
    }
    std::vector<asio::const_buffer> buffers;
    const auto now = context_.link_delay == Duration::zero() ? SteadyTime::max()
                                                             : std::chrono::steady_clock::now();
    for (const Chunk& chunk : queue_) {
        if (chunk.due > now || buffers.size() == kBuffersPerWriteMax) break;
        buffers.emplace_back(chunk.data->data(), chunk.data->size());
    }
    if (buffers.empty()) return wait_for_due_chunk();
    writing_ = true;
    const size_t chunks = buffers.size();
    asio::async_write(socket_, std::move(buffers),
                      [self = shared_from_this(), chunks](const error_code& error, size_t) {
                          self->writing_ = false;
                          if (!self->ended_) self->on_written(error, chunks);
                      });
}

void Connection::wait_for_due_chunk() {
    writing_ = true;
    delay_timer_.expires_at(queue_.front().due);
    delay_timer_.async_wait([self = shared_from_this()](const error_code&) {
        self->writing_ = false;
        self->write();
    });
}

void Connection::on_written(const error_code& error, size_t chunks) {
    if (error) {
        report_closed(error.message());
        return end();
    }
    for (; chunks > 0; --chunks) {
        queued_bytes_ -= queue_.front().data->size();
        if (queue_.front().notify && !closed_reported_) context_.sink.post(event::Drained{id_});
        queue_.pop_front();
    }
    write();
}

void Connection::close() {
    if (closing_ || ended_) return;
    closing_ = true;
    end_timer_.expires_after(kEndTimeout);
    end_timer_.async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->ended_ || self->finished_) return;
        self->report_closed("closed before it had read everything sent");
        self->end();
    });
    write();
}

// Called when everything has been sent.
void Connection::finish() {
    if (finished_) return;
    finished_ = true;
    report_closed("closed by this node");
    error_code error;
    socket_.shutdown(StreamSocket::shutdown_send, error);
    if (error || input_ended_) return end();
    end_timer_.expires_after(kLingerTimeout);
    end_timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled && !self->ended_) self->end();
    });
    discard_input();
}

void Connection::discard_input() {
    if (reading_ || ended_) return;
    reading_ = true;
    socket_.async_wait(StreamSocket::wait_read, [self = shared_from_this()](error_code error) {
        self->reading_ = false;
        if (self->ended_) return;
        const auto scratch = self->context_.scratch;
        if (!error) self->socket_.read_some(asio::buffer(scratch.data(), scratch.size()), error);
        if (error && error != asio::error::would_block && error != asio::error::try_again)
            return self->end();
        self->discard_input();
    });
}

void Connection::report_closed(std::string reason) {
    if (closed_reported_) return;
    closed_reported_ = true;
    context_.sink.post(event::Closed{id_, std::move(reason)});
}

void Connection::end() {
    if (ended_) return;
    abandon();
    context_.on_end(id_);
}

void Connection::abandon() {
    ended_ = true;
    context_.input.change(unconsumed_bytes_, 0);
    error_code ignored;
    delay_timer_.cancel();
    end_timer_.cancel();
    socket_.close(ignored);
}

}  // namespace parley
