// Wallet: payments of everything (sendall).
#include <fmt/format.h>

#include <algorithm>

#include "chain/rules/params.h"
#include "wallet/transaction_builder.h"
#include "wallet/wallet_impl.h"

namespace parley {
namespace {

WalletError refusal(WalletErrorCode code, std::string message) {
    return {code, std::move(message)};
}

std::string name_of(const OutPoint& outpoint) {
    return fmt::format("{}:{}", outpoint.txid.to_string(), outpoint.index);
}

std::optional<WalletError> check_given(const Ledger& ledger, const std::vector<OutPoint>& inputs) {
    for (const OutPoint& outpoint : inputs) {
        if (ledger.spent(outpoint))
            return refusal(WalletErrorCode::invalid_parameter,
                           fmt::format("Input not available. UTXO ({}) was already spent.",
                                       name_of(outpoint)));
        if (ledger.own_output(outpoint) == nullptr)
            return refusal(WalletErrorCode::invalid_parameter,
                           fmt::format("Input not found. UTXO ({}) is not part of wallet.",
                                       name_of(outpoint)));
    }
    return std::nullopt;
}

// Recipients without an amount get equal parts of what is left after the fee, and the first one the
// remainder. The builder takes the fee from them, by the same rule, so it is added here.
std::optional<WalletError> share_out(SpendRequest& request, int64_t total, int64_t fee,
                                     SweepChoice choice, FeeRate dust_rate) {
    const auto insufficient = [](std::string message) {
        return refusal(WalletErrorCode::insufficient_funds, std::move(message));
    };
    if (total <= fee)
        return insufficient(
            choice == SweepChoice::economical
                ? "Total value of UTXO pool too low to pay for transaction, try using lower "
                  "feerate."
                : "Total value of UTXO pool too low to pay for transaction. Try using lower "
                  "feerate or excluding uneconomic UTXOs with 'send_max' option.");
    int64_t claimed = 0;
    int64_t sharers = 0;
    for (const Recipient& recipient : request.recipients) {
        if (recipient.subtract_fee)
            ++sharers;
        else
            claimed += recipient.amount.value();
        if (claimed > total)
            return insufficient("Assigned more value to outputs than available funds.");
    }
    const int64_t rest = total - fee - claimed;
    if (rest < 0)
        return insufficient("Insufficient funds for fees after creating specified outputs.");
    bool first = true;
    for (Recipient& recipient : request.recipients) {
        if (!recipient.subtract_fee) continue;
        const auto part = [&](int64_t sum) { return sum / sharers + (first ? sum % sharers : 0); };
        const Amount share{part(rest)};
        if (share < dust_threshold({share, recipient.script}, dust_rate))
            return insufficient("Dynamically assigned remainder results in dust output.");
        recipient.amount = share + Amount{part(fee)};
        first = false;
    }
    return std::nullopt;
}

}  // namespace

Expected<SpendRequest, WalletError> Wallet::plan_sweep(SpendRequest request, SweepChoice choice) {
    const WalletOptions& options = impl_->context.options;
    const FeeRate dust_rate = impl_->context.node.dust_relay_fee();
    request.add_inputs = false;
    for (const Recipient& recipient : request.recipients) {
        const TxOutput output{recipient.amount, recipient.script};
        if (!recipient.subtract_fee && output.value < dust_threshold(output, dust_rate))
            return Unexpected(
                refusal(WalletErrorCode::invalid_parameter,
                        fmt::format("Specified output amount to {} is below dust threshold.",
                                    impl_->address_of(recipient.script).value_or("data"))));
    }
    if (choice == SweepChoice::given) {
        if (auto problem = check_given(impl_->ledger, request.inputs))
            return Unexpected(std::move(*problem));
    } else {
        auto inputs = TransactionBuilder{*impl_, request}.all_inputs(choice);
        if (!inputs) return Unexpected(inputs.error());
        request.inputs = std::move(*inputs);
    }
    const auto fee = TransactionBuilder{*impl_, request}.preset_fee();
    if (!fee) return Unexpected(fee.error());
    if (*fee > options.fee_max)
        return Unexpected(
            refusal(WalletErrorCode::wallet,
                    "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"));
    int64_t total = 0;
    for (const OutPoint& outpoint : request.inputs)
        total += impl_->ledger.own_output(outpoint)->value.value();
    if (auto problem = share_out(request, total, fee->value(), choice, dust_rate))
        return Unexpected(std::move(*problem));
    return request;
}

}  // namespace parley
