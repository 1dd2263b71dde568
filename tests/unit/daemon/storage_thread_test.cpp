#include "node/daemon/storage/storage_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace parley {
namespace {

using Journal = std::vector<std::string>;

// Writes down what the storage thread asks of it; the first apply waits for `open_gate`, so that a
// test can queue several jobs and see them handled together.
class FakeTarget final : public CommitTarget {
 public:
    FakeTarget(std::string name, Journal& journal) : name_(std::move(name)), journal_(journal) {}

    Expected<void, StorageError> apply(std::span<const WriteBatch* const> batches,
                                       bool sync) override {
        if (gate_.valid()) {
            entered_.set_value();
            gate_.get();
        }
        journal_.push_back(name_ + std::to_string(batches.size()) + (sync ? " sync" : ""));
        if (fail_) return Unexpected(StorageError{StorageError::Code::io, "disk on fire"});
        return {};
    }
    void on_written(CommitId commit) override { written_ = commit; }

    /// The result is ready once the thread stands before the gate.
    std::future<void> close_gate(std::future<void> gate) {
        gate_ = std::move(gate);
        return entered_.get_future();
    }
    void fail() { fail_ = true; }
    CommitId written() const { return written_; }

 private:
    const std::string name_;
    Journal& journal_;
    std::future<void> gate_;
    std::promise<void> entered_;
    bool fail_ = false;
    CommitId written_{0};
};

class StorageThreadTest : public testing::Test {
 protected:
    void commit(FakeTarget& target, uint64_t id, Durability durability) {
        thread_.commit(target, CommitId{id}, std::make_shared<const WriteBatch>(), 1, durability);
    }
    void barrier(const std::string& name, Durability durability) {
        thread_.barrier(durability, [this, name] { journal_.push_back(name); });
    }
    void wait() {
        std::promise<void> done;
        thread_.barrier(Durability::written, [&done] { done.set_value(); });
        done.get_future().wait();
    }
    // Holds the thread inside a first write until open() is called: what is queued meanwhile is
    // handled together.
    void hold() {
        const auto entered = blocks_.close_gate(gate_.get_future());
        commit(blocks_, 1, Durability::written);
        entered.wait();
    }
    void open() { gate_.set_value(); }

    Journal journal_;
    std::promise<void> gate_;
    FakeTarget blocks_{"blocks", journal_};
    FakeTarget coins_{"coins", journal_};
    std::vector<std::string> errors_;
    StorageThread thread_{[this](const StorageError& error) { errors_.push_back(error.message); },
                          std::chrono::hours(1)};
};

TEST_F(StorageThreadTest, commit_neighbouring_synced_commits_share_one_sync) {
    hold();
    barrier("first", Durability::written);
    commit(blocks_, 2, Durability::synced);
    barrier("a", Durability::synced);
    commit(blocks_, 3, Durability::synced);
    barrier("b", Durability::synced);
    open();
    wait();
    EXPECT_EQ(journal_, (Journal{"blocks1", "first", "blocks2 sync", "a", "b"}));
    EXPECT_EQ(blocks_.written(), CommitId{3});
}

TEST_F(StorageThreadTest, barrier_written_does_not_wait_for_a_later_sync) {
    hold();
    commit(blocks_, 2, Durability::written);
    barrier("written", Durability::written);
    commit(blocks_, 3, Durability::synced);
    open();
    wait();
    ASSERT_GE(journal_.size(), 3u);
    EXPECT_EQ(journal_[journal_.size() - 2], "written");
    EXPECT_EQ(journal_.back(), "blocks1 sync");
}

TEST_F(StorageThreadTest, commit_synced_after_unsynced_commit_of_other_store_syncs_that_first) {
    hold();
    commit(coins_, 1, Durability::written);
    commit(blocks_, 2, Durability::synced);
    open();
    wait();
    EXPECT_EQ(journal_, (Journal{"blocks1", "coins1", "coins0 sync", "blocks1 sync"}));
}

TEST_F(StorageThreadTest, barrier_synced_syncs_every_store_with_unsynced_commits) {
    commit(blocks_, 1, Durability::written);
    commit(coins_, 1, Durability::written);
    barrier("done", Durability::synced);
    barrier("again", Durability::synced);
    wait();
    EXPECT_EQ(journal_,
              (Journal{"blocks1", "coins1", "blocks0 sync", "coins0 sync", "done", "again"}));
}

TEST_F(StorageThreadTest, apply_failure_stops_all_writes_and_reports_once) {
    coins_.fail();
    commit(blocks_, 1, Durability::written);
    barrier("before", Durability::written);
    wait();
    commit(coins_, 1, Durability::synced);
    commit(blocks_, 2, Durability::written);
    barrier("after", Durability::written);
    thread_.detach(coins_);  // returns although nothing can be written
    EXPECT_TRUE(thread_.failed());
    EXPECT_EQ(errors_, std::vector<std::string>{"disk on fire"});
    EXPECT_EQ(journal_, (Journal{"blocks1", "before", "blocks0 sync", "coins1 sync"}));
    EXPECT_EQ(coins_.written(), CommitId{0});
    EXPECT_EQ(blocks_.written(), CommitId{1});
}

TEST(StorageThread, written_commit_is_synced_after_the_delay) {
    Journal journal;
    FakeTarget blocks("blocks", journal);
    StorageThread thread([](const StorageError&) { FAIL(); }, std::chrono::milliseconds(1));
    thread.commit(blocks, CommitId{1}, std::make_shared<const WriteBatch>(), 1,
                  Durability::written);
    // The journal is the thread's until a barrier has been answered.
    size_t entries = 0;
    while (entries < 2) {
        std::promise<void> done;
        thread.barrier(Durability::written, [&] {
            entries = journal.size();
            done.set_value();
        });
        done.get_future().wait();
    }
    EXPECT_EQ(journal, (Journal{"blocks1", "blocks0 sync"}));
    thread.detach(blocks);
    EXPECT_EQ(journal.size(), 2u);
}

TEST_F(StorageThreadTest, detach_syncs_what_was_only_written) {
    commit(blocks_, 1, Durability::written);
    thread_.detach(blocks_);
    EXPECT_EQ(journal_, (Journal{"blocks1", "blocks0 sync"}));
}

}  // namespace
}  // namespace parley
