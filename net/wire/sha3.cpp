#include "net/wire/sha3.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace parley {

std::array<uint8_t, 32> sha3_256(ByteSpan data) {
    std::array<uint8_t, 32> digest{};
    unsigned size = 0;
    CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha3_256(), nullptr) == 1);
    CHECK(size == digest.size());
    return digest;
}

}  // namespace parley
