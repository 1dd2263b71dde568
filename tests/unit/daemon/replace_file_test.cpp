// Small files are replaced as a whole.
#include "node/daemon/system/replace_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ReplaceFile, new_contents_replace_longer_ones_and_nothing_else_stays) {
    const TemporaryDirectory directory;
    const std::string path = directory / "file";
    EXPECT_EQ(replace_file(path, as_bytes("the first and longer contents")), "");
    EXPECT_EQ(replace_file(path, as_bytes("second")), "");
    EXPECT_EQ(text_of(path), "second");
    EXPECT_EQ(replace_file(path, {}), "");
    EXPECT_EQ(text_of(path), "");
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(ReplaceFile, failure_names_the_path_and_leaves_the_old_file) {
    const TemporaryDirectory directory;
    const std::string path = directory / "file";
    ASSERT_EQ(replace_file(path, as_bytes("old")), "");
    std::filesystem::create_directory(path + ".new");  // cannot be written
    const std::string problem = replace_file(path, as_bytes("new"));
    EXPECT_NE(problem.find(path + ".new"), std::string::npos) << problem;
    EXPECT_EQ(text_of(path), "old");
    EXPECT_NE(replace_file(directory / "no/file", as_bytes("x")), "");
}

}  // namespace
}  // namespace parley
