#include "node/daemon/options/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "chain/rules/params.h"
#include "node/daemon/options/daemon_options.h"

namespace parley {
namespace {

// "pow or pbft (default: pow)"
std::string engines_text() {
    return fmt::format("{} (default: {})", engine_names(), engines().front()->name);
}

constexpr OptionInfo row(std::string_view name, OptionUnit unit, std::string_view help,
                         const OptionDetails& details = {}) {
    return {details, name, unit, help};
}

// Options that are read before those of any module: the location of the files, and how to start.
constexpr OptionDetails kDebug{.group = OptionGroup::debug};
constexpr OptionInfo kStartRows[] = {
    row("?", kFlag, "Print this help message and exit"),
    row("allowignoredconf", kFlag,
        "Start although the data directory has a configuration file that is not used, because "
        "-conf names another one (default: 0)",
        kDebug),
    row("chain", OptionUnit{"<chain>"},
        "Use the chain <chain> (default: main): main, test, testnet4, signet, regtest or labnet"),
    row("conf", OptionUnit{"<file>"},
        "Configuration file; relative to -datadir (default: parley.conf, or bitcoin.conf if "
        "parley.conf does not exist)"),
    row("daemon", kFlag, "Run in the background and return immediately"),
    row("daemonwait", kFlag, "Run in the background and return when startup is complete"),
    row("datadir", OptionUnit{"<dir>"},
        "Data directory (default: ~/.parley); each chain other than main has its own subdirectory"),
    row("h", kFlag, "Print this help message and exit"),
    row("help", kFlag, "Print this help message and exit"),
    row("includeconf", OptionUnit{"<file>"},
        "Include another configuration file; only allowed in the configuration file"),
    row("labnet", kFlag, "Equivalent to -chain=labnet"),
    row("regtest", kFlag, "Equivalent to -chain=regtest"),
    row("settings", OptionUnit{"<file>"},
        "Settings file (default: settings.json in the chain's directory); -nosettings disables it"),
    row("signet", kFlag, "Equivalent to -chain=signet"),
    row("signetchallenge", OptionUnit{"<hex>"},
        "signet: the challenge script that block signatures must satisfy (default: that of the "
        "public signet)"),
    row("test", OptionUnit{"<option>"},
        "regtest: bip94 enables the difficulty rules of testnet4, addrman places known addresses "
        "under a fixed key; may be repeated",
        kDebug),
    row("testactivationheight", OptionUnit{"<name>@<height>"},
        "regtest: activation height of segwit, bip34, dersig, cltv or csv; may be repeated",
        kDebug),
    row("testnet", kFlag, "Equivalent to -chain=test"),
    row("testnet4", kFlag, "Equivalent to -chain=testnet4"),
    row("vbparams", OptionUnit{"<name>:<start>:<end>[:<height>]"},
        "regtest: start time and timeout (Unix seconds) of a deployment, and its minimum "
        "activation height; may be repeated",
        kDebug),
    row("version", kFlag, "Print the version and exit"),
    // Options of all engines:
    row("automine", OptionUnit{"<when>"},
        "When to mine a block: off; tx (when the mempool has a transaction); <s> (at this "
        "interval); poisson:<s> (at random intervals with this mean) (default: off)",
        {.group = OptionGroup::mining}),
    row("gen", kFlag, "Mine continuously (default: 0)", {.group = OptionGroup::mining}),
};

constexpr std::string_view kWithoutEffect[] = {
    "asmap",
    "avoidpartialspends",
    "blockreconstructionextratxn",
    "checkaddrman",
    "checkblockindex",
    "checkmempool",
    "checkpoints",
    "dbbatchsize",
    "dblogsize",
    "deprecatedrpc",
    "discardfee",
    "discover",
    "externalip",
    "fixedseeds",
    "flushwallet",
    "forcecompactdb",
    "i2pacceptincoming",
    "limitancestorcount",
    "limitancestorsize",
    "limitdescendantcount",
    "limitdescendantsize",
    "listenonion",
    "loglevelalways",
    "logratelimit",
    "logsourcelocations",
    "maxapsfee",
    "maxorphantx",
    "maxreceivebuffer",
    "maxsendbuffer",
    "mempoolfullrbf",
    "natpmp",
    "nologratelimit",
    "paytxfee",
    "prevoutfetchthreads",
    "printpriority",
    "privatebroadcast",
    "rpcdoccheck",
    "signer",
    "signetseednode",
    "swapbdbendian",
    "torcontrol",
    "torpassword",
    "txconfirmtarget",
    "txreconciliation",
    "unsafesqlitesync",
    "upnp",
    "v2transport",
    "walletcrosschain",
    "walletrejectlongchains",
};

std::string_view title(OptionGroup group) {
    switch (group) {
        case OptionGroup::general:
            return "Options";
        case OptionGroup::connection:
            return "Connection options";
        case OptionGroup::rpc:
            return "RPC server options";
        case OptionGroup::zmq:
            return "ZeroMQ notification options";
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

// Appends text with a left margin, wrapped at 79 columns.
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
    std::vector<OptionInfo> rows{std::begin(kStartRows), std::end(kStartRows)};

    OptionTable() {
        for (const std::string_view name : kWithoutEffect)
            rows.push_back(row(name, kFlag, "", {.no_effect = true}));
        OptionInfo consensus =
            row("consensus", OptionUnit{"<engine>"}, "Consensus engine: {default}");
        consensus.default_text = &engines_text;
        rows.push_back(consensus);
        for (const EngineFactory* engine : engines()) add(engine->options());
        add(option_infos<LabnetOptions>());
        add(option_infos<ChainOptions>());
        add(option_infos<NodeOptions>());
        add(option_infos<MempoolOptions>());
        add(option_infos<BlockBuilderOptions>());
        add(option_infos<NetOptions>());
        add(option_infos<WalletOptions>());
        add(option_infos<DaemonOptions>());
        add(option_infos<LogOptions>());
        add(option_infos<TransportOptions>());
        add(option_infos<HttpOptions>());
        add(option_infos<ZmqOptions>());
        add(option_infos<MinerPoolOptions>());
        std::ranges::sort(rows, {}, [](const OptionInfo& each) {
            return std::pair{each.group, each.name};
        });
    }

    void add(const std::vector<OptionInfo>& more) {
        rows.insert(rows.end(), more.begin(), more.end());
    }
};

}  // namespace

std::span<const OptionInfo> option_table() {
    static const OptionTable table;
    return table.rows;
}

const OptionInfo* find_option(std::string_view name) {
    const std::span<const OptionInfo> table = option_table();
    const auto found = std::ranges::find(table, name, &OptionInfo::name);
    return found == table.end() ? nullptr : &*found;
}

bool is_secret(std::string_view name) {
    constexpr std::string_view kSecret[] = {"rpcauth", "rpcpassword", "rpcuser", "torpassword"};
    return std::ranges::find(kSecret, name) != std::ranges::end(kSecret);
}

std::string options_help() {
    std::string text;
    const OptionInfo* previous = nullptr;
    for (const OptionInfo& option : option_table()) {
        if (option.no_effect) continue;
        if (previous == nullptr || previous->group != option.group)
            text += fmt::format("{}:\n\n", title(option.group));
        previous = &option;
        const std::string_view argument = option.unit.argument;
        text += fmt::format("  -{}{}{}\n", option.name, argument.empty() ? "" : "=", argument);
        append_wrapped(text, option.help_text());
    }
    text +=
        "Other options of bitcoind are accepted for compatibility but have no effect; the log "
        "names those\nthat are set.\n";
    return text;
}

}  // namespace parley
