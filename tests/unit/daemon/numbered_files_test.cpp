#include "node/daemon/storage/numbered_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

// What can be opened but not written stands for a file whose sync fails.
TEST(NumberedFileWriter, sync_after_a_crash_reaches_files_of_the_last_user_and_only_then) {
    const TemporaryDirectory directory;
    const std::string own = directory / "";
    const FileId other{FileId::Kind::undo, 7};
    std::filesystem::create_directory(numbered_file_path(own, other));
    NumberedFileWriter orderly(own);
    ASSERT_TRUE(orderly.write({FileId::Kind::block, 0}, 0, Bytes{1, 2, 3}));
    EXPECT_TRUE(orderly.sync());
    NumberedFileWriter after_crash(own, true);
    const auto failed = after_crash.sync();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("rev00007.dat"), std::string::npos);
    std::filesystem::remove(numbered_file_path(own, other));
    EXPECT_TRUE(after_crash.sync());
}

}  // namespace
}  // namespace parley
