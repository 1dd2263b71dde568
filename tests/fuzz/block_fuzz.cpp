// Blocks: a block that was read is written as the same bytes, and its sizes and weight match those
// bytes.
#include <algorithm>

#include "base/check.h"
#include "base/serialize.h"
#include "chain/primitives/block.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    Reader reader(input);
    const Block block = read_block(reader);
    if (!reader.ok()) return 0;
    const Bytes with = block.serialize(WitnessEncoding::with);
    const ByteSpan consumed = input.first(input.size() - reader.left());
    CHECK(std::equal(consumed.begin(), consumed.end(), with.begin(), with.end()));
    const size_t base_size = block.serialize(WitnessEncoding::without).size();
    CHECK(block.size(WitnessEncoding::with) == with.size());
    CHECK(block.size(WitnessEncoding::without) == base_size);
    CHECK(block.weight() == Weight{static_cast<int64_t>(3 * base_size + with.size())});
    return 0;
}
