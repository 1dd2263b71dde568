#include "node/daemon/storage/numbered_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

// What leads nowhere stands for a file whose sync fails.
TEST(NumberedFileWriter, sync_after_a_crash_reaches_files_of_the_last_user_and_only_then) {
    const TemporaryDirectory directory;
    const std::string own = directory / "";
    const FileId other{FileId::Kind::undo, 7};
    std::filesystem::create_symlink("nowhere", numbered_file_path(own, other));
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

TEST(NumberedFileWriter, block_file_is_created_with_its_undo_file) {
    const TemporaryDirectory directory;
    const std::string own = directory / "";
    const std::string undo = numbered_file_path(own, {FileId::Kind::undo, 3});
    NumberedFileWriter writer(own);
    ASSERT_TRUE(writer.write({FileId::Kind::block, 3}, 0, Bytes{1, 2, 3}));
    EXPECT_TRUE(std::filesystem::is_empty(undo));
    ASSERT_TRUE(writer.write({FileId::Kind::undo, 3}, 0, Bytes{4, 5}));
    EXPECT_EQ(std::filesystem::file_size(undo), 2u);
    // What is there stays.
    ASSERT_TRUE(writer.remove({FileId::Kind::block, 3}));
    ASSERT_TRUE(writer.write({FileId::Kind::block, 3}, 0, Bytes{1}));
    EXPECT_EQ(std::filesystem::file_size(undo), 2u);
}

TEST(NumberedFileReader, file_moved_away_or_replaced_is_noticed) {
    const TemporaryDirectory directory;
    const std::string own = directory / "";
    const FileId file{FileId::Kind::block, 0};
    const std::string path = numbered_file_path(own, file);
    NumberedFileWriter first(own);
    ASSERT_TRUE(first.write(file, 0, Bytes{1, 2, 3}));
    NumberedFileReader reader(own);
    Bytes bytes(3);
    ASSERT_EQ(*reader.read(file, 0, bytes), 3u);

    std::filesystem::rename(path, path + ".backup");
    EXPECT_EQ(*reader.read(file, 0, bytes), 0u);
    EXPECT_EQ(*reader.size(file), 0u);
    NumberedFileWriter second(own);
    ASSERT_TRUE(second.write(file, 0, Bytes{7, 8}));
    EXPECT_EQ(*reader.read(file, 0, bytes), 2u);
    EXPECT_EQ(bytes[0], 7);
    std::filesystem::rename(path + ".backup", path);
    EXPECT_EQ(*reader.size(file), 3u);
}

}  // namespace
}  // namespace parley
