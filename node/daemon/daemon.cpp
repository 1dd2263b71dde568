#include "node/daemon/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

#include "base/crypto/pow_search.h"
#include "base/crypto/sha256.h"
#include "chain/primitives/consensus_limits.h"
#include "node/daemon/block_import.h"
#include "node/daemon/daemon_log.h"
#include "node/daemon/files/ban_file.h"
#include "node/daemon/files/fee_file.h"
#include "node/daemon/files/mempool_persistence.h"
#include "node/daemon/files/peer_files.h"
#include "node/daemon/http/http_auth.h"
#include "node/daemon/http/http_server.h"
#include "node/daemon/network/zmq_publisher.h"
#include "node/daemon/node_files.h"
#include "node/daemon/notifying_node.h"
#include "node/daemon/record/flight_recorder.h"
#include "node/daemon/record/message_capture.h"
#include "node/daemon/rpc_host.h"
#include "node/daemon/storage/numbered_files.h"
#include "node/daemon/system/descriptor_budget.h"
#include "node/daemon/system/directory_lock.h"
#include "node/daemon/system/memory_reserve.h"
#include "node/daemon/system/notifier.h"
#include "node/daemon/system/os_random.h"
#include "node/daemon/system/pid_file.h"
#include "node/daemon/system/signal_thread.h"
#include "node/daemon/system/system_error.h"
#include "node/daemon/system/wiped_memory.h"
#include "node/daemon/workers/script_pool.h"
#include "node/daemon/workers/shared_caches.h"
#include "node/daemon/workers/step_watch.h"
#include "node/node.h"
#include "rpc/rest/rest.h"

namespace parley {
namespace {

namespace fs = std::filesystem;

// The limit that the process asks for where it may, whatever the options need.
constexpr size_t kDescriptorsWanted = 4096;
constexpr std::string_view kHttpFailure = "Unable to start HTTP server. See debug log for details.";

// Why the node does not start; empty: it does.
std::string problem_of(const Effects& start) {
    for (const Effect& effect : start) {
        if (const auto* end = std::get_if<effect::Shutdown>(&effect)) return end->error;
    }
    return {};
}

// All parts of a running daemon. A member may use the members that are declared before it.
class Daemon {
 public:
    Daemon(const DaemonOptions& options, NodeConfig config)
        : options_(options), config_(std::move(config)), loop_() {}

    std::string run(std::vector<std::string> notes, const std::function<void()>& on_ready);

 private:
    Expected<void, std::string> divide_descriptors(std::vector<std::string>& notes);
    Expected<void, std::string> open_directories();
    void open_zmq();
    Expected<void, std::string> open_rpc();
    Expected<void, std::string> open_record();
    Expected<void, std::string> open_node();
    void log_start(const std::vector<std::string>& notes);
    std::string serve(const std::function<void()>& on_ready);
    void begin_stage(std::string message);
    void start_network();

