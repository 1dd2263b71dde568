// The options of parleyd: bitcoind's names, and ours. One table, from which come what is accepted,
// what -help prints, and what the log says of options without a meaning here. Constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace parley {

enum class OptionGroup : uint8_t { general, connection, rpc, mempool, mining, wallet, debug };

struct Option {
    std::string_view name;
    std::string_view argument;  ///< as -help shows it: "<port>"; empty: a flag
    OptionGroup group;
    /// Empty: accepted because regtest users pass it, without a meaning here.
    std::string_view help;
    /// On chains other than main, it counts in the chain's own section of the file only.
    bool network_only = false;
};

std::span<const Option> option_table();

/// Null: there is no such option.
const Option* find_option(std::string_view name);

/// What -help prints.
std::string options_help();

}  // namespace parley
