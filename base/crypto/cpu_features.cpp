#include "base/crypto/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstdint>

namespace parley {
namespace {

#if defined(__x86_64__)
// XCR0: which register files the operating system saves. A processor may support more than these.
uint64_t extended_control_register() {
    uint32_t low = 0;
    uint32_t high = 0;
    asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return uint64_t{high} << 32 | low;
}

CpuFeatures detect() {
    constexpr uint64_t kSavesAvx = 0x06;  // xmm and the upper halves of ymm
    constexpr uint64_t kSavesAvx512 =
        0xe6;  // and the mask registers, upper halves of zmm, zmm16 to zmm31
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return {};
    const bool sse4 = (ecx & bit_SSE4_1) && (ecx & bit_SSSE3);
    const uint64_t saved = ecx & bit_OSXSAVE ? extended_control_register() : 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return {};
    CpuFeatures features;
    features.sha_ni = sse4 && (ebx & bit_SHA);
    features.avx2 = (saved & kSavesAvx) == kSavesAvx && (ebx & bit_AVX2);
    features.avx512 =
        (saved & kSavesAvx512) == kSavesAvx512 && (ebx & bit_AVX512F) && (ebx & bit_AVX512BW);
    return features;
}
#else
CpuFeatures detect() {
    return {};
}
#endif

}  // namespace

const CpuFeatures& cpu_features() {
    static const CpuFeatures features = detect();
    return features;
}

}  // namespace parley
