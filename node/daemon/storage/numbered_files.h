// The append-only files beside a store: blkNNNNN.dat and revNNNNN.dat. Writing and reading are
// separate classes, because they run on two threads: NumberedFileWriter on the storage thread,
// NumberedFileReader on the core thread. They share only the files. Called by LevelDbStorage.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/storage/storage.h"
#include "node/daemon/system/unique_fd.h"

namespace parley {

/// bitcoind's blocks/xor.dat: byte n of a file is stored as its exclusive or with byte n mod 8, so
/// that virus scanners see no known bytes in blocks. All zeros: stored as they are.
using ObfuscationKey = std::array<uint8_t, 8>;

/// "<directory>/blk00000.dat" or "<directory>/rev00000.dat".
std::string numbered_file_path(const std::string& directory, FileId file);

class NumberedFileWriter {
 public:
    /// `after_crash`: the directory was not closed cleanly, so the first sync() must cover earlier
    /// writes too.
    explicit NumberedFileWriter(std::string directory, bool after_crash = false,
                                const ObfuscationKey& key = {})
        : directory_(std::move(directory)), key_(key), predecessor_unsynced_(after_crash) {}

    const std::string& directory() const { return directory_; }

    /// Writes all of `data` at `offset`; the file is created, and filled with zeros, as needed. An
    /// empty undo file is created with a block file.
    Expected<void, StorageError> write(FileId file, uint64_t offset, ByteSpan data);

    /// Syncs all writes since the last call, and new directory entries. After an error the state of
    /// the files is unknown: the caller must stop and never call again.
    Expected<void, StorageError> sync();

    /// Removes the file and forgets its unsynced writes. No error if it does not exist.
    Expected<void, StorageError> remove(FileId file);

 private:
    Expected<int, StorageError> open(FileId file);
    Expected<void, StorageError> sync_predecessor();

    const std::string directory_;
    const ObfuscationKey key_;
    bool predecessor_unsynced_;
    std::map<FileId, UniqueFd> open_;
    std::set<FileId> unsynced_;
    bool directory_unsynced_ = false;
};

class NumberedFileReader {
 public:
    explicit NumberedFileReader(std::string directory, const ObfuscationKey& key = {})
        : directory_(std::move(directory)), key_(key) {}

    /// Reads up to target.size() bytes at `offset`; the count is smaller only at the end of the
    /// file. 0 if the file does not exist.
    Expected<size_t, StorageError> read(FileId file, uint64_t offset, MutableByteSpan target);
    /// Size on disk in bytes; 0 if the file does not exist.
    Expected<uint64_t, StorageError> size(FileId file);
    /// Closes a file that is about to be removed, so that its space is released.
    void forget(FileId file) { open_.erase(file); }

 private:
    struct OpenFile {
        UniqueFd fd;
        uint64_t inode = 0;
    };

    /// -1: no such file. A file that was moved away or replaced since it was opened is noticed.
    Expected<int, StorageError> open(FileId file);

    const std::string directory_;
    const ObfuscationKey key_;
    std::map<FileId, OpenFile> open_;
};

}  // namespace parley
