// Connection: one TCP connection of the Transport: reading with back-pressure, a bounded send
// queue with an optional link delay, and a gentle end. It posts the peer's events; it decides
// nothing about peers. Owned by the Transport's table and by its own pending operations; io thread
// only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "node/daemon/workers/core_loop.h"

namespace parley {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    struct Context {
        EventSink& sink;
        MutableByteSpan scratch;  ///< read buffer shared by all connections of the io thread
        Duration link_delay;
        std::function<void(PeerId)> on_end;  ///< the connection leaves the table
    };

    Connection(PeerId id, bool inbound, boost::asio::ip::tcp::socket socket,
               const Context& context);

    PeerId id() const { return id_; }
    bool inbound() const { return inbound_; }

    void start();
    void send(std::shared_ptr<const Bytes> data, bool notify, SteadyTime now);
    void close();
    void consumed(size_t bytes);
    /// Without another event or a call to on_end.
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
    void end();

    const PeerId id_;
    const bool inbound_;
    const Context& context_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer delay_timer_;  ///< until the first chunk in the queue is due
    boost::asio::steady_timer end_timer_;    ///< how long a gentle end may take

    std::deque<Chunk> queue_;
    size_t queued_bytes_ = 0;
    bool writing_ = false;
    size_t unconsumed_bytes_ = 0;
    bool reading_ = false;
    bool input_ended_ = false;      ///< the other side will send nothing any more
    bool closing_ = false;          ///< the node asked for the end
    bool finished_ = false;         ///< everything is sent, and the end of the stream
    bool closed_reported_ = false;  ///< Closed was posted; no event may follow
    bool ended_ = false;
};

}  // namespace parley
