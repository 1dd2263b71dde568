// Figures for base/crypto: hash rates of the nonce search's kernels beside a bare loop of the SHA
// instructions, bulk and Merkle hashing, signatures. Every figure is for one core.
#include <benchmark/benchmark.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/crypto/cpu_features.h"
#include "base/crypto/keys.h"
#include "base/crypto/pow_search.h"
#include "base/crypto/sha256.h"
#include "base/crypto/sha256_kernels.h"
#include "base/random.h"

namespace parley {
namespace {

constexpr uint64_t kNonces = 1 << 16;

// The baseline for the search kernels: complete compressions of two interleaved messages, with 64
// rounds and the whole message schedule each. Without optimisations, two nonces cost two such
// pairs.
#if defined(__x86_64__)
__attribute__((target("sha,sse4.1"))) void bare_compressions(uint64_t pairs) {
    using sha256_kernels::kRoundConstants;
    __m128i abef[2], cdgh[2], m[2][4];
    for (int k = 0; k < 2; ++k) {
        abef[k] = _mm_set1_epi32(k + 1);
        cdgh[k] = _mm_set1_epi32(k + 3);
    }
    for (; pairs > 0; --pairs) {
        for (int k = 0; k < 2; ++k) {
            for (int i = 0; i < 4; ++i) m[k][i] = abef[k];
        }
#pragma GCC unroll 16
        for (int quad = 0; quad < 16; ++quad) {
            __m128i sum[2];
            const __m128i constant =
                _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants + 4 * quad));
            for (int k = 0; k < 2; ++k) {
                __m128i& w0 = m[k][quad % 4];
                const __m128i w12 = m[k][(quad + 3) % 4];
                if (quad >= 4) {
                    const __m128i w9 = _mm_alignr_epi8(w12, m[k][(quad + 2) % 4], 4);
                    w0 = _mm_sha256msg2_epu32(
                        _mm_add_epi32(_mm_sha256msg1_epu32(w0, m[k][(quad + 1) % 4]), w9), w12);
                }
                sum[k] = _mm_add_epi32(w0, constant);
            }
            for (int k = 0; k < 2; ++k) cdgh[k] = _mm_sha256rnds2_epu32(cdgh[k], abef[k], sum[k]);
            for (int k = 0; k < 2; ++k) {
                abef[k] = _mm_sha256rnds2_epu32(abef[k], cdgh[k], _mm_shuffle_epi32(sum[k], 0x0e));
            }
        }
    }
    benchmark::DoNotOptimize(abef);
    benchmark::DoNotOptimize(cdgh);
}
#endif

void search_all(const PowSearchKernel& kernel) {
    static constexpr std::array<uint8_t, 80> kHeader{};
    benchmark::DoNotOptimize(kernel.search(kHeader, Hash256{}, 0, kNonces));
}

double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Processor time, so that other programs on the machine do not count.
double seconds_of(const std::function<void()>& work) {
    const double start = thread_seconds();
    work();
    return thread_seconds() - start;
}

// The candidates alternate, so that a change of the processor's clock affects all of them; medians
// are compared.
void print_hash_rates() {
    constexpr int kRounds = 31;
    std::vector<std::pair<std::string, std::function<void()>>> candidates;
#if defined(__x86_64__)
    if (cpu_features().sha_ni)
        candidates.emplace_back("bare loop", [] { bare_compressions(kNonces); });
#endif
    for (const PowSearchKernel& kernel : pow_search_kernels()) {
        candidates.emplace_back(kernel.name, [&kernel] { search_all(kernel); });
    }
    std::vector<std::vector<double>> seconds(candidates.size());
    for (int round = 0; round < kRounds; ++round) {
        for (size_t i = 0; i < candidates.size(); ++i)
            seconds[i].push_back(seconds_of(candidates[i].second));
    }
    std::printf("nonce search, one core, medians of %d rounds of %llu nonces:\n", kRounds,
                static_cast<unsigned long long>(kNonces));
    double bare = 0;
    for (size_t i = 0; i < candidates.size(); ++i) {
        std::nth_element(seconds[i].begin(), seconds[i].begin() + kRounds / 2, seconds[i].end());
        const double rate = static_cast<double>(kNonces) / seconds[i][kRounds / 2];
        if (candidates[i].first == "bare loop") bare = rate;
        std::printf("  %-12s %8.2f MH/s", candidates[i].first.c_str(), rate / 1e6);
        if (bare > 0)
            std::printf("  %6.1f %% of two interleaved compressions a nonce", 100 * rate / bare);
        std::printf("\n");
    }
}

void sha256_one_megabyte(benchmark::State& state) {
    const Bytes data(1'000'000, 0x5a);
    for (auto _ : state) benchmark::DoNotOptimize(sha256(data));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
                            static_cast<int64_t>(data.size()));
}
BENCHMARK(sha256_one_megabyte);

void sha256d_64_ten_thousand(benchmark::State& state) {
    constexpr size_t kCount = 10'000;
    Bytes data(kCount * 64, 0x5a);
    for (auto _ : state) {
        sha256d_64(data.data(), data.data(), kCount);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                            static_cast<int64_t>(kCount));
}
BENCHMARK(sha256d_64_ten_thousand);

struct Signed {
    SeededRandom random{1};
    SecretKey secret = SecretKey::generate(random);
    PublicKey key = secret.public_key();
    Hash256 message = sha256(as_bytes("message"));
};

void ecdsa_sign(benchmark::State& state) {
    const Signed s;
    for (auto _ : state) benchmark::DoNotOptimize(s.secret.sign_der(s.message));
}
BENCHMARK(ecdsa_sign);

void ecdsa_verify(benchmark::State& state) {
    const Signed s;
    const Bytes signature = s.secret.sign_der(s.message);
    for (auto _ : state) {
        if (!verify_ecdsa(s.key.bytes(), s.message, signature))
            state.SkipWithError("does not verify");
    }
}
BENCHMARK(ecdsa_verify);

void schnorr_sign(benchmark::State& state) {
    const Signed s;
    for (auto _ : state) benchmark::DoNotOptimize(s.secret.sign_schnorr(s.message, {}));
}
BENCHMARK(schnorr_sign);

void schnorr_verify(benchmark::State& state) {
    const Signed s;
    const auto signature = s.secret.sign_schnorr(s.message, {});
    for (auto _ : state) {
        if (!verify_schnorr(s.key.x_only(), s.message.span(), signature))
            state.SkipWithError("does not verify");
    }
}
BENCHMARK(schnorr_verify);

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    std::printf("SHA-256: %s\n", std::string{parley::sha256_implementation()}.c_str());
    parley::print_hash_rates();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
