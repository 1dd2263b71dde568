// mempool.dat: what was read is written as something that is read the same, in both versions.
#include "base/check.h"
#include "mempool/mempool_file.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan input(data, size);
    if (const auto file = MempoolFile::parse(input)) {
        const MempoolFile::Key key{1, 2, 3, 4, 5, 6, 7, 8};
        const Bytes plain = file->serialize(std::nullopt);
        for (const Bytes& bytes : {plain, file->serialize(key)}) {
            const auto again = MempoolFile::parse(bytes);
            CHECK(again.has_value());
            CHECK(again->serialize(std::nullopt) == plain);
        }
    }
    return 0;
}
