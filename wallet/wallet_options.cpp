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
                                 "bech32 or legacy (default: {default})", {.words = kTypes}),
        option<&O::change_type>("changetype", OptionUnit{"<type>"},
                                "bech32 or legacy, for change (default: as -addresstype)",
                                {.words = kTypes}),
        option<&O::consolidate_fee_rate>(
            "consolidatefeerate", kAmount,
            "Fee rate below which more coins are spent than needed (default: {default})",
            {.max = kMaxMoney.value()}),
        option<&O::fallback_fee>("fallbackfee", kAmount,
                                 "Fee rate where there is no estimate, in coins per kvB (default: "
                                 "the relay minimum)",
                                 {.max = kMaxMoney.value()}),
        // The most is a hundred megabytes of scripts.
        option<&O::lookahead>(
            "keypool", kCount,
            "Addresses that are watched ahead of the last used one (default: {default})",
            {.min = 1, .max = 1'000'000, .below = clamp, .above = clamp}),
        option<&O::fee_max>("maxtxfee", kAmount,
                            "Fee of a wallet's transaction at most (default: {default})",
                            {.max = kMaxMoney.value()}),
        option<&O::spend_zero_conf_change>(
            "spendzeroconfchange", kFlag,
            "Spend own change before it is confirmed (default: {default})"),
        option<&O::signal_replaceable>(
            "walletrbf", kFlag,
            "Signal that the wallet's transactions are replaceable (default: {default})"));
    return kRows;
}

std::optional<std::string> WalletOptions::validate() const {
    return out_of_range(*this);
}

}  // namespace parley
