#include "node/daemon/options/daemon_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/encoding.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/proxy_options.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path, const std::string& base) {
    return path.empty() || path.front() == '/' ? path : base + "/" + path;
}

std::string below(const std::string& directory, std::string_view name) {
    return name.empty() ? directory : fmt::format("{}/{}", directory, name);
}

// Only numeric addresses: a host name cannot be bound to.
std::vector<Endpoint> read_binds(OptionReader& reader, std::string_view name, uint16_t port) {
    std::vector<Endpoint> binds;
    for (const std::string& text : reader.list(name)) {
        if (const auto endpoint = parse_endpoint(text, port))
            binds.push_back(*endpoint);
        else
            reader.fail(name, text, "a numeric address with an optional port");
    }
    return binds;
}

void read_log(OptionReader& reader, const Locations& locations, LogOptions& log) {
    reader.read(log);
    log.path = log.path == "0" ? "" : absolute(log.path, locations.chain_directory);
    // "0" and "none" take back what stands before them.
    const auto last_none =
        std::find_if(log.categories.rbegin(), log.categories.rend(),
                     [](const std::string& name) { return name == "0" || name == "none"; });
    log.categories.erase(log.categories.begin(), last_none.base());
    log.console =
        reader.flag("printtoconsole", !reader.flag("daemon") && !reader.flag("daemonwait"));
    log.shrink = reader.flag("shrinkdebugfile", log.categories.empty());
}

// A connection over which an engine's peer does not answer is worth nothing to the engine. Below
// two seconds, a busy network would look like a broken one.
void follow_engine(OptionReader& reader, Duration engine_timeout, TransportOptions& transport) {
    constexpr Duration kMin = std::chrono::seconds{2};
    // As long as an option of the system can be.
    constexpr Duration kMax = std::chrono::hours{24};
    if (engine_timeout == Duration{0}) return;
    const Duration patience = std::clamp(2 * engine_timeout, kMin, kMax);
    transport.unacknowledged_max = patience;
    if (!reader.has("timeout")) transport.dial_timeout = std::min(transport.dial_timeout, patience);
}

void read_transport(OptionReader& reader, const NodeConfig& node, TransportOptions& transport) {
    reader.read(transport);
    transport.default_port =
        static_cast<uint16_t>(reader.number("port").value_or(node.params.p2p_port));
    PeerBinds binds = read_peer_binds(reader, transport.default_port);
    transport.binds = std::move(binds.binds);
    transport.onion_binds = std::move(binds.onion_binds);
    for (const WhitebindRule& rule : node.net.whitebinds) transport.binds.push_back(rule.address);
    transport.listen_on_all = !reader.has("bind") && !reader.has("whitebind");
    std::set<Endpoint> seen;
    for (const auto* each : {&transport.binds, &transport.onion_binds}) {
        for (const Endpoint& endpoint : *each) {
            if (!seen.insert(endpoint).second)
                reader.fail(fmt::format(
                    "Duplicate binding configuration for address {}. Please check your -bind, "
                    "-bind=...=onion and -whitebind settings.",
                    to_string(endpoint)));
        }
    }
    transport.inbound_max = transport_inbound_max(node.net);
    transport.proxies = node.net.proxies;
    if (stops_listening(reader)) transport.listening = false;
    follow_engine(reader, node.engine.timeout, transport);
}

void read_http(OptionReader& reader, const Locations& locations, uint16_t default_port,
               HttpOptions& http) {
    reader.read(http);
    const auto port = static_cast<uint16_t>(reader.number("rpcport").value_or(default_port));
    // Without -rpcallowip, requests from other hosts are refused anyway, so there is no reason to
    // listen.
    if (!http.allowed.empty()) http.binds = read_binds(reader, "rpcbind", port);
    if (http.binds.empty()) http.binds = {{"127.0.0.1", port}, {"::1", port}};
    http.cookie_file = absolute(http.cookie_file, locations.chain_directory);
}

