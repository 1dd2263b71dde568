// CoinsHasher and CoinsEraser: work over a whole UTXO set in the `coins` store, in pieces that are
// short enough for the core thread: one for each first byte of a txid, which is also the order in
// which the coins are hashed. Core thread only.
#pragma once

#include <cstdint>

#include "base/crypto/sha256.h"
#include "base/storage/storage.h"
#include "chain/state/coins_cache.h"

namespace parley {

/// Number of pieces.
inline constexpr uint32_t kCoinPieces = 256;

/// Computes the hash of all coins (hash_serialized_3). REQUIRES: the set does not change meanwhile.
class CoinsHasher {
 public:
    /// The store must outlive it.
    CoinsHasher(const Storage& storage, const CoinsKeys& keys) : storage_(storage), keys_(keys) {}

    bool done() const { return next_ == kCoinPieces; }
    /// Hashes the next piece. REQUIRES: !done().
    Expected<void, StorageError> step();
    /// REQUIRES: done().
    Hash256 hash();

 private:
    const Storage& storage_;
    const CoinsKeys keys_;
    Sha256 state_;
    uint32_t next_ = 0;
};

/// Erases a set. Its record of blocks goes first, so that a set that is partly erased can never be
/// taken for a whole one.
class CoinsEraser {
 public:
    /// The store must outlive it.
    CoinsEraser(Storage& storage, const CoinsKeys& keys) : storage_(storage), keys_(keys) {}

    bool done() const { return next_ == kCoinPieces; }
    /// Erases the next piece. REQUIRES: !done().
    Expected<void, StorageError> step();

 private:
    Storage& storage_;
    const CoinsKeys keys_;
    uint32_t next_ = 0;
};

/// Whether anything of this set is in the store.
Expected<bool, StorageError> has_coins(const Storage& storage, const CoinsKeys& keys);

}  // namespace parley
