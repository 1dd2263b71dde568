// Unpacks test data that is kept as bzip2. For tests only.
#pragma once

#include <bzlib.h>
#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace parley {

/// REQUIRES: the plain data is at most `size_max` bytes. Empty on a failure, which is reported.
inline Bytes decompress(const std::string& packed, size_t size_max) {
    Bytes plain(size_max);
    auto size = static_cast<unsigned int>(plain.size());
    std::string source = packed;
    const int result =
        BZ2_bzBuffToBuffDecompress(reinterpret_cast<char*>(plain.data()), &size, source.data(),
                                   static_cast<unsigned int>(source.size()), 0, 0);
    EXPECT_EQ(result, BZ_OK);
    plain.resize(result == BZ_OK ? size : 0);
    return plain;
}

}  // namespace parley
