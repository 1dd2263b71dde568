// The names that an options struct needs to declare its table of rows. What a row is, and how one
// is made, is in base/option_row.h, which only the tables themselves include.
#pragma once

#include <span>

namespace parley {

struct OptionInfo;
template <class Options>
struct OptionRow;

/// The rows of one options struct.
template <class Options>
using OptionRows = std::span<const OptionRow<Options>>;

}  // namespace parley
