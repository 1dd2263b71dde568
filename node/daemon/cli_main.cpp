// parley-cli: the sockets, files and standard streams of the command-line client. What the
// arguments mean and how a reply is printed is rpc/client/cli.h's business.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "node/daemon/daemon.h"
#include "node/daemon/engine_tool.h"
#include "node/daemon/http/http_client.h"
#include "node/daemon/options/config_file.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/start_options.h"
#include "node/daemon/system/os_random.h"
#include "rpc/client/cli.h"

namespace parley {
namespace {

int fail_with(const std::string& line) {
    fmt::print(stderr, "{}\n", line);
    return EXIT_FAILURE;
}

int fail(const std::string& sentence) {
    return fail_with("error: " + sentence);
}

// The node's address and the credentials, from the arguments and the node's files.
struct Target {
    std::string chain;
    std::string host;
    uint16_t port = 0;
    std::string credentials;         // "<user>:<password>"; empty: the cookie's
    std::string cookie_file;         // empty: disabled
    std::string configuration_file;  // that was read, or could be
};

Expected<Target, std::string> read_target(const rpc::CliOptions& cli, const std::string& home) {
    Settings settings;
    std::vector<std::string> arguments;
    const auto add = [&arguments](std::string_view name, const std::optional<std::string>& value) {
        if (value) arguments.push_back(fmt::format("-{}={}", name, *value));
    };
    add("datadir", cli.data_directory);
    add("conf", cli.configuration_file);
    add("chain", cli.chain);
    add("rpcuser", cli.user);
    add("rpcpassword", cli.password);
    add("rpccookiefile", cli.cookie_file);
    if (cli.no_cookie) arguments.emplace_back("-norpccookiefile");
    if (cli.port) arguments.push_back(fmt::format("-rpcport={}", *cli.port));
    if (auto done = parse_command_line(arguments, settings); !done) return Unexpected(done.error());
    const auto locations = read_config_files(settings, home);
    if (!locations) {
        const std::string& problem = locations.error();
        return Unexpected(problem.starts_with("Error ") ? problem : "Error: " + problem);
    }
    // Skips checks that only concern the server, such as whether a file to import exists.
    OptionReader reader(settings);
    const uint16_t default_port = find_chain_name(locations->chain)->params().rpc_port;
    Target target;
    target.chain = locations->chain;
    target.configuration_file = locations->configuration_file.empty()
                                    ? locations->data_directory + "/parley.conf"
                                    : locations->configuration_file;
    target.port = static_cast<uint16_t>(reader.number("rpcport").value_or(default_port));
    target.host = "127.0.0.1";
    if (cli.host) {
        const auto endpoint = parse_endpoint(*cli.host, target.port);
        if (!endpoint || endpoint->port == 0)
            reader.fail(fmt::format("Invalid port provided in -rpcconnect: {}", *cli.host));
        if (endpoint) {
            target.host = endpoint->host;
            // bitcoin-cli's order: -rpcport, then the port in -rpcconnect, then the default.
            if (!cli.port) target.port = endpoint->port;
        }
    }
    if (const std::string password = reader.text("rpcpassword"); !password.empty())
        target.credentials = reader.text("rpcuser") + ":" + password;
    const auto cookie_file = settings.find("rpccookiefile");
    if (!cookie_file || !cookie_file->negated)
        target.cookie_file = reader.text("rpccookiefile", ".cookie");
    if (!target.cookie_file.empty() && !target.cookie_file.starts_with('/'))
        target.cookie_file = locations->chain_directory + "/" + target.cookie_file;
    if (!reader.problem().empty()) return Unexpected("error: " + reader.problem());
    return target;
}

rpc::CliReply exchange(const Target& target, const rpc::CliOptions& options,
                       const std::string& path, const std::string& body) {
    HttpClientRequest request;
    request.host = target.host;
    request.port = target.port;
    request.path = path;
    request.body = body;
    request.timeout = std::chrono::seconds(options.client_timeout_s);
    // Read again for each request, because every start of the node creates a new cookie.
    std::string credentials = target.credentials;
    std::string doubt = "Incorrect rpcuser or rpcpassword were specified.";
    if (credentials.empty() && target.cookie_file.empty()) {
        doubt = "Cookie file was disabled via -norpccookiefile and no rpcpassword was specified.";
    } else if (credentials.empty()) {
        const auto cookie = read_text_file(target.cookie_file);
        doubt = cookie ? "Cookie file credentials were invalid and no rpcpassword was specified."
                       : "Failed to read cookie file and no rpcpassword was specified.";
        credentials = cookie.value_or("");
    }
    if (!credentials.empty())
        request.authorization = "Basic " + base64_encode(as_bytes(credentials));
    const HttpClientReply reply = http_post(request);
    using State = rpc::CliReply::State;
    switch (reply.state) {
        case HttpClientReply::State::unreachable:
            return {State::unreachable, 0, reply.body};
        case HttpClientReply::State::broken:
            return {State::failed, 0, reply.body};
        case HttpClientReply::State::answered:
            break;
    }
    if (reply.status == 401)
        return {State::unauthorised, reply.status,
                fmt::format("{} Configuration file: ({})", doubt, target.configuration_file)};
    return {State::answered, reply.status, reply.body};
}

// A line that a terminal does not show. Empty: there is none.
std::optional<std::string> read_secret(std::string_view prompt) {
    std::string password;
    termios shown{};
    const bool terminal = ::tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        fmt::print(stderr, "{}> ", prompt);
        termios hidden = shown;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
    }
    const bool read = static_cast<bool>(std::getline(std::cin, password));
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &shown);
        fmt::print(stderr, "\n");
    }
    return read ? std::optional{std::move(password)} : std::nullopt;
}

