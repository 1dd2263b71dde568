// Says what is wrong with a text that is not valid Bech32 or Bech32m, and where: for messages to
// the person who typed it. It never suggests a correction (BIP173: a wrong guess would lose money).
// Thread-safe.
#pragma once

#include <string_view>
#include <vector>

namespace parley {

struct Bech32Problem {
    std::string_view sentence;      ///< bitcoind's words; empty: the text is valid
    std::vector<size_t> positions;  ///< of the wrong characters, ascending; may be empty
};

/// Locates up to two wrong characters behind the separator. Time: quadratic in the length, which is
/// at most 90.
Bech32Problem find_bech32_problem(std::string_view text);

}  // namespace parley
