#include "node/daemon/storage/leveldb_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <leveldb/db.h>
#include <rapidcheck.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>

#include "base/serialize.h"
#include "base/storage/memory_storage.h"
#include "tests/unit/daemon/temporary_directory.h"

namespace parley {
namespace {

constexpr FileId kBlockFile{FileId::Kind::block, 0};

Bytes text(std::string_view value) {
    return to_bytes(as_bytes(value));
}

class LevelDbStorageTest : public testing::Test {
 protected:
    LevelDbOptions options() const {
        LevelDbOptions result;
        result.directory = directory_ / "blocks/index";
        result.files_directory = directory_ / "blocks";
        return result;
    }
    std::unique_ptr<LevelDbStorage> open() {
        auto storage = LevelDbStorage::open(options(), thread_);
        EXPECT_TRUE(storage) << storage.error().message;
        return std::move(*storage);
    }
    void wait_written() {
        std::promise<void> done;
        thread_.barrier(Durability::written, [&done] { done.set_value(); });
        done.get_future().wait();
    }
    static void put(Storage& storage, std::string_view key, std::string_view value) {
        WriteBatch batch;
        batch.put(as_bytes(key), text(value));
        storage.commit(std::move(batch), Durability::written);
    }
    static std::string scan(const Storage& storage, std::string_view prefix) {
        std::string result;
        EXPECT_TRUE(storage.scan(as_bytes(prefix), [&](ByteSpan key, ByteSpan value) {
            result += std::string(as_text(key)) + "=" + std::string(as_text(value)) + " ";
            return true;
        }));
        return result;
    }

