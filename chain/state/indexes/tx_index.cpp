#include "chain/state/indexes/tx_index.h"

namespace parley {
namespace {

constexpr uint8_t kTxKeyPrefix = 't';
// No transaction in a block of the maximum weight is larger.
constexpr size_t kTransactionSizeMax = 4'000'000;

Bytes tx_key(const Txid& txid) {
    Writer writer(1 + Hash256::kSize);
    writer.u8(kTxKeyPrefix).hash(txid);
    return writer.take();
}

}  // namespace

Expected<size_t, StorageError> TxIndex::index_block(WriteBatch& batch, const HeaderNode& node) {
    const auto block = read_block(node);
    if (!block) return Unexpected(block.error());
    const auto& transactions = (*block)->transactions;
    size_t offset = BlockHeader::kSize + compact_size_length(transactions.size());
    for (const auto& transaction : transactions) {
        const size_t size = transaction->total_size();
        Writer writer(20);
        writer.le(node.block_position.file).le(node.block_position.offset);
        writer.le(static_cast<uint32_t>(offset)).le(static_cast<uint32_t>(size));
        batch.put(tx_key(transaction->txid()), writer.take());
        offset += size;
    }
    return offset;
}

Expected<std::optional<TxIndex::Found>, StorageError> TxIndex::find(const Txid& txid) const {
    const auto record = store().get(tx_key(txid));
    if (!record) return Unexpected(record.error());
    if (!record->has_value()) return std::optional<Found>{};
    Reader reader(**record);
    FilePosition block;
    block.file = reader.le<uint32_t>();
    block.offset = reader.le<uint64_t>();
    block.size = BlockHeader::kSize;
    const auto offset = reader.le<uint32_t>();
    const auto size = reader.le<uint32_t>();
    if (!reader.done() || size == 0 || size > kTransactionSizeMax)
        return Unexpected(damaged("the record of a transaction is malformed"));
    const auto header = chain().read_block_file(block);
    if (!header) return Unexpected(header.error());
    const auto bytes = chain().read_block_file({block.file, block.offset + offset, size});
    if (!bytes) return Unexpected(bytes.error());
    Reader header_reader(*header);
    Reader tx_reader(*bytes);
    Found found;
    found.block = read_block_header(header_reader).hash();
    found.transaction = read_shared_transaction(tx_reader);
    if (!tx_reader.done()) found.transaction = nullptr;
    // Checks the txid, because the files may be damaged.
    if (found.transaction == nullptr || found.transaction->txid() != txid ||
        chain().index().find(found.block) == nullptr)
        return Unexpected(damaged("a transaction is not at its recorded position"));
    return std::optional<Found>{std::move(found)};
}

}  // namespace parley
