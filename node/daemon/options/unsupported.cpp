#include "node/daemon/options/unsupported.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "net/wire/endpoint.h"

namespace parley {
namespace {

// Any value but "off" is refused.
struct Unsupported {
    std::string_view name;
    std::string_view consequence;
};

constexpr Unsupported kUnsupported[] = {
    {"avoidpartialspends", "payments would link addresses"},
    {"paytxfee", "payments would have another fee; use -fallbackfee"},
    {"privatebroadcast", "transactions would be sent to all peers directly"},
};

// "0", "0.00"; a flag without a value is on.
bool is_off(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0.") == std::string_view::npos;
}

bool in_use(const Settings& settings, const Unsupported& option) {
    const auto values = settings.list(option.name);
    return std::ranges::any_of(values, [](const std::string& text) { return !is_off(text); });
}

}  // namespace

std::optional<std::string> find_meaningless(const Settings& settings) {
    for (const std::string& text : settings.list("externalip")) {
        if (!parse_endpoint(text, 1))
            return fmt::format("Cannot resolve -externalip address: '{}'", text);
    }
    return std::nullopt;
}

std::optional<std::string> find_unsupported(const Settings& settings) {
    for (const Unsupported& option : kUnsupported) {
        if (!in_use(settings, option)) continue;
        return fmt::format("-{} is not supported: {}. Leave the option out.", option.name,
                           option.consequence);
    }
    return std::nullopt;
}

}  // namespace parley
