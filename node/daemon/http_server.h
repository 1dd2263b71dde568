// HttpServer: HTTP/1.1 for JSON-RPC and REST: listeners, threads, limits and credentials. What a
// request means is the handler's business.
//
// A connection's requests are read, answered and written one after the other (keep-alive,
// pipelining). The thread that completes reading a request also answers it; `threads` of them may
// do so at once, further requests wait in a bounded queue, and beyond that they are refused with
// 503. One thread is always left to do that. Threads start when they are first needed.
//
// Bounds: connections, header bytes, body bytes (few before the credentials are known), and the
// time for a request to arrive.
//
// listen, start and stop: the owner. The handler is called by several threads at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/expected.h"
#include "base/log.h"
#include "node/daemon/http_auth.h"
#include "node/daemon/http_options.h"
#include "rpc/dispatcher.h"

namespace parley {

class HttpServer {
 public:
    using Handler = std::function<rpc::HttpReply(const rpc::HttpRequest&)>;

    HttpServer(HttpOptions options, HttpAuth auth, Handler handler, LogSink& log);
    ~HttpServer();

    /// Binds. The error is a sentence for the user.
    Expected<void, std::string> listen();
    std::vector<Endpoint> listening() const;
    void start();
    /// Takes no further request, waits a while for the replies under way, and ends the threads.
    void stop();

    struct Impl;

 private:
    const std::unique_ptr<Impl> impl_;
};

}  // namespace parley
