#include "wallet/ledger.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "chain/rules/params.h"

namespace parley {

using State = LedgerTx::State;

Ledger::Ledger(const ChainParams& params, WalletKeys& keys, bool spend_zero_conf_change)
    : params_(params), keys_(keys), spend_zero_conf_change_(spend_zero_conf_change) {}

// --- changes -------------------------------------------------------------------------------------

void Ledger::connect(const Block& block, const BlockHash& hash, Height height) {
    tip_ = height;
    take_in(block, hash, height);
}

bool Ledger::rescan(const Block& block, const BlockHash& hash, Height height) {
    if (!take_in(block, hash, height)) return false;
    // Even those that were known before: whoever listens to -walletnotify rescans to hear again.
    for (const TransactionRef& transaction : block.transactions) {
        if (transactions_.contains(transaction->txid()))
            changed_[transaction->txid()].notice = true;
    }
    return true;
}

bool Ledger::take_in(const Block& block, const BlockHash& hash, Height height) {
    // The outputs of the genesis coinbase are not spendable, except on chains whose parameters say
    // so.
    if (height == Height{0} && !params_.genesis_coins_spendable) return false;
    bool found = false;
    WalletTxBlock place{hash, height, 0, block.header.time};
    for (const auto& transaction : block.transactions) {
        mark_conflicts(*transaction, place);
        LedgerTx* known = nullptr;
        if (const auto it = transactions_.find(transaction->txid()); it != transactions_.end())
            known = &it->second;
        else if (concerns(*transaction))
            known = &insert(transaction, place.time);
        if (known != nullptr) {
            set_state(*known, State::confirmed, place);
            found = true;
        }
        ++place.index;
    }
    return found;
}

void Ledger::disconnect(const Block& block, const BlockHash& hash, Height height) {
    tip_ = height - 1;
    for (auto it = block.transactions.rbegin(); it != block.transactions.rend(); ++it) {
        const Transaction& transaction = **it;
        const auto known = transactions_.find(transaction.txid());
        if (known != transactions_.end() && known->second.state == State::confirmed &&
            known->second.block.hash == hash) {
            // A coinbase cannot be rebroadcast, because it is only valid in its block.
            set_state(known->second,
                      transaction.is_coinbase() ? State::abandoned : State::unconfirmed);
        }
        for (const auto& input : transaction.inputs()) {
            std::vector<Txid> freed;
            const auto [begin, end] = spends_.equal_range(input.prevout);
            for (auto spender = begin; spender != end; ++spender) freed.push_back(spender->second);
            for (const Txid& txid : freed) {
                const LedgerTx& other = transactions_.at(txid);
                if (other.state == State::conflicted && other.block.hash == hash)
                    set_state_below(txid, State::conflicted, State::unconfirmed, {});
            }
        }
    }
}

void Ledger::import_confirmed(const TransactionRef& transaction, const WalletTxBlock& place) {
    mark_conflicts(*transaction, place);
    const auto it = transactions_.find(transaction->txid());
    LedgerTx& known = it != transactions_.end() ? it->second : insert(transaction, place.time);
    set_state(known, State::confirmed, place);
}

bool Ledger::mempool_added(const TransactionRef& transaction, int64_t time) {
    for (const auto& input : transaction->inputs()) {
        const auto [begin, end] = spends_.equal_range(input.prevout);
        for (auto spender = begin; spender != end; ++spender) {
            if (spender->second == transaction->txid()) continue;
            LedgerTx& other = transactions_.at(spender->second);
            if (other.mempool_conflicts.insert(transaction->txid()).second) refresh_around(other);
        }
    }
    auto it = transactions_.find(transaction->txid());
    if (it == transactions_.end()) {
        if (!concerns(*transaction)) return false;
        insert(transaction, time);
        it = transactions_.find(transaction->txid());
    }
    it->second.in_mempool = true;
    // A transaction that enters the mempool is neither confirmed nor in conflict with the chain,
    // even if this wallet did not see the disconnect that caused this.
    if (it->second.state != State::confirmed) set_state(it->second, State::unconfirmed);
    return true;
}

void Ledger::mempool_removed(const Transaction& transaction) {
    for (const auto& input : transaction.inputs()) {
        const auto [begin, end] = spends_.equal_range(input.prevout);
        for (auto spender = begin; spender != end; ++spender) {
            LedgerTx& other = transactions_.at(spender->second);
            if (other.mempool_conflicts.erase(transaction.txid()) != 0) refresh_around(other);
        }
    }
    const auto it = transactions_.find(transaction.txid());
    if (it != transactions_.end()) it->second.in_mempool = false;
}

LedgerTx& Ledger::add(const TransactionRef& transaction, int64_t time) {
    const auto it = transactions_.find(transaction->txid());
    LedgerTx& added = it != transactions_.end() ? it->second : insert(transaction, time);
    if (added.state == State::abandoned) set_state(added, State::unconfirmed);
    return added;
}

void Ledger::erase(const Txid& txid) {
    const auto it = transactions_.find(txid);
    CHECK(it != transactions_.end());
    const TransactionRef transaction = it->second.transaction;
    for (const auto& input : transaction->inputs()) {
        const auto [begin, end] = spends_.equal_range(input.prevout);
        for (auto spender = begin; spender != end; ++spender) {
            if (spender->second != txid) continue;
            spends_.erase(spender);
            break;
        }
    }
    by_order_.erase(it->second.order);
    for (uint32_t i = 0; i < transaction->outputs().size(); ++i) unspent_.erase({txid, i});
    transactions_.erase(it);
    for (const auto& input : transaction->inputs()) refresh(input.prevout);
    changed_[txid] = {true, true};
}

void Ledger::abandon(const Txid& txid) {
    set_state_below(txid, State::unconfirmed, State::abandoned, {});
}

LedgerTx& Ledger::edit(const Txid& txid) {
    changed_[txid] = {true, true};
    return transactions_.at(txid);
}

LedgerTx& Ledger::insert(const TransactionRef& transaction, int64_t time) {
    LedgerTx& added = transactions_[transaction->txid()];
    added.transaction = transaction;
    added.order = next_order_++;
    added.time_received = time;
    by_order_.emplace(added.order, &added);
    if (!transaction->is_coinbase()) {
        for (const auto& input : transaction->inputs())
            spends_.emplace(input.prevout, transaction->txid());
    }
    for (const auto& output : transaction->outputs()) keys_.mark_used(output.script_pubkey);
    refresh_around(added);
    changed_[transaction->txid()] = {true, true};
    return added;
}

void Ledger::load(LedgerTx transaction) {
    const Txid txid = transaction.transaction->txid();
    const auto [it, added] = transactions_.emplace(txid, std::move(transaction));
    CHECK(added);
    by_order_.emplace(it->second.order, &it->second);
    next_order_ = std::max(next_order_, it->second.order + 1);
    if (it->second.transaction->is_coinbase()) return;
    for (const auto& input : it->second.transaction->inputs()) spends_.emplace(input.prevout, txid);
}

void Ledger::loaded(std::optional<Height> tip) {
    tip_ = tip;
    scripts_added();
}

void Ledger::forget_blocks_above(Height fork) {
    for (auto& [txid, transaction] : transactions_) {
        if (transaction.block.height <= fork) continue;
        if (transaction.state == State::confirmed)
            set_state(transaction, transaction.transaction->is_coinbase() ? State::abandoned
                                                                          : State::unconfirmed);
        else if (transaction.state == State::conflicted)
            set_state(transaction, State::unconfirmed);
    }
    tip_ = fork;
}

void Ledger::scripts_added() {
    for (const auto& [txid, transaction] : transactions_) refresh_around(transaction);
}

void Ledger::set_state(LedgerTx& transaction, State state, const WalletTxBlock& block) {
    const bool was_in_mempool = transaction.in_mempool;
    if (state != State::unconfirmed) transaction.in_mempool = false;
    // The block has evicted the mempool transactions that conflict with this one.
    if (state == State::confirmed || state == State::conflicted)
        transaction.mempool_conflicts.clear();
    const bool same = transaction.state == state && transaction.block.hash == block.hash &&
                      transaction.block.height == block.height;
    if (!same) {
        transaction.state = state;
        transaction.block = block;
        Change& change = changed_[transaction.transaction->txid()];
        change.record = true;
        change.notice |= state != State::conflicted || was_in_mempool;
    }
    refresh_around(transaction);
}

// Applies the change to the descendants that are in the same state.
void Ledger::set_state_below(const Txid& txid, State from, State to, const WalletTxBlock& block) {
    std::vector<Txid> todo{txid};
    while (!todo.empty()) {
        LedgerTx& transaction = transactions_.at(todo.back());
        todo.pop_back();
        if (transaction.state != from) continue;
        set_state(transaction, to, block);
        for (const Txid& child : children(*transaction.transaction)) todo.push_back(child);
    }
}

void Ledger::mark_conflicts(const Transaction& transaction, const WalletTxBlock& block) {
    if (spends_.empty() || transaction.is_coinbase()) return;
    for (const auto& input : transaction.inputs()) {
        std::vector<Txid> losers;
        const auto [begin, end] = spends_.equal_range(input.prevout);
        for (auto spender = begin; spender != end; ++spender) {
            if (spender->second != transaction.txid()) losers.push_back(spender->second);
        }
        for (const Txid& loser : losers) {
            // An abandoned transaction can also be in conflict; its negative confirmations show
            // that it can never confirm.
            const State state = transactions_.at(loser).state;
            if (state == State::unconfirmed || state == State::abandoned)
                set_state_below(loser, state, State::conflicted, block);
        }
    }
}

bool Ledger::spent(const OutPoint& outpoint) const {
    const auto [begin, end] = spends_.equal_range(outpoint);
    return std::any_of(begin, end,
                       [&](const auto& spend) { return transactions_.at(spend.second).counts(); });
}

void Ledger::refresh(const OutPoint& outpoint) {
    const auto it = transactions_.find(outpoint.txid);
    if (it == transactions_.end()) return;
    const auto& outputs = it->second.transaction->outputs();
    const bool available = outpoint.index < outputs.size() &&
                           keys_.is_mine(outputs[outpoint.index].script_pubkey) &&
                           it->second.counts() && !spent(outpoint);
    if (available)
        unspent_.emplace(outpoint, &it->second);
    else
        unspent_.erase(outpoint);
}

void Ledger::refresh_around(const LedgerTx& transaction) {
    for (const auto& input : transaction.transaction->inputs()) refresh(input.prevout);
    const Txid& txid = transaction.transaction->txid();
    for (uint32_t i = 0; i < transaction.transaction->outputs().size(); ++i) refresh({txid, i});
}

std::map<Txid, Ledger::Change> Ledger::take_changed() {
    return std::exchange(changed_, {});
}

// --- queries -------------------------------------------------------------------------------------

const LedgerTx* Ledger::find(const Txid& txid) const {
    const auto it = transactions_.find(txid);
    return it == transactions_.end() ? nullptr : &it->second;
}

const TxOutput* Ledger::own_output(const OutPoint& outpoint) const {
    const LedgerTx* transaction = find(outpoint.txid);
    if (!transaction) return nullptr;
    const auto& outputs = transaction->transaction->outputs();
    if (outpoint.index >= outputs.size()) return nullptr;
    const TxOutput& output = outputs[outpoint.index];
    return keys_.is_mine(output.script_pubkey) ? &output : nullptr;
}

bool Ledger::concerns(const Transaction& transaction) const {
    const auto& outputs = transaction.outputs();
    if (std::any_of(outputs.begin(), outputs.end(),
                    [&](const TxOutput& output) { return keys_.is_mine(output.script_pubkey); }))
        return true;
    const auto& inputs = transaction.inputs();
    return std::any_of(inputs.begin(), inputs.end(),
                       [&](const TxInput& input) { return own_output(input.prevout) != nullptr; });
}

int32_t Ledger::depth(const LedgerTx& transaction) const {
    if (!tip_) return 0;
    const int32_t blocks = *tip_ - transaction.block.height + 1;
    if (transaction.state == State::confirmed) return blocks;
    return transaction.state == State::conflicted ? -blocks : 0;
}

bool Ledger::immature(const LedgerTx& transaction) const {
    if (!transaction.transaction->is_coinbase()) return false;
    // The genesis outputs of labnet: consensus does not require coinbase maturity for them.
    const bool is_genesis =
        transaction.state == State::confirmed && transaction.block.height == Height{0};
    if (is_genesis && params_.genesis_coins_spendable) return false;
    // As in bitcoind, one block more than consensus requires: a coin that matures with the next
    // block is not spendable before that block is connected.
    return depth(transaction) < params_.coinbase_maturity_blocks + 1;
}

bool Ledger::trusted(const LedgerTx& transaction) const {
    std::map<Txid, bool> known;
    return trusted(transaction, known);
}

bool Ledger::trusted(const LedgerTx& transaction, std::map<Txid, bool>& known) const {
    if (transaction.state == State::confirmed) return true;
    if (transaction.state != State::unconfirmed || !transaction.in_mempool ||
        !spend_zero_conf_change_)
        return false;
    const Txid& txid = transaction.transaction->txid();
    if (const auto it = known.find(txid); it != known.end()) return it->second;
    bool result = true;
    for (const auto& input : transaction.transaction->inputs()) {
        result = own_output(input.prevout) != nullptr && trusted(*find(input.prevout.txid), known);
        if (!result) break;
    }
    known[txid] = result;
    return result;
}

Amount Ledger::debit(const Transaction& transaction) const {
    Amount sum{0};
    for (const auto& input : transaction.inputs()) {
        if (const TxOutput* output = own_output(input.prevout)) sum += output->value;
    }
    return sum;
}

Amount Ledger::credit(const Transaction& transaction) const {
    Amount sum{0};
    for (const auto& output : transaction.outputs()) {
        if (keys_.is_mine(output.script_pubkey)) sum += output.value;
    }
    return sum;
}

bool Ledger::all_inputs_own(const Transaction& transaction) const {
    const auto& inputs = transaction.inputs();
    return std::all_of(inputs.begin(), inputs.end(),
                       [&](const TxInput& input) { return own_output(input.prevout) != nullptr; });
}

std::vector<Txid> Ledger::conflicts(const Transaction& transaction) const {
    std::set<Txid> others;
    for (const auto& input : transaction.inputs()) {
        const auto [begin, end] = spends_.equal_range(input.prevout);
        for (auto spender = begin; spender != end; ++spender) {
            if (spender->second != transaction.txid()) others.insert(spender->second);
        }
    }
    return {others.begin(), others.end()};
}

std::vector<Txid> Ledger::children(const Transaction& transaction) const {
    std::set<Txid> found;
    const auto end = spends_.upper_bound({transaction.txid(), OutPoint::kNullIndex});
    for (auto it = spends_.lower_bound({transaction.txid(), 0}); it != end; ++it)
        found.insert(it->second);
    return {found.begin(), found.end()};
}

WalletBalances Ledger::balances(int32_t confirmations_min) const {
    WalletBalances balances;
    std::map<Txid, bool> known;
    for (const auto& [outpoint, transaction] : unspent_) {
        const Amount value = transaction->transaction->outputs()[outpoint.index].value;
        if (immature(*transaction)) {
            if (depth(*transaction) > 0) balances.immature += value;
        } else if (trusted(*transaction, known)) {
            if (depth(*transaction) >= confirmations_min) balances.trusted += value;
        } else if (transaction->in_mempool) {
            balances.untrusted_pending += value;
        }
    }
    return balances;
}

void Ledger::check_consistency() const {
    CHECK(by_order_.size() == transactions_.size());
    size_t spends = 0;
    std::map<OutPoint, const LedgerTx*> expected;
    for (const auto& [txid, transaction] : transactions_) {
        CHECK(transaction.transaction->txid() == txid);
        CHECK(by_order_.at(transaction.order) == &transaction);
        CHECK(!transaction.in_mempool || transaction.state == State::unconfirmed);
        if (transaction.state == State::confirmed) CHECK(tip_ && transaction.block.height <= *tip_);
        if (!transaction.transaction->is_coinbase())
            spends += transaction.transaction->inputs().size();
        for (uint32_t i = 0; i < transaction.transaction->outputs().size(); ++i) {
            const OutPoint outpoint{txid, i};
            if (own_output(outpoint) && transaction.counts() && !spent(outpoint))
                expected.emplace(outpoint, &transaction);
        }
    }
    CHECK(spends == spends_.size());
    CHECK(expected == unspent_);
}

}  // namespace parley
