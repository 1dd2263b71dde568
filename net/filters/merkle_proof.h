// MerkleProof: a header and the part of a block's Merkle tree that proves that some transactions
// are in the block (BIP37's merkleblock). Made and checked by gettxoutproof and verifytxoutproof.
// Values. Thread-safe.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "chain/primitives/block.h"

namespace parley {

class MerkleProof {
 public:
    /// Proves those transactions of the block whose ids are in `wanted`.
    MerkleProof(const Block& block, const std::set<Txid>& wanted);

    /// BIP37: the header, the number of transactions, hashes in depth-first order, flag bits.
    Bytes serialize() const;
    /// Empty: malformed or truncated. Bytes behind the proof are ignored, as in bitcoind.
    static std::optional<MerkleProof> parse(ByteSpan bytes);

    struct Matches {
        Hash256 root;             ///< compare it with the header's
        std::vector<Txid> txids;  ///< in block order
    };
    /// Empty: hashes or bits are left over or missing, or a tree that a block cannot have.
    std::optional<Matches> matches() const;

    const BlockHeader& header() const { return header_; }
    uint32_t transaction_count() const { return transaction_count_; }

 private:
    MerkleProof() = default;

    /// Number of nodes at a height; the leaves have height 0.
    uint32_t width(int height) const {
        return (transaction_count_ + (uint32_t{1} << height) - 1) >> height;
    }
    int root_height() const;
    void build(int height, uint32_t position, const std::vector<std::vector<Hash256>>& levels,
               const std::vector<bool>& wanted);

    struct Walk;

    BlockHeader header_;
    uint32_t transaction_count_ = 0;
    std::vector<Hash256> hashes_;
    std::vector<bool> bits_;  ///< for each visited node: whether a wanted leaf is below it
};

}  // namespace parley
