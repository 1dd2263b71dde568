#include "mempool/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/locktime.h"
#include "chain/rules/sigops.h"
#include "chain/rules/tx_check.h"
#include "chain/script/script_cache.h"
#include "chain/script/sighash.h"
#include "mempool/fee_order.h"
#include "mempool/package/package_rules.h"
#include "mempool/policy.h"

namespace parley {
namespace {

using Verdict = std::optional<TxFailure>;

bool relative_locks_met(const Transaction& transaction, std::span<const Coin> coins,
                        const HeaderNode& tip) {
    std::vector<Height> heights;
    heights.reserve(coins.size());
    for (const Coin& coin : coins) heights.push_back(coin.height);
    return sequence_locks_met(sequence_locks(transaction.data(), heights, tip), tip);
}

TxFailure reject(TxRejectKind kind, std::string_view reason, std::string detail = {}) {
    return TxReject{kind, std::string{reason}, std::move(detail)};
}

/// The checks of one transaction, with the results that they share.
class Admission final : public StagedAdmission {
 public:
    Admission(const AdmissionContext& context, const TransactionRef& transaction,
              const AdmissionCoins& coins)
        : context_(context), transaction_(*transaction), view_(coins) {
        candidate_.transaction = transaction;
    }

    Verdict check_rules() override {
        using Check = Verdict (Admission::*)();
        for (const Check check :
             {&Admission::check_alone, &Admission::check_novelty, &Admission::fetch_inputs,
              &Admission::check_inputs, &Admission::check_costs, &Admission::check_fee,
              &Admission::check_parents, &Admission::check_replacement, &Admission::check_cluster,
              &Admission::check_ancestors, &Admission::check_fee_rate_max,
              &Admission::check_dust_spends}) {
            if (auto verdict = (this->*check)()) return verdict;
        }
        return std::nullopt;
    }

    Verdict check_scripts() override;

    Candidate& candidate() override { return candidate_; }

 private:
    bool standard() const { return !context_.options.accept_nonstandard; }
    const HeaderNode& tip() const { return context_.chain.tip(); }
    Height next_height() const { return tip().height + 1; }
    Amount modified_fee() const { return candidate_.modified_fee; }

    Verdict check_alone() {
        if (const auto checked = check_transaction(transaction_); !checked)
            return reject(TxRejectKind::consensus, to_string(checked.error()));
        if (transaction_.is_coinbase()) return reject(TxRejectKind::consensus, "coinbase");
        if (standard()) {
            if (const auto reason = check_standard(transaction_, context_.options))
                return reject(TxRejectKind::policy, *reason);
        }
        if (transaction_.base_size() < kStandardBaseSizeMin)
            return reject(TxRejectKind::policy, "tx-size-small");
        if (!is_final(transaction_.data(), next_height(), tip().median_time_past()))
            return reject(TxRejectKind::premature, "non-final");
        return std::nullopt;
    }

    Verdict check_novelty() {
        if (context_.index.find(transaction_.wtxid()))
            return reject(TxRejectKind::already_known, "txn-already-in-mempool");
        if (context_.index.find(transaction_.txid()))
            return reject(TxRejectKind::already_known, "txn-same-nonwitness-data-in-mempool");
        for (const auto& input : transaction_.inputs()) {
            const MempoolEntry* spender = context_.index.spender(input.prevout);
            if (!spender) continue;
            if (context_.returned) return reject(TxRejectKind::conflict, "txn-mempool-conflict");
            if (!context_.replacement_allowed)
                return reject(TxRejectKind::conflict, "bip125-replacement-disallowed");
            auto& conflicts = candidate_.conflicts;
            if (std::find(conflicts.begin(), conflicts.end(), spender) == conflicts.end())
                conflicts.push_back(spender);
        }
        return std::nullopt;
    }

    Verdict fetch_inputs() {
        auto fetched = view_.coins(prevouts_of(transaction_));
        if (!fetched) return fetched.error();
        coins_.reserve(fetched->size());
        for (auto& coin : *fetched) {
            if (!coin) return missing_input();
            candidate_.spends_coinbase |= coin->coinbase;
            coins_.push_back(std::move(*coin));
        }
        return std::nullopt;
    }

    TxFailure missing_input() const {
        // An output that is unspent in the chain proves that the transaction is confirmed.
        std::vector<OutPoint> outputs;
        for (uint32_t i = 0; i < transaction_.outputs().size(); ++i)
            outputs.push_back(OutPoint{transaction_.txid(), i});
        bool confirmed = false;
        const auto fetched =
            context_.chain.coins().fetch(outputs, [&](size_t, const Coin&) { confirmed = true; });
        if (!fetched) return fetched.error();
        if (confirmed) return reject(TxRejectKind::already_known, "txn-already-known");
        return reject(TxRejectKind::missing_inputs, "bad-txns-inputs-missingorspent");
    }

