#include "chain/state/indexes/filter_index.h"

namespace parley {
namespace {

constexpr uint8_t kFilterKeyPrefix = 'f';

Bytes filter_key(const BlockHash& block) {
    Writer writer(1 + Hash256::kSize);
    writer.u8(kFilterKeyPrefix).hash(block);
    return writer.take();
}

}  // namespace

Expected<FilterIndex::Record, StorageError> FilterIndex::make(const HeaderNode& node,
                                                              const Hash256& previous) const {
    const auto block = read_block(node);
    if (!block) return Unexpected(block.error());
    const auto undo = chain().read_undo(node);
    if (!undo) return Unexpected(undo.error());
    Bytes filter = basic_filter(**block, *undo);
    const Hash256 header = filter_header(filter, previous);
    return Record{header, std::move(filter)};
}

Expected<std::optional<FilterIndex::Record>, StorageError> FilterIndex::find(
    const HeaderNode& node) const {
    if (node.parent == nullptr) {
        // It spends nothing, and its body may have been pruned.
        Bytes filter = basic_filter(*chain().params().genesis, BlockUndo{});
        const Hash256 header = filter_header(filter, Hash256{});
        return std::optional<Record>{{header, std::move(filter)}};
    }
    const auto bytes = store().get(filter_key(node.hash));
    if (!bytes) return Unexpected(bytes.error());
    if (!bytes->has_value()) return std::optional<Record>{};
    Reader reader(**bytes);
    Record record;
    record.header = reader.hash();
    record.filter = to_bytes(reader.bytes(reader.left()));
    if (!reader.ok() || record.filter.empty())
        return Unexpected(damaged("the record of a block is malformed"));
    return std::optional<Record>{std::move(record)};
}

Expected<size_t, StorageError> FilterIndex::index_block(WriteBatch& batch, const HeaderNode& node) {
    if (!last_ || last_->first != node.parent) {
        const auto parent = find(*node.parent);
        if (!parent) return Unexpected(parent.error());
        if (!parent->has_value())
            return Unexpected(
                damaged("the record of block " + node.parent->hash.to_string() + " is missing"));
        last_.emplace(node.parent, (*parent)->header);
    }
    const auto record = make(node, last_->second);
    if (!record) return Unexpected(record.error());
    last_.emplace(&node, record->header);
    Writer writer;
    writer.hash(record->header).bytes(record->filter);
    batch.put(filter_key(node.hash), writer.take());
    return record->filter.size() + static_cast<size_t>(node.block_position.size);
}

}  // namespace parley
