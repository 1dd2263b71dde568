// ChainNetView: implements the peer protocol's view of chain and mempool. Core thread only.
#pragma once

#include "base/log.h"
#include "chain/state/chainstate.h"
#include "chain/state/indexes/chain_indexes.h"
#include "mempool/mempool.h"
#include "net/peer/net_view.h"
#include "node/initial_download.h"

namespace parley {

class ChainNetView final : public NetView {
 public:
    /// Borrows all arguments.
    ChainNetView(const Chainstate& chain, const ChainIndexes& indexes, const Mempool& mempool,
                 InitialDownload& initial_download, LogSink& log)
        : chain_(chain),
          indexes_(indexes),
          mempool_(mempool),
          initial_download_(initial_download),
          log_(log) {}

    const BlockIndex& index() const override { return chain_.index(); }
    std::optional<Bytes> read_block_bytes(const HeaderNode& node) const override;
    std::optional<FilterRecord> find_filter(const HeaderNode& node) const override;
    bool initial_download(TimePoint now) const override { return initial_download_.active(now); }

    TransactionRef find_transaction(const GenTxid& id) const override;
    std::optional<int64_t> arrival(const GenTxid& id) const override;
    std::vector<RelayTransaction> relay_transactions() const override;
    uint64_t mempool_sequence() const override { return mempool_.sequence() + 1; }
    int64_t fee_rate_min(TimePoint now) const override { return mempool_.min_fee(now).value(); }

 private:
    const MempoolEntry* find(const GenTxid& id) const;

    const Chainstate& chain_;
    const ChainIndexes& indexes_;
    const Mempool& mempool_;
    InitialDownload& initial_download_;
    LogSink& log_;
};

RelayTransaction relay_transaction(const MempoolEntry& entry);

}  // namespace parley
