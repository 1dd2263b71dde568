#include "chain/state/indexes/tx_index.h"

namespace parley {
namespace {

constexpr uint8_t kTxKeyPrefix = 't';

Bytes tx_key(const Txid& txid) {
    Writer writer(1 + Hash256::kSize);
    writer.u8(kTxKeyPrefix).hash(txid);
    return writer.take();
}

}  // namespace

Expected<size_t, StorageError> TxIndex::index_block(WriteBatch& batch, const HeaderNode& node) {
    const auto block = read_block(node);
    if (!block) return Unexpected(block.error());
    for_each_position(**block, node,
                      [&](const Transaction& transaction, const TransactionPosition& position) {
                          batch.put(tx_key(transaction.txid()), serialize_position(position));
                      });
    return node.block_position.size;
}

Expected<std::optional<TxIndex::Found>, StorageError> TxIndex::find(const Txid& txid) const {
    const auto record = store().get(tx_key(txid));
    if (!record) return Unexpected(record.error());
    if (!record->has_value()) return std::optional<Found>{};
    auto found = read_transaction(**record);
    if (!found) return Unexpected(found.error());
    // Checks the txid, because the files may be damaged.
    if (found->transaction->txid() != txid)
        return Unexpected(damaged("a transaction is not at its recorded position"));
    return std::optional{std::move(*found)};
}

}  // namespace parley
