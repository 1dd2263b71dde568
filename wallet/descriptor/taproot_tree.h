// TaprootTree: an internal key and a tree of scripts (BIP341): the output that commits to them, and
// the control blocks by which each script is spent. Values. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/crypto/keys.h"
#include "base/hash256.h"
#include "chain/primitives/script.h"
#include "chain/script/taproot.h"

namespace parley {

using XOnlyKey = std::array<uint8_t, 32>;

struct TaprootLeaf {
    uint8_t depth = 0;
    uint8_t version = kTapscriptLeafVersion;
    Script script;

    bool operator==(const TaprootLeaf&) const = default;
};

class TaprootTree {
 public:
    /// The leaves in the order of a depth-first walk; none: only the key spends. Empty: the depths
    /// describe no binary tree, or (probability 2^-127) the tweaked key is invalid.
    static std::optional<TaprootTree> build(const XOnlyKey& internal_key,
                                            std::vector<TaprootLeaf> leaves);

    const XOnlyKey& internal_key() const { return internal_key_; }
    const XOnlyKey& output_key() const { return output_key_; }
    const std::vector<TaprootLeaf>& leaves() const { return leaves_; }
    /// Empty: no scripts.
    const std::optional<Hash256>& merkle_root() const { return merkle_root_; }
    /// Of the leaf with that index.
    Bytes control_block(size_t leaf) const;
    Script script() const { return witness_script(1, output_key_); }

    bool operator==(const TaprootTree&) const = default;

 private:
    TaprootTree() = default;

    XOnlyKey internal_key_{};
    XOnlyKey output_key_{};
    bool odd_ = false;
    std::vector<TaprootLeaf> leaves_;
    std::vector<std::vector<Hash256>> proofs_;  ///< for each leaf, from the bottom up
    std::optional<Hash256> merkle_root_;
};

/// The key with that x coordinate and an even y (BIP340). Empty: not on the curve.
std::optional<PublicKey> lift_x(const XOnlyKey& key);

}  // namespace parley
