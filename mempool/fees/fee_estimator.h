// FeeEstimator: what a transaction has to pay to be confirmed within a number of blocks
// (estimatesmartfee). It watches the transactions that enter the mempool, and how many blocks later
// they are confirmed. Only those count that arrive on the newest block, by themselves and without
// parents in the mempool, because then their own fee rate explains when they are mined. Nothing is
// known before the first block that this object sees. Core thread.
//
// Three horizons: short (12 blocks, forgets fast), medium (48) and long (1,008).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "chain/primitives/fee_rate.h"
#include "chain/primitives/ids.h"
#include "mempool/fees/confirmation_history.h"

namespace parley {

enum class FeeHorizon : uint8_t { short_term, medium_term, long_term };

class FeeEstimator {
 public:
    struct Smart {
        std::optional<FeeRate> rate;  ///< empty: not enough is known
        int32_t target = 0;           ///< the one that the rate is for
    };

    FeeEstimator();
    /// With what encode() kept of an earlier run. Empty if that is damaged or of another
    /// version.
    explicit FeeEstimator(ByteSpan earlier);
    FeeEstimator(const FeeEstimator&) = delete;
    FeeEstimator& operator=(const FeeEstimator&) = delete;

    /// A transaction that counts entered the mempool; `tip` is the active chain's height.
    void entered(const Txid& txid, Height tip, FeeRate rate);
    /// It left unconfirmed.
    void left(const Txid& txid);
    /// A block joined the active chain; `confirmed` are those that the mempool had. A block that is
    /// not above all earlier ones (after a reorganisation) teaches nothing.
    void block_connected(Height height, std::span<const Txid> confirmed);

    /// `conservative`: also looks back further, so that it reacts to a fall of fees more slowly.
    /// REQUIRES: target is 1 to target_max(FeeHorizon::long_term).
    Smart smart(int32_t target, bool conservative) const;
    /// The estimate of one horizon. REQUIRES: target is 1 to target_max(horizon).
    RangeEstimate raw(int32_t target, Average threshold, FeeHorizon horizon) const;

    /// What is known, in the format of bitcoind's fee_estimates.dat (version 309900). With
    /// `ending`, transactions that still wait count as having left the mempool, as at the end of a
    /// run.
    Bytes encode(bool ending) const;
    /// Nothing of an earlier run, and nothing new.
    bool empty() const { return newest_ == 0; }

    const ConfirmationHistory& history(FeeHorizon horizon) const {
        return histories_[static_cast<size_t>(horizon)];
    }
    int32_t target_max(FeeHorizon horizon) const { return history(horizon).target_max(); }

 private:
    struct Watched {
        int32_t height = 0;  ///< of the tip on arrival
        FeeRate rate{0};
        size_t bucket = 0;
    };

    std::optional<Watched> forget(const Txid& txid);
    Average waiting(size_t bucket, int32_t blocks) const;
    Average rate_within(int32_t target, Average threshold, FeeHorizon horizon) const;
    Average combined(int32_t target, Average threshold, bool shorter_too) const;
    Average looking_back(int32_t target) const;
    int32_t usable_target_max() const;
    bool read(Reader& reader);
    /// Blocks between the first and the last of this run, or of an earlier one.
    int32_t span() const { return first_ == 0 ? 0 : newest_ - first_; }
    int32_t earlier_span() const;

    const FeeBuckets buckets_;
    std::array<ConfirmationHistory, 3> histories_;
    std::map<Txid, Watched> watched_;
    /// Of the watched ones, by bucket and by height.
    std::map<size_t, std::map<int32_t, int64_t>> waiting_;
    int32_t newest_ = 0;  ///< height of the highest block seen; 0: none
    int32_t first_ = 0;   ///< of the first that confirmed a watched one; 0: none
    // The same two of an earlier run; 0: there was none.
    int32_t earlier_first_ = 0;
    int32_t earlier_newest_ = 0;
};

}  // namespace parley
