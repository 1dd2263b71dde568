// OsRandom: random numbers from the operating system, through OpenSSL's generator. The daemon has
// two: one for the protocol, one for secrets. Not thread-safe: one owner each.
#pragma once

#include <array>

#include "base/random.h"

namespace parley {

class OsRandom final : public Random {
 public:
    /// `secret`: use the generator that OpenSSL reserves for private keys, without buffering.
    explicit OsRandom(bool secret) : secret_(secret) {}
    ~OsRandom() override;

    uint64_t next() override;

 private:
    const bool secret_;
    std::array<uint64_t, 32> pool_{};  // buffered, because each call has a fixed cost
    size_t left_ = 0;
};

}  // namespace parley
