// NodeConfig from the user's settings: the part of daemon_options.h that concerns the core.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "chain/primitives/address.h"
#include "net/addresses/address_tables.h"
#include "node/daemon/options/chain_options.h"
#include "node/daemon/options/daemon_options.h"
#include "node/daemon/options/option_reader.h"
#include "node/daemon/options/proxy_options.h"

namespace parley {
namespace {

// -fastprune: files small enough that a test fills several.
constexpr uint64_t kFastPruneFileBytes = 64 << 10;

void read_node(OptionReader& reader, NodeConfig& config) {
    NodeOptions& node = config.node;
    reader.read(node);
    if (config.params.name != "regtest") node.block_version.reset();
    if (reader.has("miningaddress")) {
        const std::string text = reader.text("miningaddress");
        if (auto script = decode_address(config.params.address_prefixes, text))
            node.payout = std::move(*script);
        else
            reader.fail("miningaddress", text,
                        fmt::format("an address of this chain ({})", to_string(script.error())));
    }
}

void read_chain(OptionReader& reader, NodeConfig& config) {
    // bitcoind's minimum: room for the 288 most recent blocks, their undo data and orphaned blocks.
    constexpr uint64_t kPruneTargetMin_MiB = 550;
    ChainOptions& chain = config.chain;
    reader.read(chain);
    if (chain.reindex) chain.reindex_chainstate = false;
    const auto target = static_cast<uint64_t>(reader.number("prune").value_or(0));
    chain.prune = target != 0;
    const bool fast = reader.flag("fastprune");
    if (fast) chain.block_file_bytes_max = kFastPruneFileBytes;
    chain.prune_after_height = config.params.name == "main" ? 100'000 : fast ? 100 : 1'000;
    if (chain.prune && chain.reindex_chainstate)
        reader.fail(
            "Prune mode is incompatible with -reindex-chainstate. Use full -reindex instead.");
    if (target <= uint64_t{1} << 20) return;  // 1: only on request
    if (target < kPruneTargetMin_MiB << 20 && !fast)
        reader.fail(fmt::format(
            "Prune configured below the minimum of {} MiB.  Please use a higher number.",
            kPruneTargetMin_MiB));
    chain.prune_target_bytes = target;
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
    if (!reader.flag("gen")) return schedule;
    if (schedule.kind != MiningSchedule::Kind::off)
        reader.fail("-gen and -automine cannot be used together. Remove one of them.");
    schedule.kind = MiningSchedule::Kind::continuous;
    return schedule;
}

bool open_to_others(const std::string& path) {
    using std::filesystem::perms;
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    const perms others = perms::group_all | perms::others_all;
    return std::filesystem::is_regular_file(status) &&
           (status.permissions() & others) != perms::none;
}

void read_engine_option(OptionReader& reader, const OptionInfo& option, EngineSettings& settings) {
    if (option.file_hint.empty()) {
        if (const auto value = reader.number(option)) settings.numbers[option.name] = *value;
        return;
    }
    if (!reader.has(option.name)) return;
    const std::string path = reader.text(option.name);
    auto text = read_text_file(path);
    if (!text)
        return reader.fail(
            fmt::format("Cannot read -{}={}. {}", option.name, path, option.file_hint));
    if (option.secret_file && open_to_others(path))
        return reader.fail(fmt::format(
            "The secret in -{}={} can be read by other users. Run chmod 600 {}, and start again.",
            option.name, path, path));
    settings.files[option.name] = {path, std::move(*text)};
}

void read_engine(OptionReader& reader, NodeConfig& config) {
    const std::string name = reader.text("consensus", engines().front()->name);
    const EngineFactory* chosen = find_engine(name);
    if (chosen == nullptr) return reader.fail("consensus", name, engine_names());
    for (const EngineFactory* other : engines()) {
        for (const OptionInfo& option : other->options()) {
            if (other != chosen && reader.has(option.name))
                return reader.fail(
                    fmt::format("-{} needs -consensus={}.", option.name, other->name));
        }
    }
    EngineSettings settings;
    settings.schedule = read_schedule(reader);
    for (const OptionInfo& option : chosen->options()) read_engine_option(reader, option, settings);
    if (!reader.problem().empty()) return;
    auto choice = chosen->choose(settings, config.params);
    if (!choice) return reader.fail(choice.error());
    config.engine = std::move(*choice);
}

std::vector<AddedNode> read_targets(OptionReader& reader, std::string_view name, uint16_t port) {
    std::vector<AddedNode> targets;
    for (const std::string& text : reader.list(name)) {
        const bool blank = text.find_first_not_of(" \t") == std::string::npos;
        if (text == "0" || (blank && name == "addnode")) continue;
        if (const auto endpoint = parse_endpoint(text, port))
            targets.push_back({*endpoint, text});
        else
            reader.fail(name, text, "a host name or an address, with an optional port");
    }
    return targets;
}

std::vector<Endpoint> read_endpoints(OptionReader& reader, std::string_view name, uint16_t port) {
    std::vector<Endpoint> endpoints;
    for (const AddedNode& target : read_targets(reader, name, port))
        endpoints.push_back(target.endpoint);
    return endpoints;
}

// "800", "800M", "10g": small letters stand for powers of 1000, capitals for powers of 1024;
// without one, MiB. Empty: none of these, or more than 64 bits hold.
std::optional<uint64_t> parse_byte_count(std::string_view text) {
    uint64_t unit = uint64_t{1} << 20;
    constexpr std::string_view kLetters = "kmgt";
    if (!text.empty() && (text.back() < '0' || text.back() > '9')) {
        const bool small = text.back() >= 'a';
        const size_t power = kLetters.find(static_cast<char>(text.back() | 0x20));
        if (power == std::string_view::npos) return std::nullopt;
        unit = 1;
        for (size_t i = 0; i <= power; ++i) unit *= small ? 1'000 : 1'024;
        text.remove_suffix(1);
    }
    uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    if (number > UINT64_MAX / unit) return std::nullopt;
    return number * unit;
}

void read_net(OptionReader& reader, NodeConfig& config) {
    NetOptions& net = config.net;
    reader.read(net);
    if (const std::string target = reader.text("maxuploadtarget"); !target.empty()) {
        if (const auto bytes = parse_byte_count(target))
            net.upload_target_bytes = *bytes;
        else
            reader.fail(fmt::format("Unable to parse -maxuploadtarget: '{}'", target));
    }
    if (config.params.public_network) net.set_public_network_delays();
    const uint16_t port = config.params.p2p_port;
    std::string comments;
    for (const std::string& comment : reader.list("uacomment")) {
        // BIP14 reserves / : ( and ); others could break the line of a log.
        const bool safe = std::ranges::all_of(comment, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   std::string_view{" .,;-_?@"}.find(c) != std::string_view::npos;
        });
        if (!safe)
            reader.fail(
                fmt::format("User Agent comment ({}) contains unsafe characters.", comment));
        comments += (comments.empty() ? "" : "; ") + comment;
    }
    if (!comments.empty()) {
        net.user_agent.pop_back();  // the trailing slash
        net.user_agent += "(" + comments + ")/";
    }
    if (config.chain.prune) net.services &= ~kServiceNetwork;
    if (net.serve_bloom_filters) net.services |= kServiceBloom;
    if (net.serve_compact_filters) net.services |= kServiceCompactFilters;
    read_networks(reader, net);
    net.onion_binds =
        read_peer_binds(reader, static_cast<uint16_t>(reader.number("port").value_or(port)))
            .onion_binds;
    net.connect_only = reader.has("connect");
    net.connect = read_endpoints(reader, "connect", port);
    net.add_nodes = read_targets(reader, "addnode", port);
    net.seed_nodes = read_endpoints(reader, "seednode", port);
    if (seeds_by_dns(reader)) net.dns_seeds = config.params.dns_seeds;
    if (net.force_dns_seeds && reader.has("dnsseed") && !reader.flag("dnsseed"))
        reader.fail("Cannot set -forcednsseed to true when setting -dnsseed to false.");
    const std::vector<std::string> tests = reader.list("test");
    if (std::find(tests.begin(), tests.end(), "addrman") != tests.end()) {
        AddressTables empty;
        empty.key.bytes()[0] = 1;
        net.known_addresses = std::make_shared<const AddressTables>(std::move(empty));
    }
    for (const std::string& text : reader.list("whitelist")) {
        if (auto rule = WhitelistRule::parse(text))
            net.whitelist.push_back(std::move(*rule));
        else
            reader.fail(rule.error());
    }
    for (const std::string& text : reader.list("whitebind")) {
        if (auto rule = WhitebindRule::parse(text))
            net.whitebinds.push_back(std::move(*rule));
        else
            reader.fail(rule.error());
    }
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
    reader.read(config.mempool);
    // As in bitcoind, one option can control both.
    if (!reader.has("minrelaytxfee"))
        config.mempool.min_relay_fee =
            std::max(config.mempool.min_relay_fee, config.mempool.incremental_relay_fee);
    reader.read(config.block_builder);
    read_net(reader, config);
    reader.read(config.wallet);
    config.wallet.notices = !reader.text("walletnotify").empty();
    ZmqOptions zmq;
    reader.read(zmq);
    config.node.notices = zmq.any();
    if (!reader.problem().empty()) return Unexpected(reader.problem());
    if (auto problem = config.validate(); !problem.empty()) return Unexpected(std::move(problem));
    return config;
}

}  // namespace parley