    Verdict check_inputs() {
        if (!relative_locks_met(transaction_, coins_, tip()))
            return reject(TxRejectKind::premature, "non-BIP68-final");
        const auto fee = check_tx_inputs(transaction_, coins_, next_height(),
                                         context_.params.coinbase_maturity_blocks);
        if (!fee) {
            const bool premature = fee.error() == TxError::premature_coinbase_spend;
            return reject(premature ? TxRejectKind::premature : TxRejectKind::consensus,
                          to_string(fee.error()), input_error_detail(fee.error()));
        }
        candidate_.fee = *fee;
        candidate_.modified_fee = *fee + context_.fee_delta;
        return std::nullopt;
    }

    std::string input_error_detail(TxError error) const {
        if (error == TxError::premature_coinbase_spend) {
            for (const Coin& coin : coins_) {
                const int32_t depth = next_height() - coin.height;
                if (coin.coinbase && depth < context_.params.coinbase_maturity_blocks)
                    return fmt::format("tried to spend coinbase at depth {}", depth);
            }
        }
        if (error == TxError::inputs_below_outputs) {
            Amount in{0};
            Amount out{0};
            for (const Coin& coin : coins_) in += coin.output.value;
            for (const auto& output : transaction_.outputs()) out += output.value;
            return fmt::format("value in ({}) < value out ({})", format_money(in),
                               format_money(out));
        }
        return {};
    }

    Verdict check_costs() {
        if (standard()) {
            if (const auto problem = check_standard_inputs(transaction_, coins_))
                return reject(TxRejectKind::policy, problem->reason, problem->detail);
        }
        candidate_.sigops_cost = sigop_cost(transaction_, coins_, kStandardScriptFlags);
        // A dust output is only allowed if no miner would include the transaction alone.
        if (standard() && (candidate_.fee != Amount{0} || modified_fee() != Amount{0}) &&
            has_dust(transaction_, context_.options.dust_relay_fee))
            return reject(TxRejectKind::policy, "dust", "tx with dust output must be 0-fee");
        if (candidate_.sigops_cost > kStandardSigopsCostMax)
            return reject(TxRejectKind::policy, "bad-txns-too-many-sigops",
                          std::to_string(candidate_.sigops_cost));
        candidate_.virtual_size = policy_virtual_size(transaction_.weight(), candidate_.sigops_cost,
                                                      context_.options.bytes_per_sigop);
        return std::nullopt;
    }

    Verdict check_fee() {
        if (context_.returned || context_.in_package) return std::nullopt;
        return check_minimum_fees(context_, modified_fee(), candidate_.virtual_size);
    }

    /// BIP431's limits. Collects what it replaces.
    Verdict check_parents() {
        parents_ = context_.index.parents_of(transaction_);
        collect_evicted();
        if (context_.returned) return std::nullopt;
        const auto violation =
            check_truc(transaction_, candidate_.virtual_size, parents_, candidate_.evicted);
        if (!violation) return std::nullopt;
        if (violation->sibling == nullptr || context_.in_package || !context_.replacement_allowed)
            return reject(TxRejectKind::policy, "TRUC-violation", violation->detail);
        // The other child of its parent may make room, under the rules of a replacement.
        candidate_.conflicts.push_back(violation->sibling);
        sibling_evicted_ = true;
        collect_evicted();
        return std::nullopt;
    }

    void collect_evicted() {
        candidate_.evicted = evicted_by(context_.index, candidate_.conflicts);
    }

    Verdict check_replacement() {
        if (context_.in_package || candidate_.conflicts.empty()) return std::nullopt;
        auto refused = check_replacement_fees(
            context_, {candidate_.conflicts, candidate_.evicted, modified_fee(),
                       candidate_.virtual_size, transaction_.txid()});
        if (!refused) return std::nullopt;
        if (sibling_evicted_) refused->reason += " (including sibling eviction)";
        return std::move(*refused);
    }

    Verdict check_cluster() {
        if (context_.in_package) return std::nullopt;
        const Candidate* candidate = &candidate_;
        if (exceeds_cluster_limits(context_, {&candidate, 1}))
            return reject(TxRejectKind::policy, "too-large-cluster");
        if (!candidate_.conflicts.empty() && !improves_diagram(context_, {&candidate, 1}))
            return reject(TxRejectKind::fee, "replacement-failed",
                          "insufficient feerate: does not improve feerate diagram");
        return std::nullopt;
    }

    /// It must not descend from what it replaces.
    Verdict check_ancestors() {
        if (candidate_.conflicts.empty()) return std::nullopt;
        for (const MempoolEntry* parent : parents_) {
            auto ancestors = context_.index.ancestors(*parent);
            ancestors.push_back(parent);
            for (const MempoolEntry* ancestor : ancestors) {
                if (std::ranges::find(candidate_.conflicts, ancestor) == candidate_.conflicts.end())
                    continue;
                return reject(
                    TxRejectKind::consensus, "bad-txns-spends-conflicting-tx",
                    fmt::format("{} spends conflicting transaction {}",
                                transaction_.txid().to_string(), ancestor->txid().to_string()));
            }
        }
        return std::nullopt;
    }

