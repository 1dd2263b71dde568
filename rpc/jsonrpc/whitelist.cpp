#include "rpc/jsonrpc/whitelist.h"

#include <algorithm>

namespace parley::rpc {

namespace {

// bitcoind separates methods by commas or blanks.
std::set<std::string, std::less<>> split_methods(std::string_view text) {
    std::set<std::string, std::less<>> methods;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(", "), text.size());
        if (end > 0) methods.emplace(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return methods;
}

}  // namespace

Whitelist::Whitelist(const std::vector<std::string>& entries, std::optional<bool> restrict_others)
    : restrict_others_(restrict_others.value_or(!entries.empty())) {
    for (const std::string& entry : entries) {
        const auto colon = entry.find(':');
        const auto [user, is_new] = methods_.try_emplace(entry.substr(0, colon));
        if (colon == std::string::npos) continue;
        auto listed = split_methods(std::string_view{entry}.substr(colon + 1));
        if (is_new)
            user->second = std::move(listed);
        else
            std::erase_if(user->second,
                          [&](const std::string& method) { return !listed.contains(method); });
    }
}

bool Whitelist::allows_user(std::string_view user) const {
    return !restrict_others_ || methods_.contains(user);
}

bool Whitelist::allows(std::string_view user, std::string_view method) const {
    const auto listed = methods_.find(user);
    if (listed == methods_.end()) return !restrict_others_;
    return listed->second.contains(method);
}

}  // namespace parley::rpc
