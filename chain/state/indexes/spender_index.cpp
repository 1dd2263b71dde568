#include "chain/state/indexes/spender_index.h"

#include <algorithm>

namespace parley {
namespace {

constexpr uint8_t kSpenderKeyPrefix = 's';

Bytes spender_key(const OutPoint& outpoint) {
    Writer writer(1 + Hash256::kSize + sizeof outpoint.index);
    writer.u8(kSpenderKeyPrefix).hash(outpoint.txid).le(outpoint.index);
    return writer.take();
}

}  // namespace

Expected<size_t, StorageError> SpenderIndex::index_block(WriteBatch& batch,
                                                         const HeaderNode& node) {
    const auto block = read_block(node);
    if (!block) return Unexpected(block.error());
    for_each_position(**block, node,
                      [&](const Transaction& transaction, const TransactionPosition& position) {
                          if (transaction.is_coinbase()) return;
                          for (const TxInput& input : transaction.inputs())
                              batch.put(spender_key(input.prevout), serialize_position(position));
                      });
    return node.block_position.size;
}

Expected<std::optional<FoundTransaction>, StorageError> SpenderIndex::find(
    const OutPoint& outpoint) const {
    const auto record = store().get(spender_key(outpoint));
    if (!record) return Unexpected(record.error());
    if (!record->has_value()) return std::optional<FoundTransaction>{};
    auto found = read_transaction(**record);
    if (!found) return Unexpected(found.error());
    const auto& inputs = found->transaction->inputs();
    const bool spends = std::any_of(inputs.begin(), inputs.end(), [&](const TxInput& input) {
        return input.prevout == outpoint;
    });
    if (!spends) return Unexpected(damaged("a transaction is not at its recorded position"));
    const HeaderNode& block = *chain().index().find(found->block);
    const bool counts = block.height <= best().height && best().ancestor(block.height) == &block;
    return counts ? std::optional{std::move(*found)} : std::nullopt;
}

}  // namespace parley
