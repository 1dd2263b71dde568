// Where the test data of public projects lies: in the folder that the environment variable
// PARLEY_VECTORS names, else in
// ../shared/vectors beside the source tree. It is no part of the project, so a test that needs it
// skips loudly when it is missing, with the number of cases left out:
//     const auto text = read_vectors("sighash.json");
//     if (!text) GTEST_SKIP() << "sighash.json not found: 500 cases left out";
// For tests only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace parley {

/// The whole file, or nothing when there is none of that name.
inline std::optional<std::string> read_vectors(const std::string& name) {
    const char* given = std::getenv("PARLEY_VECTORS");
    const auto folder =
        given != nullptr ? std::filesystem::path{given}
                         : std::filesystem::path{PARLEY_SOURCE_DIR} / ".." / "shared" / "vectors";
    std::ifstream file{folder / name, std::ios::binary};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace parley
