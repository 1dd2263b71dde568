// WalletOptions: what a user can choose about wallets. Each field is an option, named in its row.
// Plain values.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/option_rows.h"
#include "chain/primitives/fee_rate.h"
#include "wallet/wallet_types.h"

namespace parley {

struct WalletOptions {
    /// Scripts that are watched ahead of the last used one, in each direction. bitcoind has 1,000;
    /// 100 keeps a wallet's memory in kilobytes, and is five times BIP44's gap limit.
    uint32_t lookahead = 100;
    /// Satoshi per kvB. Empty: the node's minimum (there is no fee history on the networks that
    /// this node is made for). Zero: refuse, as bitcoind does where it is disabled.
    std::optional<FeeRate> fallback_fee;
    /// No payment has a lower fee rate, beside the node's own minimum.
    FeeRate fee_rate_min{0};
    AddressType address_type = AddressType::bech32;
    std::optional<AddressType> change_type;  ///< empty: as address_type

    bool spend_zero_conf_change = true;
    /// Whether payments go to the mempool and to peers. If not, the user sends them.
    bool broadcast = true;
    bool signal_replaceable = true;
    Amount fee_max{10'000'000};
    FeeRate consolidate_fee_rate{10'000};  ///< the long-term rate of waste

    /// Collect WalletNotice. Not an option: the host reads them, or nobody does.
    bool notices = false;

    AddressType type_of_change() const { return change_type.value_or(address_type); }

    static OptionRows<WalletOptions> rows();
    std::optional<std::string> validate() const;
};

}  // namespace parley
