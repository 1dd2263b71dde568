// Text encodings and serialised numbers: whatever can be decoded is encoded to the same text again,
// because the encodings are unique (except for letter case, where an encoding ignores it).
#include <algorithm>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/encoding.h"
#include "base/serialize.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

std::string lower_case(std::string_view text) {
    std::string result{text};
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr size_t kDecodedMax = 200;
    const ByteSpan bytes{data, size};
    const std::string_view text = as_text(bytes);

    if (const auto decoded = base58_decode(text, kDecodedMax)) {
        CHECK(decoded->size() <= kDecodedMax);
        CHECK(base58_encode(*decoded) == text);
    }
    if (const auto payload = base58check_decode(text, kDecodedMax)) {
        CHECK(payload->size() <= kDecodedMax);
        CHECK(base58check_encode(*payload) == text);
    }
    if (const auto content = bech32_decode(text))
        CHECK(bech32_encode(*content) == lower_case(text));
    if (const auto decoded = base64_decode(text)) CHECK(base64_encode(*decoded) == text);
    if (const auto decoded = from_hex(text)) CHECK(to_hex(*decoded) == lower_case(text));

    CHECK(base64_decode(base64_encode(bytes)) == to_bytes(bytes));
    if (size <= kDecodedMax) CHECK(base58_decode(base58_encode(bytes), size) == to_bytes(bytes));

    Reader reader{bytes};
    const uint64_t value = reader.compact_size(std::numeric_limits<uint64_t>::max());
    if (reader.ok()) {
        const Bytes written = Writer{}.compact_size(value).take();
        CHECK(written.size() + reader.left() == size);
        CHECK(std::equal(written.begin(), written.end(), bytes.begin()));
    }
    return 0;
}
