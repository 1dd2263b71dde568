// CPU features that the hash kernels need, as reported by the processor and enabled by the
// operating system. Internal to base/crypto. Thread-safe.
#pragma once

namespace parley {

struct CpuFeatures {
    bool sha_ni = false;  ///< SHA extensions with SSE4.1
    bool avx2 = false;
    bool avx512 = false;  ///< foundation and byte/word instructions (F, BW)
};

/// Detected once. All false on processors other than x86-64.
const CpuFeatures& cpu_features();

}  // namespace parley
