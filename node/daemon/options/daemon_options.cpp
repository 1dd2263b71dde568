#include "node/daemon/options/daemon_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/encoding.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/workers/script_pool.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kMinerThreadsMax = 256;
constexpr unsigned kRpcThreadsMax = 256;

std::string absolute(const std::string& path, const std::string& base) {
    return path.empty() || path.front() == '/' ? path : base + "/" + path;
}

std::string below(const std::string& directory, std::string_view name) {
    return name.empty() ? directory : fmt::format("{}/{}", directory, name);
}

// With the numeric host that binding needs; names are for dialing.
std::vector<Endpoint> read_binds(OptionReader& reader, std::string_view name, uint16_t port) {
    std::vector<Endpoint> binds;
    for (const std::string& text : reader.list(name)) {
        // bitcoind's other listener for its Tor service: there is none here.
        if (text.ends_with("=onion")) continue;
        if (const auto endpoint = parse_endpoint(text, port))
            binds.push_back(*endpoint);
        else
            reader.fail(name, text, "a numeric address, with or without a port");
    }
    return binds;
}

void read_log(OptionReader& reader, const Locations& locations, LogOptions& log) {
    const std::string path = reader.text("debuglogfile", "debug.log");
    if (!path.empty() && path != "0") log.path = absolute(path, locations.chain_directory);
    log.categories = reader.list("debug");
    std::erase_if(log.categories, [](const auto& name) { return name == "0" || name == "none"; });
    log.excluded = reader.list("debugexclude");
    const std::string level = reader.text("loglevel", "info");
    if (level == "debug" || level == "trace")
        log.level = LogLevel::debug;
    else if (level == "warning")
        log.level = LogLevel::warning;
    else if (level == "error")
        log.level = LogLevel::error;
    else if (level.find(':') == std::string::npos && level != "info")
        reader.fail("loglevel", level, "debug, info, warning or error");
    log.timestamps = reader.flag("logtimestamps", true);
    log.microseconds = reader.flag("logtimemicros", false);
    log.thread_names = reader.flag("logthreadnames", false);
    log.console = reader.flag("printtoconsole",
                              !reader.flag("daemon", false) && !reader.flag("daemonwait", false));
    log.shrink = reader.flag("shrinkdebugfile", log.categories.empty());
}

