#include "node/daemon/http/http_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <vector>

namespace parley {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr uint32_t kHeaderBytesMax = 8192;                // bitcoind's MAX_HEADERS_SIZE
constexpr uint64_t kBodyBytesMax = 32 << 20;              // its MAX_SIZE
constexpr uint64_t kUnauthorisedBodyBytesMax = 64 << 10;  // read to keep the connection in step
constexpr size_t kReadBytes = 16 << 10;
// Bytes per write; each that succeeds renews the client's time limit.
constexpr size_t kWriteBytesMax = 256 << 10;
// How long input of a refused client is still read, so that a TCP reset does not destroy the reply.
constexpr auto kDrainTimeout = std::chrono::seconds(2);

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Payload Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Internal Server Error";
    }
}

bool is_field(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           boost::beast::iequals(line.substr(0, name.size()), name);
}

// RFC 9112, 6.3: the transfer encoding overrides a length beside it, and the connection ends behind
// such a request, which two servers might read differently. The parser takes only one of the two,
// so the length gets another name of the same size. True: it did. `head`: to the blank line.
bool hide_overridden_length(char* data, std::string_view head) {
    constexpr std::string_view kLength = "Content-Length";
    constexpr std::string_view kOther = "Ignored-Length";
    constexpr std::string_view kChunked = "chunked";
    static_assert(kLength.size() == kOther.size());
    std::vector<size_t> lengths;
    bool encoded = false;
    for (size_t begin = 0; begin < head.size();) {
        const size_t end = std::min(head.find("\r\n", begin), head.size());
        const std::string_view line = head.substr(begin, end - begin);
        if (is_field(line, kLength)) lengths.push_back(begin);
        encoded |= is_field(line, "Transfer-Encoding") &&
                   boost::beast::iequals(
                       line.substr(line.size() - std::min(line.size(), kChunked.size())), kChunked);
        begin = end + 2;
    }
    if (!encoded) return false;
    for (const size_t at : lengths) std::ranges::copy(kOther, data + at);
    return !lengths.empty();
}

// RFC 9110, 5.6.7; formatted once a second for each thread.
std::string_view http_date() {
    thread_local time_t last = 0;
    thread_local std::array<char, 32> text{};
    const time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    if (now != last) {
        tm parts{};
        ::gmtime_r(&now, &parts);
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        last = now;
    }
    return text.data();
}

rpc::HttpReply text_reply(int status, std::string text = {}) {
    return {status, "text/plain", std::move(text)};
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& remote,
                               Owner& owner)
    : strand_(asio::make_strand(socket.get_executor())),
      socket_(std::move(socket)),
      timer_(strand_),
      remote_(remote.address().to_string()),
      remote_text_(to_string(Endpoint{remote_, remote.port()})),
      owner_(owner) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
}

void HttpConnection::start() {
    asio::post(strand_, [self = shared_from_this()] { self->next_request(); });
}

void HttpConnection::next_request() {
    if (state_ == State::closed) return;
    if (close_after_reply_ || owner_.stopping()) return close();
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(kBodyBytesMax);
    parser_->eager(true);
    continue_sent_ = false;
    state_ = State::reading;
    waiting_since_ = Clock::now().time_since_epoch().count();
    if (buffer_.size() > 0) return parse();  // a pipelined request
    read();
}

void HttpConnection::read() {
    if (state_ == State::closed) return;
    socket_.async_read_some(
        buffer_.prepare(kReadBytes),
        asio::bind_executor(strand_,
                            [self = shared_from_this()](const error_code& error, size_t bytes) {
                                self->on_read(error, bytes);
                            }));
}

void HttpConnection::on_read(const error_code& error, size_t bytes) {
    if (state_ == State::closed) return;
    if (error) return close();
    buffer_.commit(bytes);
    parse();
}

