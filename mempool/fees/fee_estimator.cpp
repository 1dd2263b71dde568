#include "mempool/fees/fee_estimator.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace parley {
namespace {

// bitcoind's: which share must have been confirmed within half the target, the target, and twice
// the target.
constexpr Average kHalfShare = 0.6;
constexpr Average kShare = 0.85;
constexpr Average kDoubleShare = 0.95;

}  // namespace

FeeEstimator::FeeEstimator()
    : histories_{ConfirmationHistory{{.periods = 12, .scale = 1, .decay = 0.962, .sufficient = 0.5},
                                     buckets_},
                 ConfirmationHistory{
                     {.periods = 24, .scale = 2, .decay = 0.9952, .sufficient = 0.1}, buckets_},
                 ConfirmationHistory{
                     {.periods = 42, .scale = 24, .decay = 0.99931, .sufficient = 0.1}, buckets_}} {
}

// --- what happens

void FeeEstimator::entered(const Txid& txid, Height tip, FeeRate rate) {
    // Until the blocks of a reorganisation are replaced, or before the first block.
    if (newest_ == 0 || tip.value() != newest_) return;
    const Watched watched{newest_, rate, buckets_.of(rate)};
    if (!watched_.emplace(txid, watched).second) return;
    ++waiting_[watched.bucket][watched.height];
}

std::optional<FeeEstimator::Watched> FeeEstimator::forget(const Txid& txid) {
    const auto found = watched_.find(txid);
    if (found == watched_.end()) return std::nullopt;
    const Watched watched = found->second;
    watched_.erase(found);
    auto& by_height = waiting_.at(watched.bucket);
    if (--by_height.at(watched.height) == 0) by_height.erase(watched.height);
    if (by_height.empty()) waiting_.erase(watched.bucket);
    return watched;
}

void FeeEstimator::left(const Txid& txid) {
    const auto watched = forget(txid);
    if (!watched) return;
    for (ConfirmationHistory& history : histories_)
        history.left(watched->bucket, newest_ - watched->height);
}

void FeeEstimator::block_connected(Height height, std::span<const Txid> confirmed) {
    if (height.value() <= newest_) {
        for (const Txid& txid : confirmed) forget(txid);
        return;
    }
    newest_ = height.value();
    for (ConfirmationHistory& history : histories_) history.fade();
    for (const Txid& txid : confirmed) {
        const auto watched = forget(txid);
        if (!watched) continue;
        const int32_t blocks = newest_ - watched->height;
        for (ConfirmationHistory& history : histories_)
            history.confirmed(watched->bucket, watched->rate, blocks);
        if (first_ == 0) first_ = newest_;
    }
}

// --- what that means

Average FeeEstimator::waiting(size_t bucket, int32_t blocks) const {
    const auto by_height = waiting_.find(bucket);
    if (by_height == waiting_.end()) return 0;
    int64_t count = 0;
    for (const auto& [height, waiting] : by_height->second) {
        if (newest_ - height < blocks) break;
        count += waiting;
    }
    return static_cast<Average>(count);
}

RangeEstimate FeeEstimator::raw(int32_t target, Average threshold, FeeHorizon horizon) const {
    return history(horizon).estimate(target, threshold, [this](size_t bucket, int32_t blocks) {
        return waiting(bucket, blocks);
    });
}

Average FeeEstimator::rate_within(int32_t target, Average threshold, FeeHorizon horizon) const {
    return raw(target, threshold, horizon).rate;
}

/// By the horizon with the shortest memory that covers the target. A horizon that is shorter than
/// the target may find a lower rate to be enough, even for its own longest target.
Average FeeEstimator::combined(int32_t target, Average threshold, bool shorter_too) const {
    using enum FeeHorizon;
    const int32_t short_max = target_max(short_term);
    const int32_t medium_max = target_max(medium_term);
    if (target > target_max(long_term)) return -1;
    const FeeHorizon own = target <= short_max    ? short_term
                           : target <= medium_max ? medium_term
                                                  : long_term;
    Average rate = rate_within(target, threshold, own);
    if (!shorter_too) return rate;
    const auto consider = [&](Average other) {
        if (other > 0 && (rate < 0 || other < rate)) rate = other;
    };
    if (target > medium_max) consider(rate_within(medium_max, threshold, medium_term));
    if (target > short_max) consider(rate_within(short_max, threshold, short_term));
    return rate;
}

