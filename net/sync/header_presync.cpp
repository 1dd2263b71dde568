#include "net/sync/header_presync.h"

#include <utility>

#include "base/check.h"
#include "base/crypto/hash.h"

namespace parley {

HeaderPresync::HeaderPresync(const HeaderNode& start, uint64_t key0, uint64_t key1)
    : start_(&start), key0_(key0), key1_(key1), last_(start.hash), claimed_(*start.score) {}

uint64_t HeaderPresync::digest(const BlockHash& hash) const {
    return siphash24(key0_, key1_, hash.span());
}

void HeaderPresync::measure(const std::vector<BlockHeader>& headers, const Score& claimed) {
    CHECK(!downloading_ && !headers.empty() && expects(headers.front().previous));
    claimed_ = claimed;
    measured_ += headers.size();
    last_ = headers.back().hash();
    marks_.push_back({measured_, digest(last_)});
}

void HeaderPresync::begin_download() {
    CHECK(!downloading_ && !marks_.empty());
    downloading_ = true;
    last_ = start_->hash;
}

std::optional<std::vector<BlockHeader>> HeaderPresync::download(std::vector<BlockHeader> headers) {
    CHECK(downloading_ && !headers.empty() && expects(headers.front().previous));
    std::vector<BlockHeader> released;
    for (BlockHeader& header : headers) {
        last_ = header.hash();
        ++downloaded_;
        waiting_.push_back(header);
        // Behind the last mark the chain may have grown since it was measured.
        const bool marked = next_mark_ < marks_.size() && marks_[next_mark_].count == downloaded_;
        if (!marked) continue;
        if (marks_[next_mark_].digest != digest(last_)) return std::nullopt;
        ++next_mark_;
        released.insert(released.end(), waiting_.begin(), waiting_.end());
        waiting_.clear();
    }
    if (complete()) {
        released.insert(released.end(), waiting_.begin(), waiting_.end());
        waiting_.clear();
    }
    return released;
}

}  // namespace parley
