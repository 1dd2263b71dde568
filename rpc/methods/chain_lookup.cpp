#include "rpc/methods/chain_lookup.h"

#include <fmt/format.h>

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

const HeaderNode& find_header(const Node& node, const BlockHash& hash) {
    const HeaderNode* header = node.chain().index().find(hash);
    if (header == nullptr) fail(Code::address_or_key, "Block not found");
    return *header;
}

const HeaderNode& block_by_hash_or_height(const Node& node, const Json& wanted) {
    const Chainstate& chain = node.chain();
    if (wanted.is_number()) {
        const int64_t height = read_integer(wanted);
        const int32_t tip = chain.index().tip().height.value();
        if (height < 0)
            fail(Code::invalid_parameter,
                 fmt::format("Target block height {} is negative", height));
        if (height > tip)
            fail(Code::invalid_parameter,
                 fmt::format("Target block height {} after current tip {}", height, tip));
        return *chain.index().at_height(Height{static_cast<int32_t>(height)});
    }
    return find_header(node, read_block_hash(wanted, "hash_or_height"));
}

std::optional<TxIndex::Found> find_indexed(Node& node, const Txid& txid) {
    const TxIndex* index = node.current_indexes().transactions();
    return index == nullptr ? std::nullopt : unwrap(index->find(txid));
}

namespace {

void check_available(const Node& node, const HeaderNode& header) {
    // The genesis block is in the first file, which is the first to be pruned.
    const bool genesis_pruned = header.parent == nullptr && node.chain().index().pruned();
    if (header.is_pruned() || genesis_pruned) fail(Code::misc, "Block not available (pruned data)");
    if (header.parent != nullptr && !header.has_body())
        fail(Code::misc, "Block not available (not fully downloaded)");
}

}  // namespace

BlockRef read_block(const Node& node, const HeaderNode& header) {
    check_available(node, header);
    auto block = node.chain().read_block(header);
    if (!block) fail_lost_block();
    return std::move(*block);
}

Bytes read_block_bytes(const Node& node, const HeaderNode& header) {
    check_available(node, header);
    auto bytes = node.chain().read_block_bytes(header);
    if (!bytes) fail_lost_block();
    return std::move(*bytes);
}

void fail_lost_block() {
    fail(Code::misc, "Block not found on disk");
}

BlockUndo read_undo(const Node& node, const HeaderNode& header) {
    if (header.parent == nullptr) return {};
    if (!header.has_undo())
        fail(Code::misc, header.is_pruned() ? "Undo data not available (pruned data)"
                                            : "Undo data not available");
    auto undo = node.chain().read_undo(header);
    if (!undo) fail(Code::misc, "Can't read undo data from disk");
    return std::move(*undo);
}

KnownBlock read_known_block(const Node& node, const HeaderNode& header, bool with_undo) {
    KnownBlock known{
        summarise(node.chain(), header), read_block(node, header), {}, header.block_position.file};
    // A pruned block that was stored again has no undo data; as in bitcoind, its coins are left
    // out.
    if (!with_undo || header.status != BlockStatus::connected || !header.has_undo() ||
        header.parent == nullptr)
        return known;
    auto undo = node.chain().read_undo(header);
    if (!undo)
        fail(Code::internal,
             "Undo data expected but can't be read. This could be due to disk corruption or a "
             "conflict with a pruning event.");
    known.undo = std::move(*undo);
    return known;
}

}  // namespace parley::rpc
