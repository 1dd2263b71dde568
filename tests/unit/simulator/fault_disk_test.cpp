// What a simulated disk holds after a crash, and how it fails: each promise of fault_disk.h, over
// many draws where a draw decides.
#include "node/simulator/fault_disk.h"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <set>

namespace parley::sim {
namespace {

using std::chrono::seconds;

constexpr FileId kFile{FileId::Kind::block, 0};
constexpr uint64_t kDraws = 200;

FaultDisk make_disk(uint64_t seed) {
    return FaultDisk(SeededRandom(seed));
}

Bytes text(const std::string& characters) {
    return Bytes(characters.begin(), characters.end());
}

WriteBatch put(const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.put(text(key), text(value));
    return batch;
}

std::string value(Storage& store, const std::string& key) {
    const auto found = store.get(text(key)).value();
    return found ? std::string(found->begin(), found->end()) : "none";
}

std::string content(Storage& store) {
    const uint64_t size = store.file_size(kFile).value();
    if (size == 0) return "";
    const Bytes data = store.read_file(kFile, 0, size).value();
    return std::string(data.begin(), data.end());
}

/// All possible contents of a store after the crash, found by many random draws.
std::set<std::string> outcomes(Crash how, const std::function<void(FaultDisk&)>& before,
                               const std::function<std::string(FaultDisk&)>& after) {
    std::set<std::string> seen;
    for (uint64_t seed = 1; seed <= kDraws; ++seed) {
        FaultDisk disk = make_disk(seed);
        before(disk);
        disk.crash(how);
        seen.insert(after(disk));
        EXPECT_EQ(disk.failure(), nullptr);
    }
    return seen;
}

using Outcomes = std::set<std::string>;

TEST(FaultDisk, commits_are_read_at_once) {
    FaultDisk disk = make_disk(1);
    Storage& store = disk.store("blocks");
    store.commit(put("a", "1"), Durability::written);
    WriteBatch batch = put("b", "2");
    batch.erase(text("a"));
    batch.write_file(kFile, 2, text("xy"));
    store.commit(std::move(batch), Durability::synced);
    EXPECT_EQ(value(store, "a"), "none");
    EXPECT_EQ(value(store, "b"), "2");
    EXPECT_EQ(content(store), std::string("\0\0xy", 4));
    EXPECT_EQ(disk.last_commit(), CommitId{2});
    EXPECT_EQ(disk.used_bytes(), 6u);
    EXPECT_EQ(&disk.store("blocks"), &store);
}

TEST(FaultDisk, kill_keeps_what_was_written_and_any_prefix_behind_an_unfinished_sync) {
    const auto before = [](FaultDisk& disk) {
        disk.store("a").commit(put("k", "1"), Durability::written);
        disk.store("b").commit(put("k", "2"), Durability::written);
        disk.store("a").commit(put("k", "3"), Durability::synced);
        disk.store("b").commit(put("k", "4"), Durability::written);
    };
    const auto after = [](FaultDisk& disk) {
        return value(disk.store("a"), "k") + value(disk.store("b"), "k");
    };
    EXPECT_EQ(outcomes(Crash::kill, before, after), (Outcomes{"12", "32", "34"}));
}

TEST(FaultDisk, crash_says_whether_the_next_start_may_find_less) {
    for (uint64_t seed = 1; seed <= kDraws; ++seed) {
        FaultDisk disk = make_disk(seed);
        Storage& store = disk.store("a");
        store.commit(put("k", "1"), Durability::written);
        EXPECT_FALSE(disk.crash(Crash::kill));
        store.commit(put("k", "2"), Durability::synced);
        const bool lost = disk.crash(Crash::kill);
        EXPECT_EQ(value(store, "k"), lost ? "1" : "2");
        EXPECT_TRUE(disk.crash(Crash::power_cut));
    }
}

TEST(FaultDisk, power_cut_keeps_what_was_synced_and_a_prefix_of_the_key_batches) {
    const auto before = [](FaultDisk& disk) {
        Storage& store = disk.store("a");
        store.commit(put("k", "1"), Durability::synced);
        disk.sync(disk.last_commit());
        store.commit(put("k", "2"), Durability::written);
        WriteBatch batch = put("k", "3");
        batch.put(text("l"), text("3"));
        store.commit(std::move(batch), Durability::written);
    };
    const auto after = [](FaultDisk& disk) {
        EXPECT_EQ(disk.unsynced_changes(), 0u);
        return value(disk.store("a"), "k") + value(disk.store("a"), "l");
    };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after), (Outcomes{"1none", "2none", "33"}));
}