    DaemonOptions options_;
    NodeConfig config_;
    CoreLoop loop_;
    OsRandom random_{false};
    OsRandom secrets_{true};
    // With -record, the node's random streams are seeded from the record.
    std::optional<RecordWriter> record_;
    RecordHeader record_header_;
    std::optional<SeededRandom> recorded_random_;
    std::optional<SeededRandom> recorded_secrets_;
    std::optional<DirectoryLock> lock_;
    std::optional<DirectoryLock> blocks_lock_;
    PidFile pid_file_;
    const BanFile ban_file_{options_.chain_directory};
    SettingsStore settings_{options_.settings_file};
    PeerFiles peer_files_{options_.chain_directory, config_.params.magic};
    FeeFile fee_file_{options_.chain_directory};
    std::unique_ptr<DaemonLog> log_;
    std::optional<Notifier> notifier_;
    std::optional<RpcHost> host_;
    PublishedChain chain_;
    LoopGateway gateway_{loop_, chain_, [this] { http_->about_to_wait(); }};
    std::optional<rpc::Dispatcher> dispatcher_;
    std::optional<rpc::Rest> rest_;  ///< with -rest
    std::optional<RpcCookie> cookie_;
    std::optional<HttpServer> http_;
    std::unique_ptr<ZmqPublisher> zmq_;  ///< with -zmqpub*
    std::optional<Transport> transport_;
    std::optional<MinerPool> miner_;
    const unsigned script_threads_ =
        script_threads(options_.par, std::thread::hardware_concurrency());
    SharedSignatureCache signatures_{secrets_, options_.script_caches_bytes / 2};
    SharedScriptCache known_scripts_{secrets_, options_.script_caches_bytes / 2};
    std::optional<ScriptPool> scripts_;
    std::string storage_problem_;  // owned by the storage thread until it has ended
    std::unique_ptr<NodeFiles> files_;
    std::unique_ptr<Node> node_;
    std::optional<MempoolPersistence> mempool_;
};

// Connections get no more descriptors than the stores leave them.
Expected<void, std::string> Daemon::divide_descriptors(std::vector<std::string>& notes) {
    const size_t peers = config_.net.connections_max;
    const size_t clients = options_.http.enabled ? options_.http.connections_max : 0;
    const size_t wanted = kReservedDescriptors + kExtraPeerConnections + peers + clients;
    const auto budget = parley::divide_descriptors(
        raise_descriptor_limit(std::max(kDescriptorsWanted, wanted)), {peers, clients});
    if (!budget) return Unexpected(budget.error());
    if (budget->peers < peers)
        notes.push_back(
            fmt::format("Warning: Reducing -maxconnections from {} to {}, because of system "
                        "limitations.",
                        peers, budget->peers));
    config_.net.connections_max = budget->peers;
    options_.transport.inbound_max = transport_inbound_max(config_.net);
    options_.http.connections_max = budget->clients;
    return {};
}

Expected<void, std::string> Daemon::open_directories() {
    std::error_code error;
    // As in bitcoind, a new data directory has a place for wallets even before the first one.
    const bool fresh = !fs::exists(options_.chain_directory, error);
    std::vector<std::string> directories{options_.chain_directory, options_.blocks_directory};
    if (fresh) directories.push_back(options_.wallet_directory);
    for (const std::string& path : directories) {
        fs::create_directories(path, error);
        if (error) return Unexpected(system_error_sentence("create", path, error.value()));
    }
    auto lock = DirectoryLock::acquire(options_.chain_directory);
    if (!lock) return Unexpected(lock.error());
    lock_.emplace(std::move(*lock));
    // Another node may be told by -blocksdir to use them.
    auto blocks_lock = DirectoryLock::acquire(options_.blocks_directory);
    if (!blocks_lock) return Unexpected(blocks_lock.error());
    blocks_lock_.emplace(std::move(*blocks_lock));
    auto log = DaemonLog::open(options_.log);
    if (!log) return Unexpected(log.error());
    log_ = std::move(*log);
    return pid_file_.write(options_.pid_file);
}

// As in bitcoind, an address that cannot be used does not stop the node.
void Daemon::open_zmq() {
    if (!options_.zmq.any()) return;
    auto opened = ZmqPublisher::open(options_.zmq);
    if (!opened) return log_->error(LogCategory::general, "{}", opened.error());
    zmq_ = std::move(*opened);
    std::vector<rpc::Host::ZmqNotification> active;
    for (ZmqPublisher::Notification& each : zmq_->notifications())
        active.push_back({std::move(each.type), std::move(each.address), each.high_water_mark});
    host_->set_zmq_notifications(std::move(active));
}

Expected<void, std::string> Daemon::open_rpc() {
    host_.emplace(*log_, options_.log.path, [this] { http_->about_to_wait(); });
    open_zmq();
    host_->set_hash_rate([this] { return miner_->hashes_per_second(); });
    host_->set_schedules([this](Duration duration) {
        peer_files_.advance(duration);
        fee_file_.advance(duration);
    });
    if (!options_.http.enabled) return {};
    const HttpOptions& http = options_.http;
    dispatcher_.emplace(config_.params, gateway_, *host_, *log_,
                        rpc::Whitelist{http.whitelist, http.whitelist_default});
    if (http.rest)
        rest_.emplace([this](std::string_view method, rpc::Json::Array arguments) {
            return dispatcher_->call(method, std::move(arguments));
        });
    // Beside -rpcauth, too: local clients need no password then.
    const bool use_cookie = http.password.empty() && !http.cookie_file.empty();
    std::string cookie;
    if (use_cookie) {
        auto made = RpcCookie::create(http.cookie_file, http.cookie_permissions, secrets_);
        if (!made) {
            log_->error(LogCategory::general, "{}", made.error());
            return Unexpected(std::string{kHttpFailure});
        }
        cookie = made->text();
        cookie_.emplace(std::move(*made));
    }
    auto auth = HttpAuth::create(http, cookie);
    if (!auth) {
        const auto& [sentence, for_user] = auth.error();
        log_->warning(LogCategory::general, "{}", sentence);
        return Unexpected((for_user ? sentence + "\nError: " : std::string{}) +
                          std::string{kHttpFailure});
    }
    http_.emplace(
        http, std::move(*auth),
        [this](const rpc::HttpRequest& request) {
            return rpc::Rest::is_rest(request.path) ? rest_->handle(request)
                                                    : dispatcher_->handle(request);
        },
        *log_);
    log_->info(LogCategory::general, "Starting HTTP server");
    if (auto listening = http_->listen(); !listening) return listening;
    http_->start();
    return {};
}

// Clients that ask too early get this message.
void Daemon::begin_stage(std::string message) {
    log_->info(LogCategory::general, "init message: {}", message);
    host_->set_warm_up(std::move(message));
}

// Must run before anything is created in the data directory.
Expected<void, std::string> Daemon::open_record() {
    if (options_.record.empty()) return {};
    auto record = RecordWriter::create(options_.record, options_.record_bytes_max);
    if (!record) return Unexpected(record.error());
    record_.emplace(std::move(*record));
    RecordHeader& header = record_header_;
    header.program = version_text();
    header.chain = options_.chain;
    header.engine = config_.engine.name;
    header.seed = secrets_.next();
    std::error_code error;
    header.fresh =
        !fs::exists(NodeFiles::index_directory(options_.chain_directory, options_.blocks_directory),
                    error) &&
        !fs::exists(options_.chain_directory + "/chainstate", error) &&
        (!fs::exists(options_.wallet_directory, error) ||
         fs::is_empty(options_.wallet_directory, error));
    header.wallets = !options_.no_wallets;
    header.indexes = options_.indexes();
    header.settings = options_.settings;
    recorded_random_.emplace(SeededRandom::stream(header.seed, 0, "node"));
    recorded_secrets_.emplace(SeededRandom::stream(header.seed, 0, "secrets"));
    return {};
}

Expected<void, std::string> Daemon::open_node() {
    const WipedMemory wiped;  // wallets are read
    if (auto done = open_record(); !done) return done;
    begin_stage("Loading banlist…");
    config_.net.bans = ban_file_.load(*log_);
    host_->set_ban_file(ban_file_);
    host_->set_settings(settings_);
    host_->set_directory(options_.chain_directory);
    chain_.set_file_check([directory = options_.blocks_directory](uint32_t number) {
        using Kind = FileId::Kind;
        return ::access(numbered_file_path(directory, {Kind::block, number}).c_str(), F_OK) == 0 &&
               ::access(numbered_file_path(directory, {Kind::undo, number}).c_str(), F_OK) == 0;
    });
    // A record is replayed without the files beside it.
    if (!record_) {
        begin_stage("Loading P2P addresses…");
        if (auto done = peer_files_.load(config_.net, *log_); !done) return done;
        fee_file_.load(config_.mempool, options_.accept_stale_fees, *log_);
    }
    begin_stage("Loading block index…");
    const size_t cache_bytes = config_.chain.coins_cache_bytes;
    ObfuscationKey fresh_key{};
    if (options_.xor_blocks.value_or(false)) secrets_.fill(fresh_key);
    auto files = NodeFiles::open(
        {options_.chain_directory, options_.blocks_directory, options_.wallet_directory,
         options_.indexes(), config_.chain.reindex, config_.chain.reindex_chainstate, cache_bytes,
         fresh_key, options_.xor_blocks == false, options_.crash_ratio, log_.get(), true},
        [this](const StorageError& error) {
            log_->error(LogCategory::general, "{}", error.message);
            storage_problem_ = error.message;
            loop_.storage_failed(error);
        });
    if (!files) return Unexpected(files.error());
    files_ = std::move(*files);
    log_->info(LogCategory::general, "Using obfuscation key for blocksdir *.dat files ({}): '{}'",
               options_.blocks_directory, to_hex(files_->key()));
    config_.chain.coins_cache_bytes = NodeFiles::coins_cache_bytes(cache_bytes);
    config_.chain.coins_tables_bytes = cache_bytes - config_.chain.coins_cache_bytes;
    scripts_.emplace(script_threads_, &signatures_, &known_scripts_);
    Random& random = recorded_random_ ? static_cast<Random&>(*recorded_random_) : random_;
    Random& secrets = recorded_secrets_ ? static_cast<Random&>(*recorded_secrets_) : secrets_;
    record_header_.coins_cache_bytes = config_.chain.coins_cache_bytes;
    const NodeHost host{files_->blocks(),
                        files_->coins(),
                        options_.no_wallets ? nullptr : &files_->wallets(),
                        *scripts_,
                        random,
                        secrets,
                        *log_,
                        files_->indexes()};
    auto node = Node::create(config_, host);
    if (!node) return Unexpected(node.error());
    node_ = std::move(*node);
    if (const auto problem = node_->indexes().history_problem())
        return Unexpected(
            fmt::format("{}\nError: {}", *problem,
                        fatal_error(options_.log, "Failed to start indexes, shutting down…")));
    const int64_t now = config_.node.mock_time != 0 ? config_.node.mock_time : ::time(nullptr);
    if (node_->chain().index().tip().time() > now + kBlockTimeAheadMax_s)
        return Unexpected(
            "The block database contains a block which appears to be from the future. This may be "
            "due to your computer's date and time being set incorrectly. Only rebuild the block "
            "database if you are sure that your computer's date and time are correct.\n"
            "Please restart with -reindex or -reindex-chainstate to recover.");
    return {};
}

void Daemon::log_start(const std::vector<std::string>& notes) {
    log_->info(LogCategory::general, "Parley version v{}", version_text());
    log_->info(LogCategory::general, "Using data directory {}", options_.chain_directory);
    log_->info(LogCategory::general,
               "Chain {}, consensus {}, SHA-256 implementation {}, miner's {}", config_.params.name,
               config_.engine.name, sha256_implementation(), pow_search_implementation());
    log_->info(LogCategory::general, "Script verification uses {} threads", script_threads_);
    for (const std::string& line : options_.settings.log_lines())
        log_->info(LogCategory::general, "{}", line);
    constexpr std::string_view kWarning = "Warning: ";
    for (const std::string& note : notes) {
        if (note.starts_with(kWarning))
            log_->warning(LogCategory::general, "{}", note.substr(kWarning.size()));
        else
            log_->info(LogCategory::general, "{}", note);
    }
}

std::string Daemon::run(std::vector<std::string> notes, const std::function<void()>& on_ready) {
    const MemoryReserve reserve;
    if (auto done = divide_descriptors(notes); !done) return done.error();
    if (auto done = open_directories(); !done) return done.error();
    const SignalThread signals(loop_);
    log_start(notes);
    if (auto done = settings_.open(*log_); !done) return done.error();
    notifier_.emplace(*log_);
    transport_.emplace(options_.transport, loop_, *log_);
    miner_.emplace(options_.miner, loop_);
    std::string problem;
    auto opened = transport_->listen();
    if (opened) opened = open_rpc();
    if (opened) opened = open_node();
    if (opened)
        problem = serve(on_ready);
    else
        problem = opened.error();
    loop_.end();
    if (host_) host_->stop();
    if (http_) http_->stop();
    http_.reset();
    mempool_.reset();
    transport_->stop();
    miner_.reset();
    if (problem.empty() && MemoryReserve::used()) problem = MemoryReserve::kSentence;
    if (!problem.empty()) log_->error(LogCategory::general, "{}", problem);
    node_.reset();
    scripts_.reset();
    files_.reset();
    if (problem.empty() && !storage_problem_.empty())
        problem = fatal_error(options_.log, storage_problem_);
    cookie_.reset();
    log_->info(LogCategory::general, "Shutdown: done");
    return problem;
}

// After blocks from files were imported.
void Daemon::start_network() {
    log_->info(LogCategory::general, "init message: Starting network threads…");
    transport_->start();
    // Its transactions spend coins of those blocks.
    if (!options_.stop_after_import) return mempool_->start();
    log_->info(LogCategory::general, "Stopping after block import");
    loop_.request_stop();
}

std::string Daemon::serve(const std::function<void()>& on_ready) {
    NotifyingNode hosted(
        *node_, {options_.block_notify, options_.alert_notify, options_.wallet_notify}, *notifier_);
    const auto now = TimePoint{
        std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
    if (!options_.no_wallets) begin_stage("Verifying wallet(s)…");
    Effects start = node_->start(now);
    if (std::string problem = problem_of(start); !problem.empty()) return problem;
    StepWatch watched(hosted, *log_);
    NodeDriver* driver = &watched;
    std::optional<MessageCapture> capture;
    if (options_.capture_messages)
        driver = &capture.emplace(watched, options_.chain_directory + "/message_capture",
                                  config_.params.magic, *log_);
    std::optional<FlightRecorder> recorder;
    if (record_) {
        record_header_.start = now;
        recorder.emplace(*driver, std::move(*record_), record_header_, start, *log_);
        driver = &*recorder;
        log_->info(LogCategory::general, "Recording to {}", options_.record);
    }
    mempool_.emplace(
        MempoolPersistence::Options{options_.chain_directory + "/mempool.dat",
                                    options_.persist_mempool, options_.persist_mempool_plain},
        loop_, *log_);
    host_->set_mempool(*mempool_);
    std::optional<BlockImport> blocks;
    if (options_.load_blocks.empty() && !node_->chain().reindexing())
        start_network();
    else
        blocks.emplace(options_.load_blocks, config_.params.magic, loop_, *log_,
                       [this] { start_network(); });
    if (!record_) {
        peer_files_.start(loop_, *log_);
        fee_file_.start(loop_, *log_);
    }
    host_->set_warm_up(std::nullopt);
    log_->info(LogCategory::general, "init message: Done loading");
    if (!options_.startup_notify.empty()) notifier_->run(options_.startup_notify);
    on_ready();
    const auto barrier = [this](Durability durability, std::function<void()> done) {
        files_->thread().barrier(durability, std::move(done));
    };
    const auto notify = [this](const Notice& notice) {
        if (zmq_) zmq_->publish(notice);
    };
    const auto show_tip = [this](std::shared_ptr<const BlockSummary> tip) {
        chain_.show(std::move(tip));
    };
    const std::string error =
        loop_.run({*driver, *transport_, *miner_, barrier, show_tip, notify}, std::move(start));
    if (!options_.shutdown_notify.empty()) notifier_->run_now(options_.shutdown_notify);
    log_->info(LogCategory::general, "Shutdown: In progress...");
    blocks.reset();
    peer_files_.stop();
    fee_file_.stop();
    if (error.empty() && !record_) {
        peer_files_.save(node_->peers(), *log_);
        fee_file_.save(node_->mempool(), *log_);
    }
    // What was not loaded yet would be lost from the file.
    if (error.empty() && options_.persist_mempool && mempool_->loaded())
        mempool_->save(MempoolFile::of(node_->mempool(), node_->peers().unbroadcast()));
    return error.empty() ? error : fatal_error(options_.log, error);
}

}  // namespace

std::string version_text() {
    return PARLEY_VERSION;
}

std::string run_daemon(const DaemonOptions& options, NodeConfig config,
                       const std::vector<std::string>& notes,
                       const std::function<void()>& on_ready) {
    return Daemon(options, std::move(config)).run(notes, on_ready);
}

}  // namespace parley
