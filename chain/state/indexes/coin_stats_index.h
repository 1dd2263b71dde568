// CoinStatsIndex: what the UTXO set was after each block of the best chain: its size, its hash, and
// where the money went (-coinstatsindex).
//
// Store, besides what ChainIndex has: 'c' and a block hash: a CoinStats, 856 bytes. The hash is
// kept as the two numbers of a MuHash3072, not as its digest: the next block continues from its
// parent's record, whichever branch that is on, and no record needs a modular inversion. Records
// of blocks that a reorganisation disconnected remain.
//
// Core thread only.
#pragma once

#include <optional>
#include <utility>

#include "base/crypto/muhash.h"
#include "chain/state/indexes/chain_index.h"

namespace parley {

/// bitcoind's estimate of a coin's size in a database.
uint64_t coin_bogosize(const Coin& coin);

/// Where the money of one block came from and went to.
struct BlockAmounts {
    Amount prevouts_spent{0};
    Amount new_outputs{0};  ///< of all but the coinbase; like the next, without unspendable ones
    Amount coinbase{0};
    // Out of circulation for ever:
    Amount genesis{0};
    Amount bip30{0};      ///< a coinbase that a later one with the same txid replaced
    Amount scripts{0};    ///< outputs that no script can spend
    Amount unclaimed{0};  ///< what the coinbase could have paid to itself, but did not

    Amount unspendable() const { return genesis + bip30 + scripts + unclaimed; }
};

/// The UTXO set after a block.
struct CoinStats {
    uint64_t outputs = 0;
    uint64_t bogosize = 0;
    Amount amount{0};       ///< of all unspent outputs
    Amount unspendable{0};  ///< of all blocks up to this one
    MuHash3072 hash;
    BlockAmounts block;  ///< of this block alone
};

class CoinStatsIndex final : public ChainIndex {
 public:
    /// All references must outlive the index.
    CoinStatsIndex(Storage& store, const Chainstate& chain, LogSink& log)
        : ChainIndex(store, chain, log, "coinstatsindex", "coinstatsindex") {}

    /// After this block. Empty: the block is not indexed.
    Expected<std::optional<CoinStats>, StorageError> find(const HeaderNode& node) const;

 private:
    Expected<size_t, StorageError> index_block(WriteBatch& batch, const HeaderNode& node) override;

    /// Of the block that was indexed last in this run.
    std::optional<std::pair<const HeaderNode*, CoinStats>> last_;
};

}  // namespace parley
