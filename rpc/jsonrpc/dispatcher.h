// Dispatcher: turns the body of an HTTP request into the reply: JSON-RPC 1.0, 1.1 and 2.0, batches,
// notifications. The host's HTTP server has already checked credentials and sizes. Called on any
// number of rpc threads at once; immutable after construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/jsonrpc/method.h"
#include "rpc/jsonrpc/whitelist.h"

namespace parley {
struct ChainParams;
}

namespace parley::rpc {

struct HttpRequest {
    std::string method;  ///< "POST"
    std::string path;    ///< "/", "/wallet/<name>", still percent-encoded
    std::string body;
    std::string user;  ///< the authorised user
};

struct HttpReply {
    int status = 200;
    std::string content_type;  ///< empty if there is no body
    std::string body;
};

class Dispatcher {
 public:
    /// All references must outlive it. `log` and `host` are called from rpc threads.
    Dispatcher(const ChainParams& params, NodeGateway& gateway, Host& host, LogSink& log,
               Whitelist whitelist = {});

    HttpReply handle(const HttpRequest& request) const;

    const MethodTable& methods() const { return table_; }

    /// Calls a method on behalf of an interface without credentials. The result is JSON.
    Result<std::string> call(std::string_view method, Json::Array arguments) const;

 private:
    struct Request;
    struct Outcome;

    std::string answer_single(const Json& json, const HttpRequest& http, int& status) const;
    std::string answer_batch(const Json& json, const HttpRequest& http) const;
    Outcome execute(const Request& request, const HttpRequest& http) const;
    Outcome run(const Method& method, const Json& params, const std::string& path) const;
    bool permitted(const Json& json, const HttpRequest& http) const;

    const ChainParams& params_;
    NodeGateway& gateway_;
    Host& host_;
    LogSink& log_;
    const Whitelist whitelist_;
    MethodTable table_;
};

}  // namespace parley::rpc
