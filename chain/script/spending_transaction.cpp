#include "chain/script/spending_transaction.h"

#include <algorithm>

#include "base/check.h"

namespace parley {

SpendingTransaction::SpendingTransaction(TransactionRef transaction, std::vector<TxOutput> spent)
    : transaction_(std::move(transaction)), spent_(std::move(spent)) {
    CHECK(transaction_ != nullptr && spent_.size() == transaction_->inputs().size());
    if (!transaction_->has_witness()) return;
    const bool taproot = std::any_of(spent_.begin(), spent_.end(), [](const TxOutput& output) {
        return is_taproot(output.script_pubkey);
    });
    parts_ = parley::sighash_parts(transaction_->data(), taproot ? std::span<const TxOutput>{spent_}
                                                                 : std::span<const TxOutput>{});
}

}  // namespace parley
