// Bitcoin's block: the 80-byte header and the transactions. The same for every consensus engine.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/serialize.h"
#include "chain/primitives/ids.h"
#include "chain/primitives/transaction.h"

namespace parley {

struct BlockHeader {
    static constexpr size_t kSize = 80;

    int32_t version = 0;
    BlockHash previous;
    Hash256 merkle_root;
    uint32_t time = 0;  ///< seconds since the Unix epoch
    uint32_t bits = 0;  ///< the target in compact form
    uint32_t nonce = 0;

    std::array<uint8_t, kSize> serialize() const;
    BlockHash hash() const;

    bool operator==(const BlockHeader&) const = default;
};

BlockHeader read_block_header(Reader& reader);

struct Block {
    BlockHeader header;
    std::vector<TransactionRef> transactions;

    /// Serialised size in bytes, with or without witnesses.
    size_t size(WitnessEncoding encoding = WitnessEncoding::with) const;
    Weight weight() const;
    Bytes serialize(WitnessEncoding encoding = WitnessEncoding::with) const;
};

/// On bad input the reader fails and the result is unspecified.
Block read_block(Reader& reader);

using BlockRef = std::shared_ptr<const Block>;

/// The Merkle root of the txids. Sets `mutated` if two equal neighbours were hashed together
/// (CVE-2012-2459): then two different lists have the same root.
Hash256 merkle_root(const std::vector<Hash256>& leaves, bool* mutated = nullptr);
Hash256 block_merkle_root(const Block& block, bool* mutated = nullptr);
/// BIP141: the Merkle root of the wtxids, with zero for the coinbase.
Hash256 block_witness_merkle_root(const Block& block);

}  // namespace parley
