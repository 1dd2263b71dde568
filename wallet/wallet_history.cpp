// Wallet: queries (transactions, balances, unspent outputs).
#include <algorithm>
#include <unordered_map>

#include "base/check.h"
#include "chain/rules/params.h"
#include "wallet/wallet_impl.h"

namespace parley {
namespace {

constexpr uint32_t kSequenceReplaceableMax = 0xfffffffd;  // BIP125

bool signals_replacement(const Transaction& transaction) {
    return std::any_of(
        transaction.inputs().begin(), transaction.inputs().end(),
        [](const TxInput& input) { return input.sequence <= kSequenceReplaceableMax; });
}

Amount value_out(const Transaction& transaction) {
    Amount sum{0};
    for (const auto& output : transaction.outputs()) sum += output.value;
    return sum;
}

Amount negative(Amount amount) {
    return Amount{-amount.value()};
}

}  // namespace

std::string_view to_string(TxCategory category) {
    switch (category) {
        case TxCategory::send:
            return "send";
        case TxCategory::receive:
            return "receive";
        case TxCategory::generate:
            return "generate";
        case TxCategory::immature:
            return "immature";
        case TxCategory::orphan:
            return "orphan";
    }
    return {};
}

WalletTxInfo Wallet::Impl::info_of(const LedgerTx& transaction) const {
    WalletTxInfo info;
    info.transaction = transaction.transaction;
    info.confirmations = ledger.depth(transaction);
    if (transaction.state == LedgerTx::State::confirmed) info.block = transaction.block;
    info.generated = transaction.transaction->is_coinbase();
    info.in_mempool = transaction.in_mempool;
    info.abandoned = transaction.state == LedgerTx::State::abandoned;
    const bool unconfirmed = transaction.state == LedgerTx::State::unconfirmed;
    info.trusted = unconfirmed && ledger.trusted(transaction);
    info.replaceable = unconfirmed && signals_replacement(*transaction.transaction);
    info.wallet_conflicts = ledger.conflicts(*transaction.transaction);
    info.mempool_conflicts.assign(transaction.mempool_conflicts.begin(),
                                  transaction.mempool_conflicts.end());
    info.replaces = transaction.replaces;
    info.replaced_by = transaction.replaced_by;
    info.comment = transaction.comment;
    info.comment_to = transaction.comment_to;
    info.time = info.time_received = transaction.time_received;
    return info;
}

std::vector<WalletTxDetail> Wallet::Impl::details_of(
    const LedgerTx& transaction, const std::optional<std::string>& label) const {
    const Transaction& data = *transaction.transaction;
    const Amount debit = ledger.debit(data);
    const bool from_us = debit > Amount{0};
    const bool abandoned = transaction.state == LedgerTx::State::abandoned;
    std::vector<WalletTxDetail> sent;
    std::vector<WalletTxDetail> received;
    for (uint32_t i = 0; i < data.outputs().size(); ++i) {
        const TxOutput& output = data.outputs()[i];
        const auto place = keys.place(output.script_pubkey);
        const bool mine = place.has_value();
        const auto book = labels.find(output.script_pubkey);
        const bool labelled = book != labels.end();
        if (from_us ? mine && !labelled : !mine) continue;  // change, or not the wallet's
        WalletTxDetail detail;
        if (labelled) detail.label = book->second.label;
        detail.output = i;
        detail.abandoned = abandoned;
        if (mine) detail.parent_descriptor = keys.public_text(place->record);
        if (from_us && !label) {
            detail.category = TxCategory::send;
            detail.amount = negative(output.value);
            detail.fee = Amount{value_out(data).value() - debit.value()};
            sent.push_back(detail);
        }
        if (!mine || (label && detail.label.value_or("") != *label)) continue;
        detail.category = TxCategory::receive;
        if (data.is_coinbase()) {
            detail.category = ledger.depth(transaction) < 1  ? TxCategory::orphan
                              : ledger.immature(transaction) ? TxCategory::immature
                                                             : TxCategory::generate;
        }
        detail.amount = output.value;
        detail.fee.reset();
        received.push_back(std::move(detail));
    }
    sent.insert(sent.end(), std::make_move_iterator(received.begin()),
                std::make_move_iterator(received.end()));
    return sent;
}

WalletInfo Wallet::info() const {
    WalletInfo info;
    info.name = impl_->name;
    info.balances = balances(0);
    info.transactions = impl_->ledger.all().size();
    info.keypool_external = impl_->keys.ahead(false);
    info.keypool_internal = impl_->keys.ahead(true);
    info.private_keys = impl_->meta.private_keys;
    info.blank = impl_->meta.blank;
    info.birth_time = impl_->meta.birth_time;
    if (!impl_->trail.empty()) {
        info.last_block_height = impl_->trail.rbegin()->first;
        info.last_block_hash = impl_->trail.rbegin()->second;
    }
    return info;
}

WalletBalances Wallet::balances(int32_t confirmations_min) const {
    return impl_->ledger.balances(confirmations_min);
}

std::vector<UnspentOutput> Wallet::list_unspent(const UnspentQuery& query) const {
    std::vector<UnspentOutput> list;
    Amount sum{0};
    std::map<Txid, bool> trusted;
    for (const auto& [outpoint, transaction] : impl_->ledger.unspent()) {
        const TxOutput& output = transaction->transaction->outputs()[outpoint.index];
        const int32_t depth = impl_->ledger.depth(*transaction);
        if (depth < query.confirmations_min || depth > query.confirmations_max) continue;
        if (depth == 0 && !transaction->in_mempool) continue;
        if (!query.include_immature && impl_->ledger.immature(*transaction)) continue;
        if (!query.include_locked && impl_->locked.contains(outpoint)) continue;
        if (output.value < query.amount_min || output.value > query.amount_max) continue;
        if (!query.scripts.empty() && std::find(query.scripts.begin(), query.scripts.end(),
                                                output.script_pubkey) == query.scripts.end())
            continue;
        UnspentOutput unspent;
        unspent.safe = impl_->ledger.trusted(*transaction, trusted);
        if (!unspent.safe && !query.include_unsafe) continue;
        const auto place = impl_->keys.place(output.script_pubkey);
        CHECK(place.has_value());
        const Descriptor& descriptor = impl_->keys.records()[place->record].descriptor;
        unspent.outpoint = outpoint;
        unspent.output = output;
        unspent.confirmations = depth;
        unspent.solvable = descriptor.is_solvable();
        unspent.spendable = descriptor.has_secret();
        list.push_back(std::move(unspent));
        sum += output.value;
        if (sum >= query.sum_min || (query.count_max != 0 && list.size() >= query.count_max)) break;
    }
    return list;
}

UnspentDescription Wallet::describe(const Script& script) const {
    return {impl_->address_of(script), impl_->label_of(script), impl_->script_descriptor(script),
            impl_->parent_descriptors(script)};
}

std::vector<ListedTransaction> Wallet::list_transactions(const std::optional<std::string>& label,
                                                         size_t count, size_t skip) const {
    // A row is large, so only those that are wanted are made, in their final order.
    std::vector<std::pair<const LedgerTx*, WalletTxDetail>> newest_first;
    const auto& by_order = impl_->ledger.by_order();
    for (auto it = by_order.rbegin(); it != by_order.rend() && newest_first.size() < count; ++it) {
        for (WalletTxDetail& detail : impl_->details_of(*it->second, label)) {
            if (skip > 0) {
                --skip;
            } else if (newest_first.size() < count) {
                newest_first.emplace_back(it->second, std::move(detail));
            }
        }
    }
    std::vector<ListedTransaction> rows;
    rows.reserve(newest_first.size());
    const LedgerTx* current = nullptr;
    std::shared_ptr<const WalletTxInfo> info;
    for (auto it = newest_first.rbegin(); it != newest_first.rend(); ++it) {
        if (it->first != current) info = std::make_shared<WalletTxInfo>(impl_->info_of(*it->first));
        current = it->first;
        rows.push_back({std::move(it->second), info});
    }
    return rows;
}

std::vector<ListedTransaction> Wallet::list_since(const std::optional<BlockHash>& since) const {
    const WalletNodeView& chain = impl_->context.node;
    Height after{-1};
    std::optional<BlockHash> hash = since;
    while (hash) {
        if (const auto height = chain.height_of(*hash)) {
            after = *height;
            break;
        }
        // The block is on a stale branch: count from the fork point.
        const auto block = chain.read_block(*hash);
        hash = block ? std::optional{(*block)->header.previous} : std::nullopt;
    }
    std::vector<ListedTransaction> list;
    for (const auto& [order, transaction] : impl_->ledger.by_order()) {
        const bool in_block = transaction->state == LedgerTx::State::confirmed ||
                              transaction->state == LedgerTx::State::conflicted;
        if (in_block && transaction->block.height <= after) continue;
        const auto info = std::make_shared<WalletTxInfo>(impl_->info_of(*transaction));
        for (WalletTxDetail& detail : impl_->details_of(*transaction, std::nullopt))
            list.push_back({std::move(detail), info});
    }
    return list;
}

std::optional<TransactionView> Wallet::transaction(const Txid& txid) const {
    const LedgerTx* transaction = impl_->ledger.find(txid);
    if (!transaction) return std::nullopt;
    TransactionView view;
    view.info = impl_->info_of(*transaction);
    view.details = impl_->details_of(*transaction, std::nullopt);
    const Transaction& data = *transaction->transaction;
    const Amount debit = impl_->ledger.debit(data);
    // As in bitcoind, an immature coinbase does not count here.
    const Amount credit =
        impl_->ledger.immature(*transaction) ? Amount{0} : impl_->ledger.credit(data);
    view.amount = Amount{credit.value() - debit.value()};
    if (debit > Amount{0}) {
        view.fee = Amount{value_out(data).value() - debit.value()};
        view.amount += negative(*view.fee);
    }
    return view;
}

// --- received and grouped ------------------------------------------------------------------------

bool Wallet::Impl::is_received(const LedgerTx& transaction, const ReceivedQuery& query) const {
    return transaction.counts() && ledger.depth(transaction) >= query.confirmations_min &&
           (query.include_immature || !ledger.immature(transaction));
}

std::vector<ReceivedByScript> Wallet::list_received(const ReceivedQuery& query) const {
    std::unordered_map<Script, ReceivedByScript, ScriptHash> tally;
    for (const auto& [order, transaction] : impl_->ledger.by_order()) {
        if (!impl_->is_received(*transaction, query)) continue;
        const int32_t depth = impl_->ledger.depth(*transaction);
        for (const TxOutput& output : transaction->transaction->outputs()) {
            const auto label = impl_->labels.find(output.script_pubkey);
            if (label == impl_->labels.end() || !is_mine(output.script_pubkey)) continue;
            const auto [it, first] = tally.try_emplace(output.script_pubkey);
            ReceivedByScript& received = it->second;
            received.confirmations = first ? depth : std::min(received.confirmations, depth);
            received.amount += output.value;
            received.txids.push_back(transaction->transaction->txid());
        }
    }
    std::vector<ReceivedByScript> list;
    for (const auto& [script, label] : impl_->labels) {
        const auto it = tally.find(script);
        if (label.send || (it == tally.end() && !query.include_empty)) continue;
        ReceivedByScript received = it == tally.end() ? ReceivedByScript{} : std::move(it->second);
        received.script = script;
        received.label = label.label;
        list.push_back(std::move(received));
    }
    return list;
}

Amount Wallet::received(const std::set<Script>& scripts, const ReceivedQuery& query) const {
    Amount sum{0};
    for (const auto& [order, transaction] : impl_->ledger.by_order()) {
        if (!impl_->is_received(*transaction, query)) continue;
        for (const TxOutput& output : transaction->transaction->outputs()) {
            if (scripts.contains(output.script_pubkey) && is_mine(output.script_pubkey))
                sum += output.value;
        }
    }
    return sum;
}

namespace {

/// Disjoint sets of scripts.
class ScriptGroups {
 public:
    void join(const std::set<Script>& scripts) {
        if (scripts.empty()) return;
        const size_t first = root(number_of(*scripts.begin()));
        for (const Script& script : scripts) parents_[root(number_of(script))] = first;
    }

