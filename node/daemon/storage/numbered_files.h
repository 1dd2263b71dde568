// The append-only files beside a store: blkNNNNN.dat and revNNNNN.dat. Two halves, because two
// threads use them: NumberedFileWriter belongs to the storage thread, NumberedFileReader to the
// core. They share nothing but the files. Called by LevelDbStorage.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/storage/storage.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

/// "<directory>/blk00000.dat" or "<directory>/rev00000.dat".
std::string numbered_file_path(const std::string& directory, FileId file);

class NumberedFileWriter {
 public:
    /// `after_crash`: the last user of the directory did not end in order, so that the first sync()
    /// is also of what it wrote.
    explicit NumberedFileWriter(std::string directory, bool after_crash = false)
        : directory_(std::move(directory)), predecessor_unsynced_(after_crash) {}

    const std::string& directory() const { return directory_; }

    /// Writes all of `data` at `offset`; the file is created, and grows with zeros, as needed.
    Expected<void, StorageError> write(FileId file, uint64_t offset, ByteSpan data);

    /// Puts every write since the last sync on the disk, and new names into the directory. After
    /// an error the state of the files is unknown: the caller stops, and never calls again.
    Expected<void, StorageError> sync();

    /// The file is gone, and what was not synced of it forgotten. No error where there is none.
    Expected<void, StorageError> remove(FileId file);

 private:
    Expected<int, StorageError> open(FileId file);
    Expected<void, StorageError> sync_predecessor();

    const std::string directory_;
    bool predecessor_unsynced_;
    std::map<FileId, UniqueFd> open_;
    std::set<FileId> unsynced_;
    bool directory_unsynced_ = false;
};

class NumberedFileReader {
 public:
    explicit NumberedFileReader(std::string directory) : directory_(std::move(directory)) {}

    /// Reads what there is of [offset, offset + target.size()); the count is smaller only where
    /// the file ends. 0 when there is no such file.
    Expected<size_t, StorageError> read(FileId file, uint64_t offset, MutableByteSpan target);
    /// Bytes on the disk; 0 when there is no such file.
    Expected<uint64_t, StorageError> size(FileId file);
    /// Closes a file that is about to be removed, so that its space is given back.
    void forget(FileId file) { open_.erase(file); }

 private:
    /// -1: no such file.
    Expected<int, StorageError> open(FileId file);

    const std::string directory_;
    std::map<FileId, UniqueFd> open_;
};

}  // namespace parley
