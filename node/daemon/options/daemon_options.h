// DaemonOptions: what the user chose for the host around the node: files, threads, sockets. And
// NodeConfig from the same settings. Called once at the start; values afterwards.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "base/log.h"
#include "base/option_rows.h"
#include "chain/state/indexes/chain_indexes.h"
#include "node/config.h"
#include "node/daemon/http/http_options.h"
#include "node/daemon/network/transport.h"
#include "node/daemon/network/zmq_options.h"
#include "node/daemon/options/settings.h"
#include "node/daemon/workers/miner_pool.h"

namespace parley {

struct LogOptions {
    std::string path = "debug.log";       ///< empty: no file
    std::vector<std::string> categories;  ///< of -debug; "1" or "all" means every one
    std::vector<std::string> excluded;    ///< of -debugexclude
    std::vector<std::string> levels;      ///< of -loglevel: LEVEL, or CATEGORY:LEVEL
    bool timestamps = true;
    bool microseconds = false;
    bool thread_names = false;
    bool console = true;
    bool shrink = true;

    static OptionRows<LogOptions> rows();
};

struct DaemonOptions {
    std::string chain;             ///< as -chain takes it
    std::string data_directory;    ///< -datadir
    std::string chain_directory;   ///< where this chain's files are; the same on main
    std::string blocks_directory;  ///< .../blocks
    std::string wallet_directory = "wallets";
    std::string settings_file;       ///< settings.json; empty: none
    std::optional<bool> xor_blocks;  ///< -blocksxor; empty: as the files are
    bool no_wallets = false;
    std::string pid_file = "bitcoind.pid";  ///< as init scripts expect; empty: none
    std::vector<std::string> load_blocks;
    bool stop_after_import = false;
    bool capture_messages = false;                  ///< -capturemessages
    bool accept_stale_fees = false;                 ///< -acceptstalefeeestimates
    bool persist_mempool = true;                    ///< -persistmempool
    bool persist_mempool_plain = false;             ///< -persistmempoolv1
    bool tx_index = false;                          ///< -txindex
    bool filter_index = false;                      ///< -blockfilterindex
    bool spender_index = false;                     ///< -txospenderindex
    bool coin_stats_index = false;                  ///< -coinstatsindex
    uint64_t crash_ratio = 0;                       ///< -dbcrashratio; 0: never
    int par = 0;                                    ///< see script_threads()
    size_t script_caches_bytes = size_t{32} << 20;  ///< signatures and scripts have half each
    std::string alert_notify;                       ///< shell commands; empty: none
    std::string block_notify;
    std::string startup_notify;
    std::string wallet_notify;
    std::string shutdown_notify;
    LogOptions log;
    TransportOptions transport;
    HttpOptions http;
    ZmqOptions zmq;
    MinerPoolOptions miner;
    std::string record;  ///< empty: nothing is recorded
    uint64_t record_bytes_max = uint64_t{1} << 30;
    Settings settings;  ///< what all options were read from, for the record

    static OptionRows<DaemonOptions> rows();

    PerIndex<bool> indexes() const {
        return {tx_index, filter_index, spender_index, coin_stats_index};
    }
};

/// Where the options are, before they can be read: the chain decides which count.
struct Locations {
    std::string chain;
    std::string data_directory;
    std::string chain_directory;
    std::string configuration_file;  ///< the one that was read; empty: none
    std::string settings_file;       ///< empty: -nosettings
};

/// From -chain and -datadir. Errors are sentences for stderr, here and below.
Expected<Locations, std::string> read_locations(const Settings& settings, const std::string& home);

/// Where the stores are: -blocksdir and -walletdir. REQUIRES, here and below:
/// settings.select_chain(locations.chain) was called.
struct StoreDirectories {
    std::string blocks;
    std::string wallets;
};
Expected<StoreDirectories, std::string> read_store_directories(const Settings& settings,
                                                               const Locations& locations);

/// Opens the files that options of the engine name, nothing else.
Expected<NodeConfig, std::string> read_node_config(const Settings& settings,
                                                   const std::string& chain);
/// For the host of such a node.
Expected<DaemonOptions, std::string> read_daemon_options(const Settings& settings,
                                                         const Locations& locations,
                                                         const NodeConfig& node);

/// The whole of a file; empty optional: it cannot be read. For small files that the user named.
std::optional<std::string> read_text_file(const std::string& path);

}  // namespace parley
