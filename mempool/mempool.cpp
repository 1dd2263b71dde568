#include "mempool/mempool.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "mempool/mempool_impl.h"
#include "mempool/policy.h"

namespace parley {

using mempool_output::Changed;
using Kind = Changed::Kind;

namespace {

// Memory for blocks whose transactions are kept during a reorganisation; bitcoind's limit. Beyond
// it the highest blocks are dropped, and their transactions are not returned to the pool.
constexpr size_t kDisconnectedBytesMax = 20'000'000;
// On an older tip, waiting says nothing about fees; bitcoind's limit.
constexpr Duration kFeeTipAgeMax = std::chrono::hours{3};

}  // namespace

AcceptInfo info_of(const Candidate& candidate) {
    AcceptInfo info{candidate.fee,
                    candidate.virtual_size,
                    {},
                    fee_rate_of(candidate.modified_fee, candidate.virtual_size),
                    {candidate.transaction->wtxid()}};
    for (const MempoolEntry* entry : candidate.evicted) info.replaced.push_back(entry->transaction);
    return info;
}

// --- a transaction comes

void Mempool::Impl::handle(const mempool_input::Submit& input, TimePoint now) {
    auto verdict = submit(input, now);
    outputs.push_back(mempool_output::Judged{input.transaction, std::move(verdict)});
}

Expected<AcceptInfo, TxFailure> Mempool::Impl::submit(const mempool_input::Submit& input,
                                                      TimePoint now) {
    const TransactionRef& transaction = input.transaction;
    auto candidate = check_admission(context(*transaction, now), transaction, admission_coins);
    if (!candidate) return Unexpected(std::move(candidate.error()));
    AcceptInfo info = admit(*candidate, input.arrival.value_or(now));
    learn_from(*candidate, now);
    expire(now);
    enforce_limit(now);
    if (!index.find(transaction->txid()))
        return Unexpected(TxFailure{TxReject{TxRejectKind::fee, "mempool full", {}}});
    return info;
}

AcceptInfo Mempool::Impl::admit(const Candidate& candidate, TimePoint arrival) {
    AcceptInfo info = info_of(candidate);
    for (auto it = candidate.evicted.rbegin(); it != candidate.evicted.rend(); ++it)
        remove(**it, Kind::replaced);
    insert(candidate, ++sequence_back, arrival);
    record(Kind::added, candidate.transaction);
    return info;
}

void Mempool::Impl::learn_from(const Candidate& candidate, TimePoint now) {
    const Txid& txid = candidate.transaction->txid();
    const HeaderNode& tip = chain.tip();
    if (from_unix_seconds(tip.time()) + kFeeTipAgeMax < now || !index.find(txid)->parents.empty())
        return;
    fees.entered(txid, tip.height, fee_rate_of(candidate.fee, candidate.virtual_size));
}

void Mempool::Impl::expire(TimePoint now) {
    std::vector<Txid> old;
    index.for_each_by_age([&](const MempoolEntry& entry) {
        if (entry.time + options.expiry >= now) return false;
        old.push_back(entry.txid());
        return true;
    });
    for (const Txid& txid : old) {
        if (const MempoolEntry* entry = index.find(txid))
            remove_with_descendants(*entry, Kind::expired);
    }
}

// --- the chain moves

void Mempool::Impl::handle(const mempool_input::ChainMoved& input, TimePoint now) {
    for (const BlockRef& block : input.disconnected) disconnect(block);
    Height height = chain.tip().height - static_cast<int32_t>(input.connected.size());
    for (const BlockRef& block : input.connected) connect(*block, ++height);
    if (!disconnected.empty()) {
        if (const auto returned = return_disconnected(now); !returned) {
            outputs.push_back(mempool_output::Failed{returned.error()});
            return;
        }
    }
    if (!input.disconnected.empty() || !input.connected.empty()) rolling.chain_updated(now);
    expire(now);
    enforce_limit(now);
}

void Mempool::Impl::disconnect(const BlockRef& block) {
    disconnected.push_back(block);
    disconnected_bytes += block->size();
    while (disconnected_bytes > kDisconnectedBytesMax && disconnected.size() > 1) {
        disconnected_bytes -= disconnected.front()->size();
        lost.push_back(std::move(disconnected.front()));
        disconnected.erase(disconnected.begin());
    }
}

void Mempool::Impl::connect(const Block& block, Height height) {
    std::vector<Txid> confirmed;
    for (const auto& transaction : block.transactions) {
        if (!disconnected.empty()) confirmed_again.insert(transaction->txid());
        deltas.erase(transaction->txid());
        if (const MempoolEntry* entry = index.find(transaction->txid())) {
            remove(*entry, Kind::confirmed);
            confirmed.push_back(transaction->txid());
        }
        for (const auto& input : transaction->inputs()) {
            if (const MempoolEntry* conflict = index.spender(input.prevout))
                remove_with_descendants(*conflict, Kind::conflicted);
        }
    }
    fees.block_connected(height, confirmed);
}

// Returns the transactions of the disconnected blocks, lowest block first: parents before children.
Expected<void, StorageError> Mempool::Impl::return_disconnected(TimePoint now) {
    std::vector<TransactionRef> returning;
    for (auto block = disconnected.rbegin(); block != disconnected.rend(); ++block) {
        for (const auto& transaction : (*block)->transactions) {
            if (!confirmed_again.contains(transaction->txid())) returning.push_back(transaction);
        }
    }
    sequence_front -= static_cast<int64_t>(returning.size());
    int64_t sequence = sequence_front;
    for (const auto& transaction : returning) {
        if (auto judged = return_transaction(transaction, ++sequence, now); !judged) return judged;
    }
    for (const BlockRef& block : lost) {
        for (const auto& transaction : block->transactions) {
            if (!confirmed_again.contains(transaction->txid()) && !index.find(transaction->txid()))
                remove_spenders(*transaction, Kind::reorganised);
        }
    }
    disconnected.clear();
    lost.clear();
    disconnected_bytes = 0;
    confirmed_again.clear();
    return drop_immature();
}

Expected<void, StorageError> Mempool::Impl::return_transaction(const TransactionRef& transaction,
                                                               int64_t sequence, TimePoint now) {
    if (!transaction->is_coinbase() && !index.find(transaction->txid())) {
        AdmissionContext admission = context(*transaction, now);
        admission.returned = true;
        const auto candidate = check_admission(admission, transaction, admission_coins);
        if (candidate) {
            insert(*candidate, sequence, now);
            record(Kind::returned, transaction);
            return {};
        }
        if (const auto* failed = std::get_if<StorageError>(&candidate.error()))
            return Unexpected(*failed);
        log.debug(LogCategory::mempool, "Transaction {} is dropped after a reorganisation: {}",
                  transaction->txid().to_string(),
                  std::get<TxReject>(candidate.error()).to_string());
    }
    if (!index.find(transaction->txid())) remove_spenders(*transaction, Kind::reorganised);
    return {};
}

// On another branch, time and height can be lower than before.
Expected<void, StorageError> Mempool::Impl::drop_immature() {
    std::vector<const MempoolEntry*> timed;
    index.for_each_by_arrival([&](const MempoolEntry& entry) {
        const Transaction& transaction = *entry.transaction;
        if (transaction.locktime() != 0 || entry.spends_coinbase ||
            std::any_of(transaction.inputs().begin(), transaction.inputs().end(),
                        [](const TxInput& input) { return (input.sequence >> 31) == 0; }))
            timed.push_back(&entry);
        return true;
    });
    std::vector<Txid> immature;
    for (const MempoolEntry* entry : timed) {
        const auto fetched = admission_coins.coins(prevouts_of(*entry->transaction));
        if (!fetched) return Unexpected(fetched.error());
        std::vector<Coin> coins;
        for (const auto& coin : *fetched) {
            if (coin) coins.push_back(*coin);
        }
        if (coins.size() < fetched->size() ||
            !matures_in_next_block(*entry->transaction, coins, chain, params))
            immature.push_back(entry->txid());
    }
    for (const Txid& txid : immature) {
        if (const MempoolEntry* entry = index.find(txid))
            remove_with_descendants(*entry, Kind::reorganised);
    }
    return {};
}

Mempool::Mempool(MempoolOptions options, const ChainParams& params, const ChainContext& chain,
                 ScriptVerifier& verifier, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(options), params, chain, verifier, log)) {}
