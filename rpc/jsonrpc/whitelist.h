// Whitelist: which methods an authorised user may call (-rpcwhitelist, -rpcwhitelistdefault). It
// does not check credentials: the host's HTTP server has done so. Asked by the Dispatcher.
// Immutable after construction, hence thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace parley::rpc {

class Whitelist {
 public:
    /// Everybody may call everything.
    Whitelist() = default;
    /// `entries`: "<user>:<method>,<method>,..."; several entries of a user allow what all of them
    /// list, and a user whose only entry lists nothing may call nothing. `restrict_others`: users
    /// without an entry may call nothing; by default, this holds as soon as there is any entry.
    Whitelist(const std::vector<std::string>& entries, std::optional<bool> restrict_others);

    /// May the user call any method at all?
    bool allows_user(std::string_view user) const;
    bool allows(std::string_view user, std::string_view method) const;

 private:
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> methods_;  // by user
    bool restrict_others_ = false;
};

}  // namespace parley::rpc
