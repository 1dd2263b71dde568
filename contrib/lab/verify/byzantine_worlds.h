// Byzantine worlds: networks of PBFT's validators, drawn from seeds, in which f of 3f + 1 break the
// protocol: they show two faces, keep silent, do not propose, answer some peers only, or send late
// and again. The acceptance point about safety, and its control.
#pragma once

#include <cstdint>

#include "contrib/lab/verify/check.h"

namespace parley::lab {

struct ByzantineTally {
    uint64_t worlds = 0;
    uint64_t conflicts = 0;       ///< worlds in which a rule of safety was broken
    uint64_t heights_wanted = 0;  ///< of all worlds together
    uint64_t heights_final = 0;   ///< of those, on all correct validators

    void add(const ByzantineTally& other);
};

enum class ByzantineControl : uint8_t {
    none,
    one_too_many  ///< f + 1 validators show two faces: blocks that conflict become final
};
/// The world of this seed: 4 or 7 validators, and three payments for each half of them.
ByzantineTally run_byzantine_world(uint64_t seed, ByzantineControl control);

/// The worlds of the seeds 1 to `worlds`, or of the first of them that begin within `seconds`, on
/// all cores.
ByzantineTally run_byzantine_worlds(uint64_t worlds, double seconds, ByzantineControl control,
                                    const GoOn& go_on);

/// Point 8: no conflict, at least 95 % of the heights, and how many of `wanted` worlds were run.
Findings judge_byzantine_worlds(const ByzantineTally& tally, uint64_t wanted);

}  // namespace parley::lab
