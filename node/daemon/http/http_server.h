// HttpServer: HTTP/1.1 for JSON-RPC and REST: listeners, threads, limits and credentials. The
// handler interprets the requests.
//
// A connection's requests are read, handled and answered one after the other (keep-alive,
// pipelining). One thread at a time watches the sockets. It reads a request and handles it itself,
// so that a fast reply needs no hand-over; before it blocks (about_to_wait), or starts on a large
// request, another thread takes over the sockets. Up to `threads` requests are handled at once;
// further ones wait in a bounded queue, and beyond that they are refused with 503. Threads are
// started on demand.
//
// Bounds: connections, header bytes, body bytes (few before authentication), and the time for a
// request to arrive.
//
// listen, start and stop are called by the owner. The handler is called by several threads at once.
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

    /// Binds the sockets. The error is a sentence for the user.
    Expected<void, std::string> listen();
    std::vector<Endpoint> listening() const;
    void start();
    /// For the handler: the calling thread will be busy or blocked for a while, so another must
    /// watch the sockets. Does nothing on threads that are not watching. Thread-safe.
    void about_to_wait();
    /// Accepts no further requests, waits for pending responses for a limited time, and ends the
    /// threads.
    void stop();

    struct Impl;

 private:
    const std::unique_ptr<Impl> impl_;
};

}  // namespace parley
