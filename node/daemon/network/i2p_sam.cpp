#include "node/daemon/network/i2p_sam.h"

#include <fmt/format.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace parley {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Longer than any reply: a destination has about 500 characters.
constexpr size_t kLineSizeMax = 64 << 10;
// A router that has just started needs minutes to build its tunnels.
constexpr auto kSessionTimeout = std::chrono::minutes(3);
// EdDSA, which replaces the obsolete default.
constexpr std::string_view kSignatureType = "7";

}  // namespace

// Values with spaces are quoted: MESSAGE="not found".
SamReply SamReply::parse(std::string_view line) {
    SamReply reply;
    while (!line.empty()) {
        const size_t start = line.find_first_not_of(' ');
        if (start == std::string_view::npos) break;
        line.remove_prefix(start);
        const size_t key_end = std::min(line.find_first_of(" ="), line.size());
        const std::string_view key = line.substr(0, key_end);
        line.remove_prefix(key_end);
        if (!line.starts_with('=')) {
            // The first words name the subject.
            if (reply.values.empty())
                reply.subject += (reply.subject.empty() ? "" : " ") + std::string(key);
            else
                reply.values[std::string(key)];
            continue;
        }
        line.remove_prefix(1);
        const bool quoted = line.starts_with('"');
        if (quoted) line.remove_prefix(1);
        const size_t value_end = std::min(line.find(quoted ? '"' : ' '), line.size());
        reply.values[std::string(key)] = line.substr(0, value_end);
        line.remove_prefix(std::min(value_end + 1, line.size()));
    }
    return reply;
}

bool SamReply::ok() const {
    const auto result = values.find("RESULT");
    return result != values.end() && result->second == "OK";
}

std::string SamReply::problem() const {
    const auto result = values.find("RESULT");
    const auto message = values.find("MESSAGE");
    return fmt::format("the I2P router answered {} {}{}{}", subject,
                       result == values.end() ? "without a result" : result->second,
                       message == values.end() ? "" : ": ",
                       message == values.end() ? "" : message->second);
}

void SamSocket::open(const asio::generic::stream_protocol::endpoint& router, Answer answer) {
    socket_.async_connect(
        router, [self = shared_from_this(), answer = std::move(answer)](const error_code& error) {
            if (error) return answer(Unexpected(error.message()));
            self->ask("HELLO VERSION MIN=3.1 MAX=3.1", answer);
        });
}

void SamSocket::ask(std::string question, Answer answer) {
    question_ = std::move(question) + "\n";
    asio::async_write(
        socket_, asio::buffer(question_),
        [self = shared_from_this(), answer = std::move(answer)](const error_code& error, size_t) {
            if (error) return answer(Unexpected(error.message()));
            self->line_.clear();
            self->read_line(answer);
        });
}

// Byte by byte, since what follows the last reply is the peer's.
void SamSocket::read_line(const Answer& answer) {
    asio::async_read(
        socket_, asio::buffer(&byte_, 1),
        [self = shared_from_this(), answer](const error_code& error, size_t) {
            if (error) return answer(Unexpected(error.message()));
            if (self->byte_ != '\n') {
                self->line_ += self->byte_;
                if (self->line_.size() > kLineSizeMax)
                    return answer(Unexpected<std::string>("the I2P router sent an endless line"));
                return self->read_line(answer);
            }
            SamReply reply = SamReply::parse(self->line_);
            if (!reply.ok()) return answer(Unexpected(reply.problem()));
            answer(std::move(reply));
        });
}

void SamSocket::watch(std::function<void()> closed) {
    asio::async_read(
        socket_, asio::buffer(&byte_, 1),
        [self = shared_from_this(), closed = std::move(closed)](const error_code& error, size_t) {
            if (error) return closed();
            self->watch(closed);  // a notice of the router
        });
}

void SamSocket::close() {
    error_code ignored;
    socket_.close(ignored);
}

I2pSam::I2pSam(asio::io_context& io, Random& random,
               asio::generic::stream_protocol::endpoint router)
    : io_(io), random_(random), router_(std::move(router)), timer_(io) {}

void I2pSam::connect(const std::string& name, Done done) {
    if (state_ == State::ready) return look_up(name, done);
    waiting_.push_back({name, std::move(done)});
    if (state_ == State::none) start_session();
}

void I2pSam::start_session() {
    state_ = State::starting;
    session_ = fmt::format("{:016x}", random_.next());
    control_ = std::make_shared<SamSocket>(io_);
    timer_.expires_after(kSessionTimeout);
    timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled && self->state_ == State::starting)
            self->session_ended("the I2P router did not start a session in time");
    });
    // Whoever is not the current socket any more has nothing to say.
    const auto control = control_;
    const auto self = shared_from_this();
    control->open(router_, [self, control](Expected<SamReply, std::string> hello) {
        if (self->control_ != control) return;
        if (!hello) return self->session_ended(hello.error());
        control->ask(fmt::format("SESSION CREATE STYLE=STREAM ID={} DESTINATION=TRANSIENT "
                                 "SIGNATURE_TYPE={} inbound.quantity=1 outbound.quantity=1",
                                 self->session_, kSignatureType),
                     [self, control](Expected<SamReply, std::string> created) {
                         if (self->control_ != control) return;
                         if (!created) return self->session_ended(created.error());
                         self->timer_.cancel();
                         self->state_ = State::ready;
                         control->watch([self, control] {
                             if (self->control_ == control)
                                 self->session_ended("the I2P router has ended the session");
                         });
                         for (Waiting& waiting : std::exchange(self->waiting_, {}))
                             self->look_up(waiting.name, waiting.done);
                     });
    });
}

// The next connection starts another one.
void I2pSam::session_ended(const std::string& reason) {
    state_ = State::none;
    timer_.cancel();
    if (const auto control = std::exchange(control_, nullptr)) control->close();
    for (Waiting& waiting : std::exchange(waiting_, {}))
        waiting.done(Unexpected(Failure{reason, true}));
}

void I2pSam::look_up(const std::string& name, const Done& done) {
    const auto socket = std::make_shared<SamSocket>(io_);
    const auto self = shared_from_this();
    socket->open(router_, [self, socket, name, done](Expected<SamReply, std::string> hello) {
        if (!hello) return done(Unexpected(Failure{hello.error(), true}));
        socket->ask("NAMING LOOKUP NAME=" + name,
                    [self, socket, done](Expected<SamReply, std::string> found) {
                        if (!found) return done(Unexpected(Failure{found.error()}));
                        socket->ask(fmt::format("STREAM CONNECT ID={} DESTINATION={} SILENT=false",
                                                self->session_, found->values["VALUE"]),
                                    [socket, done](Expected<SamReply, std::string> connected) {
                                        if (!connected)
                                            return done(Unexpected(Failure{connected.error()}));
                                        done(socket->release());
                                    });
                    });
    });
}

}  // namespace parley
