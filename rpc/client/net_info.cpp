#include "rpc/client/net_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

namespace parley::rpc {

namespace {

constexpr int kLevelMax = 4;

// Readers of members that an older node may not have.
std::string text(const Json& object, std::string_view key, std::string otherwise = {}) {
    const Json* found = object.find(key);
    return found && found->is_string() ? found->string() : std::move(otherwise);
}

bool flag(const Json& object, std::string_view key, bool otherwise = false) {
    const Json* found = object.find(key);
    return found && found->is_boolean() ? found->boolean() : otherwise;
}

template <class Number>
Number number(const Json& object, std::string_view key, Number otherwise = 0) {
    const Json* found = object.find(key);
    if (!found || !found->is_number()) return otherwise;
    const std::string& digits = found->number();
    Number value = otherwise;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

const Json::Array& list(const Json& object, std::string_view key) {
    static const Json::Array kNone;
    const Json* found = object.find(key);
    return found && found->is_array() ? found->array() : kNone;
}

std::string_view short_network(std::string_view name) {
    if (name == "not_publicly_routable") return "npr";
    if (name == "internal") return "int";
    return name;
}

std::string_view short_type(std::string_view type) {
    if (type == "outbound-full-relay") return "full";
    if (type == "block-relay-only") return "block";
    if (type == "addr-fetch") return "addr";
    if (type == "private-broadcast") return "priv";
    return type == "manual" || type == "feeler" ? type : "";
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// A letter for each service.
std::string service_letters(const Json::Array& names) {
    std::string letters;
    for (const Json& name : names) {
        const std::string& service = name.string();
        if (service == "NETWORK_LIMITED")
            letters += 'l';
        else if (service == "P2P_V2")
            letters += '2';
        else if (!service.empty())
            letters += lower(service.front());
    }
    return letters;
}

std::string service_words(const Json::Array& names) {
    std::string words;
    for (const Json& name : names) {
        if (!words.empty()) words += ", ";
        for (const char letter : name.string()) words += letter == '_' ? ' ' : lower(letter);
    }
    return words;
}

/// In milliseconds; empty: not measured.
std::string ping_text(double seconds) {
    if (seconds < 0) return {};
    const double milliseconds = std::round(1000 * seconds);
    return milliseconds > 999'999 ? "-" : fmt::format("{:.0f}", milliseconds);
}

// The time since then; 0: never.
std::string since(int64_t then_s, int64_t now_s, int64_t unit_s) {
    return then_s == 0 ? "" : fmt::format("{}", (now_s - then_s) / unit_s);
}

struct Row {
    bool outbound = false;
    double least_ping_s = -1;
    std::string direction, type, network, services, version, least_ping, ping, sent, received;
    std::string transaction, block, high_bandwidth, addresses, limited, age, as, id, address, agent;
};

Row row_of(const Json& peer, int64_t now_s) {
    Row row;
    row.outbound = !flag(peer, "inbound");
    row.direction = row.outbound ? "out" : "in";
    row.type = short_type(text(peer, "connection_type"));
    row.network = short_network(text(peer, "network"));
    row.services = service_letters(list(peer, "servicesnames"));
    const std::string transport = text(peer, "transport_protocol_type", "v1");
    row.version = transport.size() == 2 && transport[0] == 'v' ? transport.substr(1) : " ";
    row.least_ping_s = number<double>(peer, "minping", -1);
    row.least_ping = ping_text(row.least_ping_s);
    row.ping = ping_text(number<double>(peer, "pingtime", -1));
    row.sent = since(number<int64_t>(peer, "lastsend"), now_s, 1);
    row.received = since(number<int64_t>(peer, "lastrecv"), now_s, 1);
    row.transaction = since(number<int64_t>(peer, "last_transaction"), now_s, 60);
    if (row.transaction.empty() && !flag(peer, "relaytxes", true)) row.transaction = "*";
    row.block = since(number<int64_t>(peer, "last_block"), now_s, 60);
    row.high_bandwidth = flag(peer, "bip152_hb_to") ? "." : " ";
    row.high_bandwidth += flag(peer, "bip152_hb_from") ? "*" : " ";
    const auto processed = number<int64_t>(peer, "addr_processed");
    if (processed != 0)
        row.addresses = fmt::format("{}", processed);
    else if (!flag(peer, "addr_relay_enabled"))
        row.addresses = ".";
    if (const auto limited = number<int64_t>(peer, "addr_rate_limited"))
        row.limited = fmt::format("{}", limited);
    row.age = since(number<int64_t>(peer, "conntime"), now_s, 60);
    if (const auto as = number<int64_t>(peer, "mapped_as")) row.as = fmt::format("{}", as);
    row.id = fmt::format("{}", number<int64_t>(peer, "id"));
    row.address = text(peer, "addr");
    const auto version = number<int64_t>(peer, "version");
    row.agent = fmt::format("{}{}", version, text(peer, "subver"));
    if (row.agent == "0") row.agent.clear();
    return row;
}

size_t width(const std::vector<Row>& rows, std::string Row::*member, size_t least) {
    for (const Row& row : rows) least = std::max(least, (row.*member).size());
    return least;
}

std::string list_peers(std::vector<Row> rows, const NetInfoView& view) {
    std::ranges::stable_sort(rows, {}, [](const Row& row) {
        return std::tuple{row.outbound, row.least_ping_s};
    });
    const bool addresses = view.level == 2 || view.level == 4;
    const bool versions = view.level >= 3;
    const size_t services = width(rows, &Row::services, 6);
    const size_t processed = width(rows, &Row::addresses, 5);
    const size_t limited = width(rows, &Row::limited, 6);
    const size_t age = width(rows, &Row::age, 5);
    const size_t id = width(rows, &Row::id, 2);
    const size_t as = width(rows, &Row::as, 0) == 0 ? 0 : 7;
    const size_t address = addresses ? width(rows, &Row::address, 0) + 1 : 0;
    std::string out = fmt::format(
        "<->   type   net {:>{}}  v  mping   ping send recv  txn  blk  hb {:>{}}{:>{}}{:>{}} ",
        "serv", services, "addrp", processed, "addrl", limited, "age", age);
    if (as != 0) out += " asmap ";
    out += fmt::format("{:>{}} {:<{}}{}\n", "id", id, addresses ? "address" : "", address,
                       versions ? "version" : "");
    for (const Row& row : rows) {
        out += fmt::format("{:>3} {:>6} {:>5} {:>{}} {:>2}{:>7}{:>7}{:>5}{:>5}{:>5}{:>5}  {:>2} ",
                           row.direction, row.type, row.network, row.services, services,
                           row.version, row.least_ping, row.ping, row.sent, row.received,
                           row.transaction, row.block, row.high_bandwidth);
        out += fmt::format("{:>{}}{:>{}}{:>{}}{:>{}} {:>{}} {:<{}}{}\n", row.addresses, processed,
                           row.limited, limited, row.age, age, row.as, as, row.id, id,
                           addresses ? row.address : "", address, versions ? row.agent : "");
    }
    return out + fmt::format("{:16}{:>{}}         ms     ms  sec  sec  min  min{:16}{:>{}}\n\n", "",
                             "", services, "", "min", age);
}

// In, out and both, of one network or of all.
using Counts = std::array<int, 3>;

std::string count_peers(const NetInfoReport& report) {
    std::map<std::string, Counts, std::less<>> by_network;
    Counts total{};
    int block_relay = 0;
    int manual = 0;
    for (const Json& peer : report.peers.is_array() ? report.peers.array() : Json::Array{}) {
        Counts& counts = by_network[text(peer, "network")];
        for (const size_t row : {size_t{flag(peer, "inbound") ? 0u : 1u}, size_t{2}}) {
            ++counts[row];
            ++total[row];
        }
        const std::string type = text(peer, "connection_type");
        block_relay += type == "block-relay-only" ? 1 : 0;
        manual += type == "manual" ? 1 : 0;
    }
    std::vector<std::string> columns;
    for (const Json& network : list(report.network, "networks")) {
        if (flag(network, "reachable")) columns.push_back(text(network, "name"));
    }
    for (const char* other : {"not_publicly_routable", "internal"}) {
        if (by_network.contains(other)) columns.emplace_back(other);
    }
    std::string out(5, ' ');
    for (const std::string& name : columns) out += fmt::format("{:>8}", short_network(name));
    out += "   total   block";
    if (manual > 0) out += "  manual";
    constexpr std::array<std::string_view, 3> kRows{"in", "out", "total"};
    for (size_t row = 0; row < kRows.size(); ++row) {
        out += fmt::format("\n{:<5}", kRows[row]);
        for (const std::string& name : columns) out += fmt::format("{:>8}", by_network[name][row]);
        out += fmt::format("{:>8}", total[row]);
        if (row != 1) continue;
        out += fmt::format("{:>8}", block_relay);
        if (manual > 0) out += fmt::format("{:>8}", manual);
    }
    return out;
}

std::string list_addresses(const Json::Array& addresses) {
    if (addresses.empty()) return ": n/a\n";
    size_t longest = 0;
    for (const Json& each : addresses)
        longest = std::max(longest, text(each, "address").size() + 1);
    std::string out;
    for (const Json& each : addresses)
        out += fmt::format("\n{:<{}}    port {:>6}    score {:>6}", text(each, "address"), longest,
                           number<int64_t>(each, "port"), number<int64_t>(each, "score"));
    return out;
}

std::optional<int> parse_level(const std::string& argument) {
    constexpr int kHighest = 255;
    int level = 0;
    const auto [end, error] =
        std::from_chars(argument.data(), argument.data() + argument.size(), level);
    if (error != std::errc{} || end != argument.data() + argument.size() || level < 0 ||
        level > kHighest)
        return std::nullopt;
    return std::min(level, kLevelMax);
}

}  // namespace

Expected<NetInfoView, std::string> parse_net_info(const std::vector<std::string>& arguments) {
    constexpr std::string_view kMore = "For more information, run: parley-cli -netinfo help";
    NetInfoView view;
    if (arguments.empty()) return view;
    const auto level = parse_level(arguments[0]);
    if (!level)
        return Unexpected(
            fmt::format("invalid -netinfo level argument: {}\n{}", arguments[0], kMore));
    view.level = *level;
    if (arguments.size() < 2) return view;
    if (view.level == 0)
        return Unexpected(
            fmt::format("invalid -netinfo outonly argument: {}\nThe outonly argument is only valid "
                        "for a level greater than 0 (the first argument). {}",
                        arguments[1], kMore));
    if (arguments[1] != "o" && arguments[1] != "outonly")
        return Unexpected(
            fmt::format("invalid -netinfo outonly argument: {}\n{}", arguments[1], kMore));
    view.outbound_only = true;
    return view;
}

std::string format_net_info(const NetInfoReport& report, const NetInfoView& view) {
    const Json::Array& services = list(report.network, "localservicesnames");
    std::string out = fmt::format(
        "{}{} - server {}{}{}\n\n", report.client,
        report.chain == "main" ? "" : " " + (report.chain == "test" ? "testnet" : report.chain),
        number<int64_t>(report.network, "protocolversion"), text(report.network, "subversion"),
        view.level > 0 ? " - services " + service_letters(services) : "");
    std::vector<Row> rows;
    if (view.level > 0) {
        for (const Json& peer : report.peers.is_array() ? report.peers.array() : Json::Array{}) {
            if (!view.outbound_only || !flag(peer, "inbound"))
                rows.push_back(row_of(peer, report.now_s));
        }
    }
    if (!rows.empty()) out += list_peers(std::move(rows), view);
    out += count_peers(report);
    if (view.level == 0) out += "\n\nLocal services: " + service_words(services);
    out += "\n\nLocal addresses" + list_addresses(list(report.network, "localaddresses"));
    return out;
}

std::string net_info_help() {
    return R"(-netinfo [level [outonly]] | help

A dashboard of the node's peers, made of getnetworkinfo and getpeerinfo. It is for people and can
change: programs should call these methods. With watch(1) it is a live one.

level, 0 to 4 (default: 0; a higher number means 4):
  0  the number of peers by direction and network, and of those that relay blocks only or were
     added by hand; the node's services and addresses
  1  before that a row for each peer, inbound ones first, by their least ping
  2  the same with addresses
  3  the same with versions and user agents
  4  the same with both

outonly, or o: rows for outbound peers only. Needs a level above 0.

Columns of the rows:
  <->      in: the peer connected to this node; out: this node connected to it
  type     full (all relay), block (blocks only), manual (-addnode, -connect or addnode), feeler,
           addr (to learn addresses), priv (private broadcast); empty for inbound peers
  net      ipv4, ipv6, onion, i2p, cjdns, or npr: an address that is not publicly routable
  serv     services of the peer: n (all blocks), b (bloom filters), w (witnesses), c (compact
           filters), l (the last 288 blocks), 2 (transport version 2), p (Parley), u (unknown)
  v        version of the transport protocol
  mping    least time of a ping, in milliseconds; ping: of the last one
  send     seconds since something was last sent; recv: received
  txn      minutes since it last sent a transaction that was new and accepted; *: transactions are
           not relayed to it
  blk      minutes since it last sent a block that was new and valid
  hb       high-bandwidth compact blocks: . from the peer to this node, * from this node to it
  addrp    addresses of this peer that were processed; .: addresses are not relayed to it
  addrl    addresses that were dropped because there were too many
  age      minutes since it connected
  id       its number since the node's start
  address, version
)";
}

}  // namespace parley::rpc
