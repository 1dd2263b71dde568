#include "node/wallet_client.h"

#include "base/check.h"
#include "node/node_core.h"

namespace parley {

Height WalletClient::tip_height() const {
    return core_.chain->tip().height;
}

BlockHash WalletClient::hash_at(Height height) const {
    const HeaderNode* node = core_.chain->at_height(height);
    CHECK(node != nullptr);
    return node->hash;
}

std::optional<Height> WalletClient::height_of(const BlockHash& hash) const {
    const HeaderNode* node = core_.chain->find(hash);
    if (node == nullptr || !core_.chain->contains(*node)) return std::nullopt;
    return node->height;
}

int64_t WalletClient::block_time(Height height) const {
    const HeaderNode* node = core_.chain->at_height(height);
    CHECK(node != nullptr);
    return node->time();
}

int64_t WalletClient::median_time_past(Height height) const {
    const HeaderNode* node = core_.chain->at_height(height);
    CHECK(node != nullptr);
    return node->median_time_past();
}

Expected<BlockRef, StorageError> WalletClient::read_block(const BlockHash& hash) const {
    const HeaderNode* node = core_.chain->find(hash);
    if (node == nullptr) {
        return Unexpected(
            StorageError{StorageError::Code::corruption, "no block " + hash.to_string()});
    }
    if (node->is_pruned()) {
        return Unexpected(StorageError{StorageError::Code::corruption,
                                       "block " + hash.to_string() + " is pruned"});
    }
    return core_.chain->read_block(*node);
}

std::optional<std::string> WalletClient::submit_transaction(const TransactionRef& transaction) {
    const auto accepted = core_.flow.submit_transaction(transaction);
    if (accepted) return std::nullopt;
    if (const auto* failed = std::get_if<StorageError>(&accepted.error())) return failed->message;
    const auto& reject = std::get<TxReject>(accepted.error());
    if (reject.reason == "txn-already-in-mempool") return std::nullopt;
    return reject.to_string();
}

bool WalletClient::in_mempool(const Txid& txid) const {
    return core_.mempool.contains(txid);
}

std::vector<TransactionRef> WalletClient::mempool_transactions() const {
    std::vector<TransactionRef> transactions;
    transactions.reserve(core_.mempool.size());
    core_.mempool.for_each([&](const MempoolEntry& entry) {
        transactions.push_back(entry.transaction);
        return true;
    });
    return transactions;
}

int64_t WalletClient::mempool_ancestor_count(const Txid& txid) const {
    const MempoolEntry* entry = core_.mempool.find(txid);
    return entry == nullptr ? 0 : entry->ancestors.count;
}

FeeRate WalletClient::min_relay_fee() const {
    return core_.mempool.options().min_relay_fee;
}
FeeRate WalletClient::mempool_min_fee() const {
    return core_.mempool.min_fee(core_.now);
}
FeeRate WalletClient::incremental_relay_fee() const {
    return core_.mempool.options().incremental_relay_fee;
}
FeeRate WalletClient::dust_relay_fee() const {
    return core_.mempool.options().dust_relay_fee;
}

}  // namespace parley
