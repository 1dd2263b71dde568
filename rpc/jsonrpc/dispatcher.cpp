#include "rpc/jsonrpc/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

namespace {

// Bounds the logged method name, which the client chooses; no method has a longer name.
constexpr size_t kLoggedMethodSizeMax = 64;

enum class Version : uint8_t { legacy, v2 };  ///< legacy: 1.0, 1.1 or not specified

struct Answer {
    std::string result;  ///< JSON
    std::optional<Error> error;
};

/// `id` is null if the request has none.
std::string reply_text(Version version, const Json* id, const Answer& answer) {
    JsonWriter writer;
    writer.object([&] {
        if (version == Version::v2) writer.field("jsonrpc", "2.0");
        if (!answer.error) {
            writer.key("result").raw(answer.result);
            if (version == Version::legacy) writer.key("error").null();
        } else {
            if (version == Version::legacy) writer.key("result").null();
            writer.field_object("error", [&] {
                writer.field("code", static_cast<int32_t>(answer.error->code));
                writer.field("message", answer.error->message);
            });
        }
        if (id) writer.field("id", *id);
    });
    return writer.take();
}

/// The HTTP status of a reply in the legacy versions; 2.0 uses 200 for all replies.
int status_of(const Answer& answer) {
    if (!answer.error) return 200;
    switch (answer.error->code) {
        case Code::invalid_request:
            return 400;
        case Code::method_not_found:
            return 404;
        default:
            return 500;
    }
}

HttpReply json_reply(int status, std::string body) {
    body += '\n';
    return {status, "application/json", std::move(body)};
}

/// Without the characters that could be taken for a part of the log line.
std::string printable(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') ||
                           std::string_view{" .,;-_/:?@()"}.find(c) != std::string_view::npos;
        if (plain) safe += c;
    }
    return safe;
}

HttpReply malformed(std::string message) {
    const Json null;
    const Answer answer{{}, Error{Code::parse, std::move(message)}};
    return json_reply(500, reply_text(Version::legacy, &null, answer));
}

}  // namespace

/// One request object. `error` is set if the object is not a valid request.
struct Dispatcher::Request {
    Version version = Version::legacy;
    const Json* id = nullptr;
    std::string method;
    const Json* params = nullptr;
    std::optional<std::string> error;

    /// Borrows from `json`.
    explicit Request(const Json& json) { error = read(json); }

    bool is_notification() const { return version == Version::v2 && !id; }

 private:
    std::optional<std::string> read(const Json& json) {
        // What has no place for an id is answered with null.
        static const Json kNoId;
        if (!json.is_object()) {
            id = &kNoId;
            return "Invalid Request object";
        }
        id = json.find("id");
        if (const Json* named = json.find("jsonrpc"); named && !named->is_null()) {
            if (!named->is_string()) return "jsonrpc field must be a string";
            if (named->string() == "2.0")
                version = Version::v2;
            else if (named->string() != "1.0" && named->string() != "1.1")
                return "JSON-RPC version not supported";
        }
        const Json* name = json.find("method");
        if (!name || name->is_null()) return "Missing method";
        if (!name->is_string()) return "Method must be a string";
        method = name->string();
        params = json.find("params");
        if (params && !params->is_null() && !params->is_array() && !params->is_object())
            return "Params must be an array or object";
        return std::nullopt;
    }
};

struct Dispatcher::Outcome : Answer {};

Dispatcher::Dispatcher(const ChainParams& params, NodeGateway& gateway, Host& host, LogSink& log,
                       Whitelist whitelist)
    : params_(params),
      gateway_(gateway),
      host_(host),
      log_(log),
      whitelist_(std::move(whitelist)) {}

