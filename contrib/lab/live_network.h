// LiveNetwork: real daemons on loopback, connected in a full mesh or as the options say, with
// funded wallets if there are transactions. Throws std::runtime_error with a sentence if something
// cannot be started. One owner; the nodes' RPC servers may be called from any thread, each with its
// own client.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "contrib/lab/live_options.h"
#include "contrib/lab/process.h"
#include "contrib/lab/rpc_client.h"

namespace parley::lab {

/// The lab's wallet on every node.
inline constexpr const char* kWallet = "lab";

class LiveNetwork {
 public:
    /// `cancelled` is polled while the constructor waits; if it returns true, the constructor
    /// throws.
    LiveNetwork(const LiveOptions& options, Consensus consensus,
                const std::filesystem::path& directory, bool (*cancelled)());
    ~LiveNetwork();

    size_t size() const { return nodes_.size(); }
    Consensus consensus() const { return consensus_; }
    std::unique_ptr<RpcClient> client(size_t node) const;

    /// Proof of work: starts or stops mining on all nodes.
    void set_mining(bool on);
    /// Waits until all tips are equal; false if `limit` passes first. Looks once in any case,
    /// unless it is cancelled.
    bool wait_for_agreement(std::chrono::seconds limit);
    /// All nodes have the same block at this height.
    bool agree_at(uint64_t height) const;
    double cpu_seconds() const;
    uint64_t bytes_sent() const;

    /// Stops every daemon, by force if necessary.
    void stop();

 private:
    struct Node;
    void start_node(size_t index);
    void launch(Node& node);
    void relaunch_or_throw(Node& node);
    void wait_for_rpc(Node& node);
    void fund(Node& node);
    void connect_all();
    bool tips_agree() const;
    std::vector<std::string> arguments(size_t index) const;
    std::vector<std::string> mining_arguments() const;
    std::vector<std::pair<size_t, size_t>> links() const;

    const LiveOptions& options_;
    Consensus consensus_;
    std::filesystem::path directory_;
    bool (*cancelled_)();
    std::vector<std::string> genesis_outputs_;
    std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace parley::lab
