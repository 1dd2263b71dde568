#include "contrib/lab/figures/result_file.h"

#include <fmt/format.h>

#include <limits>

#include "contrib/lab/commands/arguments.h"
#include "rpc/jsonrpc/json.h"

namespace parley::lab {
namespace {

using rpc::Json;

/// Reads members of one object. The first error stays; all reading goes on behind it.
class ObjectReader {
 public:
    ObjectReader(const Json& object, std::string& error) : object_(object), error_(error) {}

    std::string text(const char* name) {
        const Json* value = member(name, Json::Type::string);
        return value == nullptr ? "" : value->string();
    }
    bool flag(const char* name) {
        const Json* value = member(name, Json::Type::boolean);
        return value != nullptr && value->boolean();
    }
    template <class T>
    T number(const char* name) {
        const Json* value = member(name, Json::Type::number);
        return value == nullptr ? T{} : parsed<T>(*value, name);
    }
    /// Nothing: null.
    std::optional<double> number_or_null(const char* name) {
        const Json* value = object_.find(name);
        if (value != nullptr && value->is_null()) return std::nullopt;
        return number<double>(name);
    }
    std::vector<double> numbers(const char* name) {
        std::vector<double> result;
        for (const Json& item : items(name)) result.push_back(parsed<double>(item, name));
        return result;
    }
    const Json::Array& items(const char* name) {
        static const Json::Array kNone;
        const Json* value = member(name, Json::Type::array);
        return value == nullptr ? kNone : value->array();
    }
    const Json::Object& members(const char* name) {
        static const Json::Object kNone;
        const Json* value = member(name, Json::Type::object);
        return value == nullptr ? kNone : value->object();
    }
    template <class T>
    T parsed(const Json& value, const std::string& name) {
        T result{};
        const bool valid = value.is_number() && parse_number(value.number(), T{0},
                                                             std::numeric_limits<T>::max(), result);
        if (!valid) fail(fmt::format("\"{}\" is not a number from 0", name));
        return result;
    }

 private:
    const Json* member(const char* name, Json::Type type) {
        const Json* value = object_.find(name);
        if (value != nullptr && value->type() == type) return value;
        fail(value == nullptr ? fmt::format("\"{}\" is missing", name)
                              : fmt::format("\"{}\" is a JSON {}, not a JSON {}", name,
                                            rpc::type_name(value->type()), rpc::type_name(type)));
        return nullptr;
    }
    void fail(std::string sentence) {
        if (error_.empty()) error_ = std::move(sentence);
    }

    const Json& object_;
    std::string& error_;
};

/// Rows of `tree` and `views`, which a file of an earlier version lacks.
class TraceReader {
 public:
    TraceReader(const Json& object, std::string& error) : object_(object), error_(error) {}

    RunTrace read() {
        RunTrace trace;
        rows("tree", 5, [&](const Json::Array& row) {
            TracedBlock block{number<double>(row[0]),
                              number<uint64_t>(row[1]),
                              number<uint64_t>(row[2]),
                              {},
                              number<uint64_t>(row[4]) != 0};
            if (row[3].is_number() && row[3].number() != "-1")
                block.parent = number<uint64_t>(row[3]);
            if (block.parent && *block.parent >= trace.blocks.size()) fail("tree");
            trace.blocks.push_back(block);
        });
        rows("views", 4, [&](const Json::Array& row) {
            const auto kind = row[3].is_string() ? traced_kind(row[3].string()) : std::nullopt;
            if (!kind) fail("views");
            trace.steps.push_back({number<double>(row[0]), number<uint64_t>(row[1]),
                                   number<uint64_t>(row[2]), kind.value_or(TracedKind::proposal)});
        });
        if (!error_.empty()) return {};
        return trace;
    }

 private:
    template <class Take>
    void rows(const char* name, size_t columns, const Take& take) {
        const Json* list = object_.find(name);
        if (list == nullptr) return;
        if (!list->is_array()) return fail(name);
        for (const Json& row : list->array()) {
            if (!row.is_array() || row.array().size() != columns) return fail(name);
            take(row.array());
        }
    }
    template <class T>
    T number(const Json& value) {
        return ObjectReader(object_, error_).parsed<T>(value, "tree and views");
    }
    void fail(const char* name) {
        if (error_.empty()) error_ = fmt::format("\"{}\" has a row that cannot be read", name);
    }

    const Json& object_;
    std::string& error_;
};

ResultPoint read_point(const Json& object, std::string& error) {
    ObjectReader reader(object, error);
    ResultPoint point;
    point.title = reader.text("title");
    point.level = reader.text("level");
    point.consensus = reader.text("consensus");
    for (const auto& [key, value] : reader.members("vary")) {
        if (key == "consensus") continue;  // it has a member of its own
        point.varied += fmt::format("{}{}={}", point.varied.empty() ? "" : " ", key,
                                    value.is_string() ? value.string() : "?");
    }
    point.partial = reader.flag("partial");
    point.nodes = reader.number<uint64_t>("nodes");
    point.seeds = reader.items("seeds").size();
    point.interval_s = reader.number<double>("interval_s");
    point.lambda_delta = reader.number_or_null("lambda_delta");
    point.heights = reader.number<uint64_t>("heights");
    point.forked = reader.number<uint64_t>("forked_heights");
    point.blocks = reader.number<uint64_t>("blocks");
    if (point.blocks < point.heights && error.empty()) error = "\"blocks\" is below \"heights\"";
    point.growth = reader.number_or_null("growth");
    point.decker = reader.number_or_null("F_h_decker");
    for (const Json& miner : reader.items("miners"))
        point.shares.push_back(ObjectReader(miner, error).number<double>("share"));
    for (const auto& [depth, times] : reader.members("reorganisations")) {
        uint64_t number = 0;
        if (!parse_number<uint64_t>(depth, 0, UINT64_MAX, number) && error.empty())
            error = "\"reorganisations\" has a depth that is not a number";
        point.reorganisations[number] = reader.parsed<uint64_t>(times, "reorganisations");
    }
    point.percentiles_s = reader.numbers("delivery_percentiles_s");
    point.trace = TraceReader(object, error).read();
    for (const auto& [command, traffic] : reader.members("messages")) {
        ObjectReader counts(traffic, error);
        point.messages += counts.number<uint64_t>("sent");
        point.bytes += counts.number<uint64_t>("bytes");
    }
    return point;
}

}  // namespace

std::string ResultPoint::name() const {
    const std::string engine = consensus == "pbft" ? "PBFT" : "PoW";
    return fmt::format("{}, {}{}{}", engine, level, varied.empty() ? "" : ", ", varied);
}

Expected<std::vector<ResultPoint>, std::string> parse_results(std::string_view text) {
    const auto file = rpc::parse_json(text);
    if (!file) return Unexpected(std::string{"it is not JSON"});
    if (!file->is_object()) return Unexpected(std::string{"it is not a JSON object"});
    std::string error;
    std::vector<ResultPoint> points;
    if (file->find("points") != nullptr) {
        for (const Json& point : ObjectReader(*file, error).items("points"))
            points.push_back(read_point(point, error));
    } else {
        points.push_back(read_point(*file, error));
    }
    if (!error.empty()) return Unexpected(error);
    return points;
}

}  // namespace parley::lab
