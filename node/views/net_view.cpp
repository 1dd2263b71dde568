#include "node/views/net_view.h"

#include <algorithm>

namespace parley {

RelayTransaction relay_transaction(const MempoolEntry& entry) {
    return RelayTransaction{entry.txid(), entry.transaction->wtxid(),
                            fee_rate_of(entry.modified_fee(), entry.virtual_size).value(),
                            entry.sequence};
}

std::optional<Bytes> ChainNetView::read_block_bytes(const HeaderNode& node) const {
    if (!node.has_body() && node.parent != nullptr) return std::nullopt;
    auto bytes = chain_.read_block_bytes(node);
    if (!bytes) {
        log_.error(LogCategory::general, "Cannot read block {}: {}", node.hash.to_string(),
                   bytes.error().message);
        return std::nullopt;
    }
    const auto header = node.header.serialize();
    if (bytes->size() < header.size() ||
        !std::equal(header.begin(), header.end(), bytes->begin())) {
        log_.error(LogCategory::general, "The stored block {} is damaged", node.hash.to_string());
        return std::nullopt;
    }
    return std::move(*bytes);
}

std::optional<FilterRecord> ChainNetView::find_filter(const HeaderNode& node) const {
    const FilterIndex* index = indexes_.filters();
    if (index == nullptr) return std::nullopt;
    auto record = index->find(node);
    if (record) return std::move(*record);
    log_.error(LogCategory::general, "Cannot read the filter of block {}: {}",
               node.hash.to_string(), record.error().message);
    return std::nullopt;
}

const MempoolEntry* ChainNetView::find(const GenTxid& id) const {
    return id.kind == GenTxid::Kind::txid ? mempool_.find(Txid{id.hash})
                                          : mempool_.find_by_wtxid(Wtxid{id.hash});
}

TransactionRef ChainNetView::find_transaction(const GenTxid& id) const {
    const MempoolEntry* entry = find(id);
    return entry == nullptr ? nullptr : entry->transaction;
}

std::optional<int64_t> ChainNetView::arrival(const GenTxid& id) const {
    const MempoolEntry* entry = find(id);
    if (entry == nullptr) return std::nullopt;
    return entry->sequence;
}

std::vector<RelayTransaction> ChainNetView::relay_transactions() const {
    std::vector<RelayTransaction> transactions;
    transactions.reserve(mempool_.size());
    mempool_.for_each([&](const MempoolEntry& entry) {
        transactions.push_back(relay_transaction(entry));
        return true;
    });
    return transactions;
}

}  // namespace parley
