#include "mempool/mempool_options.h"

#include <fmt/format.h>

#include "base/option_row.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr OptionUnit kVirtualKilobytes{"<kvB>", 1'000};
// The mempool must have room for at least this many clusters of the maximum size.
constexpr int64_t kClustersMin = 40;

}  // namespace

OptionRows<MempoolOptions> MempoolOptions::rows() {
    using O = MempoolOptions;
    using enum OutOfRange;
    static constexpr auto kRows = option_rows(
        OptionGroup::mempool,
        option<&O::accept_nonstandard>(
            "acceptnonstdtxn", kFlag,
            "Relay and mine non-standard transactions (default: {default})"),
        option<&O::bytes_per_sigop>("bytespersigop", kCount,
                                    "Virtual bytes charged per signature operation in relay and "
                                    "mining (default: {default})",
                                    {.max = UINT32_MAX, .below = clamp, .above = clamp}),
        option<&O::data_carrier>(
            "datacarrier", kFlag,
            "Relay and mine transactions with data carrier outputs (default: {default})"),
        option<&O::data_carrier_bytes_max>("datacarriersize", kCount,
                                           "Maximum total size in bytes of the data carrier "
                                           "outputs of a transaction (default: {default})",
                                           {.max = UINT32_MAX, .below = clamp, .above = clamp}),
        option<&O::dust_relay_fee>("dustrelayfee", kAmount,
                                   "Fee rate that defines dust: an output that would cost more "
                                   "than its value to spend, in coins per kvB (default: {default})",
                                   {.max = kMaxMoney.value()}),
        option<&O::incremental_relay_fee>("incrementalrelayfee", kAmount,
                                          "Fee rate by which a replacement must raise the fee, in "
                                          "coins per kvB (default: {default})",
                                          {.max = kMaxMoney.value()}),
        // Without a place in any cluster, no transaction could enter.
        option<&O::cluster_count_max>(
            "limitclustercount", kCount,
            "Maximum number of transactions in a mempool cluster (default: {default})",
            {.min = 1,
             .max = 64,
             .refusal = "limitclustercount must be less than or equal to {max}",
             .refusal_below = "limitclustercount must be at least {min}"}),
        option<&O::cluster_virtual_bytes_max>(
            "limitclustersize", kVirtualKilobytes,
            "Maximum virtual size of a mempool cluster (default: {default})", {.min = 1}),
        // validate() computes the lower bound, which depends on the cluster size. 0: every
        // transaction is evicted at once.
        option<&O::usage_bytes_max>("maxmempool", kMegabytes,
                                    "Maximum memory of the mempool (default: {default})",
                                    {.min = -1, .below = clamp}),
        // A negative age removes transactions at once.
        option<&O::expiry>("mempoolexpiry", kHours,
                           "Remove transactions that have been in the mempool for longer than this "
                           "(default: {default})",
                           {.min = INT64_MIN}),
        option<&O::min_relay_fee>("minrelaytxfee", kAmount,
                                  "Minimum fee rate of transactions that the mempool accepts and "
                                  "relays, in coins per kvB (default: {default})",
                                  {.max = kMaxMoney.value()}),
        option<&O::permit_bare_multisig>(
            "permitbaremultisig", kFlag,
            "Relay transactions with bare multisig outputs (default: {default})"));
    return kRows;
}

std::optional<std::string> MempoolOptions::validate() const {
    if (auto problem = out_of_range(*this)) return problem;
    const int64_t needed_MB =
        (cluster_virtual_bytes_max - 1) / (kMegabytes.scale / kClustersMin) + 1;
    if (usage_bytes_max == 0 || usage_bytes_max / kMegabytes.scale >= needed_MB)
        return std::nullopt;
    return fmt::format("-maxmempool must be at least {} MB", needed_MB);
}

OptionRows<BlockBuilderOptions> BlockBuilderOptions::rows() {
    using O = BlockBuilderOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::mining,
        // With less than the reserved weight, blocks contain only the coinbase.
        option<&O::weight_max>(
            "blockmaxweight", kCount, "Maximum weight of a mined block (default: {default})",
            {.max = kBlockWeightMax.value(),
             .below = OutOfRange::clamp,
             .refusal = "-blockmaxweight ({value}) exceeds consensus maximum block "
                        "weight ({max})"}),
        option<&O::min_fee_rate>("blockmintxfee", kAmount,
                                 "Minimum fee rate of transactions in a mined block, in coins per "
                                 "kvB (default: {default})",
                                 {.max = kMaxMoney.value()}),
        // The minimum has room for the header, the transaction count and a coinbase with a witness
        // commitment.
        option<&O::reserved_weight>(
            "blockreservedweight", kCount,
            "Weight reserved for the block header and the coinbase (default: {default})",
            {.min = 2'000,
             .max = kBlockWeightMax.value(),
             .refusal = "-blockreservedweight ({value}) exceeds consensus maximum block "
                        "weight ({max})",
             .refusal_below = "-blockreservedweight ({value}) is lower than minimum "
                              "safety value of ({min})"}));
    return kRows;
}

std::optional<std::string> BlockBuilderOptions::validate() const {
    if (auto problem = out_of_range(*this)) return problem;
    if (reserved_weight <= weight_max) return std::nullopt;
    return "-blockreservedweight (" + std::to_string(reserved_weight) +
           ") exceeds -blockmaxweight (" + std::to_string(weight_max) + ")";
}

}  // namespace parley
