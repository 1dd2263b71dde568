#include "net/addresses/dns_seeding.h"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr size_t kSeedsAtOnce = 3;
constexpr size_t kPeersEnough = 2;
constexpr size_t kManyKnown = 1'000;
constexpr Duration kDelayFewKnown = seconds{11};
constexpr Duration kDelayManyKnown = minutes{5};
constexpr Duration kSeedNodesFirst = seconds{30};

}  // namespace

DnsSeeding::DnsSeeding(std::vector<std::string> seeds, bool forced, Random& random, LogSink& log)
    : seeds_(std::move(seeds)), forced_(forced), log_(log) {
    for (size_t i = seeds_.size(); i > 1; --i)
        std::swap(seeds_[i - 1], seeds_[static_cast<size_t>(random.uniform(i))]);
}

void DnsSeeding::start(TimePoint now, bool seed_nodes) {
    next_check_ = now;
    if (seeds_.empty() || !seed_nodes) return;
    log_.info(LogCategory::general,
              "-seednode enabled. Trying the provided seeds for {} seconds before defaulting to "
              "the dnsseeds.",
              std::chrono::duration_cast<seconds>(kSeedNodesFirst).count());
    next_check_ = now + kSeedNodesFirst;
}

std::optional<TimePoint> DnsSeeding::deadline() const {
    if (seeds_.empty()) return std::nullopt;
    return next_check_;
}

void DnsSeeding::wait(TimePoint now, size_t known) {
    next_check_ = wait_end_ = now;
    if (known == 0 || seeds_.empty()) return;
    const Duration delay = known >= kManyKnown ? kDelayManyKnown : kDelayFewKnown;
    log_.info(LogCategory::general, "Waiting {} seconds before querying DNS seeds.",
              std::chrono::duration_cast<seconds>(delay).count());
    wait_end_ = now + delay;
    next_check_ = now + std::min(delay, kDelayFewKnown);
}

std::optional<std::string> DnsSeeding::next(TimePoint now, size_t known, size_t peers) {
    if (seeds_.empty() || now < next_check_) return std::nullopt;
    const bool first = !std::exchange(decided_, true);
    if (first && (forced_ || known == 0)) immediate_ = seeds_.size();
    if (immediate_ == 0) {
        if (peers >= kPeersEnough) {
            log_.info(LogCategory::general, "P2P peers available. Skipped DNS seeding.");
            seeds_.clear();
            return std::nullopt;
        }
        if (first) wait(now, known);
        if (now < wait_end_) {
            next_check_ = std::min(now + kDelayFewKnown, wait_end_);
            return std::nullopt;
        }
        immediate_ = kSeedsAtOnce;
    }
    std::string seed = std::move(seeds_.back());
    seeds_.pop_back();
    log_.info(LogCategory::general, "Loading addresses from DNS seed {}", seed);
    if (--immediate_ == 0) wait(now, known);
    return seed;
}

}  // namespace parley
