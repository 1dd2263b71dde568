#include "node/daemon/rpc_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "node/daemon/system/complete_file.h"
#include "node/node.h"

namespace parley {

void RpcHost::set_warm_up(std::optional<std::string> message) {
    const std::lock_guard lock(mutex_);
    warm_up_ = std::move(message);
    warm_.store(!warm_up_, std::memory_order_release);
}

void RpcHost::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
}

std::optional<std::string> RpcHost::warm_up() const {
    if (warm_.load(std::memory_order_acquire)) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return warm_up_;
}

std::shared_ptr<void> RpcHost::command_started(std::string_view method) {
    const std::lock_guard lock(mutex_);
    running_.push_back({std::string(method), steady_time()});
    const auto entry = std::prev(running_.end());
    return {nullptr, [this, entry](void*) {
                const std::lock_guard end_lock(mutex_);
                running_.erase(entry);
            }};
}

std::vector<rpc::Host::ActiveCommand> RpcHost::active_commands() const {
    const std::lock_guard lock(mutex_);
    std::vector<ActiveCommand> result;
    for (const Running& running : running_)
        result.push_back({running.method, steady_time() - running.started});
    return result;
}

std::vector<rpc::Host::LogCategoryState> RpcHost::log_categories() const {
    std::vector<LogCategoryState> result;
    for (const auto& [name, on] : log_.categories()) result.push_back({std::string(name), on});
    return result;
}

bool RpcHost::set_log_category(std::string_view name, bool enabled) {
    return log_.set_category(name, enabled);
}

Duration RpcHost::steady_time() const {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
}

bool RpcHost::pause(Duration duration) {
    before_wait_();
    std::unique_lock lock(mutex_);
    return !stopped_.wait_for(lock, duration, [this] { return stopping_; });
}

void RpcHost::store_bans(const std::function<std::vector<BannedSubnet>()>& current) {
    const std::lock_guard lock(storing_bans_);
    if (ban_file_ == nullptr) return;
    if (const std::string problem = ban_file_->save(current()); !problem.empty())
        log_.error(LogCategory::net, "The list of bans was not stored. {}", problem);
}

std::optional<std::string> RpcHost::save_mempool(const MempoolFile& file) {
    if (mempool_ == nullptr || !mempool_->save(file)) return std::nullopt;
    return mempool_->path();
}

bool RpcHost::import_mempool(const std::string& path, const rpc::MempoolImport& import) {
    before_wait_();
    return mempool_ != nullptr && mempool_->import(path, import);
}

Expected<std::unique_ptr<rpc::NewFile>, std::string> RpcHost::create_file(const std::string& path,
                                                                          Existing existing) {
    return CompleteFile::create(absolute_path(path), existing == Existing::replace);
}

std::string RpcHost::absolute_path(const std::string& path) const {
    return (std::filesystem::path(directory_) / path).string();
}

Expected<std::optional<Bytes>, std::string> RpcHost::read_file(const std::string& path,
                                                               uint64_t offset, size_t size_max) {
    const std::filesystem::path full = absolute_path(path);
    std::error_code error;
    if (!std::filesystem::exists(full, error)) return std::nullopt;
    std::ifstream file(full, std::ios::binary);
    // Only a regular file ends.
    if (!std::filesystem::is_regular_file(full, error) || !file)
        return Unexpected(fmt::format("Couldn't open file {} for reading.", full.string()));
    const uint64_t size = std::filesystem::file_size(full, error);
    const uint64_t left = error || size < offset ? 0 : size - offset;
    Bytes content(std::min<uint64_t>(left, size_max));
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
    if (error || !file) return Unexpected(fmt::format("Couldn't read file {}.", full.string()));
    return content;
}

std::shared_ptr<void> RpcHost::begin_scan(Scan scan) {
    const std::lock_guard lock(mutex_);
    if (!scans_.try_emplace(scan).second) return nullptr;
    return {this, [scan](RpcHost* host) {
                const std::lock_guard end_lock(host->mutex_);
                host->scans_.erase(scan);
            }};
}

bool RpcHost::report_scan(Scan scan, ScanProgress progress) {
    const std::lock_guard lock(mutex_);
    const auto running = scans_.find(scan);
    if (running == scans_.end()) return false;
    running->second.progress = progress;
    return !running->second.aborted && !stopping_;
}

std::optional<RpcHost::ScanProgress> RpcHost::scan_progress(Scan scan) const {
    const std::lock_guard lock(mutex_);
    const auto running = scans_.find(scan);
    if (running == scans_.end()) return std::nullopt;
    return running->second.progress;
}

bool RpcHost::abort_scan(Scan scan) {
    const std::lock_guard lock(mutex_);
    const auto running = scans_.find(scan);
    if (running != scans_.end()) running->second.aborted = true;
    return running != scans_.end();
}

bool LoopGateway::run(const std::shared_ptr<const Request>& request,
                      const std::function<void(Node&)>& call) {
    before_wait_();
    return loop_.call(event::RequestPart{request}, call);
}

}  // namespace parley