    TemporaryDirectory directory_;
    std::vector<StorageError> errors_;
    StorageThread thread_{[this](const StorageError& error) { errors_.push_back(error); }};
};

TEST_F(LevelDbStorageTest, get_after_commit_sees_value_before_and_after_it_is_written) {
    const auto storage = open();
    std::promise<void> gate;
    thread_.barrier(Durability::written, [&gate] { gate.get_future().wait(); });
    put(*storage, "k", "old");
    put(*storage, "k", "new");
    EXPECT_EQ(storage->get(as_bytes("k")).value(), text("new"));
    gate.set_value();
    wait_written();
    EXPECT_EQ(storage->get(as_bytes("k")).value(), text("new"));
    EXPECT_EQ(storage->get(as_bytes("absent")).value(), std::nullopt);
}

TEST_F(LevelDbStorageTest, removed_file_is_gone_with_its_space_and_its_keys_are_there) {
    const auto storage = open();
    EXPECT_EQ(storage->file_size(kBlockFile).value(), 0u);
    WriteBatch batch;
    batch.write_file(kBlockFile, 5, Bytes(100, 7));
    storage->commit(std::move(batch), Durability::written);
    EXPECT_EQ(storage->file_size(kBlockFile).value(), 105u) << "before it is on the disk";
    EXPECT_EQ(storage->read_file(kBlockFile, 5, 100).value(), Bytes(100, 7));
    WriteBatch removal;
    removal.put(as_bytes("f"), text("gone"));
    removal.remove_file(kBlockFile);
    removal.remove_file({FileId::Kind::undo, 0});  // never was there
    storage->commit(std::move(removal), Durability::synced);
    wait_written();
    EXPECT_FALSE(std::filesystem::exists(directory_ / "blocks/blk00000.dat"));
    EXPECT_EQ(storage->file_size(kBlockFile).value(), 0u);
    EXPECT_EQ(storage->get(as_bytes("f")).value(), text("gone"));
    EXPECT_TRUE(errors_.empty());
}

TEST_F(LevelDbStorageTest, scan_merges_pending_puts_and_erases_in_key_order) {
    const auto storage = open();
    for (const char* key : {"a1", "a3", "a5", "b1"}) put(*storage, key, "disk");
    wait_written();
    std::promise<void> gate;
    thread_.barrier(Durability::written, [&gate] { gate.get_future().wait(); });
    WriteBatch batch;
    batch.put(as_bytes("a0"), text("new"));
    batch.put(as_bytes("a3"), text("new"));
    batch.erase(as_bytes("a5"));
    batch.put(as_bytes("a9"), text("new"));
    storage->commit(std::move(batch), Durability::written);
    const std::string expected = "a0=new a1=disk a3=new a9=new ";
    EXPECT_EQ(scan(*storage, "a"), expected);
    gate.set_value();
    wait_written();
    EXPECT_EQ(scan(*storage, "a"), expected);
}

TEST_F(LevelDbStorageTest, snapshot_keeps_pending_and_written_values_whatever_follows) {
    const auto storage = open();
    for (const char* key : {"a1", "a2", "b1"}) put(*storage, key, "disk");
    wait_written();
    std::promise<void> gate;
    thread_.barrier(Durability::written, [&gate] { gate.get_future().wait(); });
    put(*storage, "a0", "pending");
    const auto snapshot = storage->snapshot(as_bytes("a"));
    ASSERT_TRUE(snapshot);
    WriteBatch later;
    later.erase(as_bytes("a0"));
    later.put(as_bytes("a2"), text("later"));
    later.put(as_bytes("a3"), text("later"));
    storage->commit(std::move(later), Durability::written);
    gate.set_value();
    wait_written();
    std::string seen;
    std::thread reader([&] {
        EXPECT_TRUE((*snapshot)->scan([&](ByteSpan key, ByteSpan value) {
            seen += std::string(as_text(key)) + "=" + std::string(as_text(value)) + " ";
            return true;
        }));
    });
    reader.join();
    EXPECT_EQ(seen, "a0=pending a1=disk a2=disk ");
    EXPECT_EQ(scan(*storage, "a"), "a1=disk a2=later a3=later ");
}

TEST_F(LevelDbStorageTest, scan_visitor_returning_false_stops_and_may_commit) {
    const auto storage = open();
    put(*storage, "a", "1");
    put(*storage, "b", "2");
    int visits = 0;
    EXPECT_TRUE(storage->scan({}, [&](ByteSpan key, ByteSpan) {
        ++visits;
        WriteBatch batch;
        batch.erase(key);
        storage->commit(std::move(batch), Durability::written);
        return false;
    }));
    EXPECT_EQ(visits, 1);
    EXPECT_EQ(scan(*storage, ""), "b=2 ");
}

TEST_F(LevelDbStorageTest, read_file_composes_disk_and_pending_writes) {
    const auto storage = open();
    WriteBatch first;
    first.write_file(kBlockFile, 0, text("0123456789"));
    storage->commit(std::move(first), Durability::synced);
    wait_written();
    std::promise<void> gate;
    thread_.barrier(Durability::written, [&gate] { gate.get_future().wait(); });
    WriteBatch second;
    second.write_file(kBlockFile, 4, text("abcd"));
    second.write_file(kBlockFile, 12, text("xy"));
    storage->commit(std::move(second), Durability::written);
    const std::string expected{"0123abcd89\0\0xy", 14};
    EXPECT_EQ(storage->read_file(kBlockFile, 0, 14).value(), text(expected));
    EXPECT_EQ(storage->read_file(kBlockFile, 5, 4).value(), text("bcd8"));
    gate.set_value();
    wait_written();
    put(*storage, "k", "v");  // forgets what is written
    EXPECT_EQ(storage->read_file(kBlockFile, 0, 14).value(), text(expected));
    const auto beyond = storage->read_file(kBlockFile, 10, 5);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, StorageError::Code::corruption);
    EXPECT_FALSE(storage->read_file({FileId::Kind::undo, 7}, 0, 1));
}

TEST_F(LevelDbStorageTest, open_after_close_finds_every_commit) {
    {
        const auto storage = open();
        for (int i = 0; i < 1000; ++i) put(*storage, "k" + std::to_string(i), std::to_string(i));
    }
    const auto storage = open();
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(storage->get(as_bytes("k" + std::to_string(i))).value(), text(std::to_string(i)));
    }
}

