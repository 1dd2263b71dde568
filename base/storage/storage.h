// Storage: the only access to a disk. A Storage is an ordered key-value store plus numbered files
// for large values. The daemon implements it with LevelDB and a directory, the simulator with
// memory, optionally with injected faults.
//
// Reads see every earlier commit (the host keeps an overlay of what it has not written yet), so the
// node never waits for a write. An effect that must not leave the node before a write is safe names
// the commit that it waits for (node/effect.h). Threads: called from the core thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/strong.h"

namespace parley {

enum class Durability : uint8_t {
    written,  ///< handed to the operating system: survives kill -9, not a power cut
    synced    ///< on the disk: survives a power cut
};

/// Numbers the commits of one Storage from 1 upwards. The modules of a node see numbers that count
/// over all its stores.
struct CommitIdTag;
using CommitId = Strong<CommitIdTag, uint64_t>;

/// One of the append-only files beside the keys: blkNNNNN.dat or revNNNNN.dat.
struct FileId {
    enum class Kind : uint8_t { block, undo };
    Kind kind = Kind::block;
    uint32_t number = 0;

    auto operator<=>(const FileId&) const = default;
};

struct StorageError {
    enum class Code : uint8_t { io, corruption };
    Code code = Code::io;
    std::string message;  ///< for the log and for stderr; names the file
};

/// Operations that take effect together. After a crash, a visible key implies that the batch's file
/// writes have reached their files (except after a power cut, which may keep the keys of a batch
/// that was only `written` and lose its file writes). The keys change in one atomic step. Files are
/// removed after it, so a crash can leave a file that no key refers to, but never a key that refers
/// to a removed file.
class WriteBatch {
 public:
    struct Put {
        Bytes key;
        Bytes value;
    };
    struct Erase {
        Bytes key;
    };
    struct FileWrite {
        FileId file;
        uint64_t offset = 0;
        Bytes data;
    };
    struct FileRemove {
        FileId file;
    };
    using Operation = std::variant<Put, Erase, FileWrite, FileRemove>;

    void put(ByteSpan key, Bytes value) {
        operations_.push_back(Put{to_bytes(key), std::move(value)});
    }
    void erase(ByteSpan key) { operations_.push_back(Erase{to_bytes(key)}); }
    /// Writes `data` at `offset`; the file grows, filled with zeros, as needed.
    void write_file(FileId file, uint64_t offset, Bytes data) {
        operations_.push_back(FileWrite{file, offset, std::move(data)});
    }
    /// Removing a file that does not exist does nothing. A removed file is never written again.
    /// REQUIRES: the batch is committed as `synced`; otherwise a power cut could revert the keys
    /// alone.
    void remove_file(FileId file) { operations_.push_back(FileRemove{file}); }

    bool empty() const { return operations_.empty(); }
    const std::vector<Operation>& operations() const { return operations_; }
    std::vector<Operation>& operations() { return operations_; }

 private:
    std::vector<Operation> operations_;
};

/// The keys with one prefix as they were when the snapshot was taken, regardless of later commits.
/// Used by one thread at a time, which need not be the core thread. Must not outlive its Storage.
class StorageSnapshot {
 public:
    /// Returns false to stop. The spans are valid during the call only.
    using Visitor = std::function<bool(ByteSpan key, ByteSpan value)>;

    virtual ~StorageSnapshot() = default;

    /// In lexicographic order.
    virtual Expected<void, StorageError> scan(const Visitor& visitor) const = 0;
};

class Storage {
 public:
    using Visitor = StorageSnapshot::Visitor;

    virtual ~Storage() = default;

    /// Empty optional: the key does not exist.
    virtual Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const = 0;

    /// Several keys, in the given order; fastest if sorted. A host may read some of them
    /// concurrently. If any read fails, the whole call returns the first error.
    virtual Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const;

    /// Visits the keys that start with `prefix` in lexicographic order.
    virtual Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const = 0;

    /// For scans that are too long for the core thread. This default copies keys and values.
    virtual Expected<std::unique_ptr<const StorageSnapshot>, StorageError> snapshot(
        ByteSpan prefix) const;

    /// Exactly `size` bytes; Code::corruption when the file is shorter.
    virtual Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                                    size_t size) const = 0;

    /// Size in bytes; 0 if the file does not exist.
    virtual Expected<uint64_t, StorageError> file_size(FileId file) const = 0;

    /// Estimated disk usage of keys and values in bytes; 0 in memory.
    virtual uint64_t keys_size_on_disk() const { return 0; }

    /// Visible to reads at once, and written to disk later, in commit order. Never reports failure:
    /// a host whose disk fails stops the node and never retries.
    virtual CommitId commit(WriteBatch batch, Durability durability) = 0;
};

/// Named stores, one directory each: the wallets. Implemented by the host.
class StorageDirectory {
 public:
    enum class Mode : uint8_t { open_existing, create_new };

    virtual ~StorageDirectory() = default;

    /// open_existing fails if no store has that name, create_new if one has. The caller owns the
    /// result; its destructor closes the store after its last commit has been written.
    virtual Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                                  Mode mode) = 0;

    virtual bool exists(const std::string& name) const = 0;

    /// Names in lexicographic order.
    virtual std::vector<std::string> list() const = 0;
};

}  // namespace parley
