// RpcClient: one keep-alive connection to a node's JSON-RPC server on loopback. Blocking; not
// thread-safe, one owner a client.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "rpc/jsonrpc/json.h"

namespace parley::lab {

/// The call failed: the sentence says which, and what the server said.
class RpcFailure : public std::runtime_error {
 public:
    RpcFailure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    /// bitcoind's number; 0 when there was no answer.
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

/// The member of an object. Throws RpcFailure when it is not there.
const rpc::Json& member(const rpc::Json& object, const char* name);
int64_t to_integer(const rpc::Json& number);

}  // namespace parley::lab
