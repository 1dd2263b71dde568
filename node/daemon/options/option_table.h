// The options of parleyd: bitcoind's names, and ours. One table of the rows of all modules, from
// which come what is accepted, what -help prints, and what the log says of options without a
// meaning here. Constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/option_row.h"

namespace parley {

/// By group, and in each by name.
std::span<const OptionInfo> option_table();

/// Null: there is no such option.
const OptionInfo* find_option(std::string_view name);

/// Whether its values stay out of the log.
bool is_secret(std::string_view name);

/// What -help prints.
std::string options_help();

}  // namespace parley
