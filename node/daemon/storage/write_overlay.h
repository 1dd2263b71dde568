// WriteOverlay: the commits that the storage thread has not written yet, for reads. It does not
// access the disk. Owned and called by LevelDbStorage on the core thread; the batches in it are
// immutable and shared with the storage thread.
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
    /// The newest pending value of a key; null: erased.
    struct Entry {
        const Bytes* value = nullptr;
        CommitId commit;
    };

    void add(CommitId commit, std::shared_ptr<const WriteBatch> batch);
    /// Removes the commits up to `written`.
    void remove_written(CommitId written);
    bool empty() const { return pending_.empty(); }

    /// Null: no pending commit changes the key.
    const Entry* find(ByteSpan key) const;

    /// The entries with `prefix` in key order. Valid as long as the snapshot lives, regardless of
    /// later changes.
    struct Snapshot {
        std::vector<std::pair<ByteSpan, const Bytes*>> entries;
        std::vector<std::shared_ptr<const WriteBatch>> owners;
    };
    Snapshot snapshot(ByteSpan prefix) const;

    /// The largest end of the pending writes to `file`; 0 if there are none.
    uint64_t file_end(FileId file) const;
    /// Copies the bytes of pending writes to `file` within [offset, offset + target.size()).
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

    std::deque<Pending> pending_;              // in commit order
    std::map<ByteSpan, Entry, Less> entries_;  // views into the batch of the entry's commit
    std::map<FileId, std::deque<PendingFileWrite>> file_writes_;
};

}  // namespace parley
