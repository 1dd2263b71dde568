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

constexpr OptionDetails kDebugging{.group = OptionGroup::debug};

constexpr std::string_view kCrashHelp =
    "For tests: end the process after one write of coins in this many, at random (default: "
    "{default}, never)";
constexpr std::string_view kCaptureHelp =
    "Write all messages from and to peers to message_capture/ in the chain's directory (default: "
    "{default})";
constexpr std::string_view kStaleHelp =
    "Use fee_estimates.dat even if it is older than 60 hours (default: {default})";
constexpr std::string_view kStopHelp =
    "Stop when the blocks of -loadblock and -reindex are imported (default: {default})";
constexpr std::string_view kFilterIndexHelp =
    "Maintain an index of compact filters of blocks, for light clients and for scanblocks; `basic` "
    "is the only type (default: 0)";
constexpr std::string_view kXorHelp =
    "1: hide the contents of new block files from virus scanners by a random key, as bitcoind "
    "does; "
    "0: refuse to use files with such a key (default: use the files that are there; new ones "
    "without)";
constexpr std::string_view kLoadBlockHelp =
    "Import blocks at startup from this file, in the format of block files, plain or compressed "
    "with bzip2; may be repeated";
constexpr std::string_view kRecordHelp =
    "Record all inputs of the node to this file, for parley-lab replay; relative to the chain's "
    "directory. The record may contain wallet secrets, and new keys are derived from a seed in the "
    "record: do not use it with wallets that hold real money";
constexpr std::string_view kWalletNotifyHelp =
    "Execute this command when a transaction of a wallet is new or changes; %s is replaced by its "
    "txid, %w by the wallet's name in quotes, %b by the hash of its block or \"unconfirmed\", %h "
    "by "
    "the block's height or -1";

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
        option<&O::accept_stale_fees>("acceptstalefeeestimates", kFlag, kStaleHelp, kDebugging),
        option<&O::alert_notify>(
            "alertnotify", kCommand,
            "Execute this command for each new warning; %s is replaced by the quoted warning"),
        option<&O::block_notify>(
            "blocknotify", kCommand,
            "Execute this command when the best block changes; %s is replaced by the block hash"),
        option<O>("blockfilterindex", OptionUnit{"<type>"}, kFilterIndexHelp),
        option<&O::blocks_directory>("blocksdir", kDirectory,
                                     "Directory of the block files (default: the data directory)"),
        option<O>("blocksxor", kFlag, kXorHelp),
        option<&O::capture_messages>("capturemessages", kFlag, kCaptureHelp, kDebugging),
        option<&O::coin_stats_index>(
            "coinstatsindex", kFlag,
            "Index the UTXO set's statistics by block (default: {default})"),
        option<&O::crash_ratio>("dbcrashratio", kCount, kCrashHelp,
                                {.below = clamp, .group = OptionGroup::debug}),
        option<&O::no_wallets>("disablewallet", kFlag,
                               "Disable the wallets and their RPC methods (default: {default})",
                               {.group = OptionGroup::wallet}),
        option<&O::load_blocks>("loadblock", kFile, kLoadBlockHelp),
        // The maximum has room for more than the signatures of a month.
        option<&O::script_caches_bytes>(
            "maxsigcachesize", kMebibytes,
            "Memory for the caches of valid signatures and valid scripts, half for each (default: "
            "{default})",
            {.max = 16'384, .below = clamp, .above = clamp, .group = OptionGroup::debug}),
        // script_threads() limits the number of threads.
        option<&O::par>("par", kCount,
                        "Number of script verification threads; 0: one per core; negative: leave "
                        "that many cores free (default: {default})",
                        {.min = INT64_MIN}),
        option<&O::persist_mempool>("persistmempool", kFlag,
                                    "Save the mempool at shutdown and load it at startup "
                                    "(default: {default})"),
        option<&O::persist_mempool_plain>(
            "persistmempoolv1", kFlag,
            "Save the mempool in the older version of the file (default: {default})"),
        option<&O::pid_file>("pid", kFile,
                             "Write the process id to this file; relative to the chain's directory "
                             "(default: {default})"),
        option<&O::record>("record", kFile, kRecordHelp),
        // The maximum is larger than any disk.
        option<&O::record_bytes_max>(
            "recordmaxsize", kMebibytes,
            "Stop recording when the record reaches this size, {min} to {max} (default: {default})",
            {.min = 1, .max = 1 << 24}),
        option<&O::shutdown_notify>("shutdownnotify", kCommand,
                                    "Execute this command when the node begins to shut down"),
        option<&O::startup_notify>("startupnotify", kCommand,
                                   "Execute this command when startup is complete"),
        option<&O::stop_after_import>("stopafterblockimport", kFlag, kStopHelp, kDebugging),
        option<&O::tx_index>("txindex", kFlag,
                             "Maintain an index of all transactions, used by the getrawtransaction "
                             "RPC (default: {default})"),
        option<&O::spender_index>("txospenderindex", kFlag,
                                  "Index the spender of each output (default: {default})"),
        option<&O::wallet_directory>(
            "walletdir", kDirectory,
            "Directory of the wallets; relative to the chain's directory (default: {default})",
            {.group = OptionGroup::wallet}),
        option<&O::wallet_notify>("walletnotify", kCommand, kWalletNotifyHelp,
                                  {.group = OptionGroup::wallet}));
    return kRows;
}

