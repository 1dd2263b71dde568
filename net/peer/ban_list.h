// BanList: hosts that are refused. Banned: by the user, until a given time. Discouraged: for
// misbehaviour, in a bounded list that drops the oldest. Not stored on disk. Core thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/peer/peer_info.h"
#include "net/peer/recent_set.h"

namespace parley {

class BanList {
 public:
    explicit BanList(Random& random);

    void ban(const std::string& host, TimePoint now, TimePoint until);
    /// False: it was not banned.
    bool unban(const std::string& host);
    void clear() { banned_.clear(); }
    bool is_banned(const std::string& host, TimePoint now) const;
    /// In ascending order of hosts, without expired entries.
    std::vector<BannedHost> list(TimePoint now) const;

    void discourage(const std::string& host);
    bool is_discouraged(const std::string& host) const;

 private:
    struct Ban {
        TimePoint created;
        TimePoint until;
    };
    std::map<std::string, Ban> banned_;
    RecentSet discouraged_;
};

}  // namespace parley
