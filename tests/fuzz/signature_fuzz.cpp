// Public keys and laxly encoded signatures: a parsed key keeps its bytes, a signature has the same
// numbers after strict DER encoding, and no input crashes the program.
#include <algorithm>

#include "base/check.h"
#include "base/crypto/keys.h"
#include "base/crypto/lax_der.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

Bytes plain_der(const std::array<uint8_t, 64>& compact) {
    Bytes der{0x30, 68};
    for (size_t at = 0; at < compact.size(); at += 32) {
        append(der, Bytes{0x02, 32});
        append(der, ByteSpan{compact}.subspan(at, 32));
    }
    return der;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteSpan bytes{data, size};
    if (const auto key = PublicKey::parse(bytes)) {
        CHECK(std::equal(bytes.begin(), bytes.end(), key->bytes().begin(), key->bytes().end()));
        CHECK(key->compressed() == (size == 33));
        CHECK(!verify_compact(*key, Hash256{}, {}));
    }
    // The last two thirds as a signature by the first third.
    const ByteSpan key = bytes.first(size / 3);
    const ByteSpan signature = bytes.subspan(size / 3);
    (void)verify_ecdsa(key, Hash256{}, signature);
    for (const ByteSpan candidate : {bytes, signature}) {
        const auto numbers = parse_lax_der(candidate);
        if (numbers) CHECK(parse_lax_der(plain_der(*numbers)) == numbers);
    }
    (void)verify_schnorr(Bytes(32, 0x79), key, signature);
    (void)verify_schnorr(key, signature, signature);
    (void)verify_x_only_tweak(key, size % 2 == 0, signature, {1});
    return 0;
}
