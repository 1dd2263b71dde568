#include "node/initial_download.h"

namespace parley {
namespace {

/// The node counts as synchronised with up to this many headers above the tip, because the newest
/// blocks are always in transit.
constexpr int32_t kBehindMax = 16;

}  // namespace

bool InitialDownload::active(TimePoint now) {
    // With absolute finality, the tip may be old because the network had no transactions to order.
    // The criterion is whether the node knows of blocks that it does not have.
    const HeaderNode& tip = chain_.index().tip();
    if (finality_ == Finality::absolute)
        return chain_.index().best_header().height > tip.height + kBehindMax;
    if (finished_) return false;
    if (*tip.score < limits_.minimum_score) return true;
    if (from_unix_seconds(tip.time()) < now - limits_.tip_age_max) return true;
    log_.info(LogCategory::general, "Leaving InitialBlockDownload (latching to false)");
    finished_ = true;
    return false;
}

}  // namespace parley
