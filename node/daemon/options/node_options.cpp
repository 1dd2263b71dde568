// NodeConfig from the user's settings: the part of daemon_options.h that concerns the core.
#include <fmt/format.h>

#include <limits>

#include "base/encoding.h"
#include "chain/rules/address.h"
#include "node/daemon/options/chain_options.h"
#include "node/daemon/options/daemon_options.h"
#include "node/daemon/options/option_reader.h"

namespace parley {
namespace {

// -fastprune: files so small that a test fills several.
constexpr uint64_t kFastPruneFileBytes = 64 << 10;

void read_node(OptionReader& reader, NodeConfig& config) {
    NodeOptions& node = config.node;
    node.tip_age_max =
        std::chrono::seconds(reader.number("maxtipage", 24 * 3600, 0, int64_t{1'000'000'000}));
    node.stop_at_height = reader.number_as<int32_t>("stopatheight", 0, 0, 2'000'000'000);
    // 0 means every block, as in bitcoind.
    node.check_blocks = reader.number_as<int32_t>("checkblocks", 6, 0, 2'000'000'000);
    if (node.check_blocks == 0) node.check_blocks = std::numeric_limits<int32_t>::max();
    node.check_level = reader.number_as<int>("checklevel", 3, 0, 4);
    node.wallets = reader.list("wallet");
    node.mock_time = reader.number("mocktime", 0, 0, int64_t{0xffffffff});
    if (reader.has("blockversion") && config.params.name == "regtest")
        node.block_version = reader.number_as<int32_t>("blockversion", 0, INT32_MIN, INT32_MAX);
    if (reader.has("miningaddress")) {
        const std::string text = reader.text("miningaddress");
        if (auto script = decode_address(config.params, text))
            node.payout = std::move(*script);
        else
            reader.fail("miningaddress", text,
                        fmt::format("an address of this chain ({})", to_string(script.error())));
    }
}

void read_chain(OptionReader& reader, NodeConfig& config) {
    constexpr int64_t kPruneTargetMin_MiB =
        550;  // bitcoind's: 288 blocks, and what comes meanwhile
    ChainOptions& chain = config.chain;
    chain.coins_cache_bytes = reader.number_as<size_t>("dbcache", 64, 4, 65'536) << 20;
    chain.reindex = reader.flag("reindex", false);
    chain.reindex_chainstate = reader.flag("reindex-chainstate", false) && !chain.reindex;
    const int64_t target = reader.number("prune", 0, 0, int64_t{1} << 40);
    chain.prune = target != 0;
    const bool fast = reader.flag("fastprune", false);
    if (fast) chain.block_file_bytes_max = kFastPruneFileBytes;
    chain.prune_after_height = config.params.name == "main" ? 100'000 : fast ? 100 : 1'000;
    if (chain.prune && chain.reindex_chainstate)
        reader.fail(
            "Prune mode is incompatible with -reindex-chainstate. Use full -reindex instead.");
    if (target <= 1) return;
    if (target < kPruneTargetMin_MiB && !fast)
        reader.fail(
            fmt::format("Prune configured below the minimum of {} MiB. Please use a higher number.",
                        kPruneTargetMin_MiB));
    chain.prune_target_bytes = static_cast<uint64_t>(target) << 20;
}

MiningSchedule read_schedule(OptionReader& reader) {
    MiningSchedule schedule;
    if (reader.has("automine")) {
        const std::string text = reader.text("automine", "off");
        if (const auto parsed = parse_automine(text.empty() ? "off" : text))
            schedule = *parsed;
        else
            reader.fail("automine", text, "off, tx, <seconds> or poisson:<seconds>");
    }
    if (!reader.flag("gen", false)) return schedule;
    if (schedule.kind != MiningSchedule::Kind::off)
        reader.fail("-gen and -automine exclude each other: leave one of them out.");
    schedule.kind = MiningSchedule::Kind::continuous;
    return schedule;
}

void read_engine_option(OptionReader& reader, const EngineOption& option,
                        EngineSettings& settings) {
    if (option.kind == EngineOption::Kind::number) {
        settings.numbers[option.name] =
            reader.number(option.name, option.fallback, option.min, option.max);
        return;
    }
    if (!reader.has(option.name)) return;
    const std::string path = reader.text(option.name);
    auto text = read_text_file(path);
    if (!text)
        return reader.fail(
            fmt::format("Cannot read -{}={}. {}", option.name, path, option.file_hint));
    settings.files[option.name] = {path, std::move(*text)};
}

void read_engine(OptionReader& reader, NodeConfig& config) {
    const std::string name = reader.text("consensus", engines().front()->name);
    const EngineFactory* chosen = find_engine(name);
    if (chosen == nullptr) return reader.fail("consensus", name, engine_names());
    for (const EngineFactory* other : engines()) {
        for (const EngineOption& option : other->options) {
            if (other != chosen && reader.has(option.name))
                return reader.fail(
                    fmt::format("-{} needs -consensus={}.", option.name, other->name));
        }
    }
    EngineSettings settings;
    settings.schedule = read_schedule(reader);
    for (const EngineOption& option : chosen->options) read_engine_option(reader, option, settings);
    if (!reader.problem().empty()) return;
    auto choice = chosen->choose(settings, config.params);
    if (!choice) return reader.fail(choice.error());
    config.engine = std::move(*choice);
}

void read_mempool(OptionReader& reader, NodeConfig& config) {
    MempoolOptions& pool = config.mempool;
    pool.usage_bytes_max = reader.number("maxmempool", 300, 1, 1'000'000) * 1'000'000;
    pool.expiry = std::chrono::hours(reader.number("mempoolexpiry", 336, 1, 1'000'000));
    pool.min_relay_fee = reader.fee_rate("minrelaytxfee", pool.min_relay_fee);
    pool.incremental_relay_fee = reader.fee_rate("incrementalrelayfee", pool.incremental_relay_fee);
    pool.dust_relay_fee = reader.fee_rate("dustrelayfee", pool.dust_relay_fee);
    pool.require_standard = !reader.flag("acceptnonstdtxn", false);
    pool.permit_bare_multisig = reader.flag("permitbaremultisig", true);
    pool.bytes_per_sigop = reader.number("bytespersigop", pool.bytes_per_sigop, 1, 1'000'000);
    pool.cluster_count_max = reader.number("limitclustercount", pool.cluster_count_max, 1, 1'000);
    pool.cluster_virtual_bytes_max =
        reader.number("limitclustersize", pool.cluster_virtual_bytes_max / 1000, 1, 1'000) * 1000;
    pool.data_carrier_bytes_max = reader.number("datacarriersize", 100'000, 0, 4'000'000);
    if (!reader.flag("datacarrier", true)) pool.data_carrier_bytes_max.reset();

    BlockBuilderOptions& builder = config.block_builder;
    builder.weight_max = reader.number("blockmaxweight", builder.weight_max, 4'000, 4'000'000);
    builder.reserved_weight =
        reader.number("blockreservedweight", builder.reserved_weight, 2'000, 4'000'000);
    builder.min_fee_rate = reader.fee_rate("blockmintxfee", builder.min_fee_rate);
}

std::vector<Endpoint> read_targets(OptionReader& reader, std::string_view name, uint16_t port) {
    std::vector<Endpoint> targets;
    for (const std::string& text : reader.list(name)) {
        if (text == "0") continue;
        if (const auto endpoint = parse_endpoint(text, port))
            targets.push_back(*endpoint);
        else
            reader.fail(name, text, "a name or an address, with or without a port");
    }
    return targets;
}

void read_net(OptionReader& reader, NodeConfig& config) {
    NetOptions& net = config.net;
    if (config.params.public_network) net.set_public_network_delays();
    const uint16_t port = config.params.p2p_port;
    std::string comments;
    for (const std::string& comment : reader.list("uacomment")) {
        // What BIP14 and bitcoind let pass: nothing that could end the comment or the line.
        const bool safe = comment.find_first_of("/:()\r\n") == std::string::npos;
        if (!safe) reader.fail("uacomment", comment, "free of / : ( ) and line ends");
        comments += (comments.empty() ? "" : "; ") + comment;
    }
    if (!comments.empty()) {
        net.user_agent.pop_back();  // the slash at the end
        net.user_agent += "(" + comments + ")/";
    }
    if (config.chain.prune) net.services &= ~kServiceNetwork;
    net.network_active = reader.flag("networkactive", true);
    net.connections_max = reader.number_as<size_t>("maxconnections", 125, 0, 10'000);
    net.connect_only = reader.has("connect");
    net.connect = read_targets(reader, "connect", port);
    net.add_nodes = read_targets(reader, "addnode", port);
    net.seed_nodes = read_targets(reader, "seednode", port);
    net.blocks_only = reader.flag("blocksonly", false);
    net.serve_mempool_message = reader.flag("peerbloomfilters", false);
    net.ban_time = std::chrono::seconds(reader.number("bantime", 24 * 3600, 1, 1'000'000'000));
    net.handshake_timeout = std::chrono::seconds(reader.number("peertimeout", 60, 1, 24 * 3600));
}

void read_wallet(OptionReader& reader, NodeConfig& config) {
    WalletOptions& wallet = config.wallet;
    wallet.lookahead = reader.number_as<uint32_t>("keypool", wallet.lookahead, 1, 100'000);
    if (reader.has("fallbackfee")) wallet.fallback_fee = reader.fee_rate("fallbackfee", FeeRate{0});
    wallet.fee_max = reader.amount("maxtxfee", wallet.fee_max);
    wallet.spend_zero_conf_change = reader.flag("spendzeroconfchange", true);
    wallet.signal_replaceable = reader.flag("walletrbf", true);
    wallet.consolidate_fee_rate =
        reader.fee_rate("consolidatefeerate", wallet.consolidate_fee_rate);
    const std::string type = reader.text("addresstype", "bech32");
    if (type == "legacy")
        wallet.address_type = AddressType::legacy;
    else if (type != "bech32")
        reader.fail("addresstype", type, "bech32 or legacy");
}

}  // namespace

Expected<NodeConfig, std::string> read_node_config(const Settings& settings,
                                                   const std::string& chain) {
    OptionReader reader(settings);
    auto params = read_chain_params(reader, chain);
    if (!params) return Unexpected(params.error());
    NodeConfig config(std::move(*params));
    read_trust(reader, config);
    read_engine(reader, config);
    read_node(reader, config);
    read_chain(reader, config);
    read_mempool(reader, config);
    read_net(reader, config);
    read_wallet(reader, config);
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    if (auto problem = config.validate(); !problem.empty()) return Unexpected(std::move(problem));
    return config;
}

}  // namespace parley
