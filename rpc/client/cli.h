// The command-line client, excluding sockets and files: flags, the request that the arguments form,
// and what is printed of the reply. The host (node/daemon/cli_main.cpp) provides the transport and
// prints. Not thread-safe; one call at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.h"
#include "rpc/jsonrpc/json.h"

namespace parley::rpc {

/// What only the host knows.
struct CliHost {
    std::string client;  ///< "<name> client v<version>"
    std::string chain;   ///< "main", "regtest", ...
    int64_t now_s = 0;   ///< Unix time
};

struct CliOptions {
    // Address of the node; empty: from the configuration file, or the chain's default.
    std::optional<std::string> data_directory;
    std::optional<std::string> configuration_file;  ///< -conf
    std::optional<std::string> chain;               ///< -chain=<name>, -regtest, ...
    std::optional<std::string> host;                ///< -rpcconnect, may end in ":port"
    std::optional<int> port;                        ///< -rpcport
    std::optional<std::string> user;
    std::optional<std::string> password;
    std::optional<std::string> cookie_file;  ///< -rpccookiefile
    bool no_cookie = false;                  ///< -norpccookiefile
    std::optional<std::string> wallet;       ///< -rpcwallet; the empty name is valid
    int client_timeout_s = 900;              ///< -rpcclienttimeout; 0: none
    bool wait = false;                       ///< -rpcwait: wait until the node answers
    int wait_timeout_s = 0;                  ///< -rpcwaittimeout; 0: no limit

    bool named = false;                ///< -named
    bool read_stdin = false;           ///< -stdin: further arguments, one per line
    bool read_stdin_password = false;  ///< -stdinrpcpass: the first line
    /// -stdinwalletpassphrase: the next line, as the first argument of walletpassphrase
    bool read_stdin_passphrase = false;
    std::optional<std::string> request_id;  ///< -rpcid; empty: 1
    bool get_info = false;
    bool net_info = false;
    bool address_info = false;
    bool generate = false;
    enum class Color : uint8_t { automatic, always, never };
    Color color = Color::automatic;
    bool help = false;
    bool version = false;

    std::vector<std::string> arguments;  ///< method and its arguments
};

/// `arguments` excludes the program's name. The error is for stderr as it is (exit code 1).
Expected<CliOptions, std::string> parse_cli(const std::vector<std::string>& arguments);

std::string cli_help();

/// One HTTP exchange. Posts `body` to `path` ("/" or "/wallet/<name>", percent-encoded).
struct CliReply {
    enum class State : uint8_t {
        answered,
        unreachable,   ///< no connection; `body` is a sentence
        unauthorised,  ///< 401; `body` says what was wrong with the credentials
        failed         ///< connection broke, or an HTTP error without a JSON body
    };
    State state = State::unreachable;
    int http_status = 0;
    std::string body;
};
using CliTransport = std::function<CliReply(const std::string& path, const std::string& body)>;
/// Sleeps for a second. For -rpcwait.
using CliPause = std::function<void()>;

struct CliOutcome {
    int exit_code = 0;
    std::string out;    ///< for stdout
    std::string error;  ///< for stderr
};

/// A result as printed: strings raw, null not at all, other values indented by 2.
std::string cli_result(const Json& result);
/// The "error" member of a reply as printed, and the exit code.
CliOutcome cli_error(const Json& error);

/// `stdin_lines`: the lines read for -stdin, or none. With -rpcwait, retries until the node
/// answers.
CliOutcome run_cli(const CliOptions& options, const std::vector<std::string>& stdin_lines,
                   const CliTransport& transport, const CliPause& pause, const CliHost& host);

}  // namespace parley::rpc
