// ReplayedRequest: an RPC method that runs again, in the parts in which the daemon ran it. The
// method has a thread of its own, which stands still while the replay goes on, so that only one of
// the two runs at a time and the order is that of the record. It has no client: its result is
// dropped.
#pragma once

#include <functional>
#include <memory>
#include <semaphore>
#include <thread>

#include "node/event.h"
#include "rpc/jsonrpc/host.h"
#include "rpc/jsonrpc/method.h"

namespace parley {
struct ChainParams;
}

namespace parley::lab {

/// The process as replayed methods see it. Its clock is the record's.
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
};

class ReplayedRequest final : private rpc::NodeGateway {
 public:
    /// Runs the method up to its first part. All but `request` must outlive it.
    ReplayedRequest(const Request& request, const ChainParams& params,
                    const rpc::MethodTable& methods, ReplayHost& host);
    /// Ends the method where it is: its next part is told that the node stops.
    ~ReplayedRequest();
    ReplayedRequest(const ReplayedRequest&) = delete;
    ReplayedRequest& operator=(const ReplayedRequest&) = delete;

    /// The method has ended.
    bool ended() const { return part_ == nullptr; }
    /// Runs the part inside a step of the node. Does nothing when ended().
    void run_part(Node& node);
    /// Then: the method goes on to its next part, or ends.
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
