// RpcFixture: a real node on memory stores behind the real dispatcher: a test sends requests and
// looks at the replies and at the node. RpcCaller: the dispatcher's client. FakeHost: the process.
// Single-threaded. Not a test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "mempool/mempool_file.h"
#include "net/peer/peer_info.h"
#include "rpc/jsonrpc/dispatcher.h"
#include "rpc/jsonrpc/json.h"
#include "tests/unit/node/test_node.h"

namespace parley::rpc::test {

/// Stores the log messages.
class RecordingLog final : public LogSink {
 public:
    std::vector<std::string> lines;

    bool enabled(LogCategory, LogLevel) const override { return true; }
    void write(LogCategory, LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

class FakeHost final : public Host {
 public:
    std::optional<std::string> warm_up_status;
    std::vector<LogCategoryState> categories{{"net", false}, {"rpc", true}};
    double hash_rate = 12'345;
    double hashes_per_second() const override { return hash_rate; }
    std::vector<std::string> started;
    Duration time{};
    bool stopping = false;
    std::function<void()> on_pause;
    Duration advanced{0};  ///< by mockscheduler

    std::optional<std::string> warm_up() const override { return warm_up_status; }
    std::string log_path() const override { return "/data/regtest/debug.log"; }
    std::shared_ptr<void> command_started(std::string_view method) override {
        started.emplace_back(method);
        return std::make_shared<int>(0);
    }
    std::vector<ActiveCommand> active_commands() const override {
        return {{started.empty() ? "" : started.back(), Duration{5}}};
    }
    std::vector<LogCategoryState> log_categories() const override { return categories; }
    bool set_log_category(std::string_view name, bool enabled) override;
    std::vector<ZmqNotification> zmq;
    std::vector<ZmqNotification> zmq_notifications() const override { return zmq; }
    Duration steady_time() const override { return time; }
    void advance_schedules(Duration duration) override { advanced += duration; }
    bool pause(Duration duration) override {
        time += duration;
        if (on_pause) on_pause();
        return !stopping;
    }
    std::vector<BannedSubnet> stored_bans;
    void store_bans(const std::function<std::vector<BannedSubnet>()>& current) override {
        stored_bans = current();
    }
    std::map<std::string, bool> wallets_at_start;
    bool settings_can_be_stored = true;
    bool set_wallet_at_start(const std::string& name, bool at_start) override {
        if (settings_can_be_stored) wallets_at_start[name] = at_start;
        return settings_can_be_stored;
    }
    bool loaded = true;
    std::optional<MempoolFile> saved;
    std::optional<std::string> save_path = "/data/regtest/mempool.dat";
    std::vector<std::pair<std::string, MempoolImport>> imports;
    bool import_works = true;
    bool mempool_loaded() const override { return loaded; }
    std::optional<std::string> save_mempool(const MempoolFile& file) override {
        saved = file;
        return save_path;
    }
    bool import_mempool(const std::string& path, const MempoolImport& import) override {
        imports.emplace_back(path, import);
        return import_works;
    }
    /// What methods wrote, by path; finished ones only.
    std::map<std::string, Bytes> files;
    Expected<std::unique_ptr<NewFile>, std::string> create_file(const std::string& path,
                                                                Existing existing) override;
    Expected<std::optional<Bytes>, std::string> read_file(const std::string& path, uint64_t offset,
                                                          size_t size_max) override;
    std::string absolute_path(const std::string& path) const override { return path; }
    std::set<std::string> folders;
    std::map<Scan, ScanProgress> scans;
    bool scan_aborted = false;
    std::shared_ptr<void> begin_scan(Scan scan) override {
        if (!scans.try_emplace(scan).second) return nullptr;
        return {this, [scan](FakeHost* host) { host->scans.erase(scan); }};
    }
    bool report_scan(Scan scan, ScanProgress progress) override {
        scans[scan] = progress;
        return !scan_aborted;
    }
    std::optional<ScanProgress> scan_progress(Scan scan) const override {
        const auto running = scans.find(scan);
        if (running == scans.end()) return std::nullopt;
        return running->second;
    }
    bool abort_scan(Scan scan) override { return scan_aborted = scans.contains(scan); }
};

/// The parsed reply to one call.
struct Reply {
    int status = 0;
    Json result;
    int code = 0;  ///< 0: no error
    std::string message;
    std::string text;  ///< the result's JSON as it was written, without white space
};

class RpcCaller {
 public:
    FakeHost host;
    NullLog log;
    Dispatcher dispatcher;

    RpcCaller(const ChainParams& params, NodeGateway& gateway)
        : dispatcher(params, gateway, host, log) {}

    HttpReply post(const std::string& body, const std::string& path = "/");
    /// `params`: a JSON array or object.
    Reply call(const std::string& method, const std::string& params = "[]",
               const std::string& path = "/");
    /// The result as JSON text; fails the test on an error.
    std::string result(const std::string& method, const std::string& params = "[]",
                       const std::string& path = "/");
};

/// Each run() is a step of the node.
class StepGateway final : public NodeGateway {
 public:
    explicit StepGateway(TestNode& node) : node_(node) {}
    bool stopped = false;
    int steps = 0;
    std::shared_ptr<const ChainSnapshot> snapshot;  ///< null: none is known

    std::shared_ptr<const ChainSnapshot> chain() const override { return snapshot; }
    std::vector<std::shared_ptr<const Request>> requests;  ///< of every run()

    bool run(const std::shared_ptr<const Request>& request,
             const std::function<void(Node&)>& call) override {
        if (stopped) return false;
        ++steps;
        requests.push_back(request);
        node_.call(call);
        return true;
    }

 private:
    TestNode& node_;
};

/// What a fixture's parts borrow from.
struct FixtureNode {
    FixtureNode(NodeConfig config, LogSink* log);

    TestNode node;
    StepGateway gateway{node};
};

class RpcFixture : public FixtureNode, public RpcCaller {
 public:
    /// The node has run for 90 seconds.
    explicit RpcFixture(NodeConfig config = NodeConfig{regtest_params()}, LogSink* log = nullptr);

    /// Unix seconds, from now on.
    void set_time(int64_t seconds);
    /// A block on top of the chain, ten minutes later, with these transactions behind its coinbase.
    BlockRef extend(const std::vector<TransactionRef>& transactions = {},
                    const Script& payout = key_script());
    /// Mines enough blocks that the first `coins` coinbases are mature.
    void mature(int coins);

    BlockHash tip_hash() const { return node_tip().hash; }
    Height tip_height() const { return node_tip().height; }
    BlockRef block(int32_t height) const;
    /// The coinbase's output at this height.
    OutPoint coin(int32_t height) const;
    /// Spends an output of `value` to key_script(), signed. One output, to payee_script().
    TransactionRef pay(const OutPoint& from, int64_t fee, Amount value = Amount{50 * kCoin}) const;
    /// As `pay`, with these outputs.
    TransactionRef pay_to(const OutPoint& from, Amount value, std::vector<TxOutput> outputs) const;
    /// Spoils the stored blocks' bytes.
    void damage_block_files();
    /// An inbound connection, before the handshake.
    PeerId connect(const Endpoint& remote = {"127.0.0.1", 18444});

    static SecretKey key();
    static Script key_script();
    static Script payee_script();

 private:
    const HeaderNode& node_tip() const { return node->chain().index().tip(); }

    uint64_t peers_ = 0;
};

/// Of p2wpkh_script({}), on regtest.
inline constexpr const char* kAddress = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";

/// Of regtest.
inline constexpr const char* kGenesis =
    "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

/// ["hash"]
inline std::string quoted(const Hash256& hash) {
    return "[\"" + hash.to_string() + "\"]";
}

/// An amount of coins, for short tests.
inline Amount coins(int64_t count) {
    return Amount{count * kCoin};
}

/// A transaction that spends one (made-up) output and pays `value` to a P2WPKH script.
TransactionRef simple_transaction(uint8_t seed, Amount value = Amount{kCoin});

}  // namespace parley::rpc::test
