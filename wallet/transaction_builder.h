// TransactionBuilder: builds one unsigned transaction for a SpendRequest: sizes, coin selection,
// change and fee. It changes nothing in the wallet: the caller supplies the change script. Part of
// Wallet; core thread only.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "wallet/coin_selection.h"
#include "wallet/wallet_impl.h"

namespace parley {

/// Weight of an input that spends such a script with a typical signature (low R, DER: 71 bytes).
/// Empty: the wallet cannot sign for the script.
std::optional<int64_t> signed_input_weight(const Script& script, bool compressed = true);

class TransactionBuilder {
 public:
    TransactionBuilder(const Wallet::Impl& wallet, const SpendRequest& request)
        : wallet_(wallet), request_(request) {}

    struct Built {
        TransactionData transaction;
        Amount fee{0};
        std::optional<size_t> change_position;
    };
    /// `change_script` is called at most once, if there is change.
    using ChangeScript = std::function<Expected<Script, WalletError>()>;
    Expected<Built, WalletError> build(const ChangeScript& change_script);

    // For a request without change. Each of these is called instead of build().

    /// What it costs with the request's own inputs.
    Expected<Amount, WalletError> preset_fee();
    /// All coins that it could spend. An error if there is one that the wallet cannot size.
    Expected<std::vector<OutPoint>, WalletError> all_inputs(SweepChoice choice);

 private:
    struct Coin {
        OutPoint outpoint;
        TxOutput output;
        int64_t input_weight = 0;
        bool own = false;  ///< created by a transaction of this wallet
        int32_t depth = 0;
        bool safe = false;
    };

    std::optional<WalletError> check_recipients();
    std::optional<WalletError> choose_fee_rate();
    std::optional<WalletError> choose_sweep_rate();
    std::optional<WalletError> take_preset_inputs();
    std::optional<WalletError> choose_coins();
    std::optional<WalletError> settle(const ChangeScript& change_script);
    std::optional<WalletError> pay_fee_from_recipients(Amount fee, Amount input_total);
    void collect_available();
    bool is_preset(const OutPoint& outpoint) const;
    bool spends_preset(const Transaction& transaction) const;
    uint32_t current_locktime() const;
    std::optional<SelectionResult> select(Amount target) const;
    bool eligible(const Coin& coin, int32_t own_depth, int32_t foreign_depth) const;
    std::optional<Coin> coin_of(const OutPoint& outpoint, const LedgerTx& transaction) const;

    int64_t virtual_size(const std::vector<TxOutput>& outputs) const;
    TxOutput change_sample() const;
    Amount dust(const TxOutput& output) const;
    void shuffle_inputs();

    const Wallet::Impl& wallet_;
    const SpendRequest& request_;
    FeeRate fee_rate_{0};
    Amount recipients_total_{0};
    bool subtract_fee_ = false;
    std::vector<TxOutput> outputs_;
    std::vector<Coin> available_;
    size_t unsized_count_ = 0;  // coins that are not in available_ for want of a size or key
    std::vector<Coin> chosen_;
    size_t preset_count_ = 0;
    Amount fee_{0};
    std::optional<size_t> change_position_;
};

}  // namespace parley
