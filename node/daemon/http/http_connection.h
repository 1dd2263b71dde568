// HttpConnection: one client of the HttpServer: reads requests, enforces HTTP's rules, writes
// responses. Handlers of one connection run one at a time (on its strand), on any of the server's
// threads. Owned by its pending operations; the server keeps weak references.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/daemon/http/guess_limiter.h"
#include "node/daemon/http/http_auth.h"
#include "rpc/jsonrpc/dispatcher.h"
#include "rpc/rest/rest.h"

namespace parley {

class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
 public:
    using Clock = std::chrono::steady_clock;

    /// The server as a connection sees it. All functions are thread-safe.
    class Owner {
     public:
        enum class Admission : uint8_t { run, wait, refused };
        virtual ~Owner() = default;

        /// run: call execute() now. wait: the server will schedule it. refused: respond with 503.
        virtual Admission admit(const std::shared_ptr<HttpConnection>& connection) = 0;
        /// A request has been executed.
        virtual void finished() = 0;
        virtual bool stopping() const = 0;
        virtual const HttpAuth& auth() const = 0;
        virtual GuessLimiter& guesses() = 0;
        /// -rest: paths of the REST interface are answered, without credentials.
        virtual bool rest() const = 0;
        /// For the log.
        virtual void wrong_password(const std::string& peer) = 0;
        virtual rpc::HttpReply handle(const rpc::HttpRequest& request) = 0;
    };

    HttpConnection(boost::asio::ip::tcp::socket socket,
                   const boost::asio::ip::tcp::endpoint& remote, Owner& owner);

    void start();
    /// Handles the request that was read; then the next may be read. Runs on the connection's
    /// strand.
    void execute();
    /// From any thread: runs execute() on the strand, after admit() returned wait.
    void post_execute();
    /// From any thread: closes at once if idle, otherwise after the response.
    void close_when_idle();
    /// From any thread: closes if it has been waiting for the client since `limit`: for a whole
    /// request, or for the client to take more of a response.
    void close_if_waiting_since(Clock::time_point limit);
    /// From any thread: since when it has been waiting for the client. Empty: it is not waiting.
    std::optional<Clock::time_point> waiting_since() const;
    /// From any thread: the client has given valid credentials before.
    bool authorised() const { return authorised_.load(std::memory_order_relaxed); }

 private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    enum class State : uint8_t { reading, executing, writing, draining, closed };

    void next_request();
    bool is_open(std::string_view path) const;
    void read();
    void on_read(const boost::system::error_code& error, size_t bytes);
    void parse();
    bool refuse_early();
    void on_request();
    void write_unauthorised();
    void on_wrong_password();
    void write(rpc::HttpReply reply, std::string_view extra_header = {});
    /// The authorised user; empty: a refusal was written, or will be.
    std::optional<std::string> authorise();
    void on_written(const boost::system::error_code& error);
    void write_continue();
    void drain();
    void close();
    bool keep_alive() const;

    boost::asio::strand<boost::asio::ip::tcp::socket::executor_type> strand_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    const std::string remote_;       // numeric address
    const std::string remote_text_;  // with the port, for the log
    Owner& owner_;

    // On the strand only:
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    State state_ = State::reading;
    bool close_after_reply_ = false;
    bool continue_sent_ = false;
    // The last valid credentials, because a client sends the same with every request.
    std::string authorization_;
    std::string user_;
    std::string head_;  // of the response being written
    std::string body_;
    std::atomic<Clock::rep> waiting_since_{0};  // 0: not waiting for the client
    std::atomic<bool> authorised_{false};
};

}  // namespace parley
