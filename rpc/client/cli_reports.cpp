#include "rpc/client/cli_reports.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "rpc/jsonrpc/json_writer.h"

namespace parley::rpc {

namespace {

/// The member as text; a string has no quotes.
std::string text(const Json& object, std::string_view key) {
    const Json* found = object.find(key);
    if (!found) return "n/a";
    if (found->is_string()) return found->string();
    JsonWriter writer;
    writer.value(*found);
    return writer.take();
}

std::string percentage(const Json& object, std::string_view key) {
    const Json* found = object.find(key);
    if (!found || !found->is_number()) return "n/a";
    double share = 0;
    const std::string& digits = found->number();
    std::from_chars(digits.data(), digits.data() + digits.size(), share);
    return fmt::format("{:.4f}%", share * 100);
}

std::string warnings_text(const Json& object) {
    const Json* warnings = object.find("warnings");
    if (!warnings) return "(none)";
    if (warnings->is_string()) return warnings->string().empty() ? "(none)" : warnings->string();
    std::string joined;
    for (const Json& item : warnings->is_array() ? warnings->array() : Json::Array{}) {
        if (!item.is_string()) continue;
        if (!joined.empty()) joined += '\n';
        joined += item.string();
    }
    return joined.empty() ? "(none)" : joined;
}

std::string trusted(const Json& balances) {
    const Json* mine = balances.find("mine");
    return mine ? text(*mine, "trusted") : "n/a";
}

constexpr std::string_view kColorOff = "\x1B[0m";
constexpr std::string_view kGreen = "\x1B[32m";
constexpr std::string_view kYellow = "\x1B[33m";
constexpr std::string_view kBlue = "\x1B[34m";
constexpr std::string_view kMagenta = "\x1B[35m";
constexpr std::string_view kCyan = "\x1B[36m";

}  // namespace

std::string format_info(const InfoReport& report, bool color) {
    std::string out;
    const auto line = [&](std::string_view name, const std::string& content,
                          std::string_view escape = {}) {
        const bool shown = color && !escape.empty();
        out +=
            fmt::format("{}{}: {}{}\n", shown ? escape : "", name, content, shown ? kColorOff : "");
    };
    line("Chain", text(report.chain, "chain"), kBlue);
    line("Blocks", text(report.chain, "blocks"));
    line("Headers", text(report.chain, "headers"));
    line("Verification progress", percentage(report.chain, "verificationprogress"));
    line("Difficulty", text(report.chain, "difficulty"));
    out += '\n';
    line("Network",
         fmt::format("in {}, out {}, total {}", text(report.network, "connections_in"),
                     text(report.network, "connections_out"), text(report.network, "connections")),
         kGreen);
    line("Version", text(report.network, "version"));
    line("Time offset (s)", text(report.network, "timeoffset"));
    line("Proxies", "n/a");
    line("Min tx relay fee rate (BTC/kvB)", text(report.network, "relayfee"));
    out += '\n';
    if (report.wallet) {
        const std::string name = text(*report.wallet, "walletname");
        line("Wallet", name.empty() ? "\"\"" : name, kMagenta);
        line("Keypool size", text(*report.wallet, "keypoolsize"));
        out += '\n';
    }
    if (report.balances) {
        line("Balance", trusted(*report.balances), kCyan);
        out += '\n';
    }
    if (!report.balances_by_wallet.empty()) {
        out += "Balances\n";
        for (const auto& [name, balances] : report.balances_by_wallet)
            out += fmt::format("{:>17} {}\n", trusted(balances), name.empty() ? "\"\"" : name);
        out += '\n';
    }
    line("Warnings", warnings_text(report.chain), kYellow);
    return out;
}

std::string format_net_info(const Json& network, const Json& peers) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNetworks{
        {{"ipv4", "ipv4"},
         {"ipv6", "ipv6"},
         {"onion", "onion"},
         {"i2p", "i2p"},
         {"cjdns", "cjdns"},
         {"not_publicly_routable", "npr"}}};
    // rows: inbound, outbound, total; columns: the networks, then the total
    std::array<std::array<int, kNetworks.size() + 1>, 3> counts{};
    for (const Json& peer : peers.is_array() ? peers.array() : Json::Array{}) {
        const Json* inbound = peer.find("inbound");
        const size_t row = inbound && inbound->is_boolean() && inbound->boolean() ? 0 : 1;
        for (const size_t target : {row, size_t{2}}) {
            for (size_t i = 0; i < kNetworks.size(); ++i)
                counts[target][i] += text(peer, "network") == kNetworks[i].first ? 1 : 0;
            ++counts[target].back();
        }
    }
    // Of the rarer networks, only those with peers have a column.
    std::vector<size_t> columns;
    for (size_t i = 0; i < kNetworks.size(); ++i) {
        const bool rare = kNetworks[i].first == "i2p" || kNetworks[i].first == "cjdns";
        if (!rare || counts[2][i] > 0) columns.push_back(i);
    }
    std::string out = fmt::format("Server {}{}\n\n", text(network, "protocolversion"),
                                  text(network, "subversion"));
    out += fmt::format("{:>8}", "");
    for (const size_t column : columns) out += fmt::format("{:>8}", kNetworks[column].second);
    out += fmt::format("{:>8}\n", "total");
    constexpr std::array<std::string_view, 3> kRows{"in", "out", "total"};
    for (size_t row = 0; row < kRows.size(); ++row) {
        out += fmt::format("{:<8}", kRows[row]);
        for (const size_t column : columns) out += fmt::format("{:>8}", counts[row][column]);
        out += fmt::format("{:>8}\n", counts[row].back());
    }
    return out;
}

}  // namespace parley::rpc
