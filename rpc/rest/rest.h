// Rest: bitcoind's REST interface over the RPC methods. Paths, formats, statuses and texts of
// errors are bitcoind's. Called on any number of rpc threads at once; immutable.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/expected.h"
#include "rpc/jsonrpc/dispatcher.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/rest/rest_path.h"

namespace parley::rpc {

class Rest {
 public:
    /// Calls a method; the result is JSON. Dispatcher::call, or a test's stand-in.
    using Methods = std::function<Expected<std::string, Error>(std::string_view, Json::Array)>;

    explicit Rest(Methods methods) : methods_(std::move(methods)) {}

    static bool is_rest(std::string_view target) { return target.starts_with("/rest/"); }
    /// REQUIRES: is_rest(request.path).
    HttpReply handle(const HttpRequest& request) const;

 private:
    struct Refusal {
        int status = 400;
        std::string text;
    };
    using Reply = Expected<HttpReply, Refusal>;
    /// What follows the prefix of the handler.
    struct Question {
        const RestPath& path;
        std::string rest;
        const std::string& body;
    };
    using Handler = Reply (Rest::*)(const Question&) const;
    struct Route {
        std::string_view prefix;
        Handler handler;
    };
    static const Route kRoutes[];

    Reply block(const Question& question) const;
    Reply block_without_details(const Question& question) const;
    Reply block_part(const Question& question) const;
    Reply block_hash_by_height(const Question& question) const;
    Reply block_filter(const Question& question) const;
    Reply block_filter_headers(const Question& question) const;
    Reply chain_info(const Question& question) const;
    Reply deployment_info(const Question& question) const;
    Reply headers(const Question& question) const;
    Reply mempool(const Question& question) const;
    Reply spent_outputs(const Question& question) const;
    Reply transaction(const Question& question) const;
    Reply unspent_outputs(const Question& question) const;

    struct Filter {
        Bytes filter;
        Bytes header;  ///< as a message has it
    };
    Expected<Filter, Refusal> find_filter(const std::string& type, const std::string& hash) const;
    Expected<Bytes, Refusal> block_bytes(const std::string& hash) const;
    Expected<std::string, Refusal> block_json(const std::string& hash, int verbosity) const;
    Reply whole_block(const Question& question, int verbosity) const;
    /// Of a method without a refusal of its own: only the warm-up and faults of the node.
    Expected<std::string, Refusal> call(std::string_view method, Json::Array arguments,
                                        const Refusal& if_absent) const;

    const Methods methods_;
};

}  // namespace parley::rpc
