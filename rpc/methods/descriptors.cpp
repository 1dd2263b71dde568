#include "rpc/methods/descriptors.h"

#include <fmt/format.h>

#include <utility>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

Descriptor read_descriptor(const ChainParams& params, const std::string& text) {
    auto descriptor = Descriptor::parse(text, params, false);
    if (!descriptor) fail(Code::address_or_key, descriptor.error());
    return std::move(*descriptor);
}

std::vector<Descriptor> read_descriptors(const ChainParams& params, const std::string& text,
                                         bool require_checksum) {
    auto descriptors = Descriptor::parse_all(text, params, require_checksum);
    if (!descriptors) fail(Code::address_or_key, descriptors.error());
    return std::move(*descriptors);
}

std::vector<Script> expand_descriptor(const Descriptor& descriptor, uint32_t first, uint32_t last) {
    // bitcoind's limit for one reply.
    constexpr uint32_t kRangeMax = 1'000'000;
    if (last < first || last - first >= kRangeMax)
        fail(Code::invalid_parameter, "Range is too large");
    std::vector<Script> scripts;
    for (uint32_t position = first;; ++position) {
        const auto some = descriptor.scripts(position);
        if (some.empty()) fail(Code::address_or_key, "Cannot derive script without private keys");
        scripts.insert(scripts.end(), some.begin(), some.end());
        if (position == last) return scripts;
    }
}

namespace {

struct ScanObject {
    std::string text;
    std::vector<Descriptor> descriptors;
    std::pair<uint32_t, uint32_t> range;
};

ScanObject parse_scan_object(const ChainParams& params, const Json& object) {
    constexpr uint32_t kLastPositionDefault = 1'000;
    if (!object.is_string() && !object.is_object())
        fail(Code::invalid_parameter, "Scan object needs to be either a string or an object");
    const Json* text = object.is_string() ? &object : object.find("desc");
    if (text == nullptr || text->is_null())
        fail(Code::invalid_parameter, "Descriptor needs to be provided in scan object");
    ScanObject result{read_string(*text), {}, {0, kLastPositionDefault}};
    if (const Json* given = object.find("range"); given != nullptr && !given->is_null())
        result.range = read_range(*given);
    result.descriptors = read_descriptors(params, result.text, false);
    if (!result.descriptors.front().is_range()) result.range = {0, 0};
    return result;
}

/// Calls `take(scripts)` for every position of every descriptor.
template <class Take>
void solve_all(const ScanObject& object, SolvingData& data, bool with_secrets, Take take) {
    for (uint32_t position = object.range.first; position <= object.range.second; ++position) {
        for (const Descriptor& descriptor : object.descriptors) {
            const auto scripts = descriptor.solve(position, data, with_secrets);
            if (scripts.empty())
                fail(Code::address_or_key,
                     fmt::format("Cannot derive script without private keys: '{}'", object.text));
            take(scripts);
        }
    }
}

}  // namespace

std::map<Script, std::string> read_scan_object(const ChainParams& params, const Json& object) {
    std::map<Script, std::string> result;
    SolvingData data;
    solve_all(parse_scan_object(params, object), data, false, [&](const auto& scripts) {
        for (const Script& script : scripts)
            result.emplace(script, infer_descriptor(params, script, data).to_string(params));
    });
    return result;
}

void solve_scan_object(const ChainParams& params, const Json& object, SolvingData& data,
                       bool with_secrets) {
    solve_all(parse_scan_object(params, object), data, with_secrets, [](const auto&) {});
}

}  // namespace parley::rpc