/// By the longer memories, for a target that a shorter one covers.
Average FeeEstimator::looking_back(int32_t target) const {
    using enum FeeHorizon;
    Average rate = -1;
    if (target <= target_max(short_term)) rate = rate_within(target, kDoubleShare, medium_term);
    if (target <= target_max(medium_term))
        rate = std::max(rate, rate_within(target, kDoubleShare, long_term));
    return rate;
}

/// A target needs twice as many blocks of experience.
int32_t FeeEstimator::usable_target_max() const {
    return std::min(target_max(FeeHorizon::long_term), std::max(span(), earlier_span()) / 2);
}

FeeEstimator::Smart FeeEstimator::smart(int32_t target, bool conservative) const {
    CHECK(target >= 1 && target <= target_max(FeeHorizon::long_term));
    // Whether a transaction makes it into the next block depends on when that is found.
    target = std::min(std::max(target, 2), usable_target_max());
    if (target <= 1) return {std::nullopt, target};
    Average rate = std::max({combined(target / 2, kHalfShare, true), combined(target, kShare, true),
                             combined(2 * target, kDoubleShare, !conservative)});
    if (conservative || rate < 0) rate = std::max(rate, looking_back(2 * target));
    // A file that somebody made may hold rates beyond all money.
    constexpr Average kRateMax = 1e15;
    if (rate < 0 || !(rate < kRateMax)) return {std::nullopt, target};
    return {FeeRate{std::llround(rate)}, target};
}

// --- kept between runs

namespace {

constexpr int32_t kFileVersion = 309'900;
// bitcoind's: what an earlier run saw counts for six weeks.
constexpr int32_t kEarlierBlocksMax = 6 * 1'008;

}  // namespace

int32_t FeeEstimator::earlier_span() const {
    if (earlier_first_ == 0 || newest_ - earlier_newest_ > kEarlierBlocksMax) return 0;
    return earlier_newest_ - earlier_first_;
}

FeeEstimator::FeeEstimator(ByteSpan earlier) : FeeEstimator() {
    if (earlier.empty()) return;
    Reader reader{earlier};
    const std::array<ConfirmationHistory, 3> fresh = histories_;
    if (read(reader)) return;
    for (size_t i = 0; i < fresh.size(); ++i) histories_[i].take(fresh[i]);
    newest_ = earlier_first_ = earlier_newest_ = 0;
}

Bytes FeeEstimator::encode(bool ending) const {
    std::array<ConfirmationHistory, 3> histories = histories_;
    for (const auto& [txid, watched] : watched_) {
        if (!ending) break;
        for (ConfirmationHistory& history : histories)
            history.left(watched.bucket, newest_ - watched.height);
    }
    Writer writer;
    writer.le(kFileVersion).le(newest_);
    const bool earlier = span() <= earlier_span() / 2;
    writer.le(earlier ? earlier_first_ : first_).le(earlier ? earlier_newest_ : newest_);
    buckets_.write(writer);
    // The medium horizon is the oldest one, and comes first.
    for (const size_t i : {size_t{1}, size_t{0}, size_t{2}}) histories[i].write(writer);
    return writer.take();
}

bool FeeEstimator::read(Reader& reader) {
    if (reader.le<int32_t>() != kFileVersion) return false;
    newest_ = reader.le<int32_t>();
    earlier_first_ = reader.le<int32_t>();
    earlier_newest_ = reader.le<int32_t>();
    if (newest_ < 0 || earlier_first_ < 0 || earlier_first_ > earlier_newest_ ||
        earlier_newest_ > newest_ || !buckets_.read_equal(reader))
        return false;
    for (const size_t i : {size_t{1}, size_t{0}, size_t{2}}) {
        if (!histories_[i].read(reader)) return false;
    }
    return reader.ok();
}

}  // namespace parley
