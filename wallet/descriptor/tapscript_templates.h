// The tapscripts that descriptors make: pk(KEY) and multi_a(k,KEY,...). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/primitives/script.h"
#include "wallet/descriptor/taproot_tree.h"

namespace parley {

struct TapscriptKeys {
    bool multisig = false;  ///< otherwise one key and OP_CHECKSIG
    uint32_t required = 1;
    std::vector<XOnlyKey> keys;
};
/// Empty: another script.
std::optional<TapscriptKeys> match_tapscript(const Script& script);

}  // namespace parley
