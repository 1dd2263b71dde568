// Parses the command line of parley-cli.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "consensus/engines.h"
#include "rpc/client/cli.h"

namespace parley::rpc {

namespace {

using Refusal = std::optional<std::string>;  ///< empty: no error

std::optional<int> parse_integer(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "-x", "-x=1" and "-nox=0" are on; "-x=0" and "-nox" are off.
bool is_on(const std::optional<std::string>& value, bool negated) {
    const bool on = !value || value->empty() || parse_integer(*value).value_or(0) != 0;
    return on != negated;
}

struct Flag {
    std::string_view name;
    bool CliOptions::*target;
};
constexpr std::array kFlags{Flag{"named", &CliOptions::named},
                            Flag{"stdin", &CliOptions::read_stdin},
                            Flag{"stdinrpcpass", &CliOptions::read_stdin_password},
                            Flag{"stdinwalletpassphrase", &CliOptions::read_stdin_passphrase},
                            Flag{"rpcwait", &CliOptions::wait},
                            Flag{"getinfo", &CliOptions::get_info},
                            Flag{"netinfo", &CliOptions::net_info},
                            Flag{"addrinfo", &CliOptions::address_info},
                            Flag{"generate", &CliOptions::generate},
                            Flag{"help", &CliOptions::help},
                            Flag{"h", &CliOptions::help},
                            Flag{"?", &CliOptions::help},
                            Flag{"version", &CliOptions::version}};

struct Text {
    std::string_view name;
    std::optional<std::string> CliOptions::*target;
};
constexpr std::array kTexts{
    Text{"datadir", &CliOptions::data_directory}, Text{"conf", &CliOptions::configuration_file},
    Text{"rpcconnect", &CliOptions::host},        Text{"rpcuser", &CliOptions::user},
    Text{"rpcpassword", &CliOptions::password},   Text{"rpccookiefile", &CliOptions::cookie_file},
    Text{"rpcwallet", &CliOptions::wallet}};

// Chain options; -testnet is the same as -chain=test.
constexpr std::array<std::string_view, 5> kChains{"testnet", "testnet4", "signet", "regtest",
                                                  "labnet"};

Refusal set_chain(CliOptions& options, std::string_view name) {
    if (options.chain && *options.chain != name)
        return "Error: Invalid combination of -regtest, -labnet, -signet, -testnet, -testnet4 and "
               "-chain. Can use at most one.";
    options.chain = std::string{name};
    return std::nullopt;
}

Refusal set_number(std::string_view name, const std::string& text, int min, int max, int& target) {
    const auto value = parse_integer(text);
    if (!value || *value < min || *value > max)
        return fmt::format("error: Invalid value for -{}: '{}'. It must be a number from {} to {}.",
                           name, text, min, max);
    target = *value;
    return std::nullopt;
}

Refusal set_color(CliOptions& options, const std::string& text) {
    if (text == "always")
        options.color = CliOptions::Color::always;
    else if (text == "never")
        options.color = CliOptions::Color::never;
    else if (text == "auto")
        options.color = CliOptions::Color::automatic;
    else
        return "error: Invalid value for -color option. Valid values: always, auto, never.";
    return std::nullopt;
}

Refusal set_other(CliOptions& options, const std::string& name, const std::string& value,
                  const std::string& argument) {
    if (name == "chain") return set_chain(options, value);
    if (name == "color") return set_color(options, value);
    if (name == "rpcport") {
        int port = 0;
        if (set_number(name, value, 1, 65'535, port))
            return fmt::format("error: Invalid port provided in -rpcport: {}", value);
        options.port = port;
        return std::nullopt;
    }
    if (name == "rpcid") {
        options.request_id = value;
        return std::nullopt;
    }
    if (name == "rpcclienttimeout")
        return set_number(name, value, 0, INT32_MAX, options.client_timeout_s);
    if (name == "rpcwaittimeout")
        return set_number(name, value, 0, INT32_MAX, options.wait_timeout_s);
    return fmt::format("Error parsing command line arguments: Invalid parameter {}", argument);
}

Refusal set_option(CliOptions& options, const std::string& argument) {
    std::string name = argument.substr(argument.starts_with("--") ? 2 : 1);
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
        value = name.substr(equals + 1);
        name.resize(equals);
    }
    const auto find = [](const auto& table, std::string_view wanted) {
        const auto found = std::find_if(table.begin(), table.end(),
                                        [&](const auto& entry) { return entry.name == wanted; });
        return found == table.end() ? nullptr : &*found;
    };
    const bool negated = name.starts_with("no");
    const std::string positive = negated ? name.substr(2) : name;
    if (const Flag* flag = find(kFlags, positive)) {
        options.*(flag->target) = is_on(value, negated);
        return std::nullopt;
    }
    if (std::find(kChains.begin(), kChains.end(), positive) != kChains.end()) {
        const bool old_name = positive == "testnet";
        return is_on(value, negated) ? set_chain(options, old_name ? "test" : positive) : Refusal{};
    }
    if (const Text* text = find(kTexts, name)) {
        options.*(text->target) = value.value_or("");
        return std::nullopt;
    }
    if (const Text* text = find(kTexts, positive); text && negated) {
        (options.*(text->target)).reset();
        if (positive == "rpccookiefile") options.no_cookie = true;
        return std::nullopt;
    }
    return set_other(options, name, value.value_or(""), argument);
}

}  // namespace

Expected<CliOptions, std::string> parse_cli(const std::vector<std::string>& arguments) {
    CliOptions options;
    size_t i = 0;
    // The first argument that is not an option is the method; the rest are its arguments.
    for (; i < arguments.size() && arguments[i].starts_with('-') && arguments[i].size() > 1; ++i) {
        if (Refusal error = set_option(options, arguments[i])) return Unexpected(std::move(*error));
    }
    options.arguments.assign(arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
    return options;
}

std::string cli_help() {
    std::string help = R"(Usage:  parley-cli [options] <command> [params]  Send command to Parley
or:     parley-cli [options] -named <command> [name=value]...  Send command with named arguments
or:     parley-cli [options] help                List commands
or:     parley-cli [options] help <command>      Get help for a command
)";
    for (const EngineFactory* engine : engines()) {
        for (const EngineTool& tool : engine->tools)
            help += fmt::format("or:     parley-cli {} {}    {}\n", tool.name, tool.arguments,
                                tool.help);
    }
    return help + R"(
Options:

  -addrinfo                Show the number of known addresses by network
  -chain=<chain>           Use the chain <chain>: main, test, testnet4, signet, regtest or
                           labnet
  -regtest, -labnet, ...   The same as -chain=regtest, -chain=labnet, ...
  -color=<when>            Whether -getinfo is coloured: always, auto or never (default: auto)
  -conf=<file>             Configuration file; relative to the data directory
  -datadir=<dir>           Data directory (default: ~/.parley)
  -generate [n] [tries]    Generate n blocks to a new address of the wallet (default: 1)
  -getinfo                 Show general information about the node and its wallet
  -help, -h, -?            Print this help and exit
  -named                   Pass named instead of positional arguments
  -netinfo [level] [o]     Show the number of peers by direction and network, and from level 1 on
                           each peer; -netinfo help explains the output
  -rpcclienttimeout=<s>    Timeout of a request in seconds (default: 900; 0: no timeout)
  -rpcconnect=<ip>         Send commands to the node on <ip> (default: 127.0.0.1)
  -rpccookiefile=<file>    Authentication cookie file
  -rpcid=<id>              Id of the requests (default: 1)
  -rpcpassword=<pw>        Password, used instead of the cookie
  -rpcport=<port>          RPC port of the node (default: the RPC port of the chain)
  -rpcuser=<user>          User name, used instead of the cookie
  -rpcwait                 Wait until the RPC server is ready
  -rpcwaittimeout=<s>      Timeout of -rpcwait in seconds (default: 0, no timeout)
  -rpcwallet=<name>        Wallet to use; required if several wallets are loaded
  -stdin                   Read more arguments from standard input, one per line
  -stdinrpcpass            Read the password from the first line of standard input
  -stdinwalletpassphrase   Read the first argument of walletpassphrase or walletpassphrasechange
                           from standard input
  -version                 Print the version and exit
)";
}

}  // namespace parley::rpc
