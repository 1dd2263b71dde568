// Mempool::Impl: the state of the mempool, and how transactions enter and leave. Private to
// mempool/: mempool.cpp has single transactions and the moves of the chain, mempool_package.cpp
// several transactions at once.
#pragma once

#include <map>
#include <set>

#include "mempool/admission.h"
#include "mempool/fee_order.h"
#include "mempool/fees/fee_estimator.h"
#include "mempool/mempool_index.h"
#include "mempool/policy.h"
#include "mempool/rolling_fee.h"

namespace parley {

/// The chain's and the mempool's coins without what the mempool spends.
class UnspentCoins final : public CoinsView {
 public:
    UnspentCoins(const ChainContext& chain, const MempoolIndex& index)
        : chain_(chain), index_(index) {}

    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override {
        return fetch_through(chain_.coins(), outpoints, visit, [&](size_t position) {
            const OutPoint& outpoint = outpoints[position];
            if (index_.spender(outpoint)) return true;
            const MempoolEntry* entry = index_.find(outpoint.txid);
            if (entry == nullptr) return false;
            const auto& outputs = entry->transaction->outputs();
            if (outpoint.index < outputs.size())
                visit(position, Coin{outputs[outpoint.index], Mempool::kMempoolHeight, false});
            return true;
        });
    }

 private:
    const ChainContext& chain_;
    const MempoolIndex& index_;
};

class Mempool::Impl {
 public:
    Impl(MempoolOptions given, const ChainParams& chain_params, const ChainContext& chain_context,
         ScriptVerifier& script_verifier, LogSink& log_sink)
        : options(std::move(given)),
          params(chain_params),
          chain(chain_context),
          verifier(script_verifier),
          log(log_sink),
          rolling(options.incremental_relay_fee),
          fees(options.known_fees ? ByteSpan{*options.known_fees} : ByteSpan{}),
          admission_coins(chain, index),
          unspent(chain, index) {}

    /// For a transaction that comes now.
    AdmissionContext context(const Transaction& transaction, TimePoint now) const {
        return {options,
                params,
                chain,
                index,
                verifier,
                rolling.rate_at(now, index.usage_bytes(), options.usage_bytes_max),
                delta_of(transaction.txid())};
    }

    Amount delta_of(const Txid& txid) const {
        const auto it = deltas.find(txid);
        return it == deltas.end() ? Amount{0} : it->second;
    }

    void record(mempool_output::Changed::Kind kind, TransactionRef transaction) {
        outputs.push_back(mempool_output::Changed{kind, std::move(transaction), ++change_sequence});
    }

    void insert(const Candidate& candidate, int64_t sequence, TimePoint now) {
        MempoolEntry entry;
        entry.transaction = candidate.transaction;
        entry.fee = candidate.fee;
        entry.fee_delta = delta_of(candidate.transaction->txid());
        entry.virtual_size = candidate.virtual_size;
        entry.sigops_cost = candidate.sigops_cost;
        entry.time = now;
        entry.height = chain.tip().height;
        entry.sequence = sequence;
        entry.spends_coinbase = candidate.spends_coinbase;
        index.insert(std::move(entry));
    }

    void remove(const MempoolEntry& entry, mempool_output::Changed::Kind kind) {
        TransactionRef transaction = entry.transaction;
        index.remove(entry);
        if (kind != mempool_output::Changed::Kind::confirmed) fees.left(transaction->txid());
        record(kind, std::move(transaction));
    }

    /// Descendants first, so that no entry ever lacks a parent.
    size_t remove_with_descendants(const MempoolEntry& entry, mempool_output::Changed::Kind kind) {
        const auto descendants = index.descendants(entry);
        for (auto it = descendants.rbegin(); it != descendants.rend(); ++it) remove(**it, kind);
        remove(entry, kind);
        return descendants.size() + 1;
    }

    void remove_spenders(const Transaction& transaction, mempool_output::Changed::Kind kind) {
        for (uint32_t i = 0; i < transaction.outputs().size(); ++i) {
            if (const auto* spender = index.spender(OutPoint{transaction.txid(), i}))
                remove_with_descendants(*spender, kind);
        }
    }

    void enforce_limit(TimePoint now) {
        size_t removed = 0;
        FeeRate highest{0};
        while (index.usage_bytes() > options.usage_bytes_max && index.size() > 0) {
            const MempoolEntry& entry = index.least_worth();
            const FeeFraction paid = keep_score(entry);
            const FeeRate rate = fee_rate_of(Amount{paid.fee}, paid.size);
            rolling.evicted_at(rate, now);
            highest = std::max(highest, rate + options.incremental_relay_fee.value());
            removed += remove_with_descendants(entry, mempool_output::Changed::Kind::evicted);
        }
        if (removed > 0)
            log.debug(LogCategory::mempool,
                      "Removed {} txn, rolling minimum fee bumped to {} BTC/kvB", removed,
                      format_money(Amount{highest.value()}));
    }

    void handle(const mempool_input::Submit& input, TimePoint now);
    void handle(const mempool_input::ChainMoved& input, TimePoint now);
    void handle(const mempool_input::SubmitPackage& input, TimePoint now);
    Expected<AcceptInfo, TxFailure> submit(const mempool_input::Submit& input, TimePoint now);
    /// The transaction replaces what it must, and enters.
    AcceptInfo admit(const Candidate& candidate, TimePoint arrival);
    void disconnect(const BlockRef& block);
    void connect(const Block& block, Height height);
    /// A transaction that entered by itself.
    void learn_from(const Candidate& candidate, TimePoint now);
    void expire(TimePoint now);
    Expected<void, StorageError> return_disconnected(TimePoint now);
    Expected<void, StorageError> return_transaction(const TransactionRef& transaction,
                                                    int64_t sequence, TimePoint now);
    Expected<void, StorageError> drop_immature();

    const MempoolOptions options;
    const ChainParams& params;
    const ChainContext& chain;
    ScriptVerifier& verifier;
    LogSink& log;

    MempoolIndex index;
    RollingMinimumFee rolling;
    FeeEstimator fees;
    AdmissionCoins admission_coins;
    UnspentCoins unspent;
    std::map<Txid, Amount> deltas;  // only the node's owner adds to it
    MempoolOutputs outputs;         // of the running input
    uint64_t change_sequence = 0;
    int64_t sequence_back = 0;   // of the last arrival
    int64_t sequence_front = 0;  // of the first; what returns from blocks goes before it

    std::vector<BlockRef> disconnected;  // the highest first
    size_t disconnected_bytes = 0;
    std::vector<BlockRef> lost;      // disconnected too, but beyond the limit
    std::set<Txid> confirmed_again;  // by blocks connected after a disconnect
};

/// What to report of a candidate that pays for itself.
AcceptInfo info_of(const Candidate& candidate);

}  // namespace parley
