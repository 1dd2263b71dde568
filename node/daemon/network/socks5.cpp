#include "node/daemon/network/socks5.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/serialize.h"

namespace parley {
namespace {

constexpr uint8_t kSocksVersion = 5;
constexpr uint8_t kPasswordVersion = 1;
// Methods:
constexpr uint8_t kNoAuthentication = 0;
constexpr uint8_t kUserAndPassword = 2;
constexpr uint8_t kNoneAcceptable = 0xff;
constexpr uint8_t kConnect = 1;
// Types of addresses:
constexpr uint8_t kIpv4 = 1;
constexpr uint8_t kName = 3;
constexpr uint8_t kIpv6 = 4;

constexpr size_t kNameSizeMax = 255;
constexpr size_t kPortSize = 2;

// The words of RFC 1928; from 0xf0 on those of Tor (its proposal 304).
std::string reply_text(uint8_t code) {
    switch (code) {
        case 0x01:
            return "general failure";
        case 0x02:
            return "connection not allowed";
        case 0x03:
            return "network unreachable";
        case 0x04:
            return "host unreachable";
        case 0x05:
            return "connection refused";
        case 0x06:
            return "TTL expired";
        case 0x07:
            return "command not supported";
        case 0x08:
            return "address type not supported";
        case 0xf0:
            return "onion service descriptor can not be found";
        case 0xf1:
            return "onion service descriptor is invalid";
        case 0xf2:
            return "onion service introduction failed";
        case 0xf3:
            return "onion service rendezvous failed";
        case 0xf4:
            return "onion service missing client authorization";
        case 0xf5:
            return "onion service wrong client authorization";
        case 0xf6:
            return "onion service invalid address";
        case 0xf7:
            return "onion service introduction timed out";
        default:
            return fmt::format("unknown (0x{:02x})", code);
    }
}

void write_counted(Writer& writer, const std::string& text) {
    CHECK(!text.empty() && text.size() <= kNameSizeMax);
    writer.u8(static_cast<uint8_t>(text.size())).bytes(as_bytes(text));
}

}  // namespace

Socks5Handshake::Socks5Handshake(Endpoint target, std::optional<Socks5Credentials> credentials)
    : target_(std::move(target)), credentials_(std::move(credentials)) {
    CHECK(!target_.host.empty() && target_.host.size() <= kNameSizeMax);
    expect(State::method, 2);
}

Bytes Socks5Handshake::greeting() const {
    Writer writer;
    writer.u8(kSocksVersion).u8(credentials_ ? 2 : 1).u8(kNoAuthentication);
    if (credentials_) writer.u8(kUserAndPassword);
    return writer.take();
}

void Socks5Handshake::expect(State state, size_t bytes) {
    state_ = state;
    need_ = bytes;
    received_.clear();
}

Bytes Socks5Handshake::request() const {
    Writer writer;
    writer.u8(kSocksVersion).u8(kConnect).u8(0).u8(kName);
    write_counted(writer, target_.host);
    writer.be(target_.port);
    return writer.take();
}

Expected<Bytes, std::string> Socks5Handshake::receive(ByteSpan bytes) {
    CHECK(bytes.size() <= wanted());
    append(received_, bytes);
    if (wanted() > 0) return Bytes{};
    return step();
}

Expected<Bytes, std::string> Socks5Handshake::step() {
    switch (state_) {
        case State::method:
            return on_method();
        case State::authentication:
            if (received_[0] != kPasswordVersion || received_[1] != 0)
                return Unexpected<std::string>("the proxy refused the user name and password");
            expect(State::reply, 4);
            return request();
        case State::reply:
            return on_reply();
        case State::name_size:
            expect(State::address, received_[0] + kPortSize);
            return Bytes{};
        case State::address:
            expect(State::complete, 0);
            return Bytes{};
        case State::complete:
            break;
    }
    return Bytes{};
}

Expected<Bytes, std::string> Socks5Handshake::on_method() {
    if (received_[0] != kSocksVersion)
        return Unexpected(
            fmt::format("the proxy does not speak SOCKS5 (it answered 0x{:02x})", received_[0]));
    const uint8_t method = received_[1];
    if (method == kNoAuthentication) {
        expect(State::reply, 4);
        return request();
    }
    if (method == kUserAndPassword && credentials_) {
        Writer writer;
        writer.u8(kPasswordVersion);
        write_counted(writer, credentials_->user);
        write_counted(writer, credentials_->password);
        expect(State::authentication, 2);
        return writer.take();
    }
    if (method == kNoneAcceptable)
        return Unexpected<std::string>("the proxy accepts none of the ways to log in");
    return Unexpected(fmt::format(
        "the proxy requires authentication method 0x{:02x}, which was not offered", method));
}

// The address to which the proxy has bound follows. It says nothing of use.
Expected<Bytes, std::string> Socks5Handshake::on_reply() {
    if (received_[0] != kSocksVersion)
        return Unexpected(
            fmt::format("the proxy does not speak SOCKS5 (it answered 0x{:02x})", received_[0]));
    if (received_[1] != 0) return Unexpected(reply_text(received_[1]));
    if (received_[2] != 0) return Unexpected<std::string>("the proxy sent a malformed reply");
    switch (received_[3]) {
        case kIpv4:
            expect(State::address, 4 + kPortSize);
            return Bytes{};
        case kIpv6:
            expect(State::address, 16 + kPortSize);
            return Bytes{};
        case kName:
            expect(State::name_size, 1);
            return Bytes{};
        default:
            return Unexpected<std::string>("the proxy sent a malformed reply");
    }
}

}  // namespace parley
