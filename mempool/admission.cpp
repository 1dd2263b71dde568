#include "mempool/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/locktime.h"
#include "chain/rules/sigops.h"
#include "chain/rules/tx_check.h"
#include "chain/script/script_cache.h"
#include "chain/script/sighash.h"
#include "mempool/fee_order.h"
#include "mempool/policy.h"

namespace parley {
namespace {

// BIP125 rule 5: limits the work and the loss that one replacement can cause.
constexpr size_t kEvictedCountMax = 100;

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
class Admission {
 public:
    Admission(const AdmissionContext& context, const TransactionRef& transaction,
              const AdmissionCoins& coins)
        : context_(context), transaction_(*transaction), view_(coins) {
        candidate_.transaction = transaction;
    }

    Expected<Candidate, TxFailure> run() {
        using Check = Verdict (Admission::*)();
        for (const Check check :
             {&Admission::check_alone, &Admission::check_novelty, &Admission::fetch_inputs,
              &Admission::check_inputs, &Admission::check_costs, &Admission::check_fee,
              &Admission::check_ancestors, &Admission::check_replacement, &Admission::check_cluster,
              &Admission::check_scripts}) {
            if (auto verdict = (this->*check)()) return Unexpected(std::move(*verdict));
        }
        return std::move(candidate_);
    }

 private:
    bool standard() const { return !context_.options.accept_nonstandard; }
    const HeaderNode& tip() const { return context_.chain.tip(); }
    Height next_height() const { return tip().height + 1; }
    Amount modified_fee() const { return candidate_.fee + context_.fee_delta; }

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
            if (context_.returned || !context_.replacement_allowed)
                return reject(TxRejectKind::conflict, "txn-mempool-conflict");
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
            if (const auto reason = check_standard_inputs(transaction_, coins_))
                return reject(TxRejectKind::policy, *reason);
        }
        candidate_.sigops_cost = sigop_cost(transaction_, coins_, kStandardScriptFlags);
        if (candidate_.sigops_cost > kStandardSigopsCostMax)
            return reject(TxRejectKind::policy, "bad-txns-too-many-sigops",
                          std::to_string(candidate_.sigops_cost));
        candidate_.virtual_size = policy_virtual_size(transaction_.weight(), candidate_.sigops_cost,
                                                      context_.options.bytes_per_sigop);
        return std::nullopt;
    }

    Verdict check_fee() {
        if (context_.returned) return std::nullopt;
        const auto below = [&](FeeRate rate, std::string_view reason) -> Verdict {
            const Amount needed = fee_for(rate, candidate_.virtual_size);
            if (modified_fee() >= needed) return std::nullopt;
            return reject(TxRejectKind::fee, reason,
                          fmt::format("{} < {}", modified_fee().value(), needed.value()));
        };
        if (auto verdict = below(context_.min_fee, "mempool min fee not met")) return verdict;
        if (auto verdict = below(context_.options.min_relay_fee, "min relay fee not met"))
            return verdict;
        // A dust output is only allowed if no miner would include the transaction alone, that is,
        // without a fee; without packages, such transactions fail the minimum fee above.
        if (standard() && candidate_.fee != Amount{0} &&
            has_dust(transaction_, context_.options.dust_relay_fee))
            return reject(TxRejectKind::policy, "dust", "tx with dust output must be 0-fee");
        return std::nullopt;
    }

    /// Collects what it replaces; checks that it does not descend from that, and BIP431's limits.
    Verdict check_ancestors() {
        collect_evicted();
        const auto parents = context_.index.parents_of(transaction_);
        for (const MempoolEntry* parent : parents) {
            auto ancestors = context_.index.ancestors(*parent);
            ancestors.push_back(parent);
            for (const MempoolEntry* ancestor : ancestors) {
                const auto& conflicts = candidate_.conflicts;
                if (std::find(conflicts.begin(), conflicts.end(), ancestor) == conflicts.end())
                    continue;
                return reject(
                    TxRejectKind::consensus, "bad-txns-spends-conflicting-tx",
                    fmt::format("{} spends conflicting transaction {}",
                                transaction_.txid().to_string(), ancestor->txid().to_string()));
            }
        }
        if (auto violation =
                check_truc(transaction_, candidate_.virtual_size, parents, candidate_.evicted))
            return reject(TxRejectKind::policy, "TRUC-violation", std::move(*violation));
        return std::nullopt;
    }

