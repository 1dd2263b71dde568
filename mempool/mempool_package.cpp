// Several transactions at once: a child with its parents enters (submitpackage), or a list is only
// tested (testmempoolaccept).
#include <algorithm>

#include "base/check.h"
#include "mempool/mempool_impl.h"
#include "mempool/package/package.h"
#include "mempool/package/package_admission.h"

namespace parley {
namespace {

TxReject transaction_failed() {
    return {TxRejectKind::policy, "transaction failed", {}};
}

/// A package that enters: first each transaction alone; then those that failed for their fees or
/// for want of a parent, together.
class PackageSubmission {
 public:
    PackageSubmission(Mempool::Impl& pool, const mempool_input::SubmitPackage& input, TimePoint now)
        : pool_(pool), input_(input), now_(now) {}

    Expected<PackageResult, StorageError> run() {
        const auto& transactions = input_.transactions;
        auto fault = check_package(transactions);
        if (!fault && transactions.size() > 1 && !is_child_with_parents(transactions))
            fault = "package-not-child-with-parents";
        if (fault) {
            result_.problem = TxReject{TxRejectKind::policy, std::string{*fault}, {}};
            return std::move(result_);
        }
        for (const TransactionRef& each : transactions) {
            if (auto judged = submit_alone(each); !judged) return Unexpected(judged.error());
        }
        if (!result_.problem && !together_.empty()) {
            if (auto judged = submit_together(); !judged) return Unexpected(judged.error());
        }
        pool_.expire(now_);
        pool_.enforce_limit(now_);
        for (const TransactionRef& each : transactions) note_eviction(*each);
        return std::move(result_);
    }

 private:
    AdmissionContext context(const Transaction& transaction) const {
        AdmissionContext made = pool_.context(transaction, now_);
        made.fee_rate_max = input_.fee_rate_max;
        return made;
    }

    Expected<void, StorageError> submit_alone(const TransactionRef& transaction) {
        PackageResult::Verdict& verdict = result_.verdicts[transaction->wtxid()];
        if (const MempoolEntry* entry = pool_.index.find(transaction->txid())) {
            const Wtxid& there = entry->transaction->wtxid();
            if (there == transaction->wtxid()) {
                verdict = PackageResult::InMempool{entry->fee, entry->virtual_size};
            } else {
                verdict = PackageResult::OtherWitness{there};
            }
            return {};
        }
        const AdmissionContext own = context(*transaction);
        const auto candidate = check_admission(own, transaction, pool_.admission_coins);
        if (candidate) {
            verdict = pool_.admit(*candidate, now_);
            return {};
        }
        if (const auto* failed = std::get_if<StorageError>(&candidate.error()))
            return Unexpected(*failed);
        const TxReject& refused = std::get<TxReject>(candidate.error());
        verdict = refused;
        const bool retry =
            input_.transactions.size() > 1 &&
            (refused.kind == TxRejectKind::fee || refused.kind == TxRejectKind::missing_inputs);
        if (retry) {
            together_.push_back(transaction);
        } else {
            result_.problem = transaction_failed();
        }
        return {};
    }

    Expected<void, StorageError> submit_together() {
        if (together_.size() == 1) {
            // Alone again, but what came before it is in the mempool now, or it fails again.
            result_.problem = transaction_failed();
            return {};
        }
        auto checked = check_package_admission(
            [this](const Transaction& transaction) { return context(transaction); }, together_,
            pool_.admission_coins, true);
        if (!checked) return Unexpected(checked.error());
        if (checked->problem) {
            result_.problem = std::move(checked->problem);
            for (auto& [wtxid, refused] : checked->refused) result_.verdicts[wtxid] = refused;
            return {};
        }
        enter(*checked);
        return {};
    }

    void enter(PackageCheck& checked) {
        Amount fees{0};
        int64_t virtual_size = 0;
        std::vector<Wtxid> all;
        for (const Candidate& each : checked.passed) {
            fees += each.modified_fee;
            virtual_size += each.virtual_size;
            all.push_back(each.transaction->wtxid());
        }
        std::vector<TransactionRef> replaced;
        for (auto it = checked.evicted.rbegin(); it != checked.evicted.rend(); ++it) {
            replaced.push_back((*it)->transaction);
            pool_.remove(**it, mempool_output::Changed::Kind::replaced);
        }
        for (Candidate& each : checked.passed) {
            each.conflicts.clear();
            each.evicted.clear();
            AcceptInfo info = pool_.admit(each, now_);
            info.effective_fee_rate = fee_rate_of(fees, virtual_size);
            info.effective_includes = all;
            info.replaced = std::exchange(replaced, {});
            result_.verdicts[each.transaction->wtxid()] = std::move(info);
        }
    }

    /// What was in the mempool may have been evicted, because the mempool is full.
    void note_eviction(const Transaction& transaction) {
        PackageResult::Verdict& verdict = result_.verdicts[transaction.wtxid()];
        if (std::holds_alternative<TxReject>(verdict) || pool_.index.find(transaction.txid()))
            return;
        verdict = TxReject{TxRejectKind::fee, "mempool full", {}};
        result_.problem = transaction_failed();
    }

    Mempool::Impl& pool_;
    const mempool_input::SubmitPackage& input_;
    const TimePoint now_;
    std::vector<TransactionRef> together_;
    PackageResult result_;
};

}  // namespace

void Mempool::Impl::handle(const mempool_input::SubmitPackage& input, TimePoint now) {
    CHECK(!input.transactions.empty() && input.transactions.size() <= kPackageCountMax);
    auto result = PackageSubmission{*this, input, now}.run();
    if (result) {
        outputs.push_back(mempool_output::PackageJudged{std::move(*result)});
    } else {
        outputs.push_back(mempool_output::Failed{result.error()});
    }
}

Expected<TestResult, StorageError> Mempool::test_accept(
    const std::vector<TransactionRef>& transactions, TimePoint now) const {
    CHECK(!transactions.empty() && transactions.size() <= kPackageCountMax);
    TestResult result;
    if (transactions.size() == 1) {
        const TransactionRef& transaction = transactions.front();
        const AdmissionContext own = impl_->context(*transaction, now);
        const auto candidate = check_admission(own, transaction, impl_->admission_coins);
        if (candidate) {
            result.verdicts.emplace(transaction->wtxid(), info_of(*candidate));
        } else if (const auto* failed = std::get_if<StorageError>(&candidate.error())) {
            return Unexpected(*failed);
        } else {
            result.verdicts.emplace(transaction->wtxid(),
                                    Unexpected(std::get<TxReject>(candidate.error())));
        }
        return result;
    }
    if (const auto fault = check_package(transactions)) {
        result.problem = TxReject{TxRejectKind::policy, std::string{*fault}, {}};
        return result;
    }
    auto checked = check_package_admission(
        [&](const Transaction& transaction) { return impl_->context(transaction, now); },
        transactions, AdmissionCoins(impl_->chain, impl_->index), false);
    if (!checked) return Unexpected(checked.error());
    for (const Candidate& each : checked->passed)
        result.verdicts.emplace(each.transaction->wtxid(), info_of(each));
    for (auto& [wtxid, refused] : checked->refused)
        result.verdicts.emplace(wtxid, Unexpected(std::move(refused)));
    if (checked->refused.empty()) result.problem = std::move(checked->problem);
    return result;
}

}  // namespace parley
