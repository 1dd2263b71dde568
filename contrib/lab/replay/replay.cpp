#include "contrib/lab/replay/replay.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "base/random.h"
#include "base/storage/memory_storage.h"
#include "chain/script/script_check.h"
#include "contrib/lab/replay/replayed_request.h"
#include "node/daemon/block_import.h"
#include "node/daemon/files/ban_file.h"
#include "node/daemon/node_files.h"
#include "node/daemon/options/daemon_options.h"
#include "node/daemon/record/record_file.h"
#include "node/host/mempool_load.h"
#include "node/node.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHelp =
    "Usage: parley-lab replay <file> [options]\n"
    "\n"
    "Replays the record of a daemon (parleyd -record=<file>) through the same node code. Prints\n"
    "the first effect that differs from the record or, if none does, the tip, its height and the\n"
    "number of transactions in the mempool.\n"
    "Exit code 0: all effects match; 1: the record cannot be replayed; 2: an effect differs.\n"
    "\n"
    "  --datadir DIR    copy of the data directory from before the recording; required unless\n"
    "                   that was empty. The replay modifies the copy.\n"
    "  --blocksdir DIR  copy of the daemon's -blocksdir, under the same conditions\n"
    "  --walletdir DIR  copy of the daemon's -walletdir, under the same conditions\n"
    "  --json           print the result as JSON\n";

struct Options {
    std::string record;
    std::string data_directory;
    std::string blocks_directory;
    std::string wallet_directory;
    bool json = false;
};

Expected<Options, std::string> read_options(const std::vector<std::string>& arguments) {
    Options options;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& each = arguments[i];
        if (each == "--json") {
            options.json = true;
        } else if (each == "--datadir" && i + 1 < arguments.size()) {
            options.data_directory = arguments[++i];
        } else if (each == "--blocksdir" && i + 1 < arguments.size()) {
            options.blocks_directory = arguments[++i];
        } else if (each == "--walletdir" && i + 1 < arguments.size()) {
            options.wallet_directory = arguments[++i];
        } else if (!each.starts_with("-") && options.record.empty()) {
            options.record = each;
        } else {
            return Unexpected(fmt::format("Invalid argument for replay: {}. See --help.", each));
        }
    }
    if (options.record.empty())
        return Unexpected(std::string{"The file of the record is missing. See --help."});
    return options;
}

/// The directories of the replayed node, which are copies. If the daemon ran with an option for a
/// directory, the replay needs the option too.
Expected<NodeFiles::Options, std::string> places(const RecordHeader& header, const Options& options,
                                                 const NodeConfig& config) {
    Settings settings = header.settings;
    const auto place = [&](std::string_view name, const std::string& copy) -> std::string {
        if (settings.has(name) && copy.empty())
            return fmt::format(
                "The daemon ran with -{0}. Pass a copy of that directory with --{0}.", name);
        if (!settings.has(name) && !copy.empty())
            return fmt::format("The daemon ran without -{0}. Omit --{0}.", name);
        if (!copy.empty())
            settings.add(Settings::Source::command_line, "", name,
                         {fs::absolute(copy).string(), false});
        return {};
    };
    std::string problem = place("blocksdir", options.blocks_directory);
    if (problem.empty()) problem = place("walletdir", options.wallet_directory);
    if (!problem.empty()) return Unexpected(std::move(problem));
    settings.add(Settings::Source::command_line, "", "datadir", {options.data_directory, false});
    const auto locations = read_locations(settings, "/");
    if (!locations) return Unexpected(locations.error());
    settings.select_chain(locations->chain);
    const auto directories = read_store_directories(settings, *locations);
    if (!directories) return Unexpected(directories.error());
    for (const std::string& path : {locations->chain_directory, directories->blocks}) {
        std::error_code error;
        fs::create_directories(path, error);
        if (error) return Unexpected(fmt::format("Cannot create {}: {}", path, error.message()));
    }
    return NodeFiles::Options{locations->chain_directory,
                              directories->blocks,
                              directories->wallets,
                              header.indexes,
                              config.chain.reindex,
                              config.chain.reindex_chainstate,
                              size_t{0}};
}

/// The stores of the replayed node: in memory, or in copies of the daemon's directories.
class Stores {
 public:
    static Expected<std::unique_ptr<Stores>, std::string> open(const RecordHeader& header,
                                                               const Options& options,
                                                               const NodeConfig& config) {
        auto stores = std::make_unique<Stores>();
        if (options.data_directory.empty()) return stores;
        const auto where = places(header, options, config);
        if (!where) return Unexpected(where.error());
        auto files = NodeFiles::open(*where, [](const StorageError& failed) {
            fmt::print(stderr, "Error: {}\n", failed.message);
            std::_Exit(EXIT_FAILURE);
        });
        if (!files) return Unexpected(files.error());
        stores->files_ = std::move(*files);
        stores->bans = BanFile{where->chain}.load(stores->log);
        return stores;
    }