/// -blockfilterindex: `basic` is the only type. As bitcoind reads it, "" and "1" mean all types.
bool wants_filter_index(OptionReader& reader) {
    bool wanted = false;
    for (const std::string& type : reader.list("blockfilterindex")) {
        if (type == "0") return false;
        if (type.empty() || type == "1" || type == "basic")
            wanted = true;
        else
            reader.fail(fmt::format("Unknown -blockfilterindex value {}.", type));
    }
    return wanted;
}

/// bitcoind checks no more than the port.
void read_zmq(OptionReader& reader, ZmqOptions& zmq) {
    reader.read(zmq);
    for (const auto& [name, addresses] :
         {std::pair{"hashblock", &zmq.hash_block}, std::pair{"hashtx", &zmq.hash_tx},
          std::pair{"rawblock", &zmq.raw_block}, std::pair{"rawtx", &zmq.raw_tx},
          std::pair{"sequence", &zmq.sequence}}) {
        for (const std::string& address : *addresses) {
            if (!address.starts_with("tcp://")) continue;
            const std::string port = address.substr(address.rfind(':') + 1);
            uint16_t number = 0;
            const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
            if (read.ec != std::errc{} || read.ptr != port.data() + port.size() || number == 0)
                reader.fail(
                    fmt::format("Invalid port specified in -zmqpub{}: '{}'", name, address));
        }
    }
}

std::string blocks_directory(OptionReader& reader, const std::string& chosen,
                             const Locations& locations) {
    if (chosen.empty()) return locations.chain_directory + "/blocks";
    if (!fs::is_directory(chosen))
        reader.fail(fmt::format("Specified blocks directory \"{}\" does not exist.", chosen));
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
        if (chain.option.empty() || !reader.flag(chain.option)) continue;
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
            reader.fail(fmt::format("Specified data directory \"{}\" does not exist.",
                                    result.data_directory));
    }
    result.chain_directory = below(result.data_directory, chain->directory);
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return result;
}

Expected<StoreDirectories, std::string> read_store_directories(const Settings& settings,
                                                               const Locations& locations) {
    OptionReader reader(settings);
    DaemonOptions chosen;
    reader.read(chosen);
    StoreDirectories result{blocks_directory(reader, chosen.blocks_directory, locations),
                            absolute(chosen.wallet_directory, locations.chain_directory)};
    if (reader.has("walletdir") && !fs::is_directory(result.wallets))
        reader.fail(fmt::format("Specified -walletdir \"{}\" does not exist", result.wallets));
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return result;
}

Expected<DaemonOptions, std::string> read_daemon_options(const Settings& settings,
                                                         const Locations& locations,
                                                         const NodeConfig& node) {
    OptionReader reader(settings);
    DaemonOptions options;
    reader.read(options);
    options.chain = locations.chain;
    options.data_directory = locations.data_directory;
    options.chain_directory = locations.chain_directory;
    options.settings_file = locations.settings_file;
    const auto stores = read_store_directories(settings, locations);
    if (!stores) return Unexpected(stores.error());
    options.blocks_directory = stores->blocks;
    options.wallet_directory = stores->wallets;
    options.pid_file = absolute(options.pid_file, locations.chain_directory);
    for (const std::string& path : options.load_blocks) {
        if (!fs::is_regular_file(path))
            reader.fail(fmt::format("Cannot import -loadblock={}: the file does not exist.", path));
    }
    if (reader.has("blocksxor")) options.xor_blocks = reader.flag("blocksxor");
    options.filter_index = wants_filter_index(reader);
    if (options.tx_index && node.chain.prune)
        reader.fail("Prune mode is incompatible with -txindex.");
    if (options.spender_index && node.chain.prune)
        reader.fail("Prune mode is incompatible with -txospenderindex.");
    if (node.net.serve_compact_filters && !options.filter_index)
        reader.fail("Cannot set -peerblockfilters without -blockfilterindex.");
    options.record = absolute(options.record, locations.chain_directory);
    options.settings = settings;
    read_log(reader, locations, options.log);
    read_transport(reader, node, options.transport);
    read_http(reader, locations, node.params.rpc_port, options.http);
    read_zmq(reader, options.zmq);
    reader.read(options.miner);
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    return options;
}

std::optional<std::string> read_text_file(const std::string& path) {
    // Opening a directory succeeds and reading it returns nothing, so it is rejected here.
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