    Verdict check_fee_rate_max() {
        if (!context_.fee_rate_max) return std::nullopt;
        const FeeFraction own{modified_fee().value(), candidate_.virtual_size};
        if (!own.above({context_.fee_rate_max->value(), 1'000})) return std::nullopt;
        return reject(TxRejectKind::policy, "max feerate exceeded");
    }

    Verdict check_dust_spends() {
        if (!standard() || context_.returned || context_.in_package) return std::nullopt;
        const TransactionRef& transaction = candidate_.transaction;
        if (auto unspent = unspent_dust(context_, {&transaction, 1}))
            return std::move(unspent->second);
        return std::nullopt;
    }

    const AdmissionContext& context_;
    const Transaction& transaction_;
    const AdmissionCoins& view_;
    std::vector<Coin> coins_;
    MempoolIndex::Entries parents_;
    bool sibling_evicted_ = false;
    Candidate candidate_;
};

Verdict Admission::check_scripts() {
    std::vector<TxOutput> spent_outputs;
    spent_outputs.reserve(coins_.size());
    for (const Coin& coin : coins_) spent_outputs.push_back(coin.output);
    std::vector<ScriptCheck> checks;
    checks.reserve(coins_.size());
    add_script_checks(candidate_.transaction, std::move(spent_outputs), kStandardScriptFlags, true,
                      checks);
    const auto failure = context_.verifier.verify_all(checks);
    if (!failure) {
        // A transaction that is valid under a set of rules is valid under a subset.
        static_assert((kConsensusScriptFlags & ~kStandardScriptFlags) == 0);
        if (ScriptCache* cache = context_.verifier.cache())
            cache->insert(transaction_.wtxid(), kConsensusScriptFlags);
        return std::nullopt;
    }
    const OutPoint& spent = transaction_.inputs()[failure->check].prevout;
    const bool stripped = !transaction_.has_witness() && needs_witness(transaction_, coins_);
    return reject(stripped ? TxRejectKind::witness_stripped : TxRejectKind::policy,
                  fmt::format("mempool-script-verify-flag-failed ({})", to_string(failure->error)),
                  fmt::format("input {} of {} (wtxid {}), spending {}:{}", failure->check,
                              transaction_.txid().to_string(), transaction_.wtxid().to_string(),
                              spent.txid.to_string(), spent.index));
}

}  // namespace

Expected<void, StorageError> AdmissionCoins::fetch(std::span<const OutPoint> outpoints,
                                                   const Visitor& visit) const {
    const Height next = chain_.tip().height + 1;
    return fetch_through(chain_.coins(), outpoints, visit, [&](size_t position) {
        const OutPoint& outpoint = outpoints[position];
        if (const MempoolEntry* entry = index_.find(outpoint.txid)) {
            const auto& outputs = entry->transaction->outputs();
            if (outpoint.index < outputs.size())
                visit(position, Coin{outputs[outpoint.index], next, false});
            return true;
        }
        const auto made = package_.find(outpoint);
        if (made == package_.end()) return false;
        visit(position, Coin{made->second, next, false});
        return true;
    });
}

void AdmissionCoins::add_outputs(const Transaction& transaction) {
    for (uint32_t i = 0; i < transaction.outputs().size(); ++i)
        package_.emplace(OutPoint{transaction.txid(), i}, transaction.outputs()[i]);
}

Expected<Candidate, TxFailure> check_admission(const AdmissionContext& context,
                                               const TransactionRef& transaction,
                                               const AdmissionCoins& coins) {
    Admission admission{context, transaction, coins};
    if (auto failure = admission.check_rules()) return Unexpected(std::move(*failure));
    if (auto failure = admission.check_scripts()) return Unexpected(std::move(*failure));
    return std::move(admission.candidate());
}

std::unique_ptr<StagedAdmission> stage_admission(const AdmissionContext& context,
                                                 const TransactionRef& transaction,
                                                 const AdmissionCoins& coins) {
    return std::make_unique<Admission>(context, transaction, coins);
}

std::vector<OutPoint> prevouts_of(const Transaction& transaction) {
    std::vector<OutPoint> prevouts;
    prevouts.reserve(transaction.inputs().size());
    for (const TxInput& input : transaction.inputs()) prevouts.push_back(input.prevout);
    return prevouts;
}

bool matures_in_next_block(const Transaction& transaction, std::span<const Coin> coins,
                           const ChainContext& chain, const ChainParams& params) {
    const HeaderNode& tip = chain.tip();
    const Height next = tip.height + 1;
    if (!is_final(transaction.data(), next, tip.median_time_past())) return false;
    for (const Coin& coin : coins) {
        if (coin.coinbase && next - coin.height < params.coinbase_maturity_blocks) return false;
    }
    return relative_locks_met(transaction, coins, tip);
}

}  // namespace parley
