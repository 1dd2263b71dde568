// Dispatcher: from the body of an HTTP request to the reply: JSON-RPC 1.0, 1.1 and 2.0, batches,
// notifications. It knows no socket and no credentials: the host's HTTP server has checked those,
// and limits sizes. Called on any number of rpc threads at once; nothing in it changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/jsonrpc/method.h"

namespace parley {
struct ChainParams;
}

namespace parley::rpc {

struct HttpRequest {
    std::string method;  ///< "POST"
    std::string path;    ///< "/", "/wallet/<name>", percent-encoded as it came
    std::string body;
    std::string user;  ///< as authorised; for the log
};

struct HttpReply {
    int status = 200;
    std::string content_type;  ///< empty where there is no body
    std::string body;
};

class Dispatcher {
 public:
    /// All outlive it. `log` and `host` are called from rpc threads.
    Dispatcher(const ChainParams& params, NodeGateway& gateway, Host& host, LogSink& log);

    HttpReply handle(const HttpRequest& request) const;

    const MethodTable& methods() const { return table_; }

 private:
    struct Request;
    struct Outcome;

    std::string answer_single(const Json& json, const HttpRequest& http, int& status) const;
    std::string answer_batch(const Json& json, const HttpRequest& http) const;
    Outcome execute(const Request& request, const HttpRequest& http) const;

    const ChainParams& params_;
    NodeGateway& gateway_;
    Host& host_;
    LogSink& log_;
    MethodTable table_;
};

}  // namespace parley::rpc
