// mempool.dat: what was read is written as something that is read the same, in both versions, and
// that no byte can be cut from.
#include <algorithm>

#include "base/check.h"
#include "mempool/mempool_file.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

// By content: comparing what both are written as would not notice what is never written.
bool same(const MempoolFile& a, const MempoolFile& b) {
    const auto same_entry = [](const MempoolFile::Entry& x, const MempoolFile::Entry& y) {
        return x.transaction->data() == y.transaction->data() && x.time == y.time &&
               x.fee_delta == y.fee_delta;
    };
    return std::ranges::equal(a.entries, b.entries, same_entry) &&
           a.other_deltas == b.other_deltas && a.unbroadcast == b.unbroadcast;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    const auto file = MempoolFile::parse(input);
    if (!file) return 0;
    const MempoolFile::Key key{1, 2, 3, 4, 5, 6, 7, 8};
    const Bytes plain = file->serialize(std::nullopt);
    const Bytes with_key = file->serialize(key);
    CHECK(plain.size() + 1 + key.size() == with_key.size());
    for (const Bytes& bytes : {plain, with_key}) {
        const auto again = MempoolFile::parse(bytes);
        CHECK(again.has_value());
        CHECK(same(*again, *file));
        CHECK(again->serialize(std::nullopt) == plain);
        CHECK(again->serialize(key) == with_key);
        CHECK(!MempoolFile::parse(ByteSpan{bytes}.first(bytes.size() - 1)));
    }
    return 0;
}
