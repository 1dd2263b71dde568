#include "mempool/package/package_admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "mempool/fee_order.h"
#include "mempool/package/package.h"
#include "mempool/package/package_rules.h"
#include "mempool/policy.h"

namespace parley {
namespace {

constexpr std::string_view kTransactionFailed = "transaction failed";

class PackageAdmission {
 public:
    PackageAdmission(const PackageContext& context, std::span<const TransactionRef> transactions,
                     AdmissionCoins coins, bool fees_in_sum)
        : transactions_(transactions), coins_(std::move(coins)), fees_in_sum_(fees_in_sum) {
        for (const TransactionRef& each : transactions) {
            contexts_.push_back(std::make_unique<AdmissionContext>(context(*each)));
            contexts_.back()->in_package = true;
            contexts_.back()->replacement_allowed = fees_in_sum;
        }
    }

    Expected<PackageCheck, StorageError> run() {
        using Stage = void (PackageAdmission::*)();
        for (const Stage stage :
             {&PackageAdmission::check_each, &PackageAdmission::check_versions,
              &PackageAdmission::check_fees, &PackageAdmission::check_replacement,
              &PackageAdmission::check_clusters, &PackageAdmission::check_dust,
              &PackageAdmission::check_scripts}) {
            (this->*stage)();
            if (failure_) return Unexpected(*failure_);
            if (result_.problem) break;
        }
        return std::move(result_);
    }

 private:
    const AdmissionContext& context() const { return *contexts_.front(); }

    void refuse(std::string_view reason, std::string detail = {}) {
        result_.problem = TxReject{TxRejectKind::policy, std::string{reason}, std::move(detail)};
    }
    void refuse_one(const TransactionRef& transaction, TxReject reject,
                    std::string_view reason = kTransactionFailed) {
        result_.refused.emplace(transaction->wtxid(), std::move(reject));
        refuse(reason);
    }
    void fail(const TransactionRef& transaction, TxFailure failure) {
        if (auto* stored = std::get_if<StorageError>(&failure)) {
            failure_ = std::move(*stored);
        } else {
            refuse_one(transaction, std::move(std::get<TxReject>(failure)));
        }
    }

    void check_each() {
        for (size_t i = 0; i < transactions_.size(); ++i) {
            const TransactionRef& transaction = transactions_[i];
            AdmissionContext& own = *contexts_[i];
            own.in_package = true;
            stages_.push_back(stage_admission(own, transaction, coins_));
            if (auto refused = stages_.back()->check_rules())
                return fail(transaction, std::move(*refused));
            Candidate& candidate = stages_.back()->candidate();
            if (!fees_in_sum_) {
                if (auto low =
                        check_minimum_fees(own, candidate.modified_fee, candidate.virtual_size))
                    return refuse_one(transaction, std::move(*low));
            }
            fees_ += candidate.modified_fee;
            virtual_size_ += candidate.virtual_size;
            candidates_.push_back(&candidate);
            coins_.add_outputs(*transaction);
        }
    }

    void check_versions() {
        for (const Candidate* each : candidates_) {
            const auto parents = context().index.parents_of(*each->transaction);
            auto violation =
                check_package_truc(*each->transaction, each->virtual_size, parents, transactions_);
            if (violation) return refuse("TRUC-violation", std::move(*violation));
        }
    }

    void check_fees() {
        if (!fees_in_sum_) return;
        if (auto low = check_minimum_fees(context(), fees_, virtual_size_))
            refuse_one(transactions_.back(), std::move(*low));
    }

    void check_replacement() {
        MempoolIndex::Entries conflicts;
        for (const Candidate* each : candidates_) {
            for (const MempoolEntry* entry : each->conflicts) {
                if (std::ranges::find(conflicts, entry) == conflicts.end())
                    conflicts.push_back(entry);
            }
        }
        if (conflicts.empty()) return;
        if (candidates_.size() != 2)
            return refuse("package RBF failed: package must be 1-parent-1-child");
        for (const Candidate* each : candidates_) {
            if (!context().index.parents_of(*each->transaction).empty())
                return refuse("package RBF failed: new transaction cannot have mempool ancestors");
        }
        result_.evicted = evicted_by(context().index, conflicts);
        const auto refused = check_replacement_fees(
            context(),
            {conflicts, result_.evicted, fees_, virtual_size_, transactions_.back()->txid()});
        if (refused) {
            const bool many = refused->reason == "too many potential replacements";
            return refuse(fmt::format("package RBF failed: {}",
                                      many ? refused->reason : "insufficient anti-DoS fees"),
                          refused->detail);
        }
        check_package_rate();
    }

    /// The child must not only pay for the replacement: with it, the parent is mined earlier.
    void check_package_rate() {
        const Candidate& parent = *candidates_.front();
        const FeeFraction alone{parent.modified_fee.value(), parent.virtual_size};
        const FeeFraction together{fees_.value(), virtual_size_};
        const auto text = [](const FeeFraction& rate) {
            return fmt::format("{} BTC/kvB",
                               to_string(Amount{fee_rate_of(Amount{rate.fee}, rate.size).value()}));
        };
        if (!together.above(alone))
            return refuse(
                "package RBF failed: package feerate is less than or equal to parent feerate",
                fmt::format("package feerate {} <= parent feerate is {}", text(together),
                            text(alone)));
        if (!improves_diagram(context(), candidates_))
            refuse("package RBF failed: insufficient feerate: does not improve feerate diagram");
    }

    void check_clusters() {
        if (exceeds_cluster_limits(context(), candidates_)) refuse("too-large-cluster");
    }

    void check_dust() {
        if (context().options.accept_nonstandard) return;
        if (auto unspent = unspent_dust(context(), transactions_))
            refuse_one(transactions_[unspent->first], std::move(unspent->second), "unspent-dust");
    }

    void check_scripts() {
        for (size_t i = 0; i < stages_.size(); ++i) {
            if (auto refused = stages_[i]->check_scripts())
                return fail(transactions_[i], std::move(*refused));
            result_.passed.push_back(*candidates_[i]);
        }
    }

    std::span<const TransactionRef> transactions_;
    AdmissionCoins coins_;
    const bool fees_in_sum_;
    std::vector<std::unique_ptr<AdmissionContext>> contexts_;
    std::vector<std::unique_ptr<StagedAdmission>> stages_;
    std::vector<const Candidate*> candidates_;
    Amount fees_{0};  ///< modified fees
    int64_t virtual_size_ = 0;
    PackageCheck result_;
    std::optional<StorageError> failure_;
};

}  // namespace

Expected<PackageCheck, StorageError> check_package_admission(
    const PackageContext& context, std::span<const TransactionRef> transactions,
    AdmissionCoins coins, bool fees_in_sum) {
    return PackageAdmission{context, transactions, std::move(coins), fees_in_sum}.run();
}

}  // namespace parley
