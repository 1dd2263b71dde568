// I2pSam: outbound connections to I2P through a router on this machine (-i2psam), by version 3.1 of
// its SAM protocol. All connections belong to one session, whose destination is made anew when the
// session starts, and is stored nowhere. Inbound connections are not accepted. Shared by the dials
// that use it; io thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "base/random.h"
#include "node/daemon/network/stream_socket.h"

namespace parley {

/// One line from the router: "HELLO REPLY RESULT=OK VERSION=3.1".
struct SamReply {
    std::string subject;                        ///< "HELLO REPLY"
    std::map<std::string, std::string> values;  ///< a key without a value has an empty one

    static SamReply parse(std::string_view line);
    bool ok() const;
    /// For the log: what went wrong, in the router's words.
    std::string problem() const;
};

/// A socket to the router on which questions and answers alternate.
class SamSocket final : public std::enable_shared_from_this<SamSocket> {
 public:
    using Answer = std::function<void(Expected<SamReply, std::string>)>;

    explicit SamSocket(boost::asio::io_context& io) : socket_(io) {}

    /// Connects and greets the router.
    void open(const boost::asio::generic::stream_protocol::endpoint& router, Answer answer);
    /// `answer` gets replies that say OK, or an error. It reads no byte beyond the reply's line.
    void ask(std::string question, Answer answer);
    /// Waits until the router closes the socket.
    void watch(std::function<void()> closed);
    void close();
    StreamSocket release() { return std::move(socket_); }

 private:
    void read_line(const Answer& answer);

    StreamSocket socket_;
    std::string question_;
    std::string line_;
    char byte_ = 0;
};

class I2pSam final : public std::enable_shared_from_this<I2pSam> {
 public:
    struct Failure {
        std::string reason;
        bool of_router = false;  ///< no peer can be reached; otherwise, this one cannot
    };
    using Done = std::function<void(Expected<StreamSocket, Failure>)>;

    I2pSam(boost::asio::io_context& io, Random& random,
           boost::asio::generic::stream_protocol::endpoint router);

    /// Starts a session if there is none. Ends with an error at the latest when the session could
    /// not be started in time; the caller limits the rest.
    void connect(const std::string& name, Done done);

 private:
    enum class State : uint8_t { none, starting, ready };

    void start_session();
    void session_ended(const std::string& reason);
    void look_up(const std::string& name, const Done& done);

    boost::asio::io_context& io_;
    Random& random_;
    const boost::asio::generic::stream_protocol::endpoint router_;
    boost::asio::steady_timer timer_;  ///< for the start of a session
    State state_ = State::none;
    std::string session_;                 ///< its name
    std::shared_ptr<SamSocket> control_;  ///< the session lives as long as this
    struct Waiting {
        std::string name;
        Done done;
    };
    std::vector<Waiting> waiting_;  ///< for the session
};

}  // namespace parley
