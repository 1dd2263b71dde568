// Options of bitcoind which Parley does not have, and which must not be passed over: who asks for
// privacy, or for payments of another kind, relies on it. The other options without a meaning here
// are accepted (option_table.cpp). Called once at the start.
#pragma once

#include <optional>
#include <string>

#include "node/daemon/options/settings.h"

namespace parley {

/// A sentence for stderr; empty: no such option is in use. Values that switch an option off are
/// fine: -proxy=0, -noproxy.
std::optional<std::string> find_unsupported(const Settings& settings);

/// A sentence for stderr about a value that bitcoind would refuse, of an option that has no effect
/// here; empty: all make sense.
std::optional<std::string> find_meaningless(const Settings& settings);

}  // namespace parley
