// Storage: the only way to a disk. One Storage is an ordered key-value store with, beside it,
// numbered files for large values. The daemon's is LevelDB and a directory, the simulator's is
// memory, or memory that fails on purpose.
//
// Reads see every commit made before them (the host keeps an overlay of what it has not written
// yet), so the node may go on at once. What must not leave the node before a write is safe names
// the commit that it waits for (node/effect.h). Thread-safety: calls come from the core thread
// only.
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

/// Numbers the commits of one Storage from 1 upwards; seen from a node's modules, those of the node
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

/// Operations that take effect together. File writes reach their files before any key of the batch
/// becomes visible after a crash (a power cut may keep the keys of a batch that was only written
/// and lose its file writes); the keys change in one atomic step; files are removed after it, so
/// that a crash can leave a file that the keys do not know any more, and never the other way round.
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
    /// Writes `data` at `offset`; the file grows (with zeros) as needed.
    void write_file(FileId file, uint64_t offset, Bytes data) {
        operations_.push_back(FileWrite{file, offset, std::move(data)});
    }
    /// A file that is not there is none to remove; a file that was removed is never written again.
    /// REQUIRES: the batch is committed as `synced`, or a power cut could undo the keys alone.
    void remove_file(FileId file) { operations_.push_back(FileRemove{file}); }

    bool empty() const { return operations_.empty(); }
    const std::vector<Operation>& operations() const { return operations_; }
    std::vector<Operation>& operations() { return operations_; }

 private:
    std::vector<Operation> operations_;
};

class Storage {
 public:
    /// Returns false to stop. The spans are valid during the call only.
    using Visitor = std::function<bool(ByteSpan key, ByteSpan value)>;

    virtual ~Storage() = default;

    /// Empty optional: no such key.
    virtual Expected<std::optional<Bytes>, StorageError> get(ByteSpan key) const = 0;

    /// The same for several keys, in their order; quickest when they are sorted. A host may look
    /// for some of them at once. All or nothing: the first error is the answer.
    virtual Expected<std::vector<std::optional<Bytes>>, StorageError> get_many(
        std::span<const Bytes> keys) const;

    /// Visits the keys that start with `prefix` in lexicographic order.
    virtual Expected<void, StorageError> scan(ByteSpan prefix, const Visitor& visitor) const = 0;

    /// Exactly `size` bytes; Code::corruption when the file is shorter.
    virtual Expected<Bytes, StorageError> read_file(FileId file, uint64_t offset,
                                                    size_t size) const = 0;

    /// Bytes in the file; 0 where there is none.
    virtual Expected<uint64_t, StorageError> file_size(FileId file) const = 0;

    /// Bytes that the keys and values take on the disk, estimated; 0 in memory.
    virtual uint64_t keys_size_on_disk() const { return 0; }

    /// Takes effect for reads at once, and on the disk later, in the order of the commits. Never
    /// fails here: a host whose disk fails stops the node and never retries.
    virtual CommitId commit(WriteBatch batch, Durability durability) = 0;
};

/// Storages by name, one directory each: the wallets. Implemented by the host.
class StorageDirectory {
 public:
    enum class Mode : uint8_t { open_existing, create_new };

    virtual ~StorageDirectory() = default;

    /// open_existing fails when there is none of that name, create_new when there is one. The
    /// caller owns the result; destroying it closes the store after its last commit is written.
    virtual Expected<std::unique_ptr<Storage>, StorageError> open(const std::string& name,
                                                                  Mode mode) = 0;

    virtual bool exists(const std::string& name) const = 0;

    /// Names in lexicographic order.
    virtual std::vector<std::string> list() const = 0;
};

}  // namespace parley
