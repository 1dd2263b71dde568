// Descriptors as clients write them. What is wrong is thrown as Failure. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chain/primitives/script.h"
#include "wallet/keys/descriptor.h"

namespace parley::rpc {

/// Fails with address_or_key and bitcoind's sentence.
Descriptor read_descriptor(const ChainParams& params, const std::string& text);

/// Output scripts for the positions first to last, both included; of a descriptor that is not
/// ranged, its own.
std::vector<Script> expand_descriptor(const Descriptor& descriptor, uint32_t first, uint32_t last);

}  // namespace parley::rpc
