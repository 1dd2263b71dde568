// RpcHost: what RPC methods ask of the process: the log, running commands, the steady clock.
// LoopGateway: their access to the core thread. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "node/daemon/daemon_log.h"
#include "node/daemon/files/ban_file.h"
#include "node/daemon/files/mempool_persistence.h"
#include "node/daemon/files/settings_store.h"
#include "node/daemon/published_chain.h"
#include "node/daemon/workers/core_loop.h"
#include "rpc/jsonrpc/host.h"

namespace parley {
// Wide because rpc::Host has a function for each thing that methods ask of the process.
class RpcHost final : public rpc::Host {
 public:
    /// `before_wait`: called on the rpc thread that is about to pause.
    RpcHost(DaemonLog& log, std::string log_path, std::function<void()> before_wait)
        : log_(log), log_path_(std::move(log_path)), before_wait_(std::move(before_wait)) {}

    /// Sets the source of the miner's hash rate; call once, before requests are served. REQUIRES:
    /// `hash_rate` is thread-safe.
    void set_hash_rate(std::function<double()> hash_rate) { hash_rate_ = std::move(hash_rate); }
    /// Call once, before requests are served. REQUIRES: `advance` is thread-safe.
    void set_schedules(std::function<void(Duration)> advance) { advance_ = std::move(advance); }
    /// Where store_bans() writes; call once, before requests are served. It must outlive them.
    void set_ban_file(const BanFile& file) { ban_file_ = &file; }
    /// Call once, before requests are served; it must outlive them.
    void set_settings(SettingsStore& settings) { settings_ = &settings; }
    /// Of the chain; call once, before requests are served.
    void set_directory(std::string directory) { directory_ = std::move(directory); }
    /// Call once, before requests are served; it must outlive them.
    void set_mempool(MempoolPersistence& mempool) { mempool_ = &mempool; }
    /// Call once, before requests are served.
    void set_zmq_notifications(std::vector<ZmqNotification> active) { zmq_ = std::move(active); }
    /// Empty: the node can serve requests.
    void set_warm_up(std::optional<std::string> message);
    /// Ends every pause.
    void stop();

    std::optional<std::string> warm_up() const override;
    std::string log_path() const override { return log_path_; }
    std::shared_ptr<void> command_started(std::string_view method) override;
    std::vector<ActiveCommand> active_commands() const override;
    std::vector<LogCategoryState> log_categories() const override;
    bool set_log_category(std::string_view name, bool enabled) override;
    double hashes_per_second() const override { return hash_rate_ ? hash_rate_() : 0; }
    std::vector<ZmqNotification> zmq_notifications() const override { return zmq_; }
    Duration steady_time() const override;
    bool pause(Duration duration) override;
    void advance_schedules(Duration duration) override {
        if (advance_) advance_(duration);
    }
    void store_bans(const std::function<std::vector<BannedSubnet>()>& current) override;
    bool set_wallet_at_start(const std::string& name, bool loaded) override {
        return settings_ != nullptr && settings_->set_wallet(name, loaded, log_);
    }
    bool mempool_loaded() const override { return mempool_ != nullptr && mempool_->loaded(); }
    std::optional<std::string> save_mempool(const MempoolFile& file) override;
    bool import_mempool(const std::string& path, const rpc::MempoolImport& import) override;
    Expected<std::unique_ptr<rpc::NewFile>, std::string> create_file(const std::string& path,
                                                                     Existing existing) override;
    Expected<std::optional<Bytes>, std::string> read_file(const std::string& path, uint64_t offset,
                                                          size_t size_max) override;
    std::string absolute_path(const std::string& path) const override;
    std::shared_ptr<void> begin_scan(Scan scan) override;
    bool report_scan(Scan scan, ScanProgress progress) override;
    std::optional<ScanProgress> scan_progress(Scan scan) const override;
    bool abort_scan(Scan scan) override;

 private:
    struct Running {
        std::string method;
        Duration started;
    };

    DaemonLog& log_;
    const std::string log_path_;
    const std::function<void()> before_wait_;
    std::function<double()> hash_rate_;
    std::function<void(Duration)> advance_;
    std::vector<ZmqNotification> zmq_;
    std::string directory_;
    MempoolPersistence* mempool_ = nullptr;
    const BanFile* ban_file_ = nullptr;
    SettingsStore* settings_ = nullptr;
    std::mutex storing_bans_;  // held while the list is asked for and written

    mutable std::mutex mutex_;
    // Guarded by mutex_:
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::optional<std::string> warm_up_{"Loading block index…"};
    std::atomic<bool> warm_{false};  // warm_up_ is empty; read without the lock
    std::list<Running> running_;     // bounded by -rpcthreads
    struct RunningScan {
        ScanProgress progress;
        bool aborted = false;
    };
    std::map<Scan, RunningScan> scans_;
};

class LoopGateway final : public rpc::NodeGateway {
 public:
    /// `before_wait`: called on the rpc thread that is about to wait for the core.
    LoopGateway(CoreLoop& loop, const PublishedChain& chain, std::function<void()> before_wait)
        : loop_(loop), chain_(chain), before_wait_(std::move(before_wait)) {}

    [[nodiscard]] bool run(const std::shared_ptr<const Request>& request,
                           const std::function<void(Node&)>& call) override;
    std::shared_ptr<const ChainSnapshot> chain() const override { return chain_.snapshot(); }

 private:
    CoreLoop& loop_;
    const PublishedChain& chain_;
    const std::function<void()> before_wait_;
};

}  // namespace parley
