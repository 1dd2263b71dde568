#include "node/views/wallet_view.h"

#include "base/check.h"

namespace parley {

const HeaderNode& ChainWalletView::active_at(Height height) const {
    const HeaderNode* node = chain_.index().at_height(height);
    CHECK(node != nullptr);
    return *node;
}

std::optional<Height> ChainWalletView::height_of(const BlockHash& hash) const {
    const HeaderNode* node = chain_.index().find(hash);
    if (node == nullptr || !chain_.index().contains(*node)) return std::nullopt;
    return node->height;
}

bool ChainWalletView::is_pruned(const BlockHash& hash) const {
    const HeaderNode* node = chain_.index().find(hash);
    CHECK(node != nullptr);
    return node->is_pruned();
}

std::optional<Height> ChainWalletView::snapshot_height() const {
    const HeaderNode* base = chain_.index().snapshot_base();
    return base != nullptr ? std::optional{base->height} : std::nullopt;
}

Expected<BlockRef, StorageError> ChainWalletView::read_block(const BlockHash& hash) const {
    const auto missing = [](std::string sentence) {
        return Unexpected(StorageError{StorageError::Code::corruption, std::move(sentence)});
    };
    const HeaderNode* node = chain_.index().find(hash);
    if (node == nullptr) return missing("no block " + hash.to_string());
    if (node->is_pruned()) return missing("block " + hash.to_string() + " is pruned");
    if (!node->has_body() && node->parent != nullptr)
        return missing("block " + hash.to_string() + " is not downloaded yet");
    return chain_.read_block(*node);
}

std::vector<TransactionRef> ChainWalletView::mempool_transactions() const {
    std::vector<TransactionRef> transactions;
    transactions.reserve(mempool_.size());
    mempool_.for_each([&](const MempoolEntry& entry) {
        transactions.push_back(entry.transaction);
        return true;
    });
    return transactions;
}

int64_t ChainWalletView::mempool_ancestor_count(const Txid& txid) const {
    const MempoolEntry* entry = mempool_.find(txid);
    return entry == nullptr ? 0 : entry->ancestors.count;
}

}  // namespace parley
