#include "node/daemon/options/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "consensus/engines.h"

namespace parley {
namespace {

// In the groups' order, and in each by name. The engines' own options come from their list.
constexpr Option kOptions[] = {
    {"?", "", OptionGroup::general, "Print this help message and exit"},
    {"blockfilterindex", "", OptionGroup::general, ""},
    {"blocknotify", "<cmd>", OptionGroup::general,
     "Run this for each new best block; %s is its hash"},
    {"blocksdir", "<dir>", OptionGroup::general,
     "Directory for the blocks (default: the data directory)"},
    {"chain", "<chain>", OptionGroup::general,
     "Use the chain <chain> (default: main): main, test, testnet4, signet, regtest or labnet"},
    {"coinstatsindex", "", OptionGroup::general, ""},
    {"conf", "<file>", OptionGroup::general,
     "Configuration file (default: parley.conf, or bitcoin.conf where there is none); relative to "
     "-datadir"},
    {"daemon", "", OptionGroup::general, "Run in the background; the command returns at once"},
    {"daemonwait", "", OptionGroup::general,
     "Run in the background; the command returns when the node is ready"},
    {"datadir", "<dir>", OptionGroup::general,
     "Data directory (default: ~/.parley); the files of a chain other than main are below it in a "
     "directory of its name"},
    {"dbcache", "<MiB>", OptionGroup::general,
     "Memory for coins before they are written out, 4 to 65536 (default: 64)"},
    {"genesisoutput", "<address>:<amount>", OptionGroup::general,
     "labnet: coins that exist from the start; may be repeated"},
    {"h", "", OptionGroup::general, "Print this help message and exit"},
    {"help", "", OptionGroup::general, "Print this help message and exit"},
    {"includeconf", "<file>", OptionGroup::general,
     "A further configuration file; only in the configuration file itself"},
    {"labnet", "", OptionGroup::general, "Equivalent to -chain=labnet"},
    {"loadblock", "<file>", OptionGroup::general,
     "Import blocks from a file of magic, length, block; plain or bzip2; may be repeated"},
    {"par", "<n>", OptionGroup::general,
     "Threads that verify scripts: 0 = one a core, <0 = leave that many cores free (default: 0)"},
    {"persistmempool", "", OptionGroup::general, ""},
    {"pid", "<file>", OptionGroup::general,
     "Write the process id here; relative to the chain's directory"},
    {"powretargetinterval", "<n>", OptionGroup::general,
     "labnet: blocks between changes of the difficulty (default: 2016)"},
    {"powstartbits", "<8 hex digits>", OptionGroup::general,
     "labnet: compact target of the first blocks (default: 207fffff)"},
    {"powtargetspacing", "<s>", OptionGroup::general,
     "labnet: aimed seconds between blocks (default: 600)"},
    {"prune", "<MiB>", OptionGroup::general,
     "Remove old blocks so that block and undo files take no more than this: 0 never, 1 by "
     "pruneblockchain only, else 550 at least (default: 0)"},
    {"record", "<file>", OptionGroup::general,
     "Record everything that happens to the node, for parley-lab replay; relative to the chain's "
     "directory. The file may hold secrets of wallets, and while recording, keys come from a seed "
     "in it: not for wallets with money"},
    {"recordmaxsize", "<MiB>", OptionGroup::general,
     "Recording ends when the record has this size, 1 to 16777216 (default: 1024)"},
    {"regtest", "", OptionGroup::general, "Equivalent to -chain=regtest"},
    {"reindex", "", OptionGroup::general,
     "Make the index and the unspent outputs anew from the block files (default: 0)"},
    {"reindex-chainstate", "", OptionGroup::general,
     "Make the unspent outputs anew from the blocks (default: 0)"},
    {"settings", "<file>", OptionGroup::general,
     "File of settings (default: settings.json in the chain's directory); -nosettings: none"},
    {"shutdownnotify", "<cmd>", OptionGroup::general, "Run this when the node begins to stop"},
    {"signet", "", OptionGroup::general, "Equivalent to -chain=signet"},
    {"signetchallenge", "<hex>", OptionGroup::general,
     "signet: the script that blocks solve (default: that of the public signet)"},
    {"startupnotify", "<cmd>", OptionGroup::general, "Run this when the node is ready"},
    {"stopatheight", "<n>", OptionGroup::general,
     "Stop after reaching this height in the best chain (default: 0, never)"},
    {"testnet", "", OptionGroup::general, "Equivalent to -chain=test"},
    {"testnet4", "", OptionGroup::general, "Equivalent to -chain=testnet4"},
    {"txindex", "", OptionGroup::general,
     "Remember where every transaction is, for getrawtransaction (default: 0)"},
    {"version", "", OptionGroup::general, "Print version and exit"},
    {"zmqpubhashblock", "", OptionGroup::general, ""},
    {"zmqpubhashblockhwm", "", OptionGroup::general, ""},
    {"zmqpubhashtx", "", OptionGroup::general, ""},
    {"zmqpubhashtxhwm", "", OptionGroup::general, ""},
    {"zmqpubrawblock", "", OptionGroup::general, ""},
    {"zmqpubrawblockhwm", "", OptionGroup::general, ""},
    {"zmqpubrawtx", "", OptionGroup::general, ""},
    {"zmqpubrawtxhwm", "", OptionGroup::general, ""},
    {"zmqpubsequence", "", OptionGroup::general, ""},
    {"zmqpubsequencehwm", "", OptionGroup::general, ""},
    {"addnode", "<addr>[:<port>]", OptionGroup::connection,
     "Dial this peer and keep the connection; may be repeated", true},
    {"asmap", "", OptionGroup::connection, ""},
    {"bantime", "<s>", OptionGroup::connection, "How long a ban lasts (default: 86400)"},
    {"bind", "<addr>[:<port>]", OptionGroup::connection,
     "Listen on this address only; may be repeated", true},
    {"blockreconstructionextratxn", "", OptionGroup::connection, ""},
    {"blocksonly", "", OptionGroup::connection,
     "Neither relay transactions nor accept them from peers (default: 0)"},
    {"capturemessages", "", OptionGroup::connection, ""},
    {"cjdnsreachable", "", OptionGroup::connection, ""},
    {"connect", "<addr>[:<port>]", OptionGroup::connection,
     "Dial only these peers; -connect=0 dials none; may be repeated", true},
    {"discover", "", OptionGroup::connection, ""},
    {"dns", "", OptionGroup::connection, ""},
    {"dnsseed", "", OptionGroup::connection, ""},
    {"externalip", "", OptionGroup::connection, ""},
    {"fixedseeds", "", OptionGroup::connection, ""},
    {"forcednsseed", "", OptionGroup::connection, ""},
    {"i2pacceptincoming", "", OptionGroup::connection, ""},
    {"i2psam", "", OptionGroup::connection, ""},
    {"listen", "", OptionGroup::connection, "Accept connections from outside (default: 1)"},
    {"listenonion", "", OptionGroup::connection, ""},
    {"maxconnections", "<n>", OptionGroup::connection, "Connections at most (default: 125)"},
    {"maxreceivebuffer", "", OptionGroup::connection, ""},
    {"maxsendbuffer", "", OptionGroup::connection, ""},
    {"maxuploadtarget", "", OptionGroup::connection, ""},
    {"natpmp", "", OptionGroup::connection, ""},
    {"networkactive", "", OptionGroup::connection, "Talk to peers at all (default: 1)"},
    {"onion", "", OptionGroup::connection, ""},
    {"onlynet", "", OptionGroup::connection, ""},
    {"peerblockfilters", "", OptionGroup::connection, ""},
    {"peerbloomfilters", "", OptionGroup::connection, "Answer the mempool message (default: 0)"},
    {"peertimeout", "<s>", OptionGroup::connection, "Time for a peer's handshake (default: 60)"},
    {"port", "<port>", OptionGroup::connection,
     "Listen for peers on this port (default: 8333, test 18333, testnet4 48333, signet 38333, "
     "regtest 18444, labnet 18644)",
     true},
    {"privatebroadcast", "", OptionGroup::connection, ""},
    {"proxy", "", OptionGroup::connection, ""},
    {"seednode", "<addr>[:<port>]", OptionGroup::connection,
     "Ask this peer once for addresses; may be repeated"},
    {"testlinkdelay", "<ms>", OptionGroup::connection,
     "Delay every byte to a peer by so much, for measurements on one machine (default: 0)"},
    {"timeout", "<ms>", OptionGroup::connection, "Time to reach a peer (default: 5000)"},
    {"torcontrol", "", OptionGroup::connection, ""},
    {"torpassword", "", OptionGroup::connection, ""},
    {"txreconciliation", "", OptionGroup::connection, ""},
    {"uacomment", "<text>", OptionGroup::connection,
     "Add a comment to the user agent; may be repeated"},
    {"upnp", "", OptionGroup::connection, ""},
    {"v2transport", "", OptionGroup::connection, ""},
    {"whitebind", "", OptionGroup::connection, ""},
    {"whitelist", "", OptionGroup::connection, ""},
    {"whitelistforcerelay", "", OptionGroup::connection, ""},
    {"whitelistrelay", "", OptionGroup::connection, ""},
    {"deprecatedrpc", "", OptionGroup::rpc, ""},
    {"rest", "", OptionGroup::rpc, ""},
    {"rpcallowip", "<ip>", OptionGroup::rpc,
     "Take JSON-RPC from this address, network (1.2.3.0/24) or network/mask; may be repeated"},
    {"rpcauth", "<user>:<salt>$<hmac>", OptionGroup::rpc,
     "User name and salted, hashed password for JSON-RPC; may be repeated"},
    {"rpcbind", "<addr>[:<port>]", OptionGroup::rpc,
     "Listen for JSON-RPC on this address; only with -rpcallowip; may be repeated", true},
    {"rpccookiefile", "<file>", OptionGroup::rpc,
     "Where the cookie goes (default: .cookie in the chain's directory)"},
    {"rpccookieperms", "<who>", OptionGroup::rpc,
     "Who may read the cookie: owner, group or all (default: owner)"},
    {"rpcdoccheck", "", OptionGroup::rpc, ""},
    {"rpcpassword", "<pw>", OptionGroup::rpc, "Password for JSON-RPC"},
    {"rpcport", "<port>", OptionGroup::rpc,
     "Listen for JSON-RPC on this port (default: 8332, test 18332, testnet4 48332, signet 38332, "
     "regtest 18443, labnet 18643)",
     true},
    {"rpcservertimeout", "<s>", OptionGroup::rpc,
     "How long an idle or slow connection is kept (default: 30)"},
    {"rpcthreads", "<n>", OptionGroup::rpc, "Threads that answer JSON-RPC (default: 16)"},
    {"rpcuser", "<user>", OptionGroup::rpc, "User name for JSON-RPC"},
    {"rpcwhitelist", "", OptionGroup::rpc, ""},
    {"rpcwhitelistdefault", "", OptionGroup::rpc, ""},
    {"rpcworkqueue", "<n>", OptionGroup::rpc,
     "JSON-RPC requests that may wait for a thread (default: 64)"},
    {"server", "", OptionGroup::rpc, "Answer JSON-RPC (default: 1)"},
    {"acceptnonstdtxn", "", OptionGroup::mempool,
     "Relay and mine transactions that are not standard (default: 0)"},
    {"bytespersigop", "<n>", OptionGroup::mempool,
     "Virtual bytes that a signature check counts as (default: 20)"},
    {"datacarrier", "", OptionGroup::mempool, "Relay and mine data outputs (default: 1)"},
    {"datacarriersize", "<n>", OptionGroup::mempool,
     "Bytes of data outputs in a transaction at most (default: 100000)"},
    {"dustrelayfee", "<amount>", OptionGroup::mempool,
     "Fee rate that defines dust, in coins per kvB (default: 0.00003000)"},
    {"incrementalrelayfee", "<amount>", OptionGroup::mempool,
     "What a replacement must pay more, in coins per kvB (default: 0.00000100)"},
    {"limitancestorcount", "", OptionGroup::mempool, ""},
    {"limitancestorsize", "", OptionGroup::mempool, ""},
    {"limitclustercount", "<n>", OptionGroup::mempool,
     "Connected transactions in the mempool at most (default: 64)"},
    {"limitclustersize", "<kvB>", OptionGroup::mempool,
     "Their virtual size at most (default: 101)"},
    {"limitdescendantcount", "", OptionGroup::mempool, ""},
    {"limitdescendantsize", "", OptionGroup::mempool, ""},
    {"maxmempool", "<MB>", OptionGroup::mempool, "Memory of the mempool at most (default: 300)"},
    {"maxorphantx", "", OptionGroup::mempool, ""},
    {"mempoolexpiry", "<h>", OptionGroup::mempool,
     "Forget transactions after so many hours (default: 336)"},
    {"mempoolfullrbf", "", OptionGroup::mempool, ""},
    {"minrelaytxfee", "<amount>", OptionGroup::mempool,
     "Least fee rate to relay, in coins per kvB (default: 0.00000100)"},
    {"permitbaremultisig", "", OptionGroup::mempool,
     "Relay outputs that are bare multisig scripts (default: 1)"},
    {"persistmempoolv1", "", OptionGroup::mempool, ""},
    {"automine", "<when>", OptionGroup::mining,
     "Mine a block: off, tx (when a transaction waits), <s>, poisson:<s> (default: off)"},
    {"blockmaxweight", "<n>", OptionGroup::mining,
     "Weight of a mined block at most (default: 4000000)"},
    {"blockmintxfee", "<amount>", OptionGroup::mining,
     "Least fee rate in a mined block, in coins per kvB (default: 0.00000001)"},
    {"blockreservedweight", "<n>", OptionGroup::mining,
     "Weight kept for header and coinbase (default: 8000)"},
    {"blockversion", "<n>", OptionGroup::mining, "regtest: version of the blocks made here"},
    {"gen", "", OptionGroup::mining, "Mine all the time (default: 0)"},
    {"genrate", "<hashes/s>", OptionGroup::mining,
     "Hashes a second of all these threads together (default: 0, no limit)"},
    {"genthreads", "<n>", OptionGroup::mining, "Threads that mine (default: 1)"},
    {"miningaddress", "<address>", OptionGroup::mining,
     "What mined blocks pay to (default: an output that anybody can spend)"},
    {"addresstype", "<type>", OptionGroup::wallet, "bech32 or legacy (default: bech32)"},
    {"avoidpartialspends", "", OptionGroup::wallet, ""},
    {"changetype", "", OptionGroup::wallet, ""},
    {"consolidatefeerate", "<amount>", OptionGroup::wallet,
     "Fee rate below which more coins are spent than needed (default: 0.00010000)"},
    {"dblogsize", "", OptionGroup::wallet, ""},
    {"disablewallet", "", OptionGroup::wallet, "No wallets (default: 0)"},
    {"discardfee", "", OptionGroup::wallet, ""},
    {"fallbackfee", "<amount>", OptionGroup::wallet,
     "Fee rate where there is no estimate, in coins per kvB (default: the relay minimum)"},
    {"flushwallet", "", OptionGroup::wallet, ""},
    {"keypool", "<n>", OptionGroup::wallet,
     "Addresses that are watched ahead of the last used one (default: 100)"},
    {"maxtxfee", "<amount>", OptionGroup::wallet,
     "Fee of a wallet's transaction at most (default: 0.10)"},
    {"mintxfee", "", OptionGroup::wallet, ""},
    {"paytxfee", "", OptionGroup::wallet, ""},
    {"signer", "", OptionGroup::wallet, ""},
    {"spendzeroconfchange", "", OptionGroup::wallet,
     "Spend own change before it is confirmed (default: 1)"},
    {"swapbdbendian", "", OptionGroup::wallet, ""},
    {"txconfirmtarget", "", OptionGroup::wallet, ""},
    {"unsafesqlitesync", "", OptionGroup::wallet, ""},
    {"wallet", "<name>", OptionGroup::wallet, "Load this wallet at the start; may be repeated",
     true},
    {"walletbroadcast", "", OptionGroup::wallet, ""},
    {"walletcrosschain", "", OptionGroup::wallet, ""},
    {"walletdir", "<dir>", OptionGroup::wallet,
     "Directory of the wallets (default: wallets in the chain's directory)"},
    {"walletnotify", "", OptionGroup::wallet, ""},
    {"walletrbf", "", OptionGroup::wallet,
     "Signal that the wallet's transactions are replaceable (default: 1)"},
    {"walletrejectlongchains", "", OptionGroup::wallet, ""},
    {"assumevalid", "<hash>", OptionGroup::debug,
     "Do not run the scripts of this block and those before it; 0: run all (default: a block that "
     "was old when this version was made)"},
    {"checkaddrman", "", OptionGroup::debug, ""},
    {"checkblockindex", "", OptionGroup::debug, ""},
    {"checkblocks", "<n>", OptionGroup::debug, "Blocks that a start verifies (default: 6, 0: all)"},
    {"checklevel", "<n>", OptionGroup::debug,
     "How thoroughly: 0 to 4, as verifychain (default: 3)"},
    {"checkmempool", "", OptionGroup::debug, ""},
    {"checkpoint", "<height>:<hash>", OptionGroup::debug,
     "Never replace this block, nor any before it; may be repeated"},
    {"checkpoints", "", OptionGroup::debug, ""},
    {"debug", "<category>", OptionGroup::debug,
     "Log more: net, mempool, validation, http, rpc, walletdb, mining, pbft, leveldb, or 1 for "
     "all; may be repeated"},
    {"debugexclude", "<category>", OptionGroup::debug,
     "Leave this category out again; may be repeated"},
    {"debuglogfile", "<file>", OptionGroup::debug,
     "Where the log goes (default: debug.log in the chain's directory); 0: nowhere"},
    {"fastprune", "", OptionGroup::debug,
     "Small block files and a low height to prune from, for tests (default: 0)"},
    {"logips", "", OptionGroup::debug, ""},
    {"loglevel", "<level>", OptionGroup::debug,
     "debug, info, warning or error (default: debug for the categories of -debug)"},
    {"logratelimit", "", OptionGroup::debug, ""},
    {"logsourcelocations", "", OptionGroup::debug, ""},
    {"logthreadnames", "", OptionGroup::debug, "The thread's name in each line (default: 0)"},
    {"logtimemicros", "", OptionGroup::debug, "Microseconds in the log's times (default: 0)"},
    {"logtimestamps", "", OptionGroup::debug, "Begin each line with the time (default: 1)"},
    {"maxsigcachesize", "<MiB>", OptionGroup::debug,
     "Memory for what is known of signatures and scripts, half for each (default: 32)"},
    {"maxtipage", "<s>", OptionGroup::debug,
     "An older tip means that the initial download goes on (default: 86400)"},
    {"minimumchainwork", "<hex>", OptionGroup::debug,
     "Least work of a chain that is believed to be the network's"},
    {"mocktime", "<s>", OptionGroup::debug, "Pretend that it is this Unix time (default: 0, no)"},
    {"nologratelimit", "", OptionGroup::debug, ""},
    {"printtoconsole", "", OptionGroup::debug,
     "Print the log to standard output, too (default: 1, 0 with -daemon)"},
    {"shrinkdebugfile", "", OptionGroup::debug,
     "Cut an over-long debug.log at the start (default: 1 without -debug)"},
    {"stopafterblockimport", "", OptionGroup::debug, ""},
    {"test", "<option>", OptionGroup::debug,
     "regtest: bip94 switches the rules of testnet4's difficulty periods on"},
    {"testactivationheight", "<name>@<height>", OptionGroup::debug,
     "regtest: the height from which segwit, bip34, dersig, cltv or csv holds; may be repeated"},
    {"vbparams", "<name>:<start>:<end>[:<height>]", OptionGroup::debug,
     "regtest: start and end (Unix seconds) of a deployment, and its least height of activation"},
};

std::string_view title(OptionGroup group) {
    switch (group) {
        case OptionGroup::general:
            return "Options";
        case OptionGroup::connection:
            return "Connection options";
        case OptionGroup::rpc:
            return "RPC server options";
        case OptionGroup::mempool:
            return "Node relay options";
        case OptionGroup::mining:
            return "Block creation options";
        case OptionGroup::wallet:
            return "Wallet options";
        case OptionGroup::debug:
            return "Debugging/Testing options";
    }
    return "";
}

// Words behind a margin, at most 79 columns.
void append_wrapped(std::string& target, std::string_view text) {
    constexpr std::string_view kMargin = "       ";
    constexpr size_t kColumns = 79;
    size_t column = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (column == 0 || column + 1 + end > kColumns) {
            if (column > 0) target += '\n';
            target += kMargin;
            column = kMargin.size();
        } else {
            target += ' ';
            ++column;
        }
        target += text.substr(0, end);
        column += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    target += "\n\n";
}

struct OptionTable {
    std::deque<std::string> texts;  ///< of rows that are not constants
    std::vector<Option> rows{std::begin(kOptions), std::end(kOptions)};

