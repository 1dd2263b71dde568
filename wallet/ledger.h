// Ledger: the transactions of a wallet, their states, and the wallet's unspent coins. It is
// informed of blocks and of mempool changes and updates the states. Of keys it only asks "is this
// script mine", and it has no store: it reports which records changed. Part of Wallet; core thread
// only.
//
// A transaction is unconfirmed (in the mempool or not), confirmed in a block of the active chain,
// conflicted (a block spends one of its or an ancestor's inputs), or abandoned. Only unconfirmed
// and confirmed transactions create and spend coins.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wallet/keys/wallet_keys.h"
#include "wallet/wallet_types.h"

namespace parley {

struct LedgerTx {
    enum class State : uint8_t { unconfirmed, confirmed, conflicted, abandoned };

    TransactionRef transaction;
    State state = State::unconfirmed;
    WalletTxBlock block;        ///< confirmed: its block; conflicted: the conflict's block
    int64_t order = 0;          ///< by arrival in this wallet
    int64_t time_received = 0;  ///< Unix seconds
    std::string comment;
    std::string comment_to;
    std::optional<Txid> replaces;
    std::optional<Txid> replaced_by;

    // Not stored: the current state of the mempool.
    bool in_mempool = false;
    std::set<Txid> mempool_conflicts;  ///< mempool transactions that spend one of its inputs

    bool counts() const {
        return state == State::confirmed ||
               (state == State::unconfirmed && mempool_conflicts.empty());
    }
};

class Ledger {
 public:
    Ledger(const ChainParams& params, WalletKeys& keys, bool spend_zero_conf_change);

    // --- changes --------------------------------------------------------------------------------

    void connect(const Block& block, const BlockHash& hash, Height height);
    void disconnect(const Block& block, const BlockHash& hash, Height height);
    /// Like connect, for a block of the active chain below the tip. True if anything was found.
    bool rescan(const Block& block, const BlockHash& hash, Height height);
    /// One transaction of a block of the active chain.
    void import_confirmed(const TransactionRef& transaction, const WalletTxBlock& place);
    /// True if the transaction concerns the wallet.
    bool mempool_added(const TransactionRef& transaction, int64_t time);
    void mempool_removed(const Transaction& transaction);

    /// Adds a transaction of this wallet that is not in the mempool yet.
    LedgerTx& add(const TransactionRef& transaction, int64_t time);
    /// Removes a transaction: one that was not sent, or that the user wants to be forgotten.
    void erase(const Txid& txid);
    /// Including all descendants. REQUIRES: unconfirmed.
    void abandon(const Txid& txid);
    /// For changing fields that do not affect balances: comments, replacement.
    LedgerTx& edit(const Txid& txid);

    /// From the store, at start-up. Call loaded() after the last one.
    void load(LedgerTx transaction);
    void loaded(std::optional<Height> tip);
    /// Blocks above `fork` are no longer in the active chain.
    void forget_blocks_above(Height fork);
    /// New scripts are known: checks all outputs again.
    void scripts_added();

    /// What happened to a transaction since the last call.
    struct Change {
        bool record = false;  ///< its record changed, or was removed
        /// Users are told. As in bitcoind, not of one that loses against a block after it had left
        /// the mempool; and again of what a rescan finds.
        bool notice = false;
    };
    std::map<Txid, Change> take_changed();

    // --- queries --------------------------------------------------------------------------------

    const LedgerTx* find(const Txid& txid) const;
    const std::map<Txid, LedgerTx>& all() const { return transactions_; }
    /// In order of arrival.
    const std::map<int64_t, const LedgerTx*>& by_order() const { return by_order_; }
    /// The wallet's coins, created but not spent by unconfirmed and confirmed transactions.
    const std::map<OutPoint, const LedgerTx*>& unspent() const { return unspent_; }

    std::optional<Height> tip() const { return tip_; }
    /// Confirmations; negative for a conflict.
    int32_t depth(const LedgerTx& transaction) const;
    bool immature(const LedgerTx& transaction) const;
    bool trusted(const LedgerTx& transaction) const;
    /// For many transactions: `known` keeps the verdicts between calls.
    bool trusted(const LedgerTx& transaction, std::map<Txid, bool>& known) const;
    /// The amounts that it takes from the wallet (inputs) and pays to it (outputs).
    Amount debit(const Transaction& transaction) const;
    Amount credit(const Transaction& transaction) const;
    bool all_inputs_own(const Transaction& transaction) const;
    const TxOutput* own_output(const OutPoint& outpoint) const;
    /// By an unconfirmed or confirmed transaction of the wallet.
    bool spent(const OutPoint& outpoint) const;
    /// Other wallet transactions that spend one of the same outpoints.
    std::vector<Txid> conflicts(const Transaction& transaction) const;
    /// Wallet transactions that spend an output of this one, in any state.
    std::vector<Txid> children(const Transaction& transaction) const;
    WalletBalances balances(int32_t confirmations_min) const;

    void check_consistency() const;

 private:
    bool concerns(const Transaction& transaction) const;
    bool take_in(const Block& block, const BlockHash& hash, Height height);
    LedgerTx& insert(const TransactionRef& transaction, int64_t time);
    void set_state(LedgerTx& transaction, LedgerTx::State state, const WalletTxBlock& block = {});
    void set_state_below(const Txid& txid, LedgerTx::State from, LedgerTx::State to,
                         const WalletTxBlock& block);
    void mark_conflicts(const Transaction& transaction, const WalletTxBlock& block);
    void refresh(const OutPoint& outpoint);
    void refresh_around(const LedgerTx& transaction);

    const ChainParams& params_;
    WalletKeys& keys_;
    const bool spend_zero_conf_change_;
    std::map<Txid, LedgerTx> transactions_;
    std::map<int64_t, const LedgerTx*> by_order_;
    std::multimap<OutPoint, Txid> spends_;  // of all known transactions, in any state
    std::map<OutPoint, const LedgerTx*> unspent_;
    std::optional<Height> tip_;
    int64_t next_order_ = 0;
    std::map<Txid, Change> changed_;
};

}  // namespace parley
