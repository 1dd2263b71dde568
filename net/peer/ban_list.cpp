#include "net/peer/ban_list.h"

#include "base/crypto/sha256.h"

namespace parley {

namespace {

/// As many as bitcoind remembers; eight bytes each.
constexpr size_t kDiscouragedMax = 50'000;

Hash256 host_key(const std::string& host) {
    return sha256(as_bytes(host));
}

}  // namespace

BanList::BanList(Random& random) : discouraged_(kDiscouragedMax, random) {}

void BanList::ban(const std::string& host, TimePoint now, TimePoint until) {
    std::erase_if(banned_, [&](const auto& entry) { return entry.second.until <= now; });
    banned_[host] = Ban{now, until};
}

bool BanList::unban(const std::string& host) {
    return banned_.erase(host) > 0;
}

bool BanList::is_banned(const std::string& host, TimePoint now) const {
    const auto found = banned_.find(host);
    return found != banned_.end() && found->second.until > now;
}

std::vector<BannedHost> BanList::list(TimePoint now) const {
    std::vector<BannedHost> result;
    for (const auto& [host, ban] : banned_) {
        if (ban.until > now) result.push_back({host, ban.created, ban.until});
    }
    return result;
}

void BanList::discourage(const std::string& host) {
    discouraged_.insert(host_key(host));
}

bool BanList::is_discouraged(const std::string& host) const {
    return discouraged_.contains(host_key(host));
}

}  // namespace parley
