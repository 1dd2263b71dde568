// Finds the witness that satisfies a miniscript with the signatures, preimages and times at hand,
// such that nobody else can turn it into another (BIP379, "Satisfaction"). Pure. Thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "wallet/miniscript/miniscript.h"

namespace parley {

/// What is at hand to satisfy an expression.
class MiniscriptAssets {
 public:
    virtual ~MiniscriptAssets() = default;
    /// With its hash type. `key`: its position. Asked once for each key.
    virtual std::optional<Bytes> signature(uint32_t key) = 0;
    /// 32 bytes. `fragment`: the function.
    virtual std::optional<Bytes> preimage(Fragment fragment, const Bytes& hash) = 0;
    virtual bool older_met(uint32_t sequence) = 0;
    virtual bool after_met(uint32_t locktime) = 0;
};

/// The smallest non-malleable satisfaction, from the bottom of the stack, without the script.
/// Empty: not enough is at hand, or all satisfactions are malleable. `keys` as in
/// Miniscript::script().
std::optional<std::vector<Bytes>> satisfy(const Miniscript& expression, std::span<const Bytes> keys,
                                          MiniscriptAssets& assets);

}  // namespace parley
