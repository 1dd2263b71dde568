#include "wallet/wallet_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/storage/memory_storage.h"
#include "wallet/wallet_store.h"

namespace parley {
namespace {

// As in bitcoind: a random interval of 12 to 36 hours makes it harder to identify the sender of a
// rebroadcast transaction.
constexpr Duration kRebroadcastMin = std::chrono::hours{12};
constexpr Duration kRebroadcastSpread = std::chrono::hours{24};
// A wallet's name is also the path of its directory, absolute or below the wallet directory. As in
// bitcoind, each directory has one such name. Returns bitcoind's sentence; empty: it may be one.
std::string path_problem(std::string_view name) {
    constexpr std::string_view kNotNormal = "Wallet name given as a path must be normalized";
    if (name == "/") return "Wallet name cannot be the root path";
    if (name.find('\0') != std::string_view::npos) return "Wallet name cannot contain a zero byte";
    std::string_view rest = name;
    if (rest.starts_with('/')) rest.remove_prefix(1);
    for (bool first = rest.size() == name.size();; first = false) {
        const size_t end = rest.find('/');
        const std::string_view part = rest.substr(0, end);
        if (first && (part == ".." || name == "."))
            return "Wallet name given as a relative path cannot begin with ./ or ../, for wallets "
                   "not in the walletdir, please use an absolute path.";
        if ((part.empty() && !name.empty()) || part == "." || part == "..")
            return std::string{kNotNormal};
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
}

WalletError unverified(const std::string& problem) {
    return WalletError{WalletErrorCode::wallet,
                       fmt::format("Wallet file verification failed. {}", problem)};
}

WriteBatch batch_of(const WalletRecords& records) {
    WriteBatch batch;
    for (const WriteBatch::Put& record : records) batch.put(record.key, record.value);
    return batch;
}

}  // namespace

WalletManager::WalletManager(WalletOptions options, const ChainParams& params,
                             const WalletNodeView& node, StorageDirectory& directory,
                             Random& random, Random& secrets, LogSink& log)
    : options_(std::move(options)),
      params_(params),
      node_(node),
      directory_(directory),
      random_(random),
      secrets_(secrets),
      log_(log) {}

WalletManager::~WalletManager() = default;

WalletContext WalletManager::context() {
    return {options_, params_, node_, random_, secrets_, log_};
}

Expected<Wallet*, WalletError> WalletManager::create(const std::string& name,
                                                     const WalletCreateOptions& options,
                                                     TimePoint now, std::optional<Bytes> seed) {
    if (name.empty())
        return Unexpected(
            WalletError{WalletErrorCode::invalid_parameter, "Wallet name cannot be empty"});
    if (const std::string problem = path_problem(name); !problem.empty())
        return Unexpected(unverified(problem));
    if (wallets_.size() >= kLoadedCountMax)
        return Unexpected(WalletError{WalletErrorCode::wallet,
                                      "Too many wallets are loaded; unload one with unloadwallet"});
    if (find(name) || directory_.exists(name))
        return Unexpected(unverified(
            fmt::format("Failed to create database path '{}'. Database already exists.", name)));
    auto storage = directory_.open(name, StorageDirectory::Mode::create_new);
    if (!storage) return Unexpected(WalletError{WalletErrorCode::wallet, storage.error().message});
    return add(Wallet::create(name, std::move(*storage), context(), options, now, std::move(seed)),
               now);
}

Expected<Wallet*, WalletError> WalletManager::load(const std::string& name, TimePoint now) {
    if (find(name))
        return Unexpected(WalletError{WalletErrorCode::already_loaded,
                                      fmt::format("Wallet \"{}\" is already loaded.", name)});
    if (const std::string problem = path_problem(name); !problem.empty())
        return Unexpected(unverified(problem));
    if (!directory_.exists(name))
        return Unexpected(WalletError{
            WalletErrorCode::wallet_not_found,
            fmt::format("Wallet file verification failed. Failed to load database path '{}'. Path "
                        "does not exist.",
                        name)});
    if (wallets_.size() >= kLoadedCountMax)
        return Unexpected(WalletError{WalletErrorCode::wallet,
                                      "Too many wallets are loaded; unload one with unloadwallet"});
    auto storage = directory_.open(name, StorageDirectory::Mode::open_existing);
    if (!storage) return Unexpected(WalletError{WalletErrorCode::wallet, storage.error().message});
    auto loaded = add(Wallet::load(name, std::move(*storage), context(), now), now);
    // Must come last, so that this wallet also sees transactions that the payment replaces in the
    // mempool.
    if (loaded) rebroadcast(**loaded);
    return loaded;
}

Expected<void, WalletError> WalletManager::restore(const std::string& name,
                                                   const WalletRecords& backup) {
    if (const std::string problem = path_problem(name); !problem.empty())
        return Unexpected(unverified(problem));
    if (find(name) || directory_.exists(name))
        return Unexpected(WalletError{
            WalletErrorCode::already_exists,
            fmt::format("Failed to restore wallet. Database file exists in '{}'.", name)});
    // Nothing reaches the disk before every record has been read.
    auto trial = std::make_unique<MemoryStorage>();
    trial->commit(batch_of(backup), Durability::written);
    const auto parsed = WalletStore{std::move(trial), params_}.load();
    if (!parsed) return Unexpected(unverified(parsed.error().message));
    auto storage = directory_.open(name, StorageDirectory::Mode::create_new);
    if (!storage) return Unexpected(WalletError{WalletErrorCode::wallet, storage.error().message});
    (*storage)->commit(batch_of(backup), Durability::synced);
    return {};
}

Expected<void, WalletError> WalletManager::load_at_start(const std::vector<std::string>& names,
                                                         TimePoint now) {
    for (const std::string& name : names) {
        if (find(name)) {
            log_.warning(LogCategory::wallet, "Ignoring duplicate -wallet {}.", name);
            continue;
        }
        const auto loaded = load(name, now);
        if (loaded) continue;
        if (loaded.error().code != WalletErrorCode::wallet_not_found)
            return Unexpected(loaded.error());
        log_.warning(LogCategory::wallet, "Skipping -wallet path that doesn't exist. {}",
                     loaded.error().message);
    }
    return {};
}

Expected<Wallet*, WalletError> WalletManager::add(Expected<Wallet::Ref, WalletError> wallet,
                                                  TimePoint now) {
    if (!wallet) return Unexpected(wallet.error());
    wallets_.push_back(std::move(*wallet));
    if (next_rebroadcast_ == kNever) schedule_rebroadcast(now);
    log_.info(LogCategory::wallet, "Loaded wallet {}", wallets_.back()->name());
    return wallets_.back().get();
}

Expected<void, WalletError> WalletManager::unload(const std::string& name) {
    const auto it = std::find_if(wallets_.begin(), wallets_.end(),
                                 [&](const auto& wallet) { return wallet->name() == name; });
    if (it == wallets_.end())
        return Unexpected(WalletError{WalletErrorCode::wallet_not_found,
                                      "Requested wallet does not exist or is not loaded"});
    wallets_.erase(it);
    if (wallets_.empty()) next_rebroadcast_ = kNever;
    return {};
}

Wallet* WalletManager::find(const std::string& name) const {
    const auto it = std::find_if(wallets_.begin(), wallets_.end(),
                                 [&](const auto& wallet) { return wallet->name() == name; });
    return it == wallets_.end() ? nullptr : it->get();
}

std::vector<std::string> WalletManager::available() const {
    return directory_.list();
}

WalletOutputs WalletManager::handle(const WalletInput& input, TimePoint now) {
    const auto each_wallet = [this](auto&& call) {
        for (const auto& wallet : wallets_) call(*wallet);
    };
    if (const auto* connected = std::get_if<wallet_input::BlockConnected>(&input)) {
        each_wallet([&](Wallet& wallet) {
            wallet.block_connected(*connected->block, connected->hash, connected->height);
        });
    } else if (const auto* left = std::get_if<wallet_input::BlockDisconnected>(&input)) {
        each_wallet([&](Wallet& wallet) {
            wallet.block_disconnected(*left->block, left->hash, left->height);
        });
    } else if (const auto* added = std::get_if<wallet_input::TransactionAdded>(&input)) {
        each_wallet(
            [&](Wallet& wallet) { wallet.transaction_added_to_mempool(added->transaction, now); });
    } else if (const auto* removed = std::get_if<wallet_input::TransactionRemoved>(&input)) {
        each_wallet(
            [&](Wallet& wallet) { wallet.transaction_removed_from_mempool(removed->transaction); });
    } else if (const auto* judged = std::get_if<wallet_input::TransactionJudged>(&input)) {
        each_wallet([&](Wallet& wallet) {
            wallet.rebroadcast_judged(judged->transaction, judged->reject);
        });
    } else if (now >= next_rebroadcast_) {
        each_wallet([&](Wallet& wallet) { rebroadcast(wallet); });
        schedule_rebroadcast(now);
    }
    return take_outputs();
}

std::vector<WalletNotice> WalletManager::take_notices() {
    std::vector<WalletNotice> all;
    for (const auto& wallet : wallets_) {
        std::vector<WalletNotice> notices = wallet->take_notices();
        all.insert(all.end(), std::make_move_iterator(notices.begin()),
                   std::make_move_iterator(notices.end()));
    }
    return all;
}

void WalletManager::rebroadcast(const Wallet& wallet) {
    if (!options_.broadcast) return;
    for (TransactionRef& transaction : wallet.waiting_transactions())
        outputs_.push_back({std::move(transaction)});
}

void WalletManager::schedule_rebroadcast(TimePoint now) {
    const auto spread = static_cast<uint64_t>(kRebroadcastSpread.count());
    next_rebroadcast_ =
        now + kRebroadcastMin + Duration{static_cast<int64_t>(random_.uniform(spread))};
}

}  // namespace parley
