// HttpServer: HTTP/1.1 for JSON-RPC and REST: listeners, threads, limits and credentials. What a
// request means is the handler's business.
//
// A connection's requests are read, answered and written one after the other (keep-alive,
// pipelining). One thread at a time watches the sockets: it reads a request and answers it itself,
// so that an answer at hand costs no hand-over. Before it waits for anything else (about_to_wait),
// or takes on a large request, another takes its place. `threads` requests may be answered at once,
// further ones wait in a bounded queue, and beyond that they are refused with 503. Threads start
// when they are first needed.
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
#include "node/daemon/http/http_auth.h"
#include "node/daemon/http/http_options.h"
#include "rpc/jsonrpc/dispatcher.h"

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
    /// For the handler: the calling thread will be busy or asleep for a while, so another watches
    /// the sockets. Does nothing on threads that do not. Thread-safe.
    void about_to_wait();
    /// Takes no further request, waits a while for the replies under way, and ends the threads.
    void stop();

    struct Impl;

 private:
    const std::unique_ptr<Impl> impl_;
};

}  // namespace parley