OptionRows<LogOptions> LogOptions::rows() {
    using O = LogOptions;
    constexpr OptionUnit kCategory{"<category>"};
    static constexpr auto kRows = option_rows(
        OptionGroup::debug,
        option<&O::categories>(
            "debug", kCategory,
            "Log debug messages of this category: net, mempool, validation, http, rpc, walletdb, "
            "mining, pbft or leveldb; 1: all categories; may be repeated"),
        option<&O::excluded>("debugexclude", kCategory,
                             "Do not log debug messages of this category, even if -debug selects "
                             "it; may be repeated"),
        option<&O::path>(
            "debuglogfile", kFile,
            "Log file; relative to the chain's directory; 0: no log file (default: {default})"),
        option<&O::levels>(
            "loglevel", OptionUnit{"<level>|<category>:<level>"},
            "Minimum level of logged messages, or of those of one category: trace or debug, info, "
            "warning or error (default: info, and debug for the categories of -debug); may be "
            "repeated"),
        option<&O::thread_names>(
            "logthreadnames", kFlag,
            "Prepend the name of the thread to each log line (default: {default})"),
        option<&O::microseconds>("logtimemicros", kFlag,
                                 "Log times with microseconds (default: {default})"),
        option<&O::timestamps>("logtimestamps", kFlag,
                               "Prepend the time to each log line (default: {default})"),
        option<O>("printtoconsole", kFlag,
                  "Also print the log to standard output (default: 1; 0 with -daemon)"),
        option<O>("shrinkdebugfile", kFlag,
                  "Shrink a large log file at startup (default: 1; 0 with -debug)"));
    return kRows;
}

