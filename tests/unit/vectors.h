// Where the test data of public projects lies: in the folder that the environment variable
// PARLEY_VECTORS names, else in ../shared/vectors beside the source tree. It is no part of the
// project, so a test that needs it skips loudly when it is missing, with the number of cases left
// out:
//     const auto text = read_vectors("sighash.json");
//     if (!text) GTEST_SKIP() << "sighash.json not found: 270 cases left out";
//     ...
//     expect_cases("sighash.json", cases, 270);
// Suites of such tests are named ...Vectors: that is what ctest's label `vectors` goes by. For
// tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace parley {

/// Null: the usual folder.
inline const char* given_vectors() {
    return std::getenv("PARLEY_VECTORS");
}

/// The whole file, or nothing when there is none of that name.
inline std::optional<std::string> read_vectors(const std::string& name) {
    const char* given = given_vectors();
    const auto folder =
        given != nullptr ? std::filesystem::path{given}
                         : std::filesystem::path{PARLEY_SOURCE_DIR} / ".." / "shared" / "vectors";
    std::ifstream file{folder / name, std::ios::binary};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// Prints how many cases ran. They must be as many as the usual file is known to hold; of another
/// folder's file nothing is known but that it is not empty.
inline void expect_cases(const std::string& name, int cases, int usual) {
    std::printf("%s: %d cases\n", name.c_str(), cases);
    EXPECT_GE(cases, given_vectors() == nullptr ? usual : 1) << name << " is cut short";
}

}  // namespace parley
