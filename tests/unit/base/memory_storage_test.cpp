#include "base/storage/memory_storage.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"
#include "tests/unit/seed.h"

namespace parley {
namespace {

Bytes bytes(std::string_view text) {
    return to_bytes(as_bytes(text));
}

class MemoryStorageTest : public testing::Test {
 protected:
    void put(std::string_view key, std::string_view value) {
        WriteBatch batch;
        batch.put(as_bytes(key), bytes(value));
        storage_.commit(std::move(batch), Durability::written);
    }
    std::optional<Bytes> get(std::string_view key) { return storage_.get(as_bytes(key)).value(); }
    std::string scan(std::string_view prefix, size_t limit = 1000) {
        std::string seen;
        const auto result = storage_.scan(as_bytes(prefix), [&](ByteSpan key, ByteSpan value) {
            seen += std::string{as_text(key)} + '=' + std::string{as_text(value)} + ' ';
            return --limit > 0;
        });
        EXPECT_TRUE(result.has_value());
        return seen;
    }

    MemoryStorage storage_;
};

constexpr FileId kFile{FileId::Kind::block, 3};

TEST_F(MemoryStorageTest, missing_key_is_empty_and_empty_value_is_a_value) {
    EXPECT_EQ(get("key"), std::nullopt);
    put("key", "");
    EXPECT_EQ(get("key"), Bytes{});
    put("key", "new");
    EXPECT_EQ(get("key"), bytes("new"));
}

TEST_F(MemoryStorageTest, operations_of_a_batch_take_effect_in_their_order) {
    WriteBatch batch;
    batch.put(as_bytes("a"), bytes("1"));
    batch.erase(as_bytes("a"));
    batch.erase(as_bytes("b"));
    batch.put(as_bytes("b"), bytes("2"));
    EXPECT_FALSE(batch.empty());
    storage_.commit(std::move(batch), Durability::synced);
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_EQ(get("b"), bytes("2"));
}

TEST_F(MemoryStorageTest, commits_are_numbered_from_one) {
    EXPECT_EQ(storage_.commit({}, Durability::written), CommitId{1});
    EXPECT_EQ(storage_.commit({}, Durability::synced), CommitId{2});
}

TEST_F(MemoryStorageTest, scan_visits_the_prefix_in_order_until_told_to_stop) {
    for (const char* key : {"b2", "a", "b", "c", "b1", "ba"}) put(key, "v");
    put(std::string_view{"b\xff", 2}, "v");
    EXPECT_EQ(scan("b"), "b=v b1=v b2=v ba=v b\xff=v ");
    EXPECT_EQ(scan("b", 2), "b=v b1=v ");
    EXPECT_EQ(scan("d"), "");
    EXPECT_EQ(scan("b12"), "");
    EXPECT_EQ(scan("", 1), "a=v ");
}

TEST_F(MemoryStorageTest, files_grow_with_zeros_and_are_overwritten_in_place) {
    WriteBatch batch;
    batch.write_file(kFile, 2, Bytes{1, 2, 3});
    storage_.commit(std::move(batch), Durability::written);
    EXPECT_EQ(storage_.read_file(kFile, 0, 5).value(), (Bytes{0, 0, 1, 2, 3}));
    WriteBatch second;
    second.write_file(kFile, 3, Bytes{9});
    storage_.commit(std::move(second), Durability::written);
    EXPECT_EQ(storage_.read_file(kFile, 1, 4).value(), (Bytes{0, 1, 9, 3}));
    EXPECT_EQ(storage_.read_file(kFile, 5, 0).value(), Bytes{});
}

TEST_F(MemoryStorageTest, reading_past_the_end_of_a_file_is_corruption) {
    WriteBatch batch;
    batch.write_file(kFile, 0, Bytes{1, 2, 3});
    storage_.commit(std::move(batch), Durability::written);
    constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
    for (const auto& [offset, size] :
         {std::pair<uint64_t, size_t>{0, 4}, {3, 1}, {4, 0}, {kHuge, 1}, {kHuge - 1, 3}}) {
        const auto result = storage_.read_file(kFile, offset, size);
        ASSERT_FALSE(result.has_value()) << offset << ' ' << size;
        EXPECT_EQ(result.error().code, StorageError::Code::corruption);
        EXPECT_FALSE(result.error().message.empty());
    }
    EXPECT_FALSE(storage_.read_file({FileId::Kind::undo, 3}, 0, 1).has_value())
        << "another kind is another file";
    EXPECT_FALSE(storage_.read_file({FileId::Kind::block, 4}, 0, 1).has_value());
}

TEST_F(MemoryStorageTest, file_size_follows_writes_and_removal) {
    EXPECT_EQ(storage_.file_size(kFile).value(), 0u);
    WriteBatch batch;
    batch.write_file(kFile, 10, Bytes{1, 2, 3});
    storage_.commit(std::move(batch), Durability::written);
    EXPECT_EQ(storage_.file_size(kFile).value(), 13u);
    WriteBatch removal;
    removal.remove_file(kFile);
    removal.remove_file({FileId::Kind::undo, 77});
    storage_.commit(std::move(removal), Durability::synced);
    EXPECT_EQ(storage_.file_size(kFile).value(), 0u);
    EXPECT_FALSE(storage_.read_file(kFile, 10, 1).has_value());
}

TEST_F(MemoryStorageTest, random_operations_equal_a_plain_map) {
    const uint64_t seed = test_seed();
    SeededRandom random{seed};
    std::map<std::string, std::string> model;
    for (int round = 0; round < 2000; ++round) {
        std::string key(random.uniform(4), 'a');
        for (char& c : key) c = static_cast<char>('a' + random.uniform(3));
        WriteBatch batch;
        if (random.uniform(3) == 0) {
            batch.erase(as_bytes(key));
            model.erase(key);
        } else {
            model[key] = std::to_string(round);
            batch.put(as_bytes(key), bytes(model[key]));
        }
        storage_.commit(std::move(batch), Durability::written);
        std::string expected;
        for (const auto& [k, v] : model) expected += k + '=' + v + ' ';
        ASSERT_EQ(scan(""), expected) << "seed " << seed << " round " << round;
    }
}

}  // namespace
}  // namespace parley
