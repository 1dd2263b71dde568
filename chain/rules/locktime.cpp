#include "chain/rules/locktime.h"

#include <algorithm>

#include "base/check.h"
#include "chain/primitives/consensus_limits.h"

namespace parley {
namespace {

// BIP68.
constexpr int kLockTimeGranularity_bits = 9;  // units of 512 seconds

}  // namespace

bool is_final(const TransactionData& transaction, Height height, int64_t time) {
    if (transaction.locktime == 0) return true;
    const int64_t limit =
        transaction.locktime < kLocktimeThreshold ? int64_t{height.value()} : time;
    if (int64_t{transaction.locktime} < limit) return true;
    return std::all_of(
        transaction.inputs.begin(), transaction.inputs.end(),
        [](const TxInput& input) { return input.sequence == TxInput::kSequenceFinal; });
}

SequenceLocks sequence_locks(const TransactionData& transaction,
                             std::span<const Height> coin_heights, const HeaderNode& parent) {
    CHECK(coin_heights.size() == transaction.inputs.size());
    SequenceLocks locks;
    if (static_cast<uint32_t>(transaction.version) < kSequenceLockVersionMin) return locks;
    for (size_t i = 0; i < coin_heights.size(); ++i) {
        const uint32_t sequence = transaction.inputs[i].sequence;
        if ((sequence & kSequenceLockDisabled) != 0) continue;
        // In a damaged store, a coin may seem to be younger than the chain.
        const int32_t coin_height = std::min(coin_heights[i].value(), parent.height.value() + 1);
        const uint32_t units = sequence & kSequenceLockMask;
        if ((sequence & kSequenceLockIsTime) != 0) {
            const Height before{std::max(coin_height - 1, 0)};
            const int64_t start = parent.ancestor(before)->median_time_past();
            locks.time =
                std::max(locks.time, start + (int64_t{units} << kLockTimeGranularity_bits) - 1);
        } else {
            locks.height = std::max(locks.height, coin_height + static_cast<int32_t>(units) - 1);
        }
    }
    return locks;
}

bool sequence_locks_met(const SequenceLocks& locks, const HeaderNode& parent) {
    return locks.height < parent.height.value() + 1 && locks.time < parent.median_time_past();
}

}  // namespace parley
