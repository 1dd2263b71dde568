#include "rpc/methods/descriptors.h"

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

}  // namespace parley::rpc