Mempool::~Mempool() = default;

MempoolOutputs Mempool::handle(MempoolInput input, TimePoint now) {
    std::visit([&](const auto& each) { impl_->handle(each, now); }, input);
    return std::exchange(impl_->outputs, {});
}

void Mempool::prioritise(const Txid& txid, Amount delta) {
    Amount& total = impl_->deltas[txid];
    // Saturates: fees are compared as fractions whose products must fit.
    total =
        Amount{std::clamp(total.value() + delta.value(), -kMaxMoney.value(), kMaxMoney.value())};
    if (const MempoolEntry* entry = find(txid)) impl_->index.set_fee_delta(*entry, total);
    if (total == Amount{0}) impl_->deltas.erase(txid);
}

std::vector<std::pair<Txid, Amount>> Mempool::prioritised() const {
    return {impl_->deltas.begin(), impl_->deltas.end()};
}

const MempoolEntry* Mempool::find(const Txid& txid) const {
    return impl_->index.find(txid);
}

const MempoolEntry* Mempool::find_by_wtxid(const Wtxid& wtxid) const {
    return impl_->index.find(wtxid);
}

const MempoolEntry* Mempool::spender(const OutPoint& outpoint) const {
    return impl_->index.spender(outpoint);
}

void Mempool::for_each(const std::function<bool(const MempoolEntry&)>& visit) const {
    impl_->index.for_each_by_arrival(visit);
}

