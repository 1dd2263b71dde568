// WalletClient: what the wallets ask the node. Core thread only.
#pragma once

#include "wallet/node_view.h"

namespace parley {

struct NodeCore;

class WalletClient final : public WalletNodeView {
 public:
    explicit WalletClient(NodeCore& core) : core_(core) {}

    Height tip_height() const override;
    BlockHash hash_at(Height height) const override;
    std::optional<Height> height_of(const BlockHash& hash) const override;
    int64_t block_time(Height height) const override;
    int64_t median_time_past(Height height) const override;
    Expected<BlockRef, StorageError> read_block(const BlockHash& hash) const override;

    std::optional<std::string> submit_transaction(const TransactionRef& transaction) override;
    bool in_mempool(const Txid& txid) const override;
    std::vector<TransactionRef> mempool_transactions() const override;
    int64_t mempool_ancestor_count(const Txid& txid) const override;

    FeeRate min_relay_fee() const override;
    FeeRate mempool_min_fee() const override;
    FeeRate incremental_relay_fee() const override;
    FeeRate dust_relay_fee() const override;

 private:
    NodeCore& core_;
};

}  // namespace parley
