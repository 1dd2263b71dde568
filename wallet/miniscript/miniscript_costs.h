// The costs of each node of a miniscript, computed from those of its children. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wallet/miniscript/miniscript.h"

namespace parley {

/// What one way to run a piece of a script costs; or the maximum of each over several ways.
struct RunCost {
    int64_t consumed = 0;  ///< stack items: what is removed less what is added
    int64_t peak = 0;      ///< the highest stack, above its height at the end
    uint64_t keys = 0;     ///< of CHECKMULTISIGs that run, which count as operations
    uint64_t witness = 0;  ///< bytes with the lengths of the items
};

struct MiniscriptCosts {
    uint64_t operations = 0;              ///< opcodes that count against the limit (not pushes)
    std::optional<RunCost> satisfied;     ///< empty: there is no way
    std::optional<RunCost> dissatisfied;  ///< not those that are always malleable
};

/// Of each node.
std::vector<MiniscriptCosts> miniscript_costs(const Miniscript& expression);

}  // namespace parley
