// A measured rate as text and as JSON: always with its interval, and none where nothing was
// compared. Pure functions.
#pragma once

#include <string>

#include "contrib/lab/model/statistics.h"
#include "rpc/jsonrpc/json_writer.h"

namespace parley::lab {

/// "4.8 % [4.6, 5.0]" with the 95 % Wilson interval; "no blocks" without trials. More hits than
/// trials, which S_m allows, are a ratio without interval.
std::string rate_text(const Proportion& proportion, int decimals = 1);

/// Decimals for a rate in percent: more for those below 1 %.
int rate_decimals(const Proportion& proportion);

/// `"name":value,"name_interval":[low,high]`, or null for what does not exist.
void write_proportion(rpc::JsonWriter& json, const std::string& name, const Proportion& value);

}  // namespace parley::lab
