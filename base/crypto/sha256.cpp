#include "base/crypto/sha256.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/crypto/cpu_features.h"
#include "base/crypto/sha256_kernels.h"

namespace parley {
namespace {

constexpr size_t kBlock = 64;

struct BatchKernel {
    size_t lanes;
    sha256_kernels::DoubleHash run;
};

// The kernels for this processor: one for single messages, and a list for batches in order of
// decreasing width, which ends with one lane.
struct Kernels {
    std::string_view name = "portable";
    sha256_kernels::Compress compress = sha256_kernels::compress_portable;
    std::vector<BatchKernel> batch;
};

Kernels choose_kernels() {
    Kernels kernels;
#if defined(__x86_64__)
    const CpuFeatures& cpu = cpu_features();
    if (cpu.avx512) {
        kernels.name = "avx512";
        kernels.batch.push_back({16, sha256_kernels::double_hash_avx512});
    }
    // Eight lanes of AVX2 are slower than two streams of the SHA extensions.
    if (cpu.avx2 && !cpu.sha_ni) {
        if (!cpu.avx512) kernels.name = "avx2";
        kernels.batch.push_back({8, sha256_kernels::double_hash_avx2});
    }
    if (cpu.sha_ni) {
        kernels.name = cpu.avx512 ? "sha_ni+avx512" : "sha_ni";
        kernels.compress = sha256_kernels::compress_sha_ni;
        kernels.batch.push_back({2, sha256_kernels::double_hash_sha_ni_x2});
        kernels.batch.push_back({1, sha256_kernels::double_hash_sha_ni});
        return kernels;
    }
#endif
    kernels.batch.push_back({1, sha256_kernels::double_hash_portable});
    return kernels;
}

const Kernels& kernels() {
    static const Kernels chosen = choose_kernels();
    return chosen;
}

void compress(Sha256State& state, const uint8_t* blocks, size_t count) {
    kernels().compress(state.data(), blocks, count);
}

Hash256 to_hash(const Sha256State& state) {
    Hash256 hash;
    for (size_t i = 0; i < Hash256::kSize; ++i) {
        hash.bytes()[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return hash;
}

}  // namespace

Sha256& Sha256::write(ByteSpan data) {
    const size_t filled = size_ % kBlock;
    size_ += data.size();
    if (filled > 0) {
        const size_t taken = std::min(kBlock - filled, data.size());
        std::copy_n(data.begin(), taken, buffer_.begin() + static_cast<ptrdiff_t>(filled));
        data = data.subspan(taken);
        if (filled + taken < kBlock) return *this;
        compress(state_, buffer_.data(), 1);
    }
    if (const size_t blocks = data.size() / kBlock; blocks > 0) {
        compress(state_, data.data(), blocks);
        data = data.subspan(blocks * kBlock);
    }
    std::copy(data.begin(), data.end(), buffer_.begin());
    return *this;
}

Hash256 Sha256::finish() {
    constexpr size_t kLengthAt = kBlock - 8;
    const uint64_t bits = size_ * 8;
    size_t filled = size_ % kBlock;
    buffer_[filled++] = 0x80;
    if (filled > kLengthAt) {
        std::fill(buffer_.begin() + static_cast<ptrdiff_t>(filled), buffer_.end(), uint8_t{0});
        compress(state_, buffer_.data(), 1);
        filled = 0;
    }
    std::fill(buffer_.begin() + static_cast<ptrdiff_t>(filled), buffer_.end() - 8, uint8_t{0});
    for (size_t i = 0; i < 8; ++i)
        buffer_[kLengthAt + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
    compress(state_, buffer_.data(), 1);
    return to_hash(state_);
}

Sha256State Sha256::midstate() const {
    CHECK(size_ % kBlock == 0);
    return state_;
}

Hash256 sha256(ByteSpan data) {
    return Sha256{}.write(data).finish();
}

Hash256 sha256d(ByteSpan data) {
    return sha256(sha256(data).span());
}

Sha256 tagged_hasher(std::string_view tag) {
    const Hash256 prefix = sha256(as_bytes(tag));
    return Sha256{}.write(prefix.span()).write(prefix.span());
}

Hash256 tagged_hash(std::string_view tag, ByteSpan data) {
    return tagged_hasher(tag).write(data).finish();
}

void sha256d_64(uint8_t* output, const uint8_t* input, size_t count) {
    // A kernel reads its inputs before it writes, and the output never overtakes the input: they
    // may be the same.
    for (const BatchKernel& kernel : kernels().batch) {
        for (; count >= kernel.lanes; count -= kernel.lanes) {
            kernel.run(output, input);
            input += kernel.lanes * kBlock;
            output += kernel.lanes * Hash256::kSize;
        }
    }
}

std::string_view sha256_implementation() {
    return kernels().name;
}

}  // namespace parley
