// NodeGateway and Host: what rpc/ needs from its process. Both are implemented by the host, called
// from rpc threads, and thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/time.h"
#include "rpc/jsonrpc/chain_snapshot.h"

namespace parley {
struct BannedSubnet;
struct MempoolFile;
class Node;
struct Request;
}  // namespace parley

namespace parley::rpc {

/// Access to the core thread. Implemented by the host.
class NodeGateway {
 public:
    virtual ~NodeGateway() = default;

    /// Runs `call`, one part of `request`, on the core thread within one step of the node, and
    /// returns when that step's effects are durable. False: the node is stopping and `call` did not
    /// run. `call` must not throw. All parts of a request are passed with the same pointer.
    [[nodiscard]] virtual bool run(const std::shared_ptr<const Request>& request,
                                   const std::function<void(Node&)>& call) = 0;

    /// The best chain as known on rpc threads: at least as new as every run() that has returned.
    /// Null: not known; ask by run().
    virtual std::shared_ptr<const ChainSnapshot> chain() const = 0;
};

/// What of a mempool.dat counts beside its transactions.
struct MempoolImport {
    bool current_time = true;  ///< instead of the times of arrival
    bool fee_deltas = false;
    bool unbroadcast = false;
};

/// A file that a method writes. It has its name only once it is finished; what is not is removed.
/// One thread.
class NewFile {
 public:
    virtual ~NewFile() = default;

    virtual const std::string& path() const = 0;
    /// False, here and below: the disk failed.
    virtual bool write(ByteSpan bytes) = 0;
    virtual bool finish() = 0;
};

/// What the process knows but the node does not. Implemented by the host; thread-safe.
// Wide because it has a function for each thing that methods ask of the process.
class Host {
 public:
    struct ActiveCommand {
        std::string method;
        Duration duration;
    };
    struct LogCategoryState {
        std::string name;
        bool enabled = false;
    };

    /// An active -zmqpub* option.
    struct ZmqNotification {
        std::string type;  ///< "pubhashblock"
        std::string address;
        int high_water_mark = 0;
    };

    virtual ~Host() = default;

    /// Non-empty while the node cannot serve yet: "Loading block index…". Calls fail with -28.
    virtual std::optional<std::string> warm_up() const = 0;
    virtual std::string log_path() const = 0;
    /// A method starts; destroying the handle ends it. For getrpcinfo.
    virtual std::shared_ptr<void> command_started(std::string_view method) = 0;
    virtual std::vector<ActiveCommand> active_commands() const = 0;
    virtual std::vector<LogCategoryState> log_categories() const = 0;
    /// False: no such category ("all" and "none" exist).
    virtual bool set_log_category(std::string_view name, bool enabled) = 0;
    /// Rate of this process's miner over the last seconds; 0 before its first search.
    virtual double hashes_per_second() const = 0;
    virtual std::vector<ZmqNotification> zmq_notifications() const = 0;
    /// Monotonic, for the timeouts of the wait methods.
    virtual Duration steady_time() const = 0;
    /// Blocks the calling rpc thread. False: the process is stopping; return at once.
    virtual bool pause(Duration duration) = 0;
    /// What the process does from time to time comes earlier by this much (mockscheduler).
    virtual void advance_schedules(Duration duration) = 0;

    /// Stores the bans for the next start: calls `current` for the list, one caller at a time, so
    /// that the last list that is stored is the newest. The log tells of a failure.
    virtual void store_bans(const std::function<std::vector<BannedSubnet>()>& current) = 0;

    /// Whether the wallet is loaded at the next start. False: that could not be stored.
    virtual bool set_wallet_at_start(const std::string& name, bool loaded) = 0;

    /// Whether the mempool of the last run was loaded.
    virtual bool mempool_loaded() const = 0;
    /// Writes mempool.dat and returns its path. Empty: it could not be written; the log tells why.
    virtual std::optional<std::string> save_mempool(const MempoolFile& file) = 0;
    /// Submits the transactions of a mempool.dat. False: it cannot be read, or is damaged; the log
    /// tells why.
    virtual bool import_mempool(const std::string& path, const MempoolImport& import) = 0;

    /// What happens to a file that has the name already.
    enum class Existing : uint8_t { keep, replace };
    /// A relative path is below the chain's directory. The error is bitcoind's sentence: the file
    /// exists, or cannot be made.
    virtual Expected<std::unique_ptr<NewFile>, std::string> create_file(const std::string& path,
                                                                        Existing existing) = 0;
    /// At most `size_max` bytes from `offset`, of a path as above; none at the end. Empty: nothing
    /// has that name. The error is a sentence.
    virtual Expected<std::optional<Bytes>, std::string> read_file(const std::string& path,
                                                                  uint64_t offset,
                                                                  size_t size_max) = 0;
    /// The absolute form of a path as above.
    virtual std::string absolute_path(const std::string& path) const = 0;

    /// What long searches look through: scantxoutset, scanblocks.
    enum class Scan : uint8_t { coins, blocks };
    struct ScanProgress {
        int percent = 0;
        int32_t height = 0;  ///< of blocks only
    };
    /// One scan of a kind at a time. Keeps the place until the handle is destroyed. Null: there is
    /// one already.
    virtual std::shared_ptr<void> begin_scan(Scan scan) = 0;
    /// False: it was aborted, or the process is stopping.
    virtual bool report_scan(Scan scan, ScanProgress progress) = 0;
    /// Empty: there is no scan.
    virtual std::optional<ScanProgress> scan_progress(Scan scan) const = 0;
    /// False: there is no scan.
    virtual bool abort_scan(Scan scan) = 0;
};

}  // namespace parley::rpc
