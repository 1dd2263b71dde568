#include "mempool/fees/confirmation_history.h"

#include <algorithm>

#include "base/check.h"

namespace parley {
namespace {

constexpr Average kLowestBound = 100;
constexpr Average kHighestBound = 1e7;
constexpr Average kSpacing = 1.05;
constexpr Average kUnbounded = 1e99;

}  // namespace

FeeBuckets::FeeBuckets() {
    for (Average bound = kLowestBound; bound <= kHighestBound; bound *= kSpacing)
        bounds_.push_back(bound);
    bounds_.push_back(kUnbounded);
}

size_t FeeBuckets::of(FeeRate rate) const {
    const auto at = std::ranges::lower_bound(bounds_, static_cast<Average>(rate.value()));
    return static_cast<size_t>(at - bounds_.begin());
}

const ConfirmationHistory::Averages* ConfirmationHistory::find(size_t bucket) const {
    const auto found = by_bucket_.find(bucket);
    return found == by_bucket_.end() ? nullptr : &found->second;
}

void ConfirmationHistory::fade() {
    for (auto& [bucket, each] : by_bucket_) {
        each.count *= horizon_.decay;
        each.rates *= horizon_.decay;
        for (Average& average : each.confirmed) average *= horizon_.decay;
        for (Average& average : each.left) average *= horizon_.decay;
    }
}

void ConfirmationHistory::confirmed(size_t bucket, FeeRate rate, int32_t blocks) {
    CHECK(blocks >= 1);
    Averages& each = averages(bucket);
    const auto periods = static_cast<size_t>((blocks + horizon_.scale - 1) / horizon_.scale);
    for (size_t i = periods - 1; i < horizon_.periods; ++i) each.confirmed[i] += 1;
    each.count += 1;
    each.rates += static_cast<Average>(rate.value());
}

void ConfirmationHistory::left(size_t bucket, int32_t blocks) {
    if (blocks < horizon_.scale) return;
    const auto periods = static_cast<size_t>(blocks / horizon_.scale);
    Averages& each = averages(bucket);
    for (size_t i = 0; i < std::min(periods, horizon_.periods); ++i) each.left[i] += 1;
}

/// The range that grows while the buckets are walked through, highest rate first.
class ConfirmationHistory::Walk {
 public:
    Walk(const ConfirmationHistory& history, int32_t target, Average threshold,
         const Waiting& waiting)
        : history_(history),
          period_(static_cast<size_t>((target - 1) / history.horizon_.scale)),
          target_(target),
          threshold_(threshold),
          enough_(history.horizon_.sufficient / (1 - history.horizon_.decay)),
          waiting_(waiting) {}

    void visit(size_t bucket) {
        if (!open_) highest_ = bucket;
        open_ = true;
        lowest_ = bucket;
        if (const Averages* each = history_.find(bucket)) {
            range_.within_target += each->confirmed[period_];
            range_.total_confirmed += each->count;
            range_.left_mempool += each->left[period_];
            since_judged_ += each->count;
        }
        range_.in_mempool += waiting_(bucket, target_);
        if (since_judged_ < enough_) return;
        since_judged_ = 0;
        judge();
    }

    RangeEstimate finish() {
        // Too few transactions were left to judge the last range by.
        if (passing_ && open_) estimate_.fail = bounded(range_);
        if (passed_) estimate_.rate = history_.median(pass_lowest_, pass_highest_);
        return estimate_;
    }

 private:
    void judge() {
        const Average all = range_.total_confirmed + range_.left_mempool + range_.in_mempool;
        if (range_.within_target / all < threshold_) {
            // The range grows on; what is remembered is where it began to fail.
            if (passing_) estimate_.fail = bounded(range_);
            passing_ = false;
            return;
        }
        estimate_.pass = bounded(range_);
        estimate_.fail = {};
        passing_ = passed_ = true;
        pass_lowest_ = lowest_;
        pass_highest_ = highest_;
        range_ = {};
        open_ = false;
    }

    FeeRange bounded(FeeRange range) const {
        range.start = history_.buckets_.lower(lowest_);
        range.end = history_.buckets_.upper(highest_);
        return range;
    }

    const ConfirmationHistory& history_;
    const size_t period_;
    const int32_t target_;
    const Average threshold_;
    const Average enough_;
    const Waiting& waiting_;
    RangeEstimate estimate_;
    FeeRange range_;
    bool open_ = false;  ///< the range has a bucket
    size_t lowest_ = 0;
    size_t highest_ = 0;
    Average since_judged_ = 0;
    bool passing_ = true;
    bool passed_ = false;
    size_t pass_lowest_ = 0;
    size_t pass_highest_ = 0;
};

RangeEstimate ConfirmationHistory::estimate(int32_t target, Average threshold,
                                            const Waiting& waiting) const {
    CHECK(target >= 1 && target <= target_max());
    Walk walk(*this, target, threshold, waiting);
    for (size_t bucket = buckets_.count(); bucket > 0; --bucket) walk.visit(bucket - 1);
    return walk.finish();
}

Average ConfirmationHistory::median(size_t lowest, size_t highest) const {
    Average before = 0;
    for (size_t bucket = lowest; bucket <= highest; ++bucket) {
        if (const Averages* each = find(bucket)) before += each->count;
    }
    before /= 2;
    for (size_t bucket = lowest; bucket <= highest; ++bucket) {
        const Averages* each = find(bucket);
        if (each == nullptr || each->count == 0) continue;
        if (each->count >= before) return each->rates / each->count;
        before -= each->count;
    }
    return -1;
}

}  // namespace parley
