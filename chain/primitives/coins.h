// Coin: an unspent output. BlockUndo: the coins that a block spent. CoinsView: where coins are
// looked up (the chainstate's cache, an overlay on it, the mempool's view). A view may read a disk:
// a look-up that fails is a StorageError, never "no such coin". Core thread only.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/expected.h"
#include "base/storage/storage.h"
#include "chain/primitives/transaction.h"

namespace parley {

struct Coin {
    TxOutput output;
    Height height{0};  ///< of the block that made it
    bool coinbase = false;

    bool operator==(const Coin&) const = default;
};

/// What it takes to disconnect a block.
struct BlockUndo {
    /// For each transaction but the coinbase, the coins of its inputs in their order.
    std::vector<std::vector<Coin>> spent;

    bool operator==(const BlockUndo&) const = default;
};

class CoinsView {
 public:
    /// Gets a coin and the position of its outpoint among those that were asked for.
    using Visitor = std::function<void(size_t position, const Coin& coin)>;

    virtual ~CoinsView() = default;

    /// Looks all of them up together and visits those that exist, in any order. After an error,
    /// what was visited is to be ignored.
    virtual Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                               const Visitor& visit) const = 0;

    /// Empty optional: the coin never existed or is spent.
    Expected<std::optional<Coin>, StorageError> coin(const OutPoint& outpoint) const;
    /// The same for several, in their order.
    Expected<std::vector<std::optional<Coin>>, StorageError> coins(
        std::span<const OutPoint> outpoints) const;

 protected:
    /// For a view on top of another: fetches from `below` what `answers` returns false for.
    static Expected<void, StorageError> fetch_through(
        const CoinsView& below, std::span<const OutPoint> outpoints, const Visitor& visit,
        const std::function<bool(size_t position)>& answers);
};

/// A keyed hash of outpoints, because strangers choose txids.
class OutPointHash {
 public:
    using is_avalanching = void;  // SipHash mixes enough for boost's table

    OutPointHash(uint64_t key0, uint64_t key1) : key0_(key0), key1_(key1) {}
    size_t operator()(const OutPoint& outpoint) const noexcept;

 private:
    uint64_t key0_;
    uint64_t key1_;
};

}  // namespace parley
