// MempoolOptions and BlockBuilderOptions: what a user can choose about unconfirmed transactions and
// about the blocks that are made of them. Each field is an option, named in its row. Plain values.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/option_rows.h"
#include "base/time.h"
#include "chain/primitives/fee_rate.h"

namespace parley {

struct MempoolOptions {
    int64_t usage_bytes_max = 300'000'000;  ///< memory, not serialised size
    Duration expiry = std::chrono::hours{336};
    FeeRate min_relay_fee{100};  ///< satoshi per kvB, as the others
    FeeRate incremental_relay_fee{100};
    FeeRate dust_relay_fee{3000};
    int64_t cluster_count_max = 64;               ///< connected transactions
    int64_t cluster_virtual_bytes_max = 101'000;  ///< their virtual size
    bool accept_nonstandard = false;
    bool permit_bare_multisig = true;
    bool data_carrier = true;
    int64_t data_carrier_bytes_max = 100'000;
    int64_t bytes_per_sigop = 20;

    /// What an earlier run learnt about fees (FeeEstimator::encode). Not an option: the host keeps
    /// it. Null: nothing.
    std::shared_ptr<const Bytes> known_fees;

    /// Of data outputs in one transaction.
    int64_t data_bytes_max() const { return data_carrier ? data_carrier_bytes_max : 0; }

    static OptionRows<MempoolOptions> rows();
    /// Empty when the options make sense, otherwise a sentence that names the option.
    std::optional<std::string> validate() const;
};

struct BlockBuilderOptions {
    int64_t weight_max = 4'000'000;
    int64_t reserved_weight = 8'000;  ///< header, counts and coinbase
    FeeRate min_fee_rate{1};          ///< satoshi per kvB

    static OptionRows<BlockBuilderOptions> rows();
    std::optional<std::string> validate() const;
};

}  // namespace parley
