// NetAdapter: what the peer protocol asks the node. Core thread only.
#pragma once

#include "net/net_backend.h"

namespace parley {

struct NodeCore;

class NetAdapter final : public NetBackend {
 public:
    explicit NetAdapter(NodeCore& core) : core_(core) {}

    const HeaderNode& active_tip() const override;
    const HeaderNode& best_header() const override;
    const HeaderNode* find_header(const BlockHash& hash) const override;
    const HeaderNode* active_at(Height height) const override;
    std::optional<Bytes> read_block_bytes(const HeaderNode& node) const override;
    bool initial_download() const override;

    HeadersOutcome submit_headers(std::span<const BlockHeader> headers, TimePoint now) override;
    BlockOutcome submit_block(PeerId from, const BlockRef& block, ByteSpan seal,
                              TimePoint now) override;

    TransactionRef find_transaction(const GenTxid& id) const override;
    TransactionOutcome submit_transaction(PeerId from, const TransactionRef& transaction,
                                          TimePoint now) override;
    std::vector<RelayTransaction> relay_transactions() const override;
    int64_t fee_rate_min() const override;

    void peer_ready(PeerId peer, bool speaks_engine, TimePoint now) override;
    void peer_gone(PeerId peer, TimePoint now) override;
    void engine_message(PeerId from, ByteSpan message, TimePoint now) override;

 private:
    NodeCore& core_;
};

}  // namespace parley
