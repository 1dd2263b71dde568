// ReplayedRequest: runs a recorded RPC method again, in the parts in which the daemon ran it. The
// method has its own thread, which is blocked while the replay runs: only one of the two runs at a
// time, in the order of the record. There is no client: the result is dropped.
#pragma once

#include <functional>
#include <memory>
#include <semaphore>
#include <thread>

#include "net/peer/peer_info.h"
#include "node/event.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/jsonrpc/method.h"

namespace parley {
struct ChainParams;
}

namespace parley::lab {

class NoFile final : public rpc::NewFile {
 public:
    explicit NoFile(std::string path) : path_(std::move(path)) {}
    const std::string& path() const override { return path_; }
    bool write(ByteSpan) override { return true; }
    bool finish() override { return true; }

 private:
    const std::string path_;
};

/// The process as replayed methods see it. Its clock follows the record.
// Wide because rpc::Host has a function for each thing that methods ask of the process.
class ReplayHost final : public rpc::Host {
 public:
    Duration now{};

    std::optional<std::string> warm_up() const override { return std::nullopt; }
    std::string log_path() const override { return {}; }
    std::shared_ptr<void> command_started(std::string_view) override { return nullptr; }
    std::vector<ActiveCommand> active_commands() const override { return {}; }
    std::vector<LogCategoryState> log_categories() const override { return {}; }
    bool set_log_category(std::string_view, bool) override { return true; }
    double hashes_per_second() const override { return 0; }
    Duration steady_time() const override { return now; }
    bool pause(Duration) override { return true; }
    void store_bans(const std::function<std::vector<BannedSubnet>()>& current) override {
        current();
    }
    bool set_wallet_at_start(const std::string&, bool) override { return true; }
    bool mempool_loaded() const override { return true; }
    void advance_schedules(Duration) override {}
    std::optional<std::string> save_mempool(const MempoolFile&) override { return ""; }
    // The transactions have events of their own in the record.
    bool import_mempool(const std::string&, const rpc::MempoolImport&) override { return true; }
    // The steps of the node are replayed, not what was written elsewhere.
    Expected<std::unique_ptr<rpc::NewFile>, std::string> create_file(const std::string& path,
                                                                     Existing) override {
        return std::make_unique<NoFile>(path);
    }
    // A record has no files: a replayed restorewallet or loadtxoutset fails.
    Expected<std::optional<Bytes>, std::string> read_file(const std::string&, uint64_t,
                                                          size_t) override {
        return std::nullopt;
    }
    std::string absolute_path(const std::string& path) const override { return path; }
    std::shared_ptr<void> begin_scan(Scan) override { return std::make_shared<int>(0); }
    bool report_scan(Scan, ScanProgress) override { return true; }
    std::optional<ScanProgress> scan_progress(Scan) const override { return std::nullopt; }
    bool abort_scan(Scan) override { return false; }
    std::vector<ZmqNotification> zmq_notifications() const override { return {}; }
};

class ReplayedRequest final : private rpc::NodeGateway {
 public:
    /// Runs the method up to its first part. All references except `request` must outlive it.
    ReplayedRequest(const Request& request, const ChainParams& params,
                    const rpc::MethodTable& methods, ReplayHost& host);
    /// Aborts the method: its next part is told that the node is stopping.
    ~ReplayedRequest();
    ReplayedRequest(const ReplayedRequest&) = delete;
    ReplayedRequest& operator=(const ReplayedRequest&) = delete;

    /// The method has ended.
    bool ended() const { return part_ == nullptr; }
    /// Runs the current part inside a step of the node. Does nothing if ended().
    void run_part(Node& node);
    /// Call after run_part(): the method continues to its next part, or ends.
    void go_on();

 private:
    [[nodiscard]] bool run(const std::shared_ptr<const Request>& request,
                           const std::function<void(Node&)>& call) override;
    std::shared_ptr<const ChainSnapshot> chain() const override { return nullptr; }

    const std::function<void(Node&)>* part_ = nullptr;
    bool stopping_ = false;
    std::binary_semaphore to_method_{0};
    std::binary_semaphore to_replay_{0};
    std::thread thread_;  // last: it uses everything above
};

}  // namespace parley::lab