void Mempool::for_each_by_ancestor_fee_rate(
    const std::function<bool(const MempoolEntry&)>& visit) const {
    impl_->index.for_each_by_mining_score(visit);
}

std::vector<const MempoolEntry*> Mempool::ancestors(const MempoolEntry& entry) const {
    return impl_->index.ancestors(entry);
}

std::vector<const MempoolEntry*> Mempool::descendants(const MempoolEntry& entry) const {
    return impl_->index.descendants(entry);
}

std::vector<const MempoolEntry*> Mempool::cluster(const MempoolEntry& entry) const {
    return impl_->index.cluster({&entry}, {}, impl_->index.size());
}

const CoinsView& Mempool::coins() const {
    return impl_->unspent;
}

size_t Mempool::size() const {
    return impl_->index.size();
}

int64_t Mempool::total_virtual_size() const {
    return impl_->index.total_virtual_size();
}

Amount Mempool::total_fees() const {
    return impl_->index.total_fees();
}

int64_t Mempool::usage_bytes() const {
    return impl_->index.usage_bytes();
}

FeeRate Mempool::min_fee(TimePoint now) const {
    return std::max(impl_->rolling.rate_at(now, usage_bytes(), impl_->options.usage_bytes_max),
                    impl_->options.min_relay_fee);
}

const FeeEstimator& Mempool::fee_estimator() const {
    return impl_->fees;
}

uint64_t Mempool::sequence() const {
    return impl_->change_sequence;
}

const MempoolOptions& Mempool::options() const {
    return impl_->options;
}

void Mempool::check_consistency() const {
    impl_->index.check_consistency();
    impl_->index.for_each_by_arrival([&](const MempoolEntry& entry) {
        for (const auto& input : entry.transaction->inputs())
            CHECK(impl_->admission_coins.coin(input.prevout).value().has_value());
        return true;
    });
    CHECK(usage_bytes() <= impl_->options.usage_bytes_max);
}

}  // namespace parley
