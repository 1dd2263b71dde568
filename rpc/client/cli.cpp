#include "rpc/client/cli.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "rpc/client/cli_reports.h"
#include "rpc/client/net_info.h"
#include "rpc/jsonrpc/error.h"
#include "rpc/jsonrpc/json_writer.h"
#include "rpc/jsonrpc/method.h"

namespace parley::rpc {

namespace {

/// Thrown to end the command with this outcome.
struct Stop {
    CliOutcome outcome;
};

[[noreturn]] void stop_with(std::string_view message) {
    throw Stop{{1, "", fmt::format("error: {}\n", message)}};
}

Json convert(const std::string& text, const Parameter* parameter) {
    if (!parameter) return Json::string(text);
    switch (parameter->type) {
        case ParameterType::string:
        case ParameterType::hex:
        case ParameterType::untyped:
            return Json::string(text);
        case ParameterType::any:
            return parse_json(text).value_or(Json::string(text));
        default: {
            auto json = parse_json(text);
            if (!json) stop_with(fmt::format("Error parsing JSON: {}", text));
            return std::move(*json);
        }
    }
}

const Parameter* parameter_at(const Method* method, size_t position) {
    return method && position < method->parameters.size() ? &method->parameters[position] : nullptr;
}

const Parameter* parameter_named(const Method* method, std::string_view name) {
    if (!method) return nullptr;
    // What is a member of an options object may be text or JSON.
    static constexpr Parameter kMember{"", ParameterType::any, false, "", ""};
    for (const Parameter& parameter : method->parameters) {
        if (parameter.has_name(name)) return &parameter;
        if (parameter.has_member(name)) return &kMember;
    }
    return nullptr;
}

Json positional_params(const Method* method, const std::vector<std::string>& arguments) {
    Json::Array params;
    for (const std::string& argument : arguments)
        params.push_back(convert(argument, parameter_at(method, params.size())));
    return Json::array(std::move(params));
}

/// Whether an argument with an "=" in it can be the value of this parameter, as text or as JSON. As
/// in bitcoin-cli, an untyped parameter takes none.
bool can_contain_equals(const Parameter* parameter, const std::string& argument) {
    if (parameter == nullptr || parameter->type == ParameterType::untyped) return false;
    const bool is_text =
        parameter->type == ParameterType::string || parameter->type == ParameterType::hex;
    return is_text || parse_json(argument);
}

Json named_params(const Method* method, const std::vector<std::string>& arguments) {
    Json::Object params;
    Json::Array leading;
    for (const std::string& argument : arguments) {
        const Parameter* next = parameter_at(method, leading.size());
        const size_t equals = argument.find('=');
        const std::string name = argument.substr(0, equals);
        const Parameter* named = parameter_named(method, name);
        // An "=" in a text or in JSON, such as ["key=value"], does not make a name.
        const bool positional =
            equals == std::string::npos || (named == nullptr && can_contain_equals(next, argument));
        if (positional) {
            leading.push_back(convert(argument, next));
            continue;
        }
        // A later value replaces an earlier one.
        std::erase_if(params, [&](const Json::Member& member) { return member.first == name; });
        params.emplace_back(name, convert(argument.substr(equals + 1), named));
    }
    if (!leading.empty()) params.emplace_back("args", Json::array(std::move(leading)));
    return Json::object(std::move(params));
}

std::string percent_encoded(std::string_view text) {
    std::string result;
    for (const char character : text) {
        const bool plain = (character >= 'a' && character <= 'z') ||
                           (character >= 'A' && character <= 'Z') ||
                           (character >= '0' && character <= '9') ||
                           std::string_view{"-_.~"}.find(character) != std::string_view::npos;
        if (plain)
            result += character;
        else
            result += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return result;
}

std::string request_path(const std::optional<std::string>& wallet) {
    return wallet ? "/wallet/" + percent_encoded(*wallet) : "/";
}

std::string unreachable_text(const CliReply& reply) {
    return fmt::format(
        "{}\n\nMake sure the parleyd server is running and that you are connecting to the correct "
        "RPC port.\nUse \"parley-cli -help\" for more info.",
        reply.body);
}

/// The object in the reply, which may be an error; ends the command if there is none.
Json parse_reply(const CliReply& reply) {
    if (reply.state == CliReply::State::unauthorised)
        stop_with("Authorization failed: " + reply.body);
    if (reply.state == CliReply::State::unreachable) stop_with(unreachable_text(reply));
    if (reply.state != CliReply::State::answered) stop_with(reply.body);
    const int status = reply.http_status;
    if (status >= 400 && status != 400 && status != 404 && status != 500) {
        const std::string_view text = reply.body;
        stop_with(text.empty() ? fmt::format("server returned HTTP error {}", status)
                               : fmt::format("Server response: {}", text));
    }
    if (reply.body.empty()) stop_with("no response from server");
    auto json = parse_json(reply.body);
    if (!json) stop_with("couldn't parse reply from server");
    if (!json->is_object() || (!json->find("result") && !json->find("error")))
        stop_with("expected reply to have result, error and id properties");
    return std::move(*json);
}

std::optional<int> error_code(const Json& error) {
    const Json* code = error.find("code");
    if (!code || !code->is_number()) return std::nullopt;
    int value = 0;
    const std::string& text = code->number();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Sends requests. With -rpcwait, repeats a request that failed because the node is not ready yet.
class Client {
 public:
    Client(const CliOptions& options, const CliTransport& transport, const CliPause& pause)
        : options_(options), transport_(transport), pause_(pause) {}

    /// The object in the reply, which may be an error.
    Json post(const std::string& method, const Json& params,
              const std::optional<std::string>& wallet) {
        JsonWriter writer;
        writer.object([&] {
            writer.field("jsonrpc", "2.0");
            writer.field("method", method);
            writer.field("params", params);
            if (options_.request_id)
                writer.field("id", *options_.request_id);
            else
                writer.field("id", 1);
        });
        for (int waited_s = 0;; ++waited_s) {
            const CliReply reply = transport_(request_path(wallet), writer.text());
            const bool last = options_.wait_timeout_s > 0 && waited_s >= options_.wait_timeout_s;
            if (options_.wait && !last && is_transient(reply)) {
                pause_();
                continue;
            }
            if (options_.wait && reply.state == CliReply::State::unreachable)
                stop_with("timeout on transient error: " + unreachable_text(reply));
            return parse_reply(reply);
        }
    }

    Json post(const std::string& method, const Json& params) {
        return post(method, params, options_.wallet);
    }

    /// The result of the call; ends the command on an error.
    Json result(const std::string& method, Json::Array params,
                const std::optional<std::string>& wallet) {
        const Json reply = post(method, Json::array(std::move(params)), wallet);
        if (const Json* error = reply.find("error"); error && !error->is_null())
            throw Stop{cli_error(*error)};
        return *reply.find("result");
    }

    /// The result of the call, or empty on an error.
    std::optional<Json> try_result(const std::string& method,
                                   const std::optional<std::string>& wallet) {
        const Json reply = post(method, Json::array({}), wallet);
        if (const Json* error = reply.find("error"); error && !error->is_null())
            return std::nullopt;
        return *reply.find("result");
    }

    const CliOptions& options() const { return options_; }

 private:
    static bool is_transient(const CliReply& reply) {
        if (reply.state == CliReply::State::unreachable) return true;
        if (reply.state != CliReply::State::answered) return false;
        const auto json = parse_json(reply.body);
        const Json* error = json ? json->find("error") : nullptr;
        return error && error_code(*error) == static_cast<int>(Code::warming_up);
    }

    const CliOptions& options_;
    const CliTransport& transport_;
    const CliPause& pause_;
};

CliOutcome run_get_info(Client& client) {
    const auto& wallet = client.options().wallet;
    InfoReport report;
    report.network = client.result("getnetworkinfo", {}, std::nullopt);
    report.chain = client.result("getblockchaininfo", {}, std::nullopt);
    report.wallet = client.try_result("getwalletinfo", wallet);
    report.balances = client.try_result("getbalances", wallet);
    if (!report.wallet && !wallet) {
        const auto names = client.try_result("listwallets", std::nullopt);
        for (const Json& name : names ? names->array() : Json::Array{}) {
            if (auto balances = client.try_result("getbalances", name.string()))
                report.balances_by_wallet.emplace_back(name.string(), std::move(*balances));
        }
    }
    return {0, format_info(report, client.options().color == CliOptions::Color::always), ""};
}

/// The counts of getaddrmaninfo, as bitcoin-cli groups them.
CliOutcome run_address_info(Client& client) {
    const Json counts = client.result("getaddrmaninfo", {}, std::nullopt);
    Json::Object known;
    for (const auto& [network, numbers] : counts.object()) {
        const Json* total = numbers.find("total");
        if (total == nullptr) stop_with("expected getaddrmaninfo to report totals");
        known.emplace_back(network == "all_networks" ? "total" : network, *total);
    }
    const Json shown = Json::object({{"addresses_known", Json::object(std::move(known))}});
    return {0, json_indented(shown, 2) + "\n", ""};
}

CliOutcome run_net_info(Client& client, const std::vector<std::string>& arguments,
                        const CliHost& host) {
    if (!arguments.empty() && (arguments[0] == "help" || arguments[0] == "h"))
        return {0, net_info_help(), ""};
    const auto view = parse_net_info(arguments);
    if (!view) stop_with(view.error());
    NetInfoReport report;
    report.peers = client.result("getpeerinfo", {}, std::nullopt);
    report.network = client.result("getnetworkinfo", {}, std::nullopt);
    report.client = host.client;
    report.chain = host.chain;
    report.now_s = host.now_s;
    return {0, format_net_info(report, *view) + "\n", ""};
}

CliOutcome run_generate(Client& client, const std::vector<std::string>& arguments) {
    if (arguments.size() > 2) stop_with("too many arguments (maximum 2 for nblocks and maxtries)");
    const auto read = [](const std::string& argument) {
        auto json = parse_json(argument);
        if (!json) stop_with(fmt::format("Error parsing JSON: {}", argument));
        return std::move(*json);
    };
    const Json count = arguments.empty() ? Json::number("1") : read(arguments[0]);
    int64_t blocks = 0;
    if (count.is_number()) {
        const std::string& text = count.number();
        std::from_chars(text.data(), text.data() + text.size(), blocks);
    }
    if (blocks < 1)
        stop_with(
            "the first argument (number of blocks to generate, default: 1) must be an "
            "integer value greater than zero");
    const auto& wallet = client.options().wallet;
    const Json address = client.result("getnewaddress", {}, wallet);
    Json::Array params{count, address};
    if (arguments.size() > 1) params.push_back(read(arguments[1]));
    const Json hashes = client.result("generatetoaddress", std::move(params), wallet);
    const Json shown = Json::object({{"address", address}, {"blocks", hashes}});
    return {0, json_indented(shown, 2) + "\n", ""};
}

CliOutcome run_command(Client& client, std::vector<std::string> arguments) {
    if (arguments.empty()) stop_with("too few parameters (need at least command)");
    const std::string name = arguments.front();
    arguments.erase(arguments.begin());
    const MethodTable table;
    const Method* method = table.find(name);
    const Json params = client.options().named ? named_params(method, arguments)
                                               : positional_params(method, arguments);
    const Json reply = client.post(name, params);
    if (const Json* error = reply.find("error"); error && !error->is_null())
        return cli_error(*error);
    return {0, cli_result(*reply.find("result")), ""};
}

}  // namespace

std::string cli_result(const Json& result) {
    if (result.is_null()) return {};
    if (result.is_string()) return result.string() + "\n";
    return json_indented(result, 2) + "\n";
}

CliOutcome cli_error(const Json& error) {
    const Json* message = error.find("message");
    const auto code = error_code(error);
    if (!code || !message || !message->is_string()) {
        JsonWriter writer;
        writer.value(error);
        return {1, "", fmt::format("error: {}\n", writer.text())};
    }
    std::string text =
        fmt::format("error code: {}\nerror message:\n{}\n", *code, message->string());
    if (*code == static_cast<int>(Code::wallet_not_specified))
        text +=
            "For parley-cli, specify the \"-rpcwallet=<walletname>\" option before the command "
            "(run \"parley-cli listwallets\" to see which wallets are currently loaded).\n";
    return {std::abs(*code) % 256, "", text};
}

namespace {

/// -addrinfo, -generate, -getinfo and -netinfo exclude each other.
void check_reports(const CliOptions& options) {
    std::string chosen;
    size_t count = 0;
    for (const auto& [name, on] : {std::pair{"-addrinfo", options.address_info},
                                   {"-generate", options.generate},
                                   {"-getinfo", options.get_info},
                                   {"-netinfo", options.net_info}}) {
        if (!on) continue;
        chosen += (count++ > 0 ? ", " : "") + std::string{name};
    }
    if (count > 1) stop_with(fmt::format("Only one of {} may be specified.", chosen));
}

}  // namespace

CliOutcome run_cli(const CliOptions& options, const std::vector<std::string>& stdin_lines,
                   const CliTransport& transport, const CliPause& pause, const CliHost& host) {
    std::vector<std::string> arguments = options.arguments;
    auto line = stdin_lines.begin();
    Client client{options, transport, pause};
    try {
        check_reports(options);
        if (options.read_stdin_passphrase) {
            if (arguments.empty() || !arguments[0].starts_with("walletpassphrase"))
                stop_with("-stdinwalletpassphrase is only applicable for walletpassphrase(change)");
            if (line == stdin_lines.end())
                stop_with(
                    "-stdinwalletpassphrase specified but failed to read from standard input");
            arguments.insert(arguments.begin() + 1, *line++);
        }
        arguments.insert(arguments.end(), line, stdin_lines.end());
        if (options.get_info) {
            if (!arguments.empty()) stop_with("-getinfo takes no arguments");
            return run_get_info(client);
        }
        if (options.net_info) return run_net_info(client, arguments, host);
        if (options.address_info) {
            if (!arguments.empty()) stop_with("-addrinfo takes no arguments");
            return run_address_info(client);
        }
        if (options.generate) return run_generate(client, arguments);
        return run_command(client, std::move(arguments));
    } catch (const Stop& stop) {
        return stop.outcome;
    }
}

}  // namespace parley::rpc
