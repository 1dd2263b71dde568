// Coin: an unspent output. BlockUndo: the coins that a block spent. CoinsView: a source of coins
// (the chainstate's cache, an overlay on it, the mempool's view). A view may read a disk: a failed
// read is a StorageError, never "no such coin". Core thread only.
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
    Height height{0};  ///< of the block that created it
    bool coinbase = false;

    bool operator==(const Coin&) const = default;
};

/// The data needed to disconnect a block.
struct BlockUndo {
    /// For each transaction except the coinbase, the coins spent by its inputs, in input order.
    std::vector<std::vector<Coin>> spent;

    bool operator==(const BlockUndo&) const = default;
};

class CoinsView {
 public:
    /// Receives a coin and the position of its outpoint in the request.
    using Visitor = std::function<void(size_t position, const Coin& coin)>;

    virtual ~CoinsView() = default;

    /// Looks up all outpoints in one request and visits those that exist, in any order. After an
    /// error, the caller must ignore what was visited.
    virtual Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                               const Visitor& visit) const = 0;

    /// Empty optional: the coin does not exist or is spent.
    Expected<std::optional<Coin>, StorageError> coin(const OutPoint& outpoint) const;
    /// Several coins, in the given order.
    Expected<std::vector<std::optional<Coin>>, StorageError> coins(
        std::span<const OutPoint> outpoints) const;

 protected:
    /// For a view on top of another: fetches from `below` the outpoints for which `answers` returns
    /// false.
    static Expected<void, StorageError> fetch_through(
        const CoinsView& below, std::span<const OutPoint> outpoints, const Visitor& visit,
        const std::function<bool(size_t position)>& answers);
};

/// A keyed hash of outpoints, because an attacker can choose txids.
class OutPointHash {
 public:
    using is_avalanching = void;  // SipHash mixes well enough for boost's table

    OutPointHash(uint64_t key0, uint64_t key1) : key0_(key0), key1_(key1) {}
    size_t operator()(const OutPoint& outpoint) const noexcept;

 private:
    uint64_t key0_;
    uint64_t key1_;
};

}  // namespace parley
