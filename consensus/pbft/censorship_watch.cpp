#include "consensus/pbft/censorship_watch.h"

#include <algorithm>
#include <utility>

namespace parley::pbft {

CensorshipWatch::CensorshipWatch(Duration base_timeout) : wait_(std::max(base_timeout, kWaitMin)) {}

void CensorshipWatch::waiting(const std::vector<WaitingTransaction>& oldest, TimePoint now) {
    const size_t count = std::min(oldest.size(), kWatchedMax);
    const auto named = oldest.begin() + static_cast<std::ptrdiff_t>(count);
    // Most changes of the mempool concern younger transactions.
    if (std::ranges::equal(oldest.begin(), named, watched_.begin(), watched_.end(), {}, {},
                           &Watched::transaction))
        return;
    std::vector<Watched> next;
    next.reserve(count);
    for (auto each = oldest.begin(); each != named; ++each) {
        const auto known = std::ranges::find(
            watched_, each->txid, [](const Watched& watched) { return watched.transaction.txid; });
        next.push_back(known == watched_.end() ? Watched{*each, now} : *known);
        next.back().transaction = *each;
    }
    watched_ = std::move(next);
}

void CensorshipWatch::decided(const Block& block) {
    if (watched_.empty()) return;
    for (const TransactionRef& transaction : block.transactions) {
        std::erase_if(watched_, [&](const Watched& watched) {
            return watched.transaction.txid == transaction->txid();
        });
    }
    const int64_t weight = block.weight().value();
    for (Watched& watched : watched_) {
        if (weight <= watched.transaction.block_weight_max) ++watched.blocks;
    }
}

void CensorshipWatch::in_view(View view, TimePoint now) {
    if (view_ == view) return;
    view_ = view;
    complaint_.reset();
    for (Watched& watched : watched_) {
        watched.since = now;
        watched.blocks = 0;
    }
}

bool CensorshipWatch::is_ignored(const Watched& watched, TimePoint now) const {
    constexpr unsigned kDoublingsMax = 16;  // of a second: most of a day
    const Duration wait = wait_ * (int64_t{1} << std::min(watched.complaints, kDoublingsMax));
    return watched.blocks >= kBlocksMin && now - watched.since >= wait;
}

const std::optional<CensorshipWatch::Complaint>& CensorshipWatch::complain(TimePoint now) {
    if (complaint_) {
        const bool waits = std::ranges::any_of(watched_, [this](const Watched& watched) {
            return watched.transaction.txid == complaint_->txid;
        });
        if (waits && now < complaint_->until) return complaint_;
        complaint_.reset();
    }
    for (Watched& watched : watched_) {
        if (!is_ignored(watched, now)) continue;
        if (!complaint_)
            complaint_ = Complaint{watched.transaction.txid, watched.blocks, now + wait_};
        ++watched.complaints;
        watched.since = now;
        watched.blocks = 0;
    }
    return complaint_;
}

}  // namespace parley::pbft
