#include "net/peer/ban_list.h"

#include <algorithm>

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

void BanList::ban(const BannedSubnet& ban) {
    std::erase_if(banned_, [&](const auto& entry) { return entry.second.until <= ban.created; });
    const Ban times{ban.created, ban.until};
    const auto [found, is_new] = banned_.emplace(ban.subnet, times);
    if (!is_new && found->second.until < ban.until) found->second = times;
}

bool BanList::unban(const Subnet& subnet) {
    return banned_.erase(subnet) > 0;
}

bool BanList::is_banned(const std::string& host, TimePoint now) const {
    const auto address = IpAddress::parse(host);
    return address && std::ranges::any_of(banned_, [&](const auto& entry) {
               return entry.second.until > now && entry.first.contains(*address);
           });
}

std::vector<BannedSubnet> BanList::list(TimePoint now) const {
    std::vector<BannedSubnet> result;
    for (const auto& [subnet, ban] : banned_) {
        if (ban.until > now) result.push_back({subnet, ban.created, ban.until});
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