TEST_F(LevelDbStorageTest, operations_random_agree_with_memory_storage) {
    ASSERT_TRUE(rc::check([this] {
        std::filesystem::remove_all(directory_ / "blocks");
        MemoryStorage model;
        auto storage = open();
        const auto commits = *rc::gen::inRange(1, 40);
        for (int i = 0; i < commits; ++i) {
            WriteBatch ours, theirs;
            const auto operations = *rc::gen::inRange(1, 6);
            for (int k = 0; k < operations; ++k) {
                const Bytes key = *rc::gen::container<Bytes>(
                    static_cast<size_t>(*rc::gen::inRange(1, 3)), rc::gen::inRange<uint8_t>(0, 4));
                if (*rc::gen::inRange(0, 3) == 0) {
                    ours.erase(key);
                    theirs.erase(key);
                } else {
                    const auto value = *rc::gen::arbitrary<Bytes>();
                    ours.put(key, value);
                    theirs.put(key, value);
                }
            }
            const auto durability =
                *rc::gen::inRange(0, 20) == 0 ? Durability::synced : Durability::written;
            storage->commit(std::move(ours), durability);
            model.commit(std::move(theirs), durability);
            if (*rc::gen::inRange(0, 10) == 0) {
                storage.reset();
                storage = open();
            }
            std::map<Bytes, Bytes> expected, found;
            const Bytes prefix(static_cast<size_t>(*rc::gen::inRange(0, 2)), 1);
            RC_ASSERT(model.scan(prefix, [&](ByteSpan key, ByteSpan value) {
                return expected.emplace(to_bytes(key), to_bytes(value)).second;
            }));
            RC_ASSERT(storage->scan(prefix, [&](ByteSpan key, ByteSpan value) {
                return found.emplace(to_bytes(key), to_bytes(value)).second;
            }));
            RC_ASSERT(found == expected);
        }
    }));
}

TEST_F(LevelDbStorageTest, commit_to_full_disk_reports_and_loses_nothing_acknowledged) {
    if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
    auto storage = open();
    std::filesystem::create_symlink("/dev/full", directory_ / "blocks/blk00000.dat");
    put(*storage, "before", "1");
    wait_written();
    WriteBatch batch;
    batch.write_file(kBlockFile, 0, text("x"));
    batch.put(as_bytes("after"), text("1"));
    storage->commit(std::move(batch), Durability::written);
    // The store closes although nothing can be written any more.
    storage.reset();
    ASSERT_EQ(errors_.size(), 1u);
    EXPECT_NE(errors_[0].message.find("Free some space"), std::string::npos);
    EXPECT_TRUE(thread_.failed());
    std::filesystem::remove(directory_ / "blocks/blk00000.dat");
    StorageThread healthy{[](const StorageError& error) { FAIL() << error.message; }};
    const auto reopened = LevelDbStorage::open(options(), healthy);
    ASSERT_TRUE(reopened) << reopened.error().message;
    EXPECT_EQ((*reopened)->get(as_bytes("before")).value(), text("1"));
    EXPECT_EQ((*reopened)->get(as_bytes("after")).value(), std::nullopt);
}

class RefusalTest : public LevelDbStorageTest {
 protected:
    // Everything below the directory, so that a test can say "nothing was changed".
    std::map<std::string, std::string> contents() const {
        std::map<std::string, std::string> result;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            result[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
        }
        return result;
    }
    std::string refusal() {
        const auto before = contents();
        const auto storage = LevelDbStorage::open(options(), thread_);
        EXPECT_FALSE(storage);
        EXPECT_EQ(contents(), before);
        return storage ? "" : storage.error().message;
    }
};

TEST_F(RefusalTest, open_database_of_another_program_refused_untouched) {
    std::filesystem::create_directories(directory_ / "blocks");
    leveldb::Options foreign;
    foreign.create_if_missing = true;
    leveldb::DB* db = nullptr;
    ASSERT_TRUE(leveldb::DB::Open(foreign, directory_ / "blocks/index", &db).ok());
    ASSERT_TRUE(db->Put({}, "k", "v").ok());
    delete db;
    EXPECT_NE(refusal().find("another program"), std::string::npos);
}

TEST_F(RefusalTest, open_tables_without_current_refused_untouched) {
    {
        const auto storage = open();
        put(*storage, "k", "v");
    }
    std::filesystem::remove(directory_ / "blocks/index/CURRENT");
    EXPECT_NE(refusal().find("damaged"), std::string::npos);
}

TEST_F(RefusalTest, open_block_files_without_index_refused_untouched) {
    std::filesystem::create_directories(directory_ / "blocks/index");
    std::ofstream(directory_ / "blocks/blk00000.dat") << "blocks of a year";
    EXPECT_NE(refusal().find("without their index"), std::string::npos);
}

