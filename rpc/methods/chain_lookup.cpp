#include "rpc/methods/chain_lookup.h"

#include "rpc/jsonrpc/call.h"

namespace parley::rpc {

const HeaderNode& find_header(const Node& node, const BlockHash& hash) {
    const HeaderNode* header = node.chain().index().find(hash);
    if (header == nullptr) fail(Code::address_or_key, "Block not found");
    return *header;
}

BlockRef read_block(const Node& node, const HeaderNode& header) {
    if (header.is_pruned()) fail(Code::misc, "Block not available (pruned data)");
    if (header.parent != nullptr && !header.has_body())
        fail(Code::misc, "Block not available (not fully downloaded)");
    auto block = node.chain().read_block(header);
    if (!block) fail(Code::misc, "Block not found on disk");
    return std::move(*block);
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
    KnownBlock known{summarise(node.chain(), header), read_block(node, header), {}};
    if (!with_undo || header.status != BlockStatus::connected || header.parent == nullptr)
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
