// Payloads of the peer protocol: the first byte chooses the message, the rest is its payload. A
// decoded message has the same value after it is encoded and decoded again. The frame reader gets
// the same bytes in two pieces.
#include <algorithm>

#include "base/check.h"
#include "net/filters/filter_messages.h"
#include "net/wire/framing.h"
#include "net/wire/messages.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

constexpr NetworkMagic kMagic{0xfa, 0xbf, 0xb5, 0xda};

template <class T>
void try_message(ByteSpan payload) {
    const auto first = decode<T>(payload);
    if (!first) return;
    const Bytes again = encode(*first);
    const auto second = decode<T>(again);
    CHECK(second.has_value());
    CHECK(encode(*second) == again);
}

template <class... Types>
void try_chosen(uint8_t choice, ByteSpan payload) {
    size_t index = 0;
    ((index++ == choice % sizeof...(Types) ? try_message<Types>(payload) : void()), ...);
}

void try_frames(ByteSpan stream) {
    const size_t half = stream.size() / 2;
    FrameReader reader(kMagic);
    for (ByteSpan piece : {stream.first(half), stream.subspan(half)}) {
        while (!piece.empty()) {
            const size_t before = piece.size();
            const auto frame = reader.read(piece);
            if (!frame) return;
            CHECK(piece.size() < before);
            if (!frame->has_value()) {
                CHECK(piece.empty());
                break;
            }
            CHECK((*frame)->payload.size() <= kPayloadSizeMax);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace message;
    try_frames(ByteSpan(data, size));
    if (size == 0) return 0;
    const ByteSpan payload(data + 1, size - 1);
    try_chosen<Version, SendCompact, FeeFilter, Ping, Pong, Addr, AddrV2, Inv, GetData, NotFound,
               GetHeaders, GetBlocks, Headers, Tx, Seal, GetFilters, GetFilterHeaders,
               GetFilterCheckpoints, Filter, FilterHeaders, FilterCheckpoints, FilterLoad,
               FilterAdd>(data[0], payload);
    (void)decode_block(payload);

    // A whole message survives its frame.
    if (payload.size() <= 10'000) {
        const auto framed = encode_frame(kMagic, "tx", payload);
        FrameReader reader(kMagic);
        ByteSpan rest(*framed);
        const auto frame = reader.read(rest);
        CHECK(frame && frame->has_value() && (*frame)->intact && rest.empty());
        CHECK(std::equal(payload.begin(), payload.end(), (*frame)->payload.begin(),
                         (*frame)->payload.end()));
    }
    return 0;
}