    /// In a fixed order.
    std::vector<std::vector<Script>> all() {
        std::map<size_t, std::vector<Script>> by_root;
        for (const auto& [script, number] : numbers_) by_root[root(number)].push_back(script);
        std::vector<std::vector<Script>> groups;
        for (auto& [number, scripts] : by_root) groups.push_back(std::move(scripts));
        return groups;
    }

 private:
    size_t number_of(const Script& script) {
        const auto [it, added] = numbers_.try_emplace(script, parents_.size());
        if (added) parents_.push_back(it->second);
        return it->second;
    }
    size_t root(size_t number) {
        while (parents_[number] != number)
            number = parents_[number] = parents_[parents_[number]];  // halves the path
        return number;
    }

    std::map<Script, size_t> numbers_;
    std::vector<size_t> parents_;  // a root is its own parent
};

}  // namespace

std::vector<AddressGroup> Wallet::address_groups() const {
    const Ledger& ledger = impl_->ledger;
    ScriptGroups groups;
    for (const auto& [order, entry] : ledger.by_order()) {
        const Transaction& transaction = *entry->transaction;
        std::set<Script> spent;
        for (const TxInput& input : transaction.inputs()) {
            const TxOutput* output = ledger.own_output(input.prevout);
            if (output && impl_->address_of(output->script_pubkey))
                spent.insert(output->script_pubkey);
        }
        const bool from_us = !spent.empty();
        for (const TxOutput& output : transaction.outputs()) {
            const Script& script = output.script_pubkey;
            if (!is_mine(script) || !impl_->address_of(script)) continue;
            if (from_us && impl_->is_change(script)) spent.insert(script);
            groups.join({script});
        }
        groups.join(spent);
    }
    std::map<Script, Amount> amounts;
    std::map<Txid, bool> trusted;
    for (const auto& [outpoint, transaction] : ledger.unspent()) {
        if (!ledger.trusted(*transaction, trusted) || ledger.immature(*transaction)) continue;
        const TxOutput& output = transaction->transaction->outputs()[outpoint.index];
        amounts.try_emplace(output.script_pubkey, Amount{0}).first->second += output.value;
    }
    std::vector<AddressGroup> result;
    for (const std::vector<Script>& scripts : groups.all()) {
        AddressGroup group;
        for (const Script& script : scripts) {
            const auto amount = amounts.find(script);
            group.push_back({script, amount == amounts.end() ? Amount{0} : amount->second,
                             impl_->label_of(script)});
        }
        result.push_back(std::move(group));
    }
    return result;
}

}  // namespace parley
