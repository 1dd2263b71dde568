// BanList: hosts that are refused. Banned: addresses and networks, by the user, until a given time;
// the host stores them. Discouraged: for misbehaviour, in a bounded list that drops the oldest, and
// that is not stored. Core thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/peer/peer_info.h"
#include "net/peer/recent_set.h"
#include "net/wire/subnet.h"

namespace parley {

class BanList {
 public:
    explicit BanList(Random& random);

    /// Replaces a ban of the same subnet that ends earlier.
    void ban(const BannedSubnet& ban);
    /// False: it was not banned.
    bool unban(const Subnet& subnet);
    void clear() { banned_.clear(); }
    bool is_banned(const std::string& host, TimePoint now) const;
    /// In ascending order, without expired entries.
    std::vector<BannedSubnet> list(TimePoint now) const;

    void discourage(const std::string& host);
    bool is_discouraged(const std::string& host) const;

 private:
    struct Ban {
        TimePoint created;
        TimePoint until;
    };
    std::map<Subnet, Ban> banned_;
    RecentSet discouraged_;
};

}  // namespace parley
