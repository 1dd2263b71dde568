#include "node/daemon/files/ban_file.h"

#include <charconv>
#include <fstream>
#include <iterator>

#include "node/daemon/system/replace_file.h"
#include "rpc/jsonrpc/json.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley {
namespace {

using rpc::Json;

constexpr std::string_view kNote =
    "The node writes this file when its bans change. Edit it only while the node is stopped.";
constexpr int kEntryVersion = 1;  // of bitcoind's entries

std::optional<TimePoint> read_time(const Json* json) {
    if (json == nullptr || !json->is_number()) return std::nullopt;
    const std::string& text = json->number();
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // As in block headers; later times have no meaning here, and could overflow a TimePoint.
    const bool fits = error == std::errc{} && end == text.data() + text.size() && seconds >= 0 &&
                      seconds <= UINT32_MAX;
    return fits ? std::optional{from_unix_seconds(seconds)} : std::nullopt;
}

std::optional<BannedSubnet> read_ban(const Json& entry) {
    const Json* version = entry.find("version");
    const Json* address = entry.find("address");
    const auto created = read_time(entry.find("ban_created"));
    const auto until = read_time(entry.find("banned_until"));
    if (version == nullptr || *version != Json::number(std::to_string(kEntryVersion)) ||
        address == nullptr || !address->is_string() || !created || !until)
        return std::nullopt;
    const auto subnet = Subnet::parse(address->string());
    if (!subnet) return std::nullopt;
    return BannedSubnet{*subnet, *created, *until};
}

}  // namespace

std::string write_bans(const std::vector<BannedSubnet>& bans) {
    const auto number = [](int64_t value) { return Json::number(std::to_string(value)); };
    Json::Array entries;
    for (const BannedSubnet& ban : bans) {
        entries.push_back(Json::object({{"version", number(kEntryVersion)},
                                        {"ban_created", number(to_unix_seconds(ban.created))},
                                        {"banned_until", number(to_unix_seconds(ban.until))},
                                        {"address", Json::string(ban.subnet.to_string())}}));
    }
    return rpc::json_indented(Json::object({{"_warning_", Json::string(std::string(kNote))},
                                            {"banned_nets", Json::array(std::move(entries))}}),
                              4) +
           "\n";
}

std::optional<std::vector<BannedSubnet>> read_bans(std::string_view text) {
    const auto json = rpc::parse_json(text);
    if (!json || !json->is_object()) return std::nullopt;
    const Json* entries = json->find("banned_nets");
    if (entries == nullptr || !entries->is_array()) return std::nullopt;
    std::vector<BannedSubnet> bans;
    for (const Json& entry : entries->array()) {
        if (!entry.is_object()) return std::nullopt;
        if (const auto ban = read_ban(entry)) bans.push_back(*ban);
    }
    return bans;
}

std::vector<BannedSubnet> BanFile::load(LogSink& log) const {
    std::ifstream file(path_, std::ios::binary);
    if (!file) {
        log.info(LogCategory::general, "Recreating the banlist database");
        return {};
    }
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    auto bans = read_bans(text);
    if (!bans) {
        log.warning(LogCategory::general,
                    "{} is damaged; there are no bans. The next setban replaces the file.", path_);
        return {};
    }
    log.debug(LogCategory::net, "Loaded {} banned node addresses/subnets", bans->size());
    return std::move(*bans);
}

std::string BanFile::save(const std::vector<BannedSubnet>& bans) const {
    return replace_file(path_, as_bytes(write_bans(bans)));
}

}  // namespace parley
