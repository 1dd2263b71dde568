#include "chain/state/indexes/transaction_position.h"

namespace parley {
namespace {

// No transaction in a block of the maximum weight is larger.
constexpr size_t kTransactionSizeMax = 4'000'000;

}  // namespace

Bytes serialize_position(const TransactionPosition& position) {
    Writer writer(20);
    writer.le(position.file).le(position.block_offset).le(position.offset).le(position.size);
    return writer.take();
}

std::optional<TransactionPosition> parse_position(ByteSpan record) {
    Reader reader(record);
    TransactionPosition position;
    position.file = reader.le<uint32_t>();
    position.block_offset = reader.le<uint64_t>();
    position.offset = reader.le<uint32_t>();
    position.size = reader.le<uint32_t>();
    if (!reader.done() || position.size == 0 || position.size > kTransactionSizeMax)
        return std::nullopt;
    return position;
}

void for_each_position(
    const Block& block, const HeaderNode& node,
    const std::function<void(const Transaction&, const TransactionPosition&)>& visit) {
    size_t offset = BlockHeader::kSize + compact_size_length(block.transactions.size());
    for (const TransactionRef& transaction : block.transactions) {
        const size_t size = transaction->total_size();
        visit(*transaction, {node.block_position.file, node.block_position.offset,
                             static_cast<uint32_t>(offset), static_cast<uint32_t>(size)});
        offset += size;
    }
}

}  // namespace parley