OptionRows<TransportOptions> TransportOptions::rows() {
    using O = TransportOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::connection,
        option<O>("bind", OptionUnit{"<addr>[:<port>][=onion]"},
                  "Listen for peers only on this address; with =onion, for those that an onion "
                  "service of Tor sends; may be repeated (default: all addresses, and "
                  "127.0.0.1=onion at the next port)",
                  {.network_only = true}),
        option<&O::resolve_names>("dns", kFlag,
                                  "Look up names of -addnode, -connect and -seednode (default: "
                                  "{default})"),
        option<&O::listening>("listen", kFlag,
                              "Accept inbound connections from peers (default: {default})"),
        port_option<O>("port", "Listen for peers on this port (default: {default})",
                       "Invalid port specified in -port: '{value}'",
                       [] { return ports(&ChainParams::p2p_port); }),
        option<&O::link_delay>("testlinkdelay", kMilliseconds,
                               "Delay everything sent to peers by this time, to simulate a slow "
                               "network on one machine (default: {default})",
                               {.max = 60'000}),
        option<&O::dial_timeout>("timeout", kMilliseconds,
                                 "Timeout of an outbound connection attempt (default: {default})",
                                 {.min = 1, .below = OutOfRange::use_default}));
    return kRows;
}

OptionRows<ZmqOptions> ZmqOptions::rows() {
    using O = ZmqOptions;
    using enum OutOfRange;
    static constexpr OptionUnit kAddress{"<address>"};
    static constexpr auto kRows = option_rows(
        OptionGroup::zmq,
        option<&O::hash_block>("zmqpubhashblock", kAddress,
                               "Publish the hash of each new best block at this address, "
                               "tcp://<host>:<port> or unix:<path>; may be repeated"),
        option<&O::hash_block_hwm>(
            "zmqpubhashblockhwm", kCount,
            "Messages of -zmqpubhashblock that wait for one slow subscriber before further ones "
            "are dropped; 0: no limit (default: {default})",
            {.below = use_default}),
        option<&O::hash_tx>(
            "zmqpubhashtx", kAddress,
            "Publish the txid of each transaction that enters the mempool or a block at this "
            "address, tcp://<host>:<port> or unix:<path>; may be repeated"),
        option<&O::hash_tx_hwm>("zmqpubhashtxhwm", kCount,
                                "Messages of -zmqpubhashtx that wait for one slow subscriber "
                                "before further ones are dropped; 0: no limit (default: {default})",
                                {.below = use_default}),
        option<&O::raw_block>("zmqpubrawblock", kAddress,
                              "Publish each new best block at this address, tcp://<host>:<port> or "
                              "unix:<path>; may be repeated"),
        option<&O::raw_block_hwm>(
            "zmqpubrawblockhwm", kCount,
            "Messages of -zmqpubrawblock that wait for one slow subscriber before further ones are "
            "dropped; 0: no limit (default: {default})",
            {.below = use_default}),
        option<&O::raw_tx>("zmqpubrawtx", kAddress,
                           "Publish each transaction that enters the mempool or a block at this "
                           "address, tcp://<host>:<port> or unix:<path>; may be repeated"),
        option<&O::raw_tx_hwm>("zmqpubrawtxhwm", kCount,
                               "Messages of -zmqpubrawtx that wait for one slow subscriber before "
                               "further ones are dropped; 0: no limit (default: {default})",
                               {.below = use_default}),
        option<&O::sequence>("zmqpubsequence", kAddress,
                             "Publish each block that is connected or disconnected and each "
                             "transaction that enters or leaves the mempool, by hash at this "
                             "address, tcp://<host>:<port> or unix:<path>; may be repeated"),
        option<&O::sequence_hwm>(
            "zmqpubsequencehwm", kCount,
            "Messages of -zmqpubsequence that wait for one slow subscriber before further ones are "
            "dropped; 0: no limit (default: {default})",
            {.below = use_default}));
    return kRows;
}

OptionRows<HttpOptions> HttpOptions::rows() {
    using O = HttpOptions;
    using enum OutOfRange;
    static constexpr OptionWord kReaders[] = {{"owner", 0600}, {"group", 0640}, {"all", 0644}};
    static constexpr auto kRows = option_rows(
        OptionGroup::rpc,
        option<&O::allowed>("rpcallowip", OptionUnit{"<ip>"},
                            "Accept JSON-RPC connections from this address, network (1.2.3.0/24) "
                            "or network/netmask; may be repeated"),
        option<&O::rest>("rest", kFlag, "Answer public REST requests (default: {default})"),
        option<&O::auth>("rpcauth", OptionUnit{"<user>:<salt>$<hmac>"},
                         "User name and salted password hash (HMAC) for JSON-RPC; may be repeated"),
        option<O>(
            "rpcbind", kBind,
            "Listen for JSON-RPC on this address; ignored without -rpcallowip; may be repeated",
            {.network_only = true}),
        option<&O::cookie_file>("rpccookiefile", kFile,
                                "Authentication cookie file; relative to the chain's directory "
                                "(default: {default}); -norpccookiefile disables the cookie"),
        option<&O::cookie_permissions>(
            "rpccookieperms", OptionUnit{"<who>"},
            "Who can read the cookie file: owner, group or all (default: {default})",
            {.words = kReaders}),
        option<&O::password>("rpcpassword", OptionUnit{"<pw>"}, "Password for JSON-RPC"),
        port_option<O>("rpcport", "Listen for JSON-RPC on this port (default: {default})",
                       "Invalid port specified in -rpcport: '{value}'",
                       [] { return ports(&ChainParams::rpc_port); }),
        option<&O::timeout>(
            "rpcservertimeout", kSeconds,
            "Close a JSON-RPC connection that is idle or slow for this long (default: {default})",
            {.min = 1, .below = use_default}),
        // More threads would only contend with each other.
        option<&O::threads>("rpcthreads", kCount,
                            "Number of threads that serve JSON-RPC requests (default: {default})",
                            {.min = 1, .max = 256, .below = clamp, .above = clamp}),
        option<&O::user>("rpcuser", OptionUnit{"<user>"}, "User name for JSON-RPC"),
        option<&O::whitelist>(
            "rpcwhitelist", OptionUnit{"<user>:<methods>"},
            "Comma-separated list of the only methods that this user may call; several lists for "
            "one user allow only the methods that all of them contain; may be repeated"),
        option<&O::whitelist_default>("rpcwhitelistdefault", kFlag,
                                      "Users without an -rpcwhitelist may not call any method "
                                      "(default: 1 if -rpcwhitelist is set, otherwise 0)"),
        option<&O::work_queue_max>(
            "rpcworkqueue", kCount,
            "Maximum number of JSON-RPC requests that wait for a thread (default: {default})",
            {.min = 1, .below = clamp}),
        option<&O::enabled>("server", kFlag, "Accept JSON-RPC requests (default: {default})"));
    return kRows;
}

OptionRows<MinerPoolOptions> MinerPoolOptions::rows() {
    using O = MinerPoolOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::mining,
        option<&O::rate_max>(
            "genrate", OptionUnit{"<hashes/s>"},
            "Maximum hash rate of all mining threads together (default: {default}, no limit)",
            {.max = 1'000'000'000'000}),
        option<&O::threads>("genthreads", kCount, "Number of mining threads (default: {default})",
                            {.min = 1, .max = 256}));
    return kRows;
}

}  // namespace parley
