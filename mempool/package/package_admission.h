// PackageAdmission: whether several transactions, each of which may spend those before it, may
// enter the mempool together. Fees can count in sum, so that a child pays for its parents. Checks
// run in bitcoind's order. It changes nothing. Used by Mempool only. Core thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "mempool/admission.h"

namespace parley {

struct PackageCheck {
    /// Why they are not accepted, in bitcoind's words: "transaction failed" if it is one of them.
    /// Empty: all pass.
    std::optional<TxReject> problem;
    std::map<Wtxid, TxReject> refused;
    std::vector<Candidate> passed;  ///< the first ones, with the scripts checked
    MempoolIndex::Entries evicted;  ///< by arrival
};

/// Makes the context of one transaction.
using PackageContext = std::function<AdmissionContext(const Transaction&)>;

/// `fees_in_sum`: minimum fees and replacements are judged for all together. Otherwise each must
/// pay for itself, and none may replace others. REQUIRES: check_package() finds no fault.
Expected<PackageCheck, StorageError> check_package_admission(
    const PackageContext& context, std::span<const TransactionRef> transactions,
    AdmissionCoins coins, bool fees_in_sum);

}  // namespace parley
