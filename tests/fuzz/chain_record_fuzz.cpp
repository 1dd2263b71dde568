// Records of the chain's stores: undo data, index records, the meta record. A record that was read
// is written and read again with the same value. The first byte chooses the decoder.
#include "base/check.h"
#include "chain/store/coin_codec.h"
#include "chain/store/index_store.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

// 'b', height, hash.
constexpr size_t kHeaderKeySize = 1 + 4 + Hash256::kSize;

void try_undo(ByteSpan input) {
    const auto undo = parse_undo(input);
    if (!undo) return;
    for (const auto& coins : undo->spent) {
        for (const Coin& coin : coins) CHECK(money_range(coin.output.value));
    }
    // Not always the same bytes: a script may have been written longer than it must be.
    const Bytes again = serialize_undo(*undo);
    CHECK(again.size() <= input.size());
    CHECK(parse_undo(again) == undo);
}

void try_header_record(ByteSpan input) {
    if (input.size() < kHeaderKeySize) return;
    const ByteSpan key = input.first(kHeaderKeySize);
    const ByteSpan value = input.subspan(kHeaderKeySize);
    const auto node = parse_header_record(key, value);
    if (!node) return;
    WriteBatch batch;
    put_header(batch, *node);
    const auto& put = std::get<WriteBatch::Put>(batch.operations().at(0));
    CHECK(put.key == to_bytes(key));
    CHECK(put.value == to_bytes(value));
}

void try_meta(ByteSpan input) {
    const auto meta = parse_meta(input);
    if (meta) CHECK(serialize_meta(*meta) == to_bytes(input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const ByteSpan input(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            try_undo(input);
            break;
        case 1:
            try_header_record(input);
            break;
        default:
            try_meta(input);
    }
    return 0;
}
