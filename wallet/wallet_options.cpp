#include "wallet/wallet_options.h"

#include "base/option_row.h"

namespace parley {

OptionRows<WalletOptions> WalletOptions::rows() {
    using O = WalletOptions;
    using enum OutOfRange;
    static constexpr OptionWord kTypes[] = {{"bech32", static_cast<int64_t>(AddressType::bech32)},
                                            {"legacy", static_cast<int64_t>(AddressType::legacy)}};
    static constexpr auto kRows = option_rows(
        OptionGroup::wallet,
        option<&O::address_type>("addresstype", OptionUnit{"<type>"},
                                 "Type of new addresses: bech32 or legacy (default: {default})",
                                 {.words = kTypes}),
        option<&O::change_type>("changetype", OptionUnit{"<type>"},
                                "Type of change addresses: bech32 or legacy (default: as "
                                "-addresstype)",
                                {.words = kTypes}),
        option<&O::consolidate_fee_rate>(
            "consolidatefeerate", kAmount,
            "When the fee rate is below this, spend more coins than necessary to consolidate them, "
            "in coins per kvB (default: {default})",
            {.max = kMaxMoney.value()}),
        option<&O::fallback_fee>("fallbackfee", kAmount,
                                 "Fee rate when no estimate is available, in coins per kvB "
                                 "(default: the minimum relay fee rate)",
                                 {.max = kMaxMoney.value()}),
        // The maximum takes about a hundred megabytes of scripts.
        option<&O::lookahead>("keypool", kCount,
                              "Number of unused addresses that the wallet watches beyond the last "
                              "used one (default: {default})",
                              {.min = 1, .max = 1'000'000, .below = clamp, .above = clamp}),
        option<&O::fee_max>("maxtxfee", kAmount,
                            "Maximum fee of a wallet transaction, in coins (default: {default})",
                            {.max = kMaxMoney.value()}),
        option<&O::fee_rate_min>("mintxfee", kAmount,
                                 "Minimum fee rate of wallet transactions beside that of the "
                                 "mempool, in coins per kvB (default: {default})",
                                 {.max = kMaxMoney.value()}),
        option<&O::spend_zero_conf_change>(
            "spendzeroconfchange", kFlag,
            "Spend the wallet's own unconfirmed change (default: {default})"),
        option<&O::broadcast>("walletbroadcast", kFlag,
                              "Submit the wallets' transactions to the mempool and to peers "
                              "(default: {default})"),
        option<&O::signal_replaceable>(
            "walletrbf", kFlag,
            "Signal replaceability (BIP125) in wallet transactions (default: {default})"));
    return kRows;
}

std::optional<std::string> WalletOptions::validate() const {
    return out_of_range(*this);
}

}  // namespace parley
