#include "node/daemon/system/os_random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/check.h"

namespace parley {

OsRandom::~OsRandom() {
    OPENSSL_cleanse(pool_.data(), sizeof pool_);
}

uint64_t OsRandom::next() {
    // Without random numbers, keys would be insecure, so the process must stop.
    if (secret_) {
        uint64_t value = 0;
        CHECK(RAND_priv_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
        return value;
    }
    if (left_ == 0) {
        CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()), sizeof pool_) == 1);
        left_ = pool_.size();
    }
    return pool_[--left_];
}

}  // namespace parley