TEST(FaultDisk, power_cut_before_the_sync_can_lose_a_synced_commit_and_never_half_of_it) {
    const auto before = [](FaultDisk& disk) {
        disk.store("b").commit(put("k", "1"), Durability::written);
        WriteBatch batch = put("k", "2");
        batch.write_file(kFile, 0, text("wxyz"));
        disk.store("a").commit(std::move(batch), Durability::synced);
        disk.store("b").commit(put("k", "3"), Durability::synced);
    };
    const auto after = [](FaultDisk& disk) {
        Storage& store = disk.store("a");
        const std::string a = value(store, "k");
        if (a == "2") {
            EXPECT_EQ(content(store), "wxyz") << "keys that came before their file";
            EXPECT_NE(value(disk.store("b"), "k"), "none") << "earlier commits came first";
        }
        return a + value(disk.store("b"), "k");
    };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after),
              (Outcomes{"nonenone", "none1", "21", "23"}));
}

TEST(FaultDisk, power_cut_tears_file_writes_that_were_not_synced) {
    const auto before = [](FaultDisk& disk) {
        Storage& store = disk.store("a");
        WriteBatch first;
        first.write_file(kFile, 0, text("abcd"));
        store.commit(std::move(first), Durability::synced);
        disk.sync(disk.last_commit());
        WriteBatch second;
        second.write_file(kFile, 2, text("WXYZ"));
        store.commit(std::move(second), Durability::written);
    };
    const auto after = [](FaultDisk& disk) { return content(disk.store("a")); };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after),
              (Outcomes{"abcd", "abWd", "abWX", "abWXY", "abWXYZ"}));
}

TEST(FaultDisk, removed_file_is_back_only_where_the_sync_was_not_finished) {
    const auto before = [](FaultDisk& disk) {
        Storage& store = disk.store("a");
        WriteBatch first;
        first.write_file(kFile, 0, text("abcd"));
        store.commit(std::move(first), Durability::synced);
        disk.sync(disk.last_commit());
        WriteBatch second = put("k", "gone");
        second.remove_file(kFile);
        store.commit(std::move(second), Durability::synced);
    };
    const auto after = [](FaultDisk& disk) {
        return value(disk.store("a"), "k") + content(disk.store("a"));
    };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after),
              (Outcomes{"noneabcd", "goneabcd", "gone"}));
    const auto finished = [&](FaultDisk& disk) {
        before(disk);
        disk.sync(disk.last_commit());
    };
    EXPECT_EQ(outcomes(Crash::power_cut, finished, after), (Outcomes{"gone"}));
}

TEST(FaultDisk, what_was_written_long_ago_is_synced) {
    for (const int age : {4, 5}) {
        const auto before = [&](FaultDisk& disk) {
            disk.store("a").commit(put("k", "1"), Durability::written);
            disk.set_time(TimePoint{} + seconds{age});
        };
        const auto after = [](FaultDisk& disk) { return value(disk.store("a"), "k"); };
        const auto seen = outcomes(Crash::power_cut, before, after);
        EXPECT_EQ(seen.contains("none"), age < 5);
    }
}

