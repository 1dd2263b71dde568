#include "mempool/fees/confirmation_history.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace parley {
namespace {

constexpr Average kLowestBound = 100;
constexpr Average kHighestBound = 1e7;
constexpr Average kSpacing = 1.05;
constexpr Average kUnbounded = 1e99;

// IEEE 754, 64 bits, little-endian.
void write_average(Writer& writer, Average value) {
    writer.le(std::bit_cast<uint64_t>(value));
}

Average read_average(Reader& reader) {
    return std::bit_cast<Average>(reader.le<uint64_t>());
}

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

void FeeBuckets::write(Writer& writer) const {
    writer.compact_size(bounds_.size());
    for (const Average bound : bounds_) write_average(writer, bound);
}

bool FeeBuckets::read_equal(Reader& reader) const {
    if (reader.compact_size() != bounds_.size()) return false;
    return std::ranges::all_of(bounds_,
                               [&](Average bound) { return read_average(reader) == bound; });
}

void ConfirmationHistory::write(Writer& writer) const {
    const auto write_all = [&](auto&& value_of) {
        writer.compact_size(buckets_.count());
        for (size_t bucket = 0; bucket < buckets_.count(); ++bucket) {
            const Averages* each = find(bucket);
            write_average(writer, each == nullptr ? 0 : value_of(*each));
        }
    };
    write_average(writer, horizon_.decay);
    writer.le(static_cast<uint32_t>(horizon_.scale));
    write_all([](const Averages& each) { return each.rates; });
    write_all([](const Averages& each) { return each.count; });
    for (const auto member : {&Averages::confirmed, &Averages::left}) {
        writer.compact_size(horizon_.periods);
        for (size_t period = 0; period < horizon_.periods; ++period)
            write_all([&](const Averages& each) { return (each.*member)[period]; });
    }
}

bool ConfirmationHistory::read(Reader& reader) {
    by_bucket_.clear();
    const auto read_all = [&](auto&& set) {
        if (reader.compact_size() != buckets_.count()) return false;
        for (size_t bucket = 0; bucket < buckets_.count(); ++bucket) {
            const Average value = read_average(reader);
            if (!std::isfinite(value) || value < 0) return false;
            if (value != 0) set(averages(bucket), value);
        }
        return reader.ok();
    };
    if (read_average(reader) != horizon_.decay ||
        reader.le<uint32_t>() != static_cast<uint32_t>(horizon_.scale))
        return false;
    if (!read_all([](Averages& each, Average value) { each.rates = value; }) ||
        !read_all([](Averages& each, Average value) { each.count = value; }))
        return false;
    for (const auto member : {&Averages::confirmed, &Averages::left}) {
        if (reader.compact_size() != horizon_.periods) return false;
        for (size_t period = 0; period < horizon_.periods; ++period) {
            if (!read_all([&](Averages& each, Average value) { (each.*member)[period] = value; }))
                return false;
        }
    }
    return true;
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
