// The rows of the daemon's own options.
#include <fmt/format.h>

#include "base/option_row.h"
#include "chain/rules/params.h"
#include "node/daemon/options/daemon_options.h"

namespace parley {
namespace {

constexpr OptionUnit kCommand{"<cmd>"};
constexpr OptionUnit kDirectory{"<dir>"};
constexpr OptionUnit kFile{"<file>"};
constexpr OptionUnit kBind{"<addr>[:<port>]"};
constexpr OptionUnit kPort{"<port>"};

// "8333, test 18333, ..."
std::string ports(uint16_t ChainParams::*port) {
    std::string text;
    for (const ChainName& chain : chain_names()) {
        if (!text.empty()) text += fmt::format(", {} ", chain.name);
        text += fmt::format("{}", chain.params().*port);
    }
    return text;
}

template <class Options>
constexpr OptionRow<Options> port_option(std::string_view name, std::string_view help,
                                         std::string_view refusal, std::string (*standard)()) {
    OptionRow<Options> row = option<Options>(
        name, kPort, help, {.min = 1, .max = 65'535, .refusal = refusal, .network_only = true});
    row.default_text = standard;
    return row;
}

}  // namespace

OptionRows<DaemonOptions> DaemonOptions::rows() {
    using O = DaemonOptions;
    using enum OutOfRange;
    static constexpr auto kRows = option_rows(
        OptionGroup::general,
        option<&O::block_notify>("blocknotify", kCommand,
                                 "Run this for each new best block; %s is its hash"),
        option<&O::blocks_directory>("blocksdir", kDirectory,
                                     "Directory for the blocks (default: the data directory)"),
        option<&O::no_wallets>("disablewallet", kFlag, "No wallets (default: {default})",
                               {.group = OptionGroup::wallet}),
        option<&O::load_blocks>(
            "loadblock", kFile,
            "Import blocks from a file of magic, length, block; plain or bzip2; may be repeated"),
        // The most is more than the signatures of a month.
        option<&O::script_caches_bytes>(
            "maxsigcachesize", kMebibytes,
            "Memory for what is known of signatures and scripts, half "
            "for each (default: {default})",
            {.max = 16'384, .below = clamp, .above = clamp, .group = OptionGroup::debug}),
        // The threads themselves are limited by script_threads().
        option<&O::par>("par", kCount,
                        "Threads that verify scripts: 0 = one a core, <0 = leave that many cores "
                        "free (default: {default})",
                        {.min = INT64_MIN}),
        option<&O::pid_file>("pid", kFile,
                             "Write the process id here; relative to the chain's directory "
                             "(default: {default})"),
        option<&O::record>(
            "record", kFile,
            "Record everything that happens to the node, for parley-lab replay; relative to the "
            "chain's directory. The file may hold secrets of wallets, and while recording, keys "
            "come from a seed in it: not for wallets with money"),
        // More than any disk has.
        option<&O::record_bytes_max>(
            "recordmaxsize", kMebibytes,
            "Recording ends when the record has this size, {min} to {max} (default: {default})",
            {.min = 1, .max = 1 << 24}),
        option<&O::shutdown_notify>("shutdownnotify", kCommand,
                                    "Run this when the node begins to stop"),
        option<&O::startup_notify>("startupnotify", kCommand, "Run this when the node is ready"),
        option<&O::tx_index>("txindex", kFlag,
                             "Remember where every transaction is, for getrawtransaction (default: "
                             "{default})"),
        option<&O::wallet_directory>("walletdir", kDirectory,
                                     "Directory of the wallets (default: {default} in the chain's "
                                     "directory)",
                                     {.group = OptionGroup::wallet}));
    return kRows;
}

OptionRows<LogOptions> LogOptions::rows() {
    using O = LogOptions;
    constexpr OptionUnit kCategory{"<category>"};
    static constexpr auto kRows = option_rows(
        OptionGroup::debug,
        option<&O::categories>("debug", kCategory,
                               "Log more: net, mempool, validation, http, rpc, walletdb, mining, "
                               "pbft, leveldb, or 1 for all; may be repeated"),
        option<&O::excluded>("debugexclude", kCategory,
                             "Leave this category out again; may be repeated"),
        option<&O::path>("debuglogfile", kFile,
                         "Where the log goes (default: {default} in the chain's directory); 0: "
                         "nowhere"),
        option<O>("loglevel", OptionUnit{"<level>"},
                  "debug, info, warning or error (default: debug for the categories of -debug)"),
        option<&O::thread_names>("logthreadnames", kFlag,
                                 "The thread's name in each line (default: {default})"),
        option<&O::microseconds>("logtimemicros", kFlag,
                                 "Microseconds in the log's times (default: {default})"),
        option<&O::timestamps>("logtimestamps", kFlag,
                               "Begin each line with the time (default: {default})"),
        option<O>("printtoconsole", kFlag,
                  "Print the log to standard output, too (default: 1, 0 with -daemon)"),
        option<O>("shrinkdebugfile", kFlag,
                  "Cut an over-long debug.log at the start (default: 1 without -debug)"));
    return kRows;
}

OptionRows<TransportOptions> TransportOptions::rows() {
    using O = TransportOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::connection,
        option<O>("bind", kBind, "Listen on this address only; may be repeated",
                  {.network_only = true}),
        option<&O::resolve_names>("dns", kFlag,
                                  "Look up names of -addnode, -connect and -seednode (default: "
                                  "{default})"),
        option<&O::listening>("listen", kFlag,
                              "Accept connections from outside (default: {default})"),
        port_option<O>("port", "Listen for peers on this port (default: {default})",
                       "Invalid port specified in -port: '{value}'",
                       [] { return ports(&ChainParams::p2p_port); }),
        option<&O::link_delay>("testlinkdelay", kMilliseconds,
                               "Delay every byte to a peer by so much, for measurements on one "
                               "machine (default: {default})",
                               {.max = 60'000}),
        option<&O::dial_timeout>("timeout", kMilliseconds,
                                 "Time to reach a peer (default: {default})",
                                 {.min = 1, .below = OutOfRange::use_default}));
    return kRows;
}

OptionRows<HttpOptions> HttpOptions::rows() {
    using O = HttpOptions;
    using enum OutOfRange;
    static constexpr OptionWord kReaders[] = {{"owner", 0600}, {"group", 0640}, {"all", 0644}};
    static constexpr auto kRows = option_rows(
        OptionGroup::rpc,
        option<&O::allowed>("rpcallowip", OptionUnit{"<ip>"},
                            "Take JSON-RPC from this address, network (1.2.3.0/24) or "
                            "network/mask; may be repeated"),
        option<&O::auth>("rpcauth", OptionUnit{"<user>:<salt>$<hmac>"},
                         "User name and salted, hashed password for JSON-RPC; may be repeated"),
        option<O>("rpcbind", kBind,
                  "Listen for JSON-RPC on this address; only with -rpcallowip; may be repeated",
                  {.network_only = true}),
        option<&O::cookie_file>(
            "rpccookiefile", kFile,
            "Where the cookie goes (default: {default} in the chain's directory); "
            "-norpccookiefile: no cookie"),
        option<&O::cookie_permissions>(
            "rpccookieperms", OptionUnit{"<who>"},
            "Who may read the cookie: owner, group or all (default: {default})",
            {.words = kReaders}),
        option<&O::password>("rpcpassword", OptionUnit{"<pw>"}, "Password for JSON-RPC"),
        port_option<O>("rpcport", "Listen for JSON-RPC on this port (default: {default})",
                       "Invalid port specified in -rpcport: '{value}'",
                       [] { return ports(&ChainParams::rpc_port); }),
        option<&O::timeout>("rpcservertimeout", kSeconds,
                            "How long an idle or slow connection is kept (default: {default})",
                            {.min = 1, .below = use_default}),
        // More threads would only wait for each other.
        option<&O::threads>("rpcthreads", kCount,
                            "Threads that answer JSON-RPC (default: {default})",
                            {.min = 1, .max = 256, .below = clamp, .above = clamp}),
        option<&O::user>("rpcuser", OptionUnit{"<user>"}, "User name for JSON-RPC"),
        option<&O::whitelist>(
            "rpcwhitelist", OptionUnit{"<user>:<methods>"},
            "The only methods that this user may call, separated by commas; what all lists of a "
            "user contain if there are several; may be repeated"),
        option<&O::whitelist_default>(
            "rpcwhitelistdefault", kFlag,
            "Users without an -rpcwhitelist may call nothing (default: 1 if there is any "
            "-rpcwhitelist, otherwise 0)"),
        option<&O::work_queue_max>(
            "rpcworkqueue", kCount,
            "JSON-RPC requests that may wait for a thread (default: {default})",
            {.min = 1, .below = clamp}),
        option<&O::enabled>("server", kFlag, "Answer JSON-RPC (default: {default})"));
    return kRows;
}

OptionRows<MinerPoolOptions> MinerPoolOptions::rows() {
    using O = MinerPoolOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::mining,
        option<&O::rate_max>(
            "genrate", OptionUnit{"<hashes/s>"},
            "Hashes a second of all these threads together (default: {default}, no limit)",
            {.max = 1'000'000'000'000}),
        option<&O::threads>("genthreads", kCount, "Threads that mine (default: {default})",
                            {.min = 1, .max = 256}));
    return kRows;
}

}  // namespace parley