TEST_F(RefusalTest, open_torn_manifest_refused) {
    {
        const auto storage = open();
        put(*storage, "k", "v");
    }
    std::ofstream(directory_ / "blocks/index/CURRENT") << "MANIFEST-999999\n";
    EXPECT_NE(refusal().find("damaged"), std::string::npos);
}

TEST_F(RefusalTest, open_after_clean_close_without_commit_changes_no_file) {
    {
        const auto storage = open();
        put(*storage, "k", "v");
    }
    const auto before = contents();
    for (int i = 0; i < 3; ++i) {
        const auto storage = open();
        EXPECT_EQ(storage->get(as_bytes("k")).value(), text("v"));
        EXPECT_EQ(contents(), before);
    }
    EXPECT_EQ(contents(), before);
    for (int i = 0; i < 3; ++i) put(*open(), "k" + std::to_string(i), "v");
    EXPECT_NE(contents(), before);
    EXPECT_EQ(scan(*open(), "k"), "k=v k0=v k1=v k2=v ");
}

// What a kill in the middle of a write leaves: no mark of a clean end, and half a record.
TEST_F(LevelDbStorageTest, open_after_torn_log_keeps_all_before_and_can_write_again) {
    namespace fs = std::filesystem;
    {
        const auto storage = open();
        put(*storage, "a", "1");
    }
    fs::remove(directory_ / "blocks/index/CLEAN_SHUTDOWN");
    int logs = 0;
    for (const auto& entry : fs::directory_iterator(directory_ / "blocks/index")) {
        if (entry.path().extension() != ".log") continue;
        ++logs;
        const std::string record{"\x01\x02\x03\x04\x40\x00\x01half of it", 17};
        std::ofstream(entry.path(), std::ios::binary | std::ios::app) << record;
    }
    EXPECT_EQ(logs, 1);
    put(*open(), "b", "2");
    EXPECT_EQ(scan(*open(), ""), "a=1 b=2 ");
}

TEST_F(LevelDbStorageTest, open_twice_refused) {
    const auto storage = open();
    const auto second = LevelDbStorage::open(options(), thread_);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("exclusive lock"), std::string::npos);
}

// A child writes numbered commits and says which are acknowledged; it is killed at a moment that
// differs each round; what it acknowledged must be there, and the sequence must have no hole.
// A lock of a process ends when it closes any descriptor of the file, as syncing one does.
TEST_F(LevelDbStorageTest, other_process_is_locked_out_also_after_a_sync) {
    const auto storage = open();
    WriteBatch batch;
    batch.put(as_bytes("k"), text("v"));
    storage->commit(std::move(batch), Durability::synced);
    std::promise<void> done;
    thread_.barrier(Durability::synced, [&done] { done.set_value(); });
    done.get_future().wait();
    const std::string lock_file = options().directory + "/LOCK";
    const int file = ::open(lock_file.c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(file, 0);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    ASSERT_EQ(::fcntl(file, F_OFD_GETLK, &lock), 0);
    ::close(file);
    EXPECT_EQ(lock.l_type, F_WRLCK) << "nobody holds it";
}

TEST(LevelDbStorageCrash, kill_at_any_moment_loses_nothing_acknowledged) {
    for (unsigned round = 0; round < 10; ++round) {
        const TemporaryDirectory directory;
        LevelDbOptions options;
        options.directory = directory / "index";
        options.files_directory = directory.path();
        options.write_buffer_bytes = 64 << 10;  // compactions within a few milliseconds
        const bool reuse = round % 2 == 1;
        if (reuse) {
            // An earlier run that ended in order: the child appends to its log.
            StorageThread thread{[](const StorageError& error) { FAIL() << error.message; }};
            const auto storage = LevelDbStorage::open(options, thread);
            ASSERT_TRUE(storage);
            WriteBatch batch;
            batch.put(as_bytes("\xff"), {1});
            (*storage)->commit(std::move(batch), Durability::written);
        }
        int pipe_ends[2];
        ASSERT_EQ(::pipe(pipe_ends), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            StorageThread thread{[](const StorageError&) { ::_exit(3); }};
            const auto storage = LevelDbStorage::open(options, thread);
            if (!storage) ::_exit(2);
            for (uint32_t i = 0;; ++i) {
                WriteBatch batch;
                Bytes value(200, static_cast<uint8_t>(i));
                std::copy_n(reinterpret_cast<const uint8_t*>(&i), sizeof i, value.begin());
                batch.write_file(kBlockFile, uint64_t{i} * value.size(), value);
                batch.put(Writer{}.be(i).take(), std::move(value));
                (*storage)->commit(std::move(batch),
                                   i % 16 == 0 ? Durability::synced : Durability::written);
                thread.barrier(Durability::written, [i, fd = pipe_ends[1]] {
                    if (::write(fd, &i, sizeof i) != sizeof i) ::_exit(4);
                });
            }
        }
        ::close(pipe_ends[1]);
        int64_t acknowledged = -1;
        uint32_t number = 0;
        while (acknowledged < 50 + 97 * static_cast<int64_t>(round) &&
               ::read(pipe_ends[0], &number, sizeof number) == sizeof number)
            acknowledged = number;
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed: " << WEXITSTATUS(status);
        while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) acknowledged = number;
        ::close(pipe_ends[0]);

        StorageThread thread{[](const StorageError& error) { FAIL() << error.message; }};
        const auto storage = LevelDbStorage::open(options, thread);
        ASSERT_TRUE(storage) << storage.error().message;
        uint32_t found = 0;
        ASSERT_TRUE((*storage)->scan({}, [&](ByteSpan key, ByteSpan value) {
            if (key.size() == 1) {
                EXPECT_TRUE(reuse);
                return true;
            }
            EXPECT_EQ(Reader{key}.be<uint32_t>(), found);
            EXPECT_EQ((*storage)->read_file(kBlockFile, found * value.size(), value.size()).value(),
                      to_bytes(value));
            ++found;
            return true;
        }));
        EXPECT_GT(int64_t{found}, acknowledged);
    }
}

