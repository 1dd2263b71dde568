#include "chain/state/indexes/chain_index.h"

#include <fmt/format.h>

#include "chain/store/index_store.h"

namespace parley {
namespace {

constexpr uint8_t kBestKey = 'B';
// Blocks per step. Full blocks take some tens of milliseconds.
constexpr int kIndexedBlocksPerStep = 64;
constexpr size_t kIndexedBytesPerStep = size_t{2} << 20;
// Interval between two log messages.
constexpr int32_t kProgressBlocks = 10'000;

}  // namespace

StorageError ChainIndex::damaged(const std::string& what) const {
    return {StorageError::Code::corruption,
            fmt::format("indexes/{} is damaged ({}). Move it away: it will be rebuilt.", directory_,
                        what)};
}

Expected<void, std::string> ChainIndex::open() {
    const StoreMeta expected{StoreMeta::kFormat, chain_.params().name, "",
                             chain_.params().genesis_hash};
    const auto meta = store_.get(Bytes{kMetaKey});
    if (!meta) return Unexpected(meta.error().message);
    if (!meta->has_value()) {
        WriteBatch batch;
        batch.put(Bytes{kMetaKey}, serialize_meta(expected));
        store_.commit(std::move(batch), Durability::written);
    } else if (parse_meta(**meta) != expected) {
        return Unexpected(fmt::format(
            "indexes/{} belongs to another chain. Move it away: it will be rebuilt.", directory_));
    }
    const auto hash = load_hash(store_, kBestKey);
    if (!hash) return Unexpected(damaged(hash.error()).message);
    best_ = hash->has_value() ? chain_.index().find(**hash) : nullptr;
    // After a power failure, the index may contain blocks that the chain has lost.
    if (best_ == nullptr) best_ = &chain_.index().genesis();
    if (synced()) return {};
    log_.info(LogCategory::general, "{}: indexed up to block {} of {}", title_,
              best_->height.value(), chain_.index().tip().height.value());
    return {};
}

bool ChainIndex::synced() const {
    const HeaderNode& tip = chain_.index().tip();
    return best_ == &tip || (best_->height > tip.height && best_->ancestor(tip.height) == &tip);
}

bool ChainIndex::has_history() const {
    // Below a UTXO snapshot, the data of blocks comes with their validation.
    const BlockIndex& index = chain_.index();
    const HeaderNode& last = index.snapshot_base() != nullptr ? index.validated() : index.tip();
    return last.height <= last_common().height || has_undo_above(last, last_common());
}

bool ChainIndex::waiting() const {
    const HeaderNode* next = chain_.index().at_height(last_common().height + 1);
    return next != nullptr && chain_.index().awaits_validation(*next);
}

void ChainIndex::step() {
    if (synced() || failure_ || waiting()) return;
    if (!chain_.index().contains(*best_)) best_ = fork_point(best_, &chain_.index().tip());
    WriteBatch batch;
    size_t bytes = 0;
    for (int i = 0; i < kIndexedBlocksPerStep && bytes < kIndexedBytesPerStep; ++i) {
        if (synced() || waiting()) break;
        const HeaderNode& next = *chain_.index().at_height(best_->height + 1);
        const auto indexed = index_block(batch, next);
        if (!indexed) {
            failure_ = indexed.error();
            log_.error(LogCategory::general, "{}: {}", title_, failure_->message);
            return;
        }
        bytes += *indexed;
        best_ = &next;
        if (next.height.value() % kProgressBlocks == 0)
            log_.info(LogCategory::general, "{}: indexed up to block {}", title_,
                      next.height.value());
    }
    put_hash(batch, kBestKey, best_->hash);
    store_.commit(std::move(batch), Durability::written);
}

Expected<BlockRef, StorageError> ChainIndex::read_block(const HeaderNode& node) const {
    if (!node.has_body())
        return Unexpected(
            damaged("block " + node.hash.to_string() + " is needed, but was removed"));
    return chain_.read_block(node);
}

Expected<FoundTransaction, StorageError> ChainIndex::read_transaction(ByteSpan record) const {
    const auto position = parse_position(record);
    if (!position) return Unexpected(damaged("the record of a transaction is malformed"));
    const auto header = chain_.read_block_file(
        {position->file, position->block_offset, static_cast<uint32_t>(BlockHeader::kSize)});
    if (!header) return Unexpected(header.error());
    const auto bytes = chain_.read_block_file(
        {position->file, position->block_offset + position->offset, position->size});
    if (!bytes) return Unexpected(bytes.error());
    Reader header_reader(*header);
    Reader tx_reader(*bytes);
    FoundTransaction found;
    found.block = read_block_header(header_reader).hash();
    found.transaction = read_shared_transaction(tx_reader);
    const bool intact = tx_reader.done() && found.transaction != nullptr;
    if (!intact || chain_.index().find(found.block) == nullptr)
        return Unexpected(damaged("a transaction is not at its recorded position"));
    return found;
}

}  // namespace parley
