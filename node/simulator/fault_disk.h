// FaultDisk: the disk of one simulated machine, with all the stores of its node. It knows which
// commits are synced and which are only on their way, so that a crash leaves what a real one could:
// - A process that is killed leaves every commit that was handed to the operating system. Of the
//   commits from the first unfinished synced one on, which the storage thread may still have in its
//   queue, it leaves a prefix.
// - A power cut leaves what is synced, and of the rest what the draw says: each file write whole,
//   torn or not at all; the key batches of a store as a prefix of their order, each whole or
//   absent; nothing that follows the keys of an unfinished synced commit unless that commit is
//   complete. A record may survive without the bytes in a file that it points to, unless it was
//   synced.
// Besides, it can fill up, fail reads and flip bits. Everything is drawn from one random stream;
// nothing fails by default.
//
// What it is not: a judge of time. The world says when a commit is synced (sync()). What was only
// written is synced some seconds later, as the daemon's storage thread does.
//
// Owned by a World, or by a test; one thread. Stores and directory live as long as the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "base/time.h"

namespace parley::sim {

enum class Crash : uint8_t {
    kill,      ///< the process ends; the machine goes on
    power_cut  ///< the machine stops: what was not synced may be lost
};

struct DiskFaults {
    /// Keys, values and files together. The commit that exceeds it fails, and with it the node.
    uint64_t capacity_bytes = std::numeric_limits<uint64_t>::max();
    /// So many reads from now, one fails; 1: the next. 0: none.
    uint64_t fail_read = 0;
    /// Of reads, in millionths: those that fail, and those that return one wrong bit.
    uint32_t read_error_ppm = 0;
    uint32_t read_flip_ppm = 0;
    /// Of written values and pieces of files, in millionths: those that are stored with one wrong
    /// bit.
    uint32_t write_flip_ppm = 0;

    bool operator==(const DiskFaults&) const = default;
    /// What is read may be wrong or missing, so that a node has reason to refuse to start.
    bool spoil_reads() const {
        return fail_read != 0 || read_error_ppm != 0 || read_flip_ppm != 0 || write_flip_ppm != 0;
    }
};

class FaultDisk {
 public:
    explicit FaultDisk(SeededRandom random);
    ~FaultDisk();
    FaultDisk(const FaultDisk&) = delete;
    FaultDisk& operator=(const FaultDisk&) = delete;

    /// The store of that name, made when it is first asked for.
    Storage& store(const std::string& name);
    /// The wallets. A new one is lost in a power cut unless something was synced after it was made.
    StorageDirectory& directory();

    void set_faults(const DiskFaults& faults);
    const DiskFaults& faults() const { return faults_; }
    /// Stamps the commits that follow.
    void set_time(TimePoint now) { now_ = now; }

    /// Of all stores, numbered from 1 upwards since the last crash.
    CommitId last_commit() const { return last_commit_; }
    /// Every commit up to this one is on the disk. Nothing happens after a failure.
    void sync(CommitId through);
    /// Of the first commit that failed. Nothing is written after it: the process sees its commits
    /// until it ends, and the disk does not have them. Null: none has failed.
    const StorageError* failure() const { return failure_ ? &*failure_ : nullptr; }
    /// Changes of all stores that a power cut could take back.
    size_t unsynced_changes() const { return journal_.size(); }
    uint64_t used_bytes() const { return used_bytes_; }

    /// Leaves what the next start finds. Faults stay as they are set.
    void crash(Crash how);
    /// One bit of a stored value or file, chosen at random. False: there is none.
    bool flip_stored_bit(const std::string& store);
    /// An empty disk in its place.
    void wipe();

 private:
    class Store;
    class Directory;
    struct Contents {
        MemoryStorage memory;
        bool present = true;  ///< false: a wallet whose creation was lost
    };
    struct Keys {
        std::vector<std::pair<Bytes, std::optional<Bytes>>> entries;
    };
    struct Piece {
        FileId file;
        uint64_t offset = 0;
        uint64_t length = 0;
        uint64_t size_before = 0;
        Bytes other;  ///< what was there before; while it is taken back, what was written
    };
    struct Removal {
        FileId file;
        Bytes content;
    };
    struct Creation {};
    using What = std::variant<Keys, Piece, Removal, Creation>;
    /// One thing that the disk was told, and how to take it back.
    struct Change {
        Contents* store;
        CommitId commit;
        bool synced;  ///< part of a synced commit
        bool failed;  ///< of the commit that failed, or later: the disk does not have it
        TimePoint time;
        What what;
    };

    CommitId commit(Contents& store, WriteBatch batch, Durability durability);
    Expected<void, StorageError> before_read();
    void flip_read(Bytes& data);
    void flip_some_bit(Bytes& data);
    bool drawn(uint32_t ppm) { return ppm != 0 && random_.uniform(1'000'000) < ppm; }
    void remember(Contents& store, bool synced, What what);
    Keys apply_keys(Contents& store, WriteBatch& batch);
    Piece apply_piece(Contents& store, WriteBatch::FileWrite& write);
    void drop_synced_by_age();
    size_t first_in_flight() const;
    void undo_from(size_t first);
    void redo(Change& change);
    /// The first bytes of a file write; of anything else there is no part.
    void redo_torn(Change& change);
    void keep_some_after_kill();
    void keep_some_after_power_cut();

    SeededRandom random_;
    DiskFaults faults_;
    bool faulty_reads_ = false;
    TimePoint now_{};
    CommitId last_commit_{0};
    uint64_t used_bytes_ = 0;
    std::optional<StorageError> failure_;
    std::map<std::string, std::unique_ptr<Contents>>
        stores_;  ///< "wallets/" before a wallet's name
    std::map<std::string, std::unique_ptr<Storage>> handles_;  ///< what store() returned
    std::unique_ptr<Directory> directory_;
    std::deque<Change> journal_;  ///< what is not synced, in its order
};

}  // namespace parley::sim