    void collect_evicted() {
        std::map<int64_t, const MempoolEntry*> by_arrival;
        for (const MempoolEntry* conflict : candidate_.conflicts) {
            by_arrival.emplace(conflict->sequence, conflict);
            for (const MempoolEntry* descendant : context_.index.descendants(*conflict))
                by_arrival.emplace(descendant->sequence, descendant);
        }
        for (const auto& [sequence, entry] : by_arrival) candidate_.evicted.push_back(entry);
    }

    /// Full replace-by-fee: any conflict may be replaced if the replacement has a higher fee rate
    /// (the miner's interest now), a higher total fee, and also pays for its own relay (the
    /// network's interest).
    Verdict check_replacement() {
        if (candidate_.conflicts.empty()) return std::nullopt;
        const std::string id = transaction_.txid().to_string();
        if (candidate_.evicted.size() > kEvictedCountMax)
            return reject(TxRejectKind::conflict, "too many potential replacements",
                          fmt::format("rejecting replacement {}; too many potential replacements "
                                      "({} > {})",
                                      id, candidate_.evicted.size(), kEvictedCountMax));
        Amount replaced{0};
        for (const MempoolEntry* entry : candidate_.evicted) replaced += entry->modified_fee();
        if (modified_fee() < replaced)
            return reject(TxRejectKind::conflict, "insufficient fee",
                          fmt::format("rejecting replacement {}, less fees than conflicting txs; "
                                      "{} < {}",
                                      id, format_money(modified_fee()), format_money(replaced)));
        const Amount additional{modified_fee().value() - replaced.value()};
        const Amount relay =
            fee_for(context_.options.incremental_relay_fee, candidate_.virtual_size);
        if (additional < relay)
            return reject(TxRejectKind::conflict, "insufficient fee",
                          fmt::format("rejecting replacement {}, not enough additional fees to "
                                      "relay; {} < {}",
                                      id, format_money(additional), format_money(relay)));
        const FeeFraction own{modified_fee().value(), candidate_.virtual_size};
        for (const MempoolEntry* conflict : candidate_.conflicts) {
            if (own.above(own_fraction(*conflict))) continue;
            return reject(TxRejectKind::conflict, "replacement-failed",
                          "insufficient feerate: does not improve feerate diagram");
        }
        return std::nullopt;
    }

    Verdict check_cluster() {
        const auto& options = context_.options;
        auto relatives = context_.index.parents_of(transaction_);
        if (context_.returned) {
            for (uint32_t i = 0; i < transaction_.outputs().size(); ++i) {
                if (const auto* child = context_.index.spender(OutPoint{transaction_.txid(), i}))
                    relatives.push_back(child);
            }
        }
        const auto count_max = static_cast<size_t>(options.cluster_count_max);
        const auto cluster = context_.index.cluster(relatives, candidate_.evicted, count_max);
        int64_t virtual_size = candidate_.virtual_size;
        for (const MempoolEntry* entry : cluster) virtual_size += entry->virtual_size;
        if (cluster.size() + 1 > count_max || virtual_size > options.cluster_virtual_bytes_max)
            return reject(TxRejectKind::policy, "too-large-cluster");
        return std::nullopt;
    }

    Verdict check_scripts() {
        std::vector<TxOutput> spent_outputs;
        spent_outputs.reserve(coins_.size());
        for (const Coin& coin : coins_) spent_outputs.push_back(coin.output);
        std::vector<ScriptCheck> checks;
        checks.reserve(coins_.size());
        add_script_checks(candidate_.transaction, std::move(spent_outputs), kStandardScriptFlags,
                          true, checks);
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
        return reject(
            stripped ? TxRejectKind::witness_stripped : TxRejectKind::policy,
            fmt::format("mempool-script-verify-flag-failed ({})", to_string(failure->error)),
            fmt::format("input {} of {} (wtxid {}), spending {}:{}", failure->check,
                        transaction_.txid().to_string(), transaction_.wtxid().to_string(),
                        spent.txid.to_string(), spent.index));
    }

    const AdmissionContext& context_;
    const Transaction& transaction_;
    const AdmissionCoins& view_;
    std::vector<Coin> coins_;
    Candidate candidate_;
};

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
    return Admission{context, transaction, coins}.run();
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
