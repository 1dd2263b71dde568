// Wallet: new transactions.
#include <fmt/format.h>

#include <algorithm>

#include "wallet/transaction_builder.h"
#include "wallet/wallet_impl.h"

namespace parley {
namespace {

// bitcoind's minimum increase of the fee rate by bumpfee.
constexpr int64_t kBumpStep = 5'000;

}  // namespace

Expected<SpendResult, WalletError> Wallet::Impl::create_transaction(const SpendRequest& request) {
    if (request.sign && !meta.private_keys)
        return Unexpected(WalletError{WalletErrorCode::wallet,
                                      "Error: Private keys are disabled for this wallet"});
    const auto change_script = [&]() -> Expected<Script, WalletError> {
        auto script =
            next_script(request.change_type.value_or(context.options.type_of_change()), true);
        if (script) return script;
        return Unexpected(
            WalletError{WalletErrorCode::wallet,
                        "Transaction needs a change address, but we can't generate it. " +
                            script.error().message});
    };
    auto built = TransactionBuilder{*this, request}.build(change_script);
    save();  // a change address may have been used
    if (!built) return Unexpected(built.error());
    if (request.sign) {
        SpentOutputs spent;
        for (const TxInput& input : built->transaction.inputs)
            spent.emplace(input.prevout, *ledger.own_output(input.prevout));
        SignResult result = sign_transaction(std::move(built->transaction), spent, keys);
        if (!result.complete())
            return Unexpected(WalletError{WalletErrorCode::wallet, "Signing transaction failed"});
        built->transaction = std::move(result.transaction);
    }
    return SpendResult{make_transaction(std::move(built->transaction)), built->fee,
                       built->change_position};
}

Expected<SpendResult, WalletError> Wallet::create_transaction(const SpendRequest& request) {
    return impl_->create_transaction(request);
}

Wallet::RecordedSpend Wallet::record(const TransactionRef& transaction, const SpendNotes& notes,
                                     TimePoint now) {
    const Txid txid = transaction->txid();
    const bool known = impl_->ledger.find(txid) != nullptr;
    impl_->ledger.add(transaction, to_unix_seconds(now));
    LedgerTx& added = impl_->ledger.edit(txid);
    added.comment = notes.comment;
    added.comment_to = notes.comment_to;
    added.replaces = notes.replaces;
    impl_->save();
    return {transaction, known, notes.replaces};
}

void Wallet::forget(const RecordedSpend& spend) {
    if (!spend.known) impl_->ledger.erase(spend.transaction->txid());
    impl_->save();
}

Expected<Txid, WalletError> Wallet::settle(const RecordedSpend& spend,
                                           const std::optional<TxReject>& reject, TimePoint now) {
    const Txid txid = spend.transaction->txid();
    if (reject && reject->reason != "txn-already-in-mempool") {
        forget(spend);
        return Unexpected(WalletError{
            WalletErrorCode::wallet,
            fmt::format("Transaction was refused by the mempool: {}", reject->to_string())});
    }
    if (impl_->context.node.in_mempool(txid))
        impl_->ledger.mempool_added(spend.transaction, to_unix_seconds(now));
    if (spend.replaces) impl_->ledger.edit(*spend.replaces).replaced_by = txid;
    for (const TxInput& input : spend.transaction->inputs()) {
        impl_->locked.erase(input.prevout);
        if (impl_->locked_persistent.erase(input.prevout) != 0)
            impl_->store.erase_lock(input.prevout);
    }
    impl_->save();
    return txid;
}

Expected<Wallet::Replacement, WalletError> Wallet::create_replacement(const Txid& txid,
                                                                      const BumpRequest& bump) {
    const Ledger& ledger = impl_->ledger;
    const LedgerTx* original = ledger.find(txid);
    if (!original)
        return Unexpected(WalletError{WalletErrorCode::invalid_address_or_key,
                                      "Invalid or non-wallet transaction id"});
    const TransactionRef transaction = original->transaction;
    if (!ledger.children(*transaction).empty())
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter,
                                      "Transaction has descendants in the wallet"});
    if (original->state != LedgerTx::State::unconfirmed)
        return Unexpected(WalletError{WalletErrorCode::wallet,
                                      "Transaction has been mined, or is conflicted with a mined "
                                      "transaction"});
    if (original->replaced_by)
        return Unexpected(WalletError{
            WalletErrorCode::wallet,
            fmt::format("Cannot bump transaction {} which was already bumped by transaction {}",
                        txid.to_string(), original->replaced_by->to_string())});
    if (!ledger.all_inputs_own(*transaction))
        return Unexpected(
            WalletError{WalletErrorCode::wallet,
                        "Transaction contains inputs that don't belong to this wallet"});
    Replacement result;
    SpendRequest request;
    result.original_fee = ledger.debit(*transaction);
    for (const TxOutput& output : transaction->outputs())
        result.original_fee += Amount{-output.value.value()};
    const std::vector<TxOutput>& outputs =
        bump.outputs.empty() ? transaction->outputs() : bump.outputs;
    if (bump.change_position && *bump.change_position >= outputs.size())
        return Unexpected(
            WalletError{WalletErrorCode::invalid_parameter, "Change position is out of range"});
    for (size_t i = 0; i < outputs.size(); ++i) {
        const TxOutput& output = outputs[i];
        const bool is_change = bump.change_position ? *bump.change_position == i
                                                    : impl_->is_change(output.script_pubkey);
        if (!request.change_script && is_change)
            request.change_script = output.script_pubkey;
        else
            request.recipients.push_back({output.script_pubkey, output.value, false});
    }
    request.replaceable = bump.replaceable;
    request.sign = bump.sign;
    for (const TxInput& input : transaction->inputs()) request.inputs.push_back(input.prevout);
    request.locktime = transaction->locktime();
    const FeeRate old_rate = fee_rate_of(result.original_fee, transaction->virtual_size());
    const int64_t step = std::max(kBumpStep, impl_->context.node.incremental_relay_fee().value());
    request.fee_rate = bump.fee_rate.value_or(
        std::max({old_rate + step, impl_->context.node.mempool_min_fee(),
                  impl_->context.options.fallback_fee.value_or(FeeRate{0})}));
    auto created = impl_->create_transaction(request);
    if (!created)
        return Unexpected(WalletError{WalletErrorCode::wallet,
                                      "Unable to create transaction. " + created.error().message});
    const Amount least = result.original_fee + fee_for(impl_->context.node.incremental_relay_fee(),
                                                       created->transaction->virtual_size());
    if (created->fee < least)
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter,
                                      fmt::format("Insufficient total fee {}, must be at least {}",
                                                  to_string(created->fee), to_string(least))});
    result.spend = std::move(*created);
    result.notes = {original->comment, original->comment_to, txid};
    return result;
}

