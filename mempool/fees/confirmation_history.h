// ConfirmationHistory: how soon transactions of which fee rate were confirmed, as averages in which
// older blocks count less. FeeEstimator keeps three, with different memory. Fee rates fall into
// buckets; delays are counted in periods of `scale` blocks. Not thread-safe.
//
// The constants, the order of the steps and the rules of estimate() are those of bitcoind's
// CBlockPolicyEstimator, so that both answer alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/serialize.h"
#include "chain/primitives/fee_rate.h"

namespace parley {

/// A count that fades, a fee rate, or a share.
// lint: float because these are estimates for users, as in bitcoind; nothing is decided by them
using Average = double;

/// The buckets' upper bounds: 100 sat/kvB, each 5 % above the one before, and a last one without
/// bound.
class FeeBuckets {
 public:
    FeeBuckets();
    size_t of(FeeRate rate) const;
    size_t count() const { return bounds_.size(); }
    Average upper(size_t bucket) const { return bounds_[bucket]; }
    Average lower(size_t bucket) const { return bucket == 0 ? 0 : bounds_[bucket - 1]; }

    void write(Writer& writer) const;
    /// Whether the same bounds follow.
    bool read_equal(Reader& reader) const;

 private:
    std::vector<Average> bounds_;
};

/// A range of buckets with enough transactions to judge it.
struct FeeRange {
    Average start = -1;  ///< sat/kvB; -1: there is no such range
    Average end = -1;
    Average within_target = 0;    ///< confirmed in time
    Average total_confirmed = 0;  ///< at any time
    Average in_mempool = 0;       ///< for longer than the target
    Average left_mempool = 0;     ///< unconfirmed, after longer than the target
};

struct RangeEstimate {
    Average rate = -1;  ///< sat/kvB; -1: no range passes
    FeeRange pass;      ///< the lowest that passes
    FeeRange fail;      ///< the highest that fails below it
};

class ConfirmationHistory {
 public:
    struct Horizon {
        size_t periods = 0;
        int32_t scale = 1;  ///< blocks of a period
        Average decay = 1;  ///< what a block leaves of the averages
        /// Transactions in each block that a range must have on average.
        Average sufficient = 0;
    };
    /// How many transactions of the bucket have waited for `blocks` or longer.
    using Waiting = std::function<Average(size_t bucket, int32_t blocks)>;

    ConfirmationHistory(Horizon horizon, const FeeBuckets& buckets)
        : horizon_(horizon), buckets_(buckets) {}

    /// In the form of bitcoind's fee_estimates.dat: decay, scale, sums of rates, counts, confirmed
    /// and left transactions by period and bucket.
    void write(Writer& writer) const;
    /// False: these are not the averages of such a horizon; they are unusable then.
    bool read(Reader& reader);

    /// The averages of another one with this horizon.
    void take(const ConfirmationHistory& other) { by_bucket_ = other.by_bucket_; }

    const Horizon& horizon() const { return horizon_; }
    int32_t target_max() const { return static_cast<int32_t>(horizon_.periods) * horizon_.scale; }

    /// A block came: all averages fade.
    void fade();
    /// REQUIRES: blocks is at least 1.
    void confirmed(size_t bucket, FeeRate rate, int32_t blocks);
    /// It left the mempool unconfirmed, after `blocks`.
    void left(size_t bucket, int32_t blocks);

    /// The lowest rate at which the share `threshold` of the transactions was confirmed within
    /// `target` blocks. Ranges grow from the highest bucket downwards, until they have enough
    /// transactions; the answer is the median of the last range that passes. REQUIRES: target is 1
    /// to target_max().
    RangeEstimate estimate(int32_t target, Average threshold, const Waiting& waiting) const;

 private:
    struct Averages {
        explicit Averages(size_t periods) : confirmed(periods), left(periods) {}
        Average count = 0;               ///< confirmed ones
        Average rates = 0;               ///< their sum
        std::vector<Average> confirmed;  ///< within this many periods and one
        std::vector<Average> left;       ///< after more than this many periods
    };
    class Walk;

    Averages& averages(size_t bucket) {
        return by_bucket_.try_emplace(bucket, horizon_.periods).first->second;
    }
    const Averages* find(size_t bucket) const;
    Average median(size_t lowest, size_t highest) const;

    const Horizon horizon_;
    const FeeBuckets& buckets_;
    std::map<size_t, Averages> by_bucket_;  ///< only those that had a transaction
};

}  // namespace parley
