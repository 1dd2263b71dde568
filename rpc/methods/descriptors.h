// Reads descriptors given by clients. Errors are thrown as Failure. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chain/primitives/script.h"
#include "rpc/jsonrpc/json.h"
#include "wallet/descriptor/descriptor.h"

namespace parley::rpc {

/// Fails with address_or_key and bitcoind's text.
Descriptor read_descriptor(const ChainParams& params, const std::string& text);

/// The same, with one for each value of a multipath step.
std::vector<Descriptor> read_descriptors(const ChainParams& params, const std::string& text,
                                         bool require_checksum);

/// The output scripts for the positions first to last, inclusive; for a descriptor without range,
/// its only ones.
std::vector<Script> expand_descriptor(const Descriptor& descriptor, uint32_t first, uint32_t last);

/// One element of `scanobjects`: a descriptor, or {"desc", "range"}, by default the positions 0 to
/// 1000. Returns for each script a descriptor of exactly that script, with what is known of its
/// key.
std::map<Script, std::string> read_scan_object(const ChainParams& params, const Json& object);

/// The same, into what is known about scripts and keys.
void solve_scan_object(const ChainParams& params, const Json& object, SolvingData& data,
                       bool with_secrets);

}  // namespace parley::rpc
