#include "chain/state/tx_index.h"

#include <fmt/format.h>

#include "chain/store/index_store.h"

namespace parley {
namespace {

constexpr uint8_t kTxKeyPrefix = 't';
constexpr uint8_t kBestKey = 'B';
// Blocks per step. Full blocks take some tens of milliseconds.
constexpr int kIndexedBlocksPerStep = 64;
constexpr size_t kIndexedBytesPerStep = size_t{2} << 20;
// No transaction in a block of the maximum weight is larger.
constexpr size_t kTransactionSizeMax = 4'000'000;
// Interval between two log messages.
constexpr int32_t kProgressBlocks = 10'000;

Bytes tx_key(const Txid& txid) {
    Writer writer(1 + Hash256::kSize);
    writer.u8(kTxKeyPrefix).hash(txid);
    return writer.take();
}

StorageError damaged(const std::string& what) {
    return {StorageError::Code::corruption,
            "indexes/txindex is damaged (" + what + "). Move it away: it will be rebuilt."};
}

}  // namespace

Expected<void, std::string> TxIndex::open() {
    const StoreMeta expected{StoreMeta::kFormat, chain_.params().name, "",
                             chain_.params().genesis_hash};
    const auto meta = store_.get(Bytes{kMetaKey});
    if (!meta) return Unexpected(meta.error().message);
    if (!meta->has_value()) {
        WriteBatch batch;
        batch.put(Bytes{kMetaKey}, serialize_meta(expected));
        store_.commit(std::move(batch), Durability::written);
    } else if (parse_meta(**meta) != expected) {
        return Unexpected(std::string{
            "indexes/txindex belongs to another chain. Move it away: it will be rebuilt."});
    }
    const auto hash = load_hash(store_, kBestKey);
    if (!hash) return Unexpected(damaged(hash.error()).message);
    best_ = hash->has_value() ? chain_.index().find(**hash) : nullptr;
    // After a power failure, the index may contain blocks that the chain has lost.
    if (best_ == nullptr) best_ = &chain_.index().genesis();
    if (!synced()) {
        log_.info(LogCategory::general, "txindex: indexed up to block {} of {}",
                  best_->height.value(), chain_.index().tip().height.value());
    }
    return {};
}

void TxIndex::step() {
    if (synced() || failure_) return;
    if (!chain_.index().contains(*best_)) best_ = fork_point(best_, &chain_.index().tip());
    WriteBatch batch;
    size_t bytes = 0;
    for (int i = 0; i < kIndexedBlocksPerStep && bytes < kIndexedBytesPerStep && !synced(); ++i) {
        const HeaderNode& next = *chain_.index().at_height(best_->height + 1);
        const auto indexed = index_block(batch, next);
        if (!indexed) {
            failure_ = indexed.error();
            log_.error(LogCategory::general, "txindex: {}", failure_->message);
            return;
        }
        bytes += *indexed;
        best_ = &next;
        if (next.height.value() % kProgressBlocks == 0)
            log_.info(LogCategory::general, "txindex: indexed up to block {}", next.height.value());
    }
    put_hash(batch, kBestKey, best_->hash);
    store_.commit(std::move(batch), Durability::written);
}

Expected<size_t, StorageError> TxIndex::index_block(WriteBatch& batch,
                                                    const HeaderNode& node) const {
    if (!node.has_body()) {
        return Unexpected(
            damaged("block " + node.hash.to_string() + " is needed, but was removed"));
    }
    const auto block = chain_.read_block(node);
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
    const auto record = store_.get(tx_key(txid));
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
    const auto header = chain_.read_block_file(block);
    if (!header) return Unexpected(header.error());
    const auto bytes = chain_.read_block_file({block.file, block.offset + offset, size});
    if (!bytes) return Unexpected(bytes.error());
    Reader header_reader(*header);
    Reader tx_reader(*bytes);
    Found found;
    found.block = read_block_header(header_reader).hash();
    found.transaction = read_shared_transaction(tx_reader);
    if (!tx_reader.done()) found.transaction = nullptr;
    // Checks the txid, because the files may be damaged.
    if (found.transaction == nullptr || found.transaction->txid() != txid ||
        chain_.index().find(found.block) == nullptr)
        return Unexpected(damaged("a transaction is not at its recorded position"));
    return std::optional<Found>{std::move(found)};
}

}  // namespace parley