HttpReply Dispatcher::handle(const HttpRequest& request) const {
    if (request.path != "/" && !request.path.starts_with("/wallet/")) return {404, "", ""};
    if (request.method != "POST")
        return {405, "text/plain", "JSONRPC server handles only POST requests"};
    const auto json = parse_json(request.body);
    if (!json) return malformed("Parse error");
    if (!permitted(*json, request)) return {403, "", ""};
    if (json->is_array()) {
        std::string replies = answer_batch(*json, request);
        if (replies.empty()) return {204, "", ""};
        return json_reply(200, std::move(replies));
    }
    if (!json->is_object()) return malformed("Top-level object parse error");
    int status = 200;
    std::string reply = answer_single(*json, request, status);
    if (status == 204) return {204, "", ""};
    return json_reply(status, std::move(reply));
}

// A batch with one forbidden method is forbidden as a whole: nothing of it has run.
bool Dispatcher::permitted(const Json& json, const HttpRequest& http) const {
    if (!whitelist_.allows_user(http.user)) {
        log_.warning(LogCategory::general, "RPC User {} not allowed to call any methods",
                     http.user);
        return false;
    }
    const auto permitted_one = [&](const Json& single) {
        const Request request{single};
        if (request.error || whitelist_.allows(http.user, request.method)) return true;
        log_.warning(LogCategory::general, "RPC User {} not allowed to call method {}", http.user,
                     json_quote(request.method.substr(0, kLoggedMethodSizeMax)));
        return false;
    };
    if (!json.is_array()) return permitted_one(json);
    return std::ranges::all_of(json.array(), permitted_one);
}

std::string Dispatcher::answer_single(const Json& json, const HttpRequest& http,
                                      int& status) const {
    const Request request{json};
    const Outcome outcome = execute(request, http);
    status = request.version == Version::v2 ? 200 : status_of(outcome);
    if (request.is_notification() && !request.error) {
        status = 204;
        return {};
    }
    return reply_text(request.version, request.id, outcome);
}

/// Empty: the batch contains only notifications.
std::string Dispatcher::answer_batch(const Json& json, const HttpRequest& http) const {
    std::string replies;
    for (const Json& element : json.array()) {
        const Request request{element};
        const Outcome outcome = execute(request, http);
        if (request.is_notification()) continue;
        replies += replies.empty() ? '[' : ',';
        replies += reply_text(request.version, request.id, outcome);
    }
    if (json.array().empty()) return "[]";
    return replies.empty() ? replies : replies + ']';
}

Dispatcher::Outcome Dispatcher::execute(const Request& request, const HttpRequest& http) const {
    if (request.error) return {{{}, Error{Code::invalid_request, *request.error}}};
    log_.debug(LogCategory::rpc, "ThreadRPCServer method={} user={}",
               printable(request.method.substr(0, kLoggedMethodSizeMax)), http.user);
    if (auto status = host_.warm_up()) return {{{}, Error{Code::warming_up, std::move(*status)}}};
    const Method* method = table_.find(request.method);
    if (!method) return {{{}, Error{Code::method_not_found, "Method not found"}}};
    return run(*method, request.params ? *request.params : Json{}, http.path);
}

Result<std::string> Dispatcher::call(std::string_view name, Json::Array arguments) const {
    if (auto status = host_.warm_up()) return failure(Code::warming_up, std::move(*status));
    const Method* method = table_.find(std::string(name));
    if (!method) return failure(Code::method_not_found, "Method not found");
    Outcome outcome = run(*method, Json::array(std::move(arguments)), "/");
    if (outcome.error) return Unexpected<Error>{std::move(*outcome.error)};
    return std::move(outcome.result);
}

Dispatcher::Outcome Dispatcher::run(const Method& method, const Json& params,
                                    const std::string& path) const {
    const auto running = host_.command_started(method.name);
    try {
        Json::Array arguments = unwrap(positional_arguments(method, params));
        unwrap(check_arguments(method, arguments));
        Call call{{params_, gateway_, host_, table_}, method, std::move(arguments), path};
        method.handler(call);
        std::string result = call.out().take();
        return {{result.empty() ? "null" : std::move(result), std::nullopt}};
    } catch (const Failure& failed) {
        return {{{}, failed.error}};
    } catch (const std::exception& failed) {
        return {{{}, Error{Code::misc, failed.what()}}};
    }
}

}  // namespace parley::rpc