TEST(FaultDisk, power_cut_after_a_kill_can_take_what_the_killed_process_wrote) {
    const auto before = [](FaultDisk& disk) {
        disk.store("a").commit(put("k", "1"), Durability::written);
        disk.crash(Crash::kill);
        EXPECT_EQ(value(disk.store("a"), "k"), "1");
    };
    const auto after = [](FaultDisk& disk) { return value(disk.store("a"), "k"); };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after), (Outcomes{"none", "1"}));
    const auto synced = [&](FaultDisk& disk) {
        before(disk);
        disk.store("b").commit(put("k", "2"), Durability::synced);
        disk.sync(disk.last_commit());
    };
    EXPECT_EQ(outcomes(Crash::power_cut, synced, after), (Outcomes{"1"}));
}

TEST(FaultDisk, wallet_that_was_never_synced_can_be_lost_and_made_again) {
    const auto before = [](FaultDisk& disk) {
        auto wallet = disk.directory().open("w", StorageDirectory::Mode::create_new).value();
        wallet->commit(put("k", "1"), Durability::written);
    };
    const auto after = [](FaultDisk& disk) -> std::string {
        StorageDirectory& wallets = disk.directory();
        EXPECT_EQ(wallets.list().size(), wallets.exists("w") ? 1u : 0u);
        if (!wallets.exists("w")) {
            auto wallet = wallets.open("w", StorageDirectory::Mode::create_new).value();
            return "lost, " + value(*wallet, "k");
        }
        EXPECT_FALSE(wallets.open("w", StorageDirectory::Mode::create_new));
        return value(*wallets.open("w", StorageDirectory::Mode::open_existing).value(), "k");
    };
    EXPECT_EQ(outcomes(Crash::power_cut, before, after), (Outcomes{"lost, none", "none", "1"}));
    EXPECT_EQ(outcomes(Crash::kill, before, after), (Outcomes{"1"}));
}

TEST(FaultDisk, commit_on_a_full_disk_fails_and_nothing_is_written_after_it) {
    for (const Crash how : {Crash::kill, Crash::power_cut}) {
        const auto before = [](FaultDisk& disk) {
            Storage& store = disk.store("a");
            disk.set_faults({.capacity_bytes = 12});
            store.commit(put("k", "0123456789"), Durability::synced);
            disk.sync(disk.last_commit());
            EXPECT_EQ(disk.failure(), nullptr);
            store.commit(put("l", "x"), Durability::written);
            ASSERT_NE(disk.failure(), nullptr);
            EXPECT_NE(disk.failure()->message.find("no space"), std::string::npos);
            WriteBatch smaller;
            smaller.erase(text("k"));
            store.commit(std::move(smaller), Durability::synced);
            disk.sync(disk.last_commit());
            EXPECT_EQ(value(store, "l"), "x") << "the process goes on with what it committed";
        };
        const auto after = [](FaultDisk& disk) {
            EXPECT_EQ(disk.used_bytes(), 11u);
            return value(disk.store("a"), "k") + value(disk.store("a"), "l");
        };
        EXPECT_EQ(outcomes(how, before, after), (Outcomes{"0123456789none"}));
    }
}

TEST(FaultDisk, chosen_read_fails_and_the_next_one_does_not) {
    FaultDisk disk = make_disk(1);
    Storage& store = disk.store("a");
    store.commit(put("k", "1"), Durability::written);
    disk.set_faults({.fail_read = 2});
    EXPECT_TRUE(store.get(text("k")));
    EXPECT_FALSE(store.scan({}, [](ByteSpan, ByteSpan) { return true; }));
    EXPECT_TRUE(store.get(text("k")));
    disk.set_faults({.fail_read = 1});
    const auto read = store.read_file(kFile, 0, 0);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, StorageError::Code::io);
}

TEST(FaultDisk, reads_fail_and_flip_as_often_as_they_should) {
    FaultDisk disk = make_disk(3);
    Storage& store = disk.store("a");
    store.commit(put("k", "value"), Durability::written);
    disk.set_faults({.read_error_ppm = 100'000, .read_flip_ppm = 200'000});
    int failed = 0;
    int flipped = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto read = store.get(text("k"));
        if (!read)
            ++failed;
        else if (**read != text("value"))
            ++flipped;
    }
    EXPECT_NEAR(failed, 100, 40);
    EXPECT_NEAR(flipped, 180, 50);
    disk.set_faults({});
    EXPECT_EQ(value(store, "k"), "value") << "what is stored is untouched";
}