    NodeHost host(const RecordHeader& header, Random& random, Random& secrets) {
        StorageDirectory& wallets = files_ ? files_->wallets() : memory_wallets_;
        return {files_ ? files_->blocks() : memory_blocks_,
                files_ ? files_->coins() : memory_coins_,
                header.wallets ? &wallets : nullptr,
                verifier_,
                random,
                secrets,
                log,
                files_ ? files_->indexes() : memory_indexes(header.indexes)};
    }

    NullLog log;
    std::vector<BannedSubnet> bans;  ///< that the daemon had at its start

 private:
    IndexStores memory_indexes(const PerIndex<bool>& wanted) {
        IndexStores stores{};
        for (size_t i = 0; i < kIndexKinds; ++i)
            stores[i] = wanted[i] ? &memory_indexes_[i] : nullptr;
        return stores;
    }

    MemoryStorage memory_blocks_;
    MemoryStorage memory_coins_;
    PerIndex<MemoryStorage> memory_indexes_;
    MemoryStorageDirectory memory_wallets_;
    std::unique_ptr<NodeFiles> files_;
    InlineScriptVerifier verifier_;
};

struct Difference {
    uint64_t step = 0;
    TimePoint time{};
    std::string event;
    size_t effect = 0;  ///< position among the step's effects
    std::optional<EffectMark> expected;
    std::optional<EffectMark> got;
};

/// A node that is driven by the events of the record.
class Replay {
 public:
    Replay(const RecordHeader& header, std::unique_ptr<Stores> stores)
        : header_(header),
          stores_(std::move(stores)),
          random_(SeededRandom::stream(header.seed, 0, "node")),
          secrets_(SeededRandom::stream(header.seed, 0, "secrets")) {}
    ~Replay() { requests_.clear(); }
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

    Expected<void, std::string> create(NodeConfig config) {
        auto node = Node::create(std::move(config), stores_->host(header_, random_, secrets_));
        if (!node) return Unexpected(node.error());
        node_ = std::move(*node);
        return {};
    }

    /// Empty: the effects match the record.
    std::optional<Difference> step(RecordedStep& recorded) {
        const std::string event = recorded.event ? describe(*recorded.event) : "the start";
        host_.now = recorded.time.time_since_epoch();
        Effects effects;
        if (!recorded.event) {
            effects = node_->start(recorded.time);
        } else if (auto* invoke = std::get_if<event::Invoke>(&*recorded.event)) {
            effects = step(*invoke, recorded.time);
        } else {
            effects = node_->handle(std::move(*recorded.event), recorded.time);
        }
        ++steps_;
        const std::vector<EffectMark> got = mark(effects);
        if (got == recorded.effects) return std::nullopt;
        Difference difference{steps_, recorded.time, event, 0, {}, {}};
        size_t& at = difference.effect;
        while (at < got.size() && at < recorded.effects.size() && got[at] == recorded.effects[at])
            ++at;
        if (at < recorded.effects.size()) difference.expected = recorded.effects[at];
        if (at < got.size()) difference.got = got[at];
        return difference;
    }

    const Node& node() const { return *node_; }
    uint64_t steps() const { return steps_; }

 private:
    Effects step(event::Invoke& invoke, TimePoint now) {
        ReplayedRequest* request = nullptr;
        std::unique_ptr<ReplayedRequest>* slot = nullptr;
        if (const auto* part = std::get_if<event::RequestPart>(&invoke.cause)) {
            const auto [found, first] = requests_.try_emplace(part->request);
            slot = &found->second;
            if (first) {
                *slot = std::make_unique<ReplayedRequest>(*part->request, node_->config().params,
                                                          methods_, host_);
            }
            request = slot->get();  // null: the request had already ended
        }
        const event::Cause cause = invoke.cause;
        invoke.call = [&](Node& node) {
            if (request != nullptr) request->run_part(node);
            if (std::holds_alternative<event::ReindexStep>(cause)) node.reindex_step();
            if (std::holds_alternative<event::StopSignal>(cause)) node.stop();
            if (const auto* load = std::get_if<event::LoadFile>(&cause)) {
                for (const BlockRef& block : load->blocks) import_.load(node, block, stores_->log);
                MempoolLoad counts;
                if (load->mempool) load_mempool_entries(node, *load->mempool, counts);
            }
        };
        Effects effects = node_->handle(std::move(invoke), now);
        if (request != nullptr) {
            request->go_on();
            if (request->ended()) slot->reset();
        }
        return effects;
    }

