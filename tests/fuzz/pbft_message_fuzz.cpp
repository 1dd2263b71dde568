// Messages between PBFT replicas, and seals: whatever can be decoded is encoded to the same bytes,
// so a message has only one encoding. The network tag is taken from the input, because otherwise
// most inputs would be rejected for it.
#include <algorithm>
#include <variant>

#include "base/check.h"
#include "consensus/pbft/messages/messages.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

Bytes encode(const pbft::Message& message, const pbft::NetworkTag& network) {
    if (const auto* m = std::get_if<pbft::PrePrepare>(&message)) {
        return pbft::encode_pre_prepare(m->vote, m->block, network);
    }
    if (const auto* m = std::get_if<pbft::Vote>(&message)) return pbft::encode_vote(*m, network);
    if (const auto* m = std::get_if<pbft::ViewChange>(&message)) {
        return pbft::encode_view_change(*m, network);
    }
    if (const auto* m = std::get_if<pbft::NewView>(&message)) {
        return pbft::encode_new_view(*m, network);
    }
    if (const auto* m = std::get_if<pbft::Status>(&message)) {
        return pbft::encode_status(*m, network);
    }
    if (const auto* m = std::get_if<pbft::Fetch>(&message)) return pbft::encode_fetch(*m, network);
    return pbft::encode_body(std::get<pbft::Body>(message).block, network);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    pbft::NetworkTag network{};
    if (size >= 6) std::copy_n(data + 2, network.size(), network.begin());
    if (const auto message = pbft::decode_message(input, network)) {
        const Bytes again = encode(*message, network);
        CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    }
    if (const auto seal = pbft::decode_seal(input)) {
        const Bytes again = pbft::encode_seal(*seal);
        CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    }
    return 0;
}