int run(const std::vector<std::string>& arguments) {
    auto options = rpc::parse_cli(arguments);
    if (!options) return fail_with(options.error());
    if (options->help || options->version) {
        fmt::print("Parley RPC client version v{}\n", version_text());
        if (options->help) fmt::print("\n{}", rpc::cli_help());
        return EXIT_SUCCESS;
    }
    // Only this program knows whether it writes to a terminal.
    if (options->color == rpc::CliOptions::Color::automatic && ::isatty(STDOUT_FILENO) != 0)
        options->color = rpc::CliOptions::Color::always;
    const char* home = std::getenv("HOME");
    const std::string home_directory = home != nullptr ? home : "/";
    const EngineTool* tool =
        options->arguments.empty() ? nullptr : find_engine_tool(options->arguments[0]);
    if (tool != nullptr) {
        OsRandom secrets(true);
        const auto made = run_engine_tool(*tool, std::span{options->arguments}.subspan(1),
                                          options->chain.value_or("labnet"), secrets);
        if (!made) return fail(made.error());
        fmt::print("{}", *made);
        return EXIT_SUCCESS;
    }
    if (options->read_stdin_password) options->password = read_secret("RPC password").value_or("");
    std::vector<std::string> stdin_lines;
    if (options->read_stdin_passphrase) {
        if (auto passphrase = read_secret("Wallet passphrase"))
            stdin_lines.push_back(std::move(*passphrase));
    }
    if (options->read_stdin) {
        for (std::string line; std::getline(std::cin, line);) stdin_lines.push_back(line);
    }
    const auto target = read_target(*options, home_directory);
    if (!target) return fail_with(target.error());
    const rpc::CliHost host{"Parley client v" + version_text(), target->chain, std::time(nullptr)};
    const rpc::CliOutcome outcome = rpc::run_cli(
        *options, stdin_lines,
        [&](const std::string& path, const std::string& body) {
            return exchange(*target, *options, path, body);
        },
        [] { std::this_thread::sleep_for(std::chrono::seconds(1)); }, host);
    std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout);
    std::fwrite(outcome.error.data(), 1, outcome.error.size(), stderr);
    return outcome.exit_code;
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    return parley::run({argv + 1, argv + argc});
}