    OptionTable() {
        add("consensus", "<engine>",
            fmt::format("How blocks are agreed on: {} (default: {})", engine_names(),
                        engines().front()->name));
        for (const EngineFactory* engine : engines()) {
            for (const EngineOption& option : engine->options)
                add(option.name, option.argument,
                    fmt::format(fmt::runtime(option.help), fmt::arg("min", option.min),
                                fmt::arg("max", option.max),
                                fmt::arg("fallback", option.fallback)));
        }
        std::ranges::sort(rows, {}, [](const Option& row) {
            return std::pair{row.group, row.name};
        });
    }

    void add(std::string_view name, std::string_view argument, std::string help) {
        texts.push_back(std::move(help));
        rows.push_back({name, argument, OptionGroup::general, texts.back()});
    }
};

}  // namespace

std::span<const Option> option_table() {
    static const OptionTable table;
    return table.rows;
}

const Option* find_option(std::string_view name) {
    const std::span<const Option> table = option_table();
    const auto found = std::ranges::find(table, name, &Option::name);
    return found == table.end() ? nullptr : &*found;
}

std::string options_help() {
    std::string text;
    const Option* previous = nullptr;
    for (const Option& option : option_table()) {
        if (option.help.empty()) continue;
        if (previous == nullptr || previous->group != option.group)
            text += fmt::format("{}:\n\n", title(option.group));
        previous = &option;
        text += fmt::format("  -{}{}{}\n", option.name, option.argument.empty() ? "" : "=",
                            option.argument);
        append_wrapped(text, option.help);
    }
    text +=
        "Further options of bitcoind are accepted, so that scripts keep working; the log says "
        "which have no\nmeaning here.\n";
    return text;
}

}  // namespace parley
