// One HTTP POST over a plain socket, for parley-cli. Not a general client: no TLS, no redirects, no
// keep-alive. Blocking. Thread-safe.
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
    std::chrono::seconds timeout{0};  ///< without progress; 0: no limit
};

struct HttpClientReply {
    enum class State : uint8_t { answered, unreachable, broken };
    State state = State::unreachable;
    int status = 0;
    std::string body;  ///< if there was no response, the reason
};

HttpClientReply http_post(const HttpClientRequest& request);

}  // namespace parley