void read_transport(OptionReader& reader, const ChainParams& params, DaemonOptions& options) {
    TransportOptions& transport = options.transport;
    transport.default_port = reader.number_as<uint16_t>("port", params.p2p_port, 1, 65535);
    transport.binds = read_binds(reader, "bind", transport.default_port);
    transport.listening = reader.flag("listen", true);
    const auto connections = reader.number_as<size_t>("maxconnections", 125, 0, 10'000);
    // What the node dials by itself has room beside the others.
    const NetOptions net;
    const size_t outbound = reader.has("connect") ? 0 : std::min(net.outbound_max, connections / 2);
    transport.inbound_max = connections - outbound;
    transport.dial_timeout =
        std::chrono::milliseconds(reader.number("timeout", 5000, 1, 10 * 60 * 1000));
    transport.link_delay =
        std::chrono::milliseconds(reader.number("testlinkdelay", 0, 0, 60 * 1000));
}

void read_cookie(OptionReader& reader, const Locations& locations, HttpOptions& http) {
    http.cookie_file = absolute(reader.text("rpccookiefile", ".cookie"), locations.chain_directory);
    const std::string permissions = reader.text("rpccookieperms", "owner");
    if (permissions == "owner")
        http.cookie_permissions = 0600;
    else if (permissions == "group")
        http.cookie_permissions = 0640;
    else if (permissions == "all")
        http.cookie_permissions = 0644;
    else
        reader.fail("rpccookieperms", permissions, "owner, group or all");
}

void read_http(OptionReader& reader, const Locations& locations, const ChainParams& params,
               HttpOptions& http) {
    http.enabled = reader.flag("server", true);
    const auto port = reader.number_as<uint16_t>("rpcport", params.rpc_port, 1, 65535);
    http.allowed = reader.list("rpcallowip");
    // Without anybody allowed, other addresses would only be refused later.
    if (!http.allowed.empty()) http.binds = read_binds(reader, "rpcbind", port);
    if (http.binds.empty()) http.binds = {{"127.0.0.1", port}, {"::1", port}};
    http.user = reader.text("rpcuser");
    http.password = reader.text("rpcpassword");
    http.auth = reader.list("rpcauth");
    read_cookie(reader, locations, http);
    http.threads = reader.number_as<unsigned>("rpcthreads", 16, 1, kRpcThreadsMax);
    http.work_queue_max = reader.number_as<unsigned>("rpcworkqueue", 64, 1, 100'000);
    http.timeout = std::chrono::seconds(reader.number("rpcservertimeout", 30, 1, 24 * 3600));
}

// A day of a busy node; and more than any disk has.
constexpr int64_t kRecordMiBDefault = 1024;
constexpr int64_t kRecordMiBMax = int64_t{1} << 24;

std::string blocks_directory(OptionReader& reader, const Locations& locations) {
    const std::string chosen = reader.text("blocksdir");
    if (chosen.empty()) return locations.chain_directory + "/blocks";
    if (!fs::is_directory(chosen))
        reader.fail(
            fmt::format("Specified blocks directory \"{}\" does not exist. Create it, or "
                        "leave -blocksdir out.",
                        chosen));
    return below(chosen, find_chain_name(locations.chain)->directory) + "/blocks";
}

}  // namespace

Expected<Locations, std::string> read_locations(const Settings& settings, const std::string& home) {
    OptionReader reader(settings);
    Locations result;
    int choices = 0;
    result.chain = "main";
    if (reader.has("chain")) {
        result.chain = reader.text("chain");
        ++choices;
    }
    for (const ChainName& chain : chain_names()) {
        if (chain.option.empty() || !reader.flag(chain.option, false)) continue;
        result.chain = chain.name;
        ++choices;
    }
    if (choices > 1)
        reader.fail(
            "Invalid combination of -regtest, -labnet, -signet, -testnet, -testnet4 and -chain. "
            "Can use at most one.");
    const ChainName* chain = find_chain_name(result.chain);
    if (chain == nullptr) {
        return Unexpected(
            fmt::format("Unknown chain {}. Choose main, test, testnet4, signet, regtest or labnet.",
                        result.chain));
    }
    result.data_directory = reader.text("datadir");
    if (result.data_directory.empty()) {
        result.data_directory = home + "/.parley";
    } else {
        result.data_directory = fs::absolute(result.data_directory).lexically_normal().string();
        if (result.data_directory.ends_with('/') && result.data_directory.size() > 1)
            result.data_directory.pop_back();
        if (!fs::is_directory(result.data_directory))
            reader.fail(fmt::format(
                "Specified data directory \"{}\" does not exist. Create it, or choose another "
                "-datadir.",
                result.data_directory));
    }
    result.chain_directory = below(result.data_directory, chain->directory);
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return result;
}

Expected<DaemonOptions, std::string> read_daemon_options(const Settings& settings,
                                                         const Locations& locations,
                                                         unsigned cores) {
    OptionReader reader(settings);
    const ChainParams params = find_chain_name(locations.chain)->params();
    DaemonOptions options;
    options.chain = locations.chain;
    options.data_directory = locations.data_directory;
    options.chain_directory = locations.chain_directory;
    options.blocks_directory = blocks_directory(reader, locations);
    options.wallet_directory =
        absolute(reader.text("walletdir", "wallets"), locations.chain_directory);
    options.wallets = !reader.flag("disablewallet", false);
    options.pid_file = absolute(reader.text("pid"), locations.chain_directory);
    options.load_blocks = reader.list("loadblock");
    for (const std::string& path : options.load_blocks) {
        if (!fs::is_regular_file(path))
            reader.fail(fmt::format("There is no file -loadblock={} to import.", path));
    }
    options.tx_index = reader.flag("txindex", false);
    if (options.tx_index && reader.number("prune", 0, 0, int64_t{1} << 40) != 0)
        reader.fail("Prune mode is incompatible with -txindex.");
    options.script_threads = script_threads(reader.number_as<int>("par", 0, -1000, 1000), cores);
    options.script_caches_bytes =
        reader.number_as<size_t>("maxsigcachesize", kScriptCachesBytesDefault >> 20, 0, 16'384)
        << 20;
    options.block_notify = reader.text("blocknotify");
    options.record = absolute(reader.text("record"), locations.chain_directory);
    options.record_bytes_max =
        reader.number_as<uint64_t>("recordmaxsize", kRecordMiBDefault, 1, kRecordMiBMax) << 20;
    options.settings = settings;
    options.startup_notify = reader.text("startupnotify");
    options.shutdown_notify = reader.text("shutdownnotify");
    read_log(reader, locations, options.log);
    read_transport(reader, params, options);
    read_http(reader, locations, params, options.http);
    options.miner.threads = reader.number_as<unsigned>("genthreads", 1, 1, kMinerThreadsMax);
    options.miner.rate_max =
        reader.number_as<uint64_t>("genrate", 0, 0, int64_t{1'000'000'000'000});
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return options;
}

std::optional<std::string> read_text_file(const std::string& path) {
    // A directory opens, and then reads nothing.
    std::error_code error;
    if (!fs::is_regular_file(path, error) && !fs::is_character_file(path, error) &&
        !fs::is_fifo(path, error))
        return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return std::nullopt;
    return text;
}

}  // namespace parley
