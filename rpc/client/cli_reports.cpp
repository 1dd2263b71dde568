#include "rpc/client/cli_reports.h"

#include <fmt/format.h>

#include <algorithm>
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

/// With a bar of 5 % a character as long as it is below 99 %.
std::string progress(const Json& object, std::string_view key) {
    constexpr double kBarBelow = 0.99;
    constexpr double kCharacter = 0.05;
    const Json* found = object.find(key);
    if (!found || !found->is_number()) return "n/a";
    double share = 0;
    const std::string& digits = found->number();
    std::from_chars(digits.data(), digits.data() + digits.size(), share);
    std::string bar;
    if (share >= 0 && share < kBarBelow) {
        for (int i = 0; i < share / kCharacter; ++i) bar += "\u2592";
        for (int i = 0; i < (1 - share) / kCharacter; ++i) bar += "\u2591";
        bar += ' ';
    }
    return fmt::format("{}{:.4f}%", bar, share * 100);
}

/// "<proxy> (<network>, ...), ...".
std::string proxies_text(const Json& network) {
    std::vector<std::pair<std::string, std::string>> proxies;
    const Json* networks = network.find("networks");
    for (const Json& each : networks && networks->is_array() ? networks->array() : Json::Array{}) {
        const Json* proxy = each.find("proxy");
        if (!proxy || !proxy->is_string() || proxy->string().empty()) continue;
        auto known = std::ranges::find(proxies, proxy->string(),
                                       &std::pair<std::string, std::string>::first);
        if (known == proxies.end()) {
            proxies.emplace_back(proxy->string(), text(each, "name"));
        } else {
            known->second += ", " + text(each, "name");
        }
    }
    std::string joined;
    for (const auto& [proxy, names] : proxies)
        joined += fmt::format("{}{} ({})", joined.empty() ? "" : ", ", proxy, names);
    return joined.empty() ? "n/a" : joined;
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
    // Of these, only the name is coloured.
    const auto title = [&](std::string_view name, std::string_view escape) {
        return fmt::format("{}{}{} ", color ? escape : "", name, color ? kColorOff : "");
    };
    line("Chain", text(report.chain, "chain"), kBlue);
    line("Blocks", text(report.chain, "blocks"));
    line("Headers", text(report.chain, "headers"));
    line("Verification progress", progress(report.chain, "verificationprogress"));
    line("Difficulty", text(report.chain, "difficulty"));
    out += '\n';
    line("Network",
         fmt::format("in {}, out {}, total {}", text(report.network, "connections_in"),
                     text(report.network, "connections_out"), text(report.network, "connections")),
         kGreen);
    line("Version", text(report.network, "version"));
    line("Time offset (s)", text(report.network, "timeoffset"));
    line("Proxies", proxies_text(report.network));
    line("Min tx relay fee rate (BTC/kvB)", text(report.network, "relayfee"));
    out += '\n';
    if (report.wallet) {
        const std::string name = text(*report.wallet, "walletname");
        line("Wallet", name.empty() ? "\"\"" : name, kMagenta);
        line("Keypool size", text(*report.wallet, "keypoolsize"));
    }
    if (report.balances) out += title("Balance:", kCyan) + trusted(*report.balances) + "\n\n";
    if (!report.balances_by_wallet.empty()) {
        out += title("Balances", kCyan);
        out.back() = '\n';
        size_t longest = 10;
        for (const auto& [name, balances] : report.balances_by_wallet)
            longest = std::max(longest, trusted(balances).size());
        for (const auto& [name, balances] : report.balances_by_wallet)
            out += fmt::format("{:>{}} {}\n", trusted(balances), longest,
                               name.empty() ? "\"\"" : name);
        out += '\n';
    }
    return out + title("Warnings:", kYellow) + warnings_text(report.chain) + "\n";
}

}  // namespace parley::rpc
