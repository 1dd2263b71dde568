// FaultDisk: the disk of one simulated machine, with all stores of its node. It tracks which
// commits are synced, so that a crash leaves what a real disk could:
// - After a kill of the process, every commit handed to the operating system remains. Of the
//   commits from the first unfinished synced one on, which the storage thread may still have in its
//   queue, a prefix remains.
// - After a power cut, everything synced remains, and a random part of the rest: each file write
//   whole, torn or not at all; the key batches of a store as a prefix of their order, each whole or
//   absent; nothing that follows the keys of an unfinished synced commit unless that commit is
//   complete. A record may survive without the file bytes it refers to, unless it was synced.
// In addition, it can fill up, fail reads and flip bits. Everything is drawn from one random
// stream; by default nothing fails.
//
// It does not model time: the world decides when a commit is synced (sync()). Commits that are only
// written are synced some seconds later, as by the daemon's storage thread.
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
    kill,      ///< the process ends; the machine keeps running
    power_cut  ///< the machine stops: unsynced data may be lost
};

struct DiskFaults {
    /// Keys, values and files together. A commit that exceeds it fails, which stops the node.
    uint64_t capacity_bytes = std::numeric_limits<uint64_t>::max();
    /// Fail the nth read from now on; 1: the next, 0: none.
    uint64_t fail_read = 0;
    /// Shares of reads, in millionths, that fail, or return one wrong bit.
    uint32_t read_error_ppm = 0;
    uint32_t read_flip_ppm = 0;
    /// Share of written values and file pieces, in millionths, that are stored with one wrong bit.
    uint32_t write_flip_ppm = 0;

    bool operator==(const DiskFaults&) const = default;
};

class FaultDisk {
 public:
    explicit FaultDisk(SeededRandom random);
    ~FaultDisk();
    FaultDisk(const FaultDisk&) = delete;
    FaultDisk& operator=(const FaultDisk&) = delete;

    /// The store of that name; created on first use.
    Storage& store(const std::string& name);
    /// The wallets. A power cut loses a new one unless something was synced after its creation.
    StorageDirectory& directory();

    void set_faults(const DiskFaults& faults);
    /// Whether reads may fail or be wrong, or stored data may be wrong: then a node may refuse to
    /// start.
    bool spoiled() const { return spoiled_ || faulty_reads_; }
    /// The time of subsequent commits.
    void set_time(TimePoint now) { now_ = now; }

    /// Commits of all stores, numbered from 1 upwards since the last crash.
    CommitId last_commit() const { return last_commit_; }
    /// Syncs every commit up to this one. Does nothing after a failure.
    void sync(CommitId through);
    /// The error of the first commit that failed; null: none. Later commits are visible to the
    /// process until it ends, but are not written.
    const StorageError* failure() const { return failure_ ? &*failure_ : nullptr; }
    /// Number of changes, of all stores, that a power cut could lose.
    size_t unsynced_changes() const { return journal_.size(); }
    uint64_t used_bytes() const { return used_bytes_; }

    /// Leaves what the next start will find. The fault settings are kept. Returns whether that may
    /// be less than what was written: after a power cut, or a kill that met writes in flight.
    bool crash(Crash how);
    /// Flips one random bit of a stored value or file. False: the store is empty.
    bool flip_stored_bit(const std::string& store);
    /// Replaces the disk by an empty one.
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
        Bytes other;  ///< the previous content; while reverted, the written one
    };
    struct Removal {
        FileId file;
        Bytes content;
    };
    struct Creation {};
    using What = std::variant<Keys, Piece, Removal, Creation>;
    /// One change, and how to revert it.
    struct Change {
        Contents* store;
        CommitId commit;
        bool synced;  ///< part of a synced commit
        bool failed;  ///< in the failed commit or later: not on the disk
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
    /// Writes a random prefix of a file write; other changes cannot be torn.
    void redo_torn(Change& change);
    bool keep_some_after_kill();
    void keep_some_after_power_cut();

    SeededRandom random_;
    DiskFaults faults_;
    bool faulty_reads_ = false;
    bool spoiled_ = false;
    TimePoint now_{};
    CommitId last_commit_{0};
    uint64_t used_bytes_ = 0;
    std::optional<StorageError> failure_;
    std::map<std::string, std::unique_ptr<Contents>>
        stores_;  ///< "wallets/" before a wallet's name
    std::map<std::string, std::unique_ptr<Storage>> handles_;  ///< what store() returned
    std::unique_ptr<Directory> directory_;
    std::deque<Change> journal_;  ///< unsynced changes, in order
};

}  // namespace parley::sim
