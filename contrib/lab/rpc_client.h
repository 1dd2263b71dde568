// RpcClient: one keep-alive connection to a node's JSON-RPC server on loopback. Blocking; not
// thread-safe, one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "rpc/jsonrpc/json.h"

namespace parley::lab {

/// A failed call. The message names the call and contains the server's error.
class RpcFailure : public std::runtime_error {
 public:
    RpcFailure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    /// bitcoind's error code; 0 if there was no reply.
    int code() const { return code_; }

 private:
    int code_;
};

class RpcClient {
 public:
    /// `cookie` is user:password.
    RpcClient(uint16_t port, std::string cookie);
    ~RpcClient();
    RpcClient(const RpcClient&) = delete;
    RpcClient& operator=(const RpcClient&) = delete;

    /// `parameters` is a JSON array. `wallet` may be empty. Throws RpcFailure.
    rpc::Json call(const std::string& method, const std::string& parameters = "[]",
                   const std::string& wallet = {});

 private:
    void connect();
    void disconnect();
    void send_all(const std::string& text);
    std::string receive_body();

    uint16_t port_;
    std::string authorisation_;
    int socket_ = -1;
    std::chrono::steady_clock::time_point used_at_{};
    std::string buffer_;
};

/// A member of an object. Throws RpcFailure if it is missing.
const rpc::Json& member(const rpc::Json& object, const char* name);
int64_t to_integer(const rpc::Json& number);

}  // namespace parley::lab