    const RecordHeader& header_;
    const std::unique_ptr<Stores> stores_;
    SeededRandom random_;
    SeededRandom secrets_;
    const rpc::MethodTable methods_;
    ReplayHost host_;
    BlockImport::Waiting import_;
    std::unique_ptr<Node> node_;
    std::map<std::shared_ptr<const Request>, std::unique_ptr<ReplayedRequest>> requests_;
    uint64_t steps_ = 0;
};

std::string text(const std::optional<EffectMark>& effect) {
    return effect ? fmt::format("{} {:08x}", effect_name(effect->kind), effect->hash) : "nothing";
}

void print_difference(const Options& options, const Difference& difference) {
    const auto time_us = difference.time.time_since_epoch().count();
    if (!options.json) {
        fmt::print(
            "The node's effects differ from the record.\n"
            "step      {} at {}.{:06} ({})\n"
            "effect    {}\n"
            "expected  {}\n"
            "got       {}\n",
            difference.step, time_us / 1'000'000, time_us % 1'000'000, difference.event,
            difference.effect + 1, text(difference.expected), text(difference.got));
        return;
    }
    rpc::JsonWriter writer;
    writer.object([&] {
        writer.field("same", false);
        writer.field("step", difference.step);
        writer.field("time_us", time_us);
        writer.field("event", difference.event);
        writer.field("effect", uint64_t{difference.effect + 1});
        writer.field("expected", text(difference.expected));
        writer.field("got", text(difference.got));
    });
    fmt::print("{}\n", writer.take());
}

void print_end(const Options& options, const Replay& replay, bool cut_short) {
    const HeaderNode& tip = replay.node().chain().index().tip();
    if (!options.json) {
        fmt::print(
            "All {} steps match the record{}.\n"
            "tip       {}\n"
            "height    {}\n"
            "mempool   {} transactions\n",
            replay.steps(), cut_short ? " (the record ends in the middle of another step)" : "",
            tip.hash.to_string(), tip.height.value(), replay.node().mempool().size());
        return;
    }
    rpc::JsonWriter writer;
    writer.object([&] {
        writer.field("same", true);
        writer.field("steps", replay.steps());
        writer.field("truncated", cut_short);
        writer.field("tip", tip.hash);
        writer.field("height", tip.height);
        writer.field("mempool", uint64_t{replay.node().mempool().size()});
    });
    fmt::print("{}\n", writer.take());
}

Expected<int, std::string> run(const Options& options) {
    auto record = RecordReader::open(options.record);
    if (!record) return Unexpected(record.error());
    const RecordHeader& header = record->header();
    if (!header.fresh && options.data_directory.empty()) {
        return Unexpected(std::string{
            "The recording began on a data directory that was not empty. Pass a copy of it, made "
            "before the recording, with --datadir."});
    }
    const bool copies = !options.data_directory.empty() || !options.blocks_directory.empty() ||
                        !options.wallet_directory.empty();
    if (header.fresh && copies) {
        return Unexpected(
            std::string{"The recording began on empty directories. Omit --datadir, --blocksdir "
                        "and --walletdir."});
    }
    Settings settings = header.settings;
    settings.select_chain(header.chain);
    auto config = read_node_config(settings, header.chain);
    if (!config) return Unexpected(config.error());
    config->chain.coins_cache_bytes = header.coins_cache_bytes;
    config->wallet.notices = false;  // nobody takes them here
    auto stores = Stores::open(header, options, *config);
    if (!stores) return Unexpected(stores.error());
    config->net.bans = (*stores)->bans;
    Replay replay(header, std::move(*stores));
    if (auto created = replay.create(std::move(*config)); !created)
        return Unexpected(created.error());
    while (true) {
        auto step = record->next();
        if (!step) return Unexpected(step.error());
        if (!*step) break;
        if (const auto difference = replay.step(**step)) {
            print_difference(options, *difference);
            return 2;
        }
    }
    print_end(options, replay, record->cut_short());
    return 0;
}

}  // namespace

int run_replay(const std::vector<std::string>& arguments) {
    if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
        fmt::print("{}", kHelp);
        return 0;
    }
    const auto options = read_options(arguments);
    const auto result =
        options ? run(*options) : Expected<int, std::string>{Unexpected(options.error())};
    if (result) return *result;
    fmt::print(stderr, "Error: {}\n", result.error());
    return 1;
}

}  // namespace parley::lab