TEST(LevelDbDirectory, open_list_exists_and_refusals) {
    const TemporaryDirectory directory;
    StorageThread thread{[](const StorageError& error) { FAIL() << error.message; }};
    LevelDbDirectory wallets(directory / "wallets", thread, false);
    EXPECT_TRUE(wallets.list().empty());
    EXPECT_FALSE(wallets.open("alice", StorageDirectory::Mode::open_existing));
    EXPECT_FALSE(std::filesystem::exists(directory / "wallets"));
    for (const char* name : {"bob", "alice", ""}) {
        auto storage = wallets.open(name, StorageDirectory::Mode::create_new);
        ASSERT_TRUE(storage) << storage.error().message;
        WriteBatch batch;
        batch.put(as_bytes("name"), text(name));
        (*storage)->commit(std::move(batch), Durability::written);
        EXPECT_FALSE(wallets.open(name, StorageDirectory::Mode::create_new));
    }
    EXPECT_EQ(wallets.list(), (std::vector<std::string>{"", "alice", "bob"}));
    EXPECT_TRUE(wallets.exists("bob"));
    EXPECT_FALSE(wallets.exists("carol"));
    for (const char* name : {"bob", "alice", ""}) {
        const auto storage = wallets.open(name, StorageDirectory::Mode::open_existing);
        ASSERT_TRUE(storage);
        EXPECT_EQ((*storage)->get(as_bytes("name")).value(), text(name));
    }
}

TEST(LevelDbDirectory, name_is_a_path_below_or_if_allowed_an_absolute_one) {
    const TemporaryDirectory directory;
    StorageThread thread{[](const StorageError& error) { FAIL() << error.message; }};
    LevelDbDirectory confined(directory / "wallets", thread, false);
    LevelDbDirectory free(directory / "wallets", thread, true);
    const std::string outside = directory / "elsewhere/w";
    using enum StorageDirectory::Mode;
    ASSERT_TRUE(confined.open("a/b", create_new));
    ASSERT_TRUE(confined.open(outside, create_new));
    EXPECT_FALSE(std::filesystem::exists(outside));
    EXPECT_TRUE(confined.exists(outside));
    ASSERT_TRUE(free.open(outside, create_new));
    EXPECT_TRUE(std::filesystem::exists(outside + "/CURRENT"));
    EXPECT_TRUE(free.exists(outside) && free.exists("a/b"));
    EXPECT_EQ(free.list(), (std::vector<std::string>{"a/b", outside.substr(1)}));
    EXPECT_FALSE(free.open(std::string(300, 'a'), create_new));
}

}  // namespace
}  // namespace parley
