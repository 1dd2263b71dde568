#include "mempool/mempool_options.h"

#include <fmt/format.h>

#include "base/option_row.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

constexpr OptionUnit kVirtualKilobytes{"<kvB>", 1'000};
// Clusters of the largest size that the memory must have room for.
constexpr int64_t kClustersMin = 40;

}  // namespace

OptionRows<MempoolOptions> MempoolOptions::rows() {
    using O = MempoolOptions;
    using enum OutOfRange;
    static constexpr auto kRows = option_rows(
        OptionGroup::mempool,
        option<&O::accept_nonstandard>(
            "acceptnonstdtxn", kFlag,
            "Relay and mine transactions that are not standard (default: {default})"),
        option<&O::bytes_per_sigop>(
            "bytespersigop", kCount,
            "Virtual bytes that a signature check counts as (default: {default})",
            {.max = UINT32_MAX, .below = clamp, .above = clamp}),
        option<&O::data_carrier>("datacarrier", kFlag,
                                 "Relay and mine data outputs (default: {default})"),
        option<&O::data_carrier_bytes_max>(
            "datacarriersize", kCount,
            "Bytes of data outputs in a transaction at most (default: {default})",
            {.max = UINT32_MAX, .below = clamp, .above = clamp}),
        option<&O::dust_relay_fee>(
            "dustrelayfee", kAmount,
            "Fee rate that defines dust, in coins per kvB (default: {default})",
            {.max = kMaxMoney.value()}),
        option<&O::incremental_relay_fee>(
            "incrementalrelayfee", kAmount,
            "What a replacement must pay more, in coins per kvB (default: {default})",
            {.max = kMaxMoney.value()}),
        // Without a place in any cluster, no transaction could enter.
        option<&O::cluster_count_max>(
            "limitclustercount", kCount,
            "Connected transactions in the mempool at most (default: {default})",
            {.min = 1,
             .max = 64,
             .refusal = "limitclustercount must be less than or equal to {max}",
             .refusal_below = "limitclustercount must be at least {min}"}),
        option<&O::cluster_virtual_bytes_max>("limitclustersize", kVirtualKilobytes,
                                              "Their virtual size at most (default: {default})",
                                              {.min = 1}),
        // validate() knows the least that is of use.
        option<&O::usage_bytes_max>("maxmempool", kMegabytes,
                                    "Memory of the mempool at most (default: {default})",
                                    {.below = clamp}),
        // A negative age forgets at once.
        option<&O::expiry>("mempoolexpiry", kHours,
                           "Forget transactions after so many hours (default: {default})",
                           {.min = INT64_MIN}),
        option<&O::min_relay_fee>("minrelaytxfee", kAmount,
                                  "Least fee rate to relay, in coins per kvB (default: {default})",
                                  {.max = kMaxMoney.value()}),
        option<&O::permit_bare_multisig>(
            "permitbaremultisig", kFlag,
            "Relay outputs that are bare multisig scripts (default: {default})"));
    return kRows;
}

std::optional<std::string> MempoolOptions::validate() const {
    if (auto problem = out_of_range(*this)) return problem;
    const int64_t needed_MB =
        (cluster_virtual_bytes_max - 1) / (kMegabytes.scale / kClustersMin) + 1;
    if (usage_bytes_max / kMegabytes.scale >= needed_MB) return std::nullopt;
    return fmt::format("-maxmempool must be at least {} MB", needed_MB);
}

OptionRows<BlockBuilderOptions> BlockBuilderOptions::rows() {
    using O = BlockBuilderOptions;
    static constexpr auto kRows = option_rows(
        OptionGroup::mining,
        // Below the reserved weight, blocks hold the coinbase alone.
        option<&O::weight_max>(
            "blockmaxweight", kCount, "Weight of a mined block at most (default: {default})",
            {.max = kBlockWeightMax.value(),
             .below = OutOfRange::clamp,
             .refusal = "Specified -blockmaxweight ({value}) exceeds consensus maximum block "
                        "weight ({max})"}),
        option<&O::min_fee_rate>(
            "blockmintxfee", kAmount,
            "Least fee rate in a mined block, in coins per kvB (default: {default})",
            {.max = kMaxMoney.value()}),
        // The least: a header, the count and a coinbase with a commitment fit in.
        option<&O::reserved_weight>(
            "blockreservedweight", kCount,
            "Weight kept for header and coinbase (default: {default})",
            {.min = 2'000,
             .max = kBlockWeightMax.value(),
             .refusal = "Specified -blockreservedweight ({value}) exceeds consensus maximum block "
                        "weight ({max})",
             .refusal_below = "Specified -blockreservedweight ({value}) is lower than minimum "
                              "safety value of ({min})"}));
    return kRows;
}

std::optional<std::string> BlockBuilderOptions::validate() const {
    return out_of_range(*this);
}

}  // namespace parley
