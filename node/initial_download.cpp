#include "node/initial_download.h"

namespace parley {
namespace {

/// Headers without blocks at the tip that count as being up to date: the newest ones are always on
/// their way.
constexpr int32_t kBehindMax = 16;

}  // namespace

bool InitialDownload::active(TimePoint now) {
    // With absolute finality an old tip says nothing: the network may have had nothing to order.
    // What counts is whether blocks are known that we lack.
    const HeaderNode& tip = chain_.tip();
    if (finality_ == Finality::absolute)
        return chain_.best_header().height > tip.height + kBehindMax;
    if (finished_) return false;
    if (*tip.score < limits_.minimum_score) return true;
    if (from_unix_seconds(tip.time()) < now - limits_.tip_age_max) return true;
    log_.info(LogCategory::general, "Leaving InitialBlockDownload (latching to false)");
    finished_ = true;
    return false;
}

}  // namespace parley
