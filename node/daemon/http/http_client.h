// One HTTP POST over a plain socket, for parley-cli. Not a general client: no TLS, no redirects, no
// kept connections. Blocking. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace parley {

struct HttpClientRequest {
    std::string host;  ///< name or numeric address
    uint16_t port = 0;
    std::string path = "/";
    std::string authorization;  ///< value of the header; empty: none
    std::string body;
    std::chrono::seconds timeout{0};  ///< without any progress; 0: none
};

struct HttpClientReply {
    enum class State : uint8_t { answered, unreachable, broken };
    State state = State::unreachable;
    int status = 0;
    std::string body;  ///< where there is no answer: why
};

HttpClientReply http_post(const HttpClientRequest& request);

}  // namespace parley
