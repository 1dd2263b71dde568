// WriteOverlay: the commits that the storage thread has not written yet, as reads must see them.
// It holds no disk and starts no writes. Owned and called by LevelDbStorage on the core thread;
// the batches in it are immutable and shared with the storage thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/storage/storage.h"

namespace parley {

class WriteOverlay {
 public:
    /// A key's newest value among the pending commits; null: erased.
    struct Entry {
        const Bytes* value = nullptr;
        CommitId commit;
    };

    void add(CommitId commit, std::shared_ptr<const WriteBatch> batch);
    /// Forgets the commits up to `written`.
    void remove_written(CommitId written);
    bool empty() const { return pending_.empty(); }

    /// Null: no pending commit names the key.
    const Entry* find(ByteSpan key) const;

    /// The entries below `prefix` in key order, valid for as long as the snapshot lives, whatever
    /// is added or removed meanwhile.
    struct Snapshot {
        std::vector<std::pair<ByteSpan, const Bytes*>> entries;
        std::vector<std::shared_ptr<const WriteBatch>> owners;
    };
    Snapshot snapshot(ByteSpan prefix) const;

    /// Largest end of the pending writes to `file`; 0 when there is none.
    uint64_t file_end(FileId file) const;
    /// Copies what the pending writes to `file` put into [offset, offset + target.size()).
    void apply_file_writes(FileId file, uint64_t offset, MutableByteSpan target) const;

 private:
    struct Pending {
        CommitId commit;
        std::shared_ptr<const WriteBatch> batch;
    };
    struct Less {
        bool operator()(ByteSpan a, ByteSpan b) const;
    };
    struct PendingFileWrite {
        CommitId commit;
        const WriteBatch::FileWrite* write = nullptr;
    };

    void set(ByteSpan key, const Bytes* value, CommitId commit);
    void unset(ByteSpan key, CommitId commit);

    std::deque<Pending> pending_;              // in the order of the commits
    std::map<ByteSpan, Entry, Less> entries_;  // views into the batch of the entry's commit
    std::map<FileId, std::deque<PendingFileWrite>> file_writes_;
};

}  // namespace parley
