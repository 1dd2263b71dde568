// CoinsOverlay: the coins that a block reads or changes, as values. They are loaded in one request
// from the view below; the rules of connecting and disconnecting then work on these values only, so
// no disk can fail under them. Afterwards the overlay is applied to that view, or dropped. Access
// to a coin that was not loaded is a bug of ours, not a missing coin: CHECK. Core thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <span>

#include "chain/primitives/coins.h"

namespace parley {

class CoinsOverlay final : public CoinsView {
 public:
    /// `base` must outlive the overlay and must not change in the meantime.
    CoinsOverlay(const CoinsView& base, const OutPointHash& hash) : base_(&base), coins_(0, hash) {}

    /// Fetches the coins that the overlay does not have yet from the view below, in one request. A
    /// coin of a block above `height` means a damaged store and is an error. After an error the
    /// overlay is empty.
    Expected<void, StorageError> load(std::span<const OutPoint> outpoints, Height height);

    /// Declares that the coin does not exist below, unless it is loaded: a transaction of the block
    /// will create it.
    void assume_absent(const OutPoint& outpoint) { coins_.try_emplace(outpoint); }

    /// REQUIRES, like spend(): loaded, assumed absent, or added.
    bool contains(const OutPoint& outpoint) const;
    /// Empty: the coin does not exist.
    std::optional<Coin> spend(const OutPoint& outpoint);

    /// Replaces any coin of the same outpoint. REQUIRES: `coin` is spendable.
    void add(const OutPoint& outpoint, Coin coin);

    /// As a view for the next overlay: its own coins, otherwise those of the view below.
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// Replaces the view below by one that has the same coins.
    void rebase(const CoinsView& base) { base_ = &base; }

    /// Reserves room for this many more coins.
    void reserve(size_t more);
    size_t size() const { return coins_.size(); }

    struct Entry {
        std::optional<Coin> coin;  ///< empty: spent, or never existed
        bool in_base = false;      ///< the view below has a coin of this outpoint
        bool changed = false;
    };
    using Entries = boost::unordered_flat_map<OutPoint, Entry, OutPointHash>;

    /// Moves its entries out, to be applied to the view below. REQUIRES: `base` is that view.
    Entries take_entries(const CoinsView& base) &&;

 private:
    const CoinsView* base_;
    Entries coins_;
};

}  // namespace parley
