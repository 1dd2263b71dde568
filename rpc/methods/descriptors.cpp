#include "rpc/methods/descriptors.h"

#include <fmt/format.h>

#include <utility>

#include "chain/script/script_type.h"
#include "rpc/json/script_json.h"
#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

Descriptor read_descriptor(const ChainParams& params, const std::string& text) {
    auto descriptor = Descriptor::parse(text, params, false);
    if (!descriptor) fail(Code::address_or_key, descriptor.error());
    return std::move(*descriptor);
}

std::vector<Script> expand_descriptor(const Descriptor& descriptor, uint32_t first, uint32_t last) {
    // bitcoind's limit for one reply.
    constexpr uint32_t kRangeMax = 1'000'000;
    if (last < first || last - first >= kRangeMax)
        fail(Code::invalid_parameter, "Range is too large");
    if (!descriptor.is_range()) return descriptor.scripts(0);
    std::vector<Script> scripts;
    for (uint32_t position = first;; ++position) {
        const auto some = descriptor.scripts(position);
        if (some.empty()) fail(Code::address_or_key, "Cannot derive script without private keys");
        scripts.insert(scripts.end(), some.begin(), some.end());
        if (position == last) return scripts;
    }
}

namespace {

// With the key's origin, which the script alone does not show.
std::string describe(const ChainParams& params, const Descriptor& descriptor, uint32_t position,
                     const Script& script) {
    const auto key = descriptor.derive_key(position);
    if (!key) return script_descriptor(params, script);
    const ScriptType type = classify_script(script);
    const Descriptor::Kind kind = type == ScriptType::public_key        ? Descriptor::Kind::pk
                                  : type == ScriptType::public_key_hash ? Descriptor::Kind::pkh
                                                                        : Descriptor::Kind::wpkh;
    DescriptorKey shown;
    shown.origin = key->origin;
    shown.key = key->public_key;
    return Descriptor::of_key(kind, std::move(shown)).to_string(params);
}

}  // namespace

std::map<Script, std::string> read_scan_object(const ChainParams& params, const Json& object) {
    constexpr uint32_t kLastPositionDefault = 1'000;
    std::pair<uint32_t, uint32_t> range{0, kLastPositionDefault};
    if (!object.is_string() && !object.is_object())
        fail(Code::invalid_parameter, "Scan object needs to be either a string or an object");
    const Json* text = object.is_string() ? &object : object.find("desc");
    if (text == nullptr || text->is_null())
        fail(Code::invalid_parameter, "Descriptor needs to be provided in scan object");
    const std::string& written = read_string(*text, "desc");
    if (const Json* given = object.find("range"); given != nullptr && !given->is_null())
        range = read_range(*given, "range");
    const Descriptor descriptor = read_descriptor(params, written);
    if (!descriptor.is_range()) range = {0, 0};
    std::map<Script, std::string> scripts;
    for (uint32_t position = range.first; position <= range.second; ++position) {
        const auto some = descriptor.scripts(position);
        if (some.empty())
            fail(Code::address_or_key,
                 fmt::format("Cannot derive script without private keys: '{}'", written));
        for (const Script& script : some)
            scripts.emplace(script, describe(params, descriptor, position, script));
    }
    return scripts;
}

}  // namespace parley::rpc