/// Bits in which two texts of one length differ.
int distance(const std::string& a, const std::string& b) {
    int bits = 0;
    for (size_t i = 0; i < a.size(); ++i)
        bits += std::popcount(static_cast<unsigned>(static_cast<uint8_t>(a[i] ^ b.at(i))));
    return bits;
}

TEST(FaultDisk, flipped_bit_is_stored_and_stays_through_crashes) {
    FaultDisk disk = make_disk(4);
    Storage& store = disk.store("a");
    EXPECT_FALSE(disk.flip_stored_bit("a")) << "nothing is stored";
    EXPECT_FALSE(disk.flip_stored_bit("no such store"));
    disk.set_faults({.write_flip_ppm = 1'000'000});
    WriteBatch batch = put("k", "value");
    batch.write_file(kFile, 0, text("content"));
    store.commit(std::move(batch), Durability::synced);
    disk.set_faults({});
    const std::string flipped = value(store, "k");
    EXPECT_EQ(distance(flipped, "value"), 1);
    EXPECT_EQ(distance(content(store), "content"), 1);
    disk.sync(disk.last_commit());
    disk.crash(Crash::power_cut);
    EXPECT_EQ(value(store, "k"), flipped);
    const std::string before = value(store, "k") + content(store);
    EXPECT_TRUE(disk.flip_stored_bit("a"));
    EXPECT_EQ(distance(value(store, "k") + content(store), before), 1);
}

TEST(FaultDisk, wiped_disk_is_empty) {
    FaultDisk disk = make_disk(5);
    disk.store("a").commit(put("k", "1"), Durability::written);
    (void)disk.directory().open("w", StorageDirectory::Mode::create_new).value();
    disk.wipe();
    EXPECT_EQ(value(disk.store("a"), "k"), "none");
    EXPECT_FALSE(disk.directory().exists("w"));
    EXPECT_EQ(disk.used_bytes(), 0u);
    EXPECT_EQ(disk.unsynced_changes(), 0u);
}

/// Random commits of two stores, with files: what is used is what is there, and a disk of the same
/// seed comes to the same end.
TEST(FaultDisk, equal_seeds_leave_equal_disks) {
    for (const Crash how : {Crash::kill, Crash::power_cut}) {
        for (uint64_t seed = 1; seed <= kDraws; ++seed) {
            std::vector<std::string> ends;
            for (int run = 0; run < 2; ++run) {
                SeededRandom random(seed);
                FaultDisk disk = make_disk(seed);
                for (int i = 0; i < 20; ++i) {
                    WriteBatch batch = put(std::to_string(random.uniform(5)), std::to_string(i));
                    if (random.uniform(2) == 0)
                        batch.write_file(kFile, random.uniform(40),
                                         Bytes(random.uniform(20), static_cast<uint8_t>('A' + i)));
                    batch.erase(text(std::to_string(random.uniform(5))));
                    disk.store(random.uniform(2) == 0 ? "a" : "b")
                        .commit(std::move(batch),
                                random.uniform(4) == 0 ? Durability::synced : Durability::written);
                    if (random.uniform(4) == 0) disk.sync(disk.last_commit());
                }
                disk.crash(how);
                std::string end;
                uint64_t used = 0;
                for (const char* name : {"a", "b"}) {
                    Storage& store = disk.store(name);
                    ASSERT_TRUE(store.scan({}, [&](ByteSpan key, ByteSpan its_value) {
                        end.append(key.begin(), key.end());
                        end.append(its_value.begin(), its_value.end());
                        used += key.size() + its_value.size();
                        return true;
                    }));
                    end += "|" + content(store) + "|";
                    used += content(store).size();
                }
                EXPECT_EQ(disk.used_bytes(), used);
                ends.push_back(end);
            }
            EXPECT_EQ(ends[0], ends[1]);
        }
    }
}

}  // namespace
}  // namespace parley::sim
