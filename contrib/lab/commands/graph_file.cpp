#include "contrib/lab/commands/graph_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "contrib/lab/commands/arguments.h"
#include "rpc/jsonrpc/json.h"

namespace parley::lab {
namespace {

using rpc::Json;
template <class T>
using Read = Expected<T, std::string>;

/// Far more than any interval or delay, and small enough that sums stay finite.
constexpr double kNumberMax = 1e15;

/// An object with exactly these members, each once.
Read<const Json*> object_with(const Json& value, const std::string& place,
                              std::initializer_list<const char*> members) {
    if (!value.is_object()) {
        return Unexpected(
            fmt::format("{} is a JSON {}, not an object", place, rpc::type_name(value.type())));
    }
    std::set<std::string> seen;
    for (const auto& [name, content] : value.object()) {
        if (std::find(members.begin(), members.end(), name) == members.end())
            return Unexpected(fmt::format("{} has an unknown member \"{}\"", place, name));
        if (!seen.insert(name).second)
            return Unexpected(fmt::format("{} has two members \"{}\"", place, name));
    }
    for (const char* name : members) {
        if (!seen.contains(name))
            return Unexpected(fmt::format("{} has no member \"{}\"", place, name));
    }
    return &value;
}

Read<double> number(const Json& value, const std::string& place) {
    double result = 0;
    if (!value.is_number()) {
        return Unexpected(
            fmt::format("{} is a JSON {}, not a number", place, rpc::type_name(value.type())));
    }
    if (!parse_number(value.number(), 0.0, kNumberMax, result)) {
        return Unexpected(
            fmt::format("{} is {}; it must be from 0 to {:g}", place, value.number(), kNumberMax));
    }
    return result;
}

class Reader {
 public:
    Read<MiningGraph> read(const Json& file) {
        const auto members = object_with(file, "the file", {"interval_s", "miners", "links"});
        if (!members) return Unexpected(members.error());
        const auto interval = number(*file.find("interval_s"), "interval_s");
        if (!interval) return Unexpected(interval.error());
        if (*interval == 0) return Unexpected(std::string{"interval_s is 0; it must be above 0"});
        for (const char* name : {"miners", "links"}) {
            if (!file.find(name)->is_array())
                return Unexpected(fmt::format("{} is not an array", name));
        }
        if (const auto error = read_all(*file.find("miners"), "miners", &Reader::read_miner))
            return Unexpected(*error);
        if (const auto error = read_all(*file.find("links"), "links", &Reader::read_link))
            return Unexpected(*error);
        auto network = flooding_network(miners_, links_, *interval);
        if (!network) return Unexpected(network.error());
        return MiningGraph{*interval, std::move(*network)};
    }

 private:
    using Error = std::optional<std::string>;

    Error read_all(const Json& items, const char* name,
                   Error (Reader::*read_item)(const Json&, const std::string&)) {
        for (size_t i = 0; i < items.array().size(); ++i) {
            if (auto error = (this->*read_item)(items.array()[i], fmt::format("{}[{}]", name, i)))
                return error;
        }
        return std::nullopt;
    }

    Error read_miner(const Json& item, const std::string& place) {
        const auto members = object_with(item, place, {"name", "hash"});
        if (!members) return members.error();
        const Json& name = *item.find("name");
        if (!name.is_string() || name.string().empty())
            return fmt::format("{}.name is not a name in quotes", place);
        const auto hash = number(*item.find("hash"), place + ".hash");
        if (!hash) return hash.error();
        const auto [earlier, is_new] = indices_.emplace(name.string(), miners_.size());
        if (!is_new) {
            return fmt::format("{}.name is \"{}\", as is miners[{}].name; names must differ", place,
                               name.string(), earlier->second);
        }
        miners_.push_back({name.string(), *hash});
        return std::nullopt;
    }

    Error read_link(const Json& item, const std::string& place) {
        const auto members = object_with(item, place, {"from", "to", "delay_s"});
        if (!members) return members.error();
        const auto from = miner(*item.find("from"), place + ".from");
        if (!from) return from.error();
        const auto to = miner(*item.find("to"), place + ".to");
        if (!to) return to.error();
        const auto delay = number(*item.find("delay_s"), place + ".delay_s");
        if (!delay) return delay.error();
        if (*from == *to) {
            return fmt::format("{} connects \"{}\" with itself; remove it", place,
                               miners_[*from].name);
        }
        const auto [earlier, is_new] = pairs_.emplace(std::minmax(*from, *to), links_.size());
        if (!is_new) {
            return fmt::format(
                "{} connects the same miners as links[{}]; a link works in both directions", place,
                earlier->second);
        }
        links_.push_back({*from, *to, *delay});
        return std::nullopt;
    }

    Read<size_t> miner(const Json& name, const std::string& place) const {
        if (!name.is_string()) return Unexpected(fmt::format("{} is not a name in quotes", place));
        const auto found = indices_.find(name.string());
        if (found == indices_.end())
            return Unexpected(
                fmt::format("{} names \"{}\", which no miner has", place, name.string()));
        return found->second;
    }

    std::vector<Miner> miners_;
    std::vector<Link> links_;
    std::map<std::string, size_t> indices_;              ///< of miners, by name
    std::map<std::pair<size_t, size_t>, size_t> pairs_;  ///< links by their two miners
};

}  // namespace

Expected<MiningGraph, std::string> parse_graph(std::string_view text) {
    const auto file = rpc::parse_json(text);
    if (!file) {
        return Unexpected(std::string{
            "the file is not JSON; look for a missing comma, quote or bracket, or for an extra "
            "comma"});
    }
    return Reader{}.read(*file);
}

}  // namespace parley::lab
