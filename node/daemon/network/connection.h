// Connection: one connection of the Transport: reads with back-pressure, has a bounded send
// queue with an optional link delay, and closes gracefully. It posts the peer's events, and decides
// nothing about peers. Owned by the Transport's table and by its own pending operations; io thread
// only.
#pragma once

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "node/daemon/network/stream_socket.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

/// How many received bytes of one peer may wait for the core thread. The queue of the core is
/// served in order of arrival, so what all peers together have in it is what a newcomer waits for.
class InputShares {
 public:
    /// For one peer alone, and in all for as long as nobody's share is the least one.
    static constexpr size_t kBytesMax = 1 << 20;
    /// A few hundred of the smallest messages.
    static constexpr size_t kBytesMin = 8 << 10;

    /// `waiting`: bytes of one peer.
    void change(size_t& waiting, size_t waiting_now) {
        peers_ += (waiting_now > 0 ? 1 : 0);
        peers_ -= (waiting > 0 ? 1 : 0);
        waiting = waiting_now;
    }
    size_t share() const { return std::max(kBytesMin, kBytesMax / std::max<size_t>(peers_, 1)); }

 private:
    size_t peers_ = 0;  ///< with waiting bytes
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    struct Context {
        EventSink& sink;
        MutableByteSpan scratch;  ///< read buffer shared by all connections of the io thread
        InputShares& input;
        Duration link_delay;
        Duration unacknowledged_max;         ///< zero: none
        std::function<void(PeerId)> on_end;  ///< removes the connection from the table
    };

    Connection(PeerId id, bool inbound, StreamSocket socket, const Context& context);

    PeerId id() const { return id_; }
    bool inbound() const { return inbound_; }
    /// Everything was sent; it only waits for the other side, so that the last bytes arrive.
    bool lingering() const { return finished_; }

    void start();
    void send(std::shared_ptr<const Bytes> data, bool notify, SteadyTime now);
    void close();
    void consumed(size_t bytes);
    /// Ends now.
    void end();
    /// Ends without another event or call to on_end.
    void abandon();

 private:
    struct Chunk {
        std::shared_ptr<const Bytes> data;
        bool notify;
        SteadyTime due;
    };

    void read();
    void on_readable(const boost::system::error_code& error);
    void write();
    void on_written(const boost::system::error_code& error, size_t chunks);
    void wait_for_due_chunk();
    void finish();
    void discard_input();
    void report_closed(std::string reason);

    const PeerId id_;
    const bool inbound_;
    const Context& context_;
    StreamSocket socket_;
    boost::asio::steady_timer delay_timer_;  ///< for the first chunk in the queue
    boost::asio::steady_timer end_timer_;    ///< limits the graceful close

    std::deque<Chunk> queue_;
    size_t queued_bytes_ = 0;
    bool writing_ = false;
    size_t unconsumed_bytes_ = 0;
    bool reading_ = false;
    bool input_ended_ = false;      ///< the other side has closed its direction
    bool closing_ = false;          ///< the node requested the close
    bool finished_ = false;         ///< everything was sent, and our direction closed
    bool closed_reported_ = false;  ///< Closed was posted; no further events
    bool ended_ = false;
};

}  // namespace parley
