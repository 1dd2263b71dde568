// ChainWalletView: implements the wallets' view of chain and mempool. Core thread only.
#pragma once

#include "chain/state/chainstate.h"
#include "mempool/mempool.h"
#include "wallet/node_view.h"

namespace parley {

class ChainWalletView final : public WalletNodeView {
 public:
    /// Borrows all references. `now` is the time of the step.
    ChainWalletView(const Chainstate& chain, const Mempool& mempool, const TimePoint& now)
        : chain_(chain), mempool_(mempool), now_(now) {}

    Height tip_height() const override { return chain_.index().tip().height; }
    BlockHash hash_at(Height height) const override { return active_at(height).hash; }
    std::optional<Height> height_of(const BlockHash& hash) const override;
    int64_t block_time(Height height) const override { return active_at(height).time(); }
    int64_t median_time_past(Height height) const override {
        return active_at(height).median_time_past();
    }
    bool is_pruned(const BlockHash& hash) const override;
    std::optional<Height> snapshot_height() const override;
    Expected<BlockRef, StorageError> read_block(const BlockHash& hash) const override;

    bool in_mempool(const Txid& txid) const override { return mempool_.contains(txid); }
    std::vector<TransactionRef> mempool_transactions() const override;
    int64_t mempool_ancestor_count(const Txid& txid) const override;

    FeeRate min_relay_fee() const override { return mempool_.options().min_relay_fee; }
    FeeRate mempool_min_fee() const override { return mempool_.min_fee(now_); }
    FeeRate incremental_relay_fee() const override {
        return mempool_.options().incremental_relay_fee;
    }
    FeeRate dust_relay_fee() const override { return mempool_.options().dust_relay_fee; }

 private:
    const HeaderNode& active_at(Height height) const;

    const Chainstate& chain_;
    const Mempool& mempool_;
    const TimePoint& now_;
};

}  // namespace parley
