// WalletManager: the wallets of a node by name, each with its Storage in a StorageDirectory. It
// takes inputs and returns outputs, and calls nobody. It informs the loaded wallets of chain and
// mempool changes, and periodically submits their unconfirmed transactions again.
//
// Called by node/ only. Core thread only. A Wallet* is valid until that wallet is unloaded.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wallet/wallet.h"
#include "wallet/wallet_events.h"

namespace parley {

class WalletManager {
 public:
    /// Far more than anybody loads by hand. The store of each holds three file descriptors open, so
    /// 768 of the 1,024 that are usual; where fewer are left, loading one more fails and says so.
    static constexpr size_t kLoadedCountMax = 256;

    /// Borrows everything except the options.
    WalletManager(WalletOptions options, const ChainParams& params, const WalletNodeView& node,
                  StorageDirectory& directory, Random& random, Random& secrets, LogSink& log);
    ~WalletManager();
    WalletManager(const WalletManager&) = delete;
    WalletManager& operator=(const WalletManager&) = delete;

    Expected<Wallet*, WalletError> create(const std::string& name,
                                          const WalletCreateOptions& options, TimePoint now,
                                          std::optional<Bytes> seed = std::nullopt);
    Expected<Wallet*, WalletError> load(const std::string& name, TimePoint now);
    /// Creates a wallet's store from a backup; load() loads it. A backup that is damaged, or of
    /// another chain, leaves nothing behind.
    Expected<void, WalletError> restore(const std::string& name, const WalletRecords& backup);
    /// Those of the options. One that does not exist is a warning in the log; other errors end it.
    Expected<void, WalletError> load_at_start(const std::vector<std::string>& names, TimePoint now);
    /// Closes the wallet's store after its last commit.
    Expected<void, WalletError> unload(const std::string& name);

    /// Null: not loaded.
    Wallet* find(const std::string& name) const;
    /// Loaded wallets, in order of loading.
    const std::vector<std::unique_ptr<Wallet>>& loaded() const { return wallets_; }
    /// All wallets in the directory, in lexicographic order (listwalletdir).
    std::vector<std::string> available() const;

    /// Outputs are in order; those of load() come first.
    WalletOutputs handle(const WalletInput& input, TimePoint now);
    WalletOutputs take_outputs() { return std::exchange(outputs_, {}); }
    /// Of all loaded wallets, since the last call; with WalletOptions::notices.
    std::vector<WalletNotice> take_notices();
    /// When a TimerDue is needed; kNever while no wallet is loaded.
    TimePoint next_deadline() const { return next_rebroadcast_; }

    const WalletOptions& options() const { return options_; }

 private:
    Expected<Wallet*, WalletError> add(Expected<Wallet::Ref, WalletError> wallet, TimePoint now);
    void schedule_rebroadcast(TimePoint now);
    void rebroadcast(const Wallet& wallet);
    WalletContext context();

    const WalletOptions options_;
    const ChainParams& params_;
    const WalletNodeView& node_;
    StorageDirectory& directory_;
    Random& random_;
    Random& secrets_;
    LogSink& log_;
    std::vector<std::unique_ptr<Wallet>> wallets_;
    TimePoint next_rebroadcast_ = kNever;
    WalletOutputs outputs_;
};

}  // namespace parley