Expected<void, WalletError> Wallet::abandon(const Txid& txid) {
    const LedgerTx* transaction = impl_->ledger.find(txid);
    if (!transaction)
        return Unexpected(WalletError{WalletErrorCode::invalid_address_or_key,
                                      "Invalid or non-wallet transaction id"});
    if (transaction->state != LedgerTx::State::unconfirmed || transaction->in_mempool)
        return Unexpected(WalletError{WalletErrorCode::invalid_address_or_key,
                                      "Transaction not eligible for abandonment"});
    impl_->ledger.abandon(txid);
    impl_->save();
    return {};
}

Expected<void, WalletError> Wallet::import_confirmed(const TransactionRef& transaction,
                                                     const WalletTxBlock& place) {
    const bool pays = std::ranges::any_of(transaction->outputs(), [&](const TxOutput& output) {
        return is_mine(output.script_pubkey);
    });
    if (!pays)
        return Unexpected(WalletError{WalletErrorCode::invalid_address_or_key,
                                      "No addresses in wallet correspond to included transaction"});
    impl_->ledger.import_confirmed(transaction, place);
    impl_->save();
    return {};
}

Expected<void, WalletError> Wallet::remove_transaction(const Txid& txid) {
    if (impl_->ledger.find(txid) == nullptr)
        return Unexpected(WalletError{
            WalletErrorCode::wallet,
            fmt::format("Transaction {} does not belong to this wallet", txid.to_string())});
    impl_->ledger.erase(txid);
    impl_->save();
    return {};
}

// --- locked coins --------------------------------------------------------------------------------

Expected<void, WalletError> Wallet::lock_unspent(const OutPoint& outpoint, bool persistent) {
    const auto invalid = [](std::string message) {
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter, std::move(message)});
    };
    const LedgerTx* transaction = impl_->ledger.find(outpoint.txid);
    if (!transaction) return invalid("Invalid parameter, unknown transaction");
    if (outpoint.index >= transaction->transaction->outputs().size())
        return invalid("Invalid parameter, vout index out of bounds");
    if (!impl_->ledger.unspent().contains(outpoint))
        return invalid("Invalid parameter, expected unspent output");
    const bool already = impl_->locked.contains(outpoint);
    const bool stored = impl_->locked_persistent.contains(outpoint);
    if (already && (stored || !persistent))
        return invalid("Invalid parameter, output already locked");
    impl_->locked.insert(outpoint);
    if (persistent && impl_->locked_persistent.insert(outpoint).second)
        impl_->store.put_lock(outpoint);
    impl_->save();
    return {};
}

Expected<void, WalletError> Wallet::unlock_unspent(const OutPoint& outpoint) {
    if (impl_->locked.erase(outpoint) == 0)
        return Unexpected(WalletError{WalletErrorCode::invalid_parameter,
                                      "Invalid parameter, expected locked output"});
    if (impl_->locked_persistent.erase(outpoint) != 0) impl_->store.erase_lock(outpoint);
    impl_->save();
    return {};
}

void Wallet::unlock_all() {
    for (const OutPoint& outpoint : impl_->locked_persistent) impl_->store.erase_lock(outpoint);
    impl_->locked.clear();
    impl_->locked_persistent.clear();
    impl_->save();
}

std::vector<OutPoint> Wallet::locked() const {
    return {impl_->locked.begin(), impl_->locked.end()};
}

}  // namespace parley
