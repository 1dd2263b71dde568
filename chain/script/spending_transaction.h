// SpendingTransaction: a transaction together with the outputs that it spends and the hashes that
// the signatures of its inputs share. Immutable, so any number of threads may check its inputs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "chain/primitives/transaction.h"
#include "chain/script/sighash.h"

namespace parley {

class SpendingTransaction {
 public:
    /// `spent`: one output per input, in input order. A signer may leave an unknown one empty: the
    /// checks of that input, and of BIP341 signatures of any input, then fail.
    SpendingTransaction(TransactionRef transaction, std::vector<TxOutput> spent);

    const Transaction& transaction() const { return *transaction_; }
    /// REQUIRES, like spent(): index < number of inputs.
    const TxInput& input(size_t index) const { return transaction_->inputs()[index]; }
    const TxOutput& spent(size_t index) const { return spent_[index]; }

    /// Includes the parts over spent outputs if an input spends a taproot output; all zero if no
    /// input has a witness.
    const SighashParts& sighash_parts() const { return parts_; }

 private:
    TransactionRef transaction_;
    std::vector<TxOutput> spent_;
    SighashParts parts_;
};

using SpendingTransactionRef = std::shared_ptr<const SpendingTransaction>;

}  // namespace parley