void HttpConnection::parse() {
    error_code error;
    const bool begins = !parser_->is_header_done();
    if (begins) {
        auto* const data = static_cast<char*>(buffer_.data().data());
        const std::string_view text{data, buffer_.size()};
        const size_t end = text.find("\r\n\r\n");
        if (end == std::string_view::npos && text.size() <= kHeaderBytesMax) return read();
        if (end == std::string_view::npos || end > kHeaderBytesMax)
            error = http::error::header_limit;
        else if (hide_overridden_length(data, text.substr(0, end)))
            close_after_reply_ = true;
    }
    while (!error && buffer_.size() > 0 && !parser_->is_done()) {
        const size_t used = parser_->put(buffer_.data(), error);
        buffer_.consume(used);
        if (error || used == 0) break;
    }
    if (error == http::error::need_more) error = {};
    // HTTP/0.9: the parser would wait for a version.
    if (!error && begins && !parser_->is_header_done()) error = http::error::bad_version;
    // The parser takes any two digits.
    if (!error && begins && parser_->get().version() != 10 && parser_->get().version() != 11)
        error = http::error::bad_version;
    if (error) {
        close_after_reply_ = true;
        waiting_since_ = 0;
        return write(text_reply(error == http::error::body_limit ? 413 : 400));
    }
    if (parser_->is_done()) return on_request();
    if (parser_->is_header_done()) {
        if (refuse_early()) return;
        if (!continue_sent_ && parser_->get()[http::field::expect] == "100-continue")
            return write_continue();
    }
    read();
}

// Whether the header is enough to reply. Large bodies are only read from authenticated clients.
bool HttpConnection::refuse_early() {
    const auto length = parser_->content_length();
    const bool large = !length || *length > kUnauthorisedBodyBytesMax;
    if (!large) return false;
    if (length && *length > kBodyBytesMax) {
        close_after_reply_ = true;
        write(text_reply(413));
        return true;
    }
    const bool kept = close_after_reply_;
    close_after_reply_ = true;  // of a refusal
    if (!owner_.auth().allows_address(remote_)) {
        write(text_reply(403));
    } else if (authorise()) {
        close_after_reply_ = kept;
        return false;
    }
    waiting_since_ = 0;
    return true;
}

void HttpConnection::write_continue() {
    continue_sent_ = true;
    head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(
        socket_, asio::buffer(head_),
        asio::bind_executor(strand_, [self = shared_from_this()](const error_code& error, size_t) {
            if (error) return self->close();
            self->read();
        }));
}

// Needs no credentials.
bool HttpConnection::is_open(std::string_view path) const {
    return owner_.rest() && rpc::Rest::is_rest(path);
}

void HttpConnection::on_request() {
    waiting_since_ = 0;
    state_ = State::executing;
    if (!keep_alive()) close_after_reply_ = true;
    const auto& request = parser_->get();
    if (!owner_.auth().allows_address(remote_)) return write(text_reply(403));
    const std::string_view path = request.target();
    if (path != "/" && !path.starts_with("/wallet/") && !is_open(path))
        return write(text_reply(404));
    switch (owner_.admit(shared_from_this())) {
        case Owner::Admission::run:
            return execute();
        case Owner::Admission::wait:
            return;
        case Owner::Admission::refused:
            return write(text_reply(503, "Work queue depth exceeded"));
    }
}

void HttpConnection::post_execute() {
    asio::post(strand_, [self = shared_from_this()] { self->execute(); });
}

void HttpConnection::execute() {
    auto& request = parser_->get();
    const std::string_view path = request.target();
    if (is_open(path)) {
        write(owner_.handle({std::string(request.method_string()), std::string(path),
                             std::move(request.body()), ""}));
    } else if (request.method() != http::verb::post) {
        write(text_reply(405, "JSONRPC server handles only POST requests"));
    } else if (auto user = authorise()) {
        write(owner_.handle(
            {"POST", std::string(path), std::move(request.body()), std::move(*user)}));
    }
    owner_.finished();
}

std::optional<std::string> HttpConnection::authorise() {
    const std::string_view authorization = parser_->get()[http::field::authorization];
    if (!authorization_.empty() &&
        equal_constant_time(as_bytes(authorization), as_bytes(authorization_)))
        return user_;
    if (authorization.empty()) {
        write_unauthorised();
        return std::nullopt;
    }
    // Nobody guesses the cookie, so its owner need not wait for those who guess passwords.
    auto user = owner_.auth().authorise_cookie(authorization);
    if (!user) {
        if (!owner_.guesses().may_check(Clock::now())) {
            write(text_reply(503, "Too many wrong passwords. Try again in some seconds."));
            return std::nullopt;
        }
        user = owner_.auth().authorise(authorization);
    }
    if (!user) {
        on_wrong_password();
        return std::nullopt;
    }
    authorization_ = authorization;
    authorised_ = true;
    user_ = *user;
    return user;
}

