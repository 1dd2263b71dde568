// SpendingTransaction: a transaction beside the outputs that it spends, with the hashes that the
// signatures of its inputs share. Immutable, so that any number of threads may check its inputs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "chain/primitives/transaction.h"
#include "chain/script/sighash.h"

namespace parley {

class SpendingTransaction {
 public:
    /// `spent`: one output for each input, in their order. A signer may leave one empty that it
    /// does not know: its own check and those of BIP341 signatures beside it then fail.
    SpendingTransaction(TransactionRef transaction, std::vector<TxOutput> spent);

    const Transaction& transaction() const { return *transaction_; }
    /// REQUIRES, for both: index < number of inputs.
    const TxInput& input(size_t index) const { return transaction_->inputs()[index]; }
    const TxOutput& spent(size_t index) const { return spent_[index]; }

    /// Made with the spent outputs where an input has a taproot output to spend; all zero where no
    /// input has a witness.
    const SighashParts& sighash_parts() const { return parts_; }

 private:
    TransactionRef transaction_;
    std::vector<TxOutput> spent_;
    SighashParts parts_;
};

using SpendingTransactionRef = std::shared_ptr<const SpendingTransaction>;

}  // namespace parley
