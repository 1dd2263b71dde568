// What the processor and the operating system allow at run time, as far as the hash kernels ask.
// Not a general survey. Internal to base/crypto. Thread-safe.
#pragma once

namespace parley {

struct CpuFeatures {
    bool sha_ni = false;  ///< SHA extensions with SSE4.1
    bool avx2 = false;
    bool avx512 = false;  ///< foundation and byte/word instructions (F, BW)
};

/// Asked once. All false on processors other than x86-64.
const CpuFeatures& cpu_features();

}  // namespace parley