void HttpConnection::write_unauthorised() {
    write(text_reply(401), "WWW-Authenticate: Basic realm=\"jsonrpc\"\r\n");
}

void HttpConnection::on_wrong_password() {
    owner_.wrong_password(remote_text_);
    timer_.expires_after(owner_.guesses().on_wrong(Clock::now()));
    timer_.async_wait(
        [self = shared_from_this()](const error_code&) { self->write_unauthorised(); });
}

bool HttpConnection::keep_alive() const {
    return parser_->is_header_done() && parser_->keep_alive();
}

void HttpConnection::write(rpc::HttpReply reply, std::string_view extra_header) {
    if (state_ == State::closed) return;
    state_ = State::writing;
    body_ = std::move(reply.body);
    const bool keep = !close_after_reply_ && !owner_.stopping();
    if (!keep) close_after_reply_ = true;
    const bool http10 = parser_->is_header_done() && parser_->get().version() == 10;
    head_.clear();
    const auto out = std::back_inserter(head_);
    fmt::format_to(out, "HTTP/1.1 {} {}\r\n{}", reply.status, reason(reply.status), extra_header);
    if (!reply.content_type.empty() && !body_.empty())
        fmt::format_to(out, "Content-Type: {}\r\n", reply.content_type);
    if (reply.status != 204) fmt::format_to(out, "Content-Length: {}\r\n", body_.size());
    fmt::format_to(out, "Date: {}\r\n{}\r\n", http_date(),
                   !keep    ? "Connection: close\r\n"
                   : http10 ? "Connection: keep-alive\r\n"
                            : "");
    const std::array buffers{asio::buffer(std::as_const(head_)),
                             asio::buffer(std::as_const(body_))};
    waiting_since_ = Clock::now().time_since_epoch().count();
    // Called after each part that was written.
    const auto progress = [this](const error_code& error, size_t) -> size_t {
        if (error) return 0;
        waiting_since_ = Clock::now().time_since_epoch().count();
        return kWriteBytesMax;
    };
    asio::async_write(
        socket_, buffers, progress,
        asio::bind_executor(strand_, [self = shared_from_this()](const error_code& error, size_t) {
            self->on_written(error);
        }));
}

void HttpConnection::on_written(const error_code& error) {
    if (state_ == State::closed) return;
    waiting_since_ = 0;
    // Both may hold private keys: released, and so wiped, while the connection waits.
    std::string().swap(body_);
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    if (error) return close();
    if (!close_after_reply_) return next_request();
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    state_ = State::draining;
    timer_.expires_after(kDrainTimeout);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->close();
    });
    drain();
}

void HttpConnection::drain() {
    buffer_.clear();
    socket_.async_read_some(
        buffer_.prepare(kReadBytes),
        asio::bind_executor(strand_, [self = shared_from_this()](const error_code& error, size_t) {
            if (self->state_ == State::closed) return;
            if (error) return self->close();
            self->drain();
        }));
}

void HttpConnection::close_when_idle() {
    asio::post(strand_, [self = shared_from_this()] {
        self->close_after_reply_ = true;
        if (self->state_ == State::reading || self->state_ == State::draining) self->close();
    });
}

void HttpConnection::close_if_waiting_since(Clock::time_point limit) {
    const auto since = waiting_since_.load();
    if (since == 0 || since > limit.time_since_epoch().count()) return;
    asio::post(strand_, [self = shared_from_this(), since] {
        if (self->waiting_since_ == since) self->close();
    });
}

std::optional<HttpConnection::Clock::time_point> HttpConnection::waiting_since() const {
    const auto since = waiting_since_.load();
    if (since == 0) return std::nullopt;
    return Clock::time_point{Clock::duration{since}};
}

void HttpConnection::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    waiting_since_ = 0;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace parley
