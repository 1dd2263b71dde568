// CoinsOverlay: coins as values. Those that a block looks at are loaded together from the view
// below; the rules of connecting and disconnecting then read and change these values only, and
// cannot meet a failing disk. The overlay is applied to that view afterwards, or dropped. A coin
// that was not loaded is our own bug, not a missing coin: CHECK. Core thread only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <span>

#include "chain/primitives/coins.h"

namespace parley {

class CoinsOverlay final : public CoinsView {
 public:
    /// `base` must outlive the overlay, and not change below it.
    CoinsOverlay(const CoinsView& base, const OutPointHash& hash) : base_(&base), coins_(0, hash) {}

    /// Looks up in the view below, together, those that the overlay does not know yet. A coin of a
    /// block above `height` is damage of the store, and an error too. After an error the overlay is
    /// empty.
    Expected<void, StorageError> load(std::span<const OutPoint> outpoints, Height height);

    /// Unless it is known, the coin does not exist below: a transaction of the block will make it.
    void assume_absent(const OutPoint& outpoint) { coins_.try_emplace(outpoint); }

    /// REQUIRES, as the next: loaded, assumed to be absent, or added.
    bool contains(const OutPoint& outpoint) const;
    /// Empty: there is no such coin.
    std::optional<Coin> spend(const OutPoint& outpoint);

    /// Replaces a coin of the same outpoint, if any. REQUIRES: it is spendable.
    void add(const OutPoint& outpoint, Coin coin);

    /// As a view for the next overlay: what this one knows, otherwise what is below.
    Expected<void, StorageError> fetch(std::span<const OutPoint> outpoints,
                                       const Visitor& visit) const override;

    /// From now on on top of this view, which has the same coins as the one before.
    void rebase(const CoinsView& base) { base_ = &base; }

    /// Room for so many more coins.
    void reserve(size_t more);
    size_t size() const { return coins_.size(); }

    struct Entry {
        std::optional<Coin> coin;  ///< empty: spent, or never there
        bool in_base = false;      ///< the view below has one of this outpoint
        bool changed = false;
    };
    using Entries = boost::unordered_flat_map<OutPoint, Entry, OutPointHash>;

    /// Hands over its entries, to be applied to the view below. REQUIRES: `base` is that view.
    Entries take_entries(const CoinsView& base) &&;

 private:
    const CoinsView* base_;
    Entries coins_;
};

}  // namespace parley
